"""Sentence to JSON: the context is a shape (key to type name), the question a sentence, the answer one JSON object.

The answer is never parsed out of a sentence. A record is drawn, a template says part of it, and only what was said goes
into the answer; all the rest is null. So sentence, shape and answer cannot disagree.

Templates are written in a small notation: `<a/b>` is a choice of wording, `[...]` a clause that may be dropped (clauses
nest), `{key}` a value, `{key?yes|no}` the phrase for a boolean, `a(n)` the article that fits the next word. Values are
patterns: alternatives split by `/`, `%name` an alternative of that named pattern, `#` a digit from 1 to 9, `@` a capital.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from .task import Lesson, Pair, Split

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

PAIRS_PER_LESSON = 8
# A shape that fewer wordings cover would teach the wording instead of the task.
FEWEST_TEMPLATES = 3
MOST_LEAVES = 6
# Rough token budgets (see `_cost`): a tiny model learns and answers fastest when everything stays short.
SHAPE_BUDGET, QUESTION_BUDGET, ANSWER_BUDGET = 50, 52, 58


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a sentence may say. `keys` are the names a shape may call it (templates use the first), `kind` its type there."""

    keys: tuple[str, ...]
    kind: Json
    draw: Callable[[random.Random], Json]

    @property
    def name(self) -> str:
        return self.keys[0]


@dataclass(frozen=True, slots=True)
class Domain:
    """A subject with its facts and wordings. The first field is in every shape; `nest` names facts one object may hold."""

    fields: tuple[Field, ...]
    templates: tuple[str, ...]
    nest: tuple[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Leaf:
    """A key of a shape with a plain value."""

    key: str
    field: Field


@dataclass(frozen=True, slots=True)
class Group:
    """A key of a shape with an object as its value."""

    key: str
    leaves: tuple[Leaf, ...]


Layout = tuple[Leaf | Group, ...]

_PATTERNS: dict[str, str] = {
    "first": "Ann/Bela/Carlos/Dina/Emil/Fatima/Goran/Hana/Ivo/Jana/Kofi/Lena/Marco/Nadia/Omar/Paula/Quentin/Rosa/Sven/Tara/Ugo/Vera/"
    "Wei/Ximena/Yusuf/Zoë/Aiko/Bruno/Chloé/Dmitri/Elif/Felix/Greta/Hugo/Ines/Jonas/Kira/Liam/Maya/Noor/Oskar/Priya/Rafael/Sofia/"
    "Tomás/Ursula/Viktor/Wanda/Yara/Zane/Grace/Peter/Ruth/Daniel/Mei/Samuel",
    "last": "Lee/Novak/Costa/Okafor/Lindqvist/Rossi/Tanaka/Meyer/Haddad/Silva/Kowalski/Brandt/Duarte/Ferreira/Nakamura/O'Neill/"
    "Petrov/Quinn/Ramos/Schmidt/Takeda/Ueda/Varga/Walsh/Xu/Yilmaz/Zhang/Abbott/Bianchi/Carter/Dubois/Eriksen/Fischer/García/Holm/"
    "Ivanova/Jensen/Khan/Larsen/Mbeki/Nguyen/Olsen/Park/Reyes/Singh/Torres/Weber/Young/Adeyemi/Bauer/Clarke/Moreau/Sato/Grant",
    "person": "%first %last",
    "city": "Porto/Lyon/Kyoto/Oslo/Lima/Ghent/Turin/Bergen/Cork/Dakar/Quito/Hanoi/Leeds/Nantes/Riga/Split/Tampere/Utrecht/Vienna/"
    "Warsaw/Zagreb/Aarhus/Basel/Cairo/Denver/Essen/Fukuoka/Graz/Halifax/Izmir/Jaipur/Krakow/Lagos/Malmö/Nairobi/Ottawa/Perth/"
    "Rabat/Seville/Tallinn/Valencia/Windhoek/Accra/Boston/Córdoba/Delft/Edinburgh/Florence/Geneva/Havana/São Paulo/Cape Town/"
    "New Delhi/San Diego/Buenos Aires/Zürich",
    "country": "Portugal/France/Japan/Norway/Peru/Belgium/Italy/Ireland/Senegal/Ecuador/Vietnam/Latvia/Finland/Austria/Poland/"
    "Croatia/Denmark/Egypt/Canada/Kenya/Morocco/Spain/Estonia/Namibia/Ghana/Chile/Brazil/Mexico/New Zealand/South Korea",
    "road": "Mill Lane/Oak Street/Harbor Road/Station Road/King Street/Garden Avenue/Church Lane/River Street/Hill Road/Elm Court/"
    "Market Square/Bridge Street/Park Avenue/Orchard Way/Queen Street",
    "street": "# %road/## %road/1## %road",
    "brand": "Northwind/Halden/Brightway/Korvo/Lumina/Tessel/Orbis/Fennel/Maris/Quanta/Solvik/Arden/Bellweather/Cobalt/Drift/Everly/"
    "Foxglove/Granite/Helios/Juniper/Kestrel/Larkspur/Monarch/Nimbus/Vela",
    "company": "%brand Labs/%brand Foods/%brand Group/%brand Studio/%brand Systems/%brand & Sons/%brand Trading/%brand Media/%brand",
    "adj": "Silent/Golden/Broken/Hidden/Last/Distant/Crimson/Empty/Frozen/Gentle/Hollow/Burning/Lonely/Narrow/Paper/Quiet/Restless/"
    "Secret/Velvet/Wild/Winter/Midnight/Salt/Glass",
    "noun": "Harbor/Garden/River/Mirror/Orchard/Lantern/Mountain/Letter/Island/Train/Crown/Window/Forest/Clock/Bridge/Shadow/Tide/"
    "Compass/Meadow/Signal/Summer/Voyage/Empire/Sparrow",
    "title": "The %adj %noun/%adj %noun/%noun of %stuff/A %adj %noun/The %noun/%adj %noun #",
    "beasts": "Foxes/Sparrows/Wolves/Otters/Owls/Tigers/Moths/Swans/Badgers/Herons/Lions",
    "tool": "parser/queue/cache/graph/mailer/router/vector/clock/crypt/render",
    "stuff": "Glass/Salt/Ashes/Gold/Stone/Silence/Rain/Thorns/Dust/Smoke",
    "color": "red/blue/green/black/white/grey/yellow/brown/silver/beige/navy/pink/purple/dark green/light blue",
    "weekday": "Monday/Tuesday/Wednesday/Thursday/Friday/Saturday/Sunday",
    "month": "January/February/March/April/May/June/July/August/September/October/November/December",
    "two": "0/1/2",
    "eight": "0/1/2/3/4/5/6/7/8",
    "year": "2021/2022/2023/2024/2025/2026",
    "iso": "%year-0#-0#/%year-0#-1#/%year-0#-2%eight/%year-1%two-0#/%year-1%two-2%eight",
    "day": "# %month/1# %month/2%eight %month",
    "date": "%iso/%iso/%day/%day %year/%month #/%month 1#",
    "minute": "00/05/10/15/20/30/40/45/50",
    "time": "06:%minute/07:%minute/08:%minute/09:%minute/10:%minute/1#:%minute/1#:%minute/2%two:%minute",
    "worktime": "08:%minute/09:%minute/10:%minute/11:%minute/13:%minute/14:%minute/15:%minute/16:%minute/17:%minute",
    "language": "English/French/Spanish/German/Portuguese/Japanese/Italian/Polish/Arabic/Turkish/Dutch/Hindi/Korean/Swedish",
    "currency": "EUR/USD/GBP/CHF/JPY/CAD/SEK",
}


def _expand(rng: random.Random, pattern: str) -> str:
    """One value of a pattern."""
    chosen = rng.choice(pattern.split("/"))
    chosen = re.sub(r"%(\w+)", lambda found: _expand(rng, _PATTERNS[found[1]]), chosen)
    return re.sub(r"[#@]", lambda found: rng.choice("123456789" if found[0] == "#" else "ABCDEFGHJKLMNPRSTVWXYZ"), chosen)


def _names(keys: str) -> tuple[str, ...]:
    return tuple(keys.split("|"))


def _text(keys: str, pattern: str) -> Field:
    return Field(_names(keys), "string", lambda rng: _expand(rng, pattern))


def _int(keys: str, low: int, high: int, step: int = 1) -> Field:
    return Field(_names(keys), "integer", lambda rng: rng.randrange(low, high + 1, step))


def _num(keys: str, low: int, high: int) -> Field:
    """A measured number, with one decimal unless that is zero: 4.0 is written 4, as people do."""
    return Field(_names(keys), "number", lambda rng: _plain(rng.randint(low * 10, high * 10) / 10))


def _cash(keys: str, low: int, high: int) -> Field:
    """A price. No cents that end in zero, since 12.50 would be 12.5 in the answer and no longer a copy."""
    return Field(_names(keys), "number", lambda rng: _plain(rng.randint(low, high) + rng.choice((0, 0, 0.25, 0.49, 0.75, 0.95, 0.99))))


def _flag(keys: str) -> Field:
    return Field(_names(keys), "boolean", lambda rng: rng.random() < 0.5)


def _list(keys: str, pattern: str) -> Field:
    def draw(rng: random.Random) -> Json:
        return list(rng.sample(pattern.split("/"), rng.choice((1, 2, 2, 3, 3))))

    return Field(_names(keys), ["string"], draw)


def _plain(number: float) -> Json:
    return int(number) if number == int(number) else round(number, 2)


_TRAIN: tuple[Domain, ...] = (
    Domain(  # people
        (
            _text("name|full_name|person", "%person"),
            _int("age", 18, 79),
            _text("job|profession|occupation", "nurse/architect/baker/teacher/plumber/editor/pilot/chemist/gardener/lawyer/dentist/welder"),
            _text("street", "%street"),
            _text("city|town|home_city", "%city"),
            _flag("member|is_member"),
            _int("children|num_children", 2, 6),
            _list("hobbies|interests|tags", "jazz/chess/rowing/pottery/cycling/poetry/hiking/opera/baking/sailing/judo/yoga/karaoke"),
        ),
        (
            "{name}[, {age},] lives[ at {street}] in {city}[ and {member?is|is not} a member][; <likes/enjoys> {hobbies}].",
            "My name is {name}[ and I am {age}].[ I work as a(n) {job}.][ I live <at/on> {street}[ in {city}].][ I love {hobbies}.]",
            (
                "{name} is a(n) {job}[ from {city}][ with {children} children][ and {member?has joined the club|has not joined the club}]."
                "[ Interests: {hobbies}.]"
            ),
            "<Meet/This is> {name}, {age} years old[, a(n) {job} in {city}].[ Fond of {hobbies}.][ {member?A member|Not a member}.]",
            "[At {age}, ]{name} has {children} children[ and works as a(n) {job}].[ The address is {street}[, {city}].]",
            "{member?We count|We do not count} {name}[ of {city}] among our members.[ <Age/Aged> {age}.][ Hobbies are {hobbies}.]",
            "{name} - {job}[ - {age} years][ - {city}][ - {member?member|not a member}][ - likes {hobbies}]",
        ),
        ("address", ("street", "city")),
    ),
    Domain(  # products
        (
            _text(
                "product|item|product_name", "desk lamp/kettle/backpack/office chair/blender/umbrella/headset/toaster/tent/water bottle/rug"
            ),
            _text("brand|maker", "%brand"),
            _cash("price|cost|unit_price", 5, 240),
            _text("color|colour", "%color"),
            _int("stock|units_left|quantity", 2, 400),
            _num("width_cm", 8, 90),
            _num("height_cm", 8, 120),
            _flag("waterproof|is_waterproof"),
            _list("materials", "steel/cotton/bamboo/glass/leather/nylon/oak/wool/aluminium/rubber/cork"),
        ),
        (
            (
                "The {product} by {brand} <costs/sells for> ${price}[ and comes in {color}].[ It {waterproof?is|is not} waterproof.]"
                "[ We have {stock} left.]"
            ),
            (
                "{brand} <makes/sells> a(n) {color} {product}[ made of {materials}][ for {price} euros].[ It is {width_cm} cm wide[ and "
                "{height_cm} cm high].]"
            ),
            "For sale: {product}[ in {color}][, ${price}][, {waterproof?waterproof|not waterproof}][, {stock} in stock].",
            "There are {stock} units of the {color} {product}[ from {brand}] in the warehouse[, priced at {price} each].",
            (
                "This {product} is made of {materials}[ and measures {width_cm} cm across[ and {height_cm} cm in height]]."
                "[ The brand is {brand}.][ Price: ${price}.]"
            ),
            (
                "At ${price}, the {brand} {product} {waterproof?can|cannot} stand the rain: it {waterproof?is|is not} waterproof."
                "[ Color: {color}.][ Stock: {stock}.]"
            ),
        ),
        ("size", ("width_cm", "height_cm")),
    ),
    Domain(  # flights
        (
            _text("flight|flight_number", "TK ###/LH ####/BA ##/AF ###/KL ####/@@ ###/@@####"),
            _text("origin|from|departure_city", "%city"),
            _text("destination|to|arrival_city", "%city"),
            _text("departs|departure_time", "%time"),
            _text("gate", "@#/@1#/#"),
            _int("seats_left|free_seats", 2, 60),
            _flag("delayed|is_delayed"),
            _cash("fare|price", 39, 890),
            _text("airline|carrier", "%brand Air/%brand Airways/Air %brand"),
        ),
        (
            (
                "Flight {flight} <from/leaving> {origin} to {destination}[ departs at {departs}][ from gate {gate}].[ It "
                "{delayed?is|is not} "
                "delayed.]"
            ),
            (
                "{airline} flies from {origin} to {destination}[ as {flight}][ for ${fare}].[ {seats_left} seats are left.][ "
                "Departure: {departs}.]"
            ),
            (
                "Passengers of flight {flight} to {destination} should go to gate {gate}.[ The flight {delayed?is delayed|is "
                "on time}.][ It leaves at {departs}.]"
            ),
            (
                "The {departs} flight to {destination}, {flight},[ run by {airline},] {delayed?is running late|is not running "
                "late}.[ Gate {gate}.]"
            ),
            "{flight}: {origin} - {destination}[, {departs}][, gate {gate}][, {delayed?delayed|on time}][, {seats_left} seats free]",
            (
                "A ticket from {origin} to {destination}[ with {airline}] costs ${fare}.[ The flight number is {flight}.][ "
                "There are {seats_left} seats left.]"
            ),
        ),
        ("route", ("origin", "destination")),
    ),
    Domain(  # recipes
        (
            _text(
                "dish|recipe|recipe_name",
                "lentil soup/apple pie/paella/fish curry/pad thai/onion tart/beef stew/falafel/risotto/ramen/waffles",
            ),
            _int("servings|serves", 2, 12),
            _int("prep_minutes", 5, 45, 5),
            _int("cook_minutes", 10, 180, 5),
            _flag("vegan|is_vegan"),
            _text("difficulty|level", "easy/medium/hard"),
            _list("ingredients", "garlic/butter/lemon/rice/ginger/basil/cumin/onion/flour/cream/parsley/saffron/chili"),
            _text("author|chef", "%person"),
        ),
        (
            (
                "The recipe for {dish} serves {servings}[ and {vegan?is|is not} vegan].[ You need {ingredients}.][ Cook it for "
                "{cook_minutes} minutes.]"
            ),
            (
                "<Try/Make> {dish} tonight: {prep_minutes} minutes to prepare[ and {cook_minutes} minutes to cook].[ Serves {servings}.]"
                "[ Level: {difficulty}.]"
            ),
            "{author} shared a recipe for {dish}[ with {ingredients}].[ It {vegan?is|is not} vegan.][ It is enough for {servings} people.]",
            (
                "The recipe for {dish} is rated {difficulty}[ and takes {prep_minutes} minutes of preparation].[ Cooking takes "
                "{cook_minutes} minutes.]"
            ),
            (
                "A {vegan?vegan|non-vegan} recipe: {dish}[ for {servings} people][ by {author}][, made with {ingredients}].[ "
                "Difficulty: {difficulty}.]"
            ),
            (
                "To make {dish}, take {ingredients}[, prepare for {prep_minutes} minutes][, then cook for {cook_minutes} minutes].[ It "
                "{vegan?suits|does not suit} vegans.]"
            ),
        ),
        ("time", ("prep_minutes", "cook_minutes")),
    ),
    Domain(  # restaurant bookings
        (
            _text("guest|booked_by|name", "%person"),
            _int("party_size|guests|people", 2, 14),
            _text("date|day", "%date/%weekday"),
            _text("time|booking_time", "1#:%minute/2%two:%minute"),
            _text("restaurant|place", "Casa %last/Café %noun/The %adj Fork/Trattoria %last/%noun Bistro"),
            _flag("outdoor|outside|terrace"),
            _text("phone|contact", "555-0##/555-1###/07## ### ###"),
            _list("allergies", "nuts/gluten/shellfish/milk/eggs/soy/sesame/celery"),
        ),
        (
            (
                "{guest} booked a table for {party_size}[ at {restaurant}][ on {date}][ at {time}].[ They want to sit "
                "{outdoor?outside|inside}.]"
            ),
            "Please reserve a table for {party_size} people[ on {date}][ at {time}] under the name {guest}.[ Allergies: {allergies}.]",
            (
                "Reservation at {restaurant}: {guest}, {party_size} guests[, {date}][, {time}][, phone {phone}][, "
                "{outdoor?outdoor|not outdoor} table]."
            ),
            (
                "Hello, this is {guest}[, my number is {phone}]. A table <at/for> {time}[ on {date}], please[, {outdoor?on the "
                "terrace|not on the "
                "terrace}].[ One of us is allergic to {allergies}.]"
            ),
            "On {date}[ at {time}], {guest} will dine[ with a party of {party_size}] at {restaurant}.[ Call {phone} with questions.]",
            (
                "The table of {guest} {outdoor?is outdoors|is not outdoors}[ and seats {party_size}].[ It is held from {time}[ on {date}].]"
                "[ Known allergies are {allergies}.]"
            ),
        ),
        ("slot", ("date", "time")),
    ),
    Domain(  # invoices
        (
            _text("invoice|invoice_number|number", "INV-####/INV-##/F-###/2026-1##/@-###"),
            _text("customer|client", "%company"),
            _text("city|billing_city", "%city"),
            _cash("amount|total", 40, 4800),
            _text("currency", "%currency"),
            _text("due|due_date", "%date"),
            _flag("paid|is_paid|settled"),
            _list("items|lines", "paper/toner/chairs/cables/desks/monitors/cleaning/delivery/training/design work"),
        ),
        (
            "Invoice {invoice} to {customer}[ in {city}] is for {amount} {currency}[, due on {due}].[ It {paid?has|has not} been paid.]",
            "We billed {customer} {amount} {currency}[ for {items}] on invoice {invoice}.[ Payment is due {due}.]",
            (
                "{customer}[ of {city}] {paid?has paid|has not paid} invoice {invoice}[, which covers {items}].[ The total was "
                "{amount}[ {currency}].]"
            ),
            "Invoice {invoice}[: {items}][; customer {customer}, {city}][; total {amount}[ {currency}]][; {paid?paid|unpaid}].",
            "The due date of invoice {invoice} to {customer} is {due}.[ The amount is {amount} {currency}.][ It lists {items}.]",
            "The bill {invoice} for {items} {paid?is settled|is still open}[ and was sent to {customer}[ in {city}]].[ Sum: {amount}.]",
        ),
        ("billing", ("customer", "city")),
    ),
    Domain(  # weather reports
        (
            _text("city|location|place", "%city"),
            _text("day|date", "%weekday/%date"),
            _int("low|min_temp", -12, 9),
            _int("high|max_temp", 10, 36),
            _flag("rain|rainy"),
            _int("wind_kmh", 3, 80),
            _text("wind_direction", "north/south/east/west/north-west/south-east"),
            _num("humidity|humidity_percent", 20, 98),
            _text("sky|conditions", "cloudy/clear/overcast/foggy/hazy/sunny"),
        ),
        (
            "{city} will be {sky} on {day}.[ The high is {high} degrees.][ The low is {low} degrees.][ Rain {rain?is|is not} expected.]",
            (
                "On {day}, expect lows of {low}[ and highs of {high}] in {city}[, with {sky} skies].[ Wind of {wind_kmh} km/h[ from the "
                "{wind_direction}].]"
            ),
            "Weather for {city}: {sky}[, high {high}][, low {low}][, humidity {humidity}%][, {rain?rain|no rain}].",
            (
                "It {rain?will|will not} rain in {city}[ on {day}].[ The wind blows at {wind_kmh} km/h[ from the "
                "{wind_direction}].][ Humidity is "
                "{humidity} percent.]"
            ),
            "The forecast for {city}[ on {day}] says {high} degrees at most[, {low} at least][, and {rain?some|no} rain].",
            (
                "{city} reports {humidity}% humidity[ under {sky} skies].[ Wind: {wind_kmh} km/h[ from the {wind_direction}].][ Top "
                "temperature: {high}.]"
            ),
        ),
        ("wind", ("wind_kmh", "wind_direction")),
    ),
    Domain(  # job ads
        (
            _text(
                "role|job_title|position",
                "data analyst/truck driver/head chef/web developer/sales manager/editor/electrician/accountant/nurse",
            ),
            _text("company|employer", "%company"),
            _text("city|location|office", "%city"),
            _int("salary|yearly_salary", 28000, 98000, 500),
            _text("currency", "%currency"),
            _flag("remote|is_remote"),
            _int("years|min_experience|experience_years", 2, 9),
            _list("skills|requirements", "Excel/Python/German/SQL/driving/teamwork/welding/accounting/French/design/first aid"),
            _text("deadline|apply_by", "%date"),
        ),
        (
            (
                "{company} is <hiring/looking for> a(n) {role}[ in {city}][ at {salary} {currency} a year].[ Remote work "
                "{remote?is|is not} possible.]"
            ),
            "Job: {role}[ at {company}][, {city}][. Pay: {salary}[ {currency}]][. Skills: {skills}][. {remote?Remote|Not remote}].",
            (
                "We need a(n) {role} with {years} years of experience[ and knowledge of {skills}].[ The office is in {city}.][ "
                "Apply by {deadline}.]"
            ),
            "Apply by {deadline} to become a(n) {role} at {company}.[ You know {skills}.][ The salary is {salary} {currency}.]",
            (
                "Our team in {city} wants a(n) {role}[ who knows {skills}].[ The job {remote?can|cannot} be done remotely[ and "
                "pays {salary} "
                "{currency}].]"
            ),
            (
                "The {role} position at {company} asks for {years} years in the field[ and pays {salary}[ {currency}]].[ It "
                "{remote?is|is not} remote.]"
            ),
        ),
        ("pay", ("salary", "currency")),
    ),
    Domain(  # books
        (
            _text("title|book|book_title", "%title"),
            _text("author|written_by|writer", "%person"),
            _int("year|published|pub_year", 1890, 2025),
            _int("pages|page_count", 90, 880),
            _text("publisher", "%brand Press/%brand Books/%last & %last"),
            _text("language", "%language"),
            _flag("hardcover|is_hardcover"),
            _cash("price|cost", 6, 45),
            _list("genres|tags", "mystery/romance/history/fantasy/horror/travel/satire/memoir/science fiction/poetry"),
        ),
        (
            '"{title}" by {author} has {pages} pages[ and was published in {year}[ by {publisher}]].[ Genres: {genres}.]',
            "{author} wrote {title}[ in {year}].[ The book has {pages} pages[ and costs ${price}].][ Language: {language}.]",
            (
                "The book {title}[ ({year})] {hardcover?is|is not} a hardcover[ and costs {price} euros].[ The author is "
                "{author}.][ Written in "
                "{language}.]"
            ),
            "I just read {title}, a book of {pages} pages[ by {author}][ from {publisher}].[ It mixes {genres}.]",
            "{publisher} released {title}[ by {author}] in {year}.[ It is <about/filed under> {genres}.][ Hardcover: {hardcover?yes|no}.]",
            "{title} - {author}[, {year}][, {pages} pages][, {language}][, ${price}][, {hardcover?hardcover|not hardcover}]",
            "Written in {language}, {title} runs to {pages} pages[ and sells for ${price}].[ {author} wrote it.]",
        ),
    ),
    Domain(  # films
        (
            _text("film|movie|title", "%title"),
            _text("director|directed_by", "%person"),
            _int("year|release_year", 1950, 2025),
            _int("minutes|runtime|duration_min", 78, 210),
            _num("rating|score", 2, 9),
            _flag("subtitled|has_subtitles"),
            _list("cast|actors|stars", "Ada Brook/Leo Marsh/Nina Falk/Ravi Sen/Tom Hale/Eva Lund/Juan Paz/Kim Doran/Lila Stone/Max Orr"),
            _text("country|made_in", "%country"),
        ),
        (
            "{film} is a(n) {minutes}-minute film directed by {director}[, released in {year}].[ It stars {cast}.][ It is rated {rating}.]",
            "The {year} film {film}[ by {director}] {subtitled?has|has no} subtitles[ and lasts {minutes} minutes].[ Starring {cast}.]",
            "{director} shot {film} in {country}[ in {year}][ with {cast}].[ Viewers gave it {rating}.]",
            (
                "With a rating of {rating}, {film} {subtitled?is shown with subtitles|is shown without subtitles}[; it runs "
                "{minutes} minutes]"
                "[ and was made in {country}]."
            ),
            (
                "Tonight: {film}[ ({year})][, directed by {director}][, {minutes} minutes][, with {cast}][, "
                "{subtitled?subtitled|not subtitled}]."
            ),
            (
                "{cast} <appear/can be seen> in {film}[, directed by {director}][ in {year}].[ Running time: {minutes} "
                "minutes.][ Score: {rating}.]"
            ),
        ),
    ),
    Domain(  # homes
        (
            _text("listing|listing_id|ref", "H-###/REF ####/@@-##/L####"),
            _text("street", "%street"),
            _text("city|town", "%city"),
            _int("rent|monthly_rent", 450, 3200, 10),
            _int("bedrooms|beds", 2, 6),
            _num("area_m2|size_m2", 35, 260),
            _flag("furnished|is_furnished"),
            _flag("pets|pets_allowed"),
            _list("features|amenities", "balcony/garage/garden/cellar/fireplace/lift/pool/terrace/solar panels"),
        ),
        (
            (
                "Listing {listing}: a(n) {furnished?furnished|unfurnished} flat[ at {street}][ in {city}][ for {rent} a "
                "month].[ It has {bedrooms} "
                "bedrooms.]"
            ),
            "Home {listing} at {street}, {city} has {bedrooms} bedrooms[ and covers {area_m2} m2].[ Pets {pets?are|are not} allowed.]",
            "For rent in {city}: {listing}, {area_m2} m2[, {bedrooms} bedrooms][, {rent} per month][, {pets?pets welcome|no pets}].",
            "The flat {listing}[ on {street}] comes with {features}[ and {furnished?is|is not} furnished].[ Rent is {rent}.]",
            "You can rent {listing} for {rent} per month[; pets {pets?may|may not} live there].[ Extras: {features}.][ City: {city}.]",
            (
                "{bedrooms} bedrooms[, {area_m2} square metres][ and {features}]: that is {listing}[ in {city}].[ It "
                "{furnished?comes|does not come} furnished.]"
            ),
        ),
        ("address", ("street", "city")),
    ),
    Domain(  # used cars
        (
            _text("model|car|car_model", "%brand #00/%brand GT/%brand @#/%brand %noun/%brand Mini"),
            _int("year|built", 1995, 2024),
            _int("km|mileage_km|mileage", 4000, 240000, 500),
            _cash("price|asking_price", 900, 28000),
            _text("fuel|fuel_type", "petrol/diesel/electric/hybrid"),
            _text("color|paint", "%color"),
            _flag("accident_free|no_accidents"),
            _text("seller|owner", "%person"),
            _list("extras|options", "sunroof/heated seats/tow bar/navigation/roof rack/parking camera/alloy wheels"),
        ),
        (
            (
                "{seller} is selling a(n) {color} {model}[ from {year}][ with {km} km on the clock][ for ${price}].[ It "
                "{accident_free?is|is not} "
                "accident-free.]"
            ),
            "{model}, built in {year}[, {fuel}][, {km} km][, {color}][, {accident_free?accident-free|not accident-free}][, ${price}].",
            "This {fuel} {model} has driven {km} km[ and has {extras}].[ The owner, {seller}, asks ${price}.]",
            "For ${price} you get a {year} {model}[ in {color}][ with {extras}].[ Fuel: {fuel}.][ Call {seller}.]",
            (
                "The {model}[ from {year}] has a(n) {fuel} engine[ and {accident_free?is accident-free|has had an accident}].[ "
                "Mileage: {km} km.]"
            ),
            "Used car: {model}[, owned by {seller}][, year {year}][, extras: {extras}]. Price {price}.",
        ),
    ),
    Domain(  # concerts
        (
            _text("band|artist|act", "The %adj %beasts/%brand Trio/%first %last/%noun Collective/%adj %noun"),
            _text("venue|hall", "%noun Hall/%last Arena/Club %noun/The %noun Room"),
            _text("city", "%city"),
            _text("date|when", "%date"),
            _text("doors|doors_open", "17:%minute/18:%minute/19:%minute/20:%minute/21:%minute"),
            _cash("ticket_price|price", 12, 160),
            _flag("sold_out|is_sold_out"),
            _list("support|opening_acts", "Blue Kite/Nora Fell/Low Tide/Static Fox/Paper Moon/The Locals/Mint Club"),
        ),
        (
            "{band} <will play/plays> {venue}[ in {city}] on {date}[; doors open at {doors}].[ The show {sold_out?is|is not} sold out.]",
            (
                "Tickets for {band}[ at {venue}] cost ${ticket_price}[ and {sold_out?are sold out|are not sold out}].[ Date: {date}.]"
                "[ Support: {support}.]"
            ),
            "On {date}, {city} welcomes {band}[ with {support} as support].[ Doors: {doors}.][ Price: {ticket_price}.]",
            "{support} will open for {band}[ at {venue}][ in {city}][ on {date}].[ Tickets are ${ticket_price}.]",
            "The concert of {band} on {date} {sold_out?is sold out|still has tickets}.[ It takes place in {venue}[, {city}].]",
            "Live: {band}[, {venue}][, {city}][, {date}][, doors {doors}][, {ticket_price} euros][, {sold_out?sold out|not sold out}]",
        ),
        ("place", ("venue", "city")),
    ),
    Domain(  # hotel stays
        (
            _text("guest|guest_name", "%person"),
            _text("hotel", "Hotel %last/%noun Inn/The %adj Palace/%city Lodge/%brand Suites"),
            _text("check_in|arrival", "%date"),
            _int("nights", 2, 21),
            _text("room|room_number", "#0#/1##/2%eight#"),
            _flag("breakfast|with_breakfast"),
            _cash("rate|price_per_night", 45, 320),
            _list("requests|extras", "late checkout/extra pillows/baby cot/sea view/quiet floor/airport pickup/parking"),
        ),
        (
            "{guest} is staying {nights} nights at {hotel}[ from {check_in}][ in room {room}].[ Breakfast {breakfast?is|is not} included.]",
            "{hotel} expects {guest} on {check_in}[ for {nights} nights][ at {rate} per night].[ Requests: {requests}.]",
            (
                "Room {room}[ at {hotel}] is booked for {guest}[, arriving {check_in}][, {breakfast?with|without} breakfast][, "
                "${rate} a night]."
            ),
            "{guest} asked for {requests}[ when booking {nights} nights][ at {hotel}].[ The rate is ${rate}.][ Check-in: {check_in}.]",
            "Booking for {guest}: {nights} nights[, {hotel}][, room {room}][, {breakfast?breakfast|no breakfast}][, from {check_in}].",
            (
                "The stay of {guest} {breakfast?includes breakfast|does not include breakfast}[ and costs {rate} per night].[ "
                "Arrival is {check_in}"
                "[, room {room}].]"
            ),
        ),
        ("stay", ("check_in", "nights")),
    ),
    Domain(  # pets for adoption
        (
            _text("pet|pet_name|name", "Bella/Milo/Luna/Rocky/Coco/Simba/Daisy/Nero/Pixel/Mocha/Biscuit/Olive/Ziggy/Pepper/Shadow"),
            _text("species|animal", "dog/cat/rabbit/parrot/hamster/ferret/tortoise"),
            _int("age|age_years", 2, 15),
            _num("weight_kg|weight", 1, 40),
            _text("color|coat", "%color"),
            _flag("vaccinated|is_vaccinated"),
            _flag("good_with_children|likes_children"),
            _text("shelter|location", "%noun Shelter/%city Shelter/%last Animal Home"),
            _list("traits|tags", "playful/calm/shy/curious/loyal/noisy/gentle/clever"),
        ),
        (
            "{pet} is a(n) {age}-year-old {species}[ at {shelter}][ who is {traits}].[ Vaccinated: {vaccinated?yes|no}.]",
            (
                "Meet {pet}, a(n) {color} {species}[ of {weight_kg} kg][, {age} years old].[ {pet} {good_with_children?is|is "
                "not} good with children.]"
            ),
            (
                "{shelter} is looking for a home for {pet}, a {species} that {vaccinated?has|has not} been vaccinated[ and "
                "weighs {weight_kg} kg]."
            ),
            (
                "Our {species} {pet} is {traits}[ and {good_with_children?gets|does not get} along with children].[ Age: "
                "{age}.][ Color: {color}.]"
            ),
            (
                "{pet} ({species}[, {color}][, {age} years][, {weight_kg} kg]) {vaccinated?is vaccinated|is not vaccinated}.[ "
                "Find {pet} at {shelter}.]"
            ),
            "You will find the {color} {species} {pet} at {shelter}[; {pet} is {traits}].[ {pet} weighs {weight_kg} kg.]",
        ),
    ),
    Domain(  # courses
        (
            _text(
                "course|course_name",
                "Intro to Statistics/Modern Poetry/Watercolor Basics/Organic Chemistry/Game Design/World History/Linear Algebra",
            ),
            _text("teacher|instructor|taught_by", "%person"),
            _int("weeks|duration_weeks", 3, 24),
            _text("weekday|day", "%weekday"),
            _text("time|start_time", "%worktime"),
            _int("seats|capacity", 8, 120),
            _flag("online|is_online"),
            _cash("fee|price", 40, 900),
            _list("topics", "logic/colour/rhythm/proofs/maps/atoms/sonnets/wars/vectors/levels/sampling"),
        ),
        (
            "{teacher} teaches {course}[ on {weekday}][ at {time}][ for {weeks} weeks].[ The course {online?is|is not} online.]",
            "{course} lasts {weeks} weeks[ and costs ${fee}].[ The teacher is {teacher}.][ Topics: {topics}.][ Seats: {seats}.]",
            "The course {course} {online?is|is not} held online.[ It meets every {weekday}[ at {time}].][ It has {seats} seats.]",
            "Learn about {topics} in {course}[ with {teacher}].[ The fee is {fee} euros.][ Length: {weeks} weeks.]",
            "{seats} students can join {course}[ on {weekday}[ at {time}]][ for a fee of ${fee}].[ It covers {topics}.]",
            "Every {weekday}[ at {time}]: {course}[ by {teacher}][, {online?online|in the classroom, not online}][, {weeks} weeks].",
        ),
        ("schedule", ("weekday", "time")),
    ),
    Domain(  # football matches
        (
            _text("home|home_team", "%city United/%city FC/%city Rovers/Real %city/%city Town"),
            _text("away|away_team|visitors", "%city Athletic/%city City/%city Wanderers/Sporting %city"),
            _int("home_goals", 0, 5),
            _int("away_goals", 0, 5),
            _text("stadium|ground", "%last Park/%noun Stadium/%last Field"),
            _int("attendance|crowd|spectators", 900, 61000),
            _flag("extra_time|went_to_extra_time"),
            _text("referee", "%person"),
            _list("scorers|goal_scorers", "Ibarra/Keane/Lund/Moss/Nash/Pires/Roth/Tadić/Vance/Weir"),
        ),
        (
            (
                "{home} scored {home_goals} and {away} scored {away_goals}[ at {stadium}].[ The match {extra_time?went|did not "
                "go} to extra time.]"
            ),
            "At home, {home} met {away}[ in front of {attendance} spectators][ at {stadium}].[ {scorers} scored.][ Referee: {referee}.]",
            "{referee} was the referee when {home} hosted {away}[ at {stadium}].[ There {extra_time?was|was no} extra time.]",
            "{away} travelled to {home} and scored {away_goals}[, while the hosts scored {home_goals}].[ {attendance} people watched.]",
            "A crowd of {attendance} saw {home} host {away}[; goals came from {scorers}].[ Extra time {extra_time?was|was not} needed.]",
            "Home: {home}[ ({home_goals} goals)]. Away: {away}[ ({away_goals} goals)].[ Scorers: {scorers}.][ Referee: {referee}.]",
        ),
        ("score", ("home_goals", "away_goals")),
    ),
    Domain(  # parcels
        (
            _text("tracking|tracking_number|parcel", "PX####/@@###@/TR-###/##-###"),
            _text("sender|sent_by", "%company"),
            _text("recipient|addressee|receiver", "%person"),
            _text("city|destination", "%city"),
            _num("weight_kg|weight", 1, 30),
            _text("arrives|delivery_date|eta", "%date/%weekday"),
            _flag("fragile|is_fragile"),
            _flag("signature|signature_required"),
            _list("contents", "books/shoes/tea/ceramics/toys/cables/soap/seeds/shirts"),
        ),
        (
            (
                "Parcel {tracking} from {sender} to {recipient} weighs {weight_kg} kg.[ It {fragile?is|is not} fragile.][ "
                "Delivery: {arrives}.]"
            ),
            "{sender} sent {recipient}[ in {city}] a parcel with {contents}.[ The tracking number is {tracking}.][ It arrives {arrives}.]",
            "Package {tracking} will reach {recipient}[ in {city}] on {arrives}[; a signature {signature?is|is not} required].",
            (
                "{recipient} is waiting for {tracking}, a(n) {weight_kg} kg parcel[ from {sender}][ containing {contents}].[ "
                "{fragile?Fragile|Not fragile}.]"
            ),
            (
                "Shipment {tracking}[: {weight_kg} kg][, to {city}][, contents {contents}][, {fragile?fragile|not fragile}]. "
                "Recipient: {recipient}."
            ),
            "The courier {signature?needs|does not need} a signature for {tracking}[, sent by {sender}][ to {city}][, due {arrives}].",
        ),
    ),
    Domain(  # support tickets
        (
            _text("ticket|ticket_id|id", "T-###/#####/SUP-##/HD####"),
            _text("user|reported_by|customer", "%person"),
            _text("device|product", "printer/router/laptop/scanner/tablet/phone/monitor"),
            _text("priority|severity", "low/medium/high/urgent"),
            _text("opened|opened_on", "%date"),
            _text("assignee|agent|assigned_to", "%person"),
            _flag("resolved|is_resolved|closed"),
            _int("replies|messages", 2, 30),
            _list("labels|tags", "network/login/billing/hardware/update/screen/battery/sound"),
        ),
        (
            (
                "{user} opened ticket {ticket} about a {device}[ on {opened}].[ Priority: {priority}.][ It {resolved?has|has "
                "not} been resolved.]"
            ),
            "Ticket {ticket} has {priority} priority[ and is assigned to {assignee}].[ It was reported by {user}[ on {opened}].]",
            (
                "Ticket {ticket}[ from {user}] was given to {assignee}[ and labelled {labels}].[ There are {replies} "
                "replies.][ {resolved?Resolved|Not "
                "resolved}.]"
            ),
            (
                "With {replies} replies, ticket {ticket} {resolved?is resolved|is still unresolved}.[ The device is a "
                "{device}.][ Labels: {labels}.]"
            ),
            "Ticket {ticket}[: {device}][, {priority} priority][, opened {opened}][, tagged {labels}][, {resolved?resolved|unresolved}].",
            "On {opened}, {user} reported trouble with a {device}, ticket {ticket}[, now with {assignee}].[ The priority is {priority}.]",
        ),
    ),
    Domain(  # meetings
        (
            _text(
                "topic|subject|meeting",
                "budget review/hiring plan/product launch/team retro/safety briefing/website redesign/sales kickoff",
            ),
            _text("organizer|host|organised_by", "%person"),
            _text("date|day", "%date/%weekday"),
            _text("start|start_time|time", "%worktime"),
            _int("minutes|duration_minutes|length_min", 15, 180, 5),
            _text("room|location", "Room @#/Room ###/%noun Room"),
            _flag("mandatory|required|is_mandatory"),
            _list("attendees|participants", "Ana/Boris/Cleo/Deniz/Erik/Farah/Gil/Heidi/Ivan/Joy/Kaito"),
        ),
        (
            (
                "The {topic} meeting is on {date}[ at {start}][ in {room}][ and lasts {minutes} minutes].[ Attendance "
                "{mandatory?is|is not} mandatory.]"
            ),
            "{organizer} invites {attendees} to the {topic} meeting[ on {date}][ at {start}].[ Place: {room}.]",
            "Reminder: {topic} in {room}[, {date}][, {start}][, {minutes} minutes][, {mandatory?mandatory|not mandatory}].",
            "{organizer} scheduled a(n) {minutes}-minute meeting about the {topic}[ for {date}[ at {start}]].[ Attending: {attendees}.]",
            "You {mandatory?must come|do not have to come} to the {topic} meeting[ hosted by {organizer}][ in {room}][ at {start}].",
            "{attendees} will meet[ in {room}][ on {date}][ for {minutes} minutes] to discuss the {topic}.[ {organizer} is the organizer.]",
        ),
        ("slot", ("date", "start")),
    ),
    Domain(  # medical appointments
        (
            _text("patient|patient_name", "%person"),
            _text("doctor|physician", "Dr. %last"),
            _text("date|appointment_date", "%date"),
            _text("time", "%worktime"),
            _text("clinic|place", "%noun Clinic/%last Medical Centre/%city General"),
            _flag("first_visit|new_patient"),
            _int("age|patient_age", 18, 90),
            _list("symptoms", "cough/fever/headache/back pain/rash/dizziness/sore throat/fatigue"),
        ),
        (
            "{patient}[, {age},] sees {doctor} on {date}[ at {time}][ about {symptoms}].[ It {first_visit?is|is not} a first visit.]",
            "{doctor} will see {patient}[ at {clinic}] at {time}[ on {date}].[ Symptoms: {symptoms}.]",
            "Patient {patient}[, aged {age},] complains of {symptoms}[ and has an appointment with {doctor}[ on {date}]].",
            "Appointment: {patient}[ with {doctor}], {date}[, {time}][, {clinic}][, {first_visit?first visit|not a first visit}].",
            (
                "{first_visit?This is|This is not} the first visit of {patient} to {clinic}.[ The doctor is {doctor}.][ Please "
                "come on {date}[ at {time}].]"
            ),
            "{clinic} expects {patient} at {time}[; the {age}-year-old patient reports {symptoms}].[ Doctor: {doctor}.]",
        ),
        ("appointment", ("date", "time")),
    ),
    Domain(  # house plants
        (
            _text("plant|plant_name", "monstera/aloe/snake plant/peace lily/jade plant/spider plant/rubber tree/calathea/orchid/fern"),
            _text("light|light_needs", "full sun/partial shade/bright light/low light"),
            _int("water_days|watering_interval_days", 2, 28),
            _num("height_cm|height", 12, 180),
            _text("pot|pot_size", "small/medium/large/hanging"),
            _flag("toxic|toxic_to_pets"),
            _cash("price", 4, 90),
            _list("rooms|suitable_rooms", "kitchen/bathroom/office/bedroom/hallway/living room"),
        ),
        (
            (
                "Water the {plant} every {water_days} days[ and give it {light}].[ It {toxic?is|is not} toxic to pets.][ "
                "Height: {height_cm} cm.]"
            ),
            "This {plant} is {height_cm} cm tall[ and stands in a {pot} pot].[ It costs ${price}.][ It likes {light}.]",
            "The {plant} needs {light}[ and water every {water_days} days].[ It does well in these rooms: {rooms}.]",
            "Careful owners ask: the {plant} {toxic?is|is not} poisonous for pets.[ It comes in a {pot} pot[ for {price} euros].]",
            "For sale: {plant}[, {pot} pot][, {height_cm} cm][, ${price}][, {toxic?toxic|not toxic} to pets][, likes {light}].",
            "Put the {plant} in the {rooms}[, where it gets {light}].[ Water it every {water_days} days.][ The price is ${price}.]",
        ),
    ),
    Domain(  # train journeys
        (
            _text("train|train_number", "IC ###/RE #/ICE ##/R##/TGV ####"),
            _text("from|origin|start_city", "%city"),
            _text("to|destination|end_city", "%city"),
            _text("departure|departs_at", "%time"),
            _text("platform|track", "#/1#/#a/#b"),
            _int("stops|num_stops", 2, 18),
            _flag("first_class|has_first_class"),
            _cash("fare|ticket_price", 8, 190),
            _list("services|on_board", "wifi/dining car/power sockets/quiet coach/bike racks/sleeper coach"),
        ),
        (
            (
                "Train {train} from {from} to {to} leaves at {departure}[ from platform {platform}].[ It {first_class?has|has "
                "no} first class.]"
            ),
            "The {departure} train to {to}[, {train},] makes {stops} stops[ and costs {fare} euros].[ On board: {services}.]",
            "{train} goes from {from} to {to}[ with {stops} stops][ and offers {services}].[ It stands on platform {platform}.]",
            (
                "A ticket from {from} to {to}[ on {train}] costs ${fare}[; first class {first_class?is|is not} available].[ "
                "Departure {departure}.]"
            ),
            "Platform {platform}: {train} to {to}[ at {departure}][, {stops} stops][, {first_class?with|without} first class].",
            (
                "Take {train} at {departure}[ in {from}][ and get off in {to} after {stops} stops].[ The train has "
                "{services}.][ Fare: {fare}.]"
            ),
        ),
        ("trip", ("from", "to")),
    ),
    Domain(  # music albums
        (
            _text("album|record|album_title", "%title"),
            _text("artist|band|by", "%person/The %beasts/%adj %noun Band/DJ %brand"),
            _int("year|released", 1960, 2025),
            _int("tracks|track_count|songs", 6, 24),
            _text("label|record_label", "%brand Records/%noun Music/%adj Sound"),
            _flag("live|is_live"),
            _num("minutes|length_minutes", 28, 95),
            _list("genres|styles|tags", "jazz/folk/soul/techno/blues/metal/pop/ambient/reggae/punk"),
        ),
        (
            "{artist} released the album {album} in {year}[ on {label}].[ It has {tracks} tracks.][ It {live?is|is not} a live album.]",
            '"{album}" by {artist} has {tracks} songs[ and lasts {minutes} minutes].[ Style: {genres}.][ Year: {year}.]',
            "The album {album} {live?was|was not} recorded live[ and came out in {year}].[ The artist is {artist}.][ Label: {label}.]",
            "{label} put out {album}[ by {artist}][ in {year}][, a mix of {genres}].[ Tracks: {tracks}.]",
            "A(n) {minutes}-minute {live?live|studio (not live)} album: {album}[ by {artist}][, {year}][, {tracks} tracks].",
            "Fans of {genres} will love {album}[ by {artist}][, {tracks} tracks long].[ It came out on {label}[ in {year}].]",
        ),
    ),
    Domain(  # laptops
        (
            _text("laptop|computer|model", "%brand Book/%brand X#/%brand Pro 1#/%brand Air #"),
            _int("ram_gb|memory_gb", 4, 64, 4),
            _int("disk_gb|storage_gb", 128, 2048, 128),
            _num("screen_inches|screen", 11, 17),
            _num("weight_kg", 1, 3),
            _cash("price|price_usd", 290, 2900),
            _flag("touchscreen|has_touchscreen"),
            _int("warranty_years|warranty", 2, 5),
            _list("ports", "HDMI/USB-C/Ethernet/USB-A/SD card/audio jack"),
        ),
        (
            (
                "The {laptop} has {ram_gb} GB of RAM[ and a(n) {disk_gb} GB disk].[ It costs ${price}.][ It {touchscreen?has|does "
                "not have} a touchscreen.]"
            ),
            "With a(n) {screen_inches}-inch screen[ and {ram_gb} GB of memory], the {laptop} weighs {weight_kg} kg.[ Ports: {ports}.]",
            (
                "The {laptop} sells for ${price}[ with {warranty_years} years of warranty].[ The storage is {disk_gb} GB.][ It "
                "offers {ports}.]"
            ),
            (
                "Laptop {laptop}: {ram_gb} GB RAM[, {disk_gb} GB disk][, {screen_inches} inch screen][, "
                "{touchscreen?touchscreen|no touchscreen}]"
                "[, ${price}]."
            ),
            (
                "There is {touchscreen?a|no} touchscreen on the {laptop}.[ It has {ram_gb} GB of RAM.][ Ports: {ports}.][ "
                "Warranty: {warranty_years} years.]"
            ),
            (
                "At {weight_kg} kg, the {laptop} is easy to carry[; the screen measures {screen_inches} inches].[ Price: {price} dollars.]"
                "[ Disk: {disk_gb} GB.]"
            ),
        ),
        ("specs", ("ram_gb", "disk_gb")),
    ),
    Domain(  # cities
        (
            _text("city|city_name", "Port %last/New %last/%last City/Saint %first/%adj Bay/%noun Falls"),
            _text("country", "%country"),
            _int("population|inhabitants", 20000, 990000, 1000),
            _text("mayor", "%person"),
            _text("river", "%last River/River %last/%adj River"),
            _int("founded|founding_year", 800, 1890),
            _flag("capital|is_capital"),
            _num("area_km2|area", 12, 900),
            _list("sights|landmarks", "old town/cathedral/city wall/opera house/castle/harbor/botanical garden/clock tower"),
        ),
        (
            "{city}, a city in {country}, has {population} inhabitants[ and {capital?is|is not} the capital].[ The mayor is {mayor}.]",
            "Founded in {founded}, {city} lies on the {river}[ and covers {area_km2} km2].[ Sights: {sights}.]",
            "The mayor of {city}[ in {country}] is {mayor}[; the city was founded in {founded}].[ It has {population} residents.]",
            "{city} {capital?is|is not} the capital of {country}.[ {population} people live there.][ Visitors like the {sights}.]",
            "Visitors to {city} should see the {sights}[ and walk along the {river}].[ The area is {area_km2} km2.][ Founded: {founded}.]",
            (
                "{city}: population {population}[, area {area_km2} km2][, founded {founded}][, mayor {mayor}][, "
                "{capital?capital|not a capital}]"
            ),
        ),
    ),
    Domain(  # hiking trails
        (
            _text("trail|trail_name|hike", "%noun Loop/%adj Ridge Trail/%last Path/%noun Valley Trail/%adj %noun Way"),
            _num("km|length_km|distance_km", 3, 48),
            _int("climb_m|ascent_m|elevation_gain", 80, 1900, 10),
            _num("hours|duration_hours", 2, 12),
            _text("difficulty|grade", "easy/moderate/hard/expert"),
            _text("park|region", "%last National Park/%noun Nature Reserve/%adj Hills"),
            _flag("dogs|dogs_allowed"),
            _list("seasons|best_seasons", "spring/summer/autumn/winter"),
        ),
        (
            "The {trail} is {km} km long[ and climbs {climb_m} m].[ It takes {hours} hours.][ Dogs {dogs?are|are not} allowed.]",
            "{trail}[ in {park}] is graded {difficulty}[ and takes {hours} hours].[ Best in {seasons}.][ Length: {km} km.]",
            "Plan {hours} hours for the {trail}[, a(n) {difficulty} walk of {km} km][ in {park}].[ You {dogs?may|may not} bring a dog.]",
            (
                "In {park}, the {trail} gains {climb_m} m of height[ over {km} km].[ It is best walked in {seasons}.][ "
                "Difficulty: {difficulty}.]"
            ),
            "Hike of the week: {trail}[, {km} km][, {climb_m} m up][, {hours} hours][, {difficulty}][, {dogs?dogs allowed|no dogs}].",
            "Dogs {dogs?can|cannot} come along on the {trail}[ ({difficulty}, {km} km)].[ Go there in {seasons}.]",
        ),
    ),
    Domain(  # workouts
        (
            _text("athlete|runner|user", "%first/%person"),
            _text("activity|sport", "run/swim/bike ride/row/walk"),
            _num("km|distance_km", 2, 60),
            _int("minutes|duration_min", 12, 240),
            _int("calories|kcal", 90, 1800),
            _int("heart_rate|avg_heart_rate", 95, 178),
            _text("date|day", "%date/%weekday"),
            _flag("indoors|is_indoor"),
            _list("friends|partners|training_partners", "Ana/Boris/Cleo/Deniz/Erik/Farah/Gil/Heidi/Ivan/Joy"),
        ),
        (
            (
                "{athlete} did a(n) {km} km {activity}[ in {minutes} minutes][ on {date}][ with {friends}].[ It "
                "{indoors?was|was not} indoors.]"
            ),
            "On {date}, {athlete} burned {calories} calories[ on a {activity} of {km} km].[ Average heart rate: {heart_rate}.]",
            (
                "{athlete} finished an {indoors?indoor|outdoor} {activity}[ of {minutes} minutes][, covering {km} km][, "
                "burning {calories} calories]."
            ),
            "Workout log: {athlete}, {activity}[, {km} km][, {minutes} minutes][, {calories} kcal][, {heart_rate} bpm on average].",
            (
                "With a heart rate of {heart_rate}, {athlete} kept going for {minutes} minutes[ together with {friends}].[ "
                "Activity: {activity}.]"
            ),
            (
                "{athlete} joined {friends} for a {activity}[ on {date}][, {km} km][, {indoors?indoors|not indoors}].[ "
                "{calories} calories were burned.]"
            ),
        ),
    ),
    Domain(  # bank transfers
        (
            _text("payer|sender|from", "%person/%company"),
            _text("payee|receiver|to", "%person/%company"),
            _cash("amount|sum", 15, 4200),
            _text("currency", "%currency"),
            _text("date|sent_on|transfer_date", "%date"),
            _text("reference|note", "rent/school fees/order ###/tuition/dinner/car repair/concert tickets"),
            _flag("urgent|is_urgent|express"),
            _num("fee|bank_fee", 1, 12),
        ),
        (
            (
                "{payer} sent {amount} {currency} to {payee}[ on {date}][ with the reference {reference}].[ The transfer "
                "{urgent?was|was not} urgent.]"
            ),
            "{payee} received {amount}[ {currency}] from {payer}[ on {date}].[ The bank took a fee of {fee}.][ Reference: {reference}.]",
            "Transfer: {payer} to {payee}, {amount}[ {currency}][, {date}][, reference {reference}][, {urgent?urgent|not urgent}].",
            "On {date}, {payer} paid {payee}[ {amount} {currency}] for {reference}[; the fee was {fee}].",
            (
                "Please move {amount} {currency} from the account of {payer} to {payee}[ on {date}].[ It {urgent?is|is not} "
                "urgent.][ Fee: {fee}.]"
            ),
            "A(n) {urgent?urgent|non-urgent} payment of {amount}[ {currency}] went from {payer} to {payee}[ for {reference}][, fee {fee}].",
        ),
        ("money", ("amount", "currency")),
    ),
    Domain(  # software releases
        (
            _text("project|package|software", "%brand/lib%tool/%tool-kit/py%tool"),
            _text("version", "#.#/#.#.#/#.1#.0/v#.#"),
            _text("released|release_date|date", "%iso/%date"),
            _text("license|licence", "MIT/Apache-2.0/GPL-3.0/BSD-3-Clause/MPL-2.0"),
            _int("downloads|download_count", 200, 90000),
            _int("bugs_fixed|fixes", 2, 60),
            _flag("stable|is_stable"),
            _list("languages|written_in", "Rust/Python/Go/Java/C/Kotlin/Ruby/Swift"),
            _text("maintainer|author", "%person"),
        ),
        (
            "{project} {version} was released on {released}[ under the {license} license].[ It {stable?is|is not} a stable release.]",
            "{maintainer} published version {version} of {project}[, which fixes {bugs_fixed} bugs].[ Written in {languages}.]",
            "Version {version} of {project} fixes {bugs_fixed} bugs[ and {stable?is|is not} stable].[ {downloads} downloads so far.]",
            (
                "The project {project}, written in {languages},[ has {downloads} downloads and] uses the {license} license.[ "
                "Latest version: {version}.]"
            ),
            (
                "Release notes: {project} {version}[, {released}][, {license}][, {bugs_fixed} fixes][, "
                "{stable?stable|unstable}][, by {maintainer}]."
            ),
            "{maintainer} maintains {project}[ in {languages}][; the license is {license}].[ Version {version} came out on {released}.]",
        ),
    ),
    Domain(  # app reviews
        (
            _text("app|app_name", "%brand Notes/%brand Maps/%noun Diary/Pocket %noun/Easy%noun"),
            _text("reviewer|user|written_by", "%first/%person/user###"),
            _int("stars|rating", 2, 5),
            _text("date|reviewed_on", "%date"),
            _text("platform|system", "Android/iOS/Windows/macOS/Linux"),
            _text("version|app_version", "#.#/#.#.#"),
            _flag("recommends|would_recommend"),
            _int("likes|helpful_votes", 2, 300),
            _list("pros|strengths", "speed/design/search/offline mode/widgets/sync/dark mode/price"),
        ),
        (
            "{reviewer} gave {app} {stars} stars[ on {date}][ and {recommends?would|would not} recommend it].[ Praised: {pros}.]",
            "{app}[ {version}] on {platform} got {stars} stars from {reviewer}.[ The review has {likes} likes.]",
            "Review of {app} by {reviewer}: {stars} stars[, {platform}][, version {version}][, good points: {pros}][, {likes} likes].",
            (
                "{reviewer} {recommends?recommends|does not recommend} {app}[ for {platform}][ (version {version})].[ Date: "
                "{date}.][ Stars: {stars}.]"
            ),
            "On {date}, {reviewer} praised {app} for {pros}[ and rated it {stars} stars].[ {likes} people liked the review.]",
            "The {platform} app {app} is liked for {pros}, says {reviewer}[, who {recommends?recommends|does not recommend} it].",
        ),
    ),
    Domain(  # prescriptions
        (
            _text("drug|medicine|medication", "Amoril/Benzacor/Cetrafen/Doxalin/Ferrolax/Ibrexan/Lorvidol/Metacin/Nasolev/Tramexil"),
            _text("patient|for_patient", "%person"),
            _int("dose_mg|mg", 5, 800, 5),
            _int("times_per_day|daily_doses", 2, 6),
            _int("days|duration_days", 3, 30),
            _flag("with_food|take_with_food"),
            _text("doctor|prescribed_by", "Dr. %last"),
            _list("side_effects", "nausea/drowsiness/dry mouth/headache/rash/insomnia"),
        ),
        (
            (
                "{patient} takes {dose_mg} mg of {drug} {times_per_day} times a day[ for {days} days].[ It "
                "{with_food?must|need not} be taken with food.]"
            ),
            (
                "{doctor} prescribed {drug} to {patient}[, {dose_mg} mg][, {times_per_day} times daily][, for {days} days].[ "
                "Side effects: {side_effects}.]"
            ),
            "{drug} may cause {side_effects}.[ The dose for {patient} is {dose_mg} mg[, {times_per_day} times a day].]",
            (
                "Take {drug} {with_food?with|without} food for {days} days[, {times_per_day} times a day].[ Prescribed by "
                "{doctor}[ for {patient}].]"
            ),
            (
                "Prescription for {patient}: {drug}[, {dose_mg} mg][, {times_per_day} times a day][, {days} days][, "
                "{with_food?with|without} food]."
            ),
            "For {days} days, {patient} should take {drug}[, says {doctor}].[ Each dose is {dose_mg} mg.][ Watch for {side_effects}.]",
        ),
        ("dosage", ("dose_mg", "times_per_day")),
    ),
    Domain(  # bird sightings
        (
            _text("bird|species", "kingfisher/barn owl/grey heron/osprey/goldfinch/black stork/robin/crane/puffin/hoopoe"),
            _int("count|number_seen", 2, 90),
            _text("observer|seen_by|watcher", "%person"),
            _text("place|site|location", "%noun Lake/%last Marsh/%noun Point/%adj Bay"),
            _text("date|seen_on", "%date"),
            _text("time|seen_at", "0#:%minute/1#:%minute"),
            _flag("photographed|has_photo"),
            _num("distance_m|distance", 5, 200),
            _list("behaviors|behaviours", "feeding/singing/nesting/preening/diving/hunting/resting"),
        ),
        (
            (
                "{observer} saw the {bird} at {place}[ on {date}][ at {time}][, {count} birds in all].[ It "
                "{photographed?was|was not} photographed.]"
            ),
            "Sighting: {bird}[, {count} birds][, {place}][, {date}][, {time}][, {photographed?with|without} photo]. Observer: {observer}.",
            (
                "At {place}, {observer} counted {count} birds of the species {bird}[ from {distance_m} m away][ on {date}].[ "
                "Behavior: {behaviors}.]"
            ),
            "The {bird} was {behaviors}[ at {place}][ when {observer} spotted it][ at a distance of {distance_m} metres].[ Time: {time}.]",
            "On {date}[ at {time}], a group of {count} was seen at {place}; species: {bird}.[ There {photographed?is a|is no} photo.]",
            "{observer} {photographed?took a photo|took no photo} of the {bird}[ at {place}], which was {behaviors}[ {distance_m} m away].",
        ),
        ("moment", ("date", "time")),
    ),
)

_TEST: tuple[Domain, ...] = (
    Domain(  # museum pieces
        (
            _text(
                "exhibit|artifact",
                "mask/tablet/bust/cup/axe/painted vase/ring/comb/tapestry/helmet/statue/necklace/oil lamp",
            ),
            _text("museum", "%city Museum/%last Gallery/Museum of %country"),
            _text("culture|civilization", "Roman/Etruscan/Maya/Viking/Minoan/Persian/Celtic/Nubian"),
            _int("dated|made_in_year", 210, 1780),
            _num("length_cm", 3, 95),
            _text("wing", "East Wing/West Wing/North Wing/South Wing"),
            _int("case|case_number", 2, 90),
            _flag("restored|is_restored"),
            _list("substances|made_of", "clay/gold/bone/amber/jade/iron/shell/linen"),
        ),
        (
            "The {exhibit} in the {museum} is {culture} work[ from the year {dated}].[ It {restored?has|has not} been restored.]",
            "{museum} owns a(n) {exhibit}[ made of {substances}][, {length_cm} cm long][, kept in the {wing}[, case {case}]].",
            (
                "This {culture} {exhibit}[ in the {wing}] {restored?has|has not} been restored.[ It is {length_cm} cm long.][ "
                "Made in {dated}.]"
            ),
            "You can find the {exhibit} in case {case}[ of the {wing}].[ It contains {substances}.][ It dates from {dated}.]",
            "Made of {substances}, the {exhibit}[ at the {museum}] measures {length_cm} cm[ and {restored?was|was never} restored].",
            "Catalogue: {exhibit}[, {culture}][, year {dated}][, {wing}][, case {case}][, {restored?restored|not restored}].",
        ),
        ("spot", ("wing", "case")),
    ),
    Domain(  # wines
        (
            _text("wine|wine_name", "Château %last/%noun Valley Red/Casa %last Reserva/Domaine %last/%adj Hill White"),
            _text("grape|grape_variety", "Merlot/Riesling/Malbec/Syrah/Tempranillo/Chardonnay/Pinot Noir"),
            _int("vintage", 1988, 2024),
            _text("winemaker", "%person"),
            _num("alcohol|alcohol_percent", 9, 15),
            _int("points|critic_points", 80, 100),
            _flag("organic|is_organic"),
            _cash("bottle_price", 6, 180),
            _list("aromas|notes", "cherry/vanilla/oak/plum/pepper/honey/smoke/peach/violet"),
        ),
        (
            "{wine} is a {grape} wine[ of the {vintage} vintage][ with {alcohol}% alcohol].[ It {organic?is|is not} organic.]",
            (
                "{winemaker} made {wine}[ from {grape} grapes][ in the vintage {vintage}].[ A bottle costs ${bottle_price}.][ "
                "It smells of {aromas}.]"
            ),
            "The critics gave {wine} {points} points[ and found aromas of {aromas}].[ Winemaker: {winemaker}.][ Alcohol: {alcohol}%.]",
            "{wine} costs {bottle_price} euros a bottle[ and {organic?is|is not} organic].[ Grape: {grape}.][ It earned {points} points.]",
            "Tasting: {wine}[, {grape}][, {vintage} vintage][, {alcohol}% alcohol][, aromas of {aromas}][, {organic?organic|not organic}].",
            (
                "With {alcohol} percent alcohol and aromas of {aromas}, {wine}[ by {winemaker}] {organic?is an|is not an} "
                "organic wine.[ A bottle is ${bottle_price}.]"
            ),
        ),
    ),
    Domain(  # auction lots
        (
            _text("lot|lot_number", "##/1##/#@"),
            _text("object|sold_object", "pocket watch/oil portrait/walnut chest/violin/porcelain bowl/typewriter/diamond brooch/globe"),
            _int("opening_bid", 50, 9000, 50),
            _int("final_bid|hammer_price", 9100, 60000, 100),
            _text("bidder|winning_bidder", "%person"),
            _int("bids|bid_count", 2, 48),
            _text("auction_house", "%last & %last/%last Auctions/%brand Sales"),
            _flag("authenticated|is_authentic"),
            _list("flaws|defects", "scratches/dents/stains/rust/cracks/faded paint/missing screws"),
        ),
        (
            (
                "Lot {lot}, a(n) {object}, opened at {opening_bid} dollars[ and sold for {final_bid}[ to {bidder}]].[ It "
                "{authenticated?has|has not} "
                "been authenticated.]"
            ),
            "{bidder} won the {object}[ (lot {lot})][ for ${final_bid}][ at {auction_house}][ after {bids} bids].",
            (
                "{auction_house} offers lot {lot}[, a(n) {object}][ with {flaws}].[ Bidding opens at {opening_bid}.][ "
                "{authenticated?Authenticated|Not "
                "authenticated}.]"
            ),
            "After {bids} bids, lot {lot} went to {bidder}[ for {final_bid} euros].[ The object, a(n) {object}, shows {flaws}.]",
            (
                "Lot {lot}: {object}[, opening bid {opening_bid}][, final bid {final_bid}][, {bids} bids][, "
                "{authenticated?authenticated|not "
                "authenticated}]."
            ),
            (
                "The {object} of lot {lot} {authenticated?is|is not} authenticated[ and has {flaws}].[ The highest bid was "
                "{final_bid}[ by {bidder}].]"
            ),
        ),
        ("bidding", ("opening_bid", "final_bid")),
    ),
    Domain(  # board games
        (
            _text("game|board_game", "%adj Islands/Lords of %city/%noun Quest/Castle %noun/Merchants of %city"),
            _text("designer|game_designer", "%person"),
            _int("min_players", 2, 3),
            _int("max_players", 4, 9),
            _int("play_minutes|playing_time", 15, 180, 15),
            _int("min_age", 5, 16),
            _flag("cooperative|is_cooperative"),
            _num("complexity|complexity_score", 1, 5),
            _list("mechanics|mechanisms", "bluffing/drafting/trading/dice rolling/set collection/bidding/tile placement"),
        ),
        (
            (
                "{game} is for at least {min_players} and at most {max_players} players[ and takes {play_minutes} minutes].[ "
                "It {cooperative?is|is not} "
                "cooperative.]"
            ),
            "{designer} designed {game}[, a game of {mechanics}][ for ages {min_age} and up].[ It can seat up to {max_players} players.]",
            "A round of {game} lasts {play_minutes} minutes[ and needs at least {min_players} players].[ Complexity: {complexity}.]",
            (
                "The board game {game} {cooperative?is|is not} cooperative[ and has a complexity of {complexity}].[ The "
                "designer is {designer}.]"
            ),
            (
                "{game}[ by {designer}]: maximum {max_players} players[, {play_minutes} minutes][, minimum age {min_age}][, "
                "{cooperative?cooperative|not "
                "cooperative}]."
            ),
            (
                "Players aged {min_age} or older will enjoy {game}, which uses {mechanics}.[ Its complexity is {complexity}.][ "
                "Time: {play_minutes} "
                "minutes.]"
            ),
        ),
        ("players", ("min_players", "max_players")),
    ),
    Domain(  # ships
        (
            _text("vessel|ship_name", "MV %noun/SS %adj %noun/%noun Star/Queen %first/MS %brand"),
            _text("captain", "%person"),
            _text("home_port|registered_port", "%city"),
            _text("cargo|cargo_type", "grain/timber/coal/coffee/steel/cotton/salt"),
            _int("tonnage|gross_tons", 400, 90000, 100),
            _int("crew_size|crew", 4, 60),
            _num("speed_knots|knots", 8, 26),
            _flag("refrigerated|is_refrigerated"),
            _list("ports_of_call|next_ports", "Piraeus/Santos/Busan/Durban/Antwerp/Callao/Colombo/Tangier"),
        ),
        (
            (
                "The {vessel} under captain {captain} carries {cargo}[ at {speed_knots} knots].[ The ship {refrigerated?is|is "
                "not} refrigerated.]"
            ),
            "{captain} commands the {vessel}[, a ship of {tonnage} tons][ from the home port of {home_port}].[ Crew: {crew_size}.]",
            (
                "With a crew of {crew_size}, the {vessel} will call at {ports_of_call}[ to deliver {cargo}].[ Its speed is "
                "{speed_knots} knots.]"
            ),
            (
                "The {vessel}[ ({tonnage} tons)] {refrigerated?is|is not} refrigerated[; its home port is {home_port}].[ The "
                "captain is {captain}.]"
            ),
            (
                "Ship report: {vessel}[, captain {captain}][, cargo {cargo}][, crew of {crew_size}][, {tonnage} tons][, "
                "{refrigerated?refrigerated|not refrigerated}]."
            ),
            "Registered in {home_port}, the {vessel} sails at {speed_knots} knots[ with a load of {cargo}].[ Next ports: {ports_of_call}.]",
        ),
    ),
    Domain(  # harvests
        (
            _text("crop|crop_name", "barley/wheat/maize/potatoes/sunflowers/soybeans/rye/sugar beet/oats"),
            _text("farm|farm_name", "%last Farm/%noun Acres/%adj Meadow Farm"),
            _text("farmer|grower", "%person"),
            _num("hectares|field_hectares", 2, 180),
            _num("yield_tons|tons", 3, 900),
            _text("sown|sown_on", "# March/1# March/2%eight March/# April/1# April/2%eight April/# May/1# May"),
            _text("harvested|harvested_on", "1# August/2%eight August/# September/1# September/2%eight September/# October/1# October"),
            _flag("irrigated|is_irrigated"),
            _list("pests|pests_found", "aphids/slugs/beetles/mites/weevils/moths/mice"),
        ),
        (
            (
                "{farmer} grows {crop} on {hectares} hectares[ at {farm}].[ The field {irrigated?is|is not} irrigated.][ "
                "Harvested: {harvested}.]"
            ),
            "At {farm}, {yield_tons} tons of {crop} were harvested on {harvested}[ from {hectares} hectares].[ Pests seen: {pests}.]",
            (
                "The field of {crop} of {farmer}[ covers {hectares} hectares and] was sown on {sown}[ and harvested on "
                "{harvested}].[ Yield: {yield_tons} tons.]"
            ),
            "{farm} reports {pests} in its {crop}[; the field {irrigated?is|is not} irrigated].[ Sowing took place on {sown}.]",
            "Harvest log: {crop}[, {farm}][, {hectares} ha][, {yield_tons} tons][, sown {sown}][, {irrigated?irrigated|not irrigated}].",
            (
                "{farmer} of {farm} sowed {crop} on {sown}[ {irrigated?with|without} irrigation][ and got {yield_tons} tons][ "
                "despite {pests}]."
            ),
        ),
        ("season", ("sown", "harvested")),
    ),
    Domain(  # satellites
        (
            _text("satellite|satellite_name", "%brand-#/%noun Sat #/Orbiter @#/%adj Eye #"),
            _text("operator|operated_by", "%company/%country Space Agency"),
            _text("launched|launch_day", "%iso/%day %year"),
            _text("rocket|launcher", "Atlas #/Vega @/Long Arrow #/Titan #"),
            _int("altitude_km|orbit_km", 320, 36000, 10),
            _int("mass_kg", 40, 6400, 10),
            _flag("active|operational"),
            _int("mission_years", 2, 20),
            _list("instruments|sensors", "radars/cameras/magnetometers/spectrometers/lidars/star trackers/altimeters"),
        ),
        (
            (
                "{satellite} was launched on {launched}[ by the {rocket} rocket][ and orbits at {altitude_km} km].[ It "
                "{active?is|is not} active.]"
            ),
            (
                "{operator} owns the satellite {satellite}[, which carries {instruments}][ at an altitude of {altitude_km} "
                "km].[ Mass: {mass_kg} kg.]"
            ),
            (
                "With a mass of {mass_kg} kg, {satellite} went up on {launched}[ for a mission of {mission_years} years].[ "
                "Operator: {operator}.]"
            ),
            (
                "The satellite {satellite} {active?is still active|is no longer active}[ after its launch on {launched}].[ It "
                "flew on the {rocket} rocket.]"
            ),
            "The {rocket} rocket carried {satellite}[ ({mass_kg} kg)] to {altitude_km} km[ for {operator}].[ On board: {instruments}.]",
            (
                "Satellite {satellite}: operator {operator}[, launched {launched}][, {mass_kg} kg][, {mission_years}-year mission][, "
                "{active?active|inactive}]."
            ),
        ),
        ("launch", ("launched", "rocket")),
    ),
    Domain(  # volunteers
        (
            _text("volunteer|volunteer_name", "%person"),
            _text("charity|cause", "%noun Relief/Food for %city/%last Foundation/Clean %noun"),
            _int("shift_hours", 2, 10),
            _text("shift_day", "%weekday"),
            _int("total_hours|hours_served", 12, 900),
            _text("supervisor|coordinator", "%person"),
            _flag("trained|has_training"),
            _flag("drives|has_driving_license"),
            _list("tasks|duties", "cooking/cleaning/sorting/tutoring/fundraising/first aid/planting/packing"),
        ),
        (
            (
                "{volunteer} helps {charity} every {shift_day}[ for {shift_hours} hours][ with {tasks}].[ {volunteer} "
                "{trained?has|has not} been trained.]"
            ),
            (
                "For {charity}, {volunteer} takes care of {tasks}[ and has served {total_hours} hours in total].[ The "
                "supervisor is {supervisor}.]"
            ),
            (
                "{supervisor} supervises {volunteer}[, who volunteers at {charity} on {shift_day}][ for {shift_hours} hours].[ "
                "{volunteer} {drives?has a|has no} driving license.]"
            ),
            (
                "{volunteer} has given {total_hours} hours to {charity}[ and {trained?is|is not} trained].[ {volunteer} "
                "{drives?has|does not have} a driving license.]"
            ),
            "Shift: {volunteer}, {shift_day}[, {shift_hours} hours][, {charity}][, tasks: {tasks}][, {trained?trained|untrained}].",
            (
                "Trained volunteer: {trained?yes|no}. Name: {volunteer}.[ Charity: {charity}.][ Tasks: {tasks}.][ Shift day: "
                "{shift_day}.][ Total so far: {total_hours} hours.]"
            ),
        ),
        ("shift", ("shift_day", "shift_hours")),
    ),
)

_CHOICE = re.compile(r"<([^<>]*)>")
_CLAUSE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)(?:\?([^|{}]*)\|([^|{}]*))?\}")
_ARTICLE = re.compile(r"\b([Aa])\(n\)(?= ([aeiou]|8|1[18]\b)?)", re.IGNORECASE)


def lessons(split: Split, seed: int) -> Iterator[Lesson]:
    """Every domain of the split comes up once a round. No shape of one split is in the other: first fields share no key."""
    rng = random.Random(f"json_extract {split} {seed}")
    domains = _TRAIN if split == "train" else _TEST
    while True:
        for domain in rng.sample(domains, len(domains)):
            yield _lesson(rng, domain)


def correct(lesson: Lesson, pair: Pair, text: str) -> bool:
    """Whether `text` is one JSON value equal to the gold object: the same keys in any order, the same values and types."""
    try:
        got: Json = json.loads(text.strip(), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return False
    return _same(json.loads(lesson.schema), json.loads(pair.answer), got)


def _unique(pairs: list[tuple[str, Json]]) -> Json:
    """A parsed object. A repeated key is refused, or a wrong value could hide behind a right one."""
    parsed = dict(pairs)
    if len(parsed) < len(pairs):
        raise ValueError("duplicate key")
    return parsed


def _same(kind: Json, gold: Json, got: Json) -> bool:
    if isinstance(kind, dict) and isinstance(gold, dict):
        return isinstance(got, dict) and got.keys() == gold.keys() and all(_same(kind[key], gold[key], got[key]) for key in gold)
    if kind == "number" and type(got) in (int, float):
        return got == gold
    return type(got) is type(gold) and got == gold


def _lesson(rng: random.Random, domain: Domain) -> Lesson:
    layout, schema = _layout(rng, domain)
    return Lesson(schema=schema, dialect=None, pairs=tuple(_pairs(rng, domain, layout)))


def _layout(rng: random.Random, domain: Domain) -> tuple[Layout, str]:
    """A random shape of the domain, and its JSON: within budget, and one that several templates say enough about."""
    while True:
        layout = _draw_layout(rng, domain)
        schema = _dump({item.key: _kind(item) for item in layout})
        if _cost(schema) <= SHAPE_BUDGET and len(_fitting(domain, _wanted(layout))) >= FEWEST_TEMPLATES:
            return layout, schema


def _draw_layout(rng: random.Random, domain: Domain) -> Layout:
    """The first field and a few others, two of them perhaps as one object; keys in either spelling, in order or shuffled."""
    camel = rng.random() < 0.2
    outer, inner = domain.nest if domain.nest and rng.random() < 0.5 else ("", ())
    others = [field for field in domain.fields[1:] if field.name not in inner]
    count = rng.randint(1 if inner else 2, MOST_LEAVES - 1 - len(inner))
    picked = [domain.fields[0], *rng.sample(others, count)]
    items: list[Leaf | Group] = [_leaf(rng, field, camel) for field in domain.fields if field in picked]
    if inner:
        leaves = tuple(_leaf(rng, field, camel) for field in domain.fields if field.name in inner)
        items.insert(rng.randint(1, len(items)), Group(outer, leaves))
    if rng.random() < 0.5:
        rng.shuffle(items)
    return tuple(items)


def _leaf(rng: random.Random, field: Field, camel: bool) -> Leaf:
    key = rng.choice(field.keys)
    return Leaf(re.sub(r"_(\w)", lambda found: found[1].upper(), key) if camel else key, field)


def _kind(item: Leaf | Group) -> Json:
    return item.field.kind if isinstance(item, Leaf) else {leaf.key: leaf.field.kind for leaf in item.leaves}


def _value(item: Leaf | Group, said: dict[str, Json]) -> Json:
    """What the answer holds for a key: null if nothing of it was said, which goes for a whole object as for its parts."""
    if isinstance(item, Leaf):
        return said.get(item.field.name)
    inner = {leaf.key: _value(leaf, said) for leaf in item.leaves}
    return inner if any(value is not None for value in inner.values()) else None


def _pairs(rng: random.Random, domain: Domain, layout: Layout) -> Iterator[Pair]:
    """Different questions about one shape, the templates taking turns."""
    asked: set[str] = set()
    templates: list[str] = []
    while len(asked) < PAIRS_PER_LESSON:
        templates = templates or _fitting(domain, _wanted(layout))
        pair = _pair(rng, domain, layout, templates.pop(rng.randrange(len(templates))))
        if pair.question not in asked:
            asked.add(pair.question)
            yield pair


def _pair(rng: random.Random, domain: Domain, layout: Layout, template: str) -> Pair:
    """A sentence within budget that says enough."""
    wanted = _wanted(layout)
    while True:
        record = _record(rng, domain)
        question, used = _render(rng, template, record, wanted)
        said = {name: record[name] for name in used}
        answer = _dump({item.key: _value(item, said) for item in layout})
        if _enough(used, wanted) and _cost(question) <= QUESTION_BUDGET and _cost(answer) <= ANSWER_BUDGET:
            return Pair(question, answer)


def _fitting(domain: Domain, wanted: set[str]) -> list[str]:
    return [template for template in domain.templates if _enough(_slots(template), wanted)]


def _enough(said: set[str], wanted: set[str]) -> bool:
    """At most half of what a shape asks for may stay null."""
    return 2 * len(said & wanted) >= len(wanted)


def _wanted(layout: Layout) -> set[str]:
    leaves = [leaf for item in layout for leaf in ((item,) if isinstance(item, Leaf) else item.leaves)]
    return {leaf.field.name for leaf in leaves}


def _slots(text: str) -> set[str]:
    return {found[1] for found in _SLOT.finditer(text)}


def _record(rng: random.Random, domain: Domain) -> dict[str, Json]:
    """A value for every field, no text twice: nobody flies from Porto to Porto."""
    record: dict[str, Json] = {}
    for field in domain.fields:
        value = field.draw(rng)
        while isinstance(value, str) and value in record.values():
            value = field.draw(rng)
        record[field.name] = value
    return record


def _render(rng: random.Random, template: str, record: dict[str, Json], wanted: set[str]) -> tuple[str, set[str]]:
    """A sentence of the template and the facts it says."""
    text = _CHOICE.sub(lambda found: rng.choice(found[1].split("/")), template)
    text = _drop_clauses(rng, text, wanted)
    used = _slots(text)
    text = _SLOT.sub(lambda found: _say(rng, record[found[1]], found), text[0].upper() + text[1:])
    return _ARTICLE.sub(lambda found: found[1] + ("n" if found[2] else ""), text), used


def _drop_clauses(rng: random.Random, text: str, wanted: set[str]) -> str:
    """Innermost first. What the shape asks for is mostly said; now and then something else is, which is to be left out."""

    def keep(found: re.Match[str]) -> str:
        return found[1] if rng.random() < (0.9 if _slots(found[1]) & wanted else 0.25) else ""

    while "[" in text:
        text = _CLAUSE.sub(keep, text)
    return text


def _say(rng: random.Random, value: Json, slot: re.Match[str]) -> str:
    if isinstance(value, bool):
        return str(slot[2] if value else slot[3])
    if isinstance(value, list):
        return _enumerate([str(item) for item in value], rng.choice((" and ", ", and ")))
    return str(value)


def _enumerate(items: list[str], last: str) -> str:
    """Words in a row, the last comma only where there are three."""
    if len(items) < 3:
        return " and ".join(items)
    return ", ".join(items[:-1]) + last + items[-1]


def _dump(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _cost(text: str) -> int:
    """About how many tokens a small model's tokenizer makes of a text: each digit and sign is one, long words are several."""
    return sum(1 + len(word) // 8 for word in re.findall(r"\d|[^\W\d_]+|[^\w\s]+", text))
