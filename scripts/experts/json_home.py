"""Domains of training: the home, what is bought for it and what is worn."""

from __future__ import annotations

from experts.json_world import Domain, cash, flag, measure, several, text, whole

HOME: tuple[Domain, ...] = (
    Domain(  # home repairs
        (
            text(
                "repair|defect|repair_job",
                "dripping tap/cracked tile/blocked sink/broken lock/leaking roof/damp wall/jammed door",
            ),
            text("resident|householder|reported_by", "%person"),
            text("fixed_by|handyman|repairer", "%person"),
            text("reported|reported_on", "%day/%weekday/%day"),
            text("fixed_on|repair_date", "%day/%weekday/%day"),
            cash("parts_cost|material_cost", 5, 260),
            cash("labour_cost|labor", 5, 260),
            flag("urgent|is_urgent"),
            several(
                "supplies|materials_used",
                "putty/plaster/glue/tape/grout/screws/wire/nails/varnish/sealant/foam/paint",
            ),
        ),
        (
            (
                "{resident} reported a(n) {repair}[ on {reported}][ and {fixed_by} mended it[ on {fixed_on}]].[ Parts came to "
                "${parts_cost}.][ It {urgent?could not wait|could wait}.]"
            ),
            (
                "{fixed_by} repaired the {repair}[ for {resident}][ on {fixed_on}] using {supplies}.[ The work cost {labour_cost}[ and "
                "the materials {parts_cost}].]"
            ),
            (
                "Home repair: {repair}[, {urgent?urgent|not urgent}][; noticed {reported}, done {fixed_on}][; labour {labour_cost}][; "
                "parts {parts_cost}]."
            ),
            (
                "On {reported}, {resident} <called about/complained of> the {repair}.[ The handyman was {fixed_by}.][ Used up: "
                "{supplies}.][ {urgent?It was an emergency|There was no rush}.]"
            ),
            (
                "The {repair} was seen to by {fixed_by} at the home of {resident}[ for {labour_cost} in wages[ plus {parts_cost} in "
                "material]].[ It was over by {fixed_on}.]"
            ),
            (
                "It took {supplies} to fix the {repair}[, known since {reported}].[ Help {urgent?was needed at once|was not pressing}.][ "
                "{fixed_by} charged {labour_cost} for the hours.]"
            ),
            (
                "Since {fixed_on}, the {repair}[ reported on {reported}] is no more.[ {resident} thanks {fixed_by}.][ Bill: {parts_cost} "
                "for parts, {labour_cost} for work.]"
            ),
        ),
        ("costs", ("parts_cost", "labour_cost")),
    ),
    Domain(  # electricity bills
        (
            text("meter|meter_number|meter_id", "M-###/E##/@@-###/####/@##"),
            text("account_holder|customer|billed_to", "%person"),
            whole("day_kwh|peak_kwh", 40, 690),
            whole("night_kwh|off_peak_kwh", 40, 690),
            text("period_start|billed_from", "%day"),
            text("period_end|billed_until", "%day"),
            cash("amount_due|total", 20, 480),
            flag("estimated|is_estimate"),
            several(
                "sources|power_sources", "wind/solar/hydro/nuclear/gas/coal/biomass/wood/oil/waste"
            ),
        ),
        (
            (
                "Meter {meter} used {day_kwh} kWh by day[ and {night_kwh} at night][ between {period_start} and {period_end}].[ "
                "{account_holder} owes {amount_due} euros.]"
            ),
            (
                "{account_holder} must pay {amount_due} for meter {meter}[, with {night_kwh} units used at night and {day_kwh} in "
                "daytime].[ The reading {estimated?is an estimate|is a real one}.]"
            ),
            (
                "Power bill, meter {meter}[, {period_start} to {period_end}][: total {amount_due}][, night {night_kwh} kWh][, day "
                "{day_kwh} kWh][; {estimated?estimated|not estimated}]."
            ),
            (
                "From {period_start}[ until {period_end}], meter {meter} ran on {sources} power.[ In the night hours {night_kwh} kWh "
                "were used.][ The account belongs to {account_holder}.]"
            ),
            (
                "The electricity for meter {meter} comes from {sources}[ and cost {account_holder} ${amount_due}].[ The last day billed "
                "was {period_end}[, the first {period_start}].]"
            ),
            (
                "We {estimated?only guessed|really read} meter {meter}[ of {account_holder}].[ Peak hours: {day_kwh} kWh[, off-peak: "
                "{night_kwh}].][ Sum: {amount_due}.]"
            ),
            (
                "${amount_due} is due from {account_holder} for the current through meter {meter}[, made from {sources}].[ Period end: "
                "{period_end}; start: {period_start}.]"
            ),
            (
                "By night {night_kwh} kWh, by day {day_kwh}: so says meter {meter}[ of {account_holder}].[ These figures {estimated?are "
                "a guess|are exact}.][ Energy mix: {sources}.]"
            ),
        ),
        ("usage", ("day_kwh", "night_kwh")),
    ),
    Domain(  # insurance policies
        (
            text("policy|policy_number|policy_id", "P-###/PL ##/@@###/####-@/@-##"),
            text("policyholder|insured_person", "%person"),
            text("beneficiary|pays_out_to", "%person"),
            text("starts|valid_from|start_date", "%day/%day/%day %year"),
            text("ends|valid_until|expiry", "%day/%day/%day %year"),
            cash("premium|yearly_premium", 50, 900),
            whole("deductible|excess", 50, 900, 10),
            flag("renews|auto_renew"),
            several(
                "covers|risks",
                "fire/theft/flood/storm/hail/breakage/lightning/vandalism/frost/illness/burglary",
            ),
        ),
        (
            (
                "Policy {policy} <insures/protects> {policyholder} against {covers}[ from {starts}][ until {ends}].[ It {renews?renews "
                "itself|does not renew itself}.]"
            ),
            (
                "{policyholder} took out policy {policy}[ for ${premium} a year][ and chose {beneficiary} to receive the money].[ The "
                "first {deductible} of any damage is not paid.]"
            ),
            (
                "Should the worst happen, {beneficiary} is paid under policy {policy}[, signed by {policyholder}].[ Cover ends {ends}[, "
                "having begun {starts}].][ The deductible is {deductible}.]"
            ),
            (
                "Policy {policy}: {covers}[; insured {policyholder}][; payout to {beneficiary}][; deductible {deductible}][; premium "
                "{premium}][; {renews?automatic renewal|no renewal}]."
            ),
            (
                "Beginning {starts}, policy {policy} costs {premium} a year[ with {deductible} to bear yourself].[ It runs out {ends}.][ "
                "Renewal {renews?is automatic|is not automatic}.]"
            ),
            (
                "{policyholder} bears the first {deductible} of each claim on policy {policy}[ and pays {premium} every year].[ In case "
                "of death {beneficiary} gets the sum.]"
            ),
            (
                "Losses from {covers} fall under policy {policy}[, held by {policyholder}].[ The contract lapses {ends}.][ Afterwards "
                "the cover {renews?goes on by itself|simply stops}.]"
            ),
            (
                "Last day {ends}, first day {starts}: that is policy {policy}.[ It would make {beneficiary} the heir of "
                "{policyholder}.][ Covered: {covers}.][ Each year costs {premium}.]"
            ),
        ),
        ("period", ("starts", "ends")),
    ),
    Domain(  # furniture orders
        (
            text(
                "furniture|furniture_piece",
                "bookcase/sofa/wardrobe/bed frame/desk/sideboard/bench/bunk bed/footstool/dining table",
            ),
            text("buyer|ordered_by|purchaser", "%person"),
            text("seller|sold_by|salesperson", "%person"),
            text("ordered|order_date", "%day/%iso/%weekday"),
            text("delivered|delivery_date", "%day/%iso/%weekday"),
            cash("price|full_price", 40, 900),
            cash("deposit|down_payment", 20, 500),
            flag("assembled|comes_assembled"),
            several(
                "materials", "oak/pine/steel/glass/leather/velvet/walnut/rattan/linen/beech/marble"
            ),
        ),
        (
            (
                "{buyer} bought a(n) {furniture} from {seller}[ for {price} euros][ and left {deposit} as a deposit].[ It <arrived/came> "
                "on {delivered}.]"
            ),
            "{seller} sold {buyer} the {furniture}[, made of {materials}].[ It was ordered on {ordered}[ and delivered on {delivered}].]",
            (
                "Ordered on {ordered}, the {furniture} reached {buyer}[ on {delivered}].[ The price was {price}[, of which {deposit} was "
                "paid ahead].][ It came {assembled?ready built|in parts}.]"
            ),
            (
                "Order: {furniture}[ in {materials}][, {assembled?assembled|flat-packed}][, customer {buyer}][, salesperson {seller}][, "
                "down payment {deposit}][, total {price}]."
            ),
            (
                "On {delivered} our van brought the {furniture}[ to {buyer}], {assembled?put together|not yet put together}.[ It had "
                "been requested on {ordered}.][ {seller} handled the sale.]"
            ),
            (
                "With {deposit} down[ and {price} in all], the {furniture} goes to {buyer}.[ It is built from {materials}.][ The shop's "
                "adviser was {seller}.][ Date of arrival: {delivered}.]"
            ),
            (
                "The {price} dollar {furniture} of {materials} {assembled?needs no building|must be built at home}.[ It was sold to "
                "{buyer} by {seller}.][ Order date: {ordered}.]"
            ),
        ),
        ("dates", ("ordered", "delivered")),
    ),
    Domain(  # cleaning services
        (
            text(
                "premises|cleaned_site",
                "%noun House/%noun Court/%noun Tower/%last Hall/%last Clinic/%adj Gym",
            ),
            text("client|paid_by", "%person"),
            text("cleaner|cleaned_by", "%person"),
            text("starts|start_time|begins_at", "%time"),
            text("ends|end_time|finishes_at", "%time"),
            cash("hourly_rate|rate", 11, 60),
            whole("windows|window_count", 2, 40),
            flag("own_supplies|brings_supplies"),
            several(
                "chores",
                "dusting/mopping/ironing/vacuuming/laundry/polishing/sweeping/scrubbing/tidying/disinfecting",
            ),
        ),
        (
            (
                "{cleaner} cleans {premises} for {client}[ from {starts}[ to {ends}]][ and charges {hourly_rate} dollars an hour].[ The "
                "work: {chores}.]"
            ),
            (
                "{client} hired {cleaner} to do the {chores} at {premises}.[ Sixty minutes cost {hourly_rate}.][ Mops and soap "
                "{own_supplies?are brought along|have to be provided}.]"
            ),
            (
                "At {premises}, {windows} windows are washed by {cleaner}[ on behalf of {client}].[ The shift is over at {ends}[ and "
                "begins at {starts}].]"
            ),
            (
                "Cleaning of {premises}[, {starts} to {ends}][, {windows} windows][, {hourly_rate} per hour][, {own_supplies?own "
                "supplies|no own supplies}][, client {client}]."
            ),
            (
                "From {starts}[ until {ends}] {premises} is being <cleaned/scrubbed>.[ {client} pays for it and {cleaner} does it.][ "
                "There are {windows} windows to wipe.]"
            ),
            (
                "For {hourly_rate} an hour {client} gets {premises} cleaned.[ Supplies {own_supplies?come with the cleaner|are not "
                "brought by the cleaner}.][ Duties: {chores}.][ Finish: {ends}.]"
            ),
            (
                "It is {cleaner} who takes care of {premises}[ and {own_supplies?brings|does not bring} the products].[ The bill goes to "
                "{client}.][ To be done: {chores}.][ Start: {starts}.]"
            ),
        ),
        ("hours", ("starts", "ends")),
    ),
    Domain(  # babysitting
        (
            text("sitter|babysitter|nanny", "%person"),
            text("parent|booked_by", "%person"),
            text("arrives|sitter_arrival|comes_at", "%time"),
            text("bedtime|sleep_time", "%time"),
            whole("girls|girl_count", 2, 9),
            whole("boys|boy_count", 2, 9),
            cash("fee|evening_pay", 20, 140),
            flag("has_car"),
            several(
                "activities|pastimes",
                "drawing/reading/singing/puzzles/baking/dancing/origami/dominoes/crafts/painting/stories",
            ),
        ),
        (
            "{sitter} looks after {girls} girls[ and {boys} boys] for {parent}[, coming at {arrives}].[ Lights go out at {bedtime}.]",
            (
                "{parent} asked {sitter} to mind the children[ for {fee} dollars].[ The plan: {activities}.][ The kids must be asleep by "
                "{bedtime}.]"
            ),
            (
                "Sitter {sitter}[, {boys} boys][, {girls} girls][, from {arrives}][, paid {fee}][, {has_car?has a car|has no car}][, "
                "booked by {parent}]."
            ),
            (
                "At {arrives} {sitter} <arrives/rings the bell>[ and at {bedtime} the little ones go to sleep].[ {parent} pays {fee} for "
                "the evening.][ First there is {activities}.]"
            ),
            (
                "The {boys} sons[ and {girls} daughters] of {parent} spend the evening with {sitter}[, who {has_car?comes by car|cannot "
                "drive}].[ They like {activities}.]"
            ),
            (
                "For {fee} euros {sitter} will do {activities} with the children of {parent}[ until they are in bed at {bedtime}].[ The "
                "sitter {has_car?drives|does not drive}.]"
            ),
            (
                "Bedtime is {bedtime}[ and work begins at {arrives}]: that is what {parent} told {sitter}.[ There are {boys} boys and "
                "{girls} girls.][ Own car: {has_car?yes|no}.]"
            ),
        ),
        ("children", ("girls", "boys")),
    ),
    Domain(  # cafes
        (
            text(
                "cafe|coffee_house|cafe_name",
                "Café %noun/The %adj Cup/%noun Coffee/%last Coffee Bar/The %noun Roast/Café %last",
            ),
            text("owner|proprietor", "%person"),
            text("opens|opening_time", "%time"),
            text("closes|closing_time", "%time"),
            whole("inside_seats|indoor_seats", 4, 70),
            whole("outside_seats|terrace_seats", 4, 70),
            cash("espresso_price|coffee_price", 1, 6),
            flag("wifi|has_wifi"),
            several(
                "cakes|pastries",
                "brownies/scones/muffins/carrot cake/cheesecake/strudel/eclairs/apple tart/doughnuts/banana bread",
            ),
        ),
        (
            (
                "{cafe}, <run/owned> by {owner}, seats {inside_seats} people indoors[ and {outside_seats} on the terrace].[ An espresso "
                "is {espresso_price} euros.]"
            ),
            (
                "{owner} unlocks {cafe} at {opens}[ and locks up at {closes}].[ Guests {wifi?can go online|find no internet}.][ To eat "
                "there are {cakes}.]"
            ),
            (
                "Of the chairs at {cafe}, {outside_seats} are in the open air[ and {inside_seats} under the roof].[ The last guests "
                "leave at {closes}.][ Try the {cakes}.]"
            ),
            (
                "{cafe}: {opens} to {closes}[, coffee {espresso_price}][, {wifi?wifi|no wifi}][, {inside_seats} seats inside][, "
                "{outside_seats} outside][, owner {owner}]."
            ),
            (
                "For {espresso_price} you get an espresso at {cafe}[, and there are {cakes}].[ The place belongs to {owner}.][ It shuts "
                "at {closes}[ and opens at {opens}].]"
            ),
            (
                "Until {closes}[, starting at {opens},] {cafe} serves {cakes}.[ Wifi {wifi?is free|is missing}.][ The terrace holds "
                "{outside_seats}, the room {inside_seats}.]"
            ),
            (
                "With {wifi?fast|no} internet[ and {cakes} on the counter], {cafe} is the dream of {owner}.[ A small coffee costs "
                "{espresso_price}.][ The doors open at {opens}.]"
            ),
        ),
        ("hours", ("opens", "closes")),
    ),
    Domain(  # bakery orders
        (
            text("bakery_order|order_number|ticket", "B-##/##/###/@##/#"),
            text("customer|ordered_by", "%person"),
            text("baker|baked_by", "%person"),
            whole("rolls|roll_count", 2, 60),
            whole("loaves|loaf_count", 2, 60),
            text("placed|ordered_on", "%weekday/%day/%date"),
            text("pickup|collected_on", "%weekday/%day/%date"),
            flag("sliced|is_sliced"),
            several(
                "grains|flours", "rye/wheat/spelt/oat/barley/corn/millet/buckwheat/einkorn/rice"
            ),
        ),
        (
            (
                "Order {bakery_order} is for {loaves} loaves[ and {rolls} rolls], baked by {baker}[ for {customer}].[ It will be fetched "
                "on {pickup}.]"
            ),
            (
                "{customer} wanted {rolls} rolls[ and {loaves} loaves] and placed order {bakery_order}[ on {placed}].[ Pickup is on "
                "{pickup}.][ The bread {sliced?is cut|is left whole}.]"
            ),
            (
                "Order {bakery_order}: {customer}[, {rolls} rolls][, {loaves} loaves][, {sliced?sliced|unsliced}][, {grains}][, baker "
                "{baker}]."
            ),
            (
                "{baker} will bake order {bakery_order}[ of {loaves} loaves][ from {grains} flour].[ The customer, {customer}, called on "
                "{placed}.]"
            ),
            (
                "On {pickup}, order {bakery_order} goes to {customer}[, who asked for it on {placed}].[ In the bag: {loaves} loaves, "
                "{rolls} rolls.][ {sliced?Slice|Do not slice} the bread.]"
            ),
            (
                "Use {grains} for order {bakery_order}[ and {sliced?run it through the slicer|leave it uncut}].[ {baker} bakes, "
                "{customer} pays.][ Ready {pickup}[, ordered {placed}].]"
            ),
            (
                "{rolls} rolls of {grains} make up order {bakery_order}[, along with {loaves} loaves].[ {customer} gets them from the "
                "oven of {baker}[ on {pickup}].]"
            ),
        ),
        ("dates", ("placed", "pickup")),
    ),
    Domain(  # cheeses
        (
            text(
                "cheese|cheese_name",
                "Brie/Gouda/Manchego/Comté/Feta/Gruyère/Stilton/Pecorino/Havarti/Old %last/%noun Blue/%adj Goat",
            ),
            text("milk|milk_animal", "cow/goat/sheep/buffalo/yak/camel"),
            text("made_in|dairy_town|origin", "%city"),
            text("aged_in|cellar_town|ripened_in", "%city"),
            whole("age_months|months_aged", 2, 36),
            measure("fat_percent|fat", 8, 40),
            measure("protein_percent|protein", 8, 40),
            flag("raw_milk|unpasteurised"),
            several(
                "pairs_with|goes_with",
                "figs/honey/walnuts/pears/cider/grapes/rye bread/olives/quince/dates/crackers",
            ),
        ),
        (
            (
                "{cheese} is made from {milk} milk in {made_in}[ and ripens in {aged_in}[ for {age_months} months]].[ The milk "
                "{raw_milk?is raw|is pasteurised}.]"
            ),
            (
                "{cheese} has {fat_percent} percent fat[ and {protein_percent} percent protein].[ Serve it with {pairs_with}.][ It comes "
                "from a dairy in {made_in}.]"
            ),
            (
                "After {age_months} months in the cellars of {aged_in}, {cheese} goes well with {pairs_with}.[ The animal is the "
                "{milk}.][ Protein: {protein_percent}; fat: {fat_percent}.]"
            ),
            (
                "Cheese: {cheese}[, {milk} milk][, {raw_milk?raw|not raw}][, matured {age_months} months][, fat {fat_percent}, protein "
                "{protein_percent}][, made in {made_in}]."
            ),
            (
                "The dairy in {made_in} sends {cheese} to {aged_in} to age[ for {age_months} months].[ Of 100 grams, {protein_percent} "
                "are protein[ and {fat_percent} fat].]"
            ),
            (
                "{raw_milk?Unheated|Heated} {milk} milk becomes {cheese}.[ It tastes best with {pairs_with}.][ It lies in {aged_in} "
                "until ripe[ but is produced in {made_in}].]"
            ),
            (
                "With {pairs_with} we offer {cheese}[, a {milk} cheese][ with {protein_percent} percent protein].[ Raw milk: "
                "{raw_milk?yes|no}.][ The ripening cellar is in {aged_in}.]"
            ),
        ),
        ("content", ("fat_percent", "protein_percent")),
    ),
    Domain(  # teas
        (
            text(
                "tea|tea_name",
                "Sencha/Assam/Earl Grey/Oolong/Rooibos/Matcha/Lapsang/Keemun/%adj Jade/%noun Mist/%noun Needle",
            ),
            text("planter|grown_by", "%person"),
            text("taster|reviewer|tasted_by", "%person"),
            text("country|grown_in", "%country/Sri Lanka/India/China"),
            whole("first_brew|first_steep_seconds", 15, 240, 5),
            whole("second_brew|second_steep_seconds", 15, 240, 5),
            cash("price|tin_price", 4, 60),
            flag("caffeine|has_caffeine"),
            several(
                "flavours",
                "jasmine/smoke/malt/honey/peach/grass/vanilla/cocoa/citrus/mint/chestnut",
            ),
        ),
        (
            (
                "{planter} grows {tea} in {country}[, where {taster} came to taste it].[ It has hints of {flavours}.][ "
                "A tin costs {price} euros.]"
            ),
            (
                "{tea} steeps {first_brew} seconds at first[ and {second_brew} seconds the second time].[ It {caffeine?keeps you "
                "awake|has no caffeine}.][ Flavour: {flavours}.]"
            ),
            (
                "According to {taster}, {tea} <tastes/smells> of {flavours}.[ The leaves come from the garden of {planter}[ in {country}]."
                "][ You pay {price}.]"
            ),
            (
                "Tea: {tea}[ from {country}][, {price} a tin][, {caffeine?with caffeine|caffeine-free}][, second pour {second_brew} s][, "
                "first pour {first_brew} s][, grower {planter}]."
            ),
            (
                "For {price} you get {tea}[, {caffeine?which contains|which lacks} caffeine].[ The second infusion takes {second_brew} "
                "seconds[, the first {first_brew}].][ Planter: {planter}.]"
            ),
            (
                "{caffeine?Rich in|Free of} caffeine, {tea} was reviewed by {taster}[ and cultivated by {planter}].[ It hails from "
                "{country}.][ First cup: {first_brew} seconds.]"
            ),
            (
                "From {country} comes {tea}, which gives off {flavours}.[ {taster} judged what {planter} had planted.][ Wait {first_brew} "
                "seconds[, then {second_brew} for another cup].]"
            ),
        ),
        ("steeping", ("first_brew", "second_brew")),
    ),
    Domain(  # supermarkets receipts
        (
            text("receipt|receipt_number|receipt_id", "R-##/####/T##/@-###/##-##"),
            text("shopper|customer", "%person"),
            text("cashier|served_by", "%person"),
            text(
                "store|supermarket",
                "%brand Market/%brand Foods/%last Grocers/%noun Mart/%brand Express",
            ),
            cash("total|to_pay", 4, 120),
            cash("tendered|cash_received", 4, 150),
            cash("saved|discount", 2, 60),
            flag("loyalty_card|card_used"),
            several(
                "groceries|goods",
                "milk/eggs/rice/soap/apples/coffee/noodles/cheese/lentils/salad/juice/flour",
            ),
        ),
        (
            (
                "{shopper} bought {groceries}[ at {store}], see receipt {receipt}.[ The bill was {total}[ and the customer gave "
                "{tendered}].][ The discount was {saved}.]"
            ),
            (
                "Receipt {receipt}[ from {store}]: total {total}[, cash received {tendered}][, saved {saved}][, served by {cashier}][, "
                "{loyalty_card?loyalty card|no loyalty card}]."
            ),
            (
                "{cashier} rang up {groceries} for {shopper}[ at {store}] on receipt {receipt}.[ Coupons took off {saved}.][ The "
                "customer handed over {tendered}.]"
            ),
            (
                "At the till of {cashier}[ in {store}], {shopper} owed {total}[ and put down {tendered}]. The receipt is {receipt}.[ A "
                "club card {loyalty_card?was shown|was not shown}.]"
            ),
            (
                "Offers saved {saved} dollars, so receipt {receipt} of {shopper} comes to only {total}.[ On it: {groceries}.][ At the "
                "till sat {cashier}.]"
            ),
            (
                "According to receipt {receipt}, {tendered} was given in cash[ where {total} was due].[ {loyalty_card?Points were|No "
                "points were} added to the card.][ Shop: {store}.]"
            ),
            (
                "Receipt {receipt} lists {groceries}[, scanned by {cashier}][ and taken home by {shopper}].[ {loyalty_card?A|No} "
                "customer card was used.][ Price cut: {saved}.]"
            ),
        ),
        ("payment", ("total", "tendered")),
    ),
    Domain(  # apartment rentals
        (
            text("apartment|flat|unit", "#@/##/##@/@#/@##"),
            text("landlord|let_by", "%person"),
            text("tenant|renter|rented_by", "%person"),
            whole("rent|monthly_rent", 400, 2400, 10),
            whole("deposit|security_deposit", 400, 2400, 10),
            text("move_in|lease_start", "%day/%day %year/%month"),
            text("move_out|lease_end", "%day/%day %year/%month"),
            flag("furnished|is_furnished"),
            several(
                "amenities|features",
                "parking/heating/laundry/storage/wifi/bike racks/gym access/sea views/cooling/cable TV",
            ),
        ),
        (
            (
                "{landlord} <rents/lets> apartment {apartment} to {tenant}[ for {rent} euros a month][ with {deposit} held as "
                "security].[ It is {furnished?full of furniture|without furniture}.]"
            ),
            (
                "{tenant} lives in apartment {apartment}[, which belongs to {landlord}].[ The lease runs from {move_in}[ to "
                "{move_out}].][ It has {amenities}.]"
            ),
            (
                "For rent: apartment {apartment}[, {furnished?furnished|unfurnished}][, with {amenities}][, deposit {deposit}][, {rent} "
                "monthly][, from {move_in}][, owner {landlord}]."
            ),
            (
                "The keys of apartment {apartment} pass to {tenant} from {landlord}[; move-in is {move_in}][; move-out is {move_out}].[ "
                "Every month {rent} is due.]"
            ),
            (
                "{tenant} must leave apartment {apartment} by {move_out}[ and gets {deposit} back from {landlord}].[ Furniture "
                "{furnished?was there|was not there}.][ The first month was {rent}.]"
            ),
            (
                "A deposit of {deposit}[ and {rent} each month] will get you apartment {apartment}.[ Expect {amenities}.][ Ask the "
                "owner, {landlord}.][ Free from {move_in}.]"
            ),
            (
                "With {amenities}, apartment {apartment} suits {tenant}[, who stays until {move_out}].[ The landlord is {landlord}.][ "
                "{furnished?The furniture is included|Bring your own furniture}.]"
            ),
        ),
        ("lease", ("move_in", "move_out")),
    ),
    Domain(  # house moves
        (
            text("family|household|moving_family", "%last"),
            text("old_city|from_city|leaves", "%city"),
            text("new_city|to_city|new_home", "%city"),
            text("moving_day|move_date", "%day/%date/%weekday"),
            whole("big_boxes|large_boxes", 2, 90),
            whole("small_boxes|little_boxes", 2, 90),
            cash("quote|estimate", 150, 2900),
            flag("lift|has_elevator"),
            several(
                "fragile|breakables",
                "mirrors/lamps/vases/a piano/china/paintings/a harp/crystal/clocks/an aquarium",
            ),
        ),
        (
            (
                "The {family} family <moves/relocates> from {old_city} to {new_city}[ on {moving_day}][ with {big_boxes} large[ and "
                "{small_boxes} small] boxes]."
            ),
            (
                "{new_city} is the new home of the {family} family[, who used to live in {old_city}].[ The van comes on {moving_day}.][ "
                "Handle with care: {fragile}.]"
            ),
            (
                "Move of the {family} family[, {moving_day}][, to {new_city} from {old_city}][, {small_boxes} small boxes][, {big_boxes} "
                "large boxes][, {lift?lift|no lift}]."
            ),
            (
                "On {moving_day}, {small_boxes} small boxes[ and {big_boxes} big ones] of the {family} family go to {new_city}.[ The job "
                "should cost {quote}.]"
            ),
            (
                "For {quote} dollars we carry the {family} family's things out of {old_city}[ and into {new_city}].[ The building "
                "{lift?has a lift|has only stairs}.][ Take care of {fragile}.]"
            ),
            (
                "The {family} family owns {fragile}, easily broken.[ Getting them out of {old_city} would cost {quote}.][ There {lift?is "
                "an|is no} elevator.][ Destination: {new_city}.]"
            ),
            (
                "Goodbye {old_city}, hello {new_city}, says the {family} family.[ They packed {big_boxes} big boxes[ and {small_boxes} "
                "little ones].][ The estimate is {quote}.]"
            ),
        ),
        ("boxes", ("big_boxes", "small_boxes")),
    ),
    Domain(  # jewellery
        (
            text(
                "jewel|jewellery_piece",
                "ring/brooch/bracelet/pendant/necklace/tiara/locket/anklet/signet ring/hairpin/choker",
            ),
            text(
                "metal|made_from", "gold/silver/platinum/copper/titanium/brass/rose gold/white gold"
            ),
            text("goldsmith|jeweller|made_by", "%person"),
            text("wearer|worn_by", "%person"),
            cash("old_price|price_before", 40, 2900),
            cash("new_price|price_now", 40, 2900),
            measure("weight_grams|grams", 2, 80),
            flag("engraved|has_engraving"),
            several(
                "gems|stones",
                "rubies/opals/pearls/sapphires/garnets/emeralds/topazes/diamonds/agates/jade/amber",
            ),
        ),
        (
            (
                "{goldsmith} made this {metal} {jewel} for {wearer}[ and set it with {gems}].[ It weighs {weight_grams} grams[ and "
                "{engraved?is engraved|is not engraved}].]"
            ),
            (
                "The {jewel} worn by {wearer} is the work of {goldsmith}[ in {metal}].[ It used to cost {old_price}[ and now costs "
                "{new_price}].]"
            ),
            (
                "Jewellery: {jewel}[, {metal}][, {gems}][, {weight_grams} g][, {engraved?engraved|no engraving}][, now {new_price}][, "
                "before {old_price}]."
            ),
            (
                "{wearer} <owns/treasures> a(n) {jewel}[ of {metal}][ with {gems}].[ The maker was {goldsmith}.][ Inside {engraved?some "
                "words are cut|nothing is written}.]"
            ),
            (
                "Today's price of the {jewel} is {new_price}[; last year it was {old_price}].[ The scales show {weight_grams} grams.][ "
                "It came from the bench of {goldsmith}.]"
            ),
            (
                "Once {old_price}, today {new_price}: the {jewel}[ by {goldsmith}] glitters with {gems}.[ {wearer} wears it.][ It is all "
                "{metal}.]"
            ),
            (
                "{weight_grams} grams of {metal} went into the {jewel} of {wearer}[, {engraved?with|without} an inscription].[ Stones: "
                "{gems}.][ New price: {new_price}.]"
            ),
        ),
        ("prices", ("old_price", "new_price")),
    ),
    Domain(  # clothes
        (
            text(
                "garment|clothing_item",
                "coat/shirt/skirt/sweater/jacket/vest/dress/hoodie/overcoat/blouse/cardigan/raincoat",
            ),
            text("designed_by", "%person"),
            text("colour|color|outer_color", "%color"),
            text("lining|lining_color", "%color"),
            whole("buttons|button_count", 2, 14),
            whole("pockets|pocket_count", 2, 14),
            cash("price|retail_price", 9, 240),
            flag("washable|machine_wash"),
            several("sizes|available_sizes", "XS/S/M/L/XL/XXL"),
        ),
        (
            "{designed_by} designed this {colour} {garment}[ with a(n) {lining} lining][ and {buttons} buttons].[ It costs {price} euros.]",
            "The {garment} has {pockets} pockets[ and {buttons} buttons].[ Outside it is {colour}[, inside {lining}].][ Sizes: {sizes}.]",
            (
                "Lined in {lining}, the {colour} {garment} is by {designed_by}.[ You can get it in {sizes}.][ Washing machine: "
                "{washable?yes|no}.]"
            ),
            (
                "New in: {garment}[, {buttons} buttons][, {pockets} pockets][, sizes {sizes}][, {washable?machine washable|dry clean "
                "only}][, {colour}][, ${price}]."
            ),
            (
                "At ${price} the {garment}[ by {designed_by}] is a bargain.[ It {washable?may go in the wash|must never be washed}.][ The "
                "lining is {lining}[ and the cloth {colour}].]"
            ),
            (
                "In {sizes} we sell a(n) {garment} that closes with {buttons} buttons[ and holds your things in {pockets} pockets].[ The "
                "tag says {price}.][ It was drawn by {designed_by}.]"
            ),
            (
                "With {pockets} pockets[ and {lining} on the inside], the {garment} was thought up by {designed_by}.[ It "
                "{washable?can|cannot} be washed at home.][ Buttons: {buttons}.]"
            ),
        ),
        ("colours", ("colour", "lining")),
    ),
    Domain(  # perfumes
        (
            text(
                "perfume|fragrance|scent",
                "%adj %noun/%last No. #/Eau de %noun/%noun Noir/%adj %stuff",
            ),
            text("nose|perfumer|created_by", "%person"),
            text("face|advertised_by", "%person"),
            cash("small_price|price_small", 19, 240),
            cash("large_price|price_large", 19, 240),
            several(
                "top_notes|opening",
                "lemon/mint/pear/bergamot/pepper/lavender/neroli/apple/rose/ginger",
            ),
            several(
                "base_notes|dry_down",
                "musk/amber/cedar/vanilla/leather/patchouli/oakmoss/rose/tonka/lavender",
            ),
            whole("hours|lasts_hours", 2, 14),
            flag("discontinued|no_longer_made"),
        ),
        (
            (
                "{nose} composed {perfume}.[ It opens with {top_notes}[ and ends on {base_notes}].][ It {discontinued?is no longer "
                "made|is still made}.][ It lasts {hours} hours.]"
            ),
            (
                "In the ads for {perfume} we see {face}[, but {nose} created it].[ The small bottle costs {small_price}[, the big one "
                "{large_price}].]"
            ),
            (
                "{perfume} <stays on the skin/lasts> for {hours} hours[, fading into {base_notes}].[ At first one smells {top_notes}.][ "
                "Large: {large_price}; small: {small_price}.]"
            ),
            (
                "Perfume {perfume}[: base of {base_notes}][; top of {top_notes}][; {hours} hours][; big {large_price}][; small "
                "{small_price}][; {discontinued?discontinued|in production}]."
            ),
            (
                "{face} lends a face to {perfume}[, the creation of {nose}].[ You {discontinued?can no longer|can still} buy it new.][ "
                "It can be smelt for {hours} hours.]"
            ),
            (
                "For {large_price} you get a large {perfume}[ and for {small_price} a small one].[ The first impression is "
                "{top_notes}.][ {nose} mixed it, {face} advertises it.]"
            ),
            (
                "At the end of the day {perfume} leaves {base_notes} behind.[ Star of the campaign: {face}[; perfumer: {nose}].][ "
                "Production {discontinued?has ended|goes on}.]"
            ),
        ),
        ("scents", ("top_notes", "base_notes")),
    ),
)
