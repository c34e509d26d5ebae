"""Items of an Earley recogniser, grouped into states: what may come next, whatever came before.

An item is a *continuation*: what is left of a rule. Items of one origin are together in a state,
which is found by the set of its continuations.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from expertserve.grammar.program import (
    ALT,
    CHARACTER,
    FOREVER,
    REPEAT,
    RULE,
    SEQ,
    Program,
)


class ItemState:
    """What may come next in items of one origin: to items what a DFA's state is to an NFA's.

    Args:
        begun: The continuations that the state stands for.
    """

    __slots__ = (
        "begun",
        "completes",
        "exits",
        "gotos",
        "number",
        "refs",
        "singles",
        "steps",
        "useful",
        "wide",
    )

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
        self.steps: dict[int, ItemState | None] = {}
        self.gotos: dict[int, ItemState] = {}
        self.exits: list[tuple[int, int, int]] | None = None


class ItemStates:
    """The continuations and states of a program, made when they are first needed.

    Making one isn't thread-safe: the automaton that asks holds its lock.

    Attributes:
        conts: Continuations: (node, low or item index, high, the continuation after it).
        rule_of: Continuation → the rule that it is left of.
        cost_of: Continuation → the characters of its shortest text.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self.conts: list[tuple[int, int, int, int]] = []
        self.rule_of: list[int] = []
        self.cost_of: list[int] = []
        self._cont_numbers: dict[tuple[int, int, int, int], int] = {}
        self._suffixes: dict[int, list[int]] = {}
        self._corners: dict[int, ItemState] = {}
        self._states: dict[frozenset[int], ItemState] = {}
        self._numbers = itertools.count()

    def beginning(self, rule: int) -> ItemState:
        """The state at the beginning of a rule."""
        found = self._corners.get(rule)
        if found is None:
            found = self._corners[rule] = self.state(
                [self._cont(self._program.bodies[rule], self._end(rule))]
            )
        return found

    def state(self, conts: Iterable[int]) -> ItemState:
        """The state of these continuations."""
        begun = self._without_dominated(frozenset(conts))
        found = self._states.get(begun)
        return (
            found if found is not None else self._states.setdefault(begun, self._new_state(begun))
        )

    def _without_dominated(self, conts: frozenset[int]) -> frozenset[int]:
        """Drops continuations that `x{0,more}` before the same rest subsumes."""
        most: dict[tuple[int, int], int] = {}
        for cont in conts:
            node, low, high, rest = self.conts[cont]
            if low == 0 and high != 0:
                key = (node, rest)
                most[key] = max(most.get(key, 0), FOREVER if high < 0 else high)
        if not most:
            return conts
        return frozenset(c for c in conts if not self._is_dominated(c, most))

    def _is_dominated(self, cont: int, most: dict[tuple[int, int], int]) -> bool:
        node, low, high, rest = self.conts[cont]
        reach = FOREVER if high < 0 else high
        limit = most.get((node, rest), -1)
        return high != 0 and (reach < limit or (reach == limit and low > 0))

    def _new_state(self, begun: frozenset[int]) -> ItemState:
        state = ItemState(next(self._numbers), tuple(sorted(begun)))
        completes: set[int] = set()
        most: dict[tuple[int, int], int] = {}
        seen, todo = set(begun), list(state.begun)
        while todo:
            cont = todo.pop()
            node, low, high, rest = self.conts[cont]
            if node < 0:
                completes.add(self.rule_of[cont])
                continue
            content = self._program.nodes[node]
            kind, part = content[:2]
            new: tuple[int, ...] = ()
            if kind == CHARACTER:
                self._expect(state, part, rest)
            elif kind == RULE:
                state.refs.setdefault(part, []).append(rest)
                new = (rest,) if self._program.nullable[part] else ()
            elif kind == SEQ:
                new = (self._cont(content[1 + low], self._cont(node, rest, low + 1)),)
            elif kind == ALT:
                new = tuple(
                    self._cont(option, rest)
                    for option in content[1:]
                    if self._program.costs[option] is not None
                )
            elif (FOREVER if high < 0 else high) > most.get(
                (node, rest), -1
            ):  # else what is here is there already
                once_more = self._cont(
                    part, self._cont(node, rest, max(0, low - 1), high if high < 0 else high - 1)
                )
                new = (once_more, rest) if low == 0 else (once_more,)
                if low == 0:
                    most[node, rest] = FOREVER if high < 0 else high
            for following in new:
                if following not in seen:
                    seen.add(following)
                    todo.append(following)
        state.completes = tuple(sorted(completes))
        state.useful = bool(state.singles or state.wide or state.refs)
        return state

    def _expect(self, state: ItemState, number: int, after: int) -> None:
        ranges = self._program.ranges[number]
        if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
            state.singles.setdefault(self._program.alphabet.kind(ranges[0][0]), []).append(after)
        else:
            state.wide.setdefault(number, []).append(after)

    def exits(self, state: ItemState) -> list[tuple[int, int, int]]:
        """(rule, rule it stands in, the cheapest continuation of that after it)."""
        if state.exits is None:
            best: dict[tuple[int, int], int] = {}
            for rule, conts in state.refs.items():
                for cont in conts:
                    key = (rule, self.rule_of[cont])
                    if key not in best or self.cost_of[cont] < self.cost_of[best[key]]:
                        best[key] = cont
            state.exits = [(rule, outer, cont) for (rule, outer), cont in best.items()]
        return state.exits

    # Continuations

    def _end(self, rule: int) -> int:
        return self._new_cont((-1, rule, 0, -1), rule, 0)

    def _new_cont(self, key: tuple[int, int, int, int], rule: int, cost: int) -> int:
        found = self._cont_numbers.get(key)
        if found is None:
            found = self._cont_numbers[key] = len(self.conts)
            self.conts.append(key)
            self.rule_of.append(rule)
            self.cost_of.append(cost)
        return found

    def _cont(self, node: int, rest: int, low: int = -1, high: int = 0) -> int:
        """The continuation through a node (a sequence from item `low` on), then the rest."""
        content = self._program.nodes[node]
        rule, cost = self.rule_of[rest], self.cost_of[rest]
        if content[0] == SEQ:
            low = max(low, 0)
            if low >= len(content) - 2:
                return self._cont(content[low + 1], rest) if low < len(content) - 1 else rest
            cost += self._suffix(node)[low]
        elif content[0] == REPEAT:
            if low < 0:
                _, _, low, high = content
            if self._program.costs[content[1]] == 0:
                low = 0
            if high == 0 or self._program.costs[content[1]] is None:
                return rest
            cost += low * self._program.cost(content[1])
        else:
            cost += self._program.cost(node)
        return self._new_cont((node, low, high, rest), rule, min(FOREVER, cost))

    def _suffix(self, node: int) -> list[int]:
        """The cost of a sequence from each of its items on."""
        found = self._suffixes.get(node)
        if found is None:
            _, *items = self._program.nodes[node]
            sums = itertools.accumulate(self._program.cost(item) for item in reversed(items))
            found = self._suffixes[node] = list(sums)[::-1]
        return found
