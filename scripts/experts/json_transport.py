"""Domains of training: roads, vehicles and journeys."""

from __future__ import annotations

from experts.json_world import Domain, cash, flag, measure, several, text, whole

TRANSPORT: tuple[Domain, ...] = (
    Domain(  # bus lines
        (
            text("bus_line|line|route_number", "##/#@/@##/1##/N#/X##/@#"),
            text(
                "start_stop|first_stop|from_stop",
                "Town Hall/North Gate/Airport/Old Mill/Central Station/Fish Market/City Park/Stadium/Harbor/Castle Hill/Zoo/Abbey",
            ),
            text(
                "end_stop|last_stop|terminus",
                "Town Hall/North Gate/Airport/Old Mill/Central Station/Fish Market/City Park/Stadium/Harbor/Castle Hill/Zoo/Abbey",
            ),
            text(
                "first_bus|first_departure|service_start",
                "05:%minute/06:%minute/19:%minute/2%two:%minute",
            ),
            text(
                "last_bus|last_departure|service_end",
                "05:%minute/06:%minute/19:%minute/2%two:%minute",
            ),
            whole("interval_minutes|every_minutes|frequency_min", 5, 60, 5),
            whole("stops|num_stops|stop_count", 8, 60),
            cash("ticket_price|fare|single_fare", 2, 9),
            flag("wheelchair_access|accessible|step_free"),
        ),
        (
            (
                "Bus {bus_line} <runs/goes> from {start_stop} to {end_stop}[ every {interval_minutes} minutes].[ A ride costs "
                "${ticket_price}.][ Wheelchair users {wheelchair_access?can get on|cannot get on}.]"
            ),
            (
                "Towards {end_stop}, take the {bus_line}, which sets out from {start_stop}[ and calls at {stops} places].[ The last one "
                "leaves at {last_bus}[, the first at {first_bus}].]"
            ),
            (
                "From {first_bus} until {last_bus}, line {bus_line} is in service[, with a bus every {interval_minutes} minutes].[ It "
                "has {stops} stops.][ You pay {ticket_price} euros.]"
            ),
            (
                "Line {bus_line}: {stops} stops[, begins at {start_stop}][, ends at {end_stop}][, ${ticket_price}][, "
                "{wheelchair_access?step-free|not step-free}]"
            ),
            (
                "The last bus of all goes at {last_bus} and is the {bus_line}[ to {end_stop}].[ Service starts at {first_bus}.][ There "
                "{wheelchair_access?is a ramp|is no ramp} for wheelchairs.]"
            ),
            (
                "For ${ticket_price} you can ride the {bus_line}[ from {start_stop}][ as far as {end_stop}].[ You wait "
                "{interval_minutes} minutes at most.][ It stops {stops} times.]"
            ),
            (
                "{start_stop} is where line {bus_line} begins[ and {end_stop} is where it turns around].[ The earliest bus is at "
                "{first_bus}.][ It {wheelchair_access?is|is not} suited to wheelchairs.]"
            ),
            (
                "Between two buses of line {bus_line} there is a gap of {interval_minutes} minutes.[ Nothing runs after {last_bus}[ or "
                "before {first_bus}].][ A ticket is {ticket_price} euros.]"
            ),
        ),
        ("hours", ("first_bus", "last_bus")),
    ),
    Domain(  # taxi rides
        (
            text("ride|ride_id|trip_code", "R-###/T###/T-##/####/@#-##"),
            text("passenger|rider|customer", "%person"),
            text("driver|driver_name|driven_by", "%person"),
            text("pickup|picked_up_at|from_address", "%road/# %road"),
            text("dropoff|dropped_off_at|to_address", "%road/# %road"),
            measure("distance_km|km|kilometers", 2, 40),
            cash("fare|price|charge", 5, 60),
            cash("tip|gratuity|extra", 2, 15),
            flag("paid_by_card|card_payment|by_card"),
        ),
        (
            (
                "On ride {ride}, {driver} drove {passenger}[ to {dropoff}].[ The meter showed ${fare}.][ It was {paid_by_card?paid by "
                "card|paid in cash}.]"
            ),
            (
                "{passenger} was taken[ to {dropoff}] by {driver} (ride {ride}).[ The way was {distance_km} km long.][ A tip of ${tip} "
                "was added.]"
            ),
            "Ride {ride}: {pickup} - {dropoff}[, {distance_km} km][, tip ${tip}][, {paid_by_card?card|cash, no card}].",
            (
                "Behind the wheel on ride {ride} was {driver}[, and on the back seat {passenger}].[ They covered {distance_km} "
                "kilometers.][ {paid_by_card?A card was used to pay|Coins and notes were used to pay}.]"
            ),
            (
                "For {distance_km} km the cab charged ${fare}[, and ${tip} was given on top] (ride {ride}).[ It ended at {dropoff}[ and "
                "began at {pickup}].]"
            ),
            (
                "{passenger} got in at {pickup} and got out at {dropoff}[, with {driver} at the wheel]. That was ride {ride}.[ The "
                "driver was left ${tip} as thanks.]"
            ),
            (
                "The bill for ride {ride} came to {fare} euros[ and {driver} pocketed another {tip} as a tip].[ {passenger} "
                "{paid_by_card?used a card|did not use a card}.]"
            ),
            (
                "Cab {ride} stopped at {pickup} to collect {passenger}[ and went {distance_km} km][ to reach {dropoff}].[ The one "
                "driving was {driver}.]"
            ),
        ),
        ("route", ("pickup", "dropoff")),
    ),
    Domain(  # car rentals
        (
            text("rental|rental_number|contract_no", "RC-###/CR###/@-####/RC##"),
            text("renter|hired_by|rented_to", "%person"),
            text("agent|clerk|handled_by", "%person"),
            text(
                "model|car_model|car",
                "Fiat Panda/Opel Corsa/Skoda Fabia/Kia Rio/Toyota Yaris/Ford Focus/Mini Cooper/Dacia Duster/Volvo XC40/Seat Ibiza",
            ),
            text("pickup_date|from_date|collected_on", "%day/%day/%iso"),
            text("return_date|until|due_back", "%day/%day/%iso"),
            cash("daily_rate|price_per_day|rate", 19, 140),
            cash("deposit|security_deposit|bond", 50, 300),
            flag("insured|full_cover|has_insurance"),
        ),
        (
            (
                "{renter} hired a(n) {model} from {pickup_date} to {return_date} under contract {rental}.[ Insurance {insured?is|is not} "
                "included.]"
            ),
            (
                "Rental {rental} must be back by {return_date}[; it went out on {pickup_date}].[ {agent} did the paperwork[ and {renter} "
                "drove off].]"
            ),
            (
                "{agent} handed the keys of a(n) {model} to {renter} (rental {rental})[ on {pickup_date}].[ We hold {deposit} euros "
                "until the car is back.]"
            ),
            (
                "Contract {rental}: {model}[, ${daily_rate} per day][, deposit ${deposit}][, {insured?insured|uninsured}][, back "
                "{return_date}]."
            ),
            (
                "On {pickup_date} the {model} leaves our lot[ with {renter} at the wheel]; the contract is {rental}.[ Each day costs "
                "${daily_rate}.][ Damage {insured?is|is not} covered.]"
            ),
            (
                "Served by {agent}, {renter} signed rental {rental}[ and left ${deposit} as a deposit].[ The {model} is expected home on "
                "{return_date}.]"
            ),
            (
                "Every day of rental {rental} is charged at {daily_rate} euros[ and {deposit} euros are blocked on the card].[ {renter} "
                "{insured?took out insurance|turned down the insurance}.]"
            ),
            (
                "Return on {return_date}, pickup on {pickup_date}: that is rental {rental}[, a(n) {model}][, given out by {agent}][, "
                "hired by {renter}]."
            ),
        ),
        ("period", ("pickup_date", "return_date")),
    ),
    Domain(  # bicycle repairs
        (
            text("ticket|repair_ticket|repair_id", "B-###/BR##/#@##/W-##"),
            text("owner|bike_owner|brought_by", "%person"),
            text("mechanic|repaired_by|fixer", "%person"),
            text(
                "bike|bike_type|bicycle",
                "road bike/city bike/tandem/folding bike/mountain bike/cargo bike/racer/electric bike/gravel bike/old roadster",
            ),
            several(
                "parts|repaired_parts|fixed_parts",
                "brakes/gears/spokes/pedals/lights/rims/tires/mudguards/bearings/cables/pumps",
            ),
            text("ready|ready_on|ready_by", "%day/%weekday/%month 1#"),
            cash("estimate|quoted_price|quote", 15, 180),
            cash("final_price|total|billed", 15, 180),
            flag("collected|picked_up|fetched"),
        ),
        (
            "{mechanic} repaired the {bike} of {owner}, ticket {ticket}[: {parts}].[ It was quoted at ${estimate}.]",
            (
                "{owner} brought in a(n) {bike}[ for work on {parts}]. The ticket is {ticket}.[ {mechanic} will see to it.][ It should "
                "be done by {ready}.]"
            ),
            "Ticket {ticket}: {bike}[, {parts}][, ready {ready}][, bill ${final_price}][, {collected?collected|not collected}].",
            (
                "The bill for repair {ticket} was {final_price} euros[, while {estimate} had been announced].[ {owner} {collected?has "
                "the bike back|has not got the bike back}.]"
            ),
            (
                "By {ready}, the {bike} with ticket {ticket} will be fixed[ by {mechanic}].[ Beforehand we guessed ${estimate}.][ To "
                "mend: {parts}.]"
            ),
            (
                "Work on {parts} was done by {mechanic} on job {ticket}[ for {owner}].[ It cost ${final_price} altogether.][ The bike "
                "{collected?has gone home|is still in the shop}.]"
            ),
            (
                "An estimate of ${estimate} was given to {owner} for job {ticket}[ and ${final_price} was charged].[ The {bike} "
                "{collected?has been picked up|is waiting to be picked up}.]"
            ),
            "From {ready} on, {owner} can have repair {ticket} back[, a(n) {bike}].[ {mechanic} worked on it.][ New or mended: {parts}.]",
        ),
        ("prices", ("estimate", "final_price")),
    ),
    Domain(  # garage services
        (
            text("plate|number_plate|registration", "@@-###/@@@ ##/@## @@@/@-####"),
            text(
                "car|make|vehicle",
                "Renault Clio/Peugeot 208/Honda Jazz/Audi A3/Mazda 2/Nissan Micra/VW Polo/Volvo V60/Suzuki Swift/Lada Niva",
            ),
            text("owner|car_owner|client", "%person"),
            text("mechanic|technician|serviced_by", "%person"),
            whole("mileage|odometer|km_driven", 5000, 95000, 500),
            whole("next_service|km_to_service|service_in_km", 5000, 40000, 500),
            cash("labor|labor_cost|work_cost", 40, 600),
            cash("parts_cost|parts|material_cost", 40, 600),
            flag("oil_changed|new_oil|oil_change"),
        ),
        (
            "{mechanic} serviced the {car} of {owner}, plate {plate}.[ The work came to ${labor}[ and the parts to ${parts_cost}].]",
            (
                "Plate {plate}: {car}[, {mileage} km on the clock][, next service in {next_service} km][, oil {oil_changed?changed|not "
                "changed}]."
            ),
            (
                "{owner} left the {car} with us[ and {mechanic} looked after it]. The plate is {plate}.[ The oil {oil_changed?is new|is "
                "still the old one}.][ Come again after {next_service} km.]"
            ),
            (
                "Spare parts for {plate} cost {parts_cost} euros[, the hours of work {labor}].[ The car belongs to {owner}.][ It has "
                "done {mileage} km.]"
            ),
            (
                "In another {next_service} km, {plate} is due again[; so far it has run {mileage} km].[ {mechanic} {oil_changed?put in "
                "fresh oil|did not put in fresh oil}.]"
            ),
            (
                "At {mileage} km, the {car} with plate {plate} was brought in by {owner}[ and seen to by {mechanic}].[ Materials: "
                "${parts_cost}.]"
            ),
            (
                "We charged {owner} ${labor} for the work[ and ${parts_cost} for materials] on {plate}.[ The next {next_service} km need "
                "no visit.]"
            ),
            (
                "An oil change {oil_changed?was|was not} part of the service for {plate}[, a(n) {car}].[ {mechanic} was in the pit.][ "
                "Labor was {labor} euros.]"
            ),
        ),
        ("costs", ("labor", "parts_cost")),
    ),
    Domain(  # parking fines
        (
            text("fine|fine_number|penalty_notice", "PF-###/P####/F-@##/PN##"),
            text("driver|fined_person|offender", "%person"),
            text("warden|issued_by|officer", "%person"),
            text("place|parked_at|location", "%road/# %road"),
            text("issued|issue_date|fined_on", "%day/%month 1#"),
            text("pay_by|deadline|due_date", "%day/%month 1#"),
            cash("amount|full_amount|penalty", 20, 120),
            cash("reduced|early_price|reduced_amount", 10, 90),
            flag("appealed|contested|disputed"),
        ),
        (
            (
                "{warden} gave {driver} fine {fine}[ on {issued}][ for a car parked at {place}].[ It {appealed?has been appealed|has not "
                "been appealed}.]"
            ),
            (
                "{driver} was fined ${amount} by {warden}, notice {fine}[, and has until {pay_by} to pay].[ Those who pay early give "
                "${reduced}.]"
            ),
            "Fine {fine} of {issued}: {amount} euros[, {place}][, to be paid by {pay_by}][, {appealed?contested|not contested}].",
            (
                "Notice {fine} can be settled until {pay_by}[, or at once for ${reduced}].[ It was written by {warden}[ on {issued}][ at "
                "{place}].]"
            ),
            (
                "For leaving a car at {place}, {driver} owes ${amount}: see fine {fine}.[ {warden} wrote the ticket.][ An objection "
                "{appealed?was filed|was never filed}.]"
            ),
            (
                "Paid right away, fine {fine} costs {reduced} euros[, later it is {amount}].[ {driver} {appealed?is fighting it|has "
                "accepted it}.][ The last day is {pay_by}.]"
            ),
            (
                "On {issued}, a car at {place} was ticketed by {warden} under number {fine}[; its driver was {driver}].[ The money is "
                "expected by {pay_by}.]"
            ),
            (
                "{driver} {appealed?protests|does not protest} against fine {fine}[, dated {issued}].[ The normal sum is ${amount}[, the "
                "one for quick payers ${reduced}].]"
            ),
        ),
        ("dates", ("issued", "pay_by")),
    ),
    Domain(  # road accidents
        (
            text("accident_id", "A-###/RA##/C-####/@@-##"),
            text("happened|accident_time|crash_time", "%time"),
            text("police_arrived|police_time|police_there_at", "%time"),
            text("at_fault|guilty_driver|responsible", "%person"),
            text("witness|witnessed_by|seen_by", "%person"),
            whole("injured|num_injured|hurt", 2, 12),
            whole("vehicles|cars_involved|vehicle_count", 2, 12),
            flag("road_closed|closed|road_blocked"),
            several(
                "causes|reasons|factors",
                "ice/fog/rain/speeding/fatigue/alcohol/bald tires/low sun/loose gravel/wind/mud",
            ),
        ),
        (
            (
                "Case {accident_id}: crash at {happened}[, police there at {police_arrived}][, {vehicles} vehicles][, {injured} "
                "injured][, road {road_closed?closed|open}]."
            ),
            (
                "{witness} saw {at_fault} cause accident {accident_id}[ at {happened}].[ {injured} people were hurt.][ It was due to "
                "{causes}.]"
            ),
            (
                "{at_fault} is to blame for accident {accident_id}[, according to {witness}][, where {vehicles} cars collided].[ Traffic "
                "{road_closed?was stopped|could go on}.]"
            ),
            (
                "{vehicles} cars crashed and {injured} people went to hospital in case {accident_id}.[ The report names {causes}.][ "
                "Police cars were on the spot at {police_arrived}.]"
            ),
            (
                "The police reached accident {accident_id} at {police_arrived}[; it had taken place at {happened}].[ They heard "
                "{witness}, who had watched it[, and charged {at_fault}].]"
            ),
            (
                "Because of {causes}, {vehicles} vehicles ran into each other (case {accident_id}).[ {injured} persons needed a "
                "doctor.][ The road {road_closed?had to be shut|stayed open}.]"
            ),
            (
                "At {happened} there was an accident, {accident_id}[, leaving {injured} wounded].[ The guilty one is {at_fault}.][ A "
                "bystander, {witness}, saw everything.]"
            ),
            (
                "The road {road_closed?was|was not} closed after accident {accident_id}[, put down to {causes}].[ Officers came at "
                "{police_arrived}.][ {at_fault} bears the fault.]"
            ),
        ),
        ("times", ("happened", "police_arrived")),
    ),
    Domain(  # charging stations
        (
            text(
                "station|station_name|charging_point",
                "Volt Park/Plug Point #/Green Spark/E-Hub ##/Amp Corner/Charge Yard/Sun Socket/Watt Stop/Current Court/Ohm Plaza",
            ),
            text("run_by|provider", "%company"),
            text("city|town|located_in", "%city"),
            whole("fast_plugs|fast_chargers|dc_ports", 2, 24),
            whole("slow_plugs|slow_chargers|ac_ports", 2, 24),
            cash("day_tariff|day_rate|price_by_day", 2, 19),
            cash("night_tariff|night_rate|price_by_night", 2, 19),
            whole("max_power_kw|power_kw|kilowatts", 22, 350),
            flag("covered|has_roof|roofed"),
        ),
        (
            (
                "{station}[ in {city}] has {fast_plugs} fast plugs[ and {slow_plugs} slow ones].[ {run_by} runs it.][ It "
                "{covered?is|is not} covered.]"
            ),
            (
                "{run_by} runs {station}[ in {city}].[ By day an hour is ${day_tariff}[, by night ${night_tariff}].][ Up to "
                "{max_power_kw} kW.]"
            ),
            (
                "{station}: {slow_plugs} slow plugs[, {fast_plugs} fast plugs][, {max_power_kw} kW][, {covered?with a roof|no roof}][, "
                "${night_tariff} at night]"
            ),
            (
                "After dark, charging at {station} costs {night_tariff} euros an hour[ and in daylight {day_tariff}].[ The operator is "
                "{run_by}.][ You stand {covered?under a roof|under the open sky}.]"
            ),
            (
                "With {max_power_kw} kilowatts, {station} is the strongest charger[ in {city}].[ {fast_plugs} cars can charge quickly[ "
                "and {slow_plugs} slowly].][ The daytime price is ${day_tariff}.]"
            ),
            (
                "If you have time, use one of the {slow_plugs} slow sockets at {station}[; if not, one of the {fast_plugs} quick ones].[ "
                "{run_by} looks after it.][ Nights are ${night_tariff} an hour.]"
            ),
            (
                "In {city}, {run_by} has opened {station}.[ It delivers at most {max_power_kw} kW.][ Rain {covered?cannot fall on "
                "you|falls on you} there.][ By day it takes ${day_tariff} an hour.]"
            ),
            (
                "Drivers[ in {city}] pay ${day_tariff} by day and ${night_tariff} by night at {station}.[ There are {slow_plugs} slow "
                "and {fast_plugs} fast plugs.]"
            ),
        ),
        ("plugs", ("fast_plugs", "slow_plugs")),
    ),
    Domain(  # bridges
        (
            text(
                "bridge|bridge_name|bridge_title",
                "%last Bridge/%adj Bridge/Iron Bridge/Swan Bridge/Bishop's Bridge/Pilgrim Bridge",
            ),
            text(
                "river|crosses|over",
                "Danube/Loire/Tagus/Ebro/Oder/Vistula/Rhone/Elbe/Drava/Tiber/Neva/Tisza",
            ),
            text("engineer|designed_by", "%person"),
            text("opened_by|inaugurated_by|ribbon_cut_by", "%person"),
            whole("opened|year_opened|opening_year", 1850, 1965),
            whole("renovated|last_renovated|restored_in", 1920, 2024),
            whole("length_m|length|meters_long", 40, 400),
            whole("height_m|height|meters_high", 12, 150),
            flag("toll|has_toll|toll_bridge"),
        ),
        (
            (
                "{bridge}, designed by {engineer}, crosses the {river}.[ It is {length_m} m long[ and {height_m} m high].][ Drivers "
                "{toll?pay a toll|pay no toll}.]"
            ),
            (
                "In use since {opened}[ and repaired in {renovated}], {bridge} {toll?is|is not} a toll bridge.[ The designer was "
                "{engineer}.][ It is {length_m} m long.]"
            ),
            "{opened_by} cut the ribbon of {bridge} in {opened}.[ The plans were drawn by {engineer}.][ It leads over the {river}.]",
            "{bridge}: {height_m} m above the {river}[, {length_m} m from end to end][, opened {opened}][, {toll?toll|no toll}].",
            (
                "Since {renovated}, when it was restored, {bridge} has looked like new.[ Traffic has used it from {opened} on.][ "
                "{engineer} planned it[ and {opened_by} inaugurated it].]"
            ),
            (
                "The {river} is crossed by {bridge}[, which {opened_by} opened to traffic[ in {opened}]].[ {engineer} had made the "
                "drawings.][ The deck hangs {height_m} m over the water.]"
            ),
            (
                "It takes {length_m} meters to cross the {river} on {bridge}[, and crossing {toll?costs money|is free of charge}].[ It "
                "was made good again in {renovated}.]"
            ),
            (
                "{engineer} drew and {opened_by} opened {bridge}[ over the {river}].[ It rises {height_m} m high.][ Last renewed in "
                "{renovated}.]"
            ),
        ),
        ("size", ("length_m", "height_m")),
    ),
    Domain(  # tunnels under construction
        (
            text(
                "tunnel|tunnel_name|tunnel_project",
                "%last Tunnel/North Tube/Granite Pass/Eagle Tunnel/Ridge Link/South Bore/Marten Tunnel/Blue Rock Tunnel",
            ),
            text("west_portal|west_end|west_entrance", "%city"),
            text("east_portal|east_end|east_entrance", "%city"),
            whole("dug_m|meters_dug|excavated_m", 200, 9000, 50),
            whole("left_m|remaining_m|meters_to_go", 200, 9000, 50),
            whole("started|start_year|begun_in", 2014, 2025),
            whole("opens|opening_year|completion_year", 2023, 2035),
            whole("workers", 40, 400),
            flag("on_schedule|on_time|in_time"),
        ),
        (
            (
                "{tunnel} will <link/join> {west_portal} in the west with {east_portal} in the east.[ {dug_m} m are dug[, {left_m} m "
                "remain].][ Work {on_schedule?is|is not} on schedule.]"
            ),
            "Work on {tunnel} began in {started}[ and should end in {opens}].[ {workers} people dig there.][ They have {left_m} m to go.]",
            (
                "{tunnel}: east portal {east_portal}[, west portal {west_portal}][, {dug_m} m done][, opening {opens}][, {on_schedule?on "
                "time|late}]."
            ),
            (
                "Cars should roll through {tunnel} from {opens} on[; the first blast was in {started}].[ The crew counts {workers}.][ "
                "The plan {on_schedule?is being kept|is not being kept}.]"
            ),
            (
                "With {left_m} meters still to dig[ and {dug_m} behind them], {workers} workers push {tunnel} forward.[ They "
                "<started/set out> in {started}.]"
            ),
            (
                "From {east_portal} on the eastern side, {tunnel} has come {dug_m} m[ towards {west_portal} on the western side].[ It is "
                "{on_schedule?in time|behind time}.][ Traffic will flow in {opens}.]"
            ),
            (
                "In {started} the digging of {tunnel} started[ with {workers} miners].[ Its western mouth is at {west_portal}[, its "
                "eastern one at {east_portal}].][ So far it is {dug_m} m long.]"
            ),
            (
                "There are {on_schedule?no delays|delays} at {tunnel}[, where {left_m} m of rock still stand].[ It should be finished in "
                "{opens}.][ At its west end lies {west_portal}.]"
            ),
        ),
        ("progress", ("dug_m", "left_m")),
    ),
    Domain(  # truck deliveries
        (
            text("delivery|delivery_number|load_id", "D-###/L####/TD##/@#-###"),
            text("sender|shipped_by|supplier", "%company"),
            text("receiver|delivered_to|recipient", "%company"),
            text("origin|loaded_in|loading_place", "%city"),
            text("destination|unloaded_in|unloading_place", "%city"),
            whole("pallets|pallet_count|num_pallets", 2, 33),
            measure("weight_t|load_tons", 2, 24),
            flag("cooled|kept_cold"),
            several(
                "goods|freight",
                "tiles/cheese/paint/fish/timber/glass/fruit/flour/beer/shoes/bricks/toys",
            ),
        ),
        (
            (
                "{sender} shipped {goods} to {receiver} as delivery {delivery}[, on {pallets} pallets].[ The truck {cooled?was|was "
                "not} cooled.]"
            ),
            "{receiver} got delivery {delivery} from {sender}[, {pallets} pallets in all][, {weight_t} tons].[ It was loaded in {origin}.]",
            "Delivery {delivery}: {origin} - {destination}[, {weight_t} t][, {goods}][, {cooled?cooled|not cooled}].",
            (
                "The truck to {destination} set off in {origin} with load {delivery}[, {weight_t} tons of it].[ {receiver} is waiting "
                "for it.][ On board: {goods}.]"
            ),
            (
                "Weighing {weight_t} tons, load {delivery} {cooled?must stay cold|need not stay cold}.[ It goes to {destination}[ "
                "and comes from {origin}].][ {sender} sent it.]"
            ),
            (
                "On behalf of {sender}, truck load {delivery} brings {pallets} pallets to {destination}[, where {receiver} takes them].[ "
                "They are stacked with {goods}.]"
            ),
            (
                "Ordered by {receiver} and supplied by {sender}, delivery {delivery} ended in {destination}[; its road began in "
                "{origin}].[ The trailer {cooled?has cooling|has no cooling}.]"
            ),
            (
                "In {origin}, {goods} went onto truck {delivery}[, {pallets} pallets[ or {weight_t} tons]].[ All of it comes off in "
                "{destination}.]"
            ),
        ),
        ("route", ("origin", "destination")),
    ),
    Domain(  # drone flights
        (
            text("flight_id|drone_flight|mission", "DF-##/M-###/UAV-#/Q###/DR-##"),
            text("pilot|flown_by|steered_by", "%person"),
            text("observer|spotter|watched_by", "%person"),
            text("takeoff|takeoff_time|launched_at", "%time"),
            text("landing|landing_time|landed_at", "%time"),
            whole("max_height_m|max_altitude|highest_m", 20, 400, 5),
            whole("max_distance_m|farthest_m|distance_from_pilot", 20, 600, 5),
            whole("battery_left|battery_percent|charge_left", 8, 80),
            flag("permit|permitted|has_permit"),
        ),
        (
            (
                "{pilot} flew mission {flight_id}[ while {observer} kept watch].[ It took off at {takeoff}[ and landed at {landing}].][ "
                "A permit {permit?had been issued|had not been issued}.]"
            ),
            (
                "Flight {flight_id}: up at {takeoff}[, down at {landing}][, {max_height_m} m high][, {max_distance_m} m away][, battery "
                "{battery_left}%]."
            ),
            (
                "The drone came down at {landing} with {battery_left} percent of its charge after flight {flight_id}.[ {observer} was "
                "the lookout[ and {pilot} held the controls].]"
            ),
            (
                "Climbing to {max_height_m} meters[ and going {max_distance_m} meters out], flight {flight_id} {permit?was allowed|was "
                "not allowed}.[ {pilot} was at the controls.]"
            ),
            (
                "Watched by {observer}, {pilot} sent up drone flight {flight_id}[ at {takeoff}].[ At its peak it was {max_height_m} m "
                "up.][ The battery still held {battery_left}%.]"
            ),
            (
                "At {takeoff} flight {flight_id} left the ground[; it was back on it at {landing}].[ The authorities {permit?had "
                "agreed|had not agreed}.][ It got {max_distance_m} m away from its pilot.]"
            ),
            (
                "With {permit?a valid permit|no permit}, drone flight {flight_id} went {max_distance_m} m away[ and {max_height_m} m "
                "up].[ {observer} followed it with binoculars.]"
            ),
            (
                "{battery_left}% of the battery was left when flight {flight_id} touched down[ at {landing}].[ {pilot} steered[ and "
                "{observer} kept an eye on the sky].]"
            ),
        ),
        ("times", ("takeoff", "landing")),
    ),
    Domain(  # driving lessons
        (
            text("lesson|lesson_id|lesson_code", "DL-##/LS-###/#@-##/K##"),
            text("learner|student|pupil", "%person"),
            text("instructor|teacher|taught_by", "%person"),
            text("starts|start_time|from_time", "%worktime"),
            text("ends|end_time|until_time", "%worktime"),
            whole("lessons_done|lessons_taken|completed", 2, 40),
            whole("lessons_left|lessons_to_go|remaining", 2, 40),
            flag("manual|manual_gearbox|stick_shift"),
            several(
                "topics|exercises|practises",
                "parking/reversing/night driving/hill starts/roundabouts/motorways/overtaking/braking/merging/lane changes",
            ),
        ),
        (
            "{instructor} teaches {learner} in lesson {lesson}[ from {starts} to {ends}].[ The car {manual?is|is not} a manual.]",
            (
                "{learner} has a driving lesson, {lesson}, with {instructor}[, starting at {starts}].[ So far {lessons_done} are done[ "
                "and {lessons_left} are still to come].]"
            ),
            "Lesson {lesson}: {topics}[, begins {starts}][, ends {ends}][, {manual?manual|automatic}][, {lessons_left} lessons left].",
            (
                "At {ends} {learner} gets out of the car after lesson {lesson}[, having got in at {starts}].[ Then {lessons_left} are "
                "left to take.][ {instructor} sits alongside.]"
            ),
            (
                "Sitting beside {learner}, {instructor} explains {topics} in lesson {lesson}.[ They stop at {ends}.][ Changing gears "
                "{manual?is done by hand|is left to the car}.]"
            ),
            (
                "There are {lessons_left} lessons left[ and {lessons_done} already taken] for {learner}; now comes {lesson}.[ It is "
                "about {topics}.][ Come at {starts}.]"
            ),
            (
                "After {lessons_done} earlier lessons, {learner} takes lesson {lesson}[ in a car {manual?with a clutch|with no "
                "clutch}].[ {instructor} gives it.][ It is over at {ends}.]"
            ),
            (
                "Lesson {lesson} begins at {starts} and {instructor} brings {manual?the manual car|the automatic car}.[ The one learning "
                "is {learner}[, with {lessons_done} lessons done].]"
            ),
        ),
        ("hours", ("starts", "ends")),
    ),
    Domain(  # vehicle inspections
        (
            text("inspection|inspection_no|test_id", "VI-###/IN##/T-####/@@##"),
            text("inspector|examiner|tested_by", "%person"),
            text("keeper|owner|presented_by", "%person"),
            text(
                "vehicle|vehicle_type|vehicle_kind",
                "van/minibus/pickup/trailer/motorcycle/camper/tractor/coach/moped/ambulance",
            ),
            text("tested_on|inspection_date|test_date", "%day/%day/%iso"),
            text("valid_until|expires|next_test", "%day/%day/%iso"),
            whole("minor_faults|minor_defects|small_faults", 2, 14),
            whole("major_faults|serious_faults|grave_defects", 2, 14),
            flag("passed|approved|test_passed"),
        ),
        (
            (
                "{inspector} tested the {vehicle} of {keeper}, inspection {inspection}.[ It {passed?passed|failed}.][ There were "
                "{minor_faults} minor faults.]"
            ),
            (
                "Inspection {inspection}: {vehicle}[, {minor_faults} minor faults][, {major_faults} major faults][, {passed?passed|not "
                "passed}][, valid until {valid_until}]."
            ),
            (
                "{keeper} brought a(n) {vehicle} to {inspector}, who wrote report {inspection}.[ The sticker runs out on "
                "{valid_until}.][ {major_faults} grave defects were noted.]"
            ),
            (
                "With {major_faults} serious defects[ and {minor_faults} small ones], the {vehicle} in test {inspection} {passed?was let "
                "through|was turned down}.[ It belongs to {keeper}.]"
            ),
            (
                "A new test is due on {valid_until}; the last, {inspection}, was on {tested_on}.[ {inspector} did it.][ {minor_faults} "
                "trifles were found.]"
            ),
            (
                "On {tested_on}, inspection {inspection} was carried out by {inspector}.[ The certificate was "
                "{passed?granted|refused}.][ {major_faults} dangerous faults were found[ and {minor_faults} harmless ones].]"
            ),
            (
                "{keeper} {passed?may drive on|may not drive on} after inspection {inspection}.[ The {vehicle} had {minor_faults} slight "
                "defects.][ The papers run out on {valid_until}.]"
            ),
            (
                "A(n) {vehicle} was examined under number {inspection}[ on {tested_on}] and {passed?approved|rejected}.[ {inspector} "
                "looked it over, {keeper} owns it.]"
            ),
        ),
        ("faults", ("minor_faults", "major_faults")),
    ),
    Domain(  # lost luggage
        (
            text("claim|claim_number|baggage_claim", "LL-###/C####/BG-##/@@@##"),
            text("owner|passenger|claimant", "%person"),
            text("handler|agent|staff_member", "%person"),
            text(
                "bag|bag_type|luggage_type",
                "suitcase/backpack/duffel bag/trunk/holdall/guitar case/ski bag/briefcase/hatbox/rucksack/orange sack",
            ),
            text("lost_in|last_seen_in|disappeared_in", "%city"),
            text("found_in|turned_up_in|found_at", "%city"),
            cash("value|claimed_value|worth", 50, 900),
            flag("returned|given_back|handed_over"),
            several(
                "contents|contains|inside",
                "shoes/books/gifts/shirts/cameras/medicine/toys/jewelry/maps/skates/coats/cables",
            ),
        ),
        (
            (
                "The {bag} of {owner} got lost in {lost_in}, claim {claim}[, and turned up in {found_in}].[ It {returned?has|has not} "
                "been returned.]"
            ),
            (
                "{handler} found the {bag} in {found_in}; it is the one in claim {claim}.[ It had vanished in {lost_in}.][ It is worth "
                "${value}.]"
            ),
            "Claim {claim}: {bag}[, {contents}][, worth ${value}][, lost in {lost_in}][, {returned?returned|not returned}].",
            (
                "{owner} told {handler} about a missing {bag} and claim {claim} was opened.[ The bag held {contents}.][ It was last seen "
                "in {lost_in}.]"
            ),
            (
                "From {found_in}, where it surfaced, the {bag} in claim {claim} {returned?went back to its owner|has not gone back to "
                "its owner}.[ {handler} deals with it.][ Within were {contents}.]"
            ),
            (
                "Valued at {value} euros, the luggage in claim {claim} disappeared in {lost_in}[ and was discovered in {found_in}].[ "
                "{owner} {returned?has it again|is still without it}.]"
            ),
            (
                "Full of {contents}, a(n) {bag} is being traced by {handler}[ for {owner}] under claim {claim}.[ Its value is put at "
                "${value}.]"
            ),
            (
                "Claim {claim} is handled by {handler}[ and was filed by {owner}[, whose loss is ${value}]].[ The bag came to light in "
                "{found_in}[ after going astray in {lost_in}].]"
            ),
        ),
        ("places", ("lost_in", "found_in")),
    ),
    Domain(  # road trips
        (
            text(
                "trip|trip_name|road_trip",
                "Coast Tour/Desert Loop/Alpine Run/Lake Circle/Northern Drive/Canal Route/Castle Way/Fjord Dash/Border Ride/Salt Road",
            ),
            text("start|start_city|begins_in", "%city"),
            text("finish|end_city|ends_in", "%city"),
            text("leaves|departure_date|sets_off_on", "%day/%weekday/%month 1#"),
            text("driver|at_the_wheel", "%first"),
            text("navigator|map_reader|finds_the_way", "%first"),
            whole("distance_km|km|length_km", 300, 4000, 10),
            flag("camping|with_tents|camps"),
            several(
                "stops|stopovers|stops_in",
                "Bruges/Pisa/Toledo/Siena/Bath/Salzburg/Trier/Nice/Lucerne/Cadiz/Verona/Arles",
            ),
        ),
        (
            (
                "{trip} leads from {start} to {finish}[ by way of {stops}][, {distance_km} km in all].[ Nights are spent {camping?in "
                "tents|in hotels}.]"
            ),
            "{driver} is at the wheel and {navigator} reads the map on {trip}[, which sets off on {leaves}].[ It ends in {finish}.]",
            "{trip}: {distance_km} km[, start {start}][, end {finish}][, departure {leaves}][, stops in {stops}]",
            (
                "On {leaves} the car rolls out of {start} for {trip}[, with {navigator} finding the way][, driven by {driver}].[ They "
                "{camping?pack their tents|leave their tents at home}.]"
            ),
            (
                "After {distance_km} kilometers, {trip} comes to its end in {finish}[; it began in {start}].[ Breaks on the way: "
                "{stops}.][ Steering is up to {driver}.]"
            ),
            (
                "With {navigator} looking for the way[ and {driver} driving], {trip} will pass through {stops}[ and cover {distance_km} "
                "km].[ They go on {leaves}.]"
            ),
            (
                "Reaching {finish} is the goal of {trip}.[ {navigator} holds the map[, {driver} the steering wheel].][ It starts on "
                "{leaves}.][ {camping?They will camp|They will not camp}.]"
            ),
            (
                "{navigator} tells {driver} where to turn on {trip}[, from {start} all the way to {finish}].[ Sleeping outdoors "
                "{camping?is|is not} planned.]"
            ),
        ),
        ("on_board", ("driver", "navigator")),
    ),
)
