"""Domains of training: landscapes, wild animals and plants, and what nature does."""

from __future__ import annotations

from experts.json_world import Domain, cash, flag, measure, several, text, whole

NATURE: tuple[Domain, ...] = (
    Domain(  # lighthouses
        (
            text(
                "lighthouse|light_station|beacon",
                "%noun Point/%last Head/%adj Rock/Cape %last/%noun Ness/%adj Skerry",
            ),
            text("first_keeper|original_warden|inaugural_attendant", "%person"),
            text("last_keeper|final_warden|closing_attendant", "%person"),
            whole("tower_m|structure_height|masonry_height", 9, 60),
            whole("focal_plane_m|lamp_elevation|height_over_sea", 20, 130),
            whole("lit_year|inaugurated|operational_since", 1790, 1935),
            whole("automated|unmanned_since|keepers_withdrawn", 1936, 1999),
            flag("fog_signal|has_foghorn|acoustic_warning"),
            text(
                "optic|illuminant|lighting_apparatus",
                "drum lens/catoptric mirror/mercury bath/argand burner/bivalve prism/kerosene mantle/arc lamp/acetylene gun/"
                "parabolic reflector/oil wick/clamshell lens/xenon bulb",
            ),
            several(
                "daymark|paint_scheme|livery",
                "red/white/black/yellow/orange/grey/ochre/green/cream/brown",
            ),
        ),
        (
            (
                "{lighthouse} first shone in {lit_year}[, tended by {first_keeper}].[ <Since/From> {automated} on it has run by itself.]"
                "[ The tower is {tower_m} m tall.]"
            ),
            (
                "{last_keeper} was the last keeper to climb the 96 steps of {lighthouse}[, {first_keeper} the first]."
                "[ The beam comes from a(n) {optic}.][ In fog {fog_signal?a horn blares|nothing is heard}.]"
            ),
            (
                "{lighthouse}: tower {tower_m} m[, light {focal_plane_m} m above the sea][, lit {lit_year}][, automatic {automated}]"
                "[, {fog_signal?foghorn|no foghorn}][, colours {daymark}]"
            ),
            (
                "At {focal_plane_m} m above the waves burns the light of {lighthouse}[, on top of a tower that measures {tower_m} m]."
                "[ It is painted {daymark}.]"
            ),
            (
                "Who lit {lighthouse} in the beginning? It was {first_keeper}[, in {lit_year}]."
                "[ And who locked the door at the very end? {last_keeper}[, in {automated}].]"
            ),
            (
                "I rowed out to {lighthouse} with 3 friends and saw the {optic} up close.[ The walls are {daymark}.]"
                "[ Thick weather {fog_signal?sets off a siren|leaves it mute}.][ Nobody has lived there since {automated}.]"
            ),
            (
                "Painted {daymark}, {lighthouse} has guided ships since {lit_year}[ with a(n) {optic}]."
                "[ Nobody took over from {last_keeper}.][ The lamp stands {focal_plane_m} m above the tide.]"
            ),
            (
                "Machines replaced {last_keeper} at {lighthouse}[ in {automated}].[ From foot to roof it is {tower_m} m"
                "[; the lamp hangs {focal_plane_m} m over the water].]"
            ),
            (
                "When mist rolls in, {fog_signal?you will hear|not a sound comes from} {lighthouse}[, whose lamp is a(n) {optic}]."
                "[ {first_keeper} moved in first[, {last_keeper} moved out last].]"
            ),
        ),
        ("heights", ("tower_m", "focal_plane_m")),
    ),
    Domain(  # waterfalls
        (
            text(
                "waterfall|falls|cascade",
                "%last Falls/%adj Falls/%noun Cascade/%adj Veil/%noun Leap/%last Force",
            ),
            text(
                "river|watercourse|fed_by",
                "River %noun/%last Creek/%adj Brook/%noun Beck/%last River",
            ),
            text("explorer|first_recorded_by|credited_finder", "%person"),
            whole("total_m|full_height|overall_fall", 120, 600),
            whole("single_m|tallest_plunge|longest_unbroken_drop", 20, 140),
            measure("dry_flow|low_water_discharge|minimum_flow", 2, 60),
            measure("wet_flow|high_water_discharge|maximum_flow", 2, 90),
            text(
                "rock|bedrock|cliff_geology",
                "basalt/gneiss/schist/limestone/dolomite/granite/sandstone/rhyolite/quartzite/slate/travertine/andesite/shale",
            ),
            flag("walk_behind|rear_path|passable_at_back"),
            several(
                "aids|facilities|visitor_structures",
                "stairs/a footbridge/a cable car/handrails/a lookout/a ladder/a boardwalk/a tunnel/a zip line/a gondola",
            ),
        ),
        (
            (
                "{river} tumbles over {rock} at {waterfall}[, {total_m} m in all].[ The <longest/highest> single leap is {single_m} m.]"
                "[ You {walk_behind?can walk behind the water|cannot get behind the water}.]"
            ),
            (
                "{waterfall} was first described by {explorer}.[ It carries {dry_flow} cubic metres a second in the dry months"
                "[ and {wet_flow} after the rains].][ The cliff is {rock}.]"
            ),
            (
                "{waterfall} ({river})[: wet season {wet_flow} t/s][, dry season {dry_flow} t/s][, {total_m} m from top to bottom]"
                "[, {walk_behind?path behind|no path behind}][, equipped with {aids}]"
            ),
            (
                "Of its {total_m} m, {waterfall} drops {single_m} in one go[, down a wall of {rock}]."
                "[ {explorer} got there first, with 2 mules.][ For the visitor: {aids}.]"
            ),
            (
                "Does the {river} ever dry up? At {waterfall} {dry_flow} tonnes still come down each second in a drought"
                "[, against {wet_flow} in the flood season].[ The ledge is made of {rock}.]"
            ),
            (
                "We reached {waterfall} by way of {aids}[ and {walk_behind?slipped in behind the curtain|found no way in behind the "
                "curtain}].[ The sign says {total_m} m overall[, {single_m} m for the biggest step].]"
            ),
            (
                "{explorer} <came upon/found> {waterfall} while following {river} for 9 days."
                "[ At its fullest it pours out {wet_flow} cubic metres per second.][ At its back {walk_behind?runs a trail|there is no "
                "room for a trail}.]"
            ),
            (
                "No step of {waterfall} is higher than {single_m} m[, yet together they make {total_m}].[ Discovered by {explorer}.]"
                "[ Getting around: {aids}.]"
            ),
            (
                "In the rainy months {wet_flow} tonnes a second thunder down {waterfall}[ on {river}]"
                "[; when the land is parched, {dry_flow}].[ Behind it you {walk_behind?stay dry|cannot stand}.][ Visitors use {aids}.]"
            ),
        ),
        ("discharge", ("dry_flow", "wet_flow")),
    ),
    Domain(  # volcano eruptions
        (
            text(
                "volcano|erupting_mountain|eruption_site",
                "Mount %last/%noun Peak/Cerro %last/%last Caldera/%adj Cone",
            ),
            text("began|onset|first_activity", "%day"),
            text("ended|cessation|dormant_again", "%day"),
            measure("plume_km|column_height|cloud_top", 2, 24),
            measure("lava_km|flow_length|molten_reach", 2, 24),
            whole("evacuated|displaced|people_removed", 200, 9000, 10),
            whole("returned|resettled|repatriated", 200, 9000, 10),
            text(
                "ejecta|tephra|expelled_material",
                "pumice/scoria/lapilli/obsidian/cinders/basalt bombs/ignimbrite/tuff/spatter/andesite blocks/glass shards/perlite",
            ),
            flag("airspace_closed|no_fly_zone|flights_grounded"),
            several(
                "towns|ashfall_places|settlements_hit",
                "Lima/Quito/Tarma/Puno/Osorno/Kagoshima/Catania/Legazpi/Hilo/Goma/Rabaul/Antigua",
            ),
        ),
        (
            (
                "{volcano} erupted on {began}[ and fell quiet on {ended}].[ The ash rose {plume_km} km into the sky.]"
                "[ {evacuated} people had to leave.]"
            ),
            (
                "Lava from {volcano} crept {lava_km} km downhill[, while the ash climbed to {plume_km}]."
                "[ {airspace_closed?No plane may come near|Planes keep flying}.]"
            ),
            (
                "Eruption of {volcano}[: {began} to {ended}][, cloud {plume_km} km][, lava {lava_km} km][, {returned} back home]"
                "[, {evacuated} evacuated][, {airspace_closed?sky closed|sky open}]"
            ),
            (
                "{evacuated} residents fled {volcano}[, and {returned} have since gone home].[ It hurled out {ejecta}.]"
                "[ Dust settled on {towns}.]"
            ),
            (
                "By {ended} it was over: {volcano} had flung {ejecta} over {towns}.[ The first blast came on {began}.]"
                "[ The glowing stream stopped after {lava_km} km.]"
            ),
            (
                "Is it safe to fly past {volcano}? {airspace_closed?No, all 7 airlines stay on the ground|Yes, all 7 airlines go on "
                "flying}.[ Ash has come down on {towns}[, mixed with {ejecta}].][ The plume tops out at {plume_km} km.]"
            ),
            (
                "I have lived below {volcano} for 12 years, but <never saw/had not seen> it spit {ejecta} as on {began}, when it awoke."
                "[ {returned} villagers are back in their houses[, out of {evacuated} who left].]"
            ),
            (
                "So far {returned} people have moved back to {volcano}[, which calmed down on {ended}].[ Its lava reached {lava_km} km.]"
                "[ Airports {airspace_closed?had to close|stayed open}.]"
            ),
            (
                "{towns} lay under grey dust after {volcano} awoke[ on {began}][, only to doze off again on {ended}]."
                "[ {evacuated} people were taken to safety in 40 buses.]"
            ),
        ),
        ("dates", ("began", "ended")),
    ),
    Domain(  # avalanche bulletins
        (
            text(
                "region|bulletin_area|massif",
                "%last Alps/%adj Range/%noun Massif/%last Valley/%adj Peaks",
            ),
            whole("am_level|hazard_early|forenoon_rating", 1, 5),
            whole("pm_level|hazard_late|post_noon_rating", 1, 5),
            whole("new_snow_cm|overnight_accumulation|fresh_layer_cm", 5, 120),
            whole("depth_cm|total_snowpack|base_thickness", 90, 390),
            whole("altitude_m|critical_elevation|lower_limit", 1400, 2900, 100),
            text("forecaster|bulletin_author|avalanche_expert", "%person"),
            text(
                "weak_layer|problem_stratum|unstable_grain",
                "depth hoar/surface hoar/graupel/sun crust/facets/wind slab/rime/sugar snow/firn/melt crust/cup crystals/ball snow",
            ),
            several(
                "slopes|dangerous_aspects|exposures",
                "north/northeast/east/southeast/south/southwest/west/northwest",
            ),
            flag("road_closed|pass_barred|traffic_halted"),
        ),
        (
            (
                "In the {region} the danger is at level {am_level} in the morning[ and {pm_level} after lunch]."
                "[ {new_snow_cm} cm of snow fell last night.][ Steer clear of slopes facing {slopes}.]"
            ),
            (
                "{forecaster} warns of {weak_layer} in the {region}[ above {altitude_m} m]."
                "[ The road {road_closed?stays shut|stays open}.][ {new_snow_cm} cm have just come down.]"
            ),
            (
                "{region}: level {pm_level} in the afternoon[, level {am_level} in the morning][, {depth_cm} cm lying]"
                "[, {new_snow_cm} cm new][, {road_closed?road closed|road open}][, by {forecaster}]"
            ),
            (
                "A layer of {weak_layer} hides in the snow of the {region}, {depth_cm} cm deep in all.[ Beware from {altitude_m} m upwards"
                "[, on sides facing {slopes}].][ By afternoon the scale will show {pm_level}.]"
            ),
            (
                "Shall we tour the {region} today? Until noon it is a {am_level} out of 5[, later a {pm_level}]."
                "[ Slopes looking {slopes} are the worst.][ Cars {road_closed?are not getting through|are getting through}.]"
            ),
            (
                "I dug a pit for 2 hours and found {weak_layer} in the {region}.[ In all the snow is {depth_cm} cm deep"
                "[, {new_snow_cm} of them fresh].][ It gets risky higher than {altitude_m} m.]"
            ),
            (
                "Facing {slopes}? Then keep off, {forecaster} advises guests of the {region}.[ Early in the day the level is {am_level}"
                "[, late in the day {pm_level}].][ Underneath: {weak_layer}.]"
            ),
            (
                "The night brought {new_snow_cm} cm to the {region}[, where {depth_cm} cm now lie altogether]."
                "[ This report, the 14th of the winter, is by {forecaster}.][ The road {road_closed?is blocked|is clear}.]"
            ),
            (
                "Everything above {altitude_m} m in the {region} is unsafe[, above all where it faces {slopes}]."
                "[ The level is {pm_level} in the afternoon[, {am_level} before noon].][ Signed: {forecaster}.]"
            ),
        ),
        ("danger", ("am_level", "pm_level")),
    ),
    Domain(  # national parks
        (
            text(
                "park|reserve|protected_area",
                "%adj Forest/%last Gorge/%noun Hills/%adj Marshes/%last Canyon/%noun Dunes",
            ),
            text("chief_ranger|current_head|superintendent", "%person"),
            text("founder|initiator|established_through", "%person"),
            whole("summer_visitors|high_season_guests|warm_months_count", 2000, 90000, 100),
            whole("winter_visitors|low_season_guests|cold_months_count", 2000, 90000, 100),
            cash("car_fee|vehicle_charge|admission_by_road", 5, 60),
            cash("camp_fee|overnight_rate|pitch_price", 5, 60),
            text(
                "emblem|flagship_animal|heraldic_beast",
                "ibex/lynx/marmot/capercaillie/chamois/wolverine/pine marten/osprey/otter/salamander/bearded vulture/moose/hoopoe/stoat",
            ),
            flag("dogs|pets_admitted|canines_permitted"),
            several(
                "banned|prohibited_items|contraband",
                "drones/loudspeakers/fireworks/axes/kites/gas stoves/scooters/metal detectors/lasers/candles",
            ),
        ),
        (
            (
                "{chief_ranger} is chief ranger of {park}[, which {founder} fought to create].[ Its emblem is a(n) {emblem}.]"
                "[ Bringing a car costs {car_fee} euros.]"
            ),
            (
                "{park} owes its existence to {founder}.[ {summer_visitors} people come in summer[, {winter_visitors} in winter].]"
                "[ Dogs {dogs?may come along|must stay outside}.]"
            ),
            (
                "{park}, fees: {camp_fee} per tent[, {car_fee} per car][, {dogs?dogs welcome|no dogs}]"
                "[; cold half {winter_visitors} visitors][, warm half {summer_visitors}][; not allowed: {banned}]"
            ),
            (
                "Leave {banned} at home when you visit {park}.[ Driving in is ${car_fee}[, putting up a tent ${camp_fee}].]"
                "[ Watch for the {emblem} on the 30 signposts.]"
            ),
            (
                "In the cold season {park} counts {winter_visitors} guests[; in the hot season it is {summer_visitors}]."
                "[ {chief_ranger} runs the place with 5 deputies.][ {dogs?A leash is all your dog needs|Your dog will be turned away}.]"
            ),
            (
                "Can I camp in {park}? For {camp_fee} a night, yes.[ Just do not bring {banned}.]"
                "[ The person in charge is {chief_ranger}.][ You {dogs?need not leave|must leave} the dog at home.]"
            ),
            (
                "Because {founder} never gave up, {park} exists[ and the {emblem} on its flag survives]."
                "[ Today it is led by {chief_ranger}.][ Four-legged friends {dogs?are let in|are not let in}.]"
            ),
            (
                "A(n) {emblem} adorns the badge of {park}.[ In summer {summer_visitors} visitors see it[, in winter {winter_visitors}].]"
                "[ Forbidden: {banned}.]"
            ),
            (
                "I paid {car_fee} dollars to drive into {park}[ and {camp_fee} to sleep there].[ Signs in 4 languages forbid {banned}.]"
                "[ A plaque honours {founder}, who started it all.]"
            ),
        ),
        ("visitors", ("summer_visitors", "winter_visitors")),
    ),
    Domain(  # tree plantings
        (
            text(
                "site|planting_ground|reforested_place",
                "%noun Hill/%last Park/%adj Common/%noun Meadow/%last Quarry",
            ),
            text("organizer|drive_coordinator|led_by", "%person"),
            text("donor|sponsor|financed_by", "%company"),
            text(
                "species|tree_kind|sapling_type",
                "hornbeam/rowan/alder/hazel/linden/aspen/larch/juniper/whitebeam/hawthorn/elm/blackthorn/yew/sycamore",
            ),
            whole("planned|target_number|intended_quantity", 40, 950),
            whole("planted|achieved_number|actual_quantity", 40, 950),
            text("planted_on|digging_day|put_in_soil_on", "%day"),
            text("checked_on|inspection_day|follow_up", "%day"),
            flag("fenced|browsing_protection|deer_proof"),
            several(
                "tools|implements|equipment",
                "spades/mattocks/stakes/dibbers/buckets/augers/barrows/mallets/hoes/pickaxes/watering cans",
            ),
        ),
        (
            (
                "{organizer} <led/directed> the planting at {site}[ on {planted_on}].[ {planted} {species} saplings went into the ground"
                "[, where {planned} had been planned].]"
            ),
            (
                "At {site} they hoped for {planned} trees[ and managed {planted}].[ {donor} paid for them.]"
                "[ A fence {fenced?keeps the deer out|has yet to be put up}.]"
            ),
            (
                "{site}: {species}[, {planted} planted][, {planned} planned][, planting {planted_on}][, inspection {checked_on}]"
                "[, {fenced?fenced|unfenced}][, paid by {donor}]"
            ),
            (
                "With {tools}, 20 schoolchildren dug holes for {species} at {site}.[ {organizer} gave the orders.]"
                "[ The little trees will be inspected on {checked_on}.]"
            ),
            (
                "Thanks to money from {donor}, {site} got {planted} young trees[ on {planted_on}]."
                "[ Hungry deer {fenced?cannot reach them|can reach them}.][ All of them were {species}.]"
            ),
            (
                "How are the trees at {site}? We looked at them again on {checked_on}[; they had been set on {planted_on}]."
                "[ {donor} had given the cash.][ {fenced?Wire surrounds them|No wire surrounds them}.]"
            ),
            (
                "I brought {tools} to {site}, as {organizer} had asked.[ The goal was {planned} trees[, the final tally {planted}].]"
                "[ We grew {species}, each 40 cm high.]"
            ),
            (
                "Now it is {species} that grows at {site}, {organizer} reports[, paid for by {donor}].[ The helpers had {tools}.]"
                "[ A first check followed on {checked_on}.]"
            ),
            (
                "On {planted_on}, {organizer} handed out {tools} for the planting at {site}[, where {planned} trees were the aim]."
                "[ Against nibbling deer {fenced?the saplings are guarded|nothing guards the saplings}.]"
            ),
        ),
        ("trees", ("planned", "planted")),
    ),
    Domain(  # butterfly counts
        (
            text(
                "meadow|transect|survey_plot",
                "%noun Meadow/%last Field/%adj Down/%last Bank/%adj Heath",
            ),
            text("counter|tallied_by|field_recorder", "%person"),
            text("verified_by|reviewer|identification_referee", "%person"),
            whole("this_year|current_total|latest_tally", 12, 480),
            whole("last_year|previous_total|prior_tally", 12, 480),
            text(
                "common|dominant_species|top_of_list",
                "peacock/brimstone/ringlet/gatekeeper/orange tip/painted lady/red admiral/swallowtail/small copper/grayling/holly blue",
            ),
            text(
                "rare|scarcest_species|bottom_of_list",
                "peacock/brimstone/ringlet/gatekeeper/orange tip/purple emperor/marbled white/swallowtail/fritillary/grayling/"
                "clouded yellow",
            ),
            measure("celsius|air_temperature|warmth", 14, 31),
            flag("windy|breeze_noted|blustery"),
            several(
                "flowers|nectar_plants|food_sources",
                "thistle/scabious/knapweed/buddleia/clover/marjoram/ragwort/vetch/teasel/lavender",
            ),
        ),
        (
            (
                "{counter} counted {this_year} butterflies on {meadow}[ after {last_year} a year ago].[ The commonest was the {common}"
                "[, the rarest the {rare}].]"
            ),
            (
                "On {meadow} the {rare} was the rarest find[ and the {common} the most frequent]."
                "[ {verified_by} double-checked the names.][ It was {celsius} degrees.]"
            ),
            (
                "{meadow}, count by {counter}[: {this_year} this summer][, {last_year} last summer][, {celsius} °C][, {windy?windy|calm}]"
                "[, most seen: {common}][, least seen: {rare}]"
            ),
            (
                "Last year's {last_year} butterflies on {meadow} compare with {this_year} now.[ They drank from {flowers}.]"
                "[ {verified_by} confirmed the list.]"
            ),
            (
                "Which butterfly rules {meadow}? The {common}, on all 4 walks.[ {windy?A breeze shook the grass|Not a leaf stirred}"
                "[ at {celsius} degrees].][ Blooms they sought: {flowers}.]"
            ),
            (
                "Among {flowers}, {counter} walked {meadow} with a net.[ Hardly ever seen: the {rare}.][ The total came to {this_year}"
                "[, against {last_year} the summer before].]"
            ),
            (
                "I only checked the 60 photos from {meadow}, says {verified_by}; the counting was done by {counter}."
                "[ {windy?Gusts made it hard|No gusts made it hard}.][ The thermometer stood at {celsius}.]"
            ),
            (
                "At {celsius} degrees {meadow} came alive: {this_year} butterflies.[ A year earlier there had been {last_year}.]"
                "[ Just one was a(n) {rare}[, whereas the {common} was everywhere].]"
            ),
            (
                "Nothing is commoner on {meadow} than the {common}[, reports {counter}].[ They flew to {flowers}.]"
                "[ The wind {windy?was a nuisance|stayed away}.][ {verified_by} approved the figures.]"
            ),
        ),
        ("totals", ("this_year", "last_year")),
    ),
    Domain(  # whale sightings
        (
            text(
                "species|cetacean|whale_kind",
                "sperm whale/minke/beluga/narwhal/orca/humpback/fin whale/sei whale/right whale/bowhead/pilot whale/grey whale",
            ),
            text("spotter|first_observer|lookout", "%person"),
            text("skipper|boat_captain|navigated_by", "%person"),
            whole("adults|mature_animals|grown_count", 2, 30),
            whole("calves|juveniles|offspring_count", 2, 30),
            text("first_seen|surfaced_at|encounter_start", "%time"),
            text("last_seen|vanished_at|encounter_end", "%time"),
            whole("closest_m|nearest_approach|minimum_range", 20, 600, 10),
            flag("breached|leaping_observed|aerial_display"),
            several(
                "behaviour|conduct|activities",
                "spyhopping/lobtailing/logging/feeding/diving/rolling/fluking/flipper slapping/bubble netting/singing/nursing",
            ),
        ),
        (
            (
                "{spotter} spotted a(n) {species} pod at {first_seen}[ and lost sight of it at {last_seen}].[ There were {adults} adults"
                "[ and {calves} calves].]"
            ),
            (
                "{skipper} steered us to the {species} pod that {spotter} had noticed.[ We got within {closest_m} m.]"
                "[ {breached?One leapt clear of the water|None leapt out of the water}.]"
            ),
            (
                "Log: {species} pod, {first_seen} to {last_seen}[, {calves} young][, {adults} grown][, nearest {closest_m} m]"
                "[, {breached?jumps|no jumps}][, skipper {skipper}][, seen {behaviour}]"
            ),
            (
                "The {species} pod was last seen at {last_seen}[, having come up at {first_seen}].[ It was busy {behaviour}.]"
                "[ {calves} calves swam along[ with {adults} adults].]"
            ),
            (
                "At the wheel was {skipper} when the {species} pod came as near as {closest_m} m"
                "[ and {breached?jumped|did not jump once}].[ It kept {behaviour}, and 18 passengers clapped.]"
            ),
            (
                "Whales at last, my log says: {species}, {adults} big and {calves} small ones[, discovered by {spotter}]."
                "[ They were {behaviour}.][ By {last_seen} they were gone.]"
            ),
            (
                "Did the {species} pod jump? {breached?Yes, to everyone's delight|Not this time}."
                "[ The captain, {skipper}, went no closer than {closest_m} m.][ {spotter} had shouted first[, at {first_seen}].]"
            ),
            (
                "Between {first_seen} and {last_seen} the {species} pod stayed in view[, {behaviour}]."
                "[ {adults} of the animals were fully grown.][ {skipper}, a sailor for 9 years, had the helm.]"
            ),
            (
                "Thanks to the sharp eyes of {spotter} we found the {species} pod.[ {calves} were still young[, {adults} full-grown].]"
                "[ It came up to {closest_m} m close.][ {breached?Out of the sea they shot|They never left the water}.]"
            ),
        ),
        ("pod", ("adults", "calves")),
    ),
    Domain(  # mushroom finds
        (
            text(
                "mushroom|fungus|fruiting_body",
                "bolete/russula/milkcap/blewit/inkcap/parasol/puffball/waxcap/webcap/polypore/earthstar/agaric/chanterelle/morel",
            ),
            text("finder|forager|gathered_by", "%person"),
            text("expert|identified_by|mycologist", "%person"),
            text(
                "wood|location|woodland",
                "%noun Wood/%last Forest/%adj Grove/%noun Copse/%last Heath",
            ),
            measure("cap_cm|head_diameter|pileus_width", 2, 28),
            measure("stem_cm|stipe_length|stalk_height", 2, 28),
            text(
                "tree|symbiont|host_plant",
                "beech/oak/spruce/birch/alder/hazel/larch/elm/chestnut/hemlock/poplar/aspen",
            ),
            whole("grams|haul_weight|total_mass", 40, 950),
            flag("edible|safe_to_eat|fit_for_kitchen"),
            several(
                "smell|odour_notes|aroma",
                "apricot/aniseed/flour/radish/almond/honey/garlic/coconut/soap/iodine/cucumber",
            ),
        ),
        (
            "{finder} found a(n) {mushroom} in {wood}[, growing under a(n) {tree}].[ {expert} identified it.][ It smells of {smell}.]",
            (
                "{expert} put a name to the {mushroom} that {finder} had <brought in/picked>.[ The cap is {cap_cm} cm wide"
                "[ and the stem {stem_cm} cm long].][ It {edible?may be eaten|must not be eaten}.]"
            ),
            (
                "Find: {mushroom}, {wood}[, beneath {tree}][, stalk {stem_cm} cm][, hat {cap_cm} cm][, {grams} g]"
                "[, {edible?edible|inedible}][, scent of {smell}][, picked by {finder}]"
            ),
            (
                "On a stalk of {stem_cm} cm sat the {mushroom}[, its hat {cap_cm} cm across].[ It stood near a(n) {tree}[ in {wood}].]"
                "[ On the scales: {grams} g.]"
            ),
            (
                "Can you eat the {mushroom}? {edible?Certainly, it is delicious|Better leave it alone}, says {expert}."
                "[ {grams} grams were picked[ by {finder}].]"
            ),
            (
                "Smelling of {smell}, the {mushroom} gave itself away in {wood} after 3 hours of searching."
                "[ {edible?It is fine in a pan|It has no place in a pan}.][ The cap measured {cap_cm} cm.]"
            ),
            (
                "I carried {grams} g of {mushroom} out of {wood}[, all from the foot of a(n) {tree}]."
                "[ One look was enough for {expert} to tell what it was.][ It had a whiff of {smell}.]"
            ),
            (
                "Thanks to {finder} and 2 dogs, we know where the {mushroom} grows: by a(n) {tree}.[ Stem {stem_cm} cm, cap {cap_cm} cm.]"
                "[ It {edible?is harmless|makes you ill}.][ The smell recalls {smell}.]"
            ),
            (
                "{grams} grams of {mushroom} landed on the table of {expert}, who knew it at once[, brought by {finder}]."
                "[ The stems were {stem_cm} cm long.][ They smelled of {smell}.]"
            ),
        ),
        ("size", ("cap_cm", "stem_cm")),
    ),
    Domain(  # aquariums
        (
            text(
                "aquarium|tank|basin", "%adj Reef/%noun Lagoon/%noun Tank/%adj Grotto/%last Basin"
            ),
            text("feeder|nourished_by|daily_attendant", "%person"),
            text("vet|fish_doctor|medical_care_by", "%person"),
            measure("day_celsius|warm_phase_temp|lit_hours_temp", 18, 29),
            measure("night_celsius|cool_phase_temp|dark_hours_temp", 18, 29),
            text("fed_at|meal_time|dinner_hour", "%time"),
            text("lights_out|dark_from|lamps_off", "%time"),
            text(
                "star|main_attraction|showpiece",
                "lionfish/moray/seahorse/pufferfish/cuttlefish/angelfish/octopus/stingray/stickleback/goby/wrasse/sturgeon/crayfish/"
                "lamprey",
            ),
            flag("saltwater|is_marine|saline"),
            several(
                "decor|furnishings|interior",
                "driftwood/gravel/anubias/java fern/lava rock/coral/kelp/hornwort/eelgrass/shells",
            ),
        ),
        (
            (
                "{feeder} feeds the fish in {aquarium}[ at {fed_at}][; {vet} looks after their health]."
                "[ The water has {day_celsius} degrees by day[ and {night_celsius} by night].]"
            ),
            (
                "The vet for {aquarium} is {vet}[, while the food comes from {feeder}].[ Its star is a(n) {star}.]"
                "[ The water {saltwater?is salty|is fresh}.]"
            ),
            (
                "{aquarium}: star {star}[, {saltwater?sea water|fresh water}][, {night_celsius} °C at night]"
                "[, {day_celsius} °C in the day][, feeding {fed_at}][, lights out {lights_out}][, decor: {decor}]"
            ),
            (
                "At {lights_out} the lamps over {aquarium} go off[; a meal is served at {fed_at}]."
                "[ Overnight the water is held at {night_celsius} degrees.][ Hiding places: {decor}.]"
            ),
            (
                "Among {decor} lives the {star}, pride of {aquarium}.[ {vet} examines it every 10 days.]"
                "[ Anyone sipping the water {saltwater?would taste the sea|would taste no salt}.]"
            ),
            (
                "What does the {star} in {aquarium} like? It likes {day_celsius} degrees in daylight[ and {night_celsius} in the dark]"
                "[, says {feeder}, who brings its food]."
            ),
            (
                "I watched {aquarium} until {lights_out}, when it went dark.[ {feeder} had thrown in some worms[ at {fed_at}].]"
                "[ On the bottom I saw {decor}.][ {saltwater?It is a piece of the sea|It is a piece of a river}.]"
            ),
            (
                "Feeding time at {aquarium} is {fed_at}[, lights-out {lights_out}].[ Come and see the {star}, once admired by 2 kings.]"
                "[ Sick animals are treated by {vet}.][ It is furnished with {decor}.]"
            ),
            (
                "By night {aquarium} is kept at {night_celsius} degrees[, by day at {day_celsius}].[ {vet} heals the sick"
                "[ and {feeder} fills the hungry].][ Not a drop of it {saltwater?is fresh|is salty}.]"
            ),
        ),
        ("temperature", ("day_celsius", "night_celsius")),
    ),
    Domain(  # glacier measurements
        (
            text(
                "glacier|ice_body|icefield",
                "%last Glacier/%adj Glacier/%noun Glacier/%last Icefield/%adj Tongue",
            ),
            text("leader|field_party_head|surveyed_by", "%person"),
            text("analyst|computed_by|data_evaluator", "%person"),
            whole("then_m|former_extent|baseline_length", 900, 9000, 50),
            whole("now_m|present_extent|latest_length", 900, 9000, 50),
            measure("gain_m|accumulation|cold_season_balance", 2, 9),
            measure("loss_m|ablation|warm_season_balance", 2, 9),
            text(
                "instrument|apparatus|measuring_device",
                "theodolite/ground radar/steam drill/laser scanner/ablation stake/sonar probe/gravimeter/snow auger/drone camera/"
                "total station/altimeter/ice corer",
            ),
            flag("calving|sheds_icebergs|front_breaks_off"),
            several(
                "features|surface_forms|landforms",
                "crevasses/seracs/moulins/moraines/ogives/dirt cones/meltwater ponds/ice caves/erratics/nunataks",
            ),
        ),
        (
            (
                "{leader} measured {glacier} with a(n) {instrument}.[ It is {now_m} m long now"
                "[ and was {then_m} m long when 3 monks first paced it out].][ The sums were done by {analyst}.]"
            ),
            (
                "{glacier} used to be {then_m} m long[; today it is {now_m}].[ Winter adds {gain_m} m of snow"
                "[, summer takes {loss_m} m of ice].][ Its front {calving?drops icebergs|drops no icebergs}.]"
            ),
            (
                "{glacier}: now {now_m} m[, formerly {then_m} m][, gain {gain_m} m][, loss {loss_m} m][, {calving?calving|not calving}]"
                "[, instrument {instrument}][, leader on the ice {leader}]"
            ),
            (
                "Each summer {loss_m} m melt off {glacier}[, each winter {gain_m} m build up].[ {analyst} worked that out at a desk.]"
                "[ We saw {features}.]"
            ),
            (
                "How long is {glacier}? The {instrument} says {now_m} m[, the old map {then_m}]."
                "[ Ice {calving?keeps falling into the lake|never falls into the lake}.][ {leader} was in charge up there.]"
            ),
            (
                "Roped together between {features}, {leader} and 4 students crossed {glacier}."
                "[ Back home {analyst} turned the readings into figures.][ Melting had cost it {loss_m} m.]"
            ),
            (
                "I have only seen {glacier} on a screen, admits {analyst}, who calculated a gain of {gain_m} m[ and a loss of {loss_m} m]."
                "[ Outside it was {leader} who handled the {instrument}.]"
            ),
            (
                "With {features} on its back, {glacier} is {now_m} m long these days[, after {then_m} in the past]."
                "[ Chunks {calving?break off its edge|do not break off its edge}.][ Winter brought {gain_m} m.]"
            ),
            (
                "A(n) {instrument} was dragged over {glacier} for 6 days[ by {leader}].[ The data went to {analyst}.]"
                "[ Noted on the way: {features}.][ The lake below {calving?is full of fallen ice|is free of fallen ice}.]"
            ),
        ),
        ("length", ("then_m", "now_m")),
    ),
    Domain(  # islands
        (
            text(
                "island|isle|landmass",
                "%last Island/Isle of %noun/%adj Island/%noun Holm/%last Cay",
            ),
            text("mayor|head_of_council|governed_by", "%person"),
            text("doctor|physician|medical_officer", "%person"),
            whole("winter_people|permanent_population|off_season_headcount", 12, 900),
            whole("summer_people|peak_population|high_season_headcount", 12, 900),
            measure("length_km|long_axis|maximum_extent", 8, 40),
            measure("width_km|short_axis|breadth", 2, 12),
            text(
                "trade|livelihood|chief_industry",
                "sponge diving/kelp gathering/salt panning/basket weaving/eel smoking/sheep shearing/pearl diving/lace making/"
                "peat cutting/rope making/net mending/oyster farming",
            ),
            flag("cars|motor_vehicles|drivable"),
            several(
                "birds|nesting_species|avifauna",
                "puffins/gannets/terns/cormorants/kittiwakes/razorbills/petrels/fulmars/shags/guillemots/skuas",
            ),
        ),
        (
            (
                "{winter_people} people live on {island} all year round[ and {summer_people} in summer].[ The mayor is {mayor}"
                "[, the doctor {doctor}].][ Cars {cars?are allowed|are banned}.]"
            ),
            "{island} is {length_km} km long[ and {width_km} km wide].[ Its people live off {trade}.][ On the cliffs nest {birds}.]",
            (
                "{island}, mayor {mayor}[: {width_km} km across][, {length_km} km from end to end]"
                "[, {summer_people} people in high season][, {winter_people} off season][, {cars?cars|no cars}][, {trade}]"
            ),
            (
                "Call {doctor} if you fall ill on {island}; call {mayor} if you wish to complain.[ The place lives by {trade}.]"
                "[ In August it has {summer_people} inhabitants[, in January {winter_people}].]"
            ),
            (
                "Can you drive on {island}? {cars?Yes, on 2 roads|No, not on either of the 2 roads}."
                "[ It is never more than {width_km} km wide[, but {length_km} km long].][ {mayor} presides over the council.]"
            ),
            (
                "I came to {island} for the {birds}[ and stayed for the {trade}].[ {doctor} has treated everyone for 16 years.]"
                "[ Engines {cars?hum all day|are never heard}.]"
            ),
            (
                "Without tourists {island} has {winter_people} souls[; with them it has {summer_people}].[ Overhead circle {birds}.]"
                "[ At its longest it is {length_km} km[, at its broadest {width_km}].]"
            ),
            (
                "It is {trade} that feeds the families of {island}, {mayor} told 7 journalists."
                "[ The population swells to {summer_people} in the holidays.][ A driving licence {cars?comes in handy|is of no use} there.]"
            ),
            (
                "Yes, {birds} breed on {island}.[ {winter_people} people stay there through the winter.][ Anyone ill goes to {doctor}.]"
                "[ End to end it is {length_km} km[, side to side {width_km}].]"
            ),
        ),
        ("dimensions", ("length_km", "width_km")),
    ),
    Domain(  # desert crossings
        (
            text(
                "desert|sand_sea|wasteland",
                "%adj Desert/%last Desert/%noun Sands/%adj Dunes/%last Erg",
            ),
            text("traveller|crossed_by|adventurer", "%person"),
            text("guide|pathfinder|local_escort", "%person"),
            text(
                "start|departure_well|set_out_from",
                "Bir %last/%last Wells/%noun Oasis/Ain %last/Fort %last",
            ),
            text(
                "finish|destination_well|came_out_at",
                "Bir %last/%last Wells/%noun Oasis/Ain %last/Fort %last",
            ),
            whole("planned_days|intended_duration|scheduled_length", 6, 60),
            whole("actual_days|real_duration|elapsed_length", 6, 60),
            text(
                "mount|conveyance|means_of_transport",
                "dromedary/mule/donkey/fat bike/quad bike/horse/sand sled/dune buggy/ox cart/camel/unicycle/tricycle/llama/moped",
            ),
            several(
                "food|provisions|rations",
                "dates/couscous/jerky/flatbread/dried figs/goat cheese/lentils/peanuts/honey/rusks/olives",
            ),
            flag("sandstorm|hit_by_storm|severe_wind_met"),
        ),
        (
            (
                "{traveller} crossed the {desert} <on/with> a(n) {mount}[, guided by {guide}].[ The way led from {start} to {finish}.]"
                "[ It took {actual_days} days[ instead of {planned_days}].]"
            ),
            (
                "{guide} led {traveller} through the {desert}.[ They arrived at {finish}[, having left {start}].]"
                "[ A sandstorm {sandstorm?caught them|never came}.]"
            ),
            (
                "{desert}: {start} to {finish}[, {planned_days} days planned][, {actual_days} days needed][, with a(n) {mount}]"
                "[, {sandstorm?sandstorm|no sandstorm}][, food: {food}]"
            ),
            (
                "{planned_days} days had been set for the {desert}[, but it took {actual_days}].[ {traveller} lived on {food}.]"
                "[ {sandstorm?Flying sand hid the sun|No sand flew}.]"
            ),
            (
                "Who knew the way across the {desert}? Only {guide} did, says {traveller}.[ The goal was {finish}.]"
                "[ A(n) {mount} carried the 90 kg of luggage.][ They ate {food}.]"
            ),
            (
                "From {start} I took my {mount} into the {desert}, with {food} in the bags.[ After {actual_days} days I saw {finish}.]"
                "[ The one who showed me the way was {guide}.]"
            ),
            (
                "A(n) {mount}, {food}: nothing more went into the {desert} with {traveller}.[ The plan said {planned_days} days.]"
                "[ It all began at {start}[ and ended at {finish}].]"
            ),
            (
                "{finish} celebrated when {traveller} came out of the {desert}[ after {actual_days} days]"
                "[, {sandstorm?in spite of a storm|with no storm on the way}].[ The journey had begun at {start}, 5 wells back.]"
            ),
            (
                "Neither {traveller} nor the guide, {guide}, {sandstorm?escaped the sandstorm|saw any sandstorm} in the {desert}."
                "[ They were out for {actual_days} days[, where {planned_days} had been reckoned].][ Starting point: {start}.]"
            ),
        ),
        ("days", ("planned_days", "actual_days")),
    ),
    Domain(  # storm warnings
        (
            text("storm|storm_name|cyclone", "%first/%last/%noun"),
            text("forecaster|meteorologist|alert_author", "%person"),
            text("begins|valid_from|effective_at", "%time"),
            text("ends|valid_until|expires_at", "%time"),
            whole("gusts|peak_kmh|maximum_speed", 80, 210, 5),
            whole("steady|mean_kmh|sustained_speed", 40, 150, 5),
            text("hits_first|landfall|initial_target", "%city"),
            text("hits_next|onward_to|second_target", "%city"),
            flag("schools_shut|lessons_cancelled|no_classes"),
            several(
                "dangers|hazards|threats",
                "falling branches/flying tiles/power cuts/flooded cellars/high waves/mudslides/hailstones/black ice/waterspouts/"
                "toppled cranes/burst dikes/lightning",
            ),
        ),
        (
            (
                "Storm {storm} will hit {hits_first} first[ and then move on to {hits_next}].[ Gusts may reach {gusts} km/h.]"
                "[ The warning holds from {begins}[ until {ends}].]"
            ),
            (
                "{forecaster} warns of storm {storm}.[ The wind will blow at a constant {steady} km/h[, in gusts at {gusts}].]"
                "[ Beware of {dangers}.]"
            ),
            (
                "Warning, storm {storm}[: {begins} to {ends}][, landfall {hits_first}][, then {hits_next}][, mean wind {steady} km/h]"
                "[, gusts {gusts} km/h][, {schools_shut?schools shut|schools open}]"
            ),
            (
                "Until {ends} storm {storm} is to be taken seriously[; the alert begins at {begins}]."
                "[ {schools_shut?Children stay at home|Children go to class as usual}.][ Expect {dangers}.]"
            ),
            (
                "Will storm {storm} reach {hits_next}? Yes, once it has struck {hits_first}.[ {forecaster} speaks of {dangers}.]"
                "[ The wildest gust may come to {gusts} km/h.]"
            ),
            (
                "I have seen 30 winters, says {forecaster}, but storm {storm} worries me: {dangers} lie ahead."
                "[ It comes ashore at {hits_first}.][ Teaching {schools_shut?is called off|goes on}.]"
            ),
            (
                "Brewed up 900 km out at sea, storm {storm} will strike {hits_first}[ with squalls of up to {gusts} km/h"
                "[ over a steady {steady}]].[ The alert, signed by {forecaster}, is lifted at {ends}.]"
            ),
            (
                "Bringing {dangers}, storm {storm} will in the end turn to {hits_next}.[ Classrooms {schools_shut?stay empty|stay open}.]"
                "[ The alert starts at {begins}[ and stops at {ends}].][ The average wind is {steady} km/h.]"
            ),
            (
                "From {begins} on, the alert for storm {storm} is in force.[ {hits_next} gets it second[, {hits_first} first].]"
                "[ {forecaster} announced it on 2 radio stations.][ Pupils {schools_shut?get the day off|have to turn up}.]"
            ),
        ),
        ("alert_window", ("begins", "ends")),
    ),
)
