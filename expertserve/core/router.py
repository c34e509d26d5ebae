"""Routing: which expert a prompt is for, by the manifests' `routing` alone, without a model.

What counts, in this order:

1. **Exclusion.** With one of `exclude_keywords` in the prompt, the expert doesn't fit.
2. **Keywords.** Each keyword in the prompt counts 1, plus 0.5 for every further word of it
   (`order by` counts 1.5). Keywords are whole words, case-insensitive; `order_by` is two words.
3. **`router_hint`**, if true: 5 if a feature of the text made it true, 2 if words alone did.
   `key=value` is true where the value's words occur in the prompt (`database=sql`: the word "sql"),
   or where the text has a feature with that attribute (see `FEATURES`: DDL has `database=sql`).
   A hint that is true only because of its NOTs counts nothing.
4. **Tags and capabilities** (of `database:sql`, the value) add 0.25 each to an expert that fits
   already. They replace the keywords of an expert that has none. Descriptions don't count.

The sum, scaled by `priority` from one half to 1, becomes a score of at most 1:
`1 - 2 ** -(sum * (1 + priority) / 2)`. An expert whose sum is 0 doesn't fit.
"""

from __future__ import annotations

import operator
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from expertserve.errors import ConfigError
from expertserve.package.hint import Hint, Is, parse_hint, words

if TYPE_CHECKING:
    from expertserve.package.manifest import Manifest, Routing

MAX_TEXT: Final = 20_000
"""Characters of a prompt, and of its context, that are read."""

MAX_WORDS: Final = 20
FURTHER_WORD: Final = 0.5
BY_SHAPE: Final = 5.0
BY_WORDS: Final = 2.0
SUPPORT: Final = 0.25

_SQL: Final = (Is("database", "sql"), Is("query", "sql"), Is("task", "text2sql"))
_GRAPH: Final = (
    Is("database", "graph"),
    Is("database", "neo4j"),
    Is("query", "cypher"),
    Is("task", "text2cypher"),
)
FEATURES: Final[tuple[tuple[str, re.Pattern[str], tuple[Is, ...]], ...]] = (
    (
        "DDL",
        re.compile(r"\bCREATE\s{1,9}(?:TEMP(?:ORARY)?\s{1,9})?(?:TABLE|VIEW)\b", re.IGNORECASE),
        (*_SQL, Is("format", "ddl")),
    ),
    ("a SELECT", re.compile(r"\bSELECT\s[^;]{1,500}?\sFROM\s"), _SQL),
    (
        "an SQL dialect",
        re.compile(
            r"^Dialect: *(?:postgres\w{0,9}|sqlite|mysql|mariadb|duckdb|oracle|t?sql)\b",
            re.I | re.M,
        ),
        _SQL,
    ),
    ("a graph pattern", re.compile(r"\(\w{0,50}:[A-Z]\w{1,80} {0,5}[{)]|\) {0,5}<?-\["), _GRAPH),
    (
        "a graph dialect",
        re.compile(r"^Dialect: *(?:cypher|neo4j|opencypher|gql)\b", re.I | re.M),
        _GRAPH,
    ),
    ("a JSON object", re.compile(r'\{\s{0,50}"[^"\n]{1,100}"\s{0,20}:'), (Is("format", "json"),)),
)
"""Features of a text: a name, a pattern, and the attributes that make hints true."""


class Route(NamedTuple):
    """An expert that fits a prompt; it unpacks as `name, score, why`.

    Args:
        score: Above 0, at most 1; comparable within one call.
        why: What was found, such as ``keywords: how many, average; hint: database=sql (DDL)``.
    """

    name: str
    score: float
    why: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """An expert, as the router sees it.

    Args:
        name: The name that it is loaded under, which becomes `Route.name`.
        capabilities: Such as `database:sql`.
    """

    name: str
    routing: Routing
    capabilities: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str, manifest: Manifest) -> Candidate:
        return cls(name, manifest.routing, manifest.capabilities, manifest.tags)


@dataclass(slots=True)
class _Phrase:
    """Words to look for, and the experts (by position) for which they count."""

    text: str
    weight: float
    words: tuple[str, ...]
    keyword_of: list[int] = field(default_factory=list)
    excludes: list[int] = field(default_factory=list)
    supports: list[int] = field(default_factory=list)
    values: set[Is] = field(default_factory=set)  # the atoms that these words make true


@dataclass(slots=True)
class _Rule:
    """A hint, and the experts that share it."""

    hint: Hint
    users: list[int] = field(default_factory=list)


class Router:
    """Finds the experts that fit a prompt. Immutable.

    Building costs about 20 µs a keyword, a call under 1 ms for 200 experts. A malformed
    `router_hint` is left out and reported in `warnings`.

    Args:
        entries: A `Candidate`, or a name and a manifest, for each expert.

    Example:
        >>> from expertserve.package.manifest import Routing
        >>> router = Router([Candidate("sql", Routing(keywords=("how many", "average")))])
        >>> router.route("How many lighthouses are there?")
        [Route(name='sql', score=0.5415, why='keywords: how many')]
        >>> router.route("Good morning!")
        []
    """

    def __init__(self, entries: Iterable[Candidate | tuple[str, Manifest]]) -> None:
        self._entries = [Candidate.of(*one) if isinstance(one, tuple) else one for one in entries]
        self._index: dict[str, list[_Phrase]] = defaultdict(list)
        self._known: dict[tuple[str, ...], _Phrase] = {}
        self._hints: dict[str, _Rule] = {}
        self._rules: dict[Is, list[_Rule]] = defaultdict(list)
        warnings: list[str] = []
        for at, entry in enumerate(self._entries):
            self._add_words(at, entry)
            try:
                self._add_hint(at, entry.routing.router_hint)
            except ConfigError as error:
                warnings.append(f"{entry.name}: {error.message}")
        self.warnings: tuple[str, ...] = tuple(warnings)

    def route(self, prompt: str, context: str = "") -> list[Route]:
        """The experts that fit, best first; none if none does.

        Args:
            context: What goes with the prompt (dialect, schema). Its features count, its words
                don't: a column called `graph` says nothing about the question.
        """
        found = self._found(words(prompt[:MAX_TEXT]))
        keywords, tags = _marks([p.keyword_of for p in found]), _marks([p.supports for p in found])
        hints = self._met_hints(found, _features(context[:MAX_TEXT], prompt[:MAX_TEXT]))
        excluded = {at for phrase in found for at in phrase.excludes}
        # Many experts share keywords: what they share is summed up once.
        cases: dict[tuple[int, int, str, float], tuple[float, str]] = {}
        ranked = []
        for at in (keywords.keys() | hints.keys()) - excluded:
            case = (keywords.get(at, 0), tags.get(at, 0), *hints.get(at, ("", 0.0)))
            if case not in cases:
                cases[case] = _summary(found, *case)
            evidence, why = cases[case]
            entry = self._entries[at]
            weight = evidence * (1 + entry.routing.priority) / 2
            ranked.append((-weight, entry.name, Route(entry.name, round(1 - 2**-weight, 4), why)))
        ranked.sort(key=operator.itemgetter(0, 1))
        return [route for _, _, route in ranked]

    def _found(self, said: list[str]) -> list[_Phrase]:
        """The phrases that occur, in the prompt's order."""
        found: dict[str, _Phrase] = {}
        for i, word in enumerate(said):
            for phrase in self._index.get(word, ()):
                if len(phrase.words) == 1 or tuple(said[i : i + len(phrase.words)]) == phrase.words:
                    found[phrase.text] = phrase
        return list(found.values())

    def _met_hints(
        self, found: list[_Phrase], shape: dict[Is, str]
    ) -> dict[int, tuple[str, float]]:
        """By expert: why its hint is true, and its weight. Only hints with a true atom count."""
        true = dict.fromkeys((atom for phrase in found for atom in phrase.values), "") | shape
        touched = {id(rule): rule for atom in true for rule in self._rules.get(atom, ())}
        reasons: dict[tuple[Is, ...], tuple[str, float]] = {}
        met: dict[int, tuple[str, float]] = {}
        for rule in touched.values():
            if rule.hint.holds(true.__contains__):
                atoms = tuple([atom for atom in rule.hint.atoms if atom in true])
                if atoms not in reasons:
                    shown = (f"{a} ({true[a]})" if true[a] else str(a) for a in atoms)
                    weight = BY_SHAPE if any(true[a] for a in atoms) else BY_WORDS
                    reasons[atoms] = ", ".join(shown), weight
                for at in rule.users:
                    met[at] = reasons[atoms]
        return met

    def _phrase(self, text: str) -> _Phrase:
        parts = tuple(words(text))
        if parts not in self._known:
            weight = 1 + FURTHER_WORD * (len(parts) - 1)
            self._known[parts] = _Phrase(" ".join(parts), weight, parts)
            if 0 < len(parts) <= MAX_WORDS:  # else it occurs in no prompt
                self._index[parts[0]].append(self._known[parts])
        return self._known[parts]

    def _add_words(self, at: int, entry: Candidate) -> None:
        supporting = (*entry.tags, *(c.partition(":")[2] or c for c in entry.capabilities))
        keywords = {p.text: p for p in map(self._phrase, entry.routing.keywords or supporting)}
        for phrase in keywords.values():
            phrase.keyword_of.append(at)
        support = {p.text: p for p in map(self._phrase, supporting) if p.text not in keywords}
        for phrase in support.values():
            phrase.supports.append(at)
        excluding = {p.text: p for p in map(self._phrase, entry.routing.exclude_keywords)}
        for phrase in excluding.values():
            phrase.excludes.append(at)

    def _add_hint(self, at: int, text: str) -> None:
        if not text.strip():
            return
        if text not in self._hints:
            rule = self._hints[text] = _Rule(parse_hint(text))
            for atom in rule.hint.every:
                self._phrase(atom.value).values.add(atom)
            for atom in rule.hint.atoms:
                self._rules[atom].append(rule)
        self._hints[text].users.append(at)


def _features(*texts: str) -> dict[Is, str]:
    """The attributes that the texts' features give, each with its feature's name."""
    found: dict[Is, str] = {}
    for name, pattern, attributes in FEATURES:
        if any(pattern.search(text) for text in texts):
            for attribute in attributes:
                found.setdefault(attribute, name)
    return found


def _marks(lists: Iterable[list[int]]) -> dict[int, int]:
    """By number: a bit set of the lists that have it."""
    marks: dict[int, int] = {}
    for i, numbers in enumerate(lists):
        for number in numbers:
            marks[number] = marks.get(number, 0) | 1 << i
    return marks


def _summary(
    found: list[_Phrase], keywords: int, tags: int, hint: str, hint_evidence: float
) -> tuple[float, str]:
    """The evidence and why, from the marks of the found phrases."""
    words_said = [phrase for i, phrase in enumerate(found) if keywords >> i & 1]
    tags_said = [phrase.text for i, phrase in enumerate(found) if tags >> i & 1]
    parts = (
        ("keywords", ", ".join(p.text for p in words_said)),
        ("hint", hint),
        ("tags", ", ".join(tags_said)),
    )
    evidence = sum(p.weight for p in words_said) + hint_evidence + SUPPORT * len(tags_said)
    return evidence, "; ".join(f"{label}: {text}" for label, text in parts if text)
