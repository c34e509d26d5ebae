"""Questions over a small graph schema, answered with one Cypher query and judged by running it.

A lesson shows a schema and asks about it. Every schema is a variation (labels, spellings, directions, and what is left out) of a
hand-written domain; the domains of the two splits share no label and no relationship type. The rows of a schema follow from its text
alone, so the questions, which mention values, and the judge, which has only the text, agree on what the database holds.

Answers keep one style, since a small model can learn one but not several:

* a node's variable is the first letter of its label in lower case, numbered from 2 where letters collide; a relationship's is `rel`;
* a pattern runs along its arrows; where the arrows disagree it starts at what is asked for;
* "which people" asks for the first STRING property of that label; conditions stand in the order in which the question states them;
* what is ranked or chosen by a count is counted in a WITH, so that nothing is returned but what is asked for;
* rows are not made distinct unless the question says so.
"""

from __future__ import annotations

import math
import operator
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal

import kuzu

from experts.task import Lesson, Pair, Split

Value = str | int | float | bool
Row = Mapping[str, Value]

_PAIRS: Final = 8
_ROWS: Final = 12
_SCHEMA_TOKENS: Final = 116
_ANSWER_TOKENS: Final = 46
_TIMEOUT_MS: Final = 2000
_TALLY: Final = "number of "  # nouns that begin so are spoken of in plurals: "with more than 5 rooms"
_HIDDEN_KEY: Final = "_key"  # kuzu wants a primary key and keeps `_id` for itself


# ---------------------------------------------------------------------------------------------------------------- what a domain is


@dataclass(frozen=True, slots=True)
class _Texts:
    """Words to combine, one of each part; `repeats` is whether several rows share a value."""

    parts: tuple[tuple[str, ...], ...]
    joint: str = " "
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class _Numbers:
    """A range. Amounts can be summed, measures only averaged, and of years there are but the earliest and the latest."""

    low: float
    high: float
    step: float
    kind: Literal["amount", "measure", "year"]


@dataclass(frozen=True, slots=True)
class _Flags:
    """True or false."""


@dataclass(frozen=True, slots=True)
class _Prop:
    """A property: how schemas spell it and how people speak of it.

    `equal`, `above` and `below` follow a noun ("older than {}"), `top` and `bottom` precede it ("oldest"), `ask` names one node.
    """

    names: tuple[str, ...]
    noun: str
    pool: _Texts | _Numbers | _Flags
    equal: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    top: str = ""
    bottom: str = ""
    ask: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Node:
    """A node label with its alternatives; `who` marks people."""

    labels: tuple[str, ...]
    key: _Prop
    props: tuple[_Prop, ...]
    who: bool


@dataclass(frozen=True, slots=True)
class _Verb:
    """The forms in "which people act in it", "who acts in it", "which movies do they act in", "… does she act in"."""

    bare: str
    plural: str
    singular: str
    do: str
    does: str


@dataclass(frozen=True, slots=True)
class _Edge:
    """A relationship as the language has it (subject, verb, object); an `inverse` type points from object to subject."""

    subject: str
    types: tuple[str, ...]
    verb: _Verb
    object: str
    props: tuple[_Prop, ...]
    inverse: tuple[str, ...]
    single: bool
    ask: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Domain:
    """A small world to draw schemas from."""

    nodes: tuple[_Node, ...]
    edges: tuple[_Edge, ...]


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()


def _text(names: str, noun: str, values: str, equal: str = "", *, ask: str = "") -> _Prop:
    return _Prop(tuple(names.split()), noun, _Texts((_split(values),), repeats=True), equal=_split(equal), ask=_split(ask))


def _flag(names: str, adjective: str) -> _Prop:
    return _Prop(tuple(names.split()), adjective, _Flags())


def _number(
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
) -> _Prop:
    pool = _Numbers(low, high, step, kind)
    return _Prop(tuple(names.split()), noun, pool, (), _split(above), _split(below), top, bottom, _split(ask))


def _tally(names: str, things: str, low: int, high: int, step: int = 1, *, above: str = "", below: str = "") -> _Prop:
    asked = f"How many {things} does {{}} have?"
    return _number(names, f"{_TALLY}{things}", low, high, step, "amount", above=above, below=below, ask=asked)


def _year(names: str, noun: str, low: int, high: int, done: str = "", *, top: str = "", bottom: str = "") -> _Prop:
    """`done` is what happened then ("released"), from which "released after 1999" and "when was it released" follow."""
    said = [(form.format(done),) if done else () for form in ("{} in {{}}", "{} after {{}}", "{} before {{}}", "When was {{}} {}?")]
    return _Prop(tuple(names.split()), noun, _Numbers(low, high, 1, "year"), said[0], said[1], said[2], top, bottom, said[3])


def _node(labels: str, names: _Texts, *props: _Prop, who: bool = False, key: str = "name") -> _Node:
    spelled = ("name", "full_name") if who else tuple(key.split())
    return _Node(tuple(labels.split()), _Prop(spelled, spelled[0].replace("_", " "), names), props, who)


def _person(labels: str, *props: _Prop) -> _Node:
    return _node(labels, _PEOPLE, *props, who=True)


def _edge(
    subject: str, types: str, verb: _Verb, thing: str, *props: _Prop, inverse: str = "", single: bool = False, ask: str = ""
) -> _Edge:
    return _Edge(subject, tuple(types.split()), verb, thing, props, tuple(inverse.split()), single, _split(ask))


def _present(bare: str, singular: str) -> _Verb:
    return _Verb(bare, bare, singular, "do", "does")


def _past(bare: str, past: str) -> _Verb:
    return _Verb(bare, past, past, "did", "did")


def _be(rest: str) -> _Verb:
    return _Verb(rest, f"are {rest}", f"is {rest}", "are", "is")


def _been(rest: str) -> _Verb:
    return _Verb(rest, f"were {rest}", f"was {rest}", "were", "was")


def _names(words: str) -> _Texts:
    return _Texts((_split(words),))


def _joined(first: str, second: str, joint: str = " ") -> _Texts:
    return _Texts((_split(first), _split(second)), joint)


# The domains are tables: they read better filled than with one argument a line.
# fmt: off
# --------------------------------------------------------------------------------------------------------------------- shared words

_PEOPLE: Final = _joined(
    "Ann|Ben|Clara|David|Elena|Felix|Grace|Hugo|Iris|Jonas|Karin|Liam|Maria|Noah|Olga|Paul|Quinn|Rosa|Simon|Tara|Uma|Victor|Wendy|Yusuf"
    "|Zoe|Aisha|Boris|Carmen|Dmitri|Emma|Farid|Greta|Hana|Ivan|Julia|Kofi|Lena|Marco|Nadia|Oscar|Priya|Ravi|Sofia|Tom|Vera",
    "Lee|Berg|Costa|Diaz|Evans|Fischer|Gupta|Hill|Ito|Jensen|Kim|Lopez|Moreau|Novak|Okafor|Park|Rossi|Silva|Tanaka|Ueda|Vogel|Weber|Young"
    "|Zhang|Adams|Brown|Clark|Dubois|Eriksen|Ford|Garcia|Haddad|Ivanov|Jones|Khan|Larsen|Meyer|Nguyen|Olsen|Peters|Reed|Stone")
_CITIES: Final = (
    "Oslo|Bergen|Lisbon|Madrid|Paris|Lyon|Berlin|Hamburg|Vienna|Prague|Rome|Milan|Athens|Dublin|London|Leeds|Boston|Chicago|Denver|Toronto"
    "|Lima|Bogota|Cairo|Lagos|Nairobi|Mumbai|Delhi|Tokyo|Osaka|Seoul|Sydney|New York|San Diego|Cape Town"
)
_COUNTRIES: Final = (
    "Norway|Sweden|Spain|France|Germany|Italy|Greece|Ireland|Poland|Canada|Brazil|Chile|Egypt|Kenya|India|Japan|Vietnam|Mexico|Turkey"
    "|Portugal|Austria|South Africa|New Zealand"
)
_TITLES: Final = _joined(
    "Silent|Golden|Broken|Midnight|Crimson|Hidden|Frozen|Distant|Burning|Lost|Velvet|Paper|Electric|Hollow|Northern|Endless",
    "River|Garden|Mirror|Harvest|Empire|Shadow|Voyage|Letters|Kingdom|Signal|Orchard|Winter|Horizon|Promise|Machine|Island")
_FIRMS: Final = _joined(
    "Acme|Northwind|Bluefin|Cobalt|Delta|Everest|Falcon|Granite|Helix|Ironwood|Juniper|Keystone|Lumen|Meridian|Nova|Orion|Pioneer",
    "Labs|Group|Works|Partners|Systems|Industries|Holdings|Media|Global|Trading|Brothers")
_PLACES: Final = _joined("Grand|Royal|Old|Central|Green|Blue|Silver|Sunny|Stone|Lake|Hill|River|Park|Union|Market|Castle",
    "Corner|House|Square|Garden|Hall|Gate|Point|Court|Terrace|Plaza|Lodge|Arms")

_AGE: Final = _number("age", "age", 18, 80, above="older than {}|over the age of {}", below="younger than {}|under the age of {}",
    top="oldest", bottom="youngest", ask="How old is {}?")
_BORN: Final = _year("born birth_year year_of_birth", "birth year", 1940, 2002, "born")
_NATION: Final = _text("country nationality", "country", _COUNTRIES, "from {}", ask="Which country is {} from?|Where is {} from?")
_HOME: Final = _text("city hometown", "city", _CITIES, "from {}|living in {}", ask="Where does {} live?|Which city does {} live in?")
_SITE: Final = _text("city location", "city", _CITIES, "in {}|based in {}|located in {}", ask="Where is {} located?|Which city is {} in?")
_SEAT: Final = _text("country", "country", _COUNTRIES, "in {}|based in {}|from {}", ask="Which country is {} in?")
_FOUNDED: Final = _year("founded founded_in year_founded", "founding year", 1850, 2015, "founded")
_OPENED: Final = _year("opened opened_in opening_year", "opening year", 1900, 2020, "opened")
_RELEASED: Final = _year("year released release_year", "release year", 1960, 2023, "released", top="newest", bottom="oldest")
_RATING: Final = _number("rating avg_rating", "rating", 1, 9.9, 0.1, above="rated above {}", below="rated below {}", top="highest rated")
_PRICE: Final = _number("price cost", "price", 5, 400, 5, "amount", above="costing more than {}|that cost more than {}",
    below="costing less than {}|cheaper than {}", top="most expensive", bottom="cheapest", ask="How much does {} cost?")
_VALUE: Final = _number("price value", "price", 20000, 900000, 10000, "amount", top="most expensive", bottom="cheapest")
_SALARY: Final = _number("salary annual_salary", "salary", 30000, 120000, 1000, "amount",
    above="earning more than {}|who earn more than {}", below="earning less than {}", top="best paid", ask="How much does {} earn?")
_BUDGET: Final = _number("budget", "budget", 10000, 900000, 5000, "amount")
_CAPACITY: Final = _number("capacity max_capacity", "capacity", 50, 900, 10, "amount")
_WEIGHT: Final = _number("weight weight_kg", "weight", 10, 300, above="heavier than {}", below="lighter than {}", top="heaviest",
    bottom="lightest")
_HEIGHT: Final = _number("height height_cm", "height", 150, 210, above="taller than {}", below="shorter than {}", top="tallest",
    bottom="shortest")
_LENGTH: Final = _number("length length_km", "length", 20, 900, 5, above="longer than {}", below="shorter than {}", top="longest",
    bottom="shortest")
_AREA: Final = _number("area size", "area", 20, 800, 5, "amount", above="larger than {}", below="smaller than {}", top="largest",
    bottom="smallest")
_MINUTES: Final = _number("duration minutes", "duration", 5, 180, above="longer than {} minutes", below="shorter than {} minutes",
    top="longest", bottom="shortest")
_PAGES: Final = _tally("pages page_count", "pages", 80, 900)
_VISITORS: Final = _tally("visitors annual_visitors", "visitors", 1000, 90000, 500)
_SINCE: Final = _year("since from_year", "start year", 1990, 2023)
_WHEN: Final = _year("year in_year", "year", 1995, 2023)
_GENRE: Final = "drama|comedy|thriller|fantasy|horror|romance|mystery|satire|adventure"
_COLOR: Final = _text("color", "color", "red|blue|green|black|white|yellow|silver|orange|purple", "colored {}")


# ------------------------------------------------------------------------------------------------------------------ training domains

_TRAIN: Final = (
    _Domain(
        (
            _person("Person", _AGE, _BORN, _NATION),
            _node("Movie Film", _TITLES, _RELEASED, _text("genre", "genre", _GENRE), _RATING,
                _number("budget", "budget", 1, 90, 0.5, "amount"), key="title"),
            _node("Studio", _FIRMS, _FOUNDED, _SITE, _number("revenue", "revenue", 10, 900, 10, "amount")),
        ),
        (
            _edge("Person", "ACTED_IN STARRED_IN", _past("act in", "acted in"), "Movie",
                _text("role character", "role", "Captain|Detective|Doctor|Pilot|Queen|Thief|Teacher|Spy|Judge"),
                ask="What role did {s} play in {o}?|Which role did {s} have in {o}?", inverse="HAS_ACTOR FEATURES"),
            _edge("Person", "DIRECTED", _past("direct", "directed"), "Movie", inverse="DIRECTED_BY"),
            _edge("Studio", "PRODUCED", _past("produce", "produced"), "Movie", inverse="PRODUCED_BY MADE_BY"),
            _edge("Person", "WORKED_FOR", _past("work for", "worked for"), "Studio", _SINCE,
                ask="When did {s} start to work for {o}?|Since which year did {s} work for {o}?"),
        ),
    ),
    _Domain(
        (
            _person("Employee Worker", _AGE, _SALARY, _HOME,
                _text("position job_title", "position", "engineer|analyst|manager|designer|clerk")),
            _node("Department Division",
                _names(
                    "Sales|Marketing|Finance|Legal|Research|Support|Logistics|Design|Security|Purchasing|Training|Quality|Payroll|Strategy"),
                _BUDGET, _number("floor", "floor", 1, 20), _number("headcount", "headcount", 5, 90, kind="amount")),
            _node("Project",
                _names("Apollo|Beacon|Cascade|Dynamo|Echo|Fusion|Glacier|Horizon|Ignite|Jupiter|Kite|Lotus|Mosaic|Nimbus|Quartz"),
                _text("status", "status", "planned|running|paused|finished"),
                _year("year start_year", "start year", 2005, 2024, "started"), _BUDGET),
        ),
        (
            _edge("Employee", "WORKS_IN", _present("work in", "works in"), "Department", _SINCE, inverse="EMPLOYS HAS_EMPLOYEE",
                single=True, ask="Since when does {s} work in {o}?|When did {s} start to work in {o}?"),
            _edge("Employee", "ASSIGNED_TO", _be("assigned to"), "Project",
                _tally("hours weekly_hours", "hours", 2, 40, above="for more than {} hours", below="for less than {} hours"),
                ask="How many hours is {s} assigned to {o}?"),
            _edge("Employee", "REPORTS_TO", _present("report to", "reports to"), "Employee", inverse="SUPERVISES", single=True),
            _edge("Department", "FUNDS", _present("fund", "funds"), "Project", inverse="FUNDED_BY"),
        ),
    ),
    _Domain(
        (
            _person("User Member", _AGE, _NATION, _number("karma points", "karma", 10, 9000, 10, "amount"),
                _flag("verified is_verified", "verified")),
            _node("Post", _TITLES, _tally("likes like_count", "likes", 1, 900), _year("year posted", "year", 2010, 2024, "posted"),
                key="title"),
            _node("Community Forum",
                _joined("Weekend|City|Young|Global|Amateur|Happy", "Bikers|Readers|Gamers|Painters|Cooks|Runners|Gardeners|Hikers"),
                _tally("threads thread_count", "threads", 20, 9000, 10),
                _text("topic", "topic", "sports|music|food|travel|science|art", "about {}")),
        ),
        (
            _edge("User", "FOLLOWS", _present("follow", "follows"), "User", inverse="FOLLOWED_BY"),
            _edge("User", "WROTE POSTED", _past("write", "wrote"), "Post", inverse="WRITTEN_BY POSTED_BY"),
            _edge("User", "LIKED", _past("like", "liked"), "Post", inverse="LIKED_BY"),
            _edge("User", "JOINED", _past("join", "joined"), "Community", _WHEN, inverse="HAS_MEMBER",
                ask="When did {s} join {o}?|In which year did {s} join {o}?"),
        ),
    ),
    _Domain(
        (
            _person("Customer Client", _AGE, _HOME, _tally("points loyalty_points", "points", 50, 5000, 10)),
            _node("Product Item",
                _joined("Oak|Steel|Leather|Cotton|Glass|Bamboo|Copper|Marble", "Lamp|Chair|Table|Mug|Bag|Clock|Shelf|Vase|Blanket"),
                _PRICE, _number("stock in_stock", "stock", 1, 300, kind="amount"), _COLOR),
            _node("Category",
                _names("Furniture|Lighting|Kitchen|Garden|Office|Outdoor|Toys|Textiles|Bathroom|Storage|Decor|Sports|Travel"),
                _number("discount", "discount", 1, 40), _number("floor", "floor", 1, 20)),
            _node("Supplier Vendor", _FIRMS, _SEAT, _RATING),
        ),
        (
            _edge("Customer", "BOUGHT PURCHASED", _past("buy", "bought"), "Product", _number("quantity", "quantity", 1, 30, kind="amount"),
                inverse="BOUGHT_BY", ask="What quantity of {o} did {s} buy?|Which quantity of {o} did {s} buy?"),
            _edge("Product", "BELONGS_TO IN_CATEGORY", _present("belong to", "belongs to"), "Category", inverse="CONTAINS_PRODUCT",
                single=True),
            _edge("Supplier", "SUPPLIES", _present("supply", "supplies"), "Product", inverse="SUPPLIED_BY"),
            _edge("Customer", "REVIEWED", _past("review", "reviewed"), "Product", _number("score stars", "score", 1, 5),
                ask="What score did {s} give {o}?|Which score did {s} give to {o}?"),
        ),
    ),
    _Domain(
        (
            _person("Author Writer", _BORN, _NATION, _tally("awards award_count", "awards", 1, 40)),
            _node("Book Novel", _TITLES,
                _year("year published", "publication year", 1920, 2023, "published", top="newest", bottom="oldest"), _PAGES,
                _text("genre", "genre", _GENRE), key="title"),
            _node("Publisher", _FIRMS, _FOUNDED, _SEAT),
            _person("Reader", _AGE, _HOME),
        ),
        (
            _edge("Author", "WROTE AUTHORED", _past("write", "wrote"), "Book", inverse="WRITTEN_BY"),
            _edge("Publisher", "PUBLISHED", _past("publish", "published"), "Book", inverse="PUBLISHED_BY"),
            _edge("Reader", "BORROWED", _past("borrow", "borrowed"), "Book",
                _tally("days", "days", 2, 60, above="for more than {} days", below="for less than {} days"),
                ask="For how many days did {s} borrow {o}?|How many days did {s} borrow {o}?"),
            _edge("Reader", "FOLLOWS", _present("follow", "follows"), "Author", inverse="FOLLOWED_BY"),
        ),
    ),
    _Domain(
        (
            _person("Student", _AGE, _number("gpa", "GPA", 1, 4, 0.1),
                _text("major", "major", "physics|history|biology|law|medicine|music|economics", "studying {}", ask="What does {} study?"),
                _HOME),
            _node("Course Class",
                _joined("Modern|Applied|Classical|Advanced|Digital|General",
                    "Optics|Ethics|Poetry|Logic|Genetics|Drawing|Geometry|Rhetoric|Chemistry"), _tally("credits", "credits", 1, 12),
                _text("level", "level", "beginner|intermediate|advanced"), key="title name"),
            _person("Professor Lecturer", _AGE, _SALARY, _text("office", "office", "A1|A2|B1|B2|C1|C2", "in office {}")),
        ),
        (
            _edge("Student", "ENROLLED_IN TAKES", _present("take", "takes"), "Course", _number("grade", "grade", 1, 20),
                inverse="HAS_STUDENT", ask="What grade did {s} get in {o}?|Which grade does {s} have in {o}?"),
            _edge("Professor", "TEACHES", _present("teach", "teaches"), "Course", _SINCE, inverse="TAUGHT_BY",
                ask="Since when does {s} teach {o}?"),
            _edge("Professor", "ADVISES", _present("advise", "advises"), "Student", inverse="ADVISED_BY"),
        ),
    ),
    _Domain(
        (
            _person("Doctor Physician", _AGE, _SALARY,
                _text("specialty", "specialty", "cardiology|surgery|neurology|oncology|pediatrics|radiology")),
            _person("Patient", _AGE, _HOME, _WEIGHT),
            _node("Hospital Clinic",
                _joined("Saint|Mount|New|Holy|Good|Saint", "Mary|Hope|Olive|Martin|Helen|Anna|Luke|Carmel|George|Clare"),
                _tally("beds bed_count", "beds", 20, 900, 10), _SITE, _FOUNDED),
        ),
        (
            _edge("Doctor", "TREATS", _present("treat", "treats"), "Patient", _tally("visits", "visits", 1, 20), inverse="TREATED_BY"),
            _edge("Doctor", "WORKS_AT", _present("work at", "works at"), "Hospital", _SINCE, inverse="EMPLOYS", single=True,
                ask="Since when does {s} work at {o}?|When did {s} start to work at {o}?"),
            _edge("Patient", "ADMITTED_TO", _been("admitted to"), "Hospital", _WHEN,
                ask="When was {s} admitted to {o}?|In which year was {s} admitted to {o}?"),
        ),
    ),
    _Domain(
        (
            _node("Airline Carrier", _joined("Sky|Aero|Jet|Cloud|Swift|Polar|Sun", "Star|Link|Express|Wings|Nordic|Pacific|Atlantic|One"),
                _FOUNDED, _SEAT, _number("fleet_size fleet", "fleet size", 5, 300, kind="amount")),
            _node("Airport", _joined("North|South|East|West|Central|Lake", "Field|Haven|Heights|Valley|Landing|Harbor"), _SITE,
                _tally("passengers", "passengers", 10000, 900000, 1000), _number("elevation", "elevation", 5, 2500, 5)),
            _person("Pilot", _AGE, _tally("flight_hours hours", "flight hours", 500, 20000, 100), _NATION),
        ),
        (
            _edge("Airline", "FLIES_TO SERVES", _present("fly to", "flies to"), "Airport",
                _tally("flights weekly_flights", "weekly flights", 1, 60), ask="How many weekly flights does {s} have to {o}?"),
            _edge("Airline", "EMPLOYS", _present("employ", "employs"), "Pilot", inverse="WORKS_FOR"),
            _edge("Airport", "CONNECTED_TO", _be("connected to"), "Airport",
                _number("distance distance_km", "distance", 100, 5000, 10, "amount"),
                ask="What is the distance from {s} to {o}?|How far is it from {s} to {o}?"),
            _edge("Pilot", "LIVES_NEAR", _present("live near", "lives near"), "Airport", single=True),
        ),
    ),
    _Domain(
        (
            _person("Player Footballer", _AGE, _HEIGHT,
                _text("position", "position", "goalkeeper|defender|midfielder|striker|winger", "playing as {}"),
                _tally("goals", "goals", 1, 90)),
            _node("Team Club", _joined("Red|Blue|Black|Golden|Royal|Iron", "Lions|Eagles|Wolves|Sharks|Bears|Rovers|Falcons|Bulls"), _SITE,
                _FOUNDED),
            _node("Stadium Arena", _PLACES, _CAPACITY, _OPENED),
            _person("Coach Trainer", _AGE, _NATION),
        ),
        (
            _edge("Player", "PLAYS_FOR", _present("play for", "plays for"), "Team", _SINCE, inverse="HAS_PLAYER", single=True,
                ask="Since when does {s} play for {o}?|When did {s} start to play for {o}?"),
            _edge("Team", "PLAYS_AT", _present("play at", "plays at"), "Stadium", single=True),
            _edge("Coach", "COACHES TRAINS", _present("coach", "coaches"), "Team", inverse="COACHED_BY"),
            _edge("Player", "SCORED_IN", _past("score in", "scored in"), "Stadium"),
        ),
    ),
    _Domain(
        (
            _person("Artist Singer", _BORN, _NATION, _tally("followers fans", "followers", 100, 90000, 100)),
            _node("Album Record", _TITLES, _RELEASED, _number("sales copies_sold", "sales figure", 1000, 90000, 500, "amount"),
                key="title"),
            _node("Song Track",
                _joined("Dancing|Falling|Dreaming|Running|Waiting|Calling|Singing", "Tonight|Alone|Again|Forever|Home|Away|Slowly"),
                _number("duration seconds", "duration", 120, 420, above="longer than {} seconds", below="shorter than {} seconds",
                    top="longest", bottom="shortest"), _text("genre", "genre", "jazz|rock|pop|folk|soul|blues|metal"),
                _tally("plays", "plays", 1000, 90000, 100), key="title"),
        ),
        (
            _edge("Artist", "RELEASED", _past("release", "released"), "Album", inverse="RELEASED_BY"),
            _edge("Artist", "SANG PERFORMED", _past("sing", "sang"), "Song", inverse="SUNG_BY"),
            _edge("Song", "APPEARS_ON", _present("appear on", "appears on"), "Album",
                _number("position track_number", "track number", 1, 14), inverse="INCLUDES HAS_TRACK",
                ask="What track number does {s} have on {o}?"),
        ),
    ),
    _Domain(
        (
            _node("City Town", _names(_CITIES),
                _number("population", "population", 20000, 900000, 1000, "amount", top="largest", bottom="smallest"),
                _number("elevation", "elevation", 5, 2500, 5, top="highest", bottom="lowest"), _FOUNDED),
            _node("Country", _names(_COUNTRIES),
                _text("continent", "continent", "Europe|Asia|Africa|America|Oceania", "in {}", ask="Which continent is {} in?"), _AREA,
                _text("currency", "currency", "euro|dollar|peso|franc|krone|yen", "using the {}")),
            _node("River", _names("Danube|Rhine|Nile|Amazon|Volga|Ganges|Mekong|Thames|Seine|Loire|Tagus|Ebro|Elbe|Oder|Vistula|Congo"),
                _LENGTH, _number("depth", "depth", 2, 90, top="deepest", above="deeper than {}")),
        ),
        (
            _edge("City", "LOCATED_IN IN_COUNTRY", _be("located in"), "Country", inverse="HAS_CITY", single=True),
            _edge("River", "FLOWS_THROUGH", _present("flow through", "flows through"), "Country"),
            _edge("City", "LIES_ON", _present("lie on", "lies on"), "River"),
            _edge("City", "HAS_ROAD_TO ROAD_TO", _present("have a road to", "has a road to"), "City",
                _number("distance km", "distance", 20, 900, 5, "amount"),
                ask="What is the distance from {s} to {o}?|How far is it from {s} to {o}?"),
        ),
    ),
    _Domain(
        (
            _node("Recipe Dish",
                _joined("Spicy|Creamy|Roasted|Sweet|Crispy|Smoked|Golden",
                    "Lentils|Noodles|Pumpkin|Salmon|Dumplings|Cabbage|Mushrooms|Rice"),
                _number("minutes cooking_time", "cooking time", 5, 180, 5), _tally("servings", "servings", 1, 16),
                _text("difficulty", "difficulty", "easy|medium|hard"), _flag("vegetarian is_vegetarian", "vegetarian"), key="name title"),
            _node("Ingredient",
                _names("garlic|onion|basil|butter|flour|ginger|honey|lemon|parsley|pepper|saffron|thyme|tomato|walnut|yogurt"),
                _tally("calories", "calories", 10, 800, 5), _number("price", "price", 1, 30, 0.5, top="most expensive", bottom="cheapest")),
            _person("Chef Cook", _AGE, _NATION, _tally("stars", "stars", 1, 20)),
        ),
        (
            _edge("Recipe", "USES REQUIRES", _present("use", "uses"), "Ingredient", _number("grams amount", "amount", 5, 500, 5, "amount"),
                inverse="USED_IN", ask="What amount of {o} does {s} use?|How much {o} does {s} use?"),
            _edge("Chef", "INVENTED", _past("invent", "invented"), "Recipe", _WHEN, inverse="INVENTED_BY", ask="When did {s} invent {o}?"),
            _edge("Chef", "LOVES", _present("love", "loves"), "Ingredient"),
        ),
    ),
    _Domain(
        (
            _person("Developer Programmer", _AGE, _NATION, _number("experience years_experience", "experience", 1, 30)),
            _node("Repository Repo",
                _joined("tiny|fast|open|smart|deep|micro|auto", "parser|server|router|cache|editor|solver|logger|mapper", "-"),
                _tally("stars star_count", "stars", 10, 9000, 10), _tally("forks", "forks", 1, 900),
                _flag("archived is_archived", "archived")),
            _node("Language", _names("Python|Java|Rust|Go|Ruby|Kotlin|Swift|Scala|Haskell|Erlang|Julia|Perl|Lua|Dart|Elixir"),
                _year("year first_release", "first release year", 1955, 2018, "first released", bottom="oldest"),
                _text("paradigm", "paradigm", "functional|imperative|logic|object-oriented")),
        ),
        (
            _edge("Developer", "CONTRIBUTED_TO", _past("contribute to", "contributed to"), "Repository",
                _tally("commits commit_count", "commits", 1, 900), inverse="HAS_CONTRIBUTOR",
                ask="How many commits did {s} contribute to {o}?"),
            _edge("Repository", "WRITTEN_IN", _be("written in"), "Language", single=True),
            _edge("Developer", "KNOWS", _present("know", "knows"), "Language"),
            _edge("Developer", "STARRED", _past("star", "starred"), "Repository", inverse="STARRED_BY"),
        ),
    ),
    _Domain(
        (
            _node("Package Library", _joined("lib|py|net|core|data|web", "crypt|json|graph|image|audio|queue|table|socket", "-"),
                _tally("downloads", "downloads", 100, 90000, 100),
                _number("size size_kb", "size", 10, 9000, 10, "amount", above="larger than {}", below="smaller than {}", top="largest",
                    bottom="smallest"), _text("license", "license", "MIT|GPL|BSD|Apache", "licensed under {}")),
            _person("Maintainer", _NATION, _year("joined member_since", "joining year", 2000, 2023)),
            _node("Vulnerability Advisory", _joined("VX|SA|ZR", "1042|2217|3308|4511|5120|6093|7734|8846", "-"),
                _text("severity", "severity", "low|moderate|high|critical"), _year("year reported", "year", 2008, 2024, "reported"),
                key="code"),
        ),
        (
            _edge("Package", "DEPENDS_ON", _present("depend on", "depends on"), "Package", inverse="REQUIRED_BY"),
            _edge("Maintainer", "MAINTAINS", _present("maintain", "maintains"), "Package", _SINCE, inverse="MAINTAINED_BY",
                ask="Since when does {s} maintain {o}?"),
            _edge("Vulnerability", "AFFECTS", _present("affect", "affects"), "Package", inverse="AFFECTED_BY"),
            _edge("Maintainer", "REPORTED", _past("report", "reported"), "Vulnerability"),
        ),
    ),
    _Domain(
        (
            _node("Restaurant Cafe", _PLACES,
                _text("cuisine", "cuisine", "Italian|Thai|Mexican|Indian|French|Korean|Greek", "serving {} food"), _RATING,
                _tally("seats", "seats", 10, 200, 2)),
            _person("Critic Reviewer", _AGE,
                _text("newspaper magazine", "newspaper", "Daily Post|Morning Star|City Herald|Evening News", "writing for {}")),
            _node("District Neighborhood", _joined("Old|New|Upper|Lower|East|West", "Town|Harbor|Mill|Bridge|Quarter|Meadows"),
                _number("population", "population", 1000, 90000, 500, "amount"), _AREA),
        ),
        (
            _edge("Critic", "REVIEWED RATED", _past("review", "reviewed"), "Restaurant", _number("score stars", "score", 1, 10),
                inverse="REVIEWED_BY", ask="What score did {s} give {o}?|Which score did {s} give to {o}?"),
            _edge("Restaurant", "LOCATED_IN", _be("located in"), "District", inverse="HAS_RESTAURANT", single=True),
            _edge("Critic", "LIVES_IN", _present("live in", "lives in"), "District", single=True),
        ),
    ),
    _Domain(
        (
            _person("Driver", _AGE, _HOME, _number("experience", "experience", 1, 45)),
            _node("Car Vehicle", _joined("Astra|Vento|Corsa|Lynx|Puma|Rapid|Tigra", "GT|RS|Sport|Mini|Cross|Plus"), _VALUE, _COLOR,
                _number("horsepower power", "horsepower", 60, 500, 5, top="most powerful"), _flag("electric is_electric", "electric"),
                key="model name"),
            _node("Garage Workshop", _PLACES, _SITE, _OPENED),
        ),
        (
            _edge("Driver", "OWNS", _present("own", "owns"), "Car", _SINCE, inverse="OWNED_BY", ask="Since when does {s} own {o}?"),
            _edge("Garage", "REPAIRED", _past("repair", "repaired"), "Car", _number("cost bill", "bill", 50, 3000, 10, "amount"),
                inverse="REPAIRED_AT", ask="What was the bill when {s} repaired {o}?"),
            _edge("Driver", "TRUSTS", _present("trust", "trusts"), "Garage"),
        ),
    ),
    _Domain(
        (
            _person("Agent Realtor", _AGE, _number("commission", "commission", 1, 9, 0.5), _HOME),
            _node("House Apartment", _joined("12|3|48|7|25|91|60|15", "Elm Street|Main Road|Oak Avenue|Lake Drive|Hill Lane|Mill Road"),
                _VALUE, _tally("rooms room_count", "rooms", 1, 14), _AREA, key="address"),
            _person("Buyer", _AGE, _BUDGET),
        ),
        (
            _edge("Agent", "SELLS LISTS", _present("sell", "sells"), "House", inverse="SOLD_BY LISTED_BY"),
            _edge("Buyer", "VISITED VIEWED", _past("visit", "visited"), "House", _WHEN,
                ask="When did {s} visit {o}?|In which year did {s} visit {o}?"),
            _edge("Agent", "ADVISES", _present("advise", "advises"), "Buyer", inverse="ADVISED_BY"),
        ),
    ),
    _Domain(
        (
            _node("Animal", _names("Bella|Coco|Duke|Finn|Gizmo|Hazel|Kiki|Leo|Milo|Nala|Otto|Pepper|Rex|Simba|Tango|Zara"),
                _text("species", "species", "lion|zebra|giraffe|penguin|panda|otter"),
                _number("age", "age", 1, 40, above="older than {}", below="younger than {}", top="oldest", bottom="youngest",
                    ask="How old is {}?"), _WEIGHT),
            _person("Keeper Zookeeper", _AGE, _SALARY),
            _node("Enclosure Habitat", _joined("Savanna|Jungle|Polar|Desert|Forest|River", "Dome|Pit|House|Island|Yard"), _AREA, _CAPACITY),
        ),
        (
            _edge("Animal", "LIVES_IN HOUSED_IN", _present("live in", "lives in"), "Enclosure", inverse="HOUSES", single=True),
            _edge("Keeper", "FEEDS", _present("feed", "feeds"), "Animal", _tally("meals meals_per_day", "meals", 1, 8), inverse="FED_BY",
                ask="How many meals does {s} feed {o}?"),
            _edge("Keeper", "CLEANS", _present("clean", "cleans"), "Enclosure", inverse="CLEANED_BY"),
        ),
    ),
    _Domain(
        (
            _person("Astronaut", _AGE, _NATION, _tally("days days_in_space", "days in space", 5, 900)),
            _node("Mission", _joined("Ares|Vega|Luna|Titan|Comet|Sirius", "1|2|3|4|5|6"),
                _year("year launched launch_year", "launch year", 1965, 2024, "launched"), _BUDGET, _flag("crewed is_crewed", "crewed")),
            _node("Planet", _names("Mercury|Venus|Mars|Jupiter|Saturn|Uranus|Neptune|Pluto|Ceres|Europa|Triton|Rhea|Dione|Oberon"),
                _number("diameter", "diameter", 900, 90000, 100, top="largest", bottom="smallest"), _tally("moons", "moons", 1, 90),
                _number("mass", "mass", 0.1, 90, 0.1)),
            _node("Agency", _joined("Northern|Pacific|Global|Federal|Alpine", "Space Agency|Space Office|Space Center"), _FOUNDED, _SEAT),
        ),
        (
            _edge("Astronaut", "FLEW_ON", _past("fly on", "flew on"), "Mission",
                _text("role", "role", "commander|pilot|engineer|scientist"), inverse="HAS_CREW",
                ask="What role did {s} have on {o}?|Which role did {s} have on {o}?"),
            _edge("Mission", "VISITED", _past("visit", "visited"), "Planet", inverse="VISITED_BY"),
            _edge("Agency", "FUNDED", _past("fund", "funded"), "Mission", inverse="FUNDED_BY"),
        ),
    ),
    _Domain(
        (
            _person("Painter", _BORN, _NATION, _text("movement style", "movement", "cubism|realism|baroque|surrealism|pop art")),
            _node("Painting Artwork", _TITLES, _year("year painted", "year", 1700, 2000, "painted", top="newest", bottom="oldest"), _VALUE,
                key="title"),
            _node("Museum Gallery", _PLACES, _SITE, _VISITORS, _OPENED),
            _person("Collector", _AGE, _NATION),
        ),
        (
            _edge("Painter", "PAINTED", _past("paint", "painted"), "Painting", inverse="PAINTED_BY"),
            _edge("Painting", "HANGS_IN", _present("hang in", "hangs in"), "Museum", _SINCE, inverse="EXHIBITS", single=True,
                ask="Since when does {s} hang in {o}?"),
            _edge("Collector", "OWNS", _present("own", "owns"), "Painting", inverse="OWNED_BY"),
            _edge("Collector", "SUPPORTS", _present("support", "supports"), "Museum",
                _number("amount donation", "donation", 100, 9000, 50, "amount")),
        ),
    ),
    _Domain(
        (
            _person("Holder AccountHolder", _AGE, _HOME, _number("credit_score", "credit score", 300, 850, 5)),
            _node("Account", _joined("AC|BX|CQ|DK", "1201|2350|3417|4862|5093|6174|7728|8539", "-"),
                _number("balance", "balance", 100, 90000, 50, "amount"), _text("currency", "currency", "USD|EUR|GBP|JPY|CHF", "in {}"),
                _OPENED, key="number code"),
            _node("Bank Branch", _FIRMS, _SITE, _FOUNDED),
        ),
        (
            _edge("Holder", "HOLDS OWNS", _present("hold", "holds"), "Account", inverse="HELD_BY"),
            _edge("Account", "HELD_AT", _be("held at"), "Bank", inverse="MANAGES", single=True),
            _edge("Account", "SENT_MONEY_TO TRANSFERRED_TO", _past("send money to", "sent money to"), "Account",
                _number("amount", "amount", 10, 9000, 10, "amount"), inverse="RECEIVED_FROM",
                ask="What amount did {s} send to {o}?|How much money did {s} send to {o}?"),
        ),
    ),
    _Domain(
        (
            _node("Server Machine", _joined("web|db|app|mail|cache", "01|02|03|04|05|06", "-"),
                _number("memory ram_gb", "memory", 4, 256, 4, "amount"), _tally("cores cpu_cores", "cores", 2, 64, 2),
                _text("region zone", "region", "north|south|east|west", "in the {} region")),
            _node("Service Application", _joined("billing|search|login|report|order|email", "api|worker|gateway|engine", "-"),
                _number("port", "port", 3000, 9000), _flag("critical is_critical", "critical"),
                _text("language", "language", "Java|Go|Python|Rust|Ruby", "written in {}")),
            _person("Engineer Administrator", _AGE, _text("team", "team", "platform|storage|network|security", "in the {} team")),
        ),
        (
            _edge("Service", "RUNS_ON DEPLOYED_ON", _present("run on", "runs on"), "Server", inverse="HOSTS"),
            _edge("Service", "CALLS", _present("call", "calls"), "Service", _number("latency latency_ms", "latency", 1, 300),
                inverse="CALLED_BY", ask="What is the latency when {s} calls {o}?"),
            _edge("Engineer", "MAINTAINS", _present("maintain", "maintains"), "Service", inverse="MAINTAINED_BY"),
        ),
    ),
    _Domain(
        (
            _person("Speaker", _text("company employer", "company", "Acme|Globex|Initech|Umbrella|Hooli", "from {}|working for {}"),
                _NATION),
            _node("Talk Lecture",
                _joined("Scaling|Testing|Teaching|Designing|Breaking|Mapping", "Graphs|Robots|Cities|Markets|Networks|Habits"), _MINUTES,
                _text("level", "level", "beginner|intermediate|expert"), key="title"),
            _node("Conference Event", _joined("Data|Cloud|Graph|Web|Design|Green", "Summit|Days|Forum|Camp|Week"), _SITE,
                _year("year", "year", 2005, 2024, "held"), _tally("attendees", "attendees", 50, 5000, 10)),
        ),
        (
            _edge("Speaker", "GAVE PRESENTED", _past("give", "gave"), "Talk", inverse="GIVEN_BY"),
            _edge("Talk", "PART_OF", _be("part of"), "Conference", inverse="HAS_TALK", single=True),
            _edge("Speaker", "ATTENDED", _past("attend", "attended"), "Conference", _number("fee", "fee", 50, 900, 10, "amount"),
                ask="What fee did {s} pay to attend {o}?"),
        ),
    ),
    _Domain(
        (
            _person("Gamer", _AGE, _number("level", "level", 1, 99), _NATION),
            _node("Game VideoGame", _TITLES, _RELEASED, _PRICE,
                _text("genre", "genre", "puzzle|racing|strategy|platformer|shooter|simulation"), key="title name"),
            _node("Console", _joined("Vox|Nex|Play|Gear", "Box|Pad|Deck|Cube|Station"), _RELEASED, _PRICE),
            _node("GameStudio", _FIRMS, _SITE, _tally("employees", "employees", 5, 900, 5)),
        ),
        (
            _edge("Gamer", "PLAYED", _past("play", "played"), "Game",
                _tally("hours play_time", "hours", 1, 500, above="for more than {} hours", below="for less than {} hours"),
                inverse="PLAYED_BY", ask="How many hours did {s} play {o}?|For how many hours did {s} play {o}?"),
            _edge("Game", "AVAILABLE_ON", _be("available on"), "Console", inverse="SUPPORTS"),
            _edge("GameStudio", "DEVELOPED", _past("develop", "developed"), "Game", inverse="DEVELOPED_BY"),
            _edge("Gamer", "OWNS", _present("own", "owns"), "Console"),
        ),
    ),
    _Domain(
        (
            _person("Scientist Researcher", _AGE, _text("field", "field", "physics|biology|chemistry|geology|astronomy"),
                _number("h_index", "h-index", 1, 90)),
            _node("Paper Article",
                _joined("Rapid|Sparse|Robust|Neural|Causal|Quantum", "Sampling|Imaging|Search|Folding|Control|Sensing|Growth"),
                _year("year", "year", 1980, 2024, "published", top="newest", bottom="oldest"), _PAGES, key="title"),
            _node("Journal", _joined("Annals of|Letters in|Advances in|Reviews of", "Physics|Biology|Optics|Medicine|Geology"),
                _number("impact_factor", "impact factor", 0.5, 40, 0.1), _FOUNDED),
            _node("Institute University", _joined("Northern|Royal|National|Free|Technical", "Academy|Institute|College|School"), _SITE,
                _FOUNDED),
        ),
        (
            _edge("Scientist", "AUTHORED WROTE", _past("write", "wrote"), "Paper", inverse="AUTHORED_BY"),
            _edge("Paper", "CITES", _present("cite", "cites"), "Paper", inverse="CITED_BY"),
            _edge("Paper", "PUBLISHED_IN", _been("published in"), "Journal", inverse="PUBLISHED", single=True),
            _edge("Scientist", "AFFILIATED_WITH", _be("affiliated with"), "Institute", _SINCE, inverse="EMPLOYS"),
        ),
    ),
    _Domain(
        (
            _node("Station Stop", _PLACES, _tally("platforms", "platforms", 1, 24), _OPENED,
                _text("zone", "zone", "A|B|C|D", "in zone {}")),
            _node("Line Route", _joined("Red|Blue|Green|Airport|Coast|Night", "Line|Express|Loop|Shuttle"), _LENGTH, _OPENED),
            _node("Operator", _FIRMS, _FOUNDED, _number("revenue", "revenue", 10, 900, 10, "amount")),
        ),
        (
            _edge("Line", "STOPS_AT SERVES", _present("stop at", "stops at"), "Station", inverse="SERVED_BY ON_LINE"),
            _edge("Operator", "OPERATES RUNS", _present("operate", "operates"), "Line", _SINCE, inverse="OPERATED_BY",
                ask="Since when does {s} operate {o}?"),
            _edge("Operator", "CLEANS", _present("clean", "cleans"), "Station"),
        ),
    ),
    _Domain(
        (
            _person("Farmer Grower", _AGE, _HOME),
            _node("Crop Plant", _names("wheat|barley|maize|potato|carrot|cotton|soybean|lettuce|pumpkin|spinach|sunflower|tobacco|oats"),
                _number("price", "price", 1, 40, 0.5), _text("season", "season", "spring|summer|autumn|winter", "grown in {}"),
                _flag("organic is_organic", "organic")),
            _node("Field Plot", _joined("North|South|Long|Stony|Sunny|Lower", "Acre|Slope|Strip|Corner|Bottom"), _AREA,
                _text("soil soil_type", "soil type", "clay|sand|loam|peat|chalk")),
            _node("Market", _PLACES, _SITE, _tally("stalls", "stalls", 5, 200)),
        ),
        (
            _edge("Farmer", "GROWS", _present("grow", "grows"), "Crop", _tally("tons", "tons", 1, 90), inverse="GROWN_BY",
                ask="How many tons of {o} does {s} grow?"),
            _edge("Farmer", "OWNS", _present("own", "owns"), "Field", inverse="OWNED_BY"),
            _edge("Crop", "PLANTED_ON", _be("planted on"), "Field", _WHEN, ask="When was {s} planted on {o}?"),
            _edge("Farmer", "SELLS_AT", _present("sell at", "sells at"), "Market"),
        ),
    ),
    _Domain(
        (
            _node("Drug Medicine", _joined("Cardi|Neuro|Pulmo|Derma|Gastro|Osteo", "zol|fen|mab|nix|tal|vir", ""), _PRICE,
                _year("approved approval_year", "approval year", 1970, 2023, "approved")),
            _node("Disease Illness",
                _names("asthma|malaria|measles|gout|anemia|eczema|migraine|diabetes|arthritis|bronchitis|cholera|influenza|psoriasis"),
                _tally("cases case_count", "cases", 100, 90000, 100), _text("category", "category", "chronic|infectious|genetic|acute"),
                _flag("contagious is_contagious", "contagious")),
            _node("Manufacturer", _FIRMS, _SEAT, _number("revenue", "revenue", 10, 900, 10, "amount")),
            _node("Symptom", _names("fever|cough|rash|fatigue|nausea|headache|dizziness|swelling|itching|chills|cramps|vertigo|sneezing"),
                _number("frequency", "frequency", 1, 100), _text("body_part", "body part", "head|chest|skin|stomach|leg", "in the {}")),
        ),
        (
            _edge("Drug", "TREATS", _present("treat", "treats"), "Disease", _number("success_rate", "success rate", 10, 99),
                inverse="TREATED_BY", ask="With what success rate does {s} treat {o}?|What success rate does {s} have for {o}?"),
            _edge("Manufacturer", "MAKES PRODUCES_DRUG", _present("make", "makes"), "Drug", inverse="MADE_BY"),
            _edge("Disease", "CAUSES", _present("cause", "causes"), "Symptom", _text("severity", "severity", "mild|moderate|severe"),
                inverse="CAUSED_BY"),
        ),
    ),
    _Domain(
        (
            _person("Lawyer Attorney", _AGE, _number("hourly_rate", "hourly rate", 50, 900, 10, top="most expensive", bottom="cheapest"),
                _HOME),
            _node("Lawsuit Trial", _joined("Baker|Harmon|Santos|Whitfield|Kovac|Lund", "Estate|Merger|Patent|Appeal|Claim"),
                _year("year filed", "year", 1990, 2024, "filed"), _number("damages claim", "disputed sum", 1000, 90000, 500, "amount"),
                key="title name"),
            _person("Judge", _AGE, _year("appointed appointed_in", "appointment year", 1980, 2022, "appointed")),
            _node("Court", _joined("First|Second|Third|Northern|Southern", "District Court|City Court|High Court"), _SITE,
                _tally("rooms", "rooms", 1, 40)),
        ),
        (
            _edge("Lawyer", "ARGUED", _past("argue", "argued"), "Lawsuit", _text("side", "side", "defense|plaintiff"), inverse="ARGUED_BY",
                ask="Which side did {s} argue in {o}?|What side did {s} take in {o}?"),
            _edge("Judge", "HEARD", _past("hear", "heard"), "Lawsuit", inverse="HEARD_BY"),
            _edge("Lawsuit", "TRIED_IN", _been("tried in"), "Court", single=True),
            _edge("Judge", "SITS_IN", _present("sit in", "sits in"), "Court", _SINCE, single=True, ask="Since when does {s} sit in {o}?"),
        ),
    ),
    _Domain(
        (
            _person("Teacher", _AGE,
                _text("subject", "subject", "math|history|biology|music|art", "teaching {}", ask="What does {} teach?"), _SALARY),
            _person("Pupil",
                _number("age", "age", 6, 18, above="older than {}", below="younger than {}", top="oldest", bottom="youngest",
                    ask="How old is {}?"), _number("grade school_grade", "grade", 1, 12), _HOME),
            _node("SchoolClub Club", _joined("Junior|Senior|Morning|Evening|Friday", "Chess|Choir|Robotics|Drama|Debate|Tennis"),
                _number("fee", "fee", 5, 90, 5, "amount"),
                _text("weekday day", "weekday", "Monday|Tuesday|Wednesday|Thursday|Friday", "meeting on {}")),
        ),
        (
            _edge("Teacher", "MENTORS", _present("mentor", "mentors"), "Pupil", _SINCE, inverse="MENTORED_BY",
                ask="Since when does {s} mentor {o}?"),
            _edge("Teacher", "LEADS", _present("lead", "leads"), "SchoolClub", inverse="LED_BY"),
            _edge("Pupil", "JOINED", _past("join", "joined"), "SchoolClub", _WHEN, inverse="HAS_MEMBER",
                ask="When did {s} join {o}?|In which year did {s} join {o}?"),
        ),
    ),
    _Domain(
        (
            _node("Warehouse Depot", _joined("North|South|East|West|Port|Rail", "Yard|Hub|Depot|Dock|Terminal"), _SITE, _CAPACITY),
            _node("Shipment Parcel", _joined("SH|PK|TX", "104|217|338|451|512|609|773|884", "-"), _WEIGHT,
                _number("value", "value", 10, 5000, 10, "amount", top="most valuable"), _flag("fragile is_fragile", "fragile"), key="code"),
            _node("Truck", _joined("Atlas|Bison|Condor|Goliath|Rhino", "10|20|30|40"), _number("mileage", "mileage", 1000, 90000, 500),
                _year("year build_year", "build year", 1998, 2024, "built", top="newest", bottom="oldest")),
            _person("Courier", _AGE, _HOME),
        ),
        (
            _edge("Shipment", "STORED_IN", _be("stored in"), "Warehouse", inverse="STORES", single=True),
            _edge("Truck", "CARRIED TRANSPORTED", _past("carry", "carried"), "Shipment", inverse="CARRIED_BY"),
            _edge("Courier", "DELIVERED", _past("deliver", "delivered"), "Shipment",
                _tally("days", "days", 1, 20, above="in more than {} days", below="in less than {} days"), inverse="DELIVERED_BY",
                ask="In how many days did {s} deliver {o}?"),
            _edge("Courier", "DRIVES", _present("drive", "drives"), "Truck", inverse="DRIVEN_BY"),
        ),
    ),
    _Domain(
        (
            _person("Politician", _AGE, _text("region", "region", "north|south|east|west|coast", "from the {}")),
            _node("Party", _joined("Green|Liberal|Social|National|Free|Civic", "Union|Alliance|Front|Movement|League"), _FOUNDED,
                _tally("seats", "seats", 1, 200), _text("ideology", "ideology", "left|center|right")),
            _node("Bill", _joined("Clean|Fair|Safe|Open|Public", "Water Act|Housing Act|Data Act|Trade Act|Roads Act"),
                _year("year", "year", 1990, 2024, "introduced"), _flag("passed", "passed"), key="title"),
            _node("Committee",
                _names("Finance|Health|Defense|Education|Transport|Energy|Justice|Trade|Culture|Housing|Labor|Budget|Ethics"),
                _number("size", "size", 5, 60), _FOUNDED),
        ),
        (
            _edge("Politician", "MEMBER_OF BELONGS_TO", _present("belong to", "belongs to"), "Party", _SINCE, inverse="HAS_MEMBER",
                single=True, ask="Since when does {s} belong to {o}?"),
            _edge("Politician", "VOTED_FOR", _past("vote for", "voted for"), "Bill", inverse="SUPPORTED_BY"),
            _edge("Politician", "SITS_ON", _present("sit on", "sits on"), "Committee", _SINCE, ask="Since when does {s} sit on {o}?"),
            _edge("Committee", "DRAFTED", _past("draft", "drafted"), "Bill", inverse="DRAFTED_BY"),
        ),
    ),
    _Domain(
        (
            _person("Guest Traveler", _AGE, _NATION, _flag("vip is_vip", "VIP")),
            _node("Hotel Hostel", _PLACES, _tally("stars", "stars", 1, 5), _SITE, _tally("rooms room_count", "rooms", 10, 400, 2)),
            _node("Attraction Sight", _joined("Ancient|Marble|Floating|Painted|Singing", "Bridge|Tower|Temple|Garden|Fountain|Cave"),
                _number("fee entry_fee", "entry fee", 1, 60, 0.5), _VISITORS),
        ),
        (
            _edge("Guest", "STAYED_AT", _past("stay at", "stayed at"), "Hotel",
                _tally("nights", "nights", 1, 30, above="for more than {} nights", below="for less than {} nights"), inverse="HOSTED",
                ask="How many nights did {s} stay at {o}?"),
            _edge("Guest", "VISITED SAW", _past("visit", "visited"), "Attraction", _WHEN, inverse="VISITED_BY",
                ask="When did {s} visit {o}?"),
            _edge("Hotel", "NEAR CLOSE_TO", _be("close to"), "Attraction", _number("distance", "distance", 10, 2000, 10),
                ask="What is the distance from {s} to {o}?|How far is {s} from {o}?"),
        ),
    ),
    _Domain(
        (
            _person("Owner", _AGE, _HOME, _NATION),
            _node("Dog Pet", _names("Bailey|Buddy|Charlie|Daisy|Jack|Luna|Max|Molly|Rocky|Ruby|Sadie|Toby|Winston|Ziggy"),
                _text("breed", "breed", "beagle|poodle|husky|corgi|boxer|terrier"),
                _number("age", "age", 1, 18, above="older than {}", below="younger than {}", top="oldest", bottom="youngest",
                    ask="How old is {}?"), _flag("vaccinated is_vaccinated", "vaccinated")),
            _person("Vet", _AGE, _number("experience", "experience", 1, 40)),
        ),
        (
            _edge("Owner", "OWNS HAS_PET", _present("own", "owns"), "Dog", _SINCE, inverse="BELONGS_TO OWNED_BY",
                ask="Since when does {s} own {o}?"),
            _edge("Vet", "TREATED EXAMINED", _past("examine", "examined"), "Dog", _number("cost fee", "fee", 20, 900, 10, "amount"),
                inverse="EXAMINED_BY", ask="What fee did {s} charge for {o}?"),
            _edge("Owner", "RECOMMENDS", _present("recommend", "recommends"), "Vet", inverse="RECOMMENDED_BY"),
            _edge("Dog", "PLAYS_WITH", _present("play with", "plays with"), "Dog"),
        ),
    ),
)


# ---------------------------------------------------------------------------------------------------------------------- test domains

_STRANGERS: Final = _joined(
    "Alba|Bruno|Celia|Darius|Edith|Fabio|Gwen|Harald|Ingrid|Jamal|Kira|Lorenz|Mina|Nils|Oona|Pavel|Rhea|Stefan|Thea|Umberto|Viola|Wanda",
    "Abbott|Banks|Castillo|Dahl|Ekman|Flores|Grant|Holm|Iversen|Joshi|Klein|Lindgren|Mbeki|Nowak|Osei|Petrov|Quist|Ramos|Sato|Thorne")


def _stranger(labels: str, *props: _Prop) -> _Node:
    return _node(labels, _STRANGERS, *props, who=True)


_TEST: Final = (
    _Domain(
        (
            _stranger("Sailor Seaman", _AGE, _NATION, _tally("voyages", "voyages", 1, 90)),
            _node("Ship Vessel", _joined("Sea|Storm|Wave|Ocean|Coral|Salt", "Spirit|Queen|Dancer|Runner|Witch|Rose"),
                _number("tonnage", "tonnage", 100, 9000, 50, "amount", top="heaviest", bottom="lightest"),
                _year("built built_in", "building year", 1900, 2020, "built", top="newest", bottom="oldest"),
                _number("crew crew_size", "crew size", 5, 200, kind="amount")),
            _node("Port Harbor",
                _names("Rotterdam|Genoa|Marseille|Gdansk|Busan|Antwerp|Valencia|Odessa|Santos|Durban|Haifa|Oakland|Tampa|Bremen"),
                _number("depth", "depth", 5, 40, above="deeper than {}", top="deepest"), _SEAT, _tally("docks", "docks", 2, 60)),
        ),
        (
            _edge("Sailor", "SERVED_ON", _past("serve on", "served on"), "Ship",
                _text("rank", "rank", "captain|mate|cook|gunner|deckhand"), inverse="CREWED_BY",
                ask="What rank did {s} have on {o}?|Which rank did {s} hold on {o}?"),
            _edge("Ship", "DOCKED_AT", _past("dock at", "docked at"), "Port", _WHEN, inverse="WELCOMED",
                ask="When did {s} dock at {o}?|In which year did {s} dock at {o}?"),
            _edge("Sailor", "BORN_IN", _been("born in"), "Port", single=True),
        ),
    ),
    _Domain(
        (
            _stranger("Climber Mountaineer", _AGE, _NATION, _HEIGHT),
            _node("Mountain Peak", _joined("Mount|Cerro|Pico", "Arden|Bellor|Carrow|Dunmor|Esker|Fenwick|Galen|Hador"),
                _number("height elevation", "height", 1000, 8000, 10, above="higher than {}", below="lower than {}", top="highest",
                    bottom="lowest"), _year("first_ascent", "year of the first ascent", 1800, 1990, "first climbed"),
                _flag("volcanic is_volcanic", "volcanic")),
            _stranger("Guide", _AGE, _number("daily_rate", "daily rate", 50, 500, 10),
                _text("language", "language", "English|Spanish|Nepali|French|German", "speaking {}")),
            _node("MountainRange", _joined("Black|White|Iron|Eastern|Western", "Alps|Ridge|Sierra|Highlands|Crest"), _LENGTH, _SEAT),
        ),
        (
            _edge("Climber", "CLIMBED SUMMITED", _past("climb", "climbed"), "Mountain",
                _tally("days", "days", 1, 60, above="in more than {} days", below="in less than {} days"), inverse="CLIMBED_BY",
                ask="In how many days did {s} climb {o}?|How many days did {s} need to climb {o}?"),
            _edge("Guide", "GUIDED", _past("guide", "guided"), "Climber", inverse="GUIDED_BY"),
            _edge("Mountain", "RISES_IN", _present("rise in", "rises in"), "MountainRange", single=True),
            _edge("Climber", "TAUGHT", _past("teach", "taught"), "Climber"),
        ),
    ),
    _Domain(
        (
            _node("Podcast", _joined("Night|Morning|Curious|Tiny|Open|Plain", "Radio|Talks|Stories|Minds|Questions|Hours"),
                _text("language", "language", "English|Spanish|Hindi|French|German", "in {}"),
                _tally("subscribers", "subscribers", 100, 90000, 100), _flag("explicit is_explicit", "explicit"), key="title name"),
            _stranger("Presenter", _AGE, _NATION),
            _node("Episode", _joined("Learning|Eating|Sleeping|Building|Writing|Walking", "Better|Together|Abroad|Outside|Fast|Daily"),
                _MINUTES, _number("season", "season", 1, 20), key="title"),
            _node("Sponsor", _joined("Brio|Calyx|Drift|Ember|Fable|Gusto", "Foods|Shoes|Bank|Travel|Energy"),
                _text("industry", "industry", "retail|finance|tourism|energy|software"), _BUDGET),
        ),
        (
            _edge("Presenter", "PRESENTS", _present("present", "presents"), "Podcast", inverse="PRESENTED_BY"),
            _edge("Episode", "AIRED_ON", _past("air on", "aired on"), "Podcast", inverse="BROADCAST", single=True),
            _edge("Sponsor", "SPONSORS", _present("sponsor", "sponsors"), "Podcast", _number("fee", "fee", 100, 9000, 50, "amount"),
                inverse="SPONSORED_BY", ask="What fee does {s} pay to sponsor {o}?|Which fee does {s} pay for {o}?"),
            _edge("Presenter", "RECORDED", _past("record", "recorded"), "Episode", inverse="RECORDED_BY"),
        ),
    ),
    _Domain(
        (
            _stranger("Playwright Dramatist", _BORN, _NATION),
            _node("Play", _joined("Borrowed|Winter|Glass|Secret|Second|Quiet", "Wedding|Guests|Thieves|Crown|Harbor|Sisters"),
                _tally("acts", "acts", 1, 16), _year("premiered premiere_year", "premiere year", 1890, 2022, "premiered"),
                _text("tone", "tone", "tragic|comic|absurd|lyrical"), key="title"),
            _node("Playhouse Theater", _joined("Lantern|Mermaid|Phoenix|Swan|Globe|Comet", "Stage|Theater|Studio|Cellar"),
                _tally("seats", "seats", 50, 2000, 10), _SITE, _OPENED),
            _stranger("Actress", _AGE, _HOME),
        ),
        (
            _edge("Playwright", "PENNED", _past("pen", "penned"), "Play", inverse="PENNED_BY"),
            _edge("Playhouse", "STAGED", _past("stage", "staged"), "Play", _tally("performances", "performances", 1, 200),
                inverse="STAGED_AT", ask="How many performances of {o} did {s} stage?"),
            _edge("Actress", "CAST_IN", _be("cast in"), "Play", _text("part", "part", "queen|maid|widow|witch|nurse|sister"),
                ask="What part does {s} have in {o}?|For which part is {s} cast in {o}?"),
            _edge("Actress", "SUBSCRIBES_TO", _present("subscribe to", "subscribes to"), "Playhouse"),
        ),
    ),
    _Domain(
        (
            _node("Winery Vineyard", _joined("Chateau|Domaine|Bodega|Villa", "Laurent|Marchetti|Solano|Beaumont|Ferrer|Alvarez"),
                _text("region", "region", "Rioja|Tuscany|Mosel|Alsace|Douro", "in {}"), _FOUNDED, _AREA),
            _node("Wine", _joined("Ruby|Amber|Violet|Scarlet|Pearl|Ebony", "Reserve|Cuvee|Blend|Estate|Select"),
                _year("vintage", "vintage", 1980, 2022), _PRICE, _number("alcohol", "alcohol content", 9, 16, 0.1)),
            _node("Grape", _names("Merlot|Syrah|Malbec|Riesling|Pinot|Gamay|Barbera|Nebbiolo|Viognier|Albarino|Semillon|Tannat|Zinfandel"),
                _text("color", "color", "red|white|pink"), _number("acidity", "acidity", 2, 9, 0.1)),
            _stranger("Sommelier Taster", _AGE, _HOME),
        ),
        (
            _edge("Winery", "PRODUCES", _present("produce", "produces"), "Wine", _tally("bottles", "bottles", 100, 9000, 100),
                inverse="PRODUCED_AT", ask="How many bottles of {o} does {s} produce?"),
            _edge("Wine", "MADE_FROM", _be("made from"), "Grape", _number("share percent", "share", 5, 95, 5),
                ask="What share of {s} is made from {o}?"),
            _edge("Sommelier", "TASTED", _past("taste", "tasted"), "Wine", _number("score", "score", 50, 100), inverse="TASTED_BY",
                ask="What score did {s} give {o}?|Which score did {s} give to {o}?"),
        ),
    ),
    _Domain(
        (
            _stranger("Volunteer Helper", _AGE, _HOME),
            _node("Charity Foundation", _joined("Bright|Helping|Open|Warm|Shared", "Hands|Roof|Table|Futures|Hearts"), _FOUNDED,
                _number("donations donation_total", "donation total", 1000, 90000, 500, "amount"), _SEAT),
            _node("Campaign", _joined("Winter|Summer|Spring|School|River|Forest", "Appeal|Drive|Cleanup|Relief|Meals"),
                _number("goal", "goal", 1000, 90000, 500, "amount"), _year("year", "year", 2000, 2024, "launched")),
            _stranger("Donor", _AGE, _NATION),
        ),
        (
            _edge("Volunteer", "HELPS", _present("help", "helps"), "Charity",
                _tally("hours weekly_hours", "hours", 1, 40, above="for more than {} hours", below="for less than {} hours"),
                inverse="HELPED_BY", ask="How many hours does {s} help {o}?"),
            _edge("Charity", "LAUNCHED", _past("launch", "launched"), "Campaign", inverse="LAUNCHED_BY"),
            _edge("Donor", "DONATED_TO GAVE_TO", _past("donate to", "donated to"), "Campaign",
                _number("amount", "amount", 10, 5000, 10, "amount"),
                ask="What amount did {s} donate to {o}?|How much did {s} donate to {o}?"),
            _edge("Volunteer", "RECRUITED", _past("recruit", "recruited"), "Volunteer", inverse="RECRUITED_BY"),
        ),
    ),
    _Domain(
        (
            _stranger("Runner Athlete", _AGE, _NATION, _number("resting_pulse", "resting pulse", 38, 80)),
            _node("Marathon Race", _joined("Coastal|Desert|Alpine|Harvest|Sunrise|Lakeside", "Marathon|Ultra|Relay|Trail"),
                _number("distance distance_km", "distance", 5, 160, above="longer than {}", below="shorter than {}", top="longest",
                    bottom="shortest"), _SITE, _tally("entrants", "entrants", 50, 9000, 10)),
            _node("Brand", _joined("Aero|Velo|Zen|Terra|Flux", "Stride|Fit|Wear|Gear|Pace"), _SEAT,
                _number("revenue", "revenue", 10, 900, 10, "amount"), _FOUNDED),
        ),
        (
            _edge("Runner", "FINISHED COMPLETED", _past("finish", "finished"), "Marathon",
                _tally("minutes", "minutes", 120, 600, above="in more than {} minutes", below="in less than {} minutes"),
                inverse="FINISHED_BY", ask="In how many minutes did {s} finish {o}?|How many minutes did {s} need to finish {o}?"),
            _edge("Brand", "ENDORSES", _present("endorse", "endorses"), "Runner", inverse="ENDORSED_BY"),
            _edge("Brand", "ORGANIZES", _present("organize", "organizes"), "Marathon", inverse="ORGANIZED_BY"),
            _edge("Runner", "BEAT", _past("beat", "beat"), "Runner", inverse="BEATEN_BY"),
        ),
    ),
    _Domain(
        (
            _stranger("Hero Knight", _number("strength", "strength", 10, 100, top="strongest", bottom="weakest", above="stronger than {}"),
                _text("homeland", "homeland", "Arcadia|Thule|Lyonesse|Avalon|Ithaca", "from {}")),
            _node("Monster Beast", _joined("Gor|Mor|Zul|Kra|Vex", "gath|dax|thul|nak|ron", ""), _tally("heads", "heads", 1, 20),
                _text("lair", "lair", "cave|swamp|tower|forest|volcano", "living in the {}"), _flag("immortal is_immortal", "immortal")),
            _node("Weapon", _joined("Frost|Flame|Thunder|Moon|Dragon", "blade|spear|hammer|bow|axe", ""), _WEIGHT,
                _text("material", "material", "iron|bronze|silver|bone|crystal", "made of {}")),
            _stranger("Blacksmith", _AGE, _HOME),
        ),
        (
            _edge("Hero", "SLEW", _past("slay", "slew"), "Monster", _WHEN, inverse="SLAIN_BY",
                ask="When did {s} slay {o}?|In which year did {s} slay {o}?"),
            _edge("Hero", "WIELDS", _present("wield", "wields"), "Weapon", inverse="WIELDED_BY"),
            _edge("Blacksmith", "FORGED", _past("forge", "forged"), "Weapon",
                _tally("days", "days", 1, 90, above="in more than {} days", below="in less than {} days"), inverse="FORGED_BY",
                ask="In how many days did {s} forge {o}?"),
            _edge("Monster", "FEARS", _present("fear", "fears"), "Weapon"),
        ),
    ),
    _Domain(
        (
            _stranger("Designer Stylist", _AGE, _HOME),
            _node("Garment Dress", _joined("Linen|Silk|Wool|Denim|Satin", "Aurora|Breeze|Cinder|Dahlia|Echo|Fern"), _PRICE, _COLOR,
                _text("season", "season", "spring|summer|autumn|winter")),
            _node("Boutique", _joined("Maison|Atelier|Casa", "Amber|Blanche|Corail|Doree|Etoile|Fleur"), _SITE, _OPENED,
                _tally("staff", "staff", 2, 40)),
            _node("Fabric", _names("tweed|velour|chiffon|flannel|brocade|muslin|taffeta|gabardine|organza|jersey|poplin|twill|cashmere"),
                _number("cost", "cost", 2, 80, 0.5), _text("origin", "origin", _COUNTRIES, "from {}")),
        ),
        (
            _edge("Designer", "DESIGNED", _past("design", "designed"), "Garment", inverse="DESIGNED_BY"),
            _edge("Boutique", "STOCKS", _present("stock", "stocks"), "Garment", _number("quantity", "quantity", 1, 60, kind="amount"),
                inverse="STOCKED_BY", ask="What quantity of {o} does {s} stock?"),
            _edge("Garment", "SEWN_FROM", _be("sewn from"), "Fabric"),
            _edge("Designer", "ADMIRES", _present("admire", "admires"), "Designer"),
        ),
    ),
    _Domain(
        (
            _stranger("Beekeeper", _AGE, _HOME),
            _node("Hive Colony", _joined("HV|BX|QN", "11|12|13|14|21|22|23|24", "-"), _tally("frames", "frames", 4, 40),
                _number("honey honey_kg", "honey yield", 1, 60, 0.5, "amount"),
                _year("installed", "installation year", 2005, 2024, "installed"), key="code"),
            _node("Meadow", _joined("Upper|Lower|Hidden|Sunny|Foggy", "Glade|Bank|Hollow|Pasture|Moor"), _AREA,
                _text("flower", "flower", "clover|heather|lavender|thistle|dandelion")),
            _node("Beetle Parasite", _joined("Varro|Acar|Nosem|Tropi", "don|xis|lus|ria", ""), _number("length", "length", 0.5, 9, 0.1),
                _flag("deadly is_deadly", "deadly")),
        ),
        (
            _edge("Beekeeper", "TENDS", _present("tend", "tends"), "Hive", _SINCE, inverse="TENDED_BY",
                ask="Since when does {s} tend {o}?"),
            _edge("Hive", "STANDS_IN", _present("stand in", "stands in"), "Meadow", single=True),
            _edge("Beetle", "INFESTS", _present("infest", "infests"), "Hive", inverse="INFESTED_BY"),
            _edge("Beekeeper", "RENTS", _present("rent", "rents"), "Meadow", _number("rent", "rent", 50, 900, 10, "amount"),
                ask="What rent does {s} pay for {o}?|How much rent does {s} pay for {o}?"),
        ),
    ),
)
# fmt: on


# ------------------------------------------------------------------------------------------------------------ a schema and its rows


@dataclass(frozen=True, slots=True)
class _Column:
    """A property as one schema spells it."""

    name: str
    prop: _Prop

    @property
    def type(self) -> str:
        pool = self.prop.pool
        if isinstance(pool, _Texts):
            return "STRING"
        if isinstance(pool, _Flags):
            return "BOOL"
        return "INT64" if float(pool.step).is_integer() and float(pool.low).is_integer() else "DOUBLE"

    @property
    def nouns(self) -> str:
        return self.prop.noun if self.things else _plural(self.prop.noun)

    @property
    def things(self) -> str:
        """What a number counts, if it does."""
        return self.prop.noun.removeprefix(_TALLY) if self.prop.noun.startswith(_TALLY) else ""


@dataclass(frozen=True, slots=True)
class _Table:
    """A node label as one schema spells it."""

    label: str
    who: bool
    columns: tuple[_Column, ...]

    @property
    def key(self) -> _Column:
        return next(column for column in self.columns if column.type == "STRING")

    @property
    def one(self) -> str:
        return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.label).lower()

    @property
    def many(self) -> str:
        return _plural(self.one)

    @property
    def that(self) -> str:
        return "who" if self.who else "that"

    @property
    def words(self) -> dict[str, str]:
        """What templates may say of this label."""
        return {
            "label": self.label,
            "one": self.one,
            "many": self.many,
            "who": self.that,
            "keyname": self.key.name,
            "key": self.key.prop.noun,
            "keys": self.key.nouns,
        }


@dataclass(frozen=True, slots=True)
class _Link:
    """A relationship as one schema spells it; if `flipped`, it points from the object of its verb to the subject."""

    type: str
    edge: _Edge
    subject: _Table
    object: _Table
    flipped: bool
    columns: tuple[_Column, ...]


@dataclass(frozen=True, slots=True)
class _Tie:
    """One relationship between two rows, given by their positions."""

    subject: int
    object: int
    row: Row


@dataclass(frozen=True, slots=True)
class _Schema:
    """What a lesson shows, with the rows behind it."""

    tables: tuple[_Table, ...]
    links: tuple[_Link, ...]
    rows: Mapping[str, Sequence[Row]]
    ties: Mapping[str, Sequence[_Tie]]


_NODE_LINE: Final = re.compile(r"\(:(\w+) \{(.+)\}\)")
_EDGE_LINE: Final = re.compile(r"\(:(\w+)\)-\[:(\w+)(?: \{(.+)\})?\]->\(:(\w+)\)")
_TOKEN: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d|[^\w\s]+|_")
_MASS: Final = frozenset(("karma", "stock", "memory", "experience", "horsepower", "acidity", "mileage"))
_IRREGULAR: Final = {"person": "people", "hero": "heroes", "species": "species", "seaman": "seamen"}


def _plural(noun: str) -> str:
    """Of a phrase "year of the ascent" the first noun changes, of "cooking time" the last."""
    head, of, rest = noun.partition(" of ")
    if head in _IRREGULAR:
        return _IRREGULAR[head] + of + rest
    if re.search(r"[^aeiou]y$", head):
        return head[:-1] + "ies" + of + rest
    return head + ("es" if re.search(r"(s|x|z|ch|sh)$", head) else "s") + of + rest


def _article(noun: str) -> str:
    if noun in _MASS:
        return noun
    return f"{'an' if re.match(r'[aeio]|u(?!ni|se)|hour|h-', noun) else 'a'} {noun}"


def _cost(text: str) -> int:
    """Roughly how many tokens SmolLM2's tokenizer makes of it, which breaks shouted words into more pieces than quiet ones."""
    return text.count("\n") + sum(math.ceil(len(piece) / _letters(piece)) for piece in _TOKEN.findall(text))


def _letters(piece: str) -> int:
    """How much of such a piece one token holds."""
    if piece.islower():
        return 8
    return 5 if piece.istitle() and len(piece) > 1 else 3


def _columns_text(columns: Sequence[_Column]) -> str:
    return ", ".join(f"{column.name}: {column.type}" for column in columns)


def _schema_text(tables: Sequence[_Table], links: Sequence[_Link]) -> str:
    lines = [f"(:{table.label} {{{_columns_text(table.columns)}}})" for table in tables]
    for link in links:
        source, target = (link.object, link.subject) if link.flipped else (link.subject, link.object)
        columns = f" {{{_columns_text(link.columns)}}}" if link.columns else ""
        lines.append(f"(:{source.label})-[:{link.type}{columns}]->(:{target.label})")
    return "\n".join(lines)


def _spelling(rng: random.Random, names: Sequence[str]) -> str:
    """The first spelling is the usual one."""
    return names[0] if rng.random() < 0.6 else rng.choice(names)


def _draw_table(rng: random.Random, node: _Node, *, crowded: bool) -> _Table:
    count = rng.choice((1, 1, 1, 2) if crowded else (1, 1, 2, 2, 2, 3))
    props = rng.sample(node.props, min(count, len(node.props)))
    columns = [_Column(_spelling(rng, prop.names), prop) for prop in (node.key, *props)]
    if rng.random() < 0.2 and columns[1].type != "STRING":
        columns[0], columns[1] = columns[1], columns[0]
    return _Table(_spelling(rng, node.labels), node.who, tuple(columns))


def _draw_link(rng: random.Random, edge: _Edge, tables: Mapping[str, _Table], *, crowded: bool) -> _Link:
    flipped = bool(edge.inverse) and rng.random() < 0.35
    columns = tuple(_Column(_spelling(rng, prop.names), prop) for prop in edge.props if rng.random() < (0.5 if crowded else 0.8))
    types = edge.inverse if flipped else edge.types
    return _Link(_spelling(rng, types), edge, tables[edge.subject], tables[edge.object], flipped, columns)


def _draw_schema(rng: random.Random, domain: _Domain) -> str:
    """A variation of the domain that is small enough, has two labels or more, and spells no two things alike."""
    while True:
        edges = rng.sample(domain.edges, min(len(domain.edges), rng.choice((1, 2, 2, 3, 3, 4))))
        crowded = len(edges) > 2
        used = {end for edge in edges for end in (edge.subject, edge.object)}
        tables = {node.labels[0]: _draw_table(rng, node, crowded=crowded) for node in domain.nodes if node.labels[0] in used}
        links = [_draw_link(rng, edge, tables, crowded=crowded) for edge in edges]
        text = _schema_text(list(tables.values()), links)
        if len(used) > 1 and len({link.type for link in links}) == len(links) and _cost(text) <= _SCHEMA_TOKENS:
            return text


def _read_columns(text: str | None, props: Sequence[_Prop]) -> tuple[_Column, ...]:
    """A property unknown here is left out, whereupon the schema no longer spells what the text says."""
    names = [item.partition(":")[0].strip() for item in (text or "").split(",") if item.strip()]
    return tuple(_Column(name, prop) for name in names for prop in props if name in prop.names)


def _fit(domain: _Domain, text: str) -> tuple[list[_Table], list[_Link]]:
    """What of the text this domain can explain."""
    nodes = {label: node for node in domain.nodes for label in node.labels}
    tables: dict[str, _Table] = {}
    for label, columns in _NODE_LINE.findall(text):
        if label in nodes:
            node = nodes[label]
            tables[node.labels[0]] = _Table(label, node.who, _read_columns(columns, (node.key, *node.props)))
    links: list[_Link] = []
    for _, type_, columns, _ in _EDGE_LINE.findall(text):
        for edge in domain.edges:
            if type_ in edge.types + edge.inverse and edge.subject in tables and edge.object in tables:
                flipped = type_ in edge.inverse
                links.append(_Link(type_, edge, tables[edge.subject], tables[edge.object], flipped, _read_columns(columns, edge.props)))
    return list(tables.values()), links


@lru_cache(maxsize=8)
def _schema(text: str) -> _Schema:
    """The schema and its rows, both of them from the text alone."""
    for domain in _TRAIN + _TEST:
        tables, links = _fit(domain, text)
        if _schema_text(tables, links) == text:
            rng = random.Random(text)
            rows = {table.label: _draw_rows(rng, table.columns, _ROWS) for table in tables}
            return _Schema(tuple(tables), tuple(links), rows, {link.type: _draw_ties(rng, link) for link in links})
    raise ValueError(f"no domain has this schema: {text!r}")


def _draw_rows(rng: random.Random, columns: Sequence[_Column], count: int) -> list[Row]:
    values = [_draw_values(rng, column.prop.pool, count) for column in columns]
    return [dict(zip((column.name for column in columns), row, strict=True)) for row in zip(*values, strict=True)]


def _draw_values(rng: random.Random, pool: _Texts | _Numbers | _Flags, count: int) -> list[Value]:
    """Keys differ; so do numbers where there are enough of them, lest the order of rows be a matter of luck."""
    if isinstance(pool, _Flags):
        return [rng.random() < 0.5 for _ in range(count)]
    if isinstance(pool, _Numbers):
        steps = round((pool.high - pool.low) / pool.step) + 1
        chosen = rng.sample(range(steps), count) if steps >= 2 * count else [rng.randrange(steps) for _ in range(count)]
        return [_number_at(pool, step) for step in chosen]
    if not pool.repeats:
        return list(_distinct_texts(rng, pool, count))
    few = rng.sample(pool.parts[0], min(4, len(pool.parts[0])))
    return [rng.choice(few) for _ in range(count)]


def _number_at(pool: _Numbers, step: int) -> Value:
    value = round(pool.low + step * pool.step, 3)
    return int(value) if float(pool.step).is_integer() and float(pool.low).is_integer() else value


def _distinct_texts(rng: random.Random, pool: _Texts, count: int) -> list[str]:
    """Some end in a word with another's initial, so that starting with a letter differs from containing it."""
    found: dict[str, None] = {}
    while len(found) < count:
        words = [rng.choice(part) for part in pool.parts]
        echoes = [word for word in pool.parts[-1] if any(text[0] == word[0] for text in found)]
        if echoes and len(words) > 1 and rng.random() < 0.5:
            words[-1] = rng.choice(echoes)
        found[pool.joint.join(words)] = None
    return list(found)


def _draw_ties(rng: random.Random, link: _Link) -> list[_Tie]:
    """Some objects are more popular than others; where a subject may have several, no node stays alone."""
    ends = [pair for subject in range(_ROWS) for pair in _draw_objects(rng, link, subject)]
    if not link.edge.single:
        lonely = [item for item in range(_ROWS) if item not in {end for _, end in ends}]
        ends += [(rng.choice([row for row in range(_ROWS) if row != item]), item) for item in lonely]
    rows = _draw_rows(rng, link.columns, len(ends)) if link.columns else [{} for _ in ends]
    return [_Tie(subject, object_, row) for (subject, object_), row in zip(ends, rows, strict=True)]


def _draw_objects(rng: random.Random, link: _Link, subject: int) -> list[tuple[int, int]]:
    others = [row for row in range(_ROWS) if link.subject != link.object or row != subject]
    wanted = 1 if link.edge.single else rng.choice((1, 1, 2, 2, 3, 4))
    drawn = rng.choices(others, [1 / (1 + other) for other in others], k=wanted)
    return [(subject, other) for other in dict.fromkeys(drawn)]


# ---------------------------------------------------------------------------------------------------------------------- conditions

_TESTS: Final[Mapping[str, Callable[[object, object], bool]]] = {
    "=": operator.eq,
    "<>": operator.ne,
    ">": lambda left, right: _size(left) > _size(right),
    "<": lambda left, right: _size(left) < _size(right),
    ">=": lambda left, right: _size(left) >= _size(right),
    "<=": lambda left, right: _size(left) <= _size(right),
    "STARTS WITH": lambda left, right: str(left).startswith(str(right)),
    "ENDS WITH": lambda left, right: str(left).endswith(str(right)),
    "CONTAINS": lambda left, right: str(right) in str(left),
}
_SPELLED: Final = frozenset(("STARTS WITH", "ENDS WITH", "CONTAINS"))
_SAID: Final[Mapping[str, tuple[str, ...]]] = {
    "=": ("whose {noun} is {v}", "with the {noun} {v}", "with {noun} {v}"),
    "= number": ("whose {noun} is {v}", "with {a} of {v}", "whose {noun} equals {v}"),
    "<>": (
        "whose {noun} is not {v}",
        "with {a} other than {v}",
        "whose {noun} is something other than {v}",
        "whose {noun} differs from {v}",
    ),
    ">": (
        "with {a} above {v}",
        "with {a} over {v}",
        "with {a} greater than {v}",
        "whose {noun} is more than {v}",
        "whose {noun} exceeds {v}",
    ),
    "<": (
        "with {a} below {v}",
        "with {a} under {v}",
        "with {a} less than {v}",
        "whose {noun} is less than {v}",
        "whose {noun} is below {v}",
    ),
    ">=": ("with {a} of at least {v}", "with {a} of {v} or more", "whose {noun} is at least {v}", "whose {noun} is {v} or more"),
    "<=": ("with {a} of at most {v}", "with {a} of {v} or less", "whose {noun} is at most {v}", "whose {noun} is {v} or less"),
    "> year": ("with {a} after {v}", "whose {noun} is after {v}", "whose {noun} is later than {v}", "with {a} later than {v}"),
    "< year": ("with {a} before {v}", "whose {noun} is before {v}", "whose {noun} is earlier than {v}", "with {a} earlier than {v}"),
    ">= year": ("whose {noun} is {v} or later", "with {a} of {v} or later", "whose {noun} is not before {v}", "with {a} of at least {v}"),
    "<= year": ("whose {noun} is {v} or earlier", "with {a} of {v} or earlier", "whose {noun} is not after {v}", "with {a} of at most {v}"),
    "= tally": ("with {v} {things}", "with exactly {v} {things}", "{who} have {v} {things}", "whose {noun} is {v}"),
    "> tally": ("with more than {v} {things}", "with over {v} {things}", "{who} have more than {v} {things}", "whose {noun} is above {v}"),
    "< tally": (
        "with fewer than {v} {things}",
        "with under {v} {things}",
        "{who} have fewer than {v} {things}",
        "whose {noun} is below {v}",
    ),
    ">= tally": (
        "with at least {v} {things}",
        "with {v} or more {things}",
        "{who} have at least {v} {things}",
        "whose {noun} is at least {v}",
    ),
    "<= tally": (
        "with at most {v} {things}",
        "with no more than {v} {things}",
        "{who} have at most {v} {things}",
        "whose {noun} is at most {v}",
    ),
    "between": (
        "with {a} between {v}",
        "whose {noun} is between {v}",
        "whose {noun} lies between {v}",
        "with {a} in the range between {v}",
    ),
    "STARTS WITH": (
        "whose {noun} starts with {v}",
        "whose {noun} begins with {v}",
        "with {a} starting with {v}",
        "with {a} that begins with {v}",
    ),
    "ENDS WITH": ("whose {noun} ends with {v}", "whose {noun} ends in {v}", "with {a} ending in {v}", "with {a} that ends with {v}"),
    "CONTAINS": ("whose {noun} contains {v}", "whose {noun} includes {v}", "with {a} containing {v}", "with {v} in the {noun}"),
    "is": ("{who} are {noun}",),
    "is not": ("{who} are not {noun}",),
}


def _size(value: object) -> float:
    if isinstance(value, int | float):
        return value
    raise TypeError(f"not a number: {value!r}")


def _digits(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.3f}".rstrip("0").rstrip(".")


def _spoken(value: Value) -> str:
    return value if isinstance(value, str) else _digits(value)


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}'" if isinstance(value, str) else _digits(value)


@dataclass(frozen=True, slots=True)
class _Filter:
    """A condition on one property and the words for it, which follow a noun."""

    column: _Column
    tests: tuple[tuple[str, Value], ...]
    phrases: tuple[str, ...]
    joint: str = " AND "

    def on(self, variable: str) -> str:
        return self.joint.join(f"{variable}.{self.column.name} {sign} {_literal(value)}" for sign, value in self.tests)

    def holds(self, row: Row) -> bool:
        found = [_TESTS[sign](row[self.column.name], value) for sign, value in self.tests]
        return any(found) if self.joint == " OR " else all(found)


@dataclass(frozen=True, slots=True)
class _Scope:
    """Rows to choose among and one the choice has to include, so that no question comes out empty."""

    columns: tuple[_Column, ...]
    rows: Sequence[Row]
    row: Row
    who: str


def _words(key: str, column: _Column, value: str, own: tuple[str, ...] = (), who: str = "that") -> tuple[str, ...]:
    """The column's own words count double: they are what people say."""
    noun = column.prop.noun
    general = tuple(form.format(noun=noun, a=_article(noun), v=value, who=who, things=column.things) for form in _SAID[key])
    return general + tuple(form.format(value) for form in own) * 2


def _quoted(rng: random.Random, value: Value, share: float = 0.2) -> str:
    spoken = _spoken(value)
    if isinstance(value, str) and rng.random() < share:
        return rng.choice(('"{}"', "'{}'")).format(spoken)
    return spoken


def _equal(rng: random.Random, scope: _Scope, column: _Column) -> _Filter | None:
    value = scope.row[column.name]
    if column == _key_of(scope):
        return None
    if isinstance(value, bool):
        return _Filter(column, (("=", value),), _words("is" if value else "is not", column, "", who=scope.who))
    key = "=" if isinstance(value, str) else "= tally" if column.things and value != 1 else "= number"
    return _Filter(column, (("=", value),), _words(key, column, _quoted(rng, value), column.prop.equal, scope.who))


def _key_of(scope: _Scope) -> _Column | None:
    """The column that tells rows apart; a relationship has none."""
    return next((column for column in scope.columns if isinstance(column.prop.pool, _Texts) and not column.prop.pool.repeats), None)


def _unequal(rng: random.Random, scope: _Scope, column: _Column) -> _Filter | None:
    if column.type != "STRING" or column == _key_of(scope):
        return None
    others = sorted({str(row[column.name]) for row in scope.rows} - {str(scope.row[column.name])})
    if not others:
        return None
    value = rng.choice(others)
    own = tuple(f"not {form}" for form in column.prop.equal)
    return _Filter(column, (("<>", value),), _words("<>", column, _quoted(rng, value), own))


def _either(rng: random.Random, scope: _Scope, column: _Column) -> _Filter | None:
    if column.type != "STRING" or column == _key_of(scope):
        return None
    own = str(scope.row[column.name])
    others = sorted({str(row[column.name]) for row in scope.rows} - {own})
    if not others:
        return None
    values = [own, rng.choice(others)]
    rng.shuffle(values)
    return _Filter(column, tuple(("=", value) for value in values), _words("=", column, " or ".join(values), column.prop.equal), " OR ")


def _compare(rng: random.Random, scope: _Scope, column: _Column) -> _Filter | None:
    if not isinstance(column.prop.pool, _Numbers):
        return None
    own = _size(scope.row[column.name])
    values = sorted({_size(row[column.name]) for row in scope.rows})
    sign = rng.choice((">", ">", ">", "<", "<", ">=", "<="))
    fitting = [value for value in values if value != own and _TESTS[sign](own, value)]
    if not fitting:
        return None
    value = rng.choice(fitting)
    own_words = {">": column.prop.above, "<": column.prop.below}.get(sign, ())
    manner = " year" if column.prop.pool.kind == "year" else " tally" if column.things and value != 1 else ""
    return _Filter(column, ((sign, value),), _words(sign + manner, column, _digits(value), own_words, scope.who))


def _between(rng: random.Random, scope: _Scope, column: _Column) -> _Filter | None:
    if not isinstance(column.prop.pool, _Numbers):
        return None
    own = _size(scope.row[column.name])
    values = {_size(row[column.name]) for row in scope.rows}
    lower, upper = sorted(value for value in values if value < own), sorted(value for value in values if value > own)
    if not lower or not upper:
        return None
    low, high = rng.choice(lower), rng.choice(upper)
    return _Filter(column, ((">=", low), ("<=", high)), _words("between", column, f"{_digits(low)} and {_digits(high)}"))


def _spelled(rng: random.Random, scope: _Scope, column: _Column) -> _Filter | None:
    return _having_part(rng, scope, column, rng.choice(("STARTS WITH", "STARTS WITH", "CONTAINS", "CONTAINS", "ENDS WITH")))


def _begun(rng: random.Random, scope: _Scope, column: _Column) -> _Filter | None:
    """A beginning that other values have further on, so that containing it will not do."""
    made = _having_part(rng, scope, column, "STARTS WITH")
    return made if made and _needs("STARTS WITH", str(made.tests[0][1]), _texts(scope, column)) else None


def _having_part(rng: random.Random, scope: _Scope, column: _Column, sign: str) -> _Filter | None:
    if column.type != "STRING":
        return None
    parts = [_part(rng, sign, str(scope.row[column.name])) for _ in range(8)]
    telling = [part for part in parts if _needs(sign, part, _texts(scope, column))]
    part = telling[0] if telling and rng.random() < 0.7 else parts[0]
    return _Filter(column, ((sign, part),), _words(sign, column, _quoted(rng, part, 0.4 if part[0].isupper() else 1)))


def _texts(scope: _Scope, column: _Column) -> list[str]:
    return [str(row[column.name]) for row in scope.rows]


def _needs(sign: str, part: str, values: Sequence[str]) -> bool:
    """Whether another way to look for the part would find something else."""
    return all(
        [_TESTS[sign](value, part) for value in values] != [_TESTS[other](value, part) for value in values] for other in _SPELLED - {sign}
    )


def _part(rng: random.Random, sign: str, value: str) -> str:
    """A word of the value if it has several, or a few letters of it."""
    words = value.split()
    size = rng.randint(1, 3)
    if sign == "STARTS WITH":
        return words[0] if len(words) > 1 and rng.random() < 0.4 else value[:size].strip()
    if sign == "ENDS WITH":
        return words[-1] if len(words) > 1 and rng.random() < 0.5 else value[-size - 1 :].strip()
    word = rng.choice(words)
    if len(words) > 1 and rng.random() < 0.6:
        return word
    start = rng.randrange(max(1, len(word) - size - 1))
    return word[start : start + size + 1]


_Maker = Callable[[random.Random, _Scope, _Column], _Filter | None]
_MAKERS: Final[tuple[_Maker, ...]] = (_equal, _equal, _equal, _compare, _compare, _compare, _compare, _spelled, _unequal, _either, _between)


def _filter(rng: random.Random, scope: _Scope, makers: Sequence[_Maker] = _MAKERS) -> _Filter | None:
    """A filter that keeps the scope's row and drops another."""
    for _ in range(12):
        made = rng.choice(makers)(rng, scope, rng.choice(scope.columns))
        if made and made.holds(scope.row) and not all(made.holds(row) for row in scope.rows):
            return made
    return None


def _manner(phrase: str) -> int:
    """How a phrase hangs on its noun, in the order in which phrases may follow one another."""
    return {"with": 1, "whose": 2}.get(phrase.split()[0], 0)


def _both(rng: random.Random, first: _Filter, second: _Filter) -> tuple[str, tuple[_Filter, _Filter]]:
    """Words for two filters, and the filters in the order of the words."""
    said = [(filter_, rng.choice(filter_.phrases)) for filter_ in (first, second)]
    said.sort(key=lambda item: _manner(item[1]))
    manners = [_manner(phrase) for _, phrase in said]
    joint = " " if manners == [0, 1] else " and "
    return said[0][1] + joint + said[1][1], (said[0][0], said[1][0])


# ------------------------------------------------------------------------------------------------------------------------ patterns


@dataclass(frozen=True, slots=True)
class _Hop:
    """A relationship seen from the label that is asked for."""

    link: _Link
    asks_subject: bool

    @property
    def asked(self) -> _Table:
        return self.link.subject if self.asks_subject else self.link.object

    @property
    def other(self) -> _Table:
        return self.link.object if self.asks_subject else self.link.subject

    @property
    def forward(self) -> bool:
        """Whether the arrow starts at what is asked for."""
        return self.asks_subject != self.link.flipped

    @property
    def unique(self) -> bool:
        """Whether there is but one answer for each of the others."""
        return self.link.edge.single and not self.asks_subject

    def ends(self, tie: _Tie) -> tuple[int, int]:
        return (tie.subject, tie.object) if self.asks_subject else (tie.object, tie.subject)

    def does(self, other: str, *, many: bool = False, one: bool = False) -> str:
        """What follows "which movies": "did Ann Lee act in". `many` is the number of `other`, `one` that of the asked."""
        verb = self.link.edge.verb
        if self.asks_subject:
            return f"{verb.singular if one else verb.plural} {other}"
        return f"{verb.do if many else verb.does} {other} {verb.bare}"

    def that(self, other: str, *, many: bool = False, one: bool = False) -> str:
        """What follows "the movies": "that Ann Lee acted in"."""
        verb = self.link.edge.verb
        if self.asks_subject:
            return f"{self.asked.that} {verb.singular if one else verb.plural} {other}"
        return f"that {other} {verb.plural if many else verb.singular}"

    @property
    def them(self) -> tuple[str, bool]:
        """The pronoun for one of the others, and whether it is a plural."""
        if not self.other.who:
            return "it", False
        return "them" if self.asks_subject else "they", True


@dataclass(frozen=True, slots=True)
class _Path:
    """A pattern; its variables start at what is asked for."""

    text: str
    nodes: tuple[str, ...]
    tie: str


def _fresh(label: str, taken: Sequence[str]) -> str:
    letter = label[0].lower()
    return next(name for name in (letter, *(f"{letter}{number}" for number in range(2, 9))) if name not in taken)


def _path(hops: Sequence[_Hop], *, tied: bool = False) -> _Path:
    """A chain from what is asked for, turned around if that makes every arrow point ahead."""
    tables = [hops[0].asked, *(hop.other for hop in hops)]
    steps = [(hop.link.type, hop.forward) for hop in hops]
    backward = not any(ahead for _, ahead in steps)
    if backward:
        tables.reverse()
        steps = [(type_, True) for type_, _ in reversed(steps)]
    names: list[str] = []
    for table in tables:
        names.append(_fresh(table.label, names))
    tie = "rel" if tied else ""
    text = f"({names[0]}:{tables[0].label})"
    for (type_, ahead), name, table in zip(steps, names[1:], tables[1:], strict=True):
        text += f"-[{tie}:{type_}]->" if ahead else f"<-[{tie}:{type_}]-"
        text += f"({name}:{table.label})"
    return _Path(text, tuple(reversed(names) if backward else names), tie)


# ----------------------------------------------------------------------------------------------------------------------- questions

_NUMERALS: Final = {2: "two", 3: "three", 4: "four", 5: "five"}
_PLAIN_MAKERS: Final = tuple(maker for maker in _MAKERS if maker not in (_either, _between))


@dataclass(frozen=True, slots=True)
class _Draw:
    """One schema and the chance that picks questions about it."""

    rng: random.Random
    schema: _Schema

    def pair(self, forms: Sequence[str], answer: str, **words: str) -> Pair:
        return Pair(self.rng.choice(forms).format(**words), answer)

    def scope(self, table: _Table, at: int | None = None) -> _Scope:
        rows = self.schema.rows[table.label]
        return _Scope(table.columns, rows, self.rng.choice(rows) if at is None else rows[at], table.that)

    def spot(self, fits: Callable[[_Column], bool]) -> tuple[_Table, _Column] | None:
        """A property other than a key."""
        found = [(table, column) for table in self.schema.tables for column in table.columns if column != table.key and fits(column)]
        return self.rng.choice(found) if found else None

    def hop(self, fits: Callable[[_Hop], bool] = lambda _: True) -> _Hop | None:
        hops = [hop for link in self.schema.links for side in (True, False) if fits(hop := _Hop(link, side))]
        return self.rng.choice(hops) if hops else None

    def tie(self, hop: _Hop) -> _Tie:
        return self.rng.choice(self.schema.ties[hop.link.type])

    def key(self, table: _Table, at: int) -> str:
        return str(self.schema.rows[table.label][at][table.key.name])

    def named(self, table: _Table, at: int, *, noun: bool = False) -> str:
        """A node in the words of a question; `noun` is whether its name alone would not tell what it is."""
        name = _quoted(self.rng, self.key(table, at), 0.15)
        return f"the {table.one} {name}" if noun or self.rng.random() < 0.12 else name

    def other_is(self, hop: _Hop, variable: str, at: int) -> str:
        """The condition that names one of the others."""
        return f"{variable}.{hop.other.key.name} = {_literal(self.key(hop.other, at))}"

    def number(self, count: int) -> str:
        return _NUMERALS[count] if self.rng.random() < 0.3 else str(count)


_Kind = Callable[[_Draw], Pair | None]


def _is_number(column: _Column) -> bool:
    return isinstance(column.prop.pool, _Numbers)


def _is_listed(column: _Column) -> bool:
    return not isinstance(column.prop.pool, _Flags)


def _is_group(column: _Column) -> bool:
    return isinstance(column.prop.pool, _Texts)


def _node_pattern(table: _Table) -> tuple[str, str]:
    variable = _fresh(table.label, ())
    return f"MATCH ({variable}:{table.label})", variable


def _predicate(filter_: _Filter, phrase: str) -> str | None:
    """The phrase after "which people", if it can be said that way: "are older than 30", "have an age above 30"."""
    first, _, rest = phrase.partition(" ")
    if first in ("who", "that"):
        return rest
    if first == "with":
        return f"have {rest}"
    if first == "whose" or first.endswith("ing") or phrase.startswith("not "):
        return None
    pool = filter_.column.prop.pool
    return f"{'were' if isinstance(pool, _Numbers) and pool.kind == 'year' else 'are'} {phrase}"


def _extreme(rng: random.Random, column: _Column, *, high: bool) -> str:
    pool = column.prop.pool
    if isinstance(pool, _Numbers) and pool.kind == "year":
        return rng.choice(("latest", "most recent")) if high else "earliest"
    return rng.choice(("highest", "highest", "largest") if high else ("lowest", "lowest", "smallest"))


def _best(rng: random.Random, column: _Column, *, high: bool) -> str:
    """What the first of a ranking has: "the highest price", "the most rooms"."""
    if column.things and rng.random() < 0.8:
        return f"the {'most' if high else 'fewest'} {column.things}"
    return f"the {_extreme(rng, column, high=high)} {column.prop.noun}"


def _aggregate(rng: random.Random, column: _Column) -> tuple[str, str]:
    """A function and the adjective that asks for it."""
    pool = column.prop.pool
    kind = pool.kind if isinstance(pool, _Numbers) else ""
    function = rng.choice(
        {"amount": ("avg", "avg", "sum", "sum", "min", "max"), "measure": ("avg", "avg", "min", "max")}.get(kind, ("min", "max"))
    )
    if function == "avg":
        return function, rng.choice(("average", "average", "mean"))
    if function == "sum":
        return function, rng.choice(("total", "total", "combined"))
    return function, rng.choice((_extreme(rng, column, high=function == "max"), "maximum" if function == "max" else "minimum"))


def _clear(values: Sequence[float], count: int, *, high: bool) -> bool:
    """Whether the first `count` of the ordered values are beyond doubt."""
    head = sorted(values, reverse=high)[: count + 1]
    return len(values) > count and len(set(head)) == len(head)


def _listings(column: _Column, forms: Sequence[str]) -> Sequence[str]:
    """A number of things has no good plural: "list the number of rooms" will do, "what are the numbers of rooms" will not."""
    return [form for form in forms if not (column.things and form.startswith("What are"))]


def _all(draw: _Draw) -> Pair:
    table = draw.rng.choice(draw.schema.tables)
    match, name = _node_pattern(table)
    forms = (
        "List all {many}.",
        "Show every {one}.",
        "What are the {keys} of all {many}?",
        "Give me all {many}.",
        "Which {many} are there?",
        "Return the {keyname} of every {label}.",
    )
    return draw.pair(forms, f"{match} RETURN {name}.{table.key.name}", **table.words)


def _one_column(draw: _Draw) -> Pair | None:
    spot = draw.spot(_is_listed)
    if spot is None:
        return None
    table, column = spot
    match, name = _node_pattern(table)
    forms = (
        "List the {nouns} of all {many}.",
        "What are the {nouns} of the {many}?",
        "Give me the {nouns} of all {many}.",
        "Show the {nouns} of the {many}.",
        "Return {column} for all {label} nodes.",
    )
    return draw.pair(
        _listings(column, forms), f"{match} RETURN {name}.{column.name}", nouns=column.nouns, column=column.name, **table.words
    )


def _two_columns(draw: _Draw) -> Pair | None:
    spot = draw.spot(_is_listed)
    if spot is None:
        return None
    table, column = spot
    match, name = _node_pattern(table)
    forms = (
        "List the {key} and {noun} of all {many}.",
        "Show the {key} and the {noun} of every {one}.",
        "For every {one}, give the {key} and the {noun}.",
        "List all {many} together with their {noun}.",
        "Return {keyname} and {column} of all {label} nodes.",
    )
    answer = f"{match} RETURN {name}.{table.key.name}, {name}.{column.name}"
    return draw.pair(forms, answer, noun=column.prop.noun, column=column.name, **table.words)


def _distinct(draw: _Draw) -> Pair | None:
    spot = draw.spot(_is_group)
    if spot is None:
        return None
    table, column = spot
    match, name = _node_pattern(table)
    forms = (
        "What different {nouns} do the {many} have?",
        "List the distinct {nouns} of the {many}.",
        "Which unique {nouns} occur among the {many}?",
        "Which {nouns} do the {many} have, without repeats?",
        "List the {nouns} of the {many} without duplicates.",
    )
    return draw.pair(forms, f"{match} RETURN DISTINCT {name}.{column.name}", noun=column.prop.noun, nouns=column.nouns, **table.words)


def _lookup(draw: _Draw) -> Pair | None:
    spot = draw.spot(lambda _: True)
    if spot is None:
        return None
    table, column = spot
    match, name = _node_pattern(table)
    at = draw.rng.randrange(_ROWS)
    shared = any(column.prop.noun == other.prop.noun for peer in draw.schema.tables if peer != table for other in peer.columns)
    who = draw.named(table, at, noun=shared)
    forms: tuple[str, ...] = (
        "What is the {noun} of {e}?",
        "Give me the {noun} of {e}.",
        "Tell me the {noun} of {e}.",
        "Look up the {noun} of {e}.",
    )
    if column.type == "BOOL":
        forms = ("Is {e} {noun}?", "Tell me whether {e} is {noun}.", "Is it true that {e} is {noun}?", "Find out whether {e} is {noun}.")
    forms += tuple(form.format("{e}") for form in column.prop.ask) * 2
    answer = f"{match} WHERE {name}.{table.key.name} = {_literal(draw.key(table, at))} RETURN {name}.{column.name}"
    return draw.pair(forms, answer, noun=column.prop.noun, e=who)


def _where(draw: _Draw, makers: Sequence[_Maker] = _MAKERS) -> Pair | None:
    table = draw.rng.choice(draw.schema.tables)
    made = _filter(draw.rng, draw.scope(table), makers)
    if made is None:
        return None
    match, name = _node_pattern(table)
    phrase = draw.rng.choice(made.phrases)
    said = _predicate(made, phrase)
    forms: tuple[str, ...] = (
        "List the {many} {f}.",
        "Find all {many} {f}.",
        "Show me the {many} {f}.",
        "Give me every {one} {f}." if not phrase.startswith(("who ", "that ")) else "Give me all {many} {f}.",
        "What are the {keys} of the {many} {f}?",
        "{many} {f}",
    )
    if said:
        forms += ("Which {many} {said}?",) * 3
    answer = f"{match} WHERE {made.on(name)} RETURN {name}.{table.key.name}"
    return draw.pair(forms, answer, f=phrase, said=said or "", **table.words)


def _where_equal(draw: _Draw) -> Pair | None:
    return _where(draw, (_equal,))


def _where_compare(draw: _Draw) -> Pair | None:
    return _where(draw, (_compare,))


def _where_spelled(draw: _Draw) -> Pair | None:
    return _where(draw, (_begun,) if draw.rng.random() < 0.4 else (_spelled,))


def _where_rarely(draw: _Draw) -> Pair | None:
    return _where(draw, (_unequal, _either, _between))


def _where_column(draw: _Draw) -> Pair | None:
    spot = draw.spot(_is_listed)
    if spot is None:
        return None
    table, column = spot
    made = _filter(draw.rng, draw.scope(table))
    if made is None or made.column == column:
        return None
    match, name = _node_pattern(table)
    forms = (
        "What are the {nouns} of the {many} {f}?",
        "List the {nouns} of all {many} {f}.",
        "Give me the {nouns} of the {many} {f}.",
        "Show the {nouns} of {many} {f}.",
    )
    answer = f"{match} WHERE {made.on(name)} RETURN {name}.{column.name}"
    return draw.pair(_listings(column, forms), answer, f=draw.rng.choice(made.phrases), nouns=column.nouns, **table.words)


def _where_two(draw: _Draw) -> Pair | None:
    table = draw.rng.choice(draw.schema.tables)
    scope = draw.scope(table)
    first, second = (_filter(draw.rng, scope, _PLAIN_MAKERS) for _ in range(2))
    if first is None or second is None or first.column == second.column:
        return None
    phrase, (early, late) = _both(draw.rng, first, second)
    match, name = _node_pattern(table)
    forms = (
        "List the {many} {f}.",
        "Find all {many} {f}.",
        "Show me the {many} {f}.",
        "Give me all {many} {f}.",
        "What are the {keys} of the {many} {f}?",
    )
    answer = f"{match} WHERE {early.on(name)} AND {late.on(name)} RETURN {name}.{table.key.name}"
    return draw.pair(forms, answer, f=phrase, **table.words)


def _count(draw: _Draw) -> Pair:
    table = draw.rng.choice(draw.schema.tables)
    match, name = _node_pattern(table)
    forms = (
        "How many {many} are there?",
        "Count all {many}.",
        "What is the number of {many}?",
        "How many {label} nodes are in the graph?",
        "Give me the total number of {many}.",
    )
    return draw.pair(forms, f"{match} RETURN count({name})", **table.words)


def _count_where(draw: _Draw) -> Pair | None:
    table = draw.rng.choice(draw.schema.tables)
    made = _filter(draw.rng, draw.scope(table))
    if made is None:
        return None
    match, name = _node_pattern(table)
    phrase = draw.rng.choice(made.phrases)
    said = _predicate(made, phrase)
    forms: tuple[str, ...] = (
        "Count the {many} {f}.",
        "What is the number of {many} {f}?",
        "Give me the number of {many} {f}.",
        "Count all {many} {f}.",
    )
    forms += ("How many {many} {said}?",) * 3 if said else ("How many {many} are there {f}?",)
    return draw.pair(forms, f"{match} WHERE {made.on(name)} RETURN count({name})", f=phrase, said=said or "", **table.words)


_AGGREGATE_FORMS: Final = (
    "What is the {w} {noun} of the {many}{f}?",
    "Compute the {w} {noun} of the {many}{f}.",
    "Give me the {w} {noun} of the {many}{f}.",
    "Find the {w} {noun} among the {many}{f}.",
)


def _aggregated(draw: _Draw) -> Pair | None:
    spot = draw.spot(_is_number)
    if spot is None:
        return None
    table, column = spot
    match, name = _node_pattern(table)
    function, adjective = _aggregate(draw.rng, column)
    forms = (*_AGGREGATE_FORMS, "What is the {w} {noun} of all {many}{f}?")
    answer = f"{match} RETURN {function}({name}.{column.name})"
    return draw.pair(forms, answer, w=adjective, noun=column.prop.noun, f="", **table.words)


def _aggregated_where(draw: _Draw) -> Pair | None:
    spot = draw.spot(_is_number)
    if spot is None:
        return None
    table, column = spot
    made = _filter(draw.rng, draw.scope(table))
    if made is None or made.column == column:
        return None
    match, name = _node_pattern(table)
    function, adjective = _aggregate(draw.rng, column)
    answer = f"{match} WHERE {made.on(name)} RETURN {function}({name}.{column.name})"
    return draw.pair(_AGGREGATE_FORMS, answer, w=adjective, noun=column.prop.noun, f=" " + draw.rng.choice(made.phrases), **table.words)


def _top_forms(draw: _Draw, column: _Column, count: int, *, high: bool) -> tuple[tuple[str, ...], dict[str, str]]:
    """Ways to ask for the first rows by a property; `{f}` is a filter or nothing."""
    adjective = column.prop.top if high else column.prop.bottom
    words = {"adj": adjective, "best": _best(draw.rng, column, high=high), "noun": column.prop.noun}
    if count == 1:
        forms: tuple[str, ...] = (
            "Which {one}{f} has {best}?",
            "What is the {key} of the {one}{f} with {best}?",
            "Find the {one}{f} with {best}.",
            "Name the {one}{f} with {best}.",
        )
        own: tuple[str, ...] = (
            "Which {one}{f} is the {adj}?",
            "What is the {key} of the {adj} {one}{f}?",
            "Find the {adj} {one}{f}.",
            "Name the {adj} {one}{f}.",
        )
        return forms + own * 2 if adjective else forms, words
    words["n"] = draw.number(count)
    forms = ("List the {n} {many}{f} with {best}.", "Which {n} {many}{f} have {best}?", "Find the {n} {many}{f} with {best}.")
    forms += ("Give me the top {n} {many}{f} by {noun}." if high else "Give me the bottom {n} {many}{f} by {noun}.",)
    own = (
        "List the {n} {adj} {many}{f}.",
        "Which are the {n} {adj} {many}{f}?",
        "Show the {n} {adj} {many}{f}.",
        "Find the {n} {adj} {many}{f}.",
    )
    return forms + own * 2 if adjective else forms, words


def _ranked(draw: _Draw, table: _Table, column: _Column, made: _Filter | None) -> Pair | None:
    high = draw.rng.random() < 0.6
    count = draw.rng.choice((1, 1, 1, 2, 3, 3, 4, 5))
    rows = [row for row in draw.schema.rows[table.label] if made is None or made.holds(row)]
    if not _clear([_size(row[column.name]) for row in rows], count, high=high):
        return None
    match, name = _node_pattern(table)
    forms, words = _top_forms(draw, column, count, high=high)
    where = f" WHERE {made.on(name)}" if made else ""
    order = f"ORDER BY {name}.{column.name}{' DESC' if high else ''} LIMIT {count}"
    phrase = f" {draw.rng.choice(made.phrases)}" if made else ""
    return draw.pair(forms, f"{match}{where} RETURN {name}.{table.key.name} {order}", f=phrase, **words, **table.words)


def _top(draw: _Draw) -> Pair | None:
    spot = draw.spot(_is_number)
    return _ranked(draw, *spot, None) if spot else None


def _top_where(draw: _Draw) -> Pair | None:
    spot = draw.spot(_is_number)
    if spot is None:
        return None
    made = _filter(draw.rng, draw.scope(spot[0]), _PLAIN_MAKERS)
    return _ranked(draw, *spot, made) if made and made.column != spot[1] else None


def _ordered(draw: _Draw) -> Pair | None:
    spot = draw.spot(_is_number)
    if spot is None or draw.rng.random() < 0.2:
        return _alphabetical(draw)
    table, column = spot
    if not _clear([_size(row[column.name]) for row in draw.schema.rows[table.label]], _ROWS - 1, high=True):
        return None
    match, name = _node_pattern(table)
    high = draw.rng.random() < 0.5
    first = _extreme(draw.rng, column, high=high)
    forms: tuple[str, ...] = ("List all {many} by {noun}, {first} first.", "Order all {many} by {noun}, {first} first.")
    if high:
        forms += ("List all {many} sorted by {noun} in descending order.", "Show the {many} in descending order of {noun}.")
    else:
        forms += (
            "List all {many} sorted by {noun}.",
            "Show the {many} in ascending order of {noun}.",
            "Show all {many} ordered by {noun}.",
        )
    ends = (column.prop.top, column.prop.bottom)
    if all(ends):
        forms += (f"List all {{many}} from {ends[not high]} to {ends[high]}.",) * 2
    answer = f"{match} RETURN {name}.{table.key.name} ORDER BY {name}.{column.name}{' DESC' if high else ''}"
    return draw.pair(forms, answer, noun=column.prop.noun, first=first, **table.words)


def _alphabetical(draw: _Draw) -> Pair:
    table = draw.rng.choice(draw.schema.tables)
    match, name = _node_pattern(table)
    forms = (
        "List all {many} in alphabetical order.",
        "List all {many} sorted by {key}.",
        "Show the {many} ordered by {key}.",
        "Show all {many} alphabetically by {key}.",
    )
    return draw.pair(forms, f"{match} RETURN {name}.{table.key.name} ORDER BY {name}.{table.key.name}", **table.words)


def _group_count(draw: _Draw) -> Pair | None:
    spot = draw.spot(_is_group)
    if spot is None:
        return None
    table, column = spot
    match, name = _node_pattern(table)
    forms = (
        "How many {many} are there for each {noun}?",
        "Count the {many} per {noun}.",
        "Show the number of {many} by {noun}.",
        "For each {noun}, how many {many} are there?",
        "Give the number of {many} for every {noun}.",
    )
    return draw.pair(forms, f"{match} RETURN {name}.{column.name}, count({name})", noun=column.prop.noun, **table.words)


def _group_aggregate(draw: _Draw) -> Pair | None:
    group, spot = draw.spot(_is_group), draw.spot(_is_number)
    if group is None or spot is None or group[0] != spot[0]:
        return None
    table, column = spot
    match, name = _node_pattern(table)
    function, adjective = _aggregate(draw.rng, column)
    forms = (
        "What is the {w} {noun} of the {many} for each {group}?",
        "Show the {w} {noun} of the {many} per {group}.",
        "For each {group}, what is the {w} {noun} of the {many}?",
        "Give the {w} {noun} of the {many} by {group}.",
    )
    answer = f"{match} RETURN {name}.{group[1].name}, {function}({name}.{column.name})"
    return draw.pair(forms, answer, w=adjective, noun=column.prop.noun, group=group[1].prop.noun, **table.words)


def _group_top(draw: _Draw) -> Pair | None:
    spot = draw.spot(_is_group)
    if spot is None:
        return None
    table, column = spot
    counts = Counter(row[column.name] for row in draw.schema.rows[table.label])
    if not _clear(list(counts.values()), 1, high=True):
        return None
    match, name = _node_pattern(table)
    forms = (
        "Which {noun} has the most {many}?",
        "Which {noun} is the most common among the {many}?",
        "What is the most frequent {noun} of the {many}?",
        "Find the {noun} with the most {many}.",
    )
    answer = f"{match} WITH {name}.{column.name} AS value, count({name}) AS total ORDER BY total DESC LIMIT 1 RETURN value"
    return draw.pair(forms, answer, noun=column.prop.noun, **table.words)


# ------------------------------------------------------------------------------------------------- questions that follow a relationship


def _hop_forms(hop: _Hop) -> tuple[str, ...]:
    """Ways to ask for the nodes at the near end; `{does}`, `{does_one}` and `{that}` hold the rest of the pattern."""
    if hop.unique:
        return ("Which {one} {does}?", "Find the {one} {that}.", "Name the {one} {that}.", "What is the {key} of the {one} {that}?")
    forms: tuple[str, ...] = (
        "List the {many} {that}.",
        "Find all {many} {that}.",
        "Give me the {many} {that}.",
        "What are the {keys} of the {many} {that}?",
    )
    forms += ("Which {many} {does}?",) * 3
    return forms + ("Who {does_one}?",) * 2 if hop.asked.who else forms


def _rest(hop: _Hop, other: str, *, many: bool = False) -> dict[str, str]:
    return {
        "does": hop.does(other, many=many),
        "does_one": hop.does(other, many=many, one=True),
        "that": hop.that(other, many=many),
        "that_one": hop.that(other, many=many, one=True),
        **hop.asked.words,
    }


def _is_plural(hop: _Hop) -> bool:
    return not hop.unique


def _hop_list(draw: _Draw) -> Pair | None:
    hop = draw.hop()
    if hop is None:
        return None
    at = hop.ends(draw.tie(hop))[1]
    path = _path([hop])
    answer = f"MATCH {path.text} WHERE {draw.other_is(hop, path.nodes[1], at)} RETURN {path.nodes[0]}.{hop.asked.key.name}"
    return draw.pair(_hop_forms(hop), answer, **_rest(hop, draw.named(hop.other, at)))


def _hop_column(draw: _Draw) -> Pair | None:
    hop = draw.hop()
    columns = [column for column in hop.asked.columns if column != hop.asked.key and _is_listed(column)] if hop else []
    if hop is None or not columns:
        return None
    column = draw.rng.choice(columns)
    at = hop.ends(draw.tie(hop))[1]
    path = _path([hop])
    forms = (
        "What is the {noun} of the {one} {that}?",
        "Give me the {noun} of the {one} {that}.",
        "Tell me the {noun} of the {one} {that}.",
        "Find the {noun} of the {one} {that}.",
    )
    if not hop.unique:
        forms = (
            "What are the {nouns} of the {many} {that}?",
            "List the {nouns} of the {many} {that}.",
            "Show the {noun} of every {one} {that_one}.",
            "Give me the {nouns} of all {many} {that}.",
        )
    answer = f"MATCH {path.text} WHERE {draw.other_is(hop, path.nodes[1], at)} RETURN {path.nodes[0]}.{column.name}"
    return draw.pair(_listings(column, forms), answer, noun=column.prop.noun, nouns=column.nouns, **_rest(hop, draw.named(hop.other, at)))


def _hop_where(draw: _Draw) -> Pair | None:
    hop = draw.hop()
    if hop is None:
        return None
    made = _filter(draw.rng, draw.scope(hop.other, hop.ends(draw.tie(hop))[1]))
    if made is None:
        return None
    path = _path([hop])
    forms = [form for form in _hop_forms(hop) if "{one}" not in form] or [
        "Which {many} {does}?",
        "List the {many} {that}.",
        "Find all {many} {that}.",
        "Give me the {many} {that}.",
    ]
    answer = f"MATCH {path.text} WHERE {made.on(path.nodes[1])} RETURN {path.nodes[0]}.{hop.asked.key.name}"
    return draw.pair(forms, answer, **_rest(hop, f"{hop.other.many} {draw.rng.choice(made.phrases)}", many=True))


def _hop_both(draw: _Draw) -> Pair | None:
    """A filter on what is asked for besides the name at the far end."""
    hop = draw.hop(_is_plural)
    if hop is None:
        return None
    near, far = hop.ends(draw.tie(hop))
    made = _filter(draw.rng, draw.scope(hop.asked, near), _PLAIN_MAKERS)
    if made is None:
        return None
    path = _path([hop])
    phrase = draw.rng.choice(made.phrases)
    joint = " and" if _manner(phrase) == 2 or phrase.startswith(("who ", "that ")) else ""
    words = _rest(hop, draw.named(hop.other, far))
    conditions = [made.on(path.nodes[0]), draw.other_is(hop, path.nodes[1], far)]
    forms: tuple[str, ...] = (
        "Which {many} {f} {does}?",
        "List the {many} {f}{joint} {that}.",
        "Find all {many} {f}{joint} {that}.",
        "Show me the {many} {f}{joint} {that}.",
    )
    said = _predicate(made, phrase)
    if said and draw.rng.random() < 0.3:
        conditions.reverse()
        forms = ("Which of the {many} {that} {said}?",)
    answer = f"MATCH {path.text} WHERE {' AND '.join(conditions)} RETURN {path.nodes[0]}.{hop.asked.key.name}"
    return draw.pair(forms, answer, f=phrase, joint=joint, said=said or "", **words)


def _hop_count(draw: _Draw) -> Pair | None:
    hop = draw.hop(_is_plural)
    if hop is None:
        return None
    near, far = hop.ends(draw.tie(hop))
    path = _path([hop])
    conditions = [draw.other_is(hop, path.nodes[1], far)]
    made = _filter(draw.rng, draw.scope(hop.asked, near), _PLAIN_MAKERS) if draw.rng.random() < 0.25 else None
    words = _rest(hop, draw.named(hop.other, far))
    answer = "MATCH {} WHERE {} RETURN count({})"
    if made:
        conditions.insert(0, made.on(path.nodes[0]))
        return draw.pair(
            ("How many {many} {f} {does}?",),
            answer.format(path.text, " AND ".join(conditions), path.nodes[0]),
            f=draw.rng.choice(made.phrases),
            **words,
        )
    forms = (
        "How many {many} {does}?",
        "How many {many} {does}?",
        "Count the {many} {that}.",
        "What is the number of {many} {that}?",
        "Give me the number of {many} {that}.",
    )
    return draw.pair(forms, answer.format(path.text, conditions[0], path.nodes[0]), **words)


def _hop_aggregate(draw: _Draw) -> Pair | None:
    hop = draw.hop(lambda hop: not hop.unique and any(_is_number(column) for column in hop.asked.columns))
    if hop is None:
        return None
    column = draw.rng.choice([column for column in hop.asked.columns if _is_number(column)])
    function, adjective = _aggregate(draw.rng, column)
    at = hop.ends(draw.tie(hop))[1]
    path = _path([hop])
    answer = f"MATCH {path.text} WHERE {draw.other_is(hop, path.nodes[1], at)} RETURN {function}({path.nodes[0]}.{column.name})"
    words = _rest(hop, draw.named(hop.other, at))
    return draw.pair(_AGGREGATE_FORMS, answer, w=adjective, noun=column.prop.noun, f=f" {words['that']}", **words)


def _hop_pairs(draw: _Draw) -> Pair | None:
    hop = draw.hop()
    if hop is None:
        return None
    path = _path([hop])
    pronoun, many = hop.them
    item = hop.asked.one if hop.unique else hop.asked.many
    forms = (
        "List every {other} with the {item} {that}.",
        "Show each {other} together with the {item} {that}.",
        "For each {other}, list the {other} and the {item} {that}.",
        "Return every {other} and the {item} {that}.",
    )
    answer = f"MATCH {path.text} RETURN {path.nodes[1]}.{hop.other.key.name}, {path.nodes[0]}.{hop.asked.key.name}"
    return draw.pair(forms, answer, other=hop.other.one, item=item, that=hop.that(pronoun, many=many))


def _per_other(draw: _Draw) -> Pair | None:
    hop = draw.hop(_is_plural)
    if hop is None:
        return None
    path = _path([hop])
    pronoun, many = hop.them
    each = f"each {hop.other.one}"
    words = {
        "each_does": hop.does(each),
        "each_that": hop.that(each),
        "it_does": hop.does(pronoun, many=many),
        "it_that": hop.that(pronoun, many=many),
    }
    forms = (
        "How many {many} {each_does}?",
        "How many {many} {each_does}?",
        "Count the {many} {each_that}.",
        "For each {other}, how many {many} {it_does}?",
        "List every {other} with the number of {many} {it_that}.",
        "Show each {other} and the number of {many} {it_that}.",
    )
    answer = f"MATCH {path.text} RETURN {path.nodes[1]}.{hop.other.key.name}, count({path.nodes[0]})"
    return draw.pair(forms, answer, other=hop.other.one, **words, **hop.asked.words)


def _degrees(draw: _Draw, hop: _Hop) -> list[int]:
    return list(Counter(hop.ends(tie)[0] for tie in draw.schema.ties[hop.link.type]).values())


def _is_counted(hop: _Hop) -> bool:
    """Whether what is asked for may have several of the others."""
    return not (hop.link.edge.single and hop.asks_subject)


def _most(draw: _Draw) -> Pair | None:
    hop = draw.hop(_is_counted)
    count = draw.rng.choice((1, 1, 1, 1, 2, 3))
    if hop is None or not _clear(_degrees(draw, hop), count, high=True):
        return None
    path = _path([hop])
    forms = ("Which {n} {many} {does}?", "List the {n} {many} {that}.", "Find the {n} {many} {that}.", "Show the {n} {many} {that}.")
    if count == 1:
        forms = (
            "Which {one} {does_one}?",
            "Find the {one} {that_one}.",
            "Name the {one} {that_one}.",
            "What is the {key} of the {one} {that_one}?",
        )
    ranked = f"WITH {path.nodes[0]}, count({path.nodes[1]}) AS total ORDER BY total DESC LIMIT {count}"
    words = _rest(hop, f"the most {hop.other.many}", many=True)
    return draw.pair(
        forms, f"MATCH {path.text} {ranked} RETURN {path.nodes[0]}.{hop.asked.key.name}", n=draw.number(max(count, 2)), **words
    )


def _busy(draw: _Draw) -> Pair | None:
    hop = draw.hop(_is_counted)
    degrees = _degrees(draw, hop) if hop else []
    limits = sorted({degree for degree in degrees if 2 <= degree <= 5 and degree > min(degrees)})
    if hop is None or not limits:
        return None
    limit = draw.rng.choice(limits)
    sign, said = (">=", "at least") if limit == 2 or draw.rng.random() < 0.4 else (">", "more than")
    limit -= sign == ">"
    path = _path([hop])
    forms = ("Which {many} {does}?", "List the {many} {that}.", "Find all {many} {that}.", "What are the {keys} of the {many} {that}?")
    having = f"WITH {path.nodes[0]}, count({path.nodes[1]}) AS total WHERE total {sign} {limit}"
    words = _rest(hop, f"{said} {draw.number(limit)} {hop.other.many}", many=True)
    return draw.pair(forms, f"MATCH {path.text} {having} RETURN {path.nodes[0]}.{hop.asked.key.name}", **words)


# ---------------------------------------------------------------------------------------------- questions about a relationship's property


def _speaks_of_tie(hop: _Hop) -> bool:
    """Whether the relationship has a property that neither end could be thought to have."""
    nouns = {column.prop.noun for table in (hop.asked, hop.other) for column in table.columns}
    return bool(hop.link.columns) and not any(column.prop.noun in nouns for column in hop.link.columns)


def _tie_hop(draw: _Draw, fits: Callable[[_Hop], bool] = lambda _: True) -> _Hop | None:
    return draw.hop(lambda hop: _speaks_of_tie(hop) and fits(hop))


def _tie_value(draw: _Draw) -> Pair | None:
    hop = _tie_hop(draw, lambda hop: not hop.asks_subject)
    if hop is None:
        return None
    tie, column = draw.tie(hop), draw.rng.choice(hop.link.columns)
    path = _path([hop], tied=True)
    forms = (
        "What is the {noun} of the {type} relationship between {s} and {o}?",
        "Give me the {noun} of {type} between {s} and {o}.",
        "Look up the {noun} on the {type} relationship between {s} and {o}.",
        "Which {noun} does the {type} relationship between {s} and {o} have?",
    )
    form = draw.rng.choice(forms + hop.link.edge.ask * (8 // max(1, len(hop.link.edge.ask))))
    conditions = [draw.other_is(hop, path.nodes[1], tie.subject), draw.other_is(_Hop(hop.link, True), path.nodes[0], tie.object)]
    if form.index("{o}") < form.index("{s}"):
        conditions.reverse()
    answer = f"MATCH {path.text} WHERE {' AND '.join(conditions)} RETURN {path.tie}.{column.name}"
    ends = {"s": draw.named(hop.other, tie.subject), "o": draw.named(hop.asked, tie.object)}
    return draw.pair((form,), answer, noun=column.prop.noun, type=hop.link.type, **ends)


def _tie_where(draw: _Draw) -> Pair | None:
    hop = _tie_hop(draw, _is_plural)
    if hop is None:
        return None
    tie, named = draw.tie(hop), draw.rng.random() < 0.7
    far = hop.ends(tie)[1]
    peers = [peer.row for peer in draw.schema.ties[hop.link.type] if not named or hop.ends(peer)[1] == far]
    made = _filter(draw.rng, _Scope(hop.link.columns, peers, tie.row, "that"), (_equal, _compare, _compare))
    phrases = [phrase for phrase in made.phrases if phrase.startswith(("with ", "for ", "in "))] if made else []
    if made is None or not phrases:
        return None
    path = _path([hop], tied=True)
    other = draw.named(hop.other, far) if named else f"any {hop.other.one}"
    conditions = [draw.other_is(hop, path.nodes[1], far), made.on(path.tie)] if named else [made.on(path.tie)]
    forms: tuple[str, ...] = (
        "Which {many} {does} {f}?",
        "List the {many} {that} {f}.",
        "Find all {many} {that} {f}.",
        "Give me the {many} {that} {f}.",
    )
    if hop.asked.who:
        forms += ("Who {does_one} {f}?",)
    answer = f"MATCH {path.text} WHERE {' AND '.join(conditions)} RETURN {path.nodes[0]}.{hop.asked.key.name}"
    return draw.pair(forms, answer, f=draw.rng.choice(phrases), **_rest(hop, other))


def _tie_pairs(draw: _Draw) -> Pair | None:
    hop = _tie_hop(draw, _is_plural)
    if hop is None:
        return None
    at, column = hop.ends(draw.tie(hop))[1], draw.rng.choice(hop.link.columns)
    path = _path([hop], tied=True)
    forms = (
        "Which {many} {does}, and with {which}?",
        "List the {many} {that} together with the {noun}.",
        "Show the {many} {that}, each with the {noun}.",
        "Give me the {many} {that} and the {noun} for each.",
    )
    wanted = f"{path.nodes[0]}.{hop.asked.key.name}, {path.tie}.{column.name}"
    answer = f"MATCH {path.text} WHERE {draw.other_is(hop, path.nodes[1], at)} RETURN {wanted}"
    which = f"how many {column.things}" if column.things else f"which {column.prop.noun}"
    return draw.pair(forms, answer, noun=column.prop.noun, which=which, **_rest(hop, draw.named(hop.other, at)))


def _tie_numbers(draw: _Draw) -> tuple[_Hop, int, _Column] | None:
    """A number on the relationships of one node that has several of them."""
    hop = _tie_hop(draw, lambda hop: not hop.unique and _is_number(hop.link.columns[0]))
    if hop is None:
        return None
    at = hop.ends(draw.tie(hop))[1]
    return hop, at, hop.link.columns[0]


def _tie_aggregate(draw: _Draw) -> Pair | None:
    found = _tie_numbers(draw)
    if found is None:
        return None
    hop, at, column = found
    path = _path([hop], tied=True)
    function, adjective = _aggregate(draw.rng, column)
    forms = (
        "What is the {w} {noun} over all {many} {that}?",
        "What is the {w} {noun} for the {many} {that}?",
        "Compute the {w} {noun} across the {many} {that}.",
        "Give me the {w} {noun} over the {many} {that}.",
    )
    answer = f"MATCH {path.text} WHERE {draw.other_is(hop, path.nodes[1], at)} RETURN {function}({path.tie}.{column.name})"
    return draw.pair(forms, answer, w=adjective, noun=column.prop.noun, **_rest(hop, draw.named(hop.other, at)))


def _tie_top(draw: _Draw) -> Pair | None:
    found = _tie_numbers(draw)
    if found is None:
        return None
    hop, at, column = found
    high = draw.rng.random() < 0.6
    values = [_size(tie.row[column.name]) for tie in draw.schema.ties[hop.link.type] if hop.ends(tie)[1] == at]
    if not _clear(values, 1, high=high):
        return None
    path = _path([hop], tied=True)
    forms = (
        "Which {one} {does_one} with {best}?",
        "Find the {one} {that_one} with {best}.",
        "Name the {one} {that_one} with {best}.",
        "What is the {key} of the {one} {that_one} with {best}?",
    )
    order = f"ORDER BY {path.tie}.{column.name}{' DESC' if high else ''} LIMIT 1"
    answer = f"MATCH {path.text} WHERE {draw.other_is(hop, path.nodes[1], at)} RETURN {path.nodes[0]}.{hop.asked.key.name} {order}"
    words = _rest(hop, draw.named(hop.other, at))
    return draw.pair(forms, answer, best=_best(draw.rng, column, high=high), **words)


# ------------------------------------------------------------------------------------------------- questions that follow two of them


def _two_hops(draw: _Draw) -> tuple[_Hop, _Hop, int] | None:
    """Two different relationships, or one twice in the same direction, and a node at their far end."""
    first = draw.hop()
    if first is None:
        return None
    second = draw.hop(lambda hop: hop.asked == first.other and (hop.link != first.link or (hop == first and hop.asked == hop.other)))
    if second is None:
        return None
    middle = first.ends(draw.tie(first))[1]
    ends = [far for near, far in map(second.ends, draw.schema.ties[second.link.type]) if near == middle]
    return (first, second, draw.rng.choice(ends)) if ends else None


def _two_hop_forms(hop: _Hop) -> tuple[str, ...]:
    forms: tuple[str, ...] = (
        "Which {many} {does}?",
        "Which {many} {does}?",
        "List the {many} {that}.",
        "Find all {many} {that}.",
        "Give me the {many} {that}.",
    )
    return (*forms, "Who {does_one}?") if hop.asked.who else forms


def _two_hop_list(draw: _Draw) -> Pair | None:
    found = _two_hops(draw)
    if found is None:
        return None
    first, second, at = found
    path = _path([first, second])
    middle = f"{second.asked.many} {second.that(draw.named(second.other, at))}"
    answer = f"MATCH {path.text} WHERE {draw.other_is(second, path.nodes[2], at)} RETURN {path.nodes[0]}.{first.asked.key.name}"
    return draw.pair(_two_hop_forms(first), answer, **_rest(first, middle, many=True))


def _two_hop_where(draw: _Draw) -> Pair | None:
    found = _two_hops(draw)
    if found is None:
        return None
    first, second, at = found
    made = _filter(draw.rng, draw.scope(second.other, at), (_equal, _equal, _compare, _compare, _spelled))
    if made is None:
        return None
    path = _path([first, second])
    middle = f"{second.asked.many} {second.that(f'{second.other.many} {draw.rng.choice(made.phrases)}', many=True)}"
    answer = f"MATCH {path.text} WHERE {made.on(path.nodes[2])} RETURN {path.nodes[0]}.{first.asked.key.name}"
    return draw.pair(_two_hop_forms(first), answer, **_rest(first, middle, many=True))


# -------------------------------------------------------------------------------------------------------------------------- lessons

_KINDS: Final[tuple[tuple[_Kind, float], ...]] = (
    (_all, 1),
    (_one_column, 1),
    (_two_columns, 1.5),
    (_distinct, 1.5),
    (_lookup, 2.5),
    (_where_equal, 3),
    (_where_compare, 3),
    (_where_spelled, 3),
    (_where_rarely, 2),
    (_where_column, 1.5),
    (_where_two, 3),
    (_count, 1),
    (_count_where, 3),
    (_aggregated, 2.5),
    (_aggregated_where, 2),
    (_top, 3),
    (_top_where, 1.5),
    (_ordered, 2),
    (_group_count, 2.5),
    (_group_aggregate, 2),
    (_group_top, 1),
    (_hop_list, 5),
    (_hop_column, 2.5),
    (_hop_where, 4),
    (_hop_both, 2.5),
    (_hop_count, 2.5),
    (_hop_aggregate, 1.5),
    (_hop_pairs, 1.5),
    (_per_other, 3),
    (_most, 2.5),
    (_busy, 2),
    (_tie_value, 3.5),
    (_tie_where, 3.5),
    (_tie_pairs, 2),
    (_tie_aggregate, 2),
    (_tie_top, 2.5),
    (_two_hop_list, 7),
    (_two_hop_where, 5.5),
)


def lessons(split: Split, seed: int) -> Iterator[Lesson]:
    """Endless and deterministic. Test questions are dropped if wrong answers would pass for right."""
    rng = random.Random(f"{split}:{seed}")
    domains = list(_TRAIN if split == "train" else _TEST)
    while True:
        rng.shuffle(domains)
        for domain in domains:
            text = _draw_schema(rng, domain)
            accepts = _accepts_all if split == "train" else _engine(text).tells
            pairs = _draw_pairs(_Draw(rng, _schema(text)), accepts)
            if len(pairs) == _PAIRS:
                yield Lesson(text, "cypher", pairs)


def _accepts_all(_: str) -> bool:
    return True


def _draw_pairs(draw: _Draw, accepts: Callable[[str], bool]) -> tuple[Pair, ...]:
    """Pairs of different kinds as far as the schema allows."""
    found: dict[str, Pair] = {}
    for _round in range(3):
        for kind, _ in sorted(_KINDS, key=lambda item: draw.rng.random() ** (1 / item[1]), reverse=True):
            pair = _try(draw, kind, accepts)
            if pair:
                found.setdefault(pair.question, pair)
            if len(found) == _PAIRS:
                return tuple(found.values())
    return tuple(found.values())


def _try(draw: _Draw, kind: _Kind, accepts: Callable[[str], bool]) -> Pair | None:
    for _ in range(5):
        pair = kind(draw)
        if pair and _cost(pair.answer) <= _ANSWER_TOKENS and accepts(pair.answer):
            return Pair(_said(draw.rng, pair.question), pair.answer)
    return None


def _said(rng: random.Random, question: str) -> str:
    """People do not always bother with capitals and full stops."""
    if rng.random() < 0.06:
        return question[0].lower() + question[1:].rstrip(".?")
    return question[0].upper() + question[1:]


# ---------------------------------------------------------------------------------------------------------------------------- judge

_READS: Final = re.compile(r"\s*(MATCH|OPTIONAL\s+MATCH|UNWIND|WITH|RETURN)\b", re.IGNORECASE)
_REFUSED: Final = re.compile(
    r"(?<![.:\w`])(ALTER|ATTACH|BEGIN|CALL|CHECKPOINT|COMMENT|COMMIT|COPY|CREATE|DELETE|DETACH|DROP|EXPORT|IMPORT|INSTALL|LOAD|MERGE"
    r"|REMOVE|ROLLBACK|SET|UNINSTALL|UPDATE|USE)\b|;|//|/\*"
    r"|\b(RANGE|REPEAT|LPAD|RPAD)\s*\(",  # these fill the memory in one step, which neither the time limit nor the buffer pool bounds
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_WHERE: Final = re.compile(r" WHERE .*?(?= RETURN )")
_SLIPS: Final = (
    (" > ", " >= "),
    (" < ", " <= "),
    (" >= ", " > "),
    (" <= ", " < "),
    (" STARTS WITH ", " ENDS WITH "),
    (" ENDS WITH ", " STARTS WITH "),
    (" CONTAINS ", " STARTS WITH "),
    (" AND ", " OR "),
    ("avg(", "max("),
    ("sum(", "avg("),
    ("min(", "max("),
    ("max(", "min("),
)
_FAILURES: Final = (RuntimeError, TypeError, ValueError, OverflowError)  # the engine's own, then those of values Python cannot hold
_Cell = tuple[str, float | str]


class _Engine:
    """A small database with the rows of one schema."""

    def __init__(self, schema: _Schema) -> None:
        self._connection = kuzu.Connection(
            kuzu.Database(":memory:", buffer_pool_size=1 << 26, max_num_threads=1, max_db_size=1 << 28), num_threads=1
        )
        self._connection.execute("BEGIN TRANSACTION")
        for table in schema.tables:
            self._add_table(table, schema.rows[table.label])
        for link in schema.links:
            self._add_link(link, schema.ties[link.type])
        self._connection.execute("COMMIT")
        self._connection.set_query_timeout(_TIMEOUT_MS)

    def _add_table(self, table: _Table, rows: Sequence[Row]) -> None:
        columns = f"{_HIDDEN_KEY}: INT64, {_columns_text(table.columns)}".replace(":", "")
        self._connection.execute(f"CREATE NODE TABLE {table.label}({columns}, PRIMARY KEY({_HIDDEN_KEY}))")
        given = [{_HIDDEN_KEY: at, **row} for at, row in enumerate(rows)]
        self._connection.execute(f"UNWIND $rows AS row CREATE (:{table.label} {_assignments(given[0])})", {"rows": given})

    def _add_link(self, link: _Link, ties: Sequence[_Tie]) -> None:
        source, target = (link.object, link.subject) if link.flipped else (link.subject, link.object)
        columns = f", {_columns_text(link.columns)}".replace(":", "") if link.columns else ""
        self._connection.execute(f"CREATE REL TABLE {link.type}(FROM {source.label} TO {target.label}{columns})")
        given = [
            {"from_": tie.object if link.flipped else tie.subject, "to_": tie.subject if link.flipped else tie.object, **tie.row}
            for tie in ties
        ]
        ends = f"MATCH (a:{source.label} {{{_HIDDEN_KEY}: row.from_}}), (b:{target.label} {{{_HIDDEN_KEY}: row.to_}})"
        self._connection.execute(f"UNWIND $rows AS row {ends} CREATE (a)-[:{link.type} {_assignments(ties[0].row)}]->(b)", {"rows": given})

    def rows(self, query: str, most: int | None = None) -> list[tuple[_Cell, ...]] | None:
        """The result of a query, or nothing if it has more rows than wanted."""
        result = self._connection.execute(query)
        if isinstance(result, list):
            raise TypeError(f"several statements: {query!r}")
        if most is not None and result.get_num_tuples() > most:
            return None
        return [tuple(_cell(value) for value in row) for row in result.get_all()]

    def tells(self, answer: str) -> bool:
        """Whether the answer has rows, and other rows than answers that are nearly right."""
        rows = self.rows(answer)
        if not rows or rows[0][-1] in (_cell(None), _cell(0)):
            return False
        return not any(_same(rows, self.rows(miss) or [], ordered=False) for miss in _misses(answer))


def _misses(answer: str) -> set[str]:
    """The answer with a common slip: its conditions forgotten, or one operator taken for its neighbour."""
    slips = {answer.replace(right, wrong) for right, wrong in _SLIPS}
    return (slips | {_WHERE.sub("", answer)}) - {answer}


@lru_cache(maxsize=4)
def _engine(text: str) -> _Engine:
    return _Engine(_schema(text))


def _assignments(row: Row) -> str:
    return "{" + ", ".join(f"{name}: row.{name}" for name in row) + "}" if row else ""


def _cell(value: object) -> _Cell:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return "number", float(value)
    return type(value).__name__, str(value)


def _same(left: Sequence[tuple[_Cell, ...]], right: Sequence[tuple[_Cell, ...]], *, ordered: bool) -> bool:
    if not ordered:
        left, right = sorted(left, key=_rounded), sorted(right, key=_rounded)
    return len(left) == len(right) and all(_same_row(*rows) for rows in zip(left, right, strict=True))


def _rounded(row: tuple[_Cell, ...]) -> list[tuple[str, str]]:
    """A sorting key that puts what is nearly the same at the same place."""
    return [(kind, f"{value:.6g}" if isinstance(value, float) else value) for kind, value in row]


def _same_row(left: tuple[_Cell, ...], right: tuple[_Cell, ...]) -> bool:
    return len(left) == len(right) and all(_same_cell(one[1], other[1]) for one, other in zip(left, right, strict=True) if one != other)


def _same_cell(left: float | str, right: float | str) -> bool:
    return isinstance(left, float) and isinstance(right, float) and math.isclose(left, right, rel_tol=1e-6, abs_tol=1e-9)


def correct(lesson: Lesson, pair: Pair, text: str) -> bool:
    """Whether the query returns the rows of the right answer, in the same order if that answer orders them."""
    query = text.strip().removesuffix(";")
    if not _READS.match(query) or _REFUSED.search(_QUOTED.sub("''", query)):
        return False
    engine = _engine(lesson.schema)
    wanted = engine.rows(pair.answer) or []
    try:
        found = engine.rows(query, most=len(wanted))
    except _FAILURES:
        return False
    return found is not None and _same(found, wanted, ordered=" ORDER BY " in pair.answer)
