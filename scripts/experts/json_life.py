"""Domains of training: people, homes, trade and leisure."""

from __future__ import annotations

from experts.json_world import Domain, cash, flag, measure, several, text, whole

LIFE: tuple[Domain, ...] = (
    Domain(  # people
        (
            text("name|full_name|person", "%person"),
            whole("age", 18, 79),
            text(
                "job|profession|occupation",
                "nurse/architect/baker/teacher/plumber/editor/pilot/chemist/gardener/lawyer/dentist/welder",
            ),
            text("street", "%street"),
            text("city|town|home_city", "%city"),
            flag("member|is_member"),
            whole("children|num_children", 2, 6),
            several(
                "hobbies|interests|tags",
                "jazz/chess/rowing/pottery/cycling/poetry/hiking/opera/baking/sailing/judo/yoga/karaoke",
            ),
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
            text(
                "product|item|product_name",
                "desk lamp/kettle/backpack/office chair/blender/umbrella/headset/toaster/tent/water bottle/rug",
            ),
            text("brand|maker", "%brand"),
            cash("price|cost|unit_price", 5, 240),
            text("color|colour", "%color"),
            whole("stock|units_left|quantity", 2, 400),
            measure("width_cm", 8, 90),
            measure("height_cm", 8, 120),
            flag("waterproof|is_waterproof"),
            several(
                "materials",
                "steel/cotton/bamboo/glass/leather/nylon/oak/wool/aluminium/rubber/cork",
            ),
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
            text("flight|flight_number", "TK ###/LH ####/BA ##/AF ###/KL ####/@@ ###/@@####"),
            text("origin|from|departure_city", "%city"),
            text("destination|to|arrival_city", "%city"),
            text("departs|departure_time", "%time"),
            text("gate", "@#/@1#/#"),
            whole("seats_left|free_seats", 2, 60),
            flag("delayed|is_delayed"),
            cash("fare|price", 39, 890),
            text("airline|carrier", "%brand Air/%brand Airways/Air %brand"),
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
            text(
                "dish|recipe|recipe_name",
                "lentil soup/apple pie/paella/fish curry/pad thai/onion tart/beef stew/falafel/risotto/ramen/waffles",
            ),
            whole("servings|serves", 2, 12),
            whole("prep_minutes", 5, 45, 5),
            whole("cook_minutes", 10, 180, 5),
            flag("vegan|is_vegan"),
            text("difficulty|level", "easy/medium/hard"),
            several(
                "ingredients",
                "garlic/butter/lemon/rice/ginger/basil/cumin/onion/flour/cream/parsley/saffron/chili",
            ),
            text("author|chef", "%person"),
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
            text("guest|booked_by|name", "%person"),
            whole("party_size|guests|people", 2, 14),
            text("date|day", "%date/%weekday"),
            text("time|booking_time", "1#:%minute/2%two:%minute"),
            text(
                "restaurant|place",
                "Casa %last/Café %noun/The %adj Fork/Trattoria %last/%noun Bistro",
            ),
            flag("outdoor|outside|terrace"),
            text("phone|contact", "555-0##/555-1###/07## ### ###"),
            several("allergies", "nuts/gluten/shellfish/milk/eggs/soy/sesame/celery"),
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
            text("invoice|invoice_number|number", "INV-####/INV-##/F-###/2026-1##/@-###"),
            text("customer|client", "%company"),
            text("city|billing_city", "%city"),
            cash("amount|total", 40, 4800),
            text("currency", "%currency"),
            text("due|due_date", "%date"),
            flag("paid|is_paid|settled"),
            several(
                "items|lines",
                "paper/toner/chairs/cables/desks/monitors/cleaning/delivery/training/design work",
            ),
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
            text("city|location|place", "%city"),
            text("day|date", "%weekday/%date"),
            whole("low|min_temp", -12, 9),
            whole("high|max_temp", 10, 36),
            flag("rain|rainy"),
            whole("wind_kmh", 3, 80),
            text("wind_direction", "north/south/east/west/north-west/south-east"),
            measure("humidity|humidity_percent", 20, 98),
            text("sky|conditions", "cloudy/clear/overcast/foggy/hazy/sunny"),
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
            text(
                "role|job_title|position",
                "data analyst/truck driver/head chef/web developer/sales manager/editor/electrician/accountant/nurse",
            ),
            text("company|employer", "%company"),
            text("city|location|office", "%city"),
            whole("salary|yearly_salary", 28000, 98000, 500),
            text("currency", "%currency"),
            flag("remote|is_remote"),
            whole("years|min_experience|experience_years", 2, 9),
            several(
                "skills|requirements",
                "Excel/Python/German/SQL/driving/teamwork/welding/accounting/French/design/first aid",
            ),
            text("deadline|apply_by", "%date"),
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
            text("title|book|book_title", "%title"),
            text("author|written_by|writer", "%person"),
            whole("year|published|pub_year", 1890, 2025),
            whole("pages|page_count", 90, 880),
            text("publisher", "%brand Press/%brand Books/%last & %last"),
            text("language", "%language"),
            flag("hardcover|is_hardcover"),
            cash("price|cost", 6, 45),
            several(
                "genres|tags",
                "mystery/romance/history/fantasy/horror/travel/satire/memoir/science fiction/poetry",
            ),
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
            text("film|movie|title", "%title"),
            text("director|directed_by", "%person"),
            whole("year|release_year", 1950, 2025),
            whole("minutes|runtime|duration_min", 78, 210),
            measure("rating|score", 2, 9),
            flag("subtitled|has_subtitles"),
            several(
                "cast|actors|stars",
                "Ada Brook/Leo Marsh/Nina Falk/Ravi Sen/Tom Hale/Eva Lund/Juan Paz/Kim Doran/Lila Stone/Max Orr",
            ),
            text("country|made_in", "%country"),
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
            text("listing|listing_id|ref", "H-###/REF ####/@@-##/L####"),
            text("street", "%street"),
            text("city|town", "%city"),
            whole("rent|monthly_rent", 450, 3200, 10),
            whole("bedrooms|beds", 2, 6),
            measure("area_m2|size_m2", 35, 260),
            flag("furnished|is_furnished"),
            flag("pets|pets_allowed"),
            several(
                "features|amenities",
                "balcony/garage/garden/cellar/fireplace/lift/pool/terrace/solar panels",
            ),
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
            text("model|car|car_model", "%brand #00/%brand GT/%brand @#/%brand %noun/%brand Mini"),
            whole("year|built", 1995, 2024),
            whole("km|mileage_km|mileage", 4000, 240000, 500),
            cash("price|asking_price", 900, 28000),
            text("fuel|fuel_type", "petrol/diesel/electric/hybrid"),
            text("color|paint", "%color"),
            flag("accident_free|no_accidents"),
            text("seller|owner", "%person"),
            several(
                "extras|options",
                "sunroof/heated seats/tow bar/navigation/roof rack/parking camera/alloy wheels",
            ),
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
            text(
                "band|artist|act",
                "The %adj %beasts/%brand Trio/%first %last/%noun Collective/%adj %noun",
            ),
            text("venue|hall", "%noun Hall/%last Arena/Club %noun/The %noun Room"),
            text("city", "%city"),
            text("date|when", "%date"),
            text("doors|doors_open", "17:%minute/18:%minute/19:%minute/20:%minute/21:%minute"),
            cash("ticket_price|price", 12, 160),
            flag("sold_out|is_sold_out"),
            several(
                "support|opening_acts",
                "Blue Kite/Nora Fell/Low Tide/Static Fox/Paper Moon/The Locals/Mint Club",
            ),
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
            text("guest|guest_name", "%person"),
            text("hotel", "Hotel %last/%noun Inn/The %adj Palace/%city Lodge/%brand Suites"),
            text("check_in|arrival", "%date"),
            whole("nights", 2, 21),
            text("room|room_number", "#0#/1##/2%eight#"),
            flag("breakfast|with_breakfast"),
            cash("rate|price_per_night", 45, 320),
            several(
                "requests|extras",
                "late checkout/extra pillows/baby cot/sea view/quiet floor/airport pickup/parking",
            ),
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
            text(
                "pet|pet_name|name",
                "Bella/Milo/Luna/Rocky/Coco/Simba/Daisy/Nero/Pixel/Mocha/Biscuit/Olive/Ziggy/Pepper/Shadow",
            ),
            text("species|animal", "dog/cat/rabbit/parrot/hamster/ferret/tortoise"),
            whole("age|age_years", 2, 15),
            measure("weight_kg|weight", 1, 40),
            text("color|coat", "%color"),
            flag("vaccinated|is_vaccinated"),
            flag("good_with_children|likes_children"),
            text("shelter|location", "%noun Shelter/%city Shelter/%last Animal Home"),
            several("traits|tags", "playful/calm/shy/curious/loyal/noisy/gentle/clever"),
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
            text(
                "course|course_name",
                "Intro to Statistics/Modern Poetry/Watercolor Basics/Organic Chemistry/Game Design/World History/Linear Algebra",
            ),
            text("teacher|instructor|taught_by", "%person"),
            whole("weeks|duration_weeks", 3, 24),
            text("weekday|day", "%weekday"),
            text("time|start_time", "%worktime"),
            whole("seats|capacity", 8, 120),
            flag("online|is_online"),
            cash("fee|price", 40, 900),
            several(
                "topics",
                "logic/colour/rhythm/proofs/maps/atoms/sonnets/wars/vectors/levels/sampling",
            ),
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
            text("home|home_team", "%city United/%city FC/%city Rovers/Real %city/%city Town"),
            text(
                "away|away_team|visitors",
                "%city Athletic/%city City/%city Wanderers/Sporting %city",
            ),
            whole("home_goals", 0, 5),
            whole("away_goals", 0, 5),
            text("stadium|ground", "%last Park/%noun Stadium/%last Field"),
            whole("attendance|crowd|spectators", 900, 61000),
            flag("extra_time|went_to_extra_time"),
            text("referee", "%person"),
            several(
                "scorers|goal_scorers", "Ibarra/Keane/Lund/Moss/Nash/Pires/Roth/Tadić/Vance/Weir"
            ),
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
)
