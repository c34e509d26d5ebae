"""How people spell the names in a schema.

A name is made of words: `("unit", "price")`. A `Style` is what one database keeps to: `unit_price`,
`unitPrice`, `UnitPrice`, `unt_prc`, `"Unit Price"`, `t_item`, and so on.
"""

from __future__ import annotations

import random
import re
import zlib
from dataclasses import dataclass
from typing import Final

from training.records import read_choices
from training.task import Split

Words = tuple[str, ...]

SHORT: Final = read_choices("sql_short.jsonl")
"""Word → its abbreviations."""
ODD: Final = read_choices("sql_odd.jsonl")
"""Unusual words, syllables, keywords, prefixes, names of schemas."""
_KEYWORDS: Final = frozenset(ODD["keywords"])
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,32}")
_CASES: Final = ("snake",) * 9 + ("camel",) * 3 + ("pascal",) * 4 + ("upper", "flat", "blank")
_IDS: Final = (
    "id",
    "id",
    "id",
    "{} id",
    "{} id",
    "{} no",
    "{} key",
    "pk",
    "id {}",
    "uid",
    "{} code",
)
_KEYS: Final = ("{} id", "{} id", "{} id", "{}", "fk {}", "{} fk", "id {}", "{} no", "{} ref")
_PER_NAME: Final = 40
"""Characters that the grammar allows in a quoted name."""


def quoted_name(name: str, always: bool = False) -> str:
    """As SQL has it: in double quotes where it is a keyword or no plain name.

    Example:
        >>> quoted_name("order"), quoted_name("orders")
        ('"order"', 'orders')
    """
    plain = _PLAIN.fullmatch(name) and name.lower() not in _KEYWORDS
    return name if plain and not always else f'"{name}"'


def plural(word: str) -> str:
    """Of the last word.

    Example:
        >>> plural("branch"), plural("city"), plural("order line")
        ('branches', 'cities', 'order lines')
    """
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + ("es" if re.search(r"(s|x|z|ch|sh)$", word) else "s")


@dataclass(frozen=True, slots=True)
class Style:
    """What the names of one database have in common."""

    case: str
    many: bool
    """Tables are plural."""
    prefix: str
    short: float
    """How often a word is abbreviated."""
    quotes: bool
    """All names stand in quotes."""
    id: str
    """The primary key's words, `{}` for the table's."""
    key: str
    """A foreign key's words, `{}` for the other table's."""
    before: bool
    """Columns begin with their table's name."""

    @classmethod
    def draw(cls, rng: random.Random) -> Style:
        """One of thousands; most keep to snake case, as most databases do."""
        case = rng.choice(_CASES)
        id_ = rng.choice(_IDS)
        return cls(
            case=case,
            many=rng.random() < 0.4,
            prefix=rng.choice(ODD["prefixes"]) if rng.random() < 0.25 else "",
            short=rng.choice([0.0, 0.0, 0.0, 0.3, 0.7]),
            quotes=rng.random() < (0.3 if case in ("camel", "pascal") else 0.04),
            id=id_,
            key=id_ if "{}" in id_ and rng.random() < 0.7 else rng.choice(_KEYS),
            before=rng.random() < 0.08,
        )

    def table(self, rng: random.Random, one: str, many: str) -> str:
        """A table's name, without quotes."""
        words = self._shortened(rng, (many if self.many else one).split())
        prefix = self.prefix
        if self.case in ("camel", "pascal", "blank"):
            prefix = prefix.rstrip("_").lower() if prefix else ""
            return self._joined([*([prefix] if prefix else []), *words])
        return prefix + self._joined(words)

    def column(self, rng: random.Random, words: str, table: str = "") -> str:
        """A column's name, without quotes; `table` is the table's words."""
        full = f"{table} {words}" if self.before and table else words
        return self._joined(self._shortened(rng, full.split()))

    def of(self, rng: random.Random, pattern: str, table: str) -> str:
        """A key's name, after `id` or `key`."""
        return self._joined(self._shortened(rng, pattern.format(table).split()))

    def _shortened(self, rng: random.Random, words: list[str]) -> list[str]:
        return [
            rng.choice(SHORT[w]) if w in SHORT and rng.random() < self.short else w for w in words
        ]

    def _joined(self, words: list[str]) -> str:
        capital = [word[:1].upper() + word[1:] for word in words]
        match self.case:
            case "camel":
                return words[0] + "".join(capital[1:])
            case "pascal":
                return "".join(capital)
            case "upper":
                return "_".join(words).upper()
            case "flat":
                return "".join(words)
            case "blank":
                return " ".join(capital)[:_PER_NAME]
        return "_".join(words)


def odd_word(rng: random.Random, split: Split) -> str:
    """An unusual or an invented word. The splits share none."""
    if rng.random() < 0.5:
        mine = [w for w in ODD["words"] if (zlib.crc32(w.encode()) % 6 == 0) == (split == "test")]
        return rng.choice(mine)
    onsets = ODD[f"{split} onset"]
    syllables = [
        rng.choice(onsets) + rng.choice(ODD["vowel"]) for _ in range(rng.choice([1, 2, 2, 3]))
    ]
    return "".join(syllables) + rng.choice(ODD["coda"])


def odd_words(rng: random.Random, split: Split) -> str:
    """One of them, or two, or one that another word qualifies."""
    kind = rng.random()
    if kind < 0.2:
        return f"{rng.choice(ODD['qualifiers'])} {odd_word(rng, split)}"
    return odd_word(rng, split) + (f" {odd_word(rng, split)}" if kind < 0.35 else "")
