"""Deterministic automata as small as they can be.

Source: Hopcroft and Ullman, *Introduction to automata theory* (1979), 3.4.
"""

from __future__ import annotations

DEAD = -1
MOST_REFINED = 100_000
"""Steps for which equal states are looked for; a long chain of them would take many more."""


def minimal(
    table: list[list[int]], ends: list[bool]
) -> tuple[tuple[tuple[int, ...], ...], tuple[bool, ...]]:
    """The same automaton without states that lead nowhere, and with equal ones united.

    Args:
        table: State → kind of character → state, or `DEAD`; state 0 begins.
        ends: Whether a text may end in each state.
    """
    users: list[list[int]] = [[] for _ in table]
    for state, row in enumerate(table):
        for after in set(row) - {DEAD}:
            users[after].append(state)
    alive = [state for state, end in enumerate(ends) if end]
    seen = set(alive)
    while alive:
        new = [user for user in users[alive.pop()] if user not in seen]
        seen.update(new)
        alive += new
    order = _successors_first(table, seen)
    block = _refined(table, ends, seen) if order is None else _merged(table, ends, order)
    if block[0] == DEAD:
        return ((DEAD,) * len(table[0]),), (False,)
    blocks = list(dict.fromkeys([block[0], *(b for b in block if b != DEAD)]))
    number = {b: n for n, b in enumerate(blocks)}
    member = {b: s for s, b in reversed(list(enumerate(block))) if b != DEAD}
    rows = tuple(
        tuple(DEAD if t == DEAD or block[t] == DEAD else number[block[t]] for t in table[member[b]])
        for b in blocks
    )
    return rows, tuple(ends[member[b]] for b in blocks)


def _successors_first(table: list[list[int]], alive: set[int]) -> list[int] | None:
    """The states, each after those it leads to but itself; None where there are longer loops."""
    order: list[int] = []
    open_: dict[int, bool] = {}
    for first in alive:
        stack = [(first, iter(dict.fromkeys(table[first])))] if first not in open_ else []
        open_.setdefault(first, True)
        while stack:
            state, following = stack[-1]
            after = next((t for t in following if t in alive and t != state), None)
            if after is None:
                open_[state] = False
                order.append(state)
                stack.pop()
            elif after not in open_:
                open_[after] = True
                stack.append((after, iter(dict.fromkeys(table[after]))))
            elif open_[after]:
                return None
    return order


def _merged(table: list[list[int]], ends: list[bool], order: list[int]) -> list[int]:
    """Each state's block, in one pass from the last states to the first.

    Source: D. Revuz, *Minimisation of acyclic deterministic automata in linear time* (1992); a
    state's way to itself is written as such, so that loops of one state do no harm.
    """
    itself = -2
    block = [DEAD] * len(table)
    known: dict[tuple[int, ...], int] = {}
    keys: dict[int, tuple[int, ...]] = {}
    for state in order:
        row = [itself if t == state else block[t] if t != DEAD else DEAD for t in table[state]]
        key = (ends[state], *row)
        found = known.get(key)
        for after in dict.fromkeys(row) if found is None else ():
            looped = keys.get(after)
            if looped and looped == (key[0], *(itself if t in (after, itself) else t for t in row)):
                found = after  # it does what the state does that it leads to
                break
        if found is None:
            found = known[key] = state
            keys[state] = key
        block[state] = found
    return block


def _refined(table: list[list[int]], ends: list[bool], alive: set[int]) -> list[int]:
    """The same by refining blocks as long as they can be told apart; each its own if it takes long.

    Source: E. F. Moore, *Gedanken-experiments on sequential machines* (1956).
    """
    block = [(1 if ends[s] else 0) if s in alive else DEAD for s in range(len(table))]
    count, rounds = len({b for b in block if b != DEAD}), 0
    while count:
        rounds += 1
        if rounds * len(table) > MOST_REFINED:
            return [s if s in alive else DEAD for s in range(len(table))]
        keys: dict[tuple[int, ...], int] = {}
        block = [
            (
                DEAD
                if block[s] == DEAD
                else keys.setdefault(
                    (block[s], *(DEAD if t == DEAD else block[t] for t in table[s])), len(keys)
                )
            )
            for s in range(len(table))
        ]
        if len(keys) == count:
            break
        count = len(keys)
    return block
