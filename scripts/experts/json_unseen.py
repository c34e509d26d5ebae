"""Domains of the test: they share no key with those of training."""

from __future__ import annotations

from experts.json_world import Domain, cash, flag, measure, several, text, whole

TEST: tuple[Domain, ...] = (
    Domain(  # museum pieces
        (
            text(
                "exhibit|artifact",
                "mask/tablet/bust/cup/axe/painted vase/ring/comb/tapestry/helmet/statue/necklace/oil lamp",
            ),
            text("museum", "%city Museum/%last Gallery/Museum of %country"),
            text("culture|civilization", "Roman/Etruscan/Maya/Viking/Minoan/Persian/Celtic/Nubian"),
            whole("dated|made_in_year", 210, 1780),
            measure("length_cm", 3, 95),
            text("wing", "East Wing/West Wing/North Wing/South Wing"),
            whole("case|case_number", 2, 90),
            flag("restored|is_restored"),
            several("substances|made_of", "clay/gold/bone/amber/jade/iron/shell/linen"),
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
            text(
                "wine|wine_name",
                "Château %last/%noun Valley Red/Casa %last Reserva/Domaine %last/%adj Hill White",
            ),
            text(
                "grape|grape_variety",
                "Merlot/Riesling/Malbec/Syrah/Tempranillo/Chardonnay/Pinot Noir",
            ),
            whole("vintage", 1988, 2024),
            text("winemaker", "%person"),
            measure("alcohol|alcohol_percent", 9, 15),
            whole("points|critic_points", 80, 100),
            flag("organic|is_organic"),
            cash("bottle_price", 6, 180),
            several("aromas|notes", "cherry/vanilla/oak/plum/pepper/honey/smoke/peach/violet"),
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
            text("lot|lot_number", "##/1##/#@"),
            text(
                "object|sold_object",
                "pocket watch/oil portrait/walnut chest/violin/porcelain bowl/typewriter/diamond brooch/globe",
            ),
            whole("opening_bid", 50, 9000, 50),
            whole("final_bid|hammer_price", 9100, 60000, 100),
            text("bidder|winning_bidder", "%person"),
            whole("bids|bid_count", 2, 48),
            text("auction_house", "%last & %last/%last Auctions/%brand Sales"),
            flag("authenticated|is_authentic"),
            several(
                "flaws|defects", "scratches/dents/stains/rust/cracks/faded paint/missing screws"
            ),
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
            text(
                "game|board_game",
                "%adj Islands/Lords of %city/%noun Quest/Castle %noun/Merchants of %city",
            ),
            text("designer|game_designer", "%person"),
            whole("min_players", 2, 3),
            whole("max_players", 4, 9),
            whole("play_minutes|playing_time", 15, 180, 15),
            whole("min_age", 5, 16),
            flag("cooperative|is_cooperative"),
            measure("complexity|complexity_score", 1, 5),
            several(
                "mechanics|mechanisms",
                "bluffing/drafting/trading/dice rolling/set collection/bidding/tile placement",
            ),
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
            text("vessel|ship_name", "MV %noun/SS %adj %noun/%noun Star/Queen %first/MS %brand"),
            text("captain", "%person"),
            text("home_port|registered_port", "%city"),
            text("cargo|cargo_type", "grain/timber/coal/coffee/steel/cotton/salt"),
            whole("tonnage|gross_tons", 400, 90000, 100),
            whole("crew_size|crew", 4, 60),
            measure("speed_knots|knots", 8, 26),
            flag("refrigerated|is_refrigerated"),
            several(
                "ports_of_call|next_ports",
                "Piraeus/Santos/Busan/Durban/Antwerp/Callao/Colombo/Tangier",
            ),
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
            text(
                "crop|crop_name",
                "barley/wheat/maize/potatoes/sunflowers/soybeans/rye/sugar beet/oats",
            ),
            text("farm|farm_name", "%last Farm/%noun Acres/%adj Meadow Farm"),
            text("farmer|grower", "%person"),
            measure("hectares|field_hectares", 2, 180),
            measure("yield_tons|tons", 3, 900),
            text(
                "sown|sown_on",
                "# March/1# March/2%eight March/# April/1# April/2%eight April/# May/1# May",
            ),
            text(
                "harvested|harvested_on",
                "1# August/2%eight August/# September/1# September/2%eight September/# October/1# October",
            ),
            flag("irrigated|is_irrigated"),
            several("pests|pests_found", "aphids/slugs/beetles/mites/weevils/moths/mice"),
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
            text("satellite|satellite_name", "%brand-#/%noun Sat #/Orbiter @#/%adj Eye #"),
            text("operator|operated_by", "%company/%country Space Agency"),
            text("launched|launch_day", "%iso/%day %year"),
            text("rocket|launcher", "Atlas #/Vega @/Long Arrow #/Titan #"),
            whole("altitude_km|orbit_km", 320, 36000, 10),
            whole("mass_kg", 40, 6400, 10),
            flag("active|operational"),
            whole("mission_years", 2, 20),
            several(
                "instruments|sensors",
                "radars/cameras/magnetometers/spectrometers/lidars/star trackers/altimeters",
            ),
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
            text("volunteer|volunteer_name", "%person"),
            text("charity|cause", "%noun Relief/Food for %city/%last Foundation/Clean %noun"),
            whole("shift_hours", 2, 10),
            text("shift_day", "%weekday"),
            whole("total_hours|hours_served", 12, 900),
            text("supervisor|coordinator", "%person"),
            flag("trained|has_training"),
            flag("drives|has_driving_license"),
            several(
                "tasks|duties",
                "cooking/cleaning/sorting/tutoring/fundraising/first aid/planting/packing",
            ),
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
