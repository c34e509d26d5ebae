"""Domains of training: cooking and eating, household appliances and furnishings, the garden and days out."""

from __future__ import annotations

from experts.json_world import Domain, cash, flag, measure, several, text, whole

HOUSEHOLD: tuple[Domain, ...] = (
    Domain(  # restaurant dishes
        (
            text(
                "dish|menu_item|plate_name",
                "paella/moussaka/goulash/risotto/bouillabaisse/schnitzel/ramen/tagine/ceviche/cassoulet/bibimbap/ratatouille/stroganoff",
            ),
            text("chef|prepared_by|kitchen_credit", "%person"),
            text("waiter|brought_by|table_service", "%person"),
            cash("lunch_price|midday_charge", 6, 40),
            cash("dinner_price|evening_charge", 6, 40),
            whole("calories|energy_kcal", 180, 1400, 10),
            whole("table|seated_at|table_no", 2, 40),
            flag("spicy|chilli_heat|is_fiery"),
            several(
                "sides|accompaniments|garnish",
                "rice/coleslaw/polenta/couscous/chutney/spinach/rocket/gherkins/fennel/dumplings/celeriac/samphire",
            ),
        ),
        (
            (
                "{chef} cooked the {dish}[ that {waiter} carried to table {table}].[ At noon it costs {lunch_price} euros"
                "[, at night {dinner_price}].]"
            ),
            "{waiter} served the {dish}[ at table {table}][, but {chef} had stood at the stove].[ <Beside/Next to> it lay {sides}.]",
            (
                "On the menu: {dish}[, {calories} kcal][, evening {dinner_price}][, noon {lunch_price}][, {spicy?chilli-hot|mild}]"
                "[, with {sides}][, cook {chef}]"
            ),
            (
                "How much is the {dish}? In the evening {dinner_price} dollars[ and {lunch_price} at midday]."
                "[ {spicy?Have water ready, it burns|Even children find it mild}.][ One portion has {calories} calories.]"
            ),
            (
                "Dear guests of table {table}, the {dish} comes with {sides}[ and is brought by {waiter}]."
                "[ It was simmered by {chef} for 3 hours.]"
            ),
            (
                "With {sides} on the plate, the {dish} has {calories} calories.[ {spicy?It sets your mouth on fire|There is no fire in "
                "it}.][ Table {table} ordered it[ from {waiter}].]"
            ),
            (
                "For {lunch_price} pounds you get the {dish} at lunchtime[, after dark it is {dinner_price}]."
                "[ It gives you {calories} kcal.][ In the kitchen: {chef}.]"
            ),
            (
                "The critic at table {table} asked who had made the {dish}. It was {chef}[, answered {waiter}, who had brought it]."
                "[ It {spicy?was full of chilli|lacked any heat}.]"
            ),
        ),
        ("price_by_meal", ("lunch_price", "dinner_price")),
    ),
    Domain(  # cooking classes
        (
            text(
                "course|workshop_topic|class_subject",
                "sourdough/sushi/tempura/pasta/butchery/patisserie/chocolate/marzipan/curry/kimchi/charcuterie/mole/baklava",
            ),
            text("instructor|led_by|chef_in_charge", "%person"),
            text("assistant|kitchen_hand|helper", "%person"),
            text(
                "starts|begins_at|kicks_off",
                "09:%minute/10:%minute/11:%minute/16:%minute/17:%minute",
            ),
            text("ends|over_at|wraps_up", "13:%minute/14:%minute/15:%minute/19:%minute/21:%minute"),
            whole("places|capacity|max_participants", 15, 30),
            whole("booked|registrations|sign_ups", 2, 14),
            cash("fee|charge_per_head|tuition", 25, 180),
            flag("eat_afterwards|dining_included|shared_meal"),
            several(
                "gear|bring_along|required_kit",
                "an apron/a whisk/a sieve/a rolling pin/a peeler/tongs/a thermometer/a mandoline/a ladle/a grater/a cleaver/a mortar",
            ),
        ),
        (
            (
                "{instructor} teaches the {course} class[ with {assistant} lending a hand].[ It lasts from {starts}[ to {ends}].]"
                "[ {booked} of the {places} places are gone.]"
            ),
            (
                "Class: {course}[, {starts} to {ends}][, taught by {instructor}][, aided by {assistant}][, room for {places}]"
                "[, {booked} booked][, {fee} euros][, {eat_afterwards?with a meal|no meal}]"
            ),
            (
                "My sister is in the {course} class[ for {fee} euros].[ In all {booked} people have registered"
                "[ and the kitchen holds {places}].][ {eat_afterwards?Everyone dines together at the end|Nobody gets to eat at the end}.]"
            ),
            (
                "Bring {gear} to the {course} class[, where {assistant} helps out].[ By {ends} it is over"
                "[; the first onion is cut at {starts}].]"
            ),
            (
                "{assistant} only washes up in the {course} class, the teacher is {instructor}.[ You will need {gear}.]"
                "[ At {ends} they lock up.]"
            ),
            (
                "How many may join the {course} class? No more than {places}[, and {booked} have enrolled]."
                "[ For {fee} dollars you make 4 recipes.][ {eat_afterwards?Stay and feast on them|There is no eating on the spot}.]"
            ),
            (
                "At {starts} the door opens for the {course} class[ and at {ends} we hang up our aprons].[ Please pack {gear}.]"
                "[ {instructor} shows how it is done.]"
            ),
            (
                "Whoever pays {fee} pounds learns about {course}[ from {instructor}][, and {eat_afterwards?the food is eaten together|the "
                "food is given away}].[ Required: {gear}.][ It is for {places} at most[, so far {booked} are on the list].]"
            ),
        ),
        ("time_slot", ("starts", "ends")),
    ),
    Domain(  # food trucks
        (
            text(
                "truck|mobile_kitchen|food_van",
                "The %adj Taco/%last's Grill/%noun Wagon/Rolling %noun/The %adj Ladle/%noun on Wheels",
            ),
            text("cook|at_the_stove|food_by", "%person"),
            text("driver|at_the_wheel|chauffeur", "%person"),
            text("lunch_spot|midday_pitch|daytime_stand", "%road"),
            text("evening_spot|night_pitch|after_dark_stand", "%road"),
            whole("sold|portions_served|servings_out", 30, 400),
            whole("leftover|unsold|surplus_servings", 2, 60),
            cash("meal_price|cost_per_portion", 4, 19),
            flag("card_ok|cashless|takes_plastic"),
            several(
                "bites|street_food|specialties",
                "falafel/arepas/churros/gyros/tacos/bao buns/samosas/poutine/empanadas/satay/crepes/pastrami/takoyaki",
            ),
        ),
        (
            "{cook} makes {bites} in {truck}[, which stands on {lunch_spot} at noon[ and on {evening_spot} at night]].",
            (
                "{driver} steers {truck}[ and {cook} does the cooking].[ {card_ok?You may leave your cash at home|Without cash you go "
                "hungry}.][ A meal is {meal_price} euros.]"
            ),
            (
                "{truck}[, midday: {lunch_spot}][, night: {evening_spot}][, {meal_price} a meal][, {sold} sold][, {leftover} left over]"
                "[, {card_ok?cards welcome|no cards}]"
            ),
            (
                "After sunset you find {truck} on {evening_spot}, by the 2 benches[; at lunchtime it is on {lunch_spot}]."
                "[ {driver} parks it.][ You eat for {meal_price}.]"
            ),
            "Yesterday {truck} sold {sold} portions[ and threw {leftover} away].[ On offer: {bites}, all by {cook}.]",
            (
                "{leftover} portions were still in {truck} when {driver} drove off[ from {evening_spot} into the night]."
                "[ {sold} had found a buyer.]"
            ),
            (
                "Would you pay {meal_price} dollars for {bites}? At {truck} people do."
                "[ {card_ok?Plastic is as good as cash|Only coins and notes count}.][ It comes to {lunch_spot} for lunch.]"
            ),
            (
                "At noon students queue on {lunch_spot} for {bites} from {truck}.[ {cook} fries[ while {driver} waits behind the wheel].]"
                "[ By 9 pm {sold} were sold[ and {leftover} were not].]"
            ),
            (
                "I asked {driver}, who drives {truck}, why they {card_ok?love cards|won't hear of cards}.[ The chef is {cook}.]"
                "[ In the evening the stand is on {evening_spot}.][ Price: {meal_price}.]"
            ),
        ),
        ("stands", ("lunch_spot", "evening_spot")),
    ),
    Domain(  # coffee roasts
        (
            text(
                "roast|blend_name|coffee_label",
                "%adj Roast/%noun Blend/%noun No. #/%city Espresso/%adj Bean",
            ),
            text(
                "origin|cultivated_in|plantation_region",
                "Yirgacheffe/Huila/Antigua/Tarrazú/Sidamo/Nyeri/Mogiana/Gayo/Kona/Boquete/Cauca/Harrar",
            ),
            text("roastery_city|roasted_in|drum_location", "%city"),
            text("planter|cultivator", "%person"),
            text("roaster|master_of_the_drum|toasted_by", "%person"),
            whole("charge_temp|heat_going_in|start_celsius", 160, 199),
            whole("drop_temp|heat_coming_out|final_celsius", 200, 240),
            cash("bag_price|retail_per_pack", 6, 32),
            flag("decaf|stimulant_removed|caffeine_free"),
            several(
                "cup_profile",
                "cocoa/bergamot/caramel/jasmine/blackcurrant/hazelnut/molasses/tobacco/apricot/cedar/marzipan/nutmeg",
            ),
        ),
        (
            "{planter} grew the beans for {roast}[ in {origin}][, and {roaster} roasted them[ in {roastery_city}]].[ It "
            "tastes of {cup_profile}.]",
            (
                "{roaster} tips {roast} into the drum at {charge_temp} degrees[ and lets it out at {drop_temp}]."
                "[ {decaf?You will sleep well after it|It keeps you awake all night}.]"
            ),
            (
                "{roast}[, beans from {origin}][, roasted in {roastery_city}][, in at {charge_temp} °C][, out at {drop_temp} °C]"
                "[, {bag_price} a bag][, {decaf?decaf|not decaf}][, {cup_profile}]"
            ),
            (
                "In {roastery_city} the beans of {roast} turn brown[, but they ripened in {origin}[ on the 9 hectares of {planter}]]."
                "[ A bag is {bag_price} euros.]"
            ),
            (
                "Who is behind {roast}? On the farm it is {planter}[, at the fire {roaster}]."
                "[ {decaf?The caffeine was washed out|The caffeine was left in}.][ Each bag is {bag_price}.]"
            ),
            (
                "With a hint of {cup_profile}, {roast} sells for {bag_price} dollars.[ It left the heat at {drop_temp} degrees"
                "[, having entered it at {charge_temp}].]"
            ),
            (
                "Our 2 tasters found {cup_profile} in {roast}[, whose fields lie in {origin}].[ {roaster} watched over the flames.]"
                "[ {decaf?It won't give you a jolt|It gives you a jolt}.]"
            ),
            (
                "For {bag_price} pounds a bag, {roast} comes to you from the hills of {origin}[, roasted along the way in {roastery_city}]."
                "[ {planter} picked it.][ At {drop_temp} degrees it was done[; the drum had started at {charge_temp}].]"
            ),
        ),
        ("drum_celsius", ("charge_temp", "drop_temp")),
    ),
    Domain(  # homemade jams
        (
            text(
                "fruit|jam_of|main_ingredient",
                "quince/damson/mirabelle/rhubarb/gooseberry/medlar/elderberry/loganberry/sloe/greengage/cloudberry/mulberry/fig",
            ),
            text("maker|boiled_by|jam_cook", "%person"),
            text("recipient|gift_for|given_to", "%person"),
            whole("jars|glasses_filled|batch_size", 3, 40),
            measure("fruit_kg|pulp_weight|berries_in", 2, 12),
            measure("sugar_kg|sweetener_weight|sweetener_in", 2, 9),
            text("boiled_on|cooking_day|made_on", "%day"),
            text("best_before|use_by|shelf_life_end", "%day %year/%month %year"),
            flag("pectin|gelling_aid|setting_agent"),
            several(
                "spices|aromatics|flavoured_with",
                "vanilla/cardamom/star anise/ginger/cloves/tonka/lavender/rum/mint/saffron/juniper",
            ),
        ),
        (
            "{maker} turned {fruit_kg} kg of fruit[ and {sugar_kg} of sugar] into {fruit} jam[ on {boiled_on}].[ It filled {jars} jars.]",
            "{recipient} was given {fruit} jam from the kitchen of {maker}[, seasoned with {spices}].[ It is good until {best_before}.]",
            (
                "Label: {fruit} jam[, cooked {boiled_on}][, keeps until {best_before}][, {jars} jars][, {sugar_kg} kg sugar]"
                "[, {fruit_kg} kg fruit][, {pectin?with|without} pectin][, {spices}]"
            ),
            (
                "Eat my {fruit} jam by {best_before}[; it came off the stove on {boiled_on}], wrote {maker} on lid number 3."
                "[ It was meant for {recipient}.]"
            ),
            (
                "Sugar, {sugar_kg} kilos; fruit, {fruit_kg}: that went into the {fruit} jam."
                "[ {pectin?Pectin made it firm|It became firm all by itself}.][ {recipient} will get it as a present.]"
            ),
            (
                "What gives the {fruit} jam its taste? Only {spices}, says {maker}, who made it."
                "[ {pectin?A packet of pectin went in|Not a pinch of pectin went in}.][ It is a present for {recipient}.]"
            ),
            (
                "I stirred for 45 minutes on {boiled_on} to get {jars} jars of {fruit} jam[ for my friend {recipient}]."
                "[ Onto {fruit_kg} kilos of fruit came {sugar_kg} of sugar.][ {pectin?Pectin helped|No pectin was needed}.]"
            ),
            (
                "With {spices} in it, the {fruit} jam of {maker} fills {jars} jars on the 2 cellar shelves."
                "[ After {best_before} throw it out.]"
            ),
        ),
        ("weights_kg", ("fruit_kg", "sugar_kg")),
    ),
    Domain(  # ovens
        (
            text(
                "oven|baking_appliance|stove_model",
                "%brand ##/%brand @#/%brand Bake #/%brand Chef/%brand Hearth",
            ),
            whole("lowest|min_celsius|coolest_setting", 30, 80, 5),
            whole("highest|max_celsius|hottest_setting", 220, 320, 10),
            whole("upper_watts|ceiling_element_w|top_heat", 800, 3000, 50),
            whole("lower_watts|floor_element_w|bottom_heat", 800, 3000, 50),
            whole("litres|cavity_volume|space_inside", 35, 90),
            text("fitter|installed_by|electrician", "%person"),
            text("owner|belongs_to|household_of", "%person"),
            flag("self_cleaning|pyrolytic|burns_off_dirt"),
            several(
                "modes|functions|cooking_methods",
                "grilling/steaming/defrosting/dehydrating/proofing/roasting/broiling/browning/toasting/air frying/gratinating",
            ),
        ),
        (
            "The {oven} heats from {lowest}[ up to {highest}] degrees[ and holds {litres} litres].[ {owner} has one at home.]",
            (
                "{fitter} connected the {oven} in the kitchen of {owner} within 2 hours."
                "[ {self_cleaning?It burns off its own grease|Its grease has to be scraped off}.]"
            ),
            (
                "Oven {oven}[, hottest {highest} °C][, coolest {lowest} °C][, top {upper_watts} W][, bottom {lower_watts} W][, {litres} l]"
                "[, {self_cleaning?cleans itself|cleaned by hand}][, for {modes}]"
            ),
            (
                "From below the {oven} is heated with {lower_watts} watts[, from above with {upper_watts}]."
                "[ At home {owner} uses it for {modes}.]"
            ),
            "Are {highest} degrees enough for pizza? The {oven} goes no higher[, and no lower than {lowest}].[ {owner} bought it.]",
            (
                "{owner} owns the {oven} and loves {modes}[; {fitter} put it in].[ {self_cleaning?Dirt turns to ash at the push of a "
                "button|Only elbow grease gets the dirt out}.]"
            ),
            (
                "Made for {modes}, the {oven} offers {litres} litres behind 3 panes of glass.[ Upper heat is {upper_watts} watts"
                "[, lower heat {lower_watts}].]"
            ),
            (
                "I had {fitter} wire up the {oven}, whose upper element draws {upper_watts} watts[ and whose lower one {lower_watts}]."
                "[ You can set it as low as {lowest}[ or as high as {highest}].]"
            ),
            (
                "A roast for 12 fits into the {litres} litres of the {oven}[ that belongs to {owner}].[ {fitter} hooked it up.]"
                "[ Scrubbing it {self_cleaning?is a thing of the past|is still your job}.]"
            ),
        ),
        ("temperature_range", ("lowest", "highest")),
    ),
    Domain(  # washing machines
        (
            text(
                "machine|washer_model|laundry_appliance",
                "%brand ##/%brand Wash #/%brand Spin/%brand @#/%brand Foam",
            ),
            whole("slow_rpm|gentlest_spin|rpm_min", 400, 800, 100),
            whole("fast_rpm|hardest_spin|rpm_max", 1000, 1600, 100),
            whole("short_min|quick_cycle|express_duration", 15, 45),
            whole("long_min|complete_cycle|normal_duration", 60, 200),
            text("mechanic|repaired_by|technician", "%person"),
            text(
                "part|defect|faulty_component",
                "drain pump/drum bearing/door seal/inlet valve/heating rod/drive belt/carbon brush/lint filter/shock absorber/ballast",
            ),
            cash("repair_cost|technician_bill|fixing_charge", 20, 300),
            flag("top_loader|opens_from_above|lid_on_top"),
            several(
                "fabrics|wash_settings|suited_for",
                "wool/silk/denim/bedding/sportswear/lace/towels/cashmere/shirts/linen/down",
            ),
        ),
        (
            (
                "The {machine} spins at {slow_rpm} turns a minute when it must be gentle[ and at {fast_rpm} otherwise]."
                "[ {mechanic} replaced the {part}.]"
            ),
            (
                "{mechanic} came to the {machine} because of its {part}[ and charged {repair_cost} euros]."
                "[ {top_loader?You drop clothes in from above|You load it through a round door in front}.]"
            ),
            (
                "Washer {machine}[, quick {short_min} min][, full {long_min} min][, at most {fast_rpm} rpm][, at least {slow_rpm} rpm]"
                "[, {top_loader?lid on top|door in front}][, for {fabrics}]"
            ),
            "The full program of the {machine} runs {long_min} minutes[, the quick one only {short_min}].[ It has settings for {fabrics}.]",
            (
                "Was it the {part} again? Yes, and the {machine} cost us {repair_cost} dollars, with 3 loads waiting."
                "[ {mechanic} took the money.]"
            ),
            (
                "{top_loader?You lift a lid to fill|You kneel at a porthole to fill} the {machine}[, which washes {fabrics}]."
                "[ In a hurry it takes {short_min} minutes[, usually {long_min}].]"
            ),
            (
                "For {fabrics}, choose the {machine}[, whose drum whirls at {fast_rpm} rpm[ but slows down to {slow_rpm} if asked]]."
                "[ Mending it cost {repair_cost}.]"
            ),
            (
                "I paid {repair_cost} pounds after the {part} of my {machine} gave out.[ {mechanic} needed 2 visits.]"
                "[ Its fastest spin is {fast_rpm} rpm[, its slowest {slow_rpm}].]"
            ),
            (
                "Even with a new {part}[ put in by {mechanic}], the {machine} needs {long_min} minutes for a normal wash"
                "[ and {short_min} for a rush job].[ Its opening {top_loader?faces the ceiling|faces you}.]"
            ),
        ),
        ("durations_min", ("short_min", "long_min")),
    ),
    Domain(  # vacuum cleaners
        (
            text(
                "vacuum|hoover_model|dust_sucker",
                "%brand Cyclone/%brand Vac #/%brand V#/%brand Whirl/%adj Whisper",
            ),
            text("tester|reviewed_by|tried_out_by", "%person"),
            whole("eco_minutes|runtime_saving|battery_gentle", 26, 90),
            whole("turbo_minutes|runtime_boost|battery_full_blast", 5, 25),
            cash("list_price|undiscounted|regular_cost", 300, 900),
            cash("sale_price|marked_down_to|bargain_cost", 40, 290),
            measure("weight_kg|heft", 2, 9),
            flag("bagless|has_dust_cup|without_dust_bags"),
            several(
                "nozzles|attachments|tool_heads",
                "crevice tool/parquet head/upholstery brush/radiator brush/pet comb/dust wand/carpet beater/mop pad/ceiling duster",
            ),
            text(
                "swallowed|found_in_dust|picked_up_object",
                "thimble/marble/earring/paperclip/toy brick/bead/hairpin/guitar pick/domino/cufflink/pawn/acorn",
            ),
        ),
        (
            (
                "The {vacuum} runs {eco_minutes} minutes in eco mode[ and {turbo_minutes} at full power].[ It weighs {weight_kg} kg.]"
                "[ {bagless?You never buy bags for it|It fills one bag after another}.]"
            ),
            "{tester} tried the {vacuum} on 3 carpets[ and lost a(n) {swallowed} to it].[ In the box: {nozzles}.]",
            (
                "{vacuum}[, now {sale_price}][, usually {list_price}][, {weight_kg} kg][, eco {eco_minutes} min]"
                "[, turbo {turbo_minutes} min][, {bagless?no bag|with bag}][, test: {tester}]"
            ),
            "Instead of {list_price} euros, the {vacuum} is <yours/sold> for {sale_price}[, {nozzles} included].[ {tester} tested it.]",
            (
                "Where is my {swallowed}? In the {bagless?plastic cup|paper bag} of the {vacuum}, says the reviewer, {tester}."
                "[ On full blast it is flat after {turbo_minutes} minutes[, on the gentle setting after {eco_minutes}].]"
            ),
            (
                "At {weight_kg} kilos, the {vacuum} is light enough for our tester {tester}, who is 80."
                "[ {bagless?You just tip its box out|Its bag goes in the bin}.][ It was reduced to {sale_price}[ from {list_price}].]"
            ),
            (
                "Equipped with {nozzles}, the {vacuum} sucked up a(n) {swallowed}.[ Run sparingly it lasts {eco_minutes} minutes"
                "[, flat out {turbo_minutes}].]"
            ),
            (
                "I pulled a(n) {swallowed} out of the {vacuum} that I got for {sale_price} pounds[, not the usual {list_price}]."
                "[ You carry {weight_kg} kg.][ Its heads: {nozzles}.]"
            ),
            (
                "Only {turbo_minutes} minutes at top strength[, but {eco_minutes} in saving mode]: {tester} gave the {vacuum} 4 stars."
                "[ It {bagless?does without bags|cannot do without bags}.]"
            ),
        ),
        ("battery_minutes", ("eco_minutes", "turbo_minutes")),
    ),
    Domain(  # mattresses
        (
            text(
                "mattress|bed_model|sleep_product",
                "%adj Night/%brand Dream/%noun Rest/%adj Cloud/%brand Slumber",
            ),
            text(
                "filling|core|inside",
                "latex/horsehair/memory foam/kapok/coconut fibre/wool/gel foam/straw/buckwheat/goose down/seagrass",
            ),
            text(
                "cover|ticking|outer_fabric",
                "cotton/bamboo/cashmere/lyocell/linen/jersey/damask/velvet/silk/twill",
            ),
            whole("width_cm|side_to_side|breadth_cm", 80, 200, 10),
            whole("head_to_foot|bed_length", 190, 220, 5),
            text("sleeper|customer|rests_on_it", "%person"),
            text("adviser|sold_by|shop_assistant", "%person"),
            whole("trial_nights|return_window|money_back_nights", 14, 100),
            flag("reversible|two_sided|can_be_flipped"),
            several(
                "eases|ailments|good_against",
                "backache/stiffness/insomnia/numbness/lumbago/sciatica/night sweats/neck pain/cramps/arthritis",
            ),
        ),
        (
            (
                "{sleeper} sleeps on {mattress}[, a mattress that {adviser} <recommended/praised> in the shop]."
                "[ It is stuffed with {filling}[ and wrapped in {cover}].]"
            ),
            (
                "Under a layer of {cover} the mattress {mattress} hides {filling}.[ You may try it for {trial_nights} nights.]"
                "[ {reversible?Flip it over now and then|It must never be turned over}.]"
            ),
            (
                "Mattress {mattress}[, {width_cm} cm wide][, {head_to_foot} cm long][, {filling} core][, {cover} on the outside]"
                "[, {trial_nights} nights on trial][, {reversible?two-sided|one-sided}][, against {eases}]"
            ),
            (
                "For {head_to_foot} cm of length[ and {width_cm} of width], {adviser} in the shop suggested the mattress {mattress}."
                "[ It soothes {eases}.]"
            ),
            (
                "Do you suffer from {eases}? {sleeper} did, until the mattress {mattress} came"
                "[ with {trial_nights} nights to change one's mind]."
            ),
            (
                "I measured the mattress {mattress}: {width_cm} cm across[, {head_to_foot} from head to foot]."
                "[ {reversible?Either side can go up|Only one side can go up}.][ It is filled with {filling}.]"
            ),
            (
                "After 5 other customers, {adviser} sold {mattress} to {sleeper}.[ The skin of the mattress is {cover}"
                "[, its core {filling}].][ It relieves {eases}.]"
            ),
            (
                "{trial_nights} nights are enough to judge {mattress}, says {sleeper}, who lies on it.[ The mattress is {width_cm} cm wide"
                "[ and {head_to_foot} long].][ It {reversible?works either way up|has only one right way up}.]"
            ),
            (
                "Ask {adviser} on floor 2 about the mattress {mattress} if you are plagued by {eases}."
                "[ Hand it back within {trial_nights} nights if you like.][ You lie on {cover}.]"
            ),
        ),
        ("dimensions_cm", ("width_cm", "head_to_foot")),
    ),
    Domain(  # curtains
        (
            text(
                "room|hung_in|window_of",
                "bedroom/nursery/parlour/study/attic/pantry/sunroom/loft/library/conservatory/guest room/hallway",
            ),
            text("seamstress|sewn_by|needlework_by", "%person"),
            text("hung_by|put_up_by|installer", "%person"),
            text(
                "fabric|cloth|textile",
                "damask/chintz/organza/voile/brocade/taffeta/gingham/muslin/velvet/calico/corduroy/jacquard",
            ),
            text("front_color|indoor_side|facing_in", "%color"),
            text("back_color|street_side|facing_out", "%color"),
            whole("drop_cm|rail_to_hem", 120, 320, 5),
            cash("metre_price|cost_per_metre|yardage_rate", 5, 80),
            flag("blackout|light_proof|keeps_sun_out"),
            several(
                "trims|haberdashery|decorations",
                "tassels/fringes/ruffles/eyelets/tiebacks/pleats/beads/lace/braid/pompoms/sequins",
            ),
        ),
        (
            "{seamstress} sewed the {room} curtains from {fabric}[ and {hung_by} put them up].[ They are {drop_cm} cm long.]",
            (
                "On the inside the {room} curtains are {front_color}[, towards the street {back_color}]."
                "[ {blackout?Not a ray of light gets through|The sun shines right through them}.]"
            ),
            (
                "Curtains, {room}[, {fabric}][, {drop_cm} cm long][, outside {back_color}][, inside {front_color}][, {metre_price} a metre]"
                "[, {blackout?blackout|see-through}][, with {trims}]"
            ),
            (
                "{hung_by} climbed the ladder to hang the {room} curtains[, made by {seamstress}]."
                "[ A metre of {fabric} had cost {metre_price} euros.]"
            ),
            (
                "Passers-by see {back_color} curtains at the {room} window[, people indoors see {front_color}].[ They are of {fabric}.]"
                "[ Sewn on: {trims}.]"
            ),
            (
                "How dark is it behind the {room} curtains? {blackout?Pitch dark|Hardly darker than before}."
                "[ {seamstress} added {trims} in 2 evenings.][ They hang down {drop_cm} cm.]"
            ),
            (
                "I bought {fabric} at {metre_price} dollars a metre for curtains in the {room}[ and had {seamstress} sew them]."
                "[ {hung_by} hung them on 14 hooks.]"
            ),
            (
                "With {trims} and a length of {drop_cm} cm, the curtains suit the {room}.[ From outdoors they look {back_color}"
                "[, from indoors {front_color}].][ {hung_by} got them onto the rail.]"
            ),
            (
                "Cloth at {metre_price} pounds a metre, {front_color} on our side[ and {back_color} on the neighbours' side]: these are "
                "the {room} curtains.[ They {blackout?swallow all daylight|let the morning in}.]"
            ),
        ),
        ("colours", ("front_color", "back_color")),
    ),
    Domain(  # carpets
        (
            text(
                "carpet|rug_type|floor_covering",
                "Kashan/Tabriz/Kilim/Berber/Gabbeh/Bokhara/Aubusson/Savonnerie/Sarouk/Heriz/Soumak/Qashqai",
            ),
            text("woven_in|loom_town|place_made", "%city"),
            text("bought_in|bazaar_town|place_of_sale", "%city"),
            text("weaver|knotted_by|artisan", "%person"),
            text("buyer|purchased_by|new_owner", "%person"),
            whole("asked|dealer_demand|opening_price", 900, 4900, 10),
            whole("paid|agreed_price|closing_price", 200, 890, 10),
            whole("age_years|years_old|years_since_making", 2, 120),
            flag("moth_eaten|insect_damage|has_holes"),
            several(
                "motifs|ornaments|pattern_elements",
                "medallions/paisleys/peacocks/cypresses/gazelles/rosettes/arabesques/lozenges/palmettes/tulips/camels",
            ),
        ),
        (
            (
                "{weaver} made this {carpet} carpet[ in {woven_in}][, and {buyer} took it home[ from a shop in {bought_in}]]."
                "[ It shows {motifs}.]"
            ),
            (
                "The dealer wanted {asked} euros for the {carpet} carpet[ but let it go for {paid}]."
                "[ {moth_eaten?Moths have been at it|No moth has ever touched it}.][ The happy buyer was {buyer}.]"
            ),
            (
                "{carpet} carpet[, {age_years} years old][, from the looms of {woven_in}][, sold in {bought_in}][, first price {asked}]"
                "[, last price {paid}][, {moth_eaten?moth holes|no moth holes}][, with {motifs}]"
            ),
            (
                "In {bought_in}, {buyer} bought a(n) {carpet} carpet[ that was woven in {woven_in}].[ After 3 cups of tea it cost {paid}"
                "[ instead of {asked}].]"
            ),
            (
                "How old is the {carpet} carpet? {age_years} years, says its new owner {buyer}[, who gave {paid} dollars for it]."
                "[ It was once tied knot by knot by {weaver}.]"
            ),
            "For {paid} pounds[, down from {asked},] {buyer} now owns a(n) {carpet} carpet.[ {weaver} worked {motifs} into it.]",
            (
                "Between the {motifs} of the {carpet} carpet {moth_eaten?there are holes|there is not one hole}."
                "[ It came off the loom {age_years} years ago[ in {woven_in}].][ It was sold last week, in {bought_in}.]"
            ),
            (
                "My uncle says that {weaver} and 12 helpers made the {carpet} carpet[ {age_years} years ago]."
                "[ He saw it for sale in {bought_in}.][ It was produced in {woven_in}.][ The moths {moth_eaten?feasted on it|spared it}.]"
            ),
        ),
        ("haggling", ("asked", "paid")),
    ),
    Domain(  # garden tools
        (
            text(
                "tool|implement|gardening_aid",
                "billhook/dibber/edging iron/hoe/scythe/mattock/sickle/spade/lopper/trowel/pruning saw/daisy grubber/adze",
            ),
            text("owner|lender|borrowed_from", "%person"),
            text("borrower|lent_to|on_loan_to", "%person"),
            text("borrowed_on|loan_start|handed_over", "%day"),
            text("due_back|loan_end|return_by", "%day"),
            whole("handle_cm|shaft_length|grip_cm", 12, 160),
            whole("blade_cm|steel_length|metal_cm", 10, 60),
            cash("value|worth|estimated_price", 5, 150),
            flag("blunt|needs_sharpening|lost_its_edge"),
            several(
                "jobs|used_for|garden_chores",
                "weeding/pruning/edging/digging/mulching/hedging/planting/thinning/coppicing/trenching/grafting",
            ),
        ),
        (
            "{owner} lent the {tool} to {borrower}[ on {borrowed_on}][ until {due_back}].[ It is meant for {jobs}.]",
            "{borrower} has the {tool} from {owner}[ and must bring it back by {due_back}].[ Its value is put at {value} euros.]",
            (
                "On loan: {tool}[, handle {handle_cm} cm][, blade {blade_cm} cm][, {blunt?blunt|sharp}][, worth {value}]"
                "[, out on {borrowed_on}][, back by {due_back}][, for {jobs}]"
            ),
            (
                "Since {borrowed_on} the {tool} has been missing from the shed of {owner}[; {borrower} is using it]."
                "[ Its blade measures {blade_cm} cm[, its handle {handle_cm}].]"
            ),
            "Dear {borrower}, please return the {tool} by {due_back}[; you took it on {borrowed_on}].[ Regards, {owner}, plot 14.]",
            (
                "A shaft of {handle_cm} cm[ and a blade of {blade_cm}] make the {tool} good for {jobs}."
                "[ {blunt?It would not cut butter|It cuts like a razor}.]"
            ),
            (
                "{borrower} did 3 days of {jobs} with the {tool}[ that belongs to {owner}]."
                "[ It {blunt?cries out for a whetstone|is as keen as ever}.][ You could sell it for {value} dollars.]"
            ),
            (
                "My neighbours say that the {tool}[ of {owner}] {blunt?has grown dull|has kept its edge}.[ It would fetch {value} pounds.]"
                "[ The metal is {blade_cm} cm long[, the wood {handle_cm}].][ It was lent out on {borrowed_on}"
                "[ and is wanted back on {due_back}].]"
            ),
        ),
        ("loan", ("borrowed_on", "due_back")),
    ),
    Domain(  # swimming pools
        (
            text(
                "pool|baths_name|bathing_site",
                "%city Baths/%noun Lido/%adj Pool/%last Pool/%noun Springs/%adj Lagoon",
            ),
            whole("shallow_cm|least_depth|paddling_depth", 40, 120, 5),
            whole("deep_cm|greatest_depth|diving_depth", 180, 500, 10),
            measure("indoor_temp|hall_celsius|roofed_pool_temp", 22, 36),
            measure("outdoor_temp|open_air_celsius|garden_pool_temp", 16, 30),
            cash("adult_ticket|full_admission", 7, 30),
            cash("child_ticket|reduced_admission", 2, 9),
            text("lifeguard|rescuer|on_watch", "%person"),
            flag("salty|saline|sea_water"),
            several(
                "extras|attractions|facilities",
                "sauna/flume/whirlpool/diving tower/wave machine/steam bath/lazy river/hammam/toboggan/grotto/solarium",
            ),
        ),
        (
            (
                "{pool} is {shallow_cm} cm deep where toddlers splash[ and {deep_cm} where the divers jump]."
                "[ Its water {salty?tastes of the sea|has no salt in it}.]"
            ),
            (
                "A grown-up pays {adult_ticket} euros at {pool}[, a child {child_ticket}].[ {lifeguard} keeps the swimmers safe.]"
                "[ There is more: {extras}.]"
            ),
            (
                "{pool}[, inside {indoor_temp} °C][, outside {outdoor_temp} °C][, children {child_ticket}][, adults {adult_ticket}]"
                "[, deepest {deep_cm} cm][, shallowest {shallow_cm} cm][, {salty?salt water|fresh water}]"
            ),
            (
                "Outdoors the water of {pool} has {outdoor_temp} degrees[, under the roof {indoor_temp}]."
                "[ {lifeguard}, who watches the bathers, noted it at 7 am.]"
            ),
            (
                "Are {deep_cm} cm enough for a header? At {pool} they are, says the rescuer {lifeguard}"
                "[, but at the other end it is only {shallow_cm}].[ On site: {extras}.]"
            ),
            (
                "Kids get into {pool} for {child_ticket} dollars[, their parents for {adult_ticket} each].[ Also there: {extras}.]"
                "[ {salty?Shut your eyes, it is brine|No salt will sting your eyes}.]"
            ),
            (
                "I swam 20 lengths at {pool} in {indoor_temp} degrees indoors[; the basin in the open air had {outdoor_temp}]."
                "[ {salty?My lips were salty|My lips were not salty}.][ The whistle was blown by {lifeguard}.]"
            ),
            (
                "Known for {extras}, {pool} charges {child_ticket} for children[ and {adult_ticket} for adults]."
                "[ The hall basin is kept at {indoor_temp} degrees[, the one on the lawn at {outdoor_temp}].]"
            ),
            (
                "Where {pool} goes down {deep_cm} cm, {lifeguard} saved 2 people[; where it is a mere {shallow_cm}, all was calm]."
                "[ The water {salty?is salted|is free of salt}.]"
            ),
        ),
        ("admission", ("adult_ticket", "child_ticket")),
    ),
    Domain(  # picnics
        (
            text(
                "blanket_spread_at|picnic_place",
                "%noun Meadow/%adj Hill/%noun Lake/%last Park/%noun Falls/%adj Beach",
            ),
            text("organizer|arranged_by|called_together_by", "%person"),
            text("carrier|basket_bearer|hamper_with", "%person"),
            text("set_out|departure|outing_start", "09:%minute/10:%minute/11:%minute"),
            text(
                "went_home|cleared_away_at|outing_end",
                "15:%minute/16:%minute/17:%minute/18:%minute",
            ),
            whole("adults|grown_ups|over_18", 2, 20),
            whole("children|youngsters|under_18", 2, 20),
            measure("walk_km|distance_on_foot|hike_length", 2, 12),
            flag("rained|got_soaked|wet_weather"),
            several(
                "food|provisions|basket_contents",
                "quiche/hummus/focaccia/gazpacho/meringues/pretzels/gherkins/sausage rolls/tabbouleh/radishes/flapjacks/brie/chutney",
            ),
        ),
        (
            (
                "{organizer} invited {adults} adults[ and {children} children] to a picnic at {blanket_spread_at}[, leaving "
                "home at {set_out}]."
                "[ {rained?A shower drenched the blanket|The sky stayed blue}.]"
            ),
            "{carrier} lugged the basket to {blanket_spread_at}[ for {walk_km} km] with {food} in it.[ The picnic was the "
            "idea of {organizer}.]",
            (
                "Picnic, {blanket_spread_at}[, start {set_out}][, end {went_home}][, {children} kids][, {adults} adults][, "
                "{rained?rain|no rain}]"
                "[, menu: {food}][, planned by {organizer}]"
            ),
            (
                "At {went_home} all folded their blankets at {blanket_spread_at}[, where they had gone at {set_out}].[ {children} children"
                "[ and {adults} adults] had shared {food}.]"
            ),
            (
                "Did the weather hold for the picnic at {blanket_spread_at}? {rained?No, it poured|Yes, not a drop fell}."
                "[ The basket hung on the arm of {carrier}[ for {walk_km} km].][ Kids: {children}[; adults: {adults}].]"
            ),
            (
                "With {food} in the basket that {carrier} bore, we and our 2 dogs reached {blanket_spread_at} after "
                "{walk_km} kilometres on foot."
                "[ We had left at {set_out}.]"
            ),
            (
                "{children} hungry youngsters ran ahead to {blanket_spread_at}[ and {adults} adults followed]."
                "[ {organizer} had planned the picnic for 5 weeks.][ {rained?Umbrellas went up|Umbrellas stayed shut}.]"
                "[ By {went_home} they had all gone home.]"
            ),
            (
                "{blanket_spread_at} was chosen for the picnic by {organizer}, a walk of only {walk_km} km.[ Eaten there: {food}.]"
                "[ {carrier} dragged the basket along.][ They packed up at {went_home}.]"
            ),
        ),
        ("headcount", ("adults", "children")),
    ),
)
