"""Domains of the test: they share no label and no relationship type with those of training."""

from __future__ import annotations

from typing import Final

from experts.cypher_world import (
    AGE,
    AREA,
    BORN,
    BUDGET,
    COLOR,
    COUNTRIES,
    FOUNDED,
    HEIGHT,
    HOME,
    LENGTH,
    MINUTES,
    NATION,
    OPENED,
    PRICE,
    SEAT,
    SINCE,
    SITE,
    WEIGHT,
    WHEN,
    Domain,
    Node,
    Prop,
    be,
    been,
    edge,
    flag,
    joined,
    node,
    number,
    past,
    present,
    tally,
    text,
    words,
    year,
)

# The domains are tables: they read better filled than with one argument a line.
# fmt: off
_STRANGERS: Final = joined(
    "Alba|Bruno|Celia|Darius|Edith|Fabio|Gwen|Harald|Ingrid|Jamal|Kira|Lorenz|Mina|Nils|Oona|Pavel|Rhea|Stefan|Thea|Umberto|Viola|Wanda",
    "Abbott|Banks|Castillo|Dahl|Ekman|Flores|Grant|Holm|Iversen|Joshi|Klein|Lindgren|Mbeki|Nowak|Osei|Petrov|Quist|Ramos|Sato|Thorne")


def _stranger(labels: str, *props: Prop) -> Node:
    return node(labels, _STRANGERS, *props, who=True)


TEST: Final = (
    Domain(
        (
            _stranger("Sailor Seaman", AGE, NATION, tally("voyages", "voyages", 1, 90)),
            node("Ship Vessel", joined("Sea|Storm|Wave|Ocean|Coral|Salt", "Spirit|Queen|Dancer|Runner|Witch|Rose"),
                number("tonnage", "tonnage", 100, 9000, 50, "amount", top="heaviest", bottom="lightest"),
                year("built built_in", "building year", 1900, 2020, "built", top="newest", bottom="oldest"),
                number("crew crew_size", "crew size", 5, 200, kind="amount")),
            node("Port Harbor",
                words("Rotterdam|Genoa|Marseille|Gdansk|Busan|Antwerp|Valencia|Odessa|Santos|Durban|Haifa|Oakland|Tampa|Bremen"),
                number("depth", "depth", 5, 40, above="deeper than {}", top="deepest"), SEAT, tally("docks", "docks", 2, 60)),
        ),
        (
            edge("Sailor", "SERVED_ON", past("serve on", "served on"), "Ship",
                text("rank", "rank", "captain|mate|cook|gunner|deckhand"), inverse="CREWED_BY",
                ask="What rank did {s} have on {o}?|Which rank did {s} hold on {o}?"),
            edge("Ship", "DOCKED_AT", past("dock at", "docked at"), "Port", WHEN, inverse="WELCOMED",
                ask="When did {s} dock at {o}?|In which year did {s} dock at {o}?"),
            edge("Sailor", "BORN_IN", been("born in"), "Port", single=True),
        ),
    ),
    Domain(
        (
            _stranger("Climber Mountaineer", AGE, NATION, HEIGHT),
            node("Mountain Peak", joined("Mount|Cerro|Pico", "Arden|Bellor|Carrow|Dunmor|Esker|Fenwick|Galen|Hador"),
                number("height elevation", "height", 1000, 8000, 10, above="higher than {}", below="lower than {}", top="highest",
                    bottom="lowest"), year("first_ascent", "year of the first ascent", 1800, 1990, "first climbed"),
                flag("volcanic is_volcanic", "volcanic")),
            _stranger("Guide", AGE, number("daily_rate", "daily rate", 50, 500, 10),
                text("language", "language", "English|Spanish|Nepali|French|German", "speaking {}")),
            node("MountainRange", joined("Black|White|Iron|Eastern|Western", "Alps|Ridge|Sierra|Highlands|Crest"), LENGTH, SEAT),
        ),
        (
            edge("Climber", "CLIMBED SUMMITED", past("climb", "climbed"), "Mountain",
                tally("days", "days", 1, 60, above="in more than {} days", below="in less than {} days"), inverse="CLIMBED_BY",
                ask="In how many days did {s} climb {o}?|How many days did {s} need to climb {o}?"),
            edge("Guide", "GUIDED", past("guide", "guided"), "Climber", inverse="GUIDED_BY"),
            edge("Mountain", "RISES_IN", present("rise in", "rises in"), "MountainRange", single=True),
            edge("Climber", "TAUGHT", past("teach", "taught"), "Climber"),
        ),
    ),
    Domain(
        (
            node("Podcast", joined("Night|Morning|Curious|Tiny|Open|Plain", "Radio|Talks|Stories|Minds|Questions|Hours"),
                text("language", "language", "English|Spanish|Hindi|French|German", "in {}"),
                tally("subscribers", "subscribers", 100, 90000, 100), flag("explicit is_explicit", "explicit"), key="title name"),
            _stranger("Presenter", AGE, NATION),
            node("Episode", joined("Learning|Eating|Sleeping|Building|Writing|Walking", "Better|Together|Abroad|Outside|Fast|Daily"),
                MINUTES, number("season", "season", 1, 20), key="title"),
            node("Sponsor", joined("Brio|Calyx|Drift|Ember|Fable|Gusto", "Foods|Shoes|Bank|Travel|Energy"),
                text("industry", "industry", "retail|finance|tourism|energy|software"), BUDGET),
        ),
        (
            edge("Presenter", "PRESENTS", present("present", "presents"), "Podcast", inverse="PRESENTED_BY"),
            edge("Episode", "AIRED_ON", past("air on", "aired on"), "Podcast", inverse="BROADCAST", single=True),
            edge("Sponsor", "SPONSORS", present("sponsor", "sponsors"), "Podcast", number("fee", "fee", 100, 9000, 50, "amount"),
                inverse="SPONSORED_BY", ask="What fee does {s} pay to sponsor {o}?|Which fee does {s} pay for {o}?"),
            edge("Presenter", "RECORDED", past("record", "recorded"), "Episode", inverse="RECORDED_BY"),
        ),
    ),
    Domain(
        (
            _stranger("Playwright Dramatist", BORN, NATION),
            node("Play", joined("Borrowed|Winter|Glass|Secret|Second|Quiet", "Wedding|Guests|Thieves|Crown|Harbor|Sisters"),
                tally("acts", "acts", 1, 16), year("premiered premiere_year", "premiere year", 1890, 2022, "premiered"),
                text("tone", "tone", "tragic|comic|absurd|lyrical"), key="title"),
            node("Playhouse Theater", joined("Lantern|Mermaid|Phoenix|Swan|Globe|Comet", "Stage|Theater|Studio|Cellar"),
                tally("seats", "seats", 50, 2000, 10), SITE, OPENED),
            _stranger("Actress", AGE, HOME),
        ),
        (
            edge("Playwright", "PENNED", past("pen", "penned"), "Play", inverse="PENNED_BY"),
            edge("Playhouse", "STAGED", past("stage", "staged"), "Play", tally("performances", "performances", 1, 200),
                inverse="STAGED_AT", ask="How many performances of {o} did {s} stage?"),
            edge("Actress", "CAST_IN", be("cast in"), "Play", text("part", "part", "queen|maid|widow|witch|nurse|sister"),
                ask="What part does {s} have in {o}?|For which part is {s} cast in {o}?"),
            edge("Actress", "SUBSCRIBES_TO", present("subscribe to", "subscribes to"), "Playhouse"),
        ),
    ),
    Domain(
        (
            node("Winery Vineyard", joined("Chateau|Domaine|Bodega|Villa", "Laurent|Marchetti|Solano|Beaumont|Ferrer|Alvarez"),
                text("region", "region", "Rioja|Tuscany|Mosel|Alsace|Douro", "in {}"), FOUNDED, AREA),
            node("Wine", joined("Ruby|Amber|Violet|Scarlet|Pearl|Ebony", "Reserve|Cuvee|Blend|Estate|Select"),
                year("vintage", "vintage", 1980, 2022), PRICE, number("alcohol", "alcohol content", 9, 16, 0.1)),
            node("Grape", words("Merlot|Syrah|Malbec|Riesling|Pinot|Gamay|Barbera|Nebbiolo|Viognier|Albarino|Semillon|Tannat|Zinfandel"),
                text("color", "color", "red|white|pink"), number("acidity", "acidity", 2, 9, 0.1)),
            _stranger("Sommelier Taster", AGE, HOME),
        ),
        (
            edge("Winery", "PRODUCES", present("produce", "produces"), "Wine", tally("bottles", "bottles", 100, 9000, 100),
                inverse="PRODUCED_AT", ask="How many bottles of {o} does {s} produce?"),
            edge("Wine", "MADE_FROM", be("made from"), "Grape", number("share percent", "share", 5, 95, 5),
                ask="What share of {s} is made from {o}?"),
            edge("Sommelier", "TASTED", past("taste", "tasted"), "Wine", number("score", "score", 50, 100), inverse="TASTED_BY",
                ask="What score did {s} give {o}?|Which score did {s} give to {o}?"),
        ),
    ),
    Domain(
        (
            _stranger("Volunteer Helper", AGE, HOME),
            node("Charity Foundation", joined("Bright|Helping|Open|Warm|Shared", "Hands|Roof|Table|Futures|Hearts"), FOUNDED,
                number("donations donation_total", "donation total", 1000, 90000, 500, "amount"), SEAT),
            node("Campaign", joined("Winter|Summer|Spring|School|River|Forest", "Appeal|Drive|Cleanup|Relief|Meals"),
                number("goal", "goal", 1000, 90000, 500, "amount"), year("year", "year", 2000, 2024, "launched")),
            _stranger("Donor", AGE, NATION),
        ),
        (
            edge("Volunteer", "HELPS", present("help", "helps"), "Charity",
                tally("hours weekly_hours", "hours", 1, 40, above="for more than {} hours", below="for less than {} hours"),
                inverse="HELPED_BY", ask="How many hours does {s} help {o}?"),
            edge("Charity", "LAUNCHED", past("launch", "launched"), "Campaign", inverse="LAUNCHED_BY"),
            edge("Donor", "DONATED_TO GAVE_TO", past("donate to", "donated to"), "Campaign",
                number("amount", "amount", 10, 5000, 10, "amount"),
                ask="What amount did {s} donate to {o}?|How much did {s} donate to {o}?"),
            edge("Volunteer", "RECRUITED", past("recruit", "recruited"), "Volunteer", inverse="RECRUITED_BY"),
        ),
    ),
    Domain(
        (
            _stranger("Runner Athlete", AGE, NATION, number("resting_pulse", "resting pulse", 38, 80)),
            node("Marathon Race", joined("Coastal|Desert|Alpine|Harvest|Sunrise|Lakeside", "Marathon|Ultra|Relay|Trail"),
                number("distance distance_km", "distance", 5, 160, above="longer than {}", below="shorter than {}", top="longest",
                    bottom="shortest"), SITE, tally("entrants", "entrants", 50, 9000, 10)),
            node("Brand", joined("Aero|Velo|Zen|Terra|Flux", "Stride|Fit|Wear|Gear|Pace"), SEAT,
                number("revenue", "revenue", 10, 900, 10, "amount"), FOUNDED),
        ),
        (
            edge("Runner", "FINISHED COMPLETED", past("finish", "finished"), "Marathon",
                tally("minutes", "minutes", 120, 600, above="in more than {} minutes", below="in less than {} minutes"),
                inverse="FINISHED_BY", ask="In how many minutes did {s} finish {o}?|How many minutes did {s} need to finish {o}?"),
            edge("Brand", "ENDORSES", present("endorse", "endorses"), "Runner", inverse="ENDORSED_BY"),
            edge("Brand", "ORGANIZES", present("organize", "organizes"), "Marathon", inverse="ORGANIZED_BY"),
            edge("Runner", "BEAT", past("beat", "beat"), "Runner", inverse="BEATEN_BY"),
        ),
    ),
    Domain(
        (
            _stranger("Hero Knight", number("strength", "strength", 10, 100, top="strongest", bottom="weakest", above="stronger than {}"),
                text("homeland", "homeland", "Arcadia|Thule|Lyonesse|Avalon|Ithaca", "from {}")),
            node("Monster Beast", joined("Gor|Mor|Zul|Kra|Vex", "gath|dax|thul|nak|ron", ""), tally("heads", "heads", 1, 20),
                text("lair", "lair", "cave|swamp|tower|forest|volcano", "living in the {}"), flag("immortal is_immortal", "immortal")),
            node("Weapon", joined("Frost|Flame|Thunder|Moon|Dragon", "blade|spear|hammer|bow|axe", ""), WEIGHT,
                text("material", "material", "iron|bronze|silver|bone|crystal", "made of {}")),
            _stranger("Blacksmith", AGE, HOME),
        ),
        (
            edge("Hero", "SLEW", past("slay", "slew"), "Monster", WHEN, inverse="SLAIN_BY",
                ask="When did {s} slay {o}?|In which year did {s} slay {o}?"),
            edge("Hero", "WIELDS", present("wield", "wields"), "Weapon", inverse="WIELDED_BY"),
            edge("Blacksmith", "FORGED", past("forge", "forged"), "Weapon",
                tally("days", "days", 1, 90, above="in more than {} days", below="in less than {} days"), inverse="FORGED_BY",
                ask="In how many days did {s} forge {o}?"),
            edge("Monster", "FEARS", present("fear", "fears"), "Weapon"),
        ),
    ),
    Domain(
        (
            _stranger("Designer Stylist", AGE, HOME),
            node("Garment Dress", joined("Linen|Silk|Wool|Denim|Satin", "Aurora|Breeze|Cinder|Dahlia|Echo|Fern"), PRICE, COLOR,
                text("season", "season", "spring|summer|autumn|winter")),
            node("Boutique", joined("Maison|Atelier|Casa", "Amber|Blanche|Corail|Doree|Etoile|Fleur"), SITE, OPENED,
                tally("staff", "staff", 2, 40)),
            node("Fabric", words("tweed|velour|chiffon|flannel|brocade|muslin|taffeta|gabardine|organza|jersey|poplin|twill|cashmere"),
                number("cost", "cost", 2, 80, 0.5), text("origin", "origin", COUNTRIES, "from {}")),
        ),
        (
            edge("Designer", "DESIGNED", past("design", "designed"), "Garment", inverse="DESIGNED_BY"),
            edge("Boutique", "STOCKS", present("stock", "stocks"), "Garment", number("quantity", "quantity", 1, 60, kind="amount"),
                inverse="STOCKED_BY", ask="What quantity of {o} does {s} stock?"),
            edge("Garment", "SEWN_FROM", be("sewn from"), "Fabric"),
            edge("Designer", "ADMIRES", present("admire", "admires"), "Designer"),
        ),
    ),
    Domain(
        (
            _stranger("Beekeeper", AGE, HOME),
            node("Hive Colony", joined("HV|BX|QN", "11|12|13|14|21|22|23|24", "-"), tally("frames", "frames", 4, 40),
                number("honey honey_kg", "honey yield", 1, 60, 0.5, "amount"),
                year("installed", "installation year", 2005, 2024, "installed"), key="code"),
            node("Meadow", joined("Upper|Lower|Hidden|Sunny|Foggy", "Glade|Bank|Hollow|Pasture|Moor"), AREA,
                text("flower", "flower", "clover|heather|lavender|thistle|dandelion")),
            node("Beetle Parasite", joined("Varro|Acar|Nosem|Tropi", "don|xis|lus|ria", ""), number("length", "length", 0.5, 9, 0.1),
                flag("deadly is_deadly", "deadly")),
        ),
        (
            edge("Beekeeper", "TENDS", present("tend", "tends"), "Hive", SINCE, inverse="TENDED_BY",
                ask="Since when does {s} tend {o}?"),
            edge("Hive", "STANDS_IN", present("stand in", "stands in"), "Meadow", single=True),
            edge("Beetle", "INFESTS", present("infest", "infests"), "Hive", inverse="INFESTED_BY"),
            edge("Beekeeper", "RENTS", present("rent", "rents"), "Meadow", number("rent", "rent", 50, 900, 10, "amount"),
                ask="What rent does {s} pay for {o}?|How much rent does {s} pay for {o}?"),
        ),
    ),
)
# fmt: on
