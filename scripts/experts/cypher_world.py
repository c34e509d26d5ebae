"""What a graph domain is, and the words that domains share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

TALLY: Final = (
    "number of "  # nouns that begin so are spoken of in plurals: "with more than 5 rooms"
)


@dataclass(frozen=True, slots=True)
class Texts:
    """Words to combine, one of each part; `repeats` is whether several rows share a value."""

    parts: tuple[tuple[str, ...], ...]
    joint: str = " "
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Numbers:
    """A range. Amounts can be summed, measures only averaged, and of years there are but the earliest and the latest."""

    low: float
    high: float
    step: float
    kind: Literal["amount", "measure", "year"]


@dataclass(frozen=True, slots=True)
class Flags:
    """True or false."""


@dataclass(frozen=True, slots=True)
class Prop:
    """A property: how schemas spell it and how people speak of it.

    `equal`, `above` and `below` follow a noun ("older than {}"), `top` and `bottom` precede it ("oldest"), `ask` names one node.
    """

    names: tuple[str, ...]
    noun: str
    pool: Texts | Numbers | Flags
    equal: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    top: str = ""
    bottom: str = ""
    ask: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """A node label with its alternatives; `who` marks people."""

    labels: tuple[str, ...]
    key: Prop
    props: tuple[Prop, ...]
    who: bool


@dataclass(frozen=True, slots=True)
class Verb:
    """The forms in "which people act in it", "who acts in it", "which movies do they act in", "… does she act in"."""

    bare: str
    plural: str
    singular: str
    do: str
    does: str


@dataclass(frozen=True, slots=True)
class Edge:
    """A relationship as the language has it (subject, verb, object); an `inverse` type points from object to subject."""

    subject: str
    types: tuple[str, ...]
    verb: Verb
    object: str
    props: tuple[Prop, ...]
    inverse: tuple[str, ...]
    single: bool
    ask: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Domain:
    """A small world to draw schemas from."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()


def text(names: str, noun: str, values: str, equal: str = "", *, ask: str = "") -> Prop:
    return Prop(
        tuple(names.split()),
        noun,
        Texts((_split(values),), repeats=True),
        equal=_split(equal),
        ask=_split(ask),
    )


def flag(names: str, adjective: str) -> Prop:
    return Prop(tuple(names.split()), adjective, Flags())


def number(
    names: str,
    noun: str,
    low: float,
    high: float,
    step: float = 1,
    kind: Literal["amount", "measure"] = "measure",
    *,
    above: str = "",
    below: str = "",
    top: str = "",
    bottom: str = "",
    ask: str = "",
) -> Prop:
    pool = Numbers(low, high, step, kind)
    return Prop(
        tuple(names.split()), noun, pool, (), _split(above), _split(below), top, bottom, _split(ask)
    )


def tally(
    names: str, things: str, low: int, high: int, step: int = 1, *, above: str = "", below: str = ""
) -> Prop:
    asked = f"How many {things} does {{}} have?"
    return number(
        names, f"{TALLY}{things}", low, high, step, "amount", above=above, below=below, ask=asked
    )


def year(
    names: str, noun: str, low: int, high: int, done: str = "", *, top: str = "", bottom: str = ""
) -> Prop:
    """`done` is what happened then ("released"), from which "released after 1999" and "when was it released" follow."""
    said = [
        (form.format(done),) if done else ()
        for form in ("{} in {{}}", "{} after {{}}", "{} before {{}}", "When was {{}} {}?")
    ]
    return Prop(
        tuple(names.split()),
        noun,
        Numbers(low, high, 1, "year"),
        said[0],
        said[1],
        said[2],
        top,
        bottom,
        said[3],
    )


def node(labels: str, names: Texts, *props: Prop, who: bool = False, key: str = "name") -> Node:
    spelled = ("name", "full_name") if who else tuple(key.split())
    return Node(
        tuple(labels.split()), Prop(spelled, spelled[0].replace("_", " "), names), props, who
    )


def person(labels: str, *props: Prop) -> Node:
    return node(labels, _PEOPLE, *props, who=True)


def edge(
    subject: str,
    types: str,
    verb: Verb,
    thing: str,
    *props: Prop,
    inverse: str = "",
    single: bool = False,
    ask: str = "",
) -> Edge:
    return Edge(
        subject,
        tuple(types.split()),
        verb,
        thing,
        props,
        tuple(inverse.split()),
        single,
        _split(ask),
    )


def present(bare: str, singular: str) -> Verb:
    return Verb(bare, bare, singular, "do", "does")


def past(bare: str, past: str) -> Verb:
    return Verb(bare, past, past, "did", "did")


def be(rest: str) -> Verb:
    return Verb(rest, f"are {rest}", f"is {rest}", "are", "is")


def been(rest: str) -> Verb:
    return Verb(rest, f"were {rest}", f"was {rest}", "were", "was")


def words(words: str) -> Texts:
    return Texts((_split(words),))


def joined(first: str, second: str, joint: str = " ") -> Texts:
    return Texts((_split(first), _split(second)), joint)


# The domains are tables: they read better filled than with one argument a line.
# fmt: off
_PEOPLE: Final = joined(
    "Ann|Ben|Clara|David|Elena|Felix|Grace|Hugo|Iris|Jonas|Karin|Liam|Maria|Noah|Olga|Paul|Quinn|Rosa|Simon|Tara|Uma|Victor|Wendy|Yusuf"
    "|Zoe|Aisha|Boris|Carmen|Dmitri|Emma|Farid|Greta|Hana|Ivan|Julia|Kofi|Lena|Marco|Nadia|Oscar|Priya|Ravi|Sofia|Tom|Vera",
    "Lee|Berg|Costa|Diaz|Evans|Fischer|Gupta|Hill|Ito|Jensen|Kim|Lopez|Moreau|Novak|Okafor|Park|Rossi|Silva|Tanaka|Ueda|Vogel|Weber|Young"
    "|Zhang|Adams|Brown|Clark|Dubois|Eriksen|Ford|Garcia|Haddad|Ivanov|Jones|Khan|Larsen|Meyer|Nguyen|Olsen|Peters|Reed|Stone")
CITIES: Final = (
    "Oslo|Bergen|Lisbon|Madrid|Paris|Lyon|Berlin|Hamburg|Vienna|Prague|Rome|Milan|Athens|Dublin|London|Leeds|Boston|Chicago|Denver|Toronto"
    "|Lima|Bogota|Cairo|Lagos|Nairobi|Mumbai|Delhi|Tokyo|Osaka|Seoul|Sydney|New York|San Diego|Cape Town"
)
COUNTRIES: Final = (
    "Norway|Sweden|Spain|France|Germany|Italy|Greece|Ireland|Poland|Canada|Brazil|Chile|Egypt|Kenya|India|Japan|Vietnam|Mexico|Turkey"
    "|Portugal|Austria|South Africa|New Zealand"
)
TITLES: Final = joined(
    "Silent|Golden|Broken|Midnight|Crimson|Hidden|Frozen|Distant|Burning|Lost|Velvet|Paper|Electric|Hollow|Northern|Endless",
    "River|Garden|Mirror|Harvest|Empire|Shadow|Voyage|Letters|Kingdom|Signal|Orchard|Winter|Horizon|Promise|Machine|Island")
FIRMS: Final = joined(
    "Acme|Northwind|Bluefin|Cobalt|Delta|Everest|Falcon|Granite|Helix|Ironwood|Juniper|Keystone|Lumen|Meridian|Nova|Orion|Pioneer",
    "Labs|Group|Works|Partners|Systems|Industries|Holdings|Media|Global|Trading|Brothers")
PLACES: Final = joined("Grand|Royal|Old|Central|Green|Blue|Silver|Sunny|Stone|Lake|Hill|River|Park|Union|Market|Castle",
    "Corner|House|Square|Garden|Hall|Gate|Point|Court|Terrace|Plaza|Lodge|Arms")

AGE: Final = number("age", "age", 18, 80, above="older than {}|over the age of {}", below="younger than {}|under the age of {}",
    top="oldest", bottom="youngest", ask="How old is {}?")
BORN: Final = year("born birth_year year_of_birth", "birth year", 1940, 2002, "born")
NATION: Final = text("country nationality", "country", COUNTRIES, "from {}", ask="Which country is {} from?|Where is {} from?")
HOME: Final = text("city hometown", "city", CITIES, "from {}|living in {}", ask="Where does {} live?|Which city does {} live in?")
SITE: Final = text("city location", "city", CITIES, "in {}|based in {}|located in {}", ask="Where is {} located?|Which city is {} in?")
SEAT: Final = text("country", "country", COUNTRIES, "in {}|based in {}|from {}", ask="Which country is {} in?")
FOUNDED: Final = year("founded founded_in year_founded", "founding year", 1850, 2015, "founded")
OPENED: Final = year("opened opened_in opening_year", "opening year", 1900, 2020, "opened")
RELEASED: Final = year("year released release_year", "release year", 1960, 2023, "released", top="newest", bottom="oldest")
RATING: Final = number("rating avg_rating", "rating", 1, 9.9, 0.1, above="rated above {}", below="rated below {}", top="highest rated")
PRICE: Final = number("price cost", "price", 5, 400, 5, "amount", above="costing more than {}|that cost more than {}",
    below="costing less than {}|cheaper than {}", top="most expensive", bottom="cheapest", ask="How much does {} cost?")
VALUE: Final = number("price value", "price", 20000, 900000, 10000, "amount", top="most expensive", bottom="cheapest")
SALARY: Final = number("salary annual_salary", "salary", 30000, 120000, 1000, "amount",
    above="earning more than {}|who earn more than {}", below="earning less than {}", top="best paid", ask="How much does {} earn?")
BUDGET: Final = number("budget", "budget", 10000, 900000, 5000, "amount")
CAPACITY: Final = number("capacity max_capacity", "capacity", 50, 900, 10, "amount")
WEIGHT: Final = number("weight weight_kg", "weight", 10, 300, above="heavier than {}", below="lighter than {}", top="heaviest",
    bottom="lightest")
HEIGHT: Final = number("height height_cm", "height", 150, 210, above="taller than {}", below="shorter than {}", top="tallest",
    bottom="shortest")
LENGTH: Final = number("length length_km", "length", 20, 900, 5, above="longer than {}", below="shorter than {}", top="longest",
    bottom="shortest")
AREA: Final = number("area size", "area", 20, 800, 5, "amount", above="larger than {}", below="smaller than {}", top="largest",
    bottom="smallest")
MINUTES: Final = number("duration minutes", "duration", 5, 180, above="longer than {} minutes", below="shorter than {} minutes",
    top="longest", bottom="shortest")
PAGES: Final = tally("pages page_count", "pages", 80, 900)
VISITORS: Final = tally("visitors annual_visitors", "visitors", 1000, 90000, 500)
SINCE: Final = year("since from_year", "start year", 1990, 2023)
WHEN: Final = year("year in_year", "year", 1995, 2023)
GENRE: Final = "drama|comedy|thriller|fantasy|horror|romance|mystery|satire|adventure"
COLOR: Final = text("color", "color", "red|blue|green|black|white|yellow|silver|orange|purple", "colored {}")
# fmt: on
