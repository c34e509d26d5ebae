"""Domains of training: work, machines, travel and nature."""

from __future__ import annotations

from experts.json_world import Domain, cash, flag, measure, several, text, whole

BUSINESS: tuple[Domain, ...] = (
    Domain(  # parcels
        (
            text("tracking|tracking_number|parcel", "PX####/@@###@/TR-###/##-###"),
            text("sender|sent_by", "%company"),
            text("recipient|addressee|receiver", "%person"),
            text("city|destination", "%city"),
            measure("weight_kg|weight", 1, 30),
            text("arrives|delivery_date|eta", "%date/%weekday"),
            flag("fragile|is_fragile"),
            flag("signature|signature_required"),
            several("contents", "books/shoes/tea/ceramics/toys/cables/soap/seeds/shirts"),
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
            text("ticket|ticket_id|id", "T-###/#####/SUP-##/HD####"),
            text("user|reported_by|customer", "%person"),
            text("device|product", "printer/router/laptop/scanner/tablet/phone/monitor"),
            text("priority|severity", "low/medium/high/urgent"),
            text("opened|opened_on", "%date"),
            text("assignee|agent|assigned_to", "%person"),
            flag("resolved|is_resolved|closed"),
            whole("replies|messages", 2, 30),
            several("labels|tags", "network/login/billing/hardware/update/screen/battery/sound"),
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
            text(
                "topic|subject|meeting",
                "budget review/hiring plan/product launch/team retro/safety briefing/website redesign/sales kickoff",
            ),
            text("organizer|host|organised_by", "%person"),
            text("date|day", "%date/%weekday"),
            text("start|start_time|time", "%worktime"),
            whole("minutes|duration_minutes|length_min", 15, 180, 5),
            text("room|location", "Room @#/Room ###/%noun Room"),
            flag("mandatory|required|is_mandatory"),
            several(
                "attendees|participants", "Ana/Boris/Cleo/Deniz/Erik/Farah/Gil/Heidi/Ivan/Joy/Kaito"
            ),
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
            text("patient|patient_name", "%person"),
            text("doctor|physician", "Dr. %last"),
            text("date|appointment_date", "%date"),
            text("time", "%worktime"),
            text("clinic|place", "%noun Clinic/%last Medical Centre/%city General"),
            flag("first_visit|new_patient"),
            whole("age|patient_age", 18, 90),
            several(
                "symptoms", "cough/fever/headache/back pain/rash/dizziness/sore throat/fatigue"
            ),
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
            text(
                "plant|plant_name",
                "monstera/aloe/snake plant/peace lily/jade plant/spider plant/rubber tree/calathea/orchid/fern",
            ),
            text("light|light_needs", "full sun/partial shade/bright light/low light"),
            whole("water_days|watering_interval_days", 2, 28),
            measure("height_cm|height", 12, 180),
            text("pot|pot_size", "small/medium/large/hanging"),
            flag("toxic|toxic_to_pets"),
            cash("price", 4, 90),
            several("rooms|suitable_rooms", "kitchen/bathroom/office/bedroom/hallway/living room"),
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
            text("train|train_number", "IC ###/RE #/ICE ##/R##/TGV ####"),
            text("from|origin|start_city", "%city"),
            text("to|destination|end_city", "%city"),
            text("departure|departs_at", "%time"),
            text("platform|track", "#/1#/#a/#b"),
            whole("stops|num_stops", 2, 18),
            flag("first_class|has_first_class"),
            cash("fare|ticket_price", 8, 190),
            several(
                "services|on_board",
                "wifi/dining car/power sockets/quiet coach/bike racks/sleeper coach",
            ),
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
            text("album|record|album_title", "%title"),
            text("artist|band|by", "%person/The %beasts/%adj %noun Band/DJ %brand"),
            whole("year|released", 1960, 2025),
            whole("tracks|track_count|songs", 6, 24),
            text("label|record_label", "%brand Records/%noun Music/%adj Sound"),
            flag("live|is_live"),
            measure("minutes|length_minutes", 28, 95),
            several(
                "genres|styles|tags", "jazz/folk/soul/techno/blues/metal/pop/ambient/reggae/punk"
            ),
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
            text("laptop|computer|model", "%brand Book/%brand X#/%brand Pro 1#/%brand Air #"),
            whole("ram_gb|memory_gb", 4, 64, 4),
            whole("disk_gb|storage_gb", 128, 2048, 128),
            measure("screen_inches|screen", 11, 17),
            measure("weight_kg", 1, 3),
            cash("price|price_usd", 290, 2900),
            flag("touchscreen|has_touchscreen"),
            whole("warranty_years|warranty", 2, 5),
            several("ports", "HDMI/USB-C/Ethernet/USB-A/SD card/audio jack"),
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
            text(
                "city|city_name",
                "Port %last/New %last/%last City/Saint %first/%adj Bay/%noun Falls",
            ),
            text("country", "%country"),
            whole("population|inhabitants", 20000, 990000, 1000),
            text("mayor", "%person"),
            text("river", "%last River/River %last/%adj River"),
            whole("founded|founding_year", 800, 1890),
            flag("capital|is_capital"),
            measure("area_km2|area", 12, 900),
            several(
                "sights|landmarks",
                "old town/cathedral/city wall/opera house/castle/harbor/botanical garden/clock tower",
            ),
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
            text(
                "trail|trail_name|hike",
                "%noun Loop/%adj Ridge Trail/%last Path/%noun Valley Trail/%adj %noun Way",
            ),
            measure("km|length_km|distance_km", 3, 48),
            whole("climb_m|ascent_m|elevation_gain", 80, 1900, 10),
            measure("hours|duration_hours", 2, 12),
            text("difficulty|grade", "easy/moderate/hard/expert"),
            text("park|region", "%last National Park/%noun Nature Reserve/%adj Hills"),
            flag("dogs|dogs_allowed"),
            several("seasons|best_seasons", "spring/summer/autumn/winter"),
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
            text("athlete|runner|user", "%first/%person"),
            text("activity|sport", "run/swim/bike ride/row/walk"),
            measure("km|distance_km", 2, 60),
            whole("minutes|duration_min", 12, 240),
            whole("calories|kcal", 90, 1800),
            whole("heart_rate|avg_heart_rate", 95, 178),
            text("date|day", "%date/%weekday"),
            flag("indoors|is_indoor"),
            several(
                "friends|partners|training_partners",
                "Ana/Boris/Cleo/Deniz/Erik/Farah/Gil/Heidi/Ivan/Joy",
            ),
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
            text("payer|sender|from", "%person/%company"),
            text("payee|receiver|to", "%person/%company"),
            cash("amount|sum", 15, 4200),
            text("currency", "%currency"),
            text("date|sent_on|transfer_date", "%date"),
            text(
                "reference|note",
                "rent/school fees/order ###/tuition/dinner/car repair/concert tickets",
            ),
            flag("urgent|is_urgent|express"),
            measure("fee|bank_fee", 1, 12),
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
            text("project|package|software", "%brand/lib%tool/%tool-kit/py%tool"),
            text("version", "#.#/#.#.#/#.1#.0/v#.#"),
            text("released|release_date|date", "%iso/%date"),
            text("license|licence", "MIT/Apache-2.0/GPL-3.0/BSD-3-Clause/MPL-2.0"),
            whole("downloads|download_count", 200, 90000),
            whole("bugs_fixed|fixes", 2, 60),
            flag("stable|is_stable"),
            several("languages|written_in", "Rust/Python/Go/Java/C/Kotlin/Ruby/Swift"),
            text("maintainer|author", "%person"),
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
            text("app|app_name", "%brand Notes/%brand Maps/%noun Diary/Pocket %noun/Easy%noun"),
            text("reviewer|user|written_by", "%first/%person/user###"),
            whole("stars|rating", 2, 5),
            text("date|reviewed_on", "%date"),
            text("platform|system", "Android/iOS/Windows/macOS/Linux"),
            text("version|app_version", "#.#/#.#.#"),
            flag("recommends|would_recommend"),
            whole("likes|helpful_votes", 2, 300),
            several(
                "pros|strengths", "speed/design/search/offline mode/widgets/sync/dark mode/price"
            ),
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
            text(
                "drug|medicine|medication",
                "Amoril/Benzacor/Cetrafen/Doxalin/Ferrolax/Ibrexan/Lorvidol/Metacin/Nasolev/Tramexil",
            ),
            text("patient|for_patient", "%person"),
            whole("dose_mg|mg", 5, 800, 5),
            whole("times_per_day|daily_doses", 2, 6),
            whole("days|duration_days", 3, 30),
            flag("with_food|take_with_food"),
            text("doctor|prescribed_by", "Dr. %last"),
            several("side_effects", "nausea/drowsiness/dry mouth/headache/rash/insomnia"),
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
            text(
                "bird|species",
                "kingfisher/barn owl/grey heron/osprey/goldfinch/black stork/robin/crane/puffin/hoopoe",
            ),
            whole("count|number_seen", 2, 90),
            text("observer|seen_by|watcher", "%person"),
            text("place|site|location", "%noun Lake/%last Marsh/%noun Point/%adj Bay"),
            text("date|seen_on", "%date"),
            text("time|seen_at", "0#:%minute/1#:%minute"),
            flag("photographed|has_photo"),
            measure("distance_m|distance", 5, 200),
            several(
                "behaviors|behaviours", "feeding/singing/nesting/preening/diving/hunting/resting"
            ),
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
