"""What people say about rows, and the condition that it is.

How things are said is in `data/sql_said.jsonl`. Values stand between marks until a question is
done, so that nothing misspells them: `\\x02` before a word to keep as it is, `\\x04` before a name
that people may write in lower case, `\\x03` after either.
"""

from __future__ import annotations

import calendar
import random
from dataclasses import dataclass
from typing import Final

from training.records import read_choices
from training.sql_spelling import plural
from training.sql_tables import SYNONYMS, Field, Relation, World
from training.sql_world import quoted

SAID: Final = read_choices("sql_said.jsonl")
_LOWER: Final = frozenset(("city", "country", "person", "region", "first", "last"))
"""Pools whose values some people write without capitals."""


def kept(value: object) -> str:
    """A value in a question that stays as it is."""
    return f"\x02{value}\x03"


@dataclass(frozen=True, slots=True)
class Filter:
    """What stands before and behind the noun, and the condition."""

    before: str
    after: str
    where: str


class Talk:
    """Somebody who speaks of a world."""

    def __init__(self, rng: random.Random, world: World) -> None:
        self.rng, self.world = rng, world
        self.names = {name for table in world.tables for name in (table.one, table.many)}

    def form(self, name: str, **words: object) -> str:
        return self.rng.choice(SAID[name]).format(**words)

    def column(self, field: Field) -> str:
        """What this column is called, this time."""
        return field.said[0] if self.rng.random() < 0.5 else self.rng.choice(field.said)

    def one(self, table: Relation) -> str:
        if table.one in SYNONYMS and self.rng.random() < 0.15:
            other = self.rng.choice(SYNONYMS[table.one])
            if not {other, plural(other)} & self.names:
                return other
        return table.one

    def many(self, table: Relation) -> str:
        one = self.one(table)
        return table.many if one == table.one else plural(one)

    def label(self, table: Relation) -> str:
        """What "which" asks for is called."""
        return self.column(table.labels[0]) if len(table.labels) == 1 else "name"

    def noun(self, table: Relation, *filters: Filter) -> str:
        """Rows: "our pending orders over $20"."""
        before = [one.before for one in filters if one.before]
        after = [one.after for one in filters if one.after]
        our = ["our"] if self.rng.random() < 0.1 else []
        return " ".join([*our, *before, self.many(table), " and ".join(after)]).strip()

    def value(self, field: Field, text: str) -> str:
        """A value as a question has it."""
        return f"\x04{text}\x03" if field.about.pool in _LOWER else kept(text)

    # ── filters ─────────────────────────────────────────────────────────────────────────────────

    def filter(self, table: Relation, prefix: str = "", but: tuple[Field, ...] = ()) -> Filter:
        """On one of the table's columns, which `prefix` and a dot qualify."""
        by_label = self.rng.random() < 0.1
        wanted = [f for f in table.fields if f not in but and (by_label or not f.about.label)]
        fields = wanted or list(table.fields)
        field = self.rng.choice(fields)
        name = prefix + field.name
        if field.about.nullable and self.rng.random() < 0.35:
            return self._missing(field, name)
        match field.about.kind:
            case "text":
                return self._text(field, name)
            case "date":
                return self._date(field, name)
            case "bool":
                return self._bool(field, name)
        return self._number(table, field, name)

    def _missing(self, field: Field, name: str) -> Filter:
        column = self.column(field)
        if self.rng.random() < 0.7:
            forms = field.about.missing
            own = forms and self.rng.random() < 0.6
            said = self.rng.choice(forms) if own else self.form("missing", c=column)
            return Filter("", said, f"{name} IS NULL")
        return Filter("", self.form("present", c=column), f"{name} IS NOT NULL")

    def _bool(self, field: Field, name: str) -> Filter:
        yes = self.rng.random() < 0.65
        word = field.about.yes if yes else field.about.no
        where = f"{name} = {self.world.flags[yes]}"
        if " " in word or self.rng.random() < 0.35:
            return Filter("", self.form("bool", y=word), where)
        return Filter(word, "", where)

    def _text(self, field: Field, name: str) -> Filter:
        rng, about, column = self.rng, field.about, self.column(field)
        found, other = str(field.draw(rng)), str(field.draw(rng))
        said, where = self.value(field, found), f"{name} = {quoted(found)}"
        kind = rng.random()
        if kind < 0.07:
            start = found[: rng.choice([1, 1, 2, 3])]
            return Filter(
                "", self.form("text starts", c=column, v=kept(start)), f"{name} LIKE '{start}%'"
            )
        if kind < 0.14:
            part = rng.choice(found.replace("'", " ").split())
            return Filter(
                "", self.form("text contains", c=column, v=kept(part)), f"{name} LIKE '%{part}%'"
            )
        if kind < 0.2:
            where = f"{name} <> {quoted(found)}"
            return Filter("", self.form("text <>", c=column, v=said), where)
        if kind < 0.27 and other != found:
            where = f"{name} IN ({quoted(found)}, {quoted(other)})"
            form = self.form("text in", c=column, v=said, v2=self.value(field, other))
            return Filter("", form, where)
        if about.before and rng.random() < 0.5:
            return Filter(said, "", where)
        if about.forms and rng.random() < 0.7:
            return Filter("", f"{rng.choice(about.forms)} {said}", where)
        return Filter("", self.form("text =", c=column, v=said), where)

    def _date(self, field: Field, name: str) -> Filter:
        when, where = self._when(str(field.draw(self.rng)), name)
        if field.about.past and self.rng.random() < 0.6:
            return Filter("", f"{self.rng.choice(field.about.past)} {when}", where)
        if self.rng.random() < 0.4 and not field.about.past and field.about.said:
            return Filter("", when, where)
        if when.startswith("in "):
            return Filter("", f"with {self.column(field)} {when}", where)
        return Filter("", self.form("date plain", c=self.column(field), w=when), where)

    def _when(self, day: str, name: str) -> tuple[str, str]:
        """A day, a month or a year: before, in or after it."""
        rng, (year, month, date) = self.rng, day.split("-")
        kind, place = rng.random(), rng.choice("<>=")
        first, last, said = f"{year}-01-01", f"{year}-12-31", year
        if kind < 0.4:
            named = calendar.month_name[int(month)]
            spelt = (day, f"{named} {int(date)}, {year}", f"{int(date)} {named} {year}")
            first = last = day
            said = rng.choice((day, day, *spelt))
            place = rng.choice("<>")
        elif kind < 0.6:
            days = calendar.monthrange(int(year), int(month))[1]
            first, last = f"{year}-{month}-01", f"{year}-{month}-{days}"
            said = f"{calendar.month_name[int(month)]} {year}"
        said = kept(said)
        if place == "=":
            return f"in {said}", f"{name} BETWEEN '{first}' AND '{last}'"
        if place == "<":
            return self.form("date <", v=said), f"{name} < '{first}'"
        if rng.random() < 0.3:
            return f"since {said}", f"{name} >= '{first}'"
        return f"after {said}", f"{name} > '{last}'"

    def _number(self, table: Relation, field: Field, name: str) -> Filter:
        rng, about = self.rng, field.about
        cut, top = sorted((self._cut(field), self._cut(field)))
        column = self.column(field)
        if about.year and rng.random() < 0.4:
            form = self.form("year =", c=column, v=kept(cut))
            return Filter("", form, f"{name} = {cut}")
        if rng.random() < 0.1 and cut < top:
            form = self.form("number between", c=column, v=kept(cut), v2=kept(top))
            return Filter("", form, f"{name} BETWEEN {cut} AND {top}")
        sign = rng.choices([">", "<", ">=", "<=", "="], [38, 30, 12, 10, 10])[0]
        where = f"{name} {sign} {cut}"
        said = kept(self._amount(field, cut))
        own = {">": about.above, "<": about.below}.get(sign)
        if own and rng.random() < 0.5:
            return Filter("", own.format(said), where)
        if about.count and rng.random() < 0.75:
            number = kept(self._grouped(cut))
            return Filter("", self.form(f"count {sign}", v=number, u=about.unit), where)
        alone = sum(peer.about.unit == about.unit for peer in table.fields) == 1
        if about.unit and alone and sign in "<>" and rng.random() < 0.4:
            said = kept(self._amount(field, cut, unit=True))
            return Filter("", self.form(f"unit {sign}", v=said), where)
        return Filter("", self.form(f"number {sign}", c=column, v=said), where)

    def _cut(self, field: Field) -> int:
        """A number between the lowest and the highest; people like round ones."""
        low, high = field.about.low, field.about.high
        edge = (high - low) // 10
        found = self.rng.randint(low + edge, max(low + edge, high - edge))
        if field.about.year or self.rng.random() < 0.35:
            return found
        step: int = 10 ** max(0, len(str(found)) - self.rng.choice([1, 2]))
        return max(low, found // step * step)

    def _grouped(self, cut: int) -> str:
        """5000, 5,000 or 5k."""
        kind = self.rng.random()
        if cut >= 1000 and cut % 1000 == 0 and kind < 0.2:
            return f"{cut // 1000}k"
        return f"{cut:,}" if cut >= 10_000 and kind < 0.4 else str(cut)

    def _amount(self, field: Field, cut: int, unit: bool = False) -> str:
        """With its unit, at times: $20, 20 dollars, 20 kg."""
        about, said = field.about, str(cut) if field.about.year else self._grouped(cut)
        if not about.unit or not (unit or self.rng.random() < 0.4):
            return said
        if about.unit == "$":
            return self.rng.choice([f"${said}", f"${said}", f"{said} dollars", f"{said} bucks"])
        return f"{said}{about.unit}" if about.unit == "%" else f"{said} {about.unit}"
