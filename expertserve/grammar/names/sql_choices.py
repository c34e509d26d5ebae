"""The names that SQL may have at a place: columns before and after FROM, and FROM itself.

FROM is chosen as a whole: tables, aliases and the conditions of joins, so that it has what the
SELECT list named before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from expertserve.grammar.names.choices import Key, NameGraph, NamePlace
from expertserve.grammar.names.fit import Chosen, Fit, Quals
from expertserve.grammar.names.relations import MOST_JOINED

_BLANKS = (" ", "\n", "\n  ", "\n    ")
_JOINS = ("JOIN", "INNER JOIN", "LEFT JOIN", "LEFT OUTER JOIN")
Options = dict[bytes, Key]


class SqlChoices(NameGraph):
    """The graph of names over one schema; see `NamePlace`. Made as it is walked."""

    def __init__(self, fit: Fit) -> None:
        super().__init__()
        self.fit = fit
        self._make: Mapping[str, Callable[..., NamePlace]] = {
            "before": self._before,
            "before-dot": self._before_dot,
            "star": self._star,
            "after": self._after,
            "after-dot": self._after_dot,
            "sort": self._sort,
            "table": self._table,
            "named": self._named,
            "alias": self._alias,
            "on": self._on,
            "join": self._join,
            "end": self._end,
        }

    def _made(self, key: Key) -> NamePlace:
        kind: Any = key[0]
        return self._make[kind](*key[1:])

    # Before FROM

    def _before(self, sets: int, quals: Quals) -> NamePlace:
        left, alone = self.fit.left(sets, quals), self.fit.alone
        options: Options = {
            column.encode(): ("end", "column", column)
            for column, bits in alone.items()
            if bits & left
        }
        for name in self._qualifiers(left, quals):
            options[f"{name}.".encode()] = ("before-dot", left, quals, name)
        return NamePlace(options)

    def _qualifiers(self, left: int, quals: Quals) -> list[str]:
        """What may stand before a dot: tables, or aliases that FROM will give."""
        fit, used = self.fit, {name.lower() for name, _ in quals}
        spare = fit.spare(left, quals)
        found = [name for name, _ in quals]
        found += [n for n, at in fit.by_name.items() if at in spare and n.lower() not in used]
        return found + [a for a in fit.all_aliases if spare and a.lower() not in used]

    def _before_dot(self, sets: int, quals: Quals, name: str) -> NamePlace:
        fit, asked = self.fit, with_column(quals, name)
        columns = {
            column: None
            for at in fit.meant(fit.left(sets, asked), asked, name)
            for column in fit.schema.tables[at].columns
        }
        return NamePlace({c.encode(): ("end", "qualified", name, c) for c in columns})

    def _star(self, sets: int, quals: Quals) -> NamePlace:
        names = self._qualifiers(self.fit.left(sets, quals), quals)
        return NamePlace({f"{name}.*".encode(): ("end", "qualified", name, "") for name in names})

    # After FROM

    def _after(self, entries: Chosen, outer: Chosen) -> NamePlace:
        options: Options = {c.encode(): ("end",) for c in self._alone(entries)}
        for name, at in (*outer, *entries):
            options[f"{name}.".encode()] = ("after-dot", at)
        return NamePlace(options)

    def _alone(self, entries: Chosen) -> list[str]:
        """The columns that no two of FROM's tables have."""
        if len(entries) == 1:
            return list(self.fit.schema.tables[entries[0][1]].columns)
        members = tuple(sorted(at for _, at in entries))
        bit = 1 << self.fit.places[members]
        return [
            column
            for at in members
            for column in self.fit.schema.tables[at].columns
            if self.fit.alone[column] & bit
        ]

    def _after_dot(self, at: int) -> NamePlace:
        return NamePlace({c.encode(): ("end",) for c in self.fit.schema.tables[at].columns})

    def _sort(self, entries: Chosen, outputs: tuple[str, ...]) -> NamePlace:
        columns = self._after(entries, ()).options
        return NamePlace({**columns} | {name.encode(): ("end",) for name in outputs})

    # FROM

    def _table(self, sets: int, quals: Quals, chosen: Chosen) -> NamePlace:
        fit = self.fit
        there = {at for _, at in chosen}
        found: dict[int, None] = {}
        for missing in fit.reaches(sets, quals, chosen):
            found |= {at: None for at in missing if not there or fit.near[at] & there}
        options: Options = {
            fit.schema.tables[at].written.encode(): ("named", sets, quals, chosen, at)
            for at in found
        }
        return NamePlace(options, short=next(iter(options)))

    def _named(self, sets: int, quals: Quals, chosen: Chosen, at: int) -> NamePlace:
        """Behind a table: it keeps its name, or gets an alias."""
        fit, name = self.fit, self.fit.schema.tables[at].name
        named = (*chosen, (name, at))
        options: Options = {}
        ends, short = None, None
        if name not in dict(chosen) and self._goes(sets, quals, named):
            bare = self.find(("on" if chosen else "join", sets, quals, named))
            options, ends, short = dict(bare.options), bare.ends, bare.short
        alias: Key = ("alias", sets, quals, chosen, at)
        if self.find(alias).options:
            asked = (name for name, columns in quals if at in fit.called(name, columns))
            if ends is None and set(asked) - fit.by_name.keys() - dict(chosen).keys():
                short = b" "
            options |= {b" ": alias, b" AS ": alias, b" as ": alias}
        return NamePlace(options, ends=ends, short=short)

    def _goes(self, sets: int, quals: Quals, chosen: Chosen) -> bool:
        return next(self.fit.reaches(sets, quals, chosen), None) is not None

    def _alias(self, sets: int, quals: Quals, chosen: Chosen, at: int) -> NamePlace:
        fit, used = self.fit, {name.lower() for name, _ in chosen}
        asked = {name for name, _ in quals} - fit.by_name.keys()
        fresh = [
            name
            for name in fit.aliases(at)
            if name.lower() not in used | {name.lower() for name in asked}
        ]
        left = asked - dict(chosen).keys()
        may = [name for name in left if self._goes(sets, quals, (*chosen, (name, at)))]
        if fresh and self._goes(sets, quals, (*chosen, (fresh[0], at))):
            may += fresh
        return NamePlace(
            {
                name.encode(): ("on" if chosen else "join", sets, quals, (*chosen, (name, at)))
                for name in may
            }
        )

    def _on(self, sets: int, quals: Quals, chosen: Chosen) -> NamePlace:
        """The condition that joins the last table to those before it."""
        behind: Key = ("join", sets, quals, chosen)
        last, at = chosen[-1]
        options: Options = {}
        for name, other in chosen[:-1]:
            for one, two in self._pairs(at, other):
                ways = (f"{last}.{one}", f"{name}.{two}"), (f"{name}.{two}", f"{last}.{one}")
                for left, right in ways:
                    for blank in _BLANKS:
                        for word in ("ON", "on"):
                            options[f"{blank}{word} {left} = {right}".encode()] = behind
                            options[f"{blank}{word} {left}={right}".encode()] = behind
        return NamePlace(options, short=next(iter(options)))

    def _pairs(self, at: int, other: int) -> list[tuple[str, str]]:
        links = self.fit.schema.links
        found = [(n.column, n.other) for n in links if (n.left, n.right) == (at, other)]
        return found + [(n.other, n.column) for n in links if (n.right, n.left) == (at, other)]

    def _join(self, sets: int, quals: Quals, chosen: Chosen) -> NamePlace:
        """Behind a table that is joined: another one, or the end of FROM."""
        ends, more = None, False
        for missing in self.fit.reaches(sets, quals, chosen):
            ends, more = (("from", chosen), more) if not missing else (ends, True)
            if more and ends:
                break
        options: Options = {}
        if more and len(chosen) < MOST_JOINED:
            behind: Key = ("table", sets, quals, chosen)
            for word in _JOINS:
                for blank in _BLANKS:
                    options[f"{blank}{word} ".encode()] = behind
                    options[f"{blank}{word.lower()} ".encode()] = behind
        return NamePlace(options, ends=ends, short=b" JOIN " if options else None)


def with_column(quals: Quals, name: str, column: str = "") -> Quals:
    """The qualifiers with one more, or with one more column behind one."""
    found = dict(quals)
    found[name] = found.get(name, frozenset()) | ({column} if column else frozenset())
    return tuple(sorted(found.items(), key=lambda pair: pair[0]))
