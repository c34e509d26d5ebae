"""An Earley recogniser, made lazily into an automaton whose states are sets of items.

The sources are

- J. Earley, *An efficient context-free parsing algorithm* (1970): sets of items, each with the set
  where it began.
- Aycock and Horspool, *Practical Earley parsing* (2002): items grouped into the states of an
  automaton, predicted items apart from moved ones, nullable rules stepped over while predicting.
- J. Leo, *A general context-free parsing algorithm running in linear time on every LR(k) grammar*
  (1991): what completing a rule in a set leads to is a property of that set; remembered there,
  right recursion costs as little as left recursion.

On top of them, sets are interned: two places in a text where the same items began in the same sets
are the same object, so the next step from there is remembered too. Inside names, strings and
blanks, and wherever a text resembles an earlier one, a character costs one look-up.
"""

from __future__ import annotations

import heapq
import itertools
import operator
import threading
from collections.abc import Iterable, Iterator

from expertserve.errors import GrammarError
from expertserve.grammar.items import ItemState, ItemStates
from expertserve.grammar.program import REPEAT, SEQ, Program, check_length, contains

MAX_ROWS = 1_000
"""Origins of one set's items; only very ambiguous texts reach the limit."""


class Set:
    """An Earley set: a position in a text. Immutable but for memoised successors.

    Args:
        rows: The sets in which items began, each with the state of the items that began there.
        complete: The text up to here is a sentence.
    """

    __slots__ = (
        "automaton",
        "complete",
        "done",
        "end",
        "finish",
        "kinds",
        "next",
        "number",
        "own",
        "rows",
    )

    def __init__(
        self,
        automaton: Automaton,
        number: int,
        rows: tuple[tuple[Set, ItemState], ...],
        complete: bool,
    ) -> None:
        self.automaton, self.number, self.rows, self.complete = automaton, number, rows, complete
        self.next: dict[int, Set] = {}
        """ASCII code point → the set after it, where it is known."""
        self.kinds: dict[int, Set | None] = {}
        """The same by kind; None where the text can't go on so."""
        self.own: ItemState | None = None
        """The items that begin here."""
        self.done: dict[tuple[int, ...], _Done] = {}
        """Rules → what follows when they have begun here and are complete."""
        self.finish: dict[int, _Exit] | None = None
        """Rule → the shortest way to end the text when it has begun here and is complete."""
        self.end: _Exit | None = None


_Rows = dict[Set, dict[ItemState, None]]
"""Sets in which items began → their states, in a fixed order, before they are united."""
_Done = tuple[bool, tuple[tuple[Set, ItemState], ...]]
"""Whether the text is then a sentence; the rows that are added."""
_Exit = tuple[int, int, Set | None]
"""How many characters; the continuation to go on by, -1 for none; the set in which that began."""


class Automaton:
    """States and sets of a program, made when they are first needed."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._items = ItemStates(program)
        self._rule_of, self._cost_of = self._items.rule_of, self._items.cost_of
        self._unions: dict[tuple[int, ...], ItemState] = {}
        self._begun: dict[tuple[int, ...], ItemState] = {}
        self._sets: dict[tuple[object, ...], Set] = {}
        self._numbers = itertools.count()
        self._lock = threading.RLock()
        """For what isn't remembered yet; what is, is read without."""
        whole = program.whole
        bottom = Set(self, -1, (), False)
        bottom.done[whole,] = (True, ())
        bottom.finish = {whole: (0, -1, None)}
        start = self._items.beginning(whole)
        self.first = self._set({bottom: start}, whole in start.completes)

    @property
    def size(self) -> int:
        return len(self._sets)

    # Steps

    def step(self, at: Set, code: int) -> Set | None:
        """The set after one more character; None if no sentence goes on so."""
        kind = self.program.alphabet.kind(code)
        if kind == 0:
            return None
        try:
            found = at.kinds[kind]
        except KeyError:
            with self._lock:
                found = at.kinds[kind] = self._step(at, kind)
        if found is not None and code < 0x80:
            at.next[code] = found
        return found

    def _step(self, at: Set, kind: int) -> Set | None:
        rows: _Rows = {}
        complete = False
        for origin, state in self._rows(at):
            moved = self._moved(state, kind)
            if moved is None:
                continue
            if moved.useful:
                rows.setdefault(origin, {})[moved] = None
            if moved.completes:
                ends, added = self._done(origin, moved.completes)
                complete |= ends
                for place, after in added:
                    rows.setdefault(place, {})[after] = None
        if len(rows) > MAX_ROWS:
            raise GrammarError(
                f"the text has more than {MAX_ROWS:,} ambiguous parts open",
                hint=(
                    'write rules that refer to themselves once at most, and lists as `item (","'
                    " item)*`"
                ),
                code="too_ambiguous",
            )
        return self._set(self._united(rows), complete) if rows or complete else None

    def _rows(self, at: Set) -> Iterator[tuple[Set, ItemState]]:
        """All items of a set: those under way, and those that begin here."""
        yield from at.rows
        if at.own is None:
            at.own = self._beginning(at)
        yield at, at.own

    def _beginning(self, at: Set) -> ItemState:
        key = tuple(sorted({state.number for _, state in at.rows}))
        found = self._begun.get(key)
        if found is None:
            rules = {rule for _, state in at.rows for rule in state.refs}
            todo = list(rules)
            while todo:
                new = self._items.beginning(todo.pop()).refs.keys() - rules
                rules |= new
                todo += new
            found = self._begun[key] = self._items.state(
                cont for rule in rules for cont in self._items.beginning(rule).begun
            )
        return found

    def _united(self, rows: _Rows) -> dict[Set, ItemState]:
        return {
            origin: next(iter(states)) if len(states) == 1 else self._union(states)
            for origin, states in rows.items()
        }

    def _union(self, states: Iterable[ItemState]) -> ItemState:
        key = tuple(sorted(state.number for state in states))
        found = self._unions.get(key)
        if found is None:
            found = self._unions[key] = self._items.state(
                cont for state in states for cont in state.begun
            )
        return found

    def _done(self, origin: Set, rules: tuple[int, ...]) -> _Done:
        """What follows when these rules, begun in the set, are complete.

        Leo's shortcut is in here twice: rows in which nothing may come are dropped, and what is
        left is remembered.
        """
        found = origin.done.get(rules)
        if found is not None:
            return found
        stack = [(origin, rules)]
        while stack:
            place, completed = stack[-1]
            rows, needed = self._reached(place, completed)
            missing = [(other, then) for other, then in needed if then not in other.done]
            if missing:
                stack += missing
                continue
            stack.pop()
            parts = [other.done[then] for other, then in needed]
            if len(parts) == 1 and not rows:
                place.done[completed] = parts[0]
                continue
            for _, added in parts:
                for other, after in added:
                    rows.setdefault(other, {})[after] = None
            place.done[completed] = (
                any(ends for ends, _ in parts),
                tuple(self._united(rows).items()),
            )
        return origin.done[rules]

    def _reached(
        self, origin: Set, rules: tuple[int, ...]
    ) -> tuple[_Rows, list[tuple[Set, tuple[int, ...]]]]:
        """The rows that completing the rules adds, and the rules it completes in other sets."""
        rows: _Rows = {}
        needed: dict[tuple[Set, tuple[int, ...]], None] = {}
        seen, todo = set(rules), list(rules)
        places = list(self._rows(origin))
        while todo:
            current = todo.pop()
            for place, state in places:
                after = self._goto(state, current)
                if after is None:
                    continue
                if after.useful:
                    rows.setdefault(place, {})[after] = None
                if after.completes and place is not origin:
                    needed[place, after.completes] = None
                elif after.completes:
                    new = [rule for rule in after.completes if rule not in seen]
                    seen.update(new)
                    todo += new
        return rows, list(needed)

    def _set(self, rows: dict[Set, ItemState], complete: bool) -> Set:
        ordered = tuple(sorted(rows.items(), key=lambda row: row[0].number))
        key = (complete, *((origin.number, state.number) for origin, state in ordered))
        found = self._sets.get(key)
        return (
            found
            if found is not None
            else self._sets.setdefault(key, Set(self, next(self._numbers), ordered, complete))
        )

    # States

    def _moved(self, state: ItemState, kind: int) -> ItemState | None:
        if kind not in state.steps:
            conts = list(state.singles.get(kind, ()))
            example = self.program.alphabet.example(kind)
            for number, after in state.wide.items():
                ranges = self.program.ranges[number]
                if contains(ranges, example):
                    conts += after
            state.steps[kind] = self._items.state(conts) if conts else None
        return state.steps[kind]

    def _goto(self, state: ItemState, rule: int) -> ItemState | None:
        found = state.gotos.get(rule)
        if found is None and rule in state.refs:
            found = state.gotos[rule] = self._items.state(state.refs[rule])
        return found

    # Endings

    def ending_chars(self, at: Set) -> int:
        if at.end is None:
            with self._lock:
                at.end = (0, -1, None) if at.complete else self._best_end(at)
        return at.end[0]

    def ending(self, at: Set) -> str:
        check_length(self.ending_chars(at))
        assert at.end is not None
        _, cont, origin = at.end
        parts: list[str] = []
        while origin is not None:
            rule = self._rule_of[cont]
            parts += self._text(cont)
            _, cont, origin = self._finish(origin)[rule]
        return "".join(parts)

    def _text(self, cont: int) -> Iterator[str]:
        while (entry := self._items.conts[cont])[0] >= 0:
            node, low, _, cont = entry
            kind, *inner = self.program.nodes[node]
            parts = inner[low:] if kind == SEQ else inner[:1] * low if kind == REPEAT else [node]
            for part in parts:
                yield from self.program.shortest(part)

    def _best_end(self, at: Set) -> _Exit:
        ways = (
            (self._cost_of[cont] + self._finish(origin)[self._rule_of[cont]][0], cont, origin)
            for origin, state in at.rows
            for cont in state.begun
        )
        return min(ways, key=lambda way: way[:2])

    def _finish(self, at: Set) -> dict[int, _Exit]:
        if at.finish is None:
            stack = [at]
            while stack:
                missing = [origin for origin, _ in stack[-1].rows if origin.finish is None]
                if missing:
                    stack += missing
                else:
                    self._find_finish(stack.pop())
        assert at.finish is not None
        return at.finish

    def _find_finish(self, at: Set) -> None:
        """Dijkstra over the rules that may begin in the set; costs elsewhere are known."""
        heap: list[tuple[int, int, int, Set]] = []
        for origin, state in at.rows:
            finish = origin.finish
            assert finish is not None
            for rule, outer, cont in self._items.exits(state):
                heap.append((self._cost_of[cont] + finish[outer][0], cont, rule, origin))
        key = operator.itemgetter(0, 1)
        best: dict[int, _Exit] = {}
        inner: dict[int, list[tuple[int, int]]] = {}
        *_, (_, own) = self._rows(at)
        for rule, outer, cont in self._items.exits(own):
            inner.setdefault(outer, []).append((rule, cont))
        ordered = [(*key(way), number, way) for number, way in enumerate(heap)]
        heapq.heapify(ordered)
        numbers = itertools.count(len(ordered))
        while ordered:
            cost, cont, _, (_, _, rule, origin) = heapq.heappop(ordered)
            if rule in best:
                continue
            best[rule] = (cost, cont, origin)
            for inner_rule, after in inner.get(rule, ()):
                if inner_rule not in best:
                    total = cost + self._cost_of[after]
                    heapq.heappush(
                        ordered, (total, after, next(numbers), (total, after, inner_rule, at))
                    )
        at.finish = best
