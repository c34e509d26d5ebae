"""Domains of training that are put together at random: a subject and a few attributes, each with several wordings.

Written domains teach their own sentences; these teach that any key can be asked for, next to any other, in any wording.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from experts.json_world import Domain, Field, cash, flag, measure, several, text, whole

PERSON, CITY, DAY = "%person", "%city", "%day/%iso/%weekday"


@dataclass(frozen=True, slots=True)
class Attribute:
    """A field with its wordings: `{}` stands for the value. Verbs follow a subject; labels stand in lists; prefixes go before a noun."""

    field: Field
    verbs: tuple[str, ...]
    labels: tuple[str, ...]
    prefix: bool = False


def says(field: Field, verbs: str, labels: str, prefix: bool = False) -> Attribute:
    return Attribute(field, tuple(verbs.split(" / ")), tuple(labels.split(" / ")), prefix)


def yes(keys: str, verbs: str, labels: str) -> Attribute:
    return says(flag(keys), verbs, labels)


# key of the subject: how it is called in a sentence, and what its values look like
SUBJECTS: tuple[tuple[str, str, str], ...] = (
    ("bridge", "bridge", "%noun Bridge/%last Bridge/%city Crossing"),
    ("tunnel|tunnel_name", "tunnel", "%noun Tunnel/%last Tunnel/T-##"),
    ("mine", "mine", "%adj Mine/%last Pit/Shaft #"),
    ("tower", "tower", "%noun Tower/%last Tower/Tower @#"),
    ("machine|machine_id", "machine", "lathe #/drill ##/press @#/loom ##/crane #/furnace #"),
    ("tool|tool_name", "tool", "hammer/chisel/band saw/soldering iron/hand plane/clamp/wrench/welding torch"),
    ("cheese", "cheese", "%city Blue/%last Gold/goat cheese/smoked cheese/%noun Brie"),
    ("coffee|roast", "coffee", "%noun Roast/%country Blend/Casa %first/%adj Bean"),
    ("beer|beer_name", "beer", "%adj Lager/%last Stout/%noun Ale"),
    ("statue", "monument", "The %noun of %city/%adj Rider/%last Column"),
    ("painting|artwork", "painting", "%title"),
    ("poem", "poem", "%title"),
    ("robot|unit", "robot", "R-##/Unit @#/%first-#/%noun Bot"),
    ("drone|drone_id", "drone", "%brand #/@@-##/%noun Hawk"),
    ("battery", "battery", "cell ##/pack @#/%brand Power #"),
    ("server|host", "server", "node-##/db#/%noun-#/web##"),
    ("cave", "cave", "%adj Cave/%last Cavern/Cave of %stuff"),
    ("volcano", "volcano", "Mount %last/%adj Peak/Mount %noun"),
    ("glacier", "glacier", "%last Glacier/%adj Glacier"),
    ("lake|lake_name", "lake", "Lake %last/%adj Lake/%noun Pond"),
    ("meteorite|meteor", "meteorite", "%city ##/%adj Stone/M-###"),
    ("comet", "comet", "%last-#/C-##@#/%adj Comet"),
    ("fossil|specimen", "fossil", "trilobite/ammonite/shark tooth/fern leaf/dinosaur egg/crab shell"),
    ("gem", "gem", "opal/ruby/emerald/topaz/garnet/%adj Sapphire"),
    ("coin", "coin", "denarius/thaler/ducat/penny/florin/crown of %city"),
    ("stamp", "stamp", "%adj Queen/%color %noun/%country ##"),
    ("clock", "clock", "cuckoo clock/%last Regulator/wall clock/%noun Clock"),
    ("carpet|rug_name", "carpet", "%city rug/runner ##/%adj Carpet/kilim"),
    ("dress|garment", "garment", "evening dress/raincoat/kimono/tweed jacket/silk scarf/ball gown"),
    ("shoe|shoe_model", "shoe", "%brand Runner/%brand Trail #/%noun Boot"),
    ("bicycle|bike", "bicycle", "%brand Gravel/%brand City #/%noun Racer"),
    ("tram|tram_line", "tram", "line #/line 1#/%city tram #"),
    ("lift|elevator", "elevator", "elevator @/lift #/service lift"),
    ("parcel_locker|locker", "locker", "locker ##/@##/box 1##"),
    ("contract|contract_id", "contract", "C-####/%last lease/%brand deal"),
    ("complaint|case_id", "complaint", "#####/C-##/%brand claim"),
    ("law|bill", "bill", "%noun Act/Bill ##/%city Charter"),
    ("party|political_party", "party", "%adj Alliance/%noun Party/%country First"),
    ("trial|lawsuit", "trial", "%last v. %last/%brand v. %last"),
    ("strike", "strike", "%brand strike/dock strike/%city walkout"),
    ("parade|festival", "festival", "%noun Fest/%city Carnival/%adj Nights"),
    ("wedding|couple", "wedding", "%first & %first/%last wedding"),
    ("choir", "choir", "%city Voices/%noun Choir/%adj Singers"),
    ("opera_house|theater", "theater", "%city Opera/%noun Theater/%last Hall"),
    ("play|stage_play", "play", "%title"),
    ("podcast|show", "podcast", "%adj Talk/%noun Hour/Ask %first"),
    ("channel|station", "station", "Radio %noun/%city FM/%adj TV"),
    ("magazine|journal", "magazine", "%noun Weekly/%city Review/%adj Page"),
    ("club|team_name", "club", "%city United/%adj %beasts/%noun Rovers"),
    ("stadium|arena", "arena", "%last Arena/%city Dome/%noun Park"),
    ("race", "race", "%city Run/%noun Classic/%adj Mile"),
    ("horse", "horse", "%adj %noun/%noun Dancer/%first"),
    ("dog_show|breed", "dog breed", "%country hound/%adj spaniel/%last terrier"),
    ("beehive|hive", "beehive", "hive ##/%noun hive/%first's hive"),
    ("tree", "tree", "old oak/copper beech/%last's elm/silver fir/%noun Pine"),
    ("mushroom", "mushroom", "%adj cap/chanterelle/%color bolete/inkcap"),
    ("reef", "reef", "%adj Reef/%last Reef/%noun Shoals"),
    ("school|school_name", "school", "%last School/%noun Academy/%city High"),
    ("clinic|hospital", "clinic", "%last Clinic/St. %first Hospital/%noun Care"),
    ("vaccine", "vaccine", "%brand Vax/V-##/%noun Shield"),
    ("perfume|scent", "perfume", "%adj Rose/Eau de %city/%noun No #"),
    ("soap|soap_name", "soap", "%noun Bar/%adj Suds/%brand Wash"),
    ("sauce", "sauce", "%adj Fire/%last's Relish/%city Salsa"),
    ("tea|tea_name", "tea", "%adj Leaf/%city Breakfast/%noun Oolong"),
    ("spacecraft|probe", "probe", "%noun #/%first Explorer/Deep %noun"),
    ("telescope", "telescope", "%last Array/%noun Eye/%city Scope"),
    ("loan|loan_id", "loan", "L-###/%brand credit/loan ##"),
    ("fund|fund_name", "fund", "%noun Growth/%brand Fund/%adj Capital"),
    ("warehouse|depot", "warehouse", "depot ##/%city Hub/%noun Storage"),
    ("factory|plant_name", "factory", "%brand Works/%city Mill/Plant ##"),
    ("shop|store", "shop", "%last's/%noun Corner/%adj Books"),
    ("hostel|campsite", "campsite", "%adj Camp/%noun Hostel/Camp %last"),
    ("experiment", "experiment", "trial ##/%noun Study/E-##"),
    ("sample|sample_id", "sample", "S-##/tube @#/%noun ##"),
    ("language_course|workshop", "workshop", "%noun Basics/%language ##/%adj Crafts"),
    ("quest|mission", "mission", "Operation %noun/%adj %noun/Mission ##"),
    ("dragon|creature", "creature", "%adj Drake/%noun Beast/%first the %adj"),
    ("kingdom", "kingdom", "%noun Realm/%adj Isles/Land of %last"),
    ("castle", "castle", "Castle %last/%noun Keep/%adj Hold"),
    ("window|window_type", "window", "bay window/skylight/round window/window ##"),
)

ATTRIBUTES: tuple[Attribute, ...] = (
    says(measure("depth|depth_m", 2, 90), "is {} m deep / has a depth of {} m / goes down {} meters", "depth {} m / {} m deep"),
    says(
        measure("height|height_m|height_meters", 2, 90), "is {} m high / rises {} meters / has a height of {} m", "height {} m / {} m tall"
    ),
    says(measure("breadth|breadth_m", 2, 60), "is {} m broad / spans {} meters from side to side", "breadth {} m"),
    says(measure("weight|weight_kg|kilos", 1, 95), "weighs {} kg / has a weight of {} kilos", "weight {} kg / {} kg"),
    says(measure("volume_l|liters", 1, 80), "holds {} liters / has a volume of {} l", "volume {} l / {} liters"),
    says(measure("distance_km|kilometers_away", 1, 99), "is {} km away / lies at a distance of {} km", "distance {} km / {} km away"),
    says(measure("temperature|temp_c|degrees", 3, 90), "is kept at {} °C / has a temperature of {} degrees", "{} °C / temperature {}"),
    says(measure("growth_percent|growth", 1, 40), "grew by {} percent / shows {}% growth", "growth {}% / up {}%"),
    says(measure("discount|discount_percent", 5, 60), "is reduced by {}% / comes with a {}% discount", "discount {}% / {}% off"),
    says(measure("rating|stars", 1, 5), "is rated {} stars / has a rating of {}", "rating {} / {} stars"),
    says(measure("share|market_share", 1, 60), "has a share of {}% / holds {} percent of the market", "share {}%"),
    says(measure("purity|purity_percent", 50, 99), "is {}% pure / has a purity of {}%", "purity {}% / {}% pure"),
    says(cash("fee|entry_fee|admission", 2, 90), "charges a fee of ${} / asks {} euros for entry", "fee ${} / entry {} euros"),
    says(
        cash("deposit|deposit_paid", 20, 400), "needs a deposit of ${} / asks for {} euros as a deposit", "deposit ${} / deposit: {} euros"
    ),
    says(cash("rent_due|monthly_rent", 200, 900), "costs ${} a month in rent / brings a monthly rent of {}", "rent ${} / monthly rent {}"),
    says(cash("fine|penalty", 10, 500), "led to a fine of ${} / carries a penalty of {} dollars", "fine ${} / penalty {}"),
    says(cash("value|estimated_value", 50, 900), "is worth ${} / is valued at {} euros", "value ${} / worth {} euros"),
    says(cash("retail_price|sells_for", 5, 400), "sells for ${} / is on sale at {} euros", "${} / price: {} euros"),
    says(whole("budget|budget_usd", 1000, 90000, 500), "has a budget of ${} / may spend {} dollars", "budget ${} / budget: {}"),
    says(whole("debt", 500, 90000, 500), "owes ${} / has a debt of {} euros", "debt ${} / debt: {}"),
    says(whole("profit|yearly_profit", 1000, 90000, 500), "made a profit of ${} / earned {} dollars in profit", "profit ${}"),
    says(whole("year_built|built_in", 1720, 2020), "was built in {} / dates back to {}", "built {} / built in {}"),
    says(whole("opened|opening_year", 1850, 2025), "opened in {} / has been open since {}", "opened {} / open since {}"),
    says(whole("closed|closing_year", 1950, 2025), "closed in {} / shut its doors in {}", "closed {}"),
    says(whole("founded|founding_year", 1700, 2020), "was founded in {} / was started in {}", "founded {} / since {}"),
    says(whole("discovered|discovery_year", 1600, 2020), "was discovered in {} / was first seen in {}", "discovered {} / found {}"),
    says(whole("floor_count|stories", 2, 60), "has {} floors / rises over {} stories", "{} floors"),
    says(whole("workers|staff_count|employees", 3, 900), "employs {} people / has a staff of {}", "{} workers / staff: {}"),
    says(whole("visitors|visitor_count|daily_visitors", 20, 9000, 10), "gets {} visitors a day / is seen by {} visitors", "{} visitors"),
    says(whole("members_total|member_count", 10, 900), "has {} members / counts {} members", "{} members / members: {}"),
    says(whole("seats_total|seat_count", 20, 9000, 10), "seats {} people / has {} seats", "{} seats / seats: {}"),
    says(whole("votes|vote_count", 100, 90000), "got {} votes / received {} votes", "{} votes / votes: {}"),
    says(whole("goals|goals_scored", 1, 90), "scored {} goals / has {} goals", "{} goals / goals: {}"),
    says(whole("losses|games_lost", 1, 30), "lost {} times / has {} losses", "{} losses / losses: {}"),
    says(whole("wins|victories", 1, 30), "won {} times / has {} victories", "{} wins / wins: {}"),
    says(whole("max_speed|top_speed|top_speed_kmh", 30, 400), "reaches {} km/h / has a top speed of {} km/h", "top speed {} km/h"),
    says(whole("max_load|max_load_kg", 50, 900), "carries at most {} kg / has a maximum load of {} kg", "maximum load {} kg / up to {} kg"),
    says(
        whole("min_order|smallest_order", 2, 60),
        "is sold from {} pieces up / has a minimum order of {}",
        "minimum order {} / at least {} pieces",
    ),
    says(whole("max_guests|guest_limit", 5, 300), "takes at most {} guests / is limited to {} guests", "up to {} guests / guest limit {}"),
    says(whole("first_price|starting_price", 10, 900, 10), "was first offered at ${} / started at a price of {}", "starting price {}"),
    says(whole("last_price|closing_price", 1000, 9000, 10), "was last priced at ${} / ended at a price of {}", "closing price {}"),
    says(whole("pages_total|page_count", 20, 900), "has {} pages / runs to {} pages", "{} pages / pages: {}"),
    says(whole("episodes|episode_count", 3, 300), "has {} episodes / ran for {} episodes", "{} episodes / episodes: {}"),
    says(whole("days|duration_days", 2, 40), "lasts {} days / goes on for {} days", "{} days / duration: {} days"),
    says(whole("weeks|weeks_open", 2, 50), "runs for {} weeks / takes {} weeks", "{} weeks"),
    says(
        whole("wait_minutes|waiting_time", 5, 90),
        "has a wait of {} minutes / keeps people waiting {} minutes",
        "wait {} minutes / {} minutes wait",
    ),
    says(whole("warranty_years|guarantee_years", 1, 12), "has a warranty of {} years / is guaranteed for {} years", "{} years of warranty"),
    says(
        whole("age_limit|adults_from", 6, 21), "is open to people from {} years on / has an age limit of {}", "age limit {} / from {} years"
    ),
    says(whole("room|room_number", 1, 400), "is in room {} / can be found in room {}", "room {} / room: {}"),
    says(whole("shelf|shelf_number", 1, 90), "stands on shelf {} / is kept on shelf {}", "shelf {} / shelf: {}"),
    says(whole("floor|floor_number", 1, 40), "is on floor {} / stands on floor {}", "floor {} / floor: {}"),
    says(whole("rank|position", 1, 50), "ranks number {} / came in at position {}", "rank {} / position {}"),
    says(whole("edition|edition_number", 2, 60), "is in its edition number {} / reached edition {}", "edition {} / edition: {}"),
    says(whole("teeth_count|parts", 5, 900), "consists of {} parts / has {} parts", "{} parts / parts: {}"),
    says(whole("errors|error_count", 2, 400), "had {} errors / reported {} errors", "{} errors / errors: {}"),
    says(whole("reviews|review_count", 2, 900), "has {} reviews / was reviewed {} times", "{} reviews"),
    says(whole("injured|injuries", 2, 60), "left {} people injured / caused {} injuries", "{} injured"),
    says(whole("copies|copies_sold", 100, 90000, 100), "sold {} copies / reached {} buyers", "{} copies sold / copies sold: {}"),
    says(whole("voltage|volts", 3, 400), "runs on {} volts / needs {} V", "{} V / voltage {}"),
    says(whole("memory_gb|gigabytes", 2, 512, 2), "has {} GB of memory / comes with {} GB", "{} GB / memory {} GB"),
    says(text("owner|owned_by", PERSON), "belongs to {} / is owned by {}", "owner {} / owner: {}"),
    says(text("manager|boss", PERSON), "is managed by {} / has {} as its manager", "manager {} / manager: {}"),
    says(text("inventor|invented_by", PERSON), "was invented by {} / was thought up by {}", "inventor {} / invented by {}"),
    says(text("guardian|keeper", PERSON), "is guarded by {} / is looked after by {}", "keeper {} / keeper: {}"),
    says(text("architect|planned_by", PERSON), "was planned by {} / is the work of the architect {}", "architect {} / planned by {}"),
    says(text("painter|painted_by", PERSON), "was painted by {} / shows the hand of the painter {}", "painter: {} / painted by {}"),
    says(text("judge|judged_by", PERSON), "was judged by {} / came before judge {}", "judge {} / judge: {}"),
    says(text("sponsor|sponsored_by", "%company"), "is sponsored by {} / is paid for by {}", "sponsor {} / sponsor: {}"),
    says(text("supplier|supplied_by", "%company"), "is supplied by {} / comes from the supplier {}", "supplier {} / supplied by {}"),
    says(text("insurer|insured_by", "%company"), "is insured by {} / has a policy with {}", "insurer {} / insured with {}"),
    says(text("rival|main_rival", "%company/%city United"), "competes with {} / has {} as its rival", "rival {} / rival: {}"),
    says(text("buyer|bought_by", "%company/%person"), "was bought by {} / went to the buyer {}", "buyer {} / bought by {}"),
    says(text("seller|sold_by", "%company/%person"), "was sold by {} / came from the seller {}", "seller {} / sold by {}"),
    says(text("contact|contact_person", PERSON), "is reached through {} / has {} as its contact", "contact {} / contact: {}"),
    says(text("location|place_name", CITY), "is in {} / can be found in {} / lies in {}", "in {} / location {} / {}"),
    says(text("birthplace|made_at", CITY), "was made in {} / comes from {}", "made in {} / from {}"),
    says(text("moved_to|new_site", CITY), "moved to {} / was brought to {}", "moved to {} / now in {}"),
    says(text("nation|country_name", "%country"), "is in {} / belongs to {}", "{} / nation: {}"),
    says(text("street_name|road", "%road"), "stands on {} / is on {}", "{} / street: {}"),
    says(
        text("district|quarter", "Old Town/West End/Harbor Side/Riverside/Hillcrest/North Gate"),
        "is in the {} district",
        "district {} / {} district",
    ),
    says(text("color_name|paint", "%color"), "is {} / is painted {}", "{} / color {}", prefix=True),
    says(
        text("material|material_used", "oak/steel/marble/brick/copper/linen/glass/clay/rubber/bronze"),
        "is made of {}",
        "{} / material: {}",
        prefix=True,
    ),
    says(
        text("style|school_style", "Gothic/Baroque/modern/rustic/Nordic/Moorish/Victorian/minimalist"),
        "is {} in style",
        "{} style / style: {}",
        prefix=True,
    ),
    says(text("size_class|size_label", "small/medium/large/giant/tiny"), "is {} / comes in size {}", "size {} / {}", prefix=True),
    says(text("condition|state", "mint/fair/poor/good/excellent"), "is in {} condition", "{} condition / condition: {}"),
    says(text("shape|outline", "round/square/oval/triangular/flat"), "is {} in shape / has a(n) {} outline", "{} / shape: {}", prefix=True),
    says(
        text("flavor|taste", "sweet/bitter/sour/nutty/fruity/spicy/salty"),
        "tastes {} / has a(n) {} taste",
        "{} taste / taste: {}",
        prefix=True,
    ),
    says(text("speaks|main_language", "%language"), "is held in {} / uses {}", "{} / language: {}"),
    says(text("currency_used|money_unit", "%currency"), "is paid in {} / takes {}", "paid in {} / currency {}"),
    says(text("start|start_day|begins", DAY), "begins on {} / starts on {}", "start {} / from {}"),
    says(text("end|end_day|ends", DAY), "ends on {} / is over on {}", "end {} / until {}"),
    says(
        text("inspected|inspected_on|last_inspection", DAY), "was inspected on {} / was last checked on {}", "inspected {} / inspection: {}"
    ),
    says(text("repaired|repaired_on", DAY), "was repaired on {} / was mended on {}", "repaired {} / repair: {}"),
    says(text("deadline|last_day", DAY), "has to be ready by {} / has its deadline on {}", "deadline {} / by {}"),
    says(text("opens_at|opening_time", "%worktime"), "opens at {} / is open from {} on", "opens {} / from {}"),
    says(text("closes_at|closing_time", "2%two:%minute/1#:%minute"), "closes at {} / is shut at {}", "closes {} / until {}"),
    says(text("code|ref|reference", "@@###/@#@#/##-###"), "has the code {} / is filed under {}", "code {} / ref. {}"),
    says(text("serial|serial_number", "@####/#####/@@-####"), "has the serial number {} / is number {}", "serial {} / no. {}"),
    says(text("status|phase", "pending/approved/rejected/paused/finished"), "is {} / has the status {}", "{} / status: {}"),
    says(
        text("reason|cause_given", "rain/fog/a power cut/heavy snow/a leak/a lost key/high demand"),
        "was delayed by {} / suffered from {}",
        "because of {} / reason: {}",
    ),
    says(text("prize|award", "%noun Medal/%last Prize/%adj Cup"), "won the {} / was given the {}", "award: {} / winner of the {}"),
    says(
        text("nickname|also_called", "the %adj One/Old %first/the %noun"),
        "is known as {} / is also called {}",
        "also called {} / nickname {}",
    ),
    says(text("neighbor|next_to", "%noun Tower/%last Hall/%adj Garden"), "stands next to {} / borders on {}", "near {} / next to {}"),
    says(text("series|collection", "%noun Line/%adj Series/%last Collection"), "belongs to the {} / is part of the {}", "{} / series: {}"),
    says(
        text("power_source|powered_by", "wind/steam/diesel/solar cells/gas/electricity"),
        "is powered by {} / runs on {}",
        "power: {} / runs on {}",
    ),
    says(text("habitat|lives_in", "forests/deserts/swamps/caves/rivers/meadows"), "is found in {} / thrives in {}", "habitat: {} / in {}"),
    yes("guarded|is_guarded", "{?is|is not} guarded / {?has|does not have} a guard", "{?guarded|unguarded}"),
    yes("open_now|is_open", "{?is|is not} open now / {?is open|is closed} at the moment", "{?open|closed}"),
    yes("insured|is_insured", "{?is|is not} insured / {?has|has no} insurance", "{?insured|not insured}"),
    yes("heated|has_heating", "{?is|is not} heated / {?has|has no} heating", "{?heated|unheated}"),
    yes("licensed|has_license", "{?has|does not have} a license / {?is|is not} licensed", "{?licensed|unlicensed}"),
    yes("public|open_to_public", "{?is|is not} open to the public / {?is public|is private}", "{?public|not public}"),
    yes("damaged|is_damaged", "{?is|is not} damaged / {?has|has not} been damaged", "{?damaged|undamaged}"),
    yes("famous|is_famous", "{?is|is not} famous / {?has|has never} become famous", "{?famous|not famous}"),
    yes("rented|is_rented", "{?is|is not} rented out / {?has|has no} tenants", "{?rented|vacant}"),
    yes("paid|is_paid", "{?has|has not} been paid / {?is|is not} paid for", "{?paid|unpaid}"),
    yes("tested|has_been_tested", "{?was|was never} tested / {?has|has not} passed a test", "{?tested|untested}"),
    yes("portable|is_portable", "{?is|is not} portable / {?can|cannot} be carried around", "{?portable|not portable}"),
    yes("legal|is_legal", "{?is|is not} legal / {?is allowed|is forbidden}", "{?legal|illegal}"),
    yes("haunted|is_haunted", "{?is|is not} haunted", "{?haunted|not haunted}"),
    yes("wifi|has_wifi", "{?has|does not have} Wi-Fi / {?offers|does not offer} Wi-Fi", "{?Wi-Fi|no Wi-Fi}"),
    says(
        several("risks|dangers", "floods/fire/frost/theft/dust/noise/ice"), "is at risk from {} / has to fear {}", "risks: {} / dangers: {}"
    ),
    says(
        several("features|extras", "a clock/a roof/a garden/a pump/wheels/lamps/a mirror"),
        "comes with {} / offers {}",
        "features: {} / with {}",
    ),
    says(
        several("used_for|uses", "cooking/hunting/storage/training/weddings/transport/lessons"),
        "is used for {} / serves for {}",
        "for {} / uses: {}",
    ),
    says(
        several("animals|species", "bats/seals/goats/lizards/cranes/bears/turtles"), "is home to {} / attracts {}", "animals: {} / with {}"
    ),
    says(
        several("partners|allies", "Northwind/Halden/Korvo Labs/Tessel Group/Orbis/Arden Foods/Kestrel"),
        "works with {} / has {} as partners",
        "partners: {}",
    ),
    says(
        several("languages|spoken", "French/Polish/Dutch/Hindi/Turkish/Korean"),
        "is offered in {} / can be had in {}",
        "languages: {} / in {}",
    ),
    says(several("colors|color_list", "red/blue/green/white/black/yellow"), "comes in {} / is sold in {}", "colors: {} / in {}"),
    says(several("sports|games_played", "tennis/chess/rugby/darts/golf/hockey"), "is home to {} / offers {}", "sports: {}"),
    says(several("needs|supplies", "oil/water/paint/nails/salt/paper/rope"), "needs {} / is short of {}", "needs: {} / supplies: {}"),
    says(
        several("complaints|problems", "noise/leaks/delays/smells/mold/dirt"),
        "has trouble with {} / is known for {}",
        "problems: {} / trouble: {}",
    ),
)
ACTIVE = {
    "owner": "owns/has owned",
    "manager": "manages/runs",
    "inventor": "invented/thought up",
    "guardian": "looks after/guards",
    "architect": "planned/drew the plans of",
    "painter": "painted/spent years on",
    "judge": "judged",
    "sponsor": "sponsors/pays for",
    "supplier": "supplies/delivers parts for",
    "insurer": "insures/has insured",
    "rival": "competes with",
    "buyer": "bought/paid for",
    "seller": "sold/no longer has",
    "contact": "answers questions about",
    "location": "is the home of/has a place for",
    "prize": "went to/was given to",
}
"""What some attributes' values do to the subject, when they come first in a sentence."""
GROUPS = ("details|facts|data|info|more|extra|summary|profile|record|about").split("|")
PER_DOMAIN, WORDINGS = 8, 6


def composed(rng: random.Random) -> Domain:
    """A new domain: a subject, eight attributes, six wordings, and a pair of attributes that one object may hold."""
    keys, noun, names = rng.choice(SUBJECTS)
    subject = text(keys, names)
    chosen: list[Attribute] = []
    for attribute in rng.sample(ATTRIBUTES, len(ATTRIBUTES)):
        if len(chosen) < PER_DOMAIN and attribute.field.name not in subject.keys:
            chosen.append(attribute)
    templates = tuple(_wording(rng, noun, subject.name, rng.sample(chosen, len(chosen))) for _ in range(WORDINGS))
    inner = tuple(attribute.field.name for attribute in rng.sample(chosen, 2))
    return Domain((subject, *(attribute.field for attribute in chosen)), templates, (rng.choice(GROUPS), inner))


def _wording(rng: random.Random, noun: str, subject: str, attributes: list[Attribute]) -> str:
    """Sentences about the subject, or a list of labels."""
    name = f"{{{subject}}}"
    first, *others = attributes
    kind = rng.choice(("name", "name", "noun", "list", "list", "prefix", "colon", "active", "active"))
    if kind in ("list", "colon"):
        opening = f"{noun.capitalize()}: {name}" if kind == "colon" else name
        return (
            opening + rng.choice((", ", ": ", " - ")) + _label(rng, first) + "".join(f"[, {_label(rng, one)}]" for one in others[:5]) + "."
        )
    prefixed = next((one for one in attributes if one.prefix), None)
    if kind == "prefix" and prefixed:
        others = [one for one in attributes if one is not prefixed]
        name, first = f"{{{prefixed.field.name}}} {name}", others.pop()
    agent = next((one for one in attributes if one.field.name in ACTIVE), None)
    if kind == "active" and agent:
        return _active(rng, noun, name, agent, [one for one in attributes if one is not agent])
    who = f"<The/This> {noun} {name}" if kind == "noun" else f"The {name}" if kind == "prefix" else name
    return f"{who} {_verb(rng, first)}[ and {_verb(rng, others[0])}]." + _more(rng, noun, others[1:5])


def _active(rng: random.Random, noun: str, name: str, agent: Attribute, others: list[Attribute]) -> str:
    """Somebody does something to the subject, which may be told more of."""
    first, second, *rest = others
    verb = f"{{{agent.field.name}}} <{ACTIVE[agent.field.name]}>"
    if rng.random() < 0.5:
        return f"{verb} {name}[, which {_verb(rng, first)}][ and {_verb(rng, second)}]." + _more(rng, noun, rest[:3])
    return f"{verb} the {noun} {name}[ ({_label(rng, first)}[, {_label(rng, second)}])]." + _more(rng, noun, rest[:3])


def _more(rng: random.Random, noun: str, attributes: list[Attribute]) -> str:
    """A sentence for each, or a label with a full stop."""
    subjects = ("It", "It", f"The {noun}")
    return "".join(
        f"[ {rng.choice(subjects)} {_verb(rng, one)}.]" if rng.random() < 0.6 else f"[ {_capital(_label(rng, one))}.]" for one in attributes
    )


def _verb(rng: random.Random, attribute: Attribute) -> str:
    return _filled(rng.choice(attribute.verbs), attribute)


def _label(rng: random.Random, attribute: Attribute) -> str:
    return _filled(rng.choice(attribute.labels), attribute)


def _filled(wording: str, attribute: Attribute) -> str:
    return wording.replace("{", "{" + attribute.field.name)


def _capital(text: str) -> str:
    return text if text.startswith("{") else text[0].upper() + text[1:]
