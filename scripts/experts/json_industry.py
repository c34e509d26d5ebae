"""Domains of training: industry, lines and lifts, power and what is dug from the ground."""

from __future__ import annotations

from experts.json_world import Domain, cash, flag, measure, several, text, whole

INDUSTRY: tuple[Domain, ...] = (
    Domain(  # airports
        (
            text(
                "airport|airfield|aerodrome",
                "%last Field/%city International/%city South Airport/%last Airport/%city West/%adj Plain Airport",
            ),
            text("airport_head|managing_director|airport_ceo", "%person"),
            text("tower_chief|lead_controller|atc_supervisor", "%person"),
            whole("landings|inbound_per_day|daily_arrivals", 20, 640),
            whole("takeoffs|outbound_per_day|daily_departures", 20, 640),
            text(
                "curfew_from|night_ban_starts|silent_from",
                "21:%minute/22:%minute/23:%minute/00:%minute",
            ),
            text("curfew_until|night_ban_ends|silent_until", "04:%minute/05:%minute/06:%minute"),
            cash("parking_rate|car_park_per_day|daily_parking", 5, 48),
            flag("fogbound|shut_by_fog|fog_closure"),
            several(
                "apron_fleet|ground_vehicles|ramp_equipment",
                "tugs/belt loaders/fuel bowsers/de-icers/snow blowers/stair trucks/catering lifts/fire tenders/sweepers/"
                "tow bars/air starters/minibuses",
            ),
        ),
        (
            (
                "{airport_head} <runs/manages> {airport}[, while {tower_chief} leads the controllers]."
                "[ {landings} planes come in each day[ and {takeoffs} go out].][ Fog {fogbound?has closed it today|is no trouble today}.]"
            ),
            (
                "Every day {takeoffs} planes leave {airport}[ and {landings} arrive].[ On the tarmac the crew use {apron_fleet}.]"
                "[ A day in the car park <costs/comes to> {parking_rate} euros.]"
            ),
            (
                "At {airport} nothing may fly from {curfew_from}[ to {curfew_until}].[ {tower_chief} is in charge of the tower[, "
                "{airport_head} of the whole place].][ The tarmac crew have {apron_fleet}.]"
            ),
            (
                "{airport}[, director {airport_head}][, tower {tower_chief}][, in {landings}][, out {takeoffs}]"
                "[, night ban {curfew_from} to {curfew_until}][, {fogbound?closed by fog|no fog, open}][, parking ${parking_rate}]"
                "[, in use: {apron_fleet}]"
            ),
            (
                "When may jets use {airport} again in the morning? From {curfew_until}[, and until {curfew_from} at night]."
                "[ Leave your car there for {parking_rate} a day.][ Mist {fogbound?is keeping everything on the ground|is not keeping "
                "anyone on the ground}.]"
            ),
            (
                "Need a space for your car? {airport} takes {parking_rate} dollars a day[, says {airport_head}, who manages it]."
                "[ 2 shuttle buses run to the hall.][ Take-offs per day: {takeoffs}[; touchdowns: {landings}].]"
            ),
            (
                "We saw {apron_fleet} at work on our 3-hour tour of {airport}[, where {tower_chief} showed us the tower]."
                "[ {fogbound?Not one plane could fly in that fog|There was no fog to stop the planes}.]"
                "[ Flights in: {landings}; flights out: {takeoffs}.]"
            ),
            (
                "With {tower_chief} up in the tower[ and {airport_head} in the top office], {airport} is in good hands."
                "[ The neighbours sleep from {curfew_from}[ until {curfew_until}, when the jets return].]"
                "[ Parking: {parking_rate} a day.]"
            ),
        ),
        ("movements", ("landings", "takeoffs")),
    ),
    Domain(  # mountain rescues by helicopter
        (
            text(
                "callsign|helicopter|rescue_craft",
                "Falcon ##/Alpin #/Gallus #/Heli-@##/Condor #/Edelweiss #/Marmot ##",
            ),
            text("pilot|flown_by|flight_captain", "%person"),
            text("casualty|rescued_person|evacuee", "%person"),
            text(
                "peak|accident_site|mountain",
                "Monte %last/Piz %last/Mount %last/%adj Ridge/Col %last/%last Peak/%adj Needle",
            ),
            text("hospital_town|flown_to|delivered_to", "%city"),
            text("alarm_at|distress_call|alert_received", "%time"),
            text("hoisted_at|pickup_time|on_board_since", "%time"),
            whole("rope_m|winch_cable_m|line_length", 12, 90),
            flag("night_flight|after_dark|in_darkness"),
            several(
                "injuries|trauma|diagnoses",
                "frostbite/concussion/hypothermia/bruises/whiplash/snow blindness/torn ligaments/altitude sickness/"
                "cracked ribs/rope burns/shock/cramps",
            ),
        ),
        (
            (
                "{pilot} flew {callsign} to {peak}[ and lifted {casualty} off on {rope_m} metres of cable]."
                "[ The call had come at {alarm_at}.][ It was {night_flight?pitch dark|broad daylight}.]"
            ),
            (
                "{casualty} was winched into {callsign}[ at {hoisted_at}][ on a rope of {rope_m} metres]"
                "[ and <taken/brought> to the clinic in {hospital_town}].[ The doctor found {injuries}.]"
                "[ They had been called at {alarm_at}.]"
            ),
            (
                "{callsign}[, pilot {pilot}]: patient {casualty}[, alarm {alarm_at}][, winched up {hoisted_at}]"
                "[, {peak} to {hospital_town}][, {night_flight?night mission|day mission}][, cable {rope_m} m][, {injuries}]"
            ),
            (
                "When the phone rang at {alarm_at}, {callsign} was ready within 4 minutes.[ {pilot} <had the controls/was flying it>.]"
                "[ {casualty} was suffering from {injuries}.][ In {hospital_town} a bed stood waiting.]"
            ),
            (
                "I owe my life to {pilot}, writes {casualty} after the flight in {callsign}[ from {peak}][ to {hospital_town}]."
                "[ At {hoisted_at} I hung in the harness[, though help had been sent for at {alarm_at}].]"
            ),
            (
                "Surgeons in {hospital_town} treated {injuries} once {callsign} had landed[ with {casualty}[, found on {peak}]]."
                "[ The sun {night_flight?had long gone down|was still shining}.][ At the controls: {pilot}.]"
            ),
            (
                "On {peak} 2 guides stayed with {casualty} until {callsign} came.[ By {hoisted_at} the hook had pulled the victim up.]"
                "[ The winch let down {rope_m} metres.][ It was {night_flight?a flight by searchlight|a flight in full daylight}.]"
            ),
            (
                "What do we know about {callsign}?[ Taken aboard at {hoisted_at}: {casualty}, with {injuries}.]"
                "[ Emergency call: {alarm_at}.][ Pilot: {pilot}.][ {night_flight?The night was black|It was not yet dark}.]"
                "[ The rope was {rope_m} m long.]"
            ),
        ),
        ("timeline", ("alarm_at", "hoisted_at")),
    ),
    Domain(  # cable cars
        (
            text(
                "cableway|aerial_ropeway|cable_car",
                "%last Cableway/%adj Ridge Cable Car/Monte %last Cableway/%last Gondola/%city Ropeway/Piz %last Cableway",
            ),
            whole("bottom_m|valley_station_m|lower_terminal", 400, 1900, 10),
            whole("top_m|mountain_station_m|upper_terminal", 1910, 3600, 10),
            text("first_cabin|first_ride_at|service_starts", "07:%minute/08:%minute/09:%minute"),
            text(
                "last_cabin|last_ride_at|service_ends",
                "16:%minute/17:%minute/18:%minute/20:%minute",
            ),
            cash("one_way|single_fare|ascent_fare", 6, 48),
            cash("both_ways|return_fare|round_trip", 12, 80),
            whole("capacity|persons_per_car|car_size", 4, 120),
            flag("wind_stop|halted_by_gusts|storm_closure"),
            several(
                "new_parts|replaced_components|renewed",
                "haul ropes/track ropes/grip jaws/bullwheels/saddles/carriages/sheaves/hangers/counterweights/gearboxes/"
                "door latches/buffers",
            ),
        ),
        (
            (
                "The {cableway} climbs to {top_m} metres[ from its lower end at {bottom_m}]."
                "[ <Going up/The way up> costs {one_way} euros[, up and down {both_ways}].][ Mechanics have changed the {new_parts}.]"
            ),
            (
                "The {cableway} {wind_stop?stands still because of the wind|is running despite the wind}[; normally you can board from "
                "{first_cabin}[ to {last_cabin}]].[ {capacity} people fit into a cabin.][ Just fitted: {new_parts}.]"
            ),
            (
                "For {both_ways} dollars the {cableway} carries you up and back down[, for {one_way} only up]."
                "[ There is room for {capacity} in each cabin.][ The final one leaves at {last_cabin}.]"
            ),
            (
                "{cableway}: {capacity} people per cabin[, {bottom_m} m at the foot][, {top_m} m at the summit]"
                "[, {first_cabin} to {last_cabin}][, single {one_way}][, return {both_ways}]"
                "[, {wind_stop?closed, too windy|open, wind no problem}]"
            ),
            (
                "In a pause of 5 weeks the {cableway} was given new {new_parts}.[ Riders now board between {first_cabin} and "
                "{last_cabin}.][ It starts at {bottom_m} metres[ and ends at {top_m}].]"
            ),
            (
                "Be at the {cableway} by {last_cabin} or walk down![ In the morning it opens at {first_cabin}.]"
                "[ A ticket there and back is {both_ways}[, one for a single trip {one_way}].]"
                "[ The storm {wind_stop?has forced it to a halt|has not halted it}.]"
            ),
            (
                "Up at {top_m} metres the journey with the {cableway} ends[, {bottom_m} being where it begins]."
                "[ {capacity} passengers ride together.][ Strong gusts {wind_stop?have put it out of action|have not put it out of "
                "action}.][ Brand-new: the {new_parts}.]"
            ),
            (
                "My 2 sons loved the {cableway}[, whose cabins hold {capacity}].[ Our ride at {first_cabin} was the day's earliest.]"
                "[ We paid {one_way} to get up[; with the way down it is {both_ways}].][ The foot lies at {bottom_m} metres.]"
            ),
        ),
        ("stations", ("bottom_m", "top_m")),
    ),
    Domain(  # tram depots
        (
            text(
                "depot|tram_shed|carbarn",
                "%last Street Depot/%last Yard/%city East Depot/North %city Depot/%last Hall",
            ),
            text("foreman|depot_master|yard_head", "%person"),
            text("dispatcher|roster_keeper|duty_planner", "%person"),
            whole("spaces|stabling_places|tram_capacity", 90, 240),
            whole("parked|trams_tonight|vehicles_stabled", 14, 120),
            text("first_out|pull_out_time|earliest_exit", "03:%minute/04:%minute/05:%minute"),
            text(
                "last_in|pull_in_time|latest_return", "23:%minute/00:%minute/01:%minute/02:%minute"
            ),
            text(
                "pit_machine|workshop_rig|maintenance_gear",
                "wheel lathe/bogie turntable/sand hopper/washing gantry/paint booth/axle press/traverser/lifting jack/"
                "rail grinder/brake tester/underfloor crane",
            ),
            several(
                "routes|lines_served|tram_routes",
                "Line 2/Line 3/Line 5/Line 6/Line 7/Line 9/Line 11/Line 14/Line 16/Line 18/Line 21",
            ),
            flag("listed|heritage_protected|is_monument"),
        ),
        (
            (
                "{depot} has room for {spaces} trams[; {parked} are standing there tonight]."
                "[ {foreman} is the <boss/head> of the sheds.][ {dispatcher} <decides/settles> who drives when.]"
            ),
            (
                "The earliest tram rolls out of {depot} at {first_out}[, the latest comes home at {last_in}]."
                "[ It houses the cars of {routes}.][ The building {listed?must be preserved by law|enjoys no protection}.]"
            ),
            (
                "{dispatcher} draws up the driving shifts at {depot}[, where {foreman} commands the workshop]."
                "[ The mechanics have got a(n) {pit_machine}.][ {parked} trams are in at present[, out of {spaces} that would fit].]"
            ),
            (
                "{depot}[: head {foreman}][; shift plans {dispatcher}][; {spaces} places][; {parked} trams inside][; out {first_out}]"
                "[; back {last_in}][; {listed?historic monument|not a monument}][; for {routes}]"
            ),
            (
                "By {last_in} the day's final tram is back in {depot}[, only to leave again from {first_out} on]."
                "[ A(n) {pit_machine} was bought last year for 7 mechanics.][ {foreman} looks after the place.]"
            ),
            (
                "Trams of {routes} sleep in {depot}, just behind the old gasworks.[ {parked} have come in so far[, though it could take "
                "{spaces}].][ Conservationists {listed?guard its every brick|take no interest in it}.]"
            ),
            (
                "Who needs a(n) {pit_machine}? {depot} does[, says {foreman}, the foreman]."
                "[ Mornings begin at {first_out} with the leading car.][ Rosters: {dispatcher}.][ Used for {routes}.]"
            ),
            (
                "12 visitors were shown the {pit_machine} in {depot}[ by {dispatcher}, who plans the shifts]."
                "[ The hall {listed?is a protected landmark|may be pulled down}.][ Last car in: {last_in}; first car out: {first_out}.]"
                "[ It can hold {spaces} trams.]"
            ),
        ),
        ("occupancy", ("spaces", "parked")),
    ),
    Domain(  # railway stations
        (
            text(
                "station|rail_stop|station_name",
                "%city Central/%city West/%last Cross/%last Junction/%city Parkway/%last Road",
            ),
            text("architect|designed_by|drawn_by", "%person"),
            text("stationmaster|run_by|station_manager", "%person"),
            whole("opened_year|in_service_since|inaugurated", 1838, 1960),
            whole("rebuilt_year|renovated_in|modernised", 1961, 2024),
            whole("weekday_riders|weekday_commuters|workday_footfall", 300, 9900, 100),
            whole("sunday_riders|sunday_footfall|passengers_sunday", 300, 9900, 100),
            cash("locker_fee|left_luggage_price|bag_storage", 2, 14),
            flag("step_free|wheelchair_ok|barrier_free"),
            several(
                "period_details|historic_features|ornaments",
                "a clock tower/a mosaic floor/iron columns/a glass vault/stucco ceilings/a marble staircase/a copper dome/"
                "gas lanterns/oak booths/a stone frieze/a brick arcade/painted tiles",
            ),
        ),
        (
            (
                "{station} was <built to plans/made after drawings> by {architect}[ and welcomed its first train in {opened_year}]."
                "[ Today {stationmaster} is in charge.][ You can admire {period_details}.]"
            ),
            (
                "{stationmaster} looks after {station}[, the work of {architect}].[ On a working day {weekday_riders} people pass "
                "through[, on a Sunday {sunday_riders}].][ Stairs {step_free?can be avoided everywhere|cannot be avoided}.]"
            ),
            (
                "Given a facelift in {rebuilt_year}, {station} first served trains in {opened_year}, they say."
                "[ <Storing/Leaving> a bag costs {locker_fee} euros.][ Wheelchair users {step_free?reach every platform|are stuck at the "
                "stairs}.]"
            ),
            (
                "{station}[: opened {opened_year}][; redone {rebuilt_year}][; Mon-Fri {weekday_riders} people]"
                "[; Sundays {sunday_riders}][; locker ${locker_fee}][; {step_free?lifts to all platforms|no lifts}]"
                "[; master: {stationmaster}][; features {period_details}]"
            ),
            (
                "You get {period_details} to look at in {station}[, which {architect} dreamt up]."
                "[ After 2 fires it was done up again in {rebuilt_year}.][ Put your suitcase away for {locker_fee}.]"
            ),
            (
                "On Sundays {sunday_riders} travellers use {station}[, against {weekday_riders} from Monday to Friday]."
                "[ {step_free?Ramps and lifts spare everybody the steps|Nobody is spared the steps}.]"
                "[ The person at the top is {stationmaster}.]"
            ),
            (
                "How old is {station}?[ It dates from {opened_year}[ and was made over in {rebuilt_year}].][ Architect: {architect}.]"
                "[ Lockers cost {locker_fee} dollars.][ On weekdays it sees {weekday_riders} passengers.]"
            ),
            (
                "I met {stationmaster}, the head of {station}, under the 4 flags at the entrance."
                "[ {architect} designed it with {period_details}.][ Passengers: {sunday_riders} on Sundays, {weekday_riders} on other "
                "days.][ It was renewed in {rebuilt_year}.]"
            ),
        ),
        ("footfall", ("weekday_riders", "sunday_riders")),
    ),
    Domain(  # lifts
        (
            text("lift|elevator|elevator_car", "L-##/@##/E-#/##@/@-##/P#"),
            text("maker|manufacturer|built_by", "%brand"),
            text("service_firm|maintained_by|upkeep_contractor", "%brand"),
            whole("max_load_kg|rated_load|weight_limit", 300, 2500, 10),
            text("last_checked|inspected_on|previous_inspection", "%day"),
            text("next_check|inspection_due|recheck_by", "%day"),
            text("trapped|stuck_passenger|person_inside", "%person"),
            text("freed_by|rescuer|let_out_by", "%person"),
            flag("out_of_order|shut_down|disabled"),
            several(
                "faults|defective_parts|failed_components",
                "governor/guide rail/buffer/door sill/pulley/brake shoe/limit switch/call button/landing sensor/safety gear/"
                "travelling cable/roller",
            ),
        ),
        (
            (
                "Lift {lift} was made by {maker}[ and is looked after by {service_firm}].[ It carries up to {max_load_kg} kilos.]"
                "[ {out_of_order?It cannot be used at the moment|It is in full use}.]"
            ),
            (
                "{trapped} got stuck in lift {lift}[ and was <helped/pulled> out by {freed_by}]."
                "[ Something was wrong with the {faults}.][ Experts had tested it on {last_checked}.]"
            ),
            (
                "{service_firm} services lift {lift}[, a product of {maker}].[ The experts came on {last_checked}[ and will be back on "
                "{next_check}].][ Please {out_of_order?take the stairs for now|feel free to ride again}.]"
            ),
            (
                "Lift {lift}[: {out_of_order?not working|working}][; maker {maker}][; service {service_firm}][; {max_load_kg} kg]"
                "[; tested {last_checked}][; next test {next_check}][; damaged: {faults}]"
            ),
            (
                "It was {freed_by} who prised open lift {lift} after 40 minutes[ to let out {trapped}]."
                "[ The repair concerns the {faults}.][ Weighing in at over {max_load_kg} kg, a crowd would be too heavy for it.]"
            ),
            (
                "By {next_check} someone must test lift {lift} again[, since the test of {last_checked} showed trouble with the "
                "{faults}].[ The people to call: {service_firm}.][ Factory: {maker}.]"
            ),
            (
                "Dear tenants, lift {lift} {out_of_order?is taped off until further notice|is running again}."
                "[ We thank {freed_by} for getting {trapped} out.][ Never load more than {max_load_kg} kg.]"
                "[ A new test is set for {next_check}.]"
            ),
            (
                "Between 2 floors, lift {lift} stopped with {trapped} inside[; {freed_by} came with the key]."
                "[ {maker} built it, {service_firm} keeps it going.][ Worn out: {faults}.]"
                "[ Nothing had been noticed at the check on {last_checked}.]"
            ),
        ),
        ("inspections", ("last_checked", "next_check")),
    ),
    Domain(  # tower cranes
        (
            text("crane|crane_id|tower_crane", "K-##/TC-#/@##/C#/@-##/##@"),
            text("driver|cab_operator", "%person"),
            text("banksman|signaller|ground_guide", "%person"),
            text(
                "project|construction_site|works_on",
                "%last Tower/%city Arena/%last Clinic/%city Library/%last House/%brand Offices",
            ),
            measure("tip_load_t|jib_end_capacity|far_reach_load", 2, 7),
            measure("max_load_t|near_mast_capacity|peak_capacity", 8, 40),
            text("erected_on|put_up|assembled_on", "%day/%day/%weekday"),
            text("dismantled_on|taken_down|removal_date", "%day/%day/%weekday"),
            flag("weathervaning|slew_released|swings_free"),
            several(
                "hoisted|lifted_goods",
                "girders/precast stairs/rebar cages/formwork/glass panes/trusses/scaffold tubes/roof slabs/mortar tubs/"
                "brick pallets/ducts/shoring props",
            ),
        ),
        (
            (
                "{driver} sits in the cab of crane {crane}[ and <obeys/follows> the hand signs of {banksman}]."
                "[ It is hauling up {hoisted}[ for {project}].][ Its arm {weathervaning?turns freely with the wind|is locked in place}.]"
            ),
            (
                "Crane {crane} has been standing since {erected_on}[ and will stay until {dismantled_on}]."
                "[ At the tip of its arm it takes {tip_load_t} tonnes[, close to the mast {max_load_t}].]"
            ),
            (
                "From the ground {banksman} guides crane {crane}[, steered by {driver}].[ On its hook today: {hoisted}.]"
                "[ At best it bears {max_load_t} tonnes[, at full reach {tip_load_t}].]"
            ),
            (
                "Crane {crane}[, {project}][: driver {driver}][, signals {banksman}][, up {erected_on}][, down {dismantled_on}]"
                "[, {tip_load_t} t at the tip][, {max_load_t} t at the mast][, arm {weathervaning?free|fixed}]"
            ),
            (
                "6 fitters will take crane {crane} apart on {dismantled_on}[, when {project} is finished]."
                "[ They had bolted it together on {erected_on}.][ Up in the cab: {driver}.]"
            ),
            (
                "What is crane {crane} lifting at {project}? It is {hoisted}[, says {driver} from the cab]."
                "[ Far out it manages {tip_load_t} tonnes.][ For the night the brake {weathervaning?was let off so that the jib can "
                "swing|was kept on so that the jib stays put}.]"
            ),
            (
                "{project} is growing under crane {crane}[, which went up on {erected_on}].[ {banksman} gives the signs below.]"
                "[ The heaviest load allowed is {max_load_t} tonnes.][ The jib {weathervaning?is left to drift in the breeze|does not "
                "drift in the breeze}.]"
            ),
            (
                "I watched {hoisted} dangle from crane {crane} for 20 minutes.[ {banksman} waved, {driver} pulled the levers.]"
                "[ It {weathervaning?may spin as the wind likes|may not spin by itself}.]"
                "[ On {dismantled_on} it goes[, having come on {erected_on}].]"
            ),
        ),
        ("capacity", ("tip_load_t", "max_load_t")),
    ),
    Domain(  # mines
        (
            text(
                "mine|colliery|pit_name",
                "%last Pit/%adj Vein/Santa %last/%last Shaft/%adj Lode/%city Deep",
            ),
            text(
                "mineral|extracted|commodity",
                "galena/bauxite/cinnabar/magnetite/fluorspar/potash/malachite/wolframite/chromite/barite/stibnite/graphite/cassiterite",
            ),
            text("overman|shift_boss|underground_lead", "%person"),
            text("gas_warden|air_safety_officer|ventilation_lead", "%person"),
            whole("depth_now_m|current_depth|reached_m", 120, 900, 10),
            whole("depth_goal_m|target_depth|planned_m", 700, 1900, 10),
            whole("day_crew|miners_by_day|early_shift_size", 12, 300),
            whole("night_crew|miners_by_night|late_shift_size", 12, 300),
            flag("firedamp|methane_found|gas_detected"),
            several(
                "machines|underground_fleet|equipment",
                "roof bolters/shearers/ore carts/jumbo drills/winches/skips/crushers/pumps/fans/scoop trams/conveyors/grouters",
            ),
        ),
        (
            (
                "{overman} <leads/commands> the crew at {mine}[, where {mineral} is dug]."
                "[ {day_crew} go down by day[, {night_crew} by night].][ The meters {firedamp?showed dangerous gas|showed clean air}.]"
            ),
            (
                "{mine} yields {mineral}[ from {depth_now_m} metres below the ground[, and is to reach {depth_goal_m}]]."
                "[ {gas_warden} watches over the air.][ Down there you find {machines}.]"
            ),
            (
                "One day {mine} will go {depth_goal_m} metres deep[; so far it is {depth_now_m}]."
                "[ At night {night_crew} people work there[, in daytime {day_crew}].][ They rely on {machines}.]"
            ),
            (
                "{mine}[: {mineral}][, boss {overman}][, air checks {gas_warden}][, depth {depth_now_m} m][, goal {depth_goal_m} m]"
                "[, day {day_crew}][, night {night_crew}][, {firedamp?gas found|no gas}]"
            ),
            (
                "{gas_warden} tests the air in {mine} every 2 hours[ and {firedamp?has raised the alarm|has had nothing to report}]."
                "[ The gang takes its orders from {overman}.][ It gets out {mineral}.]"
            ),
            (
                "Is {mine} safe? {firedamp?Not with methane in the tunnels|Yes, no trace of methane was met}."
                "[ {gas_warden} took the samples[, {overman} led the gang].][ The tunnels now lie {depth_now_m} metres down.]"
                "[ In use: {machines}.]"
            ),
            (
                "New {machines} were lowered into {mine} through a hatch of 3 metres.[ The miners, {day_crew} in the light hours and "
                "{night_crew} in the dark ones, are glad.][ It should get down to {depth_goal_m} m.][ It is rich in {mineral}.]"
            ),
            (
                "After 9 o'clock in the evening {night_crew} miners are inside {mine}[; before that it is {day_crew}]."
                "[ {overman} gives the orders there.][ Still to be dug, down to {depth_goal_m} metres: {mineral}.]"
                "[ Helped by {machines}, they have got to {depth_now_m}.]"
            ),
        ),
        ("shifts", ("day_crew", "night_crew")),
    ),
    Domain(  # steel mills
        (
            text(
                "steelworks|steel_mill|works_name",
                "%last Steel/%city Works/%last Ironworks/%brand Steel/%city Furnace",
            ),
            text("furnace_chief|melt_shop_head|smelting_lead", "%person"),
            text("rolling_chief|rolling_line_head|finishing_lead", "%person"),
            measure("scrap_t|charge_weight|fed_in_t", 60, 190),
            measure("poured_t|cast_weight|yield_t", 40, 170),
            text("charged_at|heat_began|filled_at", "%time"),
            text("tapped_at|heat_ended|drained_at", "%time"),
            text(
                "rolled_into|end_product|finished_goods",
                "rebar/wire rod/heavy plate/billets/slabs/blooms/sheet piles/coils/tubes/angle bars/hot strip/joists",
            ),
            several(
                "additives|alloying_elements|mixed_in",
                "manganese/chromium/vanadium/nickel/molybdenum/tungsten/silicon/niobium/titanium/boron/cobalt/copper",
            ),
            flag("electric|arc_furnace|runs_on_power"),
        ),
        (
            (
                "{furnace_chief} melts the scrap at {steelworks}[ and {rolling_chief} rolls the steel]."
                "[ It was loaded at {charged_at}[ and let out at {tapped_at}].][ The crew <added/threw in> {additives}.]"
            ),
            (
                "At {steelworks}, {scrap_t} tonnes of scrap went in[ and {poured_t} tonnes of steel came out]."
                "[ It ends up as {rolled_into}.][ The heat {electric?comes from electric arcs|comes from burning coke}.]"
            ),
            (
                "{rolling_chief} turns red-hot steel into {rolled_into} at {steelworks}."
                "[ {poured_t} tonnes were poured today[, made from {scrap_t} tonnes of old metal].]"
                "[ The furnace is the job of {furnace_chief}.]"
            ),
            (
                "{steelworks}[: in {scrap_t} t][, out {poured_t} t][; loaded {charged_at}][; tapped {tapped_at}]"
                "[; melting {furnace_chief}][; rolling {rolling_chief}][; plus {additives}][; {electric?electric|coke-fired}]"
            ),
            (
                "The liquid steel flowed out at {tapped_at} in {steelworks}[, after the basket had been emptied in at {charged_at}]."
                "[ 5 schoolchildren watched behind glass.][ Next stop: {rolled_into}.][ At the rollers stands {rolling_chief}.]"
            ),
            (
                "To make it harder, {steelworks} stirred {additives} into the melt[ under the eyes of {furnace_chief}]."
                "[ Melting {electric?takes a huge current|needs coke and no current}.][ The scrap weighed {scrap_t} t.]"
                "[ The ladle was filled by {tapped_at}.]"
            ),
            (
                "I have worked 30 years at {steelworks}, which {electric?melts with electricity|still melts with coke}."
                "[ We put in {additives}.][ {charged_at}: in goes the scrap.][ {tapped_at}: out flows the steel.]"
                "[ We sell {rolled_into}.]"
            ),
            (
                "How much did {steelworks} cast? It was {poured_t} tonnes[, from {scrap_t} thrown in at {charged_at}]."
                "[ {furnace_chief} heads the hot end[, {rolling_chief} the rolling line].][ Everything becomes {rolled_into}.]"
                "[ Stirred in: {additives}.]"
            ),
        ),
        ("weights", ("scrap_t", "poured_t")),
    ),
    Domain(  # paper mills
        (
            text(
                "paper_mill|papermaker|paperworks",
                "%last Paper/%city Paper Mill/%last & Sons/%adj Sheet Mill/%brand Paper",
            ),
            text(
                "grade|sheet_type|paper_sort",
                "vellum/kraft/newsprint/tissue/greaseproof/parchment/onionskin/glassine/manila/crepe/washi/bristol board",
            ),
            text("machine_minder|line_operator|wire_end_lead", "%person"),
            text("quality_tester|lab_lead|sheet_inspector", "%person"),
            whole("intake_m3|fresh_water|drawn_from_river", 1200, 9000, 100),
            whole("effluent_m3|discharge|returned_to_river", 200, 6000, 100),
            text("web_break_at|halted_at|stoppage_from", "%time"),
            text("resumed_at|running_again|stoppage_until", "%time"),
            flag("bleached|whitened|uses_bleach"),
            several(
                "fibres|pulp_sources|raw_stock",
                "spruce/hemp/cotton rags/straw/birch/bagasse/bamboo/flax/eucalyptus/poplar/old newspapers/jute",
            ),
        ),
        (
            (
                "{paper_mill} makes {grade} out of {fibres}.[ It pumps {intake_m3} cubic metres of water a day[ and gives {effluent_m3} "
                "back].][ The pulp {bleached?is made white first|keeps its natural brown}.]"
            ),
            (
                "At {web_break_at} the sheet tore at {paper_mill}[; by {resumed_at} it ran once more]."
                "[ {machine_minder} was at the machine[, {quality_tester} in the laboratory].]"
            ),
            (
                "{machine_minder} operates the machine at {paper_mill}[, and {quality_tester} tests each reel of {grade}]."
                "[ Bleach {bleached?is part of the recipe|is never used}.][ The stop lasted from {web_break_at} to {resumed_at}.]"
            ),
            (
                "{paper_mill}[: {grade}][; from {fibres}][; machine {machine_minder}][; lab {quality_tester}][; water in {intake_m3} m³]"
                "[; water out {effluent_m3} m³][; {bleached?bleached|unbleached}][; down {web_break_at}][; up {resumed_at}]"
            ),
            (
                "The river gets {effluent_m3} cubic metres back from {paper_mill}[, which takes {intake_m3}]."
                "[ After 2 calls, {machine_minder} got the rollers turning[ at {resumed_at}].][ Its {grade} is famous.]"
            ),
            (
                "Is the {grade} from {paper_mill} good? {quality_tester} checks it.[ It {bleached?owes its whiteness to bleach|has seen "
                "no bleach}.][ The vats are full of {fibres}.][ Water needed: {intake_m3} m³[; water let go: {effluent_m3}].]"
            ),
            (
                "With {fibres} in the vat, {paper_mill} went back to work at {resumed_at}[ after a tear at {web_break_at}]."
                "[ The fault was found by 3 apprentices.][ {quality_tester} <approved/passed> the sheets.]"
                "[ {intake_m3} m³ of river water are used up.]"
            ),
            (
                "I saw {fibres} go in and {grade} come out at {paper_mill}[, where {machine_minder} minds the rollers]."
                "[ Bleach {bleached?goes into the vat too|is kept out of the vat}.][ Stopped {web_break_at}, started {resumed_at}.]"
                "[ It drains {effluent_m3} m³ into the stream.]"
            ),
        ),
        ("water", ("intake_m3", "effluent_m3")),
    ),
    Domain(  # wind turbines
        (
            text("turbine|wind_turbine|generator_id", "WT-##/@#/T##/@-##/##@/V-#"),
            text("landowner|ground_lessor|leased_from", "%person"),
            text("climber|blade_inspector|rope_technician", "%person"),
            whole("hub_m|nacelle_height|tower_height", 60, 170),
            whole("rotor_m|blade_circle|swept_diameter", 60, 170),
            measure("cut_in_ms|start_wind|cut_in_speed", 2, 5),
            measure("cut_out_ms|storm_limit|cut_out_speed", 18, 34),
            measure("rated_mw|nameplate_power|peak_output", 2, 9),
            flag("feathered|at_standstill|blades_parked"),
            several(
                "damage|blade_findings|wear",
                "erosion/lightning scars/hairline cracks/ice pitting/loose bolts/oil stains/rust/delamination/dents/worn seals/"
                "flaking paint/burn marks",
            ),
        ),
        (
            (
                "Turbine {turbine} <starts turning/comes alive> at {cut_in_ms} m/s[ and stops for safety at {cut_out_ms}]."
                "[ It stands on the land of {landowner}.][ {climber} found {damage} on it.]"
            ),
            (
                "{climber} roped down from turbine {turbine}[, which is {hub_m} metres tall at the axle,] and saw {damage}."
                "[ Its rotor {feathered?is not turning|is turning as usual}.][ The field belongs to {landowner}.]"
            ),
            (
                "{landowner} lets the ground under turbine {turbine}[, whose blades sweep a circle {rotor_m} metres wide[, {hub_m} "
                "metres up]].[ At best it gives {rated_mw} megawatts.][ A gale of {cut_out_ms} m/s makes it brake.]"
            ),
            (
                "Turbine {turbine}[: {rated_mw} MW][, axle at {hub_m} m][, rotor {rotor_m} m across][, from {cut_in_ms} m/s]"
                "[, up to {cut_out_ms} m/s][, {feathered?standing still|spinning}][, land: {landowner}][, checked by {climber}]"
            ),
            (
                "Above {cut_out_ms} metres a second turbine {turbine} must rest[, below {cut_in_ms} there is too little wind]."
                "[ The 4 cows underneath do not mind.][ Right now it {feathered?lies idle|is hard at work}.][ Full power: {rated_mw} MW.]"
            ),
            (
                "How big is turbine {turbine}? The rotor measures {rotor_m} metres[ and the tower {hub_m}]."
                "[ A breeze of {cut_in_ms} m/s wakes it.][ {climber}, the inspector, noted {damage}.]"
                "[ It {feathered?has been switched off|has not been switched off}.]"
            ),
            (
                "I rent out the meadow for turbine {turbine}, says {landowner}.[ Its {rated_mw} megawatts would do for 900 homes.]"
                "[ {climber} hung on a rope to look for damage.][ The rotor is {rotor_m} m wide.]"
                "[ Its blades {feathered?are turned out of the wind|catch the wind nicely}.]"
            ),
            (
                "Marked by {damage} after 11 winters, turbine {turbine} still yields up to {rated_mw} MW."
                "[ Owner of the plot: {landowner}.][ It needs {cut_in_ms} m/s to get going[ and gives up at {cut_out_ms}].]"
                "[ The tower rises {hub_m} m[, the rotor spans {rotor_m}].]"
            ),
        ),
        ("wind_limits", ("cut_in_ms", "cut_out_ms")),
    ),
    Domain(  # solar roofs
        (
            text("address|roof_at|premises", "%street"),
            text("homeowner|system_owner|householder", "%person"),
            text("fitter|installed_by|mounting_crew_lead", "%person"),
            measure("exported_kwh|fed_to_grid|surplus_sold", 2, 60),
            measure("self_used_kwh|own_consumption|kept_at_home", 2, 60),
            text("ordered_on|contract_date|signed_on", "%day"),
            text("live_since|switched_on|energised_on", "%day"),
            whole("panels|modules|module_count", 6, 64),
            flag("storage|has_battery|battery_fitted"),
            several(
                "shading|shadow_casters|obstructions",
                "a chimney/a dormer/a walnut tree/an aerial/a gable/a poplar/a spire/a cedar/a skylight/a pylon/a parapet/a flagpole",
            ),
        ),
        (
            (
                "{fitter} <screwed/fixed> {panels} solar panels onto the roof of {address}[, the home of {homeowner}]."
                "[ They have made power since {live_since}.][ A battery {storage?is part of it|is missing}.]"
            ),
            (
                "{homeowner} of {address} makes power on the roof[, of which {self_used_kwh} kWh a day stay in the house[ and "
                "{exported_kwh} go to the grid]].[ Shade falls from {shading}.][ The fitter was {fitter}.]"
            ),
            (
                "The solar roof of {address} was ordered on {ordered_on}[ and went to work on {live_since}]."
                "[ It counts {panels} panels.][ Shadows come from {shading}.][ Unused power {storage?is saved for the night|cannot be "
                "saved up}.]"
            ),
            (
                "{address}[: owner {homeowner}][; fitter {fitter}][; {panels} panels][; ordered {ordered_on}][; on since {live_since}]"
                "[; {exported_kwh} kWh sold][; {self_used_kwh} kWh used][; {storage?with battery|no battery}][; shade: {shading}]"
            ),
            (
                "Every day {exported_kwh} kWh flow from {address} to the public grid[, {self_used_kwh} to the family's own sockets]."
                "[ The 2 children love to look at the meter.][ The sun first fed it on {live_since}.][ {fitter} did the mounting.]"
            ),
            (
                "Since {shading} got in the way, {address} was given only {panels} panels[ by {fitter}]."
                "[ {homeowner} lives there and had signed for them on {ordered_on}.][ For rainy days there {storage?is a battery in the "
                "cellar|is nothing in the cellar}.]"
            ),
            (
                "Does the roof of {address} pay off? {homeowner}, who lives under it, says yes."
                "[ {self_used_kwh} kWh are used at home[, {exported_kwh} are given away].]"
                "[ {storage?Spare current is stored in the garage|There is no way to store spare current}.]"
                "[ Order: {ordered_on}; start: {live_since}.]"
            ),
            (
                "I needed 5 days and {panels} panels for {address}, {fitter} tells us.[ {homeowner} had placed the order on "
                "{ordered_on}.][ What blocks the sun there is {shading}.][ Sold: {exported_kwh} kWh a day[, kept: {self_used_kwh}].]"
            ),
        ),
        ("energy", ("exported_kwh", "self_used_kwh")),
    ),
    Domain(  # oil wells
        (
            text("well|borehole|wellbore", "%last ##/@-##/%adj #/%last-#/@@ ##"),
            text("geologist|discovered_by|prospector", "%person"),
            text("toolpusher|rig_boss|drilling_lead", "%person"),
            text(
                "spudded|drilling_began|drill_start",
                "%day 2021/%day 2022/2022-0#-1#/%day 1998/%day 2009",
            ),
            text(
                "plugged|abandoned_on|sealed_off",
                "%day 2023/%day 2024/2025-0#-1#/%day 2025/2024-11-1#",
            ),
            whole("crude_bpd|oil_rate|oil_per_day", 20, 950, 5),
            whole("brine_bpd|water_rate|water_per_day", 20, 950, 5),
            measure("cost_m|millions_spent|drilling_bill", 2, 38),
            flag("free_flowing|natural_flow|needs_no_lift"),
            several(
                "strata|rock_layers|formations",
                "shale/dolomite/gypsum/marl/chalk/anhydrite/sandstone/siltstone/halite/chert/limestone/claystone",
            ),
        ),
        (
            (
                "{geologist} found the oil under well {well}[ and {toolpusher} led the drilling]."
                "[ It gives {crude_bpd} barrels of oil a day[, along with {brine_bpd} of salt water].]"
                "[ The oil {free_flowing?rises by itself|has to be pumped}.]"
            ),
            (
                "Drilling of well {well} started on {spudded}[; on {plugged} it was closed with cement].[ The bit cut through {strata}.]"
                "[ <The bill/Everything together> came to {cost_m} million dollars.]"
            ),
            (
                "{toolpusher} commanded the rig at well {well}[, where {geologist} had suspected oil]."
                "[ It swallowed {cost_m} million euros.][ A pump {free_flowing?is not needed|is needed}.][ Drilled since: {spudded}.]"
            ),
            (
                "Well {well}[: {crude_bpd} barrels of oil][, {brine_bpd} of water][; begun {spudded}][; cemented {plugged}]"
                "[; rig {toolpusher}][; geology {geologist}][; {cost_m} million][; {free_flowing?no pump|pumped}][; through {strata}]"
            ),
            (
                "Through {strata} the drill went down to the oil of well {well}[, 2 hours from the nearest road]."
                "[ The rock had been read by {geologist}.][ Each day brings {brine_bpd} barrels of water[ and {crude_bpd} of oil].]"
            ),
            (
                "On {plugged} the last valve of well {well} was shut for good[, though it had cost {cost_m} million]."
                "[ 40 workers had lived in huts there.][ {toolpusher} had run the crew from {spudded} on.][ It passed {strata}.]"
            ),
            (
                "What comes up from well {well}? Every day {crude_bpd} barrels of oil[, but also {brine_bpd} of brine]."
                "[ {free_flowing?Its own pressure is enough|Its own pressure is too weak}.][ The end came on {plugged}.]"
                "[ Layers: {strata}.]"
            ),
            (
                "My uncle lost 3 fingers at well {well}, but {toolpusher} was a fair boss on the rig."
                "[ {geologist} had studied the ground.][ Of the {cost_m} million spent nothing is left.]"
                "[ First day {spudded}, last day {plugged}.][ {free_flowing?The oil shot up without help|The oil never came without a "
                "pump}.]"
            ),
        ),
        ("daily_output", ("crude_bpd", "brine_bpd")),
    ),
    Domain(  # dams and reservoirs
        (
            text(
                "dam|barrage|dam_name",
                "%last Dam/%adj Gorge Dam/Lake %last Dam/%city Barrage/Upper %last Dam",
            ),
            text("keeper|dam_warden|watchman", "%person"),
            text(
                "drowned_village|submerged_place|flooded_settlement",
                "San %last/Old %last/Upper %last/%last Mills/%adj Hamlet/Nether %last",
            ),
            text("supplied_town|drinks_from_it|water_customer", "%city"),
            measure("high_m|fullest_level|yearly_maximum", 20, 95),
            measure("low_m|emptiest_level|yearly_minimum", 4, 60),
            measure("inflow_m3s|river_feed|entering", 2, 90),
            measure("outflow_m3s|release_rate|let_through", 2, 90),
            flag("overtopping|spilling|crest_overflow"),
            several(
                "structures|built_in_works|hydraulic_parts",
                "a fish ladder/a penstock/a surge shaft/sluice gates/a stilling basin/a log boom/a trash rack/an intake tower/"
                "a weir/flap gates/an apron/a bypass tunnel",
            ),
        ),
        (
            (
                "{keeper} <watches over/guards> the {dam}[, which gives {supplied_town} its water]."
                "[ {inflow_m3s} cubic metres a second flow in[ and {outflow_m3s} flow out].]"
                "[ Water {overtopping?is pouring over the top|stays well below the rim}.]"
            ),
            (
                "The {dam} drowned the village of {drowned_village}[ so that {supplied_town} could drink]."
                "[ Over the year the water was {high_m} metres deep at most[, {low_m} at least].][ Engineers gave it {structures}.]"
            ),
            (
                "In the dry months the lake behind the {dam} sank to {low_m} metres[, after {high_m} in spring]."
                "[ The roofs of {drowned_village} came to light.][ Each second the gates let {outflow_m3s} cubic metres go.]"
            ),
            (
                "{dam}[: keeper {keeper}][; water for {supplied_town}][; under water: {drowned_village}][; highest {high_m} m]"
                "[; lowest {low_m} m][; in {inflow_m3s} m³/s][; out {outflow_m3s} m³/s][; {overtopping?overflowing|not overflowing}]"
            ),
            (
                "People in {supplied_town} get their tap water from the {dam}, 2 valleys away.[ Built into it: {structures}.]"
                "[ {keeper} opens the gates to {outflow_m3s} m³/s[ when the river brings {inflow_m3s}].]"
            ),
            (
                "Is the {dam} full? {overtopping?So full that it is running over|Not to the brim}."
                "[ The river adds {inflow_m3s} m³ every second.][ This year's peak was {high_m} metres[, its bottom mark {low_m}].]"
                "[ You will see {structures}.]"
            ),
            (
                "My grandmother, 1 of 12 children, was born in {drowned_village}, now beneath the {dam}.[ It serves {supplied_town}.]"
                "[ {keeper} takes care of it.][ The wall has {structures}.][ Downstream go {outflow_m3s} m³/s[, upstream come "
                "{inflow_m3s}].]"
            ),
            (
                "With {structures}, the {dam} is a sight[, says {keeper}, its guardian]."
                "[ The crest {overtopping?is under water after the storms|has remained dry}.]"
                "[ Where {drowned_village} once stood, the lake is {low_m} metres deep at its lowest[ and {high_m} at its fullest].]"
            ),
        ),
        ("flow_rates", ("inflow_m3s", "outflow_m3s")),
    ),
)
