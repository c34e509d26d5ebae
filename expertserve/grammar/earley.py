"""An Earley recogniser, made lazily into an automaton whose states are sets of items.

The sources are

- J. Earley, *An efficient context-free parsing algorithm* (1970): sets of items, each with the set where it began.
- Aycock and Horspool, *Practical Earley parsing* (2002): items grouped into the states of an automaton, predicted items apart from moved
  ones, nullable rules stepped over while predicting.
- J. Leo, *A general context-free parsing algorithm running in linear time on every LR(k) grammar* (1991): what completing a rule in a set
  leads to is a property of that set; remembered there, right recursion costs as little as left recursion.

On top of them, sets are interned: two places in a text where the same items began in the same sets are the same object, so the next step
from there is remembered too. Inside names, strings and blanks, and wherever a text resembles an earlier one, a character costs one look-up.
"""

from __future__ import annotations

import heapq
import itertools
import operator
from collections.abc import Iterable, Iterator

from expertserve.errors import GrammarError
from expertserve.grammar.program import ALT, CHARACTER, FOREVER, REPEAT, RULE, SEQ, Program, check_length, contains

MAX_ROWS = 1_000
"""Places where the items of one set may have begun. Only texts with hundreds of ambiguous parts come there."""


class State:
    """What may come next in items that all began at the same place: states are to items what a DFA's are to an NFA's.

    Args:
        begun: The continuations that the state stands for.
    """

    __slots__ = ("begun", "completes", "exits", "gotos", "number", "refs", "singles", "steps", "useful", "wide")

    def __init__(self, number: int, begun: tuple[int, ...]) -> None:
        self.number, self.begun = number, begun
        self.singles: dict[int, list[int]] = {}
        """Kind of character → continuations after it, for classes of one character."""
        self.wide: dict[int, list[int]] = {}
        """Class → continuations after it, for the others."""
        self.refs: dict[int, list[int]] = {}
        """Rule → continuations after it."""
        self.completes: tuple[int, ...] = ()
        """Rules that end here."""
        self.useful = False
        """Anything may come."""
        self.steps: dict[int, State | None] = {}
        self.gotos: dict[int, State] = {}
        self.exits: list[tuple[int, int, int]] | None = None


class Set:
    """An Earley set: a place in a text, as far as the grammar can tell places apart. Never changes, but for what it remembers.

    Args:
        rows: The sets in which items began, each with the state of the items that began there.
        complete: The text up to here is a sentence.
    """

    __slots__ = ("automaton", "complete", "done", "end", "finish", "kinds", "next", "number", "own", "rows")

    def __init__(self, automaton: Automaton, number: int, rows: tuple[tuple[Set, State], ...], complete: bool) -> None:
        self.automaton, self.number, self.rows, self.complete = automaton, number, rows, complete
        self.next: dict[int, Set] = {}
        """ASCII code point → the set after it, where it is known."""
        self.kinds: dict[int, Set | None] = {}
        """The same by kind; None where the text can't go on so."""
        self.own: State | None = None
        """The items that begin here."""
        self.done: dict[int, _Done] = {}
        """Rule → what follows when it has begun here and is complete."""
        self.finish: dict[int, _Exit] | None = None
        """Rule → the shortest way to end the text when it has begun here and is complete."""
        self.end: _Exit | None = None


_Done = tuple[bool, tuple[tuple[Set, State], ...]]
"""Whether the text is then a sentence; the rows that are added."""
_Exit = tuple[int, int, Set | None]
"""How many characters; the continuation to go on by, -1 for none; the set in which that began."""


class Automaton:
    """States and sets of a program, made when they are first needed."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._conts: list[tuple[int, int, int, int]] = []
        """Continuations of a rule: (node, low or index, high, the continuation after the node)."""
        self._cont_numbers: dict[tuple[int, int, int, int], int] = {}
        self._rule_of: list[int] = []
        self._cost_of: list[int] = []
        self._opened: dict[int, _Opened] = {}
        self._states: dict[frozenset[int], State] = {}
        self._unions: dict[tuple[int, int], State] = {}
        self._begun: dict[tuple[int, ...], State] = {}
        self._sets: dict[tuple[object, ...], Set] = {}
        self._numbers = itertools.count()
        whole = program.whole
        bottom = Set(self, -1, (), False)
        bottom.done[whole] = (True, ())
        bottom.finish = {whole: (0, -1, None)}
        start = self._state([self._cont(program.bodies[whole], self._end(whole))])
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
            found = at.kinds[kind] = self._step(at, kind)
        if found is not None and code < 0x80:
            at.next[code] = found
        return found

    def _step(self, at: Set, kind: int) -> Set | None:
        rows: dict[Set, State] = {}
        complete = False
        for origin, state in self._rows(at):
            moved = self._moved(state, kind)
            if moved is None:
                continue
            if moved.useful:
                self._add(rows, origin, moved)
            for rule in moved.completes:
                ends, added = self._done(origin, rule)
                complete |= ends
                for row in added:
                    self._add(rows, *row)
        if len(rows) > MAX_ROWS:
            raise GrammarError(
                f"the text has more than {MAX_ROWS:,} ambiguous parts open",
                hint='write rules that refer to themselves once at most, and lists as `item ("," item)*`',
                code="too_ambiguous",
            )
        return self._set(rows, complete) if rows or complete else None

    def _rows(self, at: Set) -> Iterator[tuple[Set, State]]:
        """All items of a set: those under way, and those that begin here."""
        yield from at.rows
        if at.own is None:
            at.own = self._beginning(at)
        yield at, at.own

    def _beginning(self, at: Set) -> State:
        key = tuple(sorted({state.number for _, state in at.rows}))
        found = self._begun.get(key)
        if found is None:
            rules = {rule for _, state in at.rows for rule in state.refs}
            todo, conts = list(rules), []
            while todo:
                rule = todo.pop()
                cont = self._cont(self.program.bodies[rule], self._end(rule))
                conts.append(cont)
                new = {r for r, _ in self._open(cont).refs} - rules
                rules |= new
                todo += new
            found = self._begun[key] = self._state(conts)
        return found

    def _add(self, rows: dict[Set, State], origin: Set, state: State) -> None:
        other = rows.get(origin)
        rows[origin] = state if other is None or other is state else self._union(other, state)

    def _union(self, a: State, b: State) -> State:
        key = (a.number, b.number) if a.number < b.number else (b.number, a.number)
        found = self._unions.get(key)
        if found is None:
            found = self._unions[key] = self._state([*a.begun, *b.begun])
        return found

    def _done(self, origin: Set, rule: int) -> _Done:
        """What follows when a rule that began in the set is complete: rows in which something may still come.

        Leo's shortcut is in here twice: rows in which nothing may come are dropped, and what is left is remembered.
        """
        found = origin.done.get(rule)
        if found is not None:
            return found
        stack = [(origin, rule)]
        while stack:
            origin, rule = stack[-1]
            rows, needed = self._reached(origin, rule)
            missing = [(o, r) for o, r in needed if r not in o.done]
            if missing:
                stack += missing
                continue
            stack.pop()
            parts = [o.done[r] for o, r in needed]
            if len(parts) == 1 and not rows:
                origin.done[rule] = parts[0]
                continue
            for _, added in parts:
                for row in added:
                    self._add(rows, *row)
            origin.done[rule] = (any(ends for ends, _ in parts), tuple(rows.items()))
        return origin.done[rule]

    def _reached(self, origin: Set, rule: int) -> tuple[dict[Set, State], list[tuple[Set, int]]]:
        """The rows that completing the rule adds, itself or through rules that began in the same set; and what it completes in others."""
        rows: dict[Set, State] = {}
        needed: dict[tuple[Set, int], None] = {}
        seen, todo = {rule}, [rule]
        while todo:
            current = todo.pop()
            for place, state in self._rows(origin):
                after = self._goto(state, current)
                if after is None:
                    continue
                if after.useful:
                    self._add(rows, place, after)
                for completed in after.completes:
                    if place is not origin:
                        needed[place, completed] = None
                    elif completed not in seen:
                        seen.add(completed)
                        todo.append(completed)
        return rows, list(needed)

    def _set(self, rows: dict[Set, State], complete: bool) -> Set:
        ordered = tuple(sorted(rows.items(), key=lambda row: row[0].number))
        key = (complete, *((origin.number, state.number) for origin, state in ordered))
        found = self._sets.get(key)
        return found if found is not None else self._sets.setdefault(key, Set(self, next(self._numbers), ordered, complete))

    # States

    def _moved(self, state: State, kind: int) -> State | None:
        if kind not in state.steps:
            conts = list(state.singles.get(kind, ()))
            example = self.program.alphabet.example(kind)
            for number, after in state.wide.items():
                ranges = self.program.ranges[number]
                if contains(ranges, example):
                    conts += after
            state.steps[kind] = self._state(conts) if conts else None
        return state.steps[kind]

    def _goto(self, state: State, rule: int) -> State | None:
        found = state.gotos.get(rule)
        if found is None and rule in state.refs:
            found = state.gotos[rule] = self._state(state.refs[rule])
        return found

    def _state(self, conts: Iterable[int]) -> State:
        begun = self._without_dominated(frozenset(conts))
        found = self._states.get(begun)
        return found if found is not None else self._states.setdefault(begun, self._new_state(begun))

    def _without_dominated(self, conts: frozenset[int]) -> frozenset[int]:
        """Without those continuations that can go no way which `x{0,more}` before the same rest can't."""
        most: dict[tuple[int, int], int] = {}
        for cont in conts:
            node, low, high, rest = self._conts[cont]
            if low == 0 and high != 0:
                key = (node, rest)
                most[key] = max(most.get(key, 0), FOREVER if high < 0 else high)
        if not most:
            return conts
        return frozenset(c for c in conts if not self._is_dominated(c, most))

    def _is_dominated(self, cont: int, most: dict[tuple[int, int], int]) -> bool:
        node, low, high, rest = self._conts[cont]
        reach = FOREVER if high < 0 else high
        limit = most.get((node, rest), -1)
        return high != 0 and (reach < limit or (reach == limit and low > 0))

    def _new_state(self, begun: frozenset[int]) -> State:
        state = State(next(self._numbers), tuple(sorted(begun)))
        completes: dict[int, None] = {}
        program = self.program
        for cont in state.begun:
            opened = self._open(cont)
            if opened.ends:
                completes[self._rule_of[cont]] = None
            for number, after in opened.characters:
                ranges = program.ranges[number]
                if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
                    state.singles.setdefault(program.alphabet.kind(ranges[0][0]), []).append(after)
                else:
                    state.wide.setdefault(number, []).append(after)
            for rule, after in opened.refs:
                state.refs.setdefault(rule, []).append(after)
        state.completes = tuple(completes)
        state.useful = bool(state.singles or state.wide or state.refs)
        return state

    # Continuations

    def _end(self, rule: int) -> int:
        return self._new_cont((-1, rule, 0, -1), rule, 0)

    def _new_cont(self, key: tuple[int, int, int, int], rule: int, cost: int) -> int:
        found = self._cont_numbers.get(key)
        if found is None:
            found = self._cont_numbers[key] = len(self._conts)
            self._conts.append(key)
            self._rule_of.append(rule)
            self._cost_of.append(cost)
        return found

    def _cont(self, node: int, rest: int, low: int = -1, high: int = 0) -> int:
        """The continuation that goes through a node, and then on by the rest."""
        kind, *inner = self.program.nodes[node]
        rule, cost = self._rule_of[rest], self._cost_of[rest]
        if kind == SEQ:
            for item in reversed(inner[1:]):
                rest = self._cont(item, rest)
            return self._cont(inner[0], rest) if inner else rest
        if kind == REPEAT:
            if low < 0:
                low, high = inner[1], inner[2]
            if self.program.costs[inner[0]] == 0:
                low = 0
            if high == 0 or self.program.costs[inner[0]] is None:
                return rest
            cost = min(FOREVER, cost + low * self.program.cost(inner[0]))
            return self._new_cont((node, low, high, rest), rule, cost)
        return self._new_cont((node, -1, 0, rest), rule, min(FOREVER, cost + self.program.cost(node)))

    def _open(self, cont: int) -> _Opened:
        """The first steps of a continuation, past everything that may be empty."""
        found = self._opened.get(cont)
        if found is not None:
            return found
        program = self.program
        result = _Opened([], [], False)
        seen, todo = {cont}, [cont]
        most: dict[tuple[int, int], int] = {}
        while todo:
            node, low, high, rest = self._conts[todo.pop()]
            if node < 0:
                result.ends = True
                continue
            kind, *inner = program.nodes[node]
            new: list[int] = []
            if kind == CHARACTER:
                result.characters.append((inner[0], rest))
            elif kind == RULE:
                result.refs.append((inner[0], rest))
                if program.nullable[inner[0]]:
                    new = [rest]
            elif kind == ALT:
                new = [self._cont(option, rest) for option in inner if program.costs[option] is not None]
            else:
                reach = FOREVER if high < 0 else high
                if reach <= most.get((node, rest), -1):
                    continue
                if low == 0:
                    most[node, rest] = reach
                    new = [rest]
                new.append(self._cont(inner[0], self._cont(node, rest, max(0, low - 1), high if high < 0 else high - 1)))
            for following in new:
                if following not in seen:
                    seen.add(following)
                    todo.append(following)
        self._opened[cont] = result
        return result

    # Endings

    def ending_chars(self, at: Set) -> int:
        if at.end is None:
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
        while (entry := self._conts[cont])[0] >= 0:
            node, low, _, cont = entry
            kind, *inner = self.program.nodes[node]
            for _ in range(low if kind == REPEAT else 1):
                yield from self.program.shortest(inner[0] if kind == REPEAT else node)

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
        """Dijkstra over the rules that may begin in the set; what they end in elsewhere is known."""
        heap: list[tuple[int, int, int, Set]] = []
        for origin, state in at.rows:
            finish = origin.finish
            assert finish is not None
            for rule, outer, cont in self._exits(state):
                heap.append((self._cost_of[cont] + finish[outer][0], cont, rule, origin))
        key = operator.itemgetter(0, 1)
        best: dict[int, _Exit] = {}
        inner: dict[int, list[tuple[int, int]]] = {}
        *_, (_, own) = self._rows(at)
        for rule, outer, cont in self._exits(own):
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
                    heapq.heappush(ordered, (total, after, next(numbers), (total, after, inner_rule, at)))
        at.finish = best

    def _exits(self, state: State) -> list[tuple[int, int, int]]:
        """(rule, rule it stands in, the cheapest continuation of that after it)."""
        if state.exits is None:
            best: dict[tuple[int, int], int] = {}
            for rule, conts in state.refs.items():
                for cont in conts:
                    key = (rule, self._rule_of[cont])
                    if key not in best or self._cost_of[cont] < self._cost_of[best[key]]:
                        best[key] = cont
            state.exits = [(rule, outer, cont) for (rule, outer), cont in best.items()]
        return state.exits


class _Opened:
    """First steps: (class, continuation after it), (rule, continuation after it), and whether the rule may end at once."""

    __slots__ = ("characters", "ends", "refs")

    def __init__(self, characters: list[tuple[int, int]], refs: list[tuple[int, int]], ends: bool) -> None:
        self.characters, self.refs, self.ends = characters, refs, ends
