"""Which sets of tables fit what a query has named so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from expertserve.grammar.names.bare import is_bare
from expertserve.grammar.names.relations import Relations, core, joined, neighbours, plain, words

Quals = tuple[tuple[str, frozenset[str]], ...]
"""What stood before a column's dot → the columns that were named behind it."""
Chosen = tuple[tuple[str, int], ...]
"""What FROM has: the name for a table, an alias perhaps, and the table's place."""

MOST_KNOWN = 5_000
"""Answers that a schema remembers."""


class Fit:
    """A schema as a query is written over it; made once for each.

    Sets of tables are the bits of whole numbers, so that what a column rules out is one operation.

    Args:
        schema: Its tables and links.
    """

    def __init__(self, schema: Relations) -> None:
        self.schema = schema
        self.sets = joined(schema)
        self.near = neighbours(schema)
        self.every = (1 << len(self.sets)) - 1
        self._aliases: dict[int, list[str]] = {}
        self._filtered: dict[tuple[int, Quals], int] = {}
        self._named: dict[tuple[int, Quals, str], frozenset[int]] = {}
        self._meant: dict[tuple[str, frozenset[str]], frozenset[int]] = {}

    @cached_property
    def places(self) -> dict[tuple[int, ...], int]:
        """Of the sets."""
        return {members: place for place, members in enumerate(self.sets)}

    @cached_property
    def having(self) -> list[int]:
        """By table: the sets that have it."""
        found = [0] * len(self.schema.tables)
        for place, members in enumerate(self.sets):
            for at in set(members):
                found[at] |= 1 << place
        return found

    @cached_property
    def alone(self) -> dict[str, int]:
        """By column: the sets in which exactly one table has it, so that it needs no qualifier."""
        owners: dict[str, list[int]] = {}
        spelt: dict[str, list[str]] = {}
        for at, table in enumerate(self.schema.tables):
            for column in table.columns:
                owners.setdefault(plain(column), []).append(at)
                spelt.setdefault(plain(column), []).append(column)
        found: dict[str, int] = {}
        for bare, tables in owners.items():
            bits = self._once(tables)
            for written in dict.fromkeys(spelt[bare]):
                found[written] = bits if len(set(spelt[bare])) == 1 else self._spelt(written, bits)
        return found

    def _once(self, tables: Sequence[int]) -> int:
        held = set(tables)
        candidates = 0
        for at in tables:
            candidates |= self.having[at]
        return sum(
            1 << place
            for place in _bits(candidates)
            if sum(at in held for at in self.sets[place]) == 1
        )

    def _spelt(self, written: str, bits: int) -> int:
        """The sets in which it is spelt so."""
        having = 0
        for at, table in enumerate(self.schema.tables):
            if written in table.columns:
                having |= self.having[at]
        return bits & having

    @cached_property
    def by_name(self) -> dict[str, int]:
        """Tables by what may stand before a dot; of two with one name, the first."""
        return {t.name: at for at, t in reversed(list(enumerate(self.schema.tables)))}

    @cached_property
    def plain_names(self) -> frozenset[str]:
        return frozenset(plain(t.name) for t in self.schema.tables)

    def aliases(self, at: int) -> list[str]:
        """What a table may be called: its initial, initials, the beginnings of its words; t1 …"""
        known = self._aliases.get(at)
        if known is None:
            name = self.schema.tables[at].name
            parts, whole = core(name) or ["t"], words(name)
            made = [parts[0][:1], "".join(w[0] for w in parts), "".join(w[0] for w in whole)]
            made += [*(parts[0][:n] for n in (2, 3, 4)), parts[-1], parts[0]]
            made += [made[0] + n for n in "123"] + [c + n for c in ("t", "T") for n in "123"]
            made += [made[0].upper(), "a", "b", "c"]
            known = self._aliases[at] = [n for n in dict.fromkeys(made) if self.may_call(n)]
        return known

    def may_call(self, alias: str) -> bool:
        """Whether it is no table's name and needs no quotes."""
        return alias.lower() not in self.plain_names and is_bare(alias, "sql")

    @cached_property
    def all_aliases(self) -> list[str]:
        places = range(len(self.schema.tables))
        return list(dict.fromkeys(a for at in places for a in self.aliases(at)))

    def left(self, sets: int, quals: Quals) -> int:
        """The sets in which every qualifier finds a table of its own with its columns."""
        found = self._filtered.get((sets, quals))
        if found is None:
            found = sets
            for name, columns in quals:
                some = 0
                for at in self.called(name, columns):
                    some |= self.having[at]
                found &= some
            if len(quals) > 1:
                found = sum(1 << p for p in _bits(found) if self._match(self.sets[p], quals))
            if len(self._filtered) > MOST_KNOWN:
                self._filtered.clear()
                self._named.clear()
                self._meant.clear()
            self._filtered[sets, quals] = found
        return found

    def called(self, name: str, columns: frozenset[str]) -> list[int]:
        """The tables that a qualifier may stand for."""
        at = self.by_name.get(name)
        if at is not None:
            return [at] if columns <= self.columns[at] else []
        return [o for o, held in enumerate(self.columns) if columns <= held]

    @cached_property
    def columns(self) -> list[frozenset[str]]:
        return [frozenset(t.columns) for t in self.schema.tables]

    def _match(self, members: Sequence[int], quals: Quals) -> bool:
        """Whether each qualifier finds a member of its own."""
        return next(self._matches(members, quals), None) is not None

    def _matches(
        self, members: Sequence[int], quals: Quals, met: tuple[int, ...] = ()
    ) -> Iterator[tuple[tuple[int, ...], Sequence[int]]]:
        """The ways of giving each qualifier a member: those, in order, and the ones left over."""
        if len(met) == len(quals):
            yield met, members
            return
        may = self._may_mean(*quals[len(met)])
        for i, at in enumerate(members):
            if at in may and at not in members[:i]:
                yield from self._matches([*members[:i], *members[i + 1 :]], quals, (*met, at))

    def _may_mean(self, name: str, columns: frozenset[str]) -> frozenset[int]:
        known = self._meant.get((name, columns))
        if known is None:
            known = self._meant[name, columns] = frozenset(self.called(name, columns))
        return known

    def spare(self, sets: int, quals: Quals) -> frozenset[int]:
        """The tables that may still get a qualifier."""
        key = (sets, quals, "")
        known = self._named.get(key)
        if known is None:
            found: set[int] = set()
            for place in _bits(sets):
                members = self.sets[place]
                if len(members) > len(quals) and not found.issuperset(members):
                    for _, rest in self._matches(members, quals):
                        found.update(rest)
            known = self._named[key] = frozenset(found)
        return known

    def meant(self, sets: int, quals: Quals, name: str) -> frozenset[int]:
        """The tables that a qualifier, one of them, may turn out to be."""
        key = (sets, quals, name)
        known = self._named.get(key)
        if known is None:
            at = next(i for i, (other, _) in enumerate(quals) if other == name)
            found: set[int] = set()
            for place in _bits(sets):
                if not found.issuperset(self.sets[place]):
                    found.update(met[at] for met, _ in self._matches(self.sets[place], quals))
            known = self._named[key] = frozenset(found)
        return known

    def reaches(self, sets: int, quals: Quals, chosen: Chosen) -> Iterator[tuple[int, ...]]:
        """The sets that have what FROM has, each as what is missing; sets small ones first."""
        unmet = []
        met = dict(chosen)
        for name, columns in quals:
            if name not in met:
                unmet.append((name, columns))
            elif not columns <= self.columns[met[name]]:
                return
        for _, at in chosen:
            sets &= self.having[at]
        for place in _bits(sets):
            members = list(self.sets[place])
            try:
                for _, at in chosen:
                    members.remove(at)
            except ValueError:
                continue
            if self._match(members, tuple(unmet)) and self._linked(chosen, members):
                yield tuple(members)

    def _linked(self, chosen: Chosen, missing: Sequence[int]) -> bool:
        """Whether what is missing can be joined to what there is, one after the other."""
        there, todo = {at for _, at in chosen}, list(missing)
        while there and todo:
            near = next((at for at in todo if self.near[at] & there), None)
            if near is None:
                return False
            there.add(near)
            todo.remove(near)
        return True


def _bits(number: int) -> Iterator[int]:
    while number:
        low = number & -number
        yield low.bit_length() - 1
        number ^= low
