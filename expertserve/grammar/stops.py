"""Whether a text can occur in a sentence: grammar ∩ automaton (Bar-Hillel et al. 1961)."""

from __future__ import annotations

from collections import deque

from expertserve.grammar.program import ALT, CHARACTER, REPEAT, RULE, SEQ, Program, contains

MAX_STEPS = 5_000_000
"""Elementary steps until the question is given up: about a second."""
MAX_EXAMPLE = 100_000

_Fact = tuple[int, int, int]
"""(node, state before, state after): some text of the node leads from one to the other."""


class Undecided(Exception):
    """The grammar is too large to decide it within `MAX_STEPS`."""


def example_with(program: Program, text: str) -> str | None:
    """A sentence (at most `MAX_EXAMPLE` characters) that contains the text, or None.

    Raises:
        Undecided: It would take too long to tell.
    """
    return _Search(program, text).example()


class _Search:
    """States count the characters matched, as in Knuth-Morris-Pratt; the last is a match."""

    def __init__(self, program: Program, text: str) -> None:
        self.program, self.text, self.states = program, text, range(len(text) + 1)
        self.steps = 0
        self.moves: list[list[int]] = [[0] * (len(text) + 1) for _ in program.nodes]
        """Node → state before → bits of the states after."""
        self.why: dict[_Fact, list[_Fact] | str] = {}
        """A fact → the facts that it was first concluded from, or the character."""

    def example(self) -> str | None:
        whole = self.program.bodies[self.program.whole]
        goal = (whole, 0, len(self.text))
        self._conclude()
        return self._spelt(goal) if goal in self.why else None

    def _conclude(self) -> None:
        nodes = self.program.nodes
        users: list[set[int]] = [set() for _ in nodes]
        for number, (kind, *inner) in enumerate(nodes):
            for part in (
                [self.program.bodies[inner[0]]]
                if kind == RULE
                else inner[:1]
                if kind == REPEAT
                else inner
                if kind != CHARACTER
                else []
            ):
                users[part].add(number)
        todo = deque(range(len(nodes)))
        queued = set(todo)
        while todo:
            node = todo.popleft()
            queued.discard(node)
            if self._grows(node):
                new = users[node] - queued
                queued |= new
                todo += sorted(new)

    def _grows(self, node: int) -> bool:
        """Draws the conclusions for one node from what is known of its parts."""
        kind, *inner = self.program.nodes[node]
        before = list(self.moves[node])
        for state in self.states:
            if kind == CHARACTER:
                for after, character in self._character(inner[0], state).items():
                    self._add((node, state, after), character)
            elif kind == SEQ:
                self._sequence(node, state, inner)
            elif kind == REPEAT:
                self._repetition(node, state, *inner)
            else:
                for part in inner if kind == ALT else [self.program.bodies[inner[0]]]:
                    for after in self._after(part, state):
                        self._add((node, state, after), [(part, state, after)])
        return before != self.moves[node]

    def _add(self, fact: _Fact, reason: list[_Fact] | str) -> None:
        node, before, after = fact
        if fact not in self.why:
            self.why[fact] = reason
            self.moves[node][before] |= 1 << after

    def _after(self, node: int, state: int) -> list[int]:
        self._count(len(self.states))
        bits = self.moves[node][state]
        return [after for after in self.states if bits >> after & 1] if bits else []

    def _count(self, steps: int) -> None:
        self.steps += steps
        if self.steps > MAX_STEPS:
            raise Undecided

    def _sequence(self, node: int, state: int, parts: list[int]) -> None:
        layers: list[dict[int, int]] = [{state: state}]
        for part in parts:
            layers.append(
                {after: before for before in layers[-1] for after in self._after(part, before)}
            )
        for after in layers[-1]:
            if (node, state, after) not in self.why:
                self._add((node, state, after), self._path(layers, parts, after))

    def _repetition(self, node: int, state: int, part: int, low: int, high: int) -> None:
        most = low + len(self.states)  # a state that more rounds lead to, fewer lead to as well
        layers: list[dict[int, int]] = [{state: state}]
        for count in range((most if high < 0 else min(high, most)) + 1):
            for after in layers[-1] if count >= low else ():
                if (node, state, after) not in self.why:
                    self._add((node, state, after), self._path(layers, [part] * count, after))
            layers.append(
                {after: before for before in layers[-1] for after in self._after(part, before)}
            )
            if not layers[-1]:
                break

    def _path(self, layers: list[dict[int, int]], parts: list[int], after: int) -> list[_Fact]:
        path: list[_Fact] = []
        self._count(len(parts))
        for index in range(len(parts), 0, -1):
            before = layers[index][after]
            path.append((parts[index - 1], before, after))
            after = before
        return path[::-1]

    def _character(self, number: int, state: int) -> dict[int, str]:
        """State after → the character of a class that leads there."""
        ranges = self.program.ranges[number]
        if not ranges:
            return {}
        found: dict[int, str] = {}
        if not self._is_found(state):
            for character in dict.fromkeys(self.text):
                if contains(ranges, ord(character)):
                    found.setdefault(self._next(state, character), character)
        codes = sorted(set(map(ord, self.text)))
        other = next((c for low, high in ranges for c in _outside(low, high, codes)), None)
        favourite = self.program.favourite(ranges)
        if self._is_found(state):
            return {state: favourite}
        if other is not None:
            found.setdefault(0, favourite if favourite not in self.text else chr(other))
        return found

    def _is_found(self, state: int) -> bool:
        return state == len(self.text)

    def _next(self, state: int, character: str) -> int:
        seen = self.text[:state] + character
        return next(n for n in range(len(seen), -1, -1) if seen.endswith(self.text[:n]))

    def _spelt(self, goal: _Fact) -> str:
        characters: list[str] = []
        stack = [goal]
        while stack and len(characters) < MAX_EXAMPLE:
            reason = self.why[stack.pop()]
            if isinstance(reason, str):
                characters.append(reason)
            else:
                stack += reversed(reason)
        return "".join(characters)


def _outside(low: int, high: int, codes: list[int]) -> list[int]:
    """One code point from low to high that is none of the (sorted) codes, if there is one."""
    for code in codes:
        if low < code:
            break
        if low == code:
            low += 1
    return [low] if low <= high else []
