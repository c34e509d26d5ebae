"""Subjects of sentences: fields with their values, and templates that say some of them.

A subject is one line of JSON in `training/data`.

Templates are written in a small notation: `<a/b>` is a choice of wording, `[...]` a clause that may
be dropped (clauses nest), `{key}` a value, `{key?yes|no}` the phrase for a boolean, `a(n)` the
article that fits the next word. Values are patterns: alternatives split by `/`, `%name` an
alternative of that named pattern, `#` a digit from 1 to 9, `@` a capital.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


FieldKind = Literal["text", "whole", "measure", "cash", "flag", "several"]
_JSON_KINDS: dict[FieldKind, Json] = {
    "text": "string",
    "whole": "integer",
    "measure": "number",
    "cash": "number",
    "flag": "boolean",
    "several": ["string"],
}


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a sentence may say.

    Args:
        keys: What a shape may call it; templates use the first.
        values: The pattern of a text, or of each of several.
        low, high, step: The range of a number; of a measure and a price without a step.
    """

    kind: FieldKind
    keys: tuple[str, ...]
    values: str = ""
    low: int = 0
    high: int = 0
    step: int = 1

    @property
    def name(self) -> str:
        return self.keys[0]

    @property
    def type(self) -> Json:
        """Its type in a shape."""
        return _JSON_KINDS[self.kind]

    def draw(self, rng: random.Random) -> Json:
        """A value."""
        match self.kind:
            case "text":
                return _expand(rng, self.values)
            case "whole":
                return rng.randrange(self.low, self.high + 1, self.step)
            case "measure":  # 4.0 is written 4, as people do
                return _plain(rng.randint(self.low * 10, self.high * 10) / 10)
            case "cash":  # no cents that end in zero: the answer would have 12.5 for 12.50
                cents = (0, 0, 0.25, 0.49, 0.75, 0.95, 0.99)
                return _plain(rng.randint(self.low, self.high) + rng.choice(cents))
            case "flag":
                return rng.random() < 0.5
            case "several":
                return list(rng.sample(self.values.split("/"), rng.choice((1, 2, 2, 3, 3))))


@dataclass(frozen=True, slots=True)
class Domain:
    """A subject with its facts and wordings.

    Args:
        fields: The first is in every shape.
        nest: A key, and the names of the facts that an object under it may hold.
    """

    subject: str
    fields: tuple[Field, ...]
    templates: tuple[str, ...]
    nest: tuple[str, tuple[str, ...]] | None = None


_PATTERNS: dict[str, str] = {
    "first": (
        "Ann/Bela/Carlos/Dina/Emil/Fatima/Goran/Hana/Ivo/Jana/Kofi/Lena/Marco/Nadia/Omar/Paula/Quentin/Rosa/Sven/Tara/Ugo/Vera/"
        "Wei/Ximena/Yusuf/Zoë/Aiko/Bruno/Chloé/Dmitri/Elif/Felix/Greta/Hugo/Ines/Jonas/Kira/Liam/Maya/Noor/Oskar/Priya/Rafael/Sofia/"
        "Tomás/Ursula/Viktor/Wanda/Yara/Zane/Grace/Peter/Ruth/Daniel/Mei/Samuel"
    ),
    "last": (
        "Lee/Novak/Costa/Okafor/Lindqvist/Rossi/Tanaka/Meyer/Haddad/Silva/Kowalski/Brandt/Duarte/Ferreira/Nakamura/O'Neill/"
        "Petrov/Quinn/Ramos/Schmidt/Takeda/Ueda/Varga/Walsh/Xu/Yilmaz/Zhang/Abbott/Bianchi/Carter/Dubois/Eriksen/Fischer/García/Holm/"
        "Ivanova/Jensen/Khan/Larsen/Mbeki/Nguyen/Olsen/Park/Reyes/Singh/Torres/Weber/Young/Adeyemi/Bauer/Clarke/Moreau/Sato/Grant"
    ),
    "person": "%first %last",
    "city": (
        "Porto/Lyon/Kyoto/Oslo/Lima/Ghent/Turin/Bergen/Cork/Dakar/Quito/Hanoi/Leeds/Nantes/Riga/Split/Tampere/Utrecht/Vienna/Warsaw/Zagreb/Aarhus/Basel/Cairo/Denver/Essen/Fukuoka/Graz/Halifax/Izmir/Jaipur/Krakow/Lagos/Malmö/Nairobi/Ottawa/Perth/Rabat/Seville/Tallinn/Valencia/Windhoek/Accra/Boston/Córdoba/Delft/Edinburgh/Florence/Geneva/Havana/São"
        " Paulo/Cape Town/New Delhi/San Diego/Buenos Aires/Zürich"
    ),
    "country": (
        "Portugal/France/Japan/Norway/Peru/Belgium/Italy/Ireland/Senegal/Ecuador/Vietnam/Latvia/Finland/Austria/Poland/Croatia/Denmark/Egypt/Canada/Kenya/Morocco/Spain/Estonia/Namibia/Ghana/Chile/Brazil/Mexico/New"
        " Zealand/South Korea"
    ),
    "road": (
        "Mill Lane/Oak Street/Harbor Road/Station Road/King Street/Garden Avenue/Church Lane/River"
        " Street/Hill Road/Elm Court/Market Square/Bridge Street/Park Avenue/Orchard Way/Queen"
        " Street"
    ),
    "street": "# %road/## %road/1## %road",
    "brand": (
        "Northwind/Halden/Brightway/Korvo/Lumina/Tessel/Orbis/Fennel/Maris/Quanta/Solvik/Arden/Bellweather/Cobalt/Drift/Everly/"
        "Foxglove/Granite/Helios/Juniper/Kestrel/Larkspur/Monarch/Nimbus/Vela"
    ),
    "company": (
        "%brand Labs/%brand Foods/%brand Group/%brand Studio/%brand Systems/%brand & Sons/%brand"
        " Trading/%brand Media/%brand"
    ),
    "adj": (
        "Silent/Golden/Broken/Hidden/Last/Distant/Crimson/Empty/Frozen/Gentle/Hollow/Burning/Lonely/Narrow/Paper/Quiet/Restless/"
        "Secret/Velvet/Wild/Winter/Midnight/Salt/Glass"
    ),
    "noun": (
        "Harbor/Garden/River/Mirror/Orchard/Lantern/Mountain/Letter/Island/Train/Crown/Window/Forest/Clock/Bridge/Shadow/Tide/"
        "Compass/Meadow/Signal/Summer/Voyage/Empire/Sparrow"
    ),
    "title": "The %adj %noun/%adj %noun/%noun of %stuff/A %adj %noun/The %noun/%adj %noun #",
    "beasts": "Foxes/Sparrows/Wolves/Otters/Owls/Tigers/Moths/Swans/Badgers/Herons/Lions",
    "tool": "parser/queue/cache/graph/mailer/router/vector/clock/crypt/render",
    "stuff": "Glass/Salt/Ashes/Gold/Stone/Silence/Rain/Thorns/Dust/Smoke",
    "color": (
        "red/blue/green/black/white/grey/yellow/brown/silver/beige/navy/pink/purple/dark"
        " green/light blue"
    ),
    "weekday": "Monday/Tuesday/Wednesday/Thursday/Friday/Saturday/Sunday",
    "month": (
        "January/February/March/April/May/June/July/August/September/October/November/December"
    ),
    "two": "0/1/2",
    "eight": "0/1/2/3/4/5/6/7/8",
    "year": "2021/2022/2023/2024/2025/2026",
    "iso": "%year-0#-0#/%year-0#-1#/%year-0#-2%eight/%year-1%two-0#/%year-1%two-2%eight",
    "day": "# %month/1# %month/2%eight %month",
    "date": "%iso/%iso/%day/%day %year/%month #/%month 1#",
    "minute": "00/05/10/15/20/30/40/45/50",
    "time": (
        "06:%minute/07:%minute/08:%minute/09:%minute/10:%minute/1#:%minute/1#:%minute/2%two:%minute"
    ),
    "worktime": (
        "08:%minute/09:%minute/10:%minute/11:%minute/13:%minute/14:%minute/15:%minute/16:%minute/17:%minute"
    ),
    "language": (
        "English/French/Spanish/German/Portuguese/Japanese/Italian/Polish/Arabic/Turkish/Dutch/Hindi/Korean/Swedish"
    ),
    "currency": "EUR/USD/GBP/CHF/JPY/CAD/SEK",
}


def _expand(rng: random.Random, pattern: str) -> str:
    """One value of a pattern."""
    chosen = rng.choice(pattern.split("/"))
    chosen = re.sub(r"%(\w+)", lambda found: _expand(rng, _PATTERNS[found[1]]), chosen)
    return re.sub(
        r"[#@]",
        lambda found: rng.choice("123456789" if found[0] == "#" else "ABCDEFGHJKLMNPRSTVWXYZ"),
        chosen,
    )


_ONSETS = "b/br/c/ch/d/dr/f/fl/g/gr/h/j/k/l/m/n/p/pl/qu/r/s/sh/st/t/tr/v/w/y/z".split("/")
_VOWELS = "a/e/i/o/u/ai/ea/oo/a/e/i/o".split("/")
_CODAS = "n/r/l/s/t/m/ck/nd/st/rt/ng/x//////".split("/")


def coined(rng: random.Random, value: str) -> str:
    """The value in words that don't exist, but for months and weekdays: to teach copying."""
    kept = {*_PATTERNS["month"].split("/"), *_PATTERNS["weekday"].split("/")}

    def word(found: re.Match[str]) -> str:
        if found[0] in kept:
            return found[0]
        syllables = [
            rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS)
            for _ in range(rng.choice((1, 1, 2)))
        ]
        made = "".join(syllables)
        return made.capitalize() if found[0][0].isupper() else made

    return re.sub(r"[^\W\d_]{4,}", word, value)


def _plain(number: float) -> Json:
    return int(number) if number == int(number) else round(number, 2)
