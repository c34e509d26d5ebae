"""The worlds that SQL questions are asked about.

A table is `plural singular: column …`; the first text column is what "which …" asks for. Columns:
`name@pool` text from a pool, `name#low-high` whole number, `name$low-high` decimal, `name%` date, `name>table` foreign key.
"""

from __future__ import annotations

TRAIN = """
customers customer: name@person country@country city@city age#18-90 email@email
orders order: customer_id>customers product@product quantity#1-20 total$5-900 order_date% status@order_status

employees employee: name@person department@department job_title@job salary#20000-150000 hire_date% city@city
projects project: title@project leader_id>employees budget#1000-500000 start_date% status@project_status

authors author: name@person nationality@country birth_year#1850-2000
books book: title@title author_id>authors genre@genre pages#80-1200 price$4-60 year#1900-2024
loans loan: book_id>books reader@person loan_date% days#1-60

students student: name@person major@subject grade_year#1-6 gpa$1-4 city@city
courses course: title@course department@subject credits#1-10 teacher@person
enrollments enrollment: student_id>students course_id>courses score#0-100 semester@semester

movies movie: title@title director@person genre@genre year#1950-2024 rating$1-10 duration#60-240
reviews review: movie_id>movies reviewer@person stars#1-5 review_date%

hotels hotel: name@hotel city@city stars#1-5 rooms#10-600
bookings booking: hotel_id>hotels guest@person nights#1-21 price$40-3000 check_in% status@booking_status

patients patient: name@person gender@gender age#1-99 blood_type@blood city@city
visits visit: patient_id>patients doctor@person diagnosis@diagnosis cost$20-2000 visit_date%

players player: name@person team_id>teams position@position age#16-42 goals#0-60 salary#10000-900000
teams team: name@team city@city founded#1880-2015 coach@person

products product: name@product category@category price$1-2000 stock#0-500 brand@brand
suppliers supplier: name@company country@country rating$1-5
shipments shipment: product_id>products supplier_id>suppliers quantity#1-1000 ship_date%

cars car: model@car brand@brand color@color year#1990-2024 price#2000-90000 mileage#0-300000
sales sale: car_id>cars buyer@person sale_price#2000-95000 sale_date%

flights flight: flight_number@flight airline@company origin@city destination@city distance#150-12000 seats#50-400
passengers passenger: name@person flight_id>flights seat_class@seat_class age#1-95 nationality@country

restaurants restaurant: name@restaurant cuisine@cuisine city@city rating$1-5 capacity#10-300
dishes dish: name@dish restaurant_id>restaurants price$3-80 calories#80-1600

artists artist: name@person country@country genre@music
albums album: title@title artist_id>artists year#1960-2024 sales#1000-9000000
songs song: title@title album_id>albums duration#90-600 plays#0-900000

accounts account: owner@person branch@city type@account_type balance$0-90000 opened%
transactions transaction: account_id>accounts amount$1-5000 kind@transaction_kind transaction_date%

houses house: address@address city@city bedrooms#1-8 area#30-600 price#50000-2000000 year_built#1900-2024
agents agent: name@person agency@company commission$1-9

farms farm: name@farm region@region area#5-900 owner@person
crops crop: name@crop farm_id>farms yield$1-90 season@season

users user: username@username country@country followers#0-90000 joined% plan@plan
posts post: title@title user_id>users likes#0-5000 views#0-90000 created_at%

museums museum: name@museum city@city founded#1750-2015 visitors#1000-900000
exhibits exhibit: title@title museum_id>museums era@era value#1000-9000000

countries country: name@country continent@continent population#50000-900000000 area#500-9000000
cities city: name@city country_id>countries population#5000-9000000 mayor@person

tickets ticket: subject@issue priority@priority status@ticket_status customer@person created_at% hours#1-90
technicians technician: name@person skill@skill level#1-5

games game: title@title platform@platform genre@game_genre price$5-80 release_year#1990-2024 score#10-100
purchases purchase: game_id>games buyer@person amount$5-80 purchase_date%

devices device: name@device type@device_type location@room battery#0-100 installed%
readings reading: device_id>devices temperature$-20-60 humidity#5-100 recorded_at%

members member: name@person gym_city@city plan@plan age#16-80 join_date%
classes class: name@sport trainer@person capacity#5-40 price$5-40

invoices invoice: client@company amount$50-20000 currency@currency due_date% status@invoice_status
payments payment: invoice_id>invoices amount$10-9000 method@payment_method paid_on%

pets pet: name@pet species@species age#0-20 weight$1-60 owner_id>owners
owners owner: name@person city@city phone@phone

warehouses warehouse: name@warehouse city@city capacity#100-90000
items item: name@product warehouse_id>warehouses quantity#0-900 unit_price$1-400
"""

TEST = """
vessels vessel: name@ship flag@country length#20-400 built#1960-2024 captain@person
voyages voyage: vessel_id>vessels port@city cargo_tons#100-90000 departure%

satellites satellite: name@satellite operator@company orbit@orbit mass#50-7000 launch_year#1980-2024
missions mission: satellite_id>satellites goal@goal budget$1-900 manager@person

trails trail: name@trail region@region difficulty@difficulty distance$1-90 elevation#10-3000
hikes hike: trail_id>trails hiker@person minutes#20-900 hike_date%

wines wine: name@wine grape@grape vintage#1970-2022 price$5-400 points#70-100 winery_id>wineries
wineries winery: name@winery region@region country@country hectares#2-500

lawyers lawyer: name@person specialty@law years#1-45 hourly_rate#60-900
cases case_file: title@case lawyer_id>lawyers court@city outcome@outcome hours#2-900

machines machine: model@machine factory@city power#1-900 weight#10-9000 purchased%
repairs repair: machine_id>machines mechanic@person cost$20-9000 repair_date% cause@cause

festivals festival: name@festival town@city attendance#200-90000 ticket_price$5-300
concerts concert: band@band festival_id>festivals stage@stage minutes#20-180 fee#100-90000

species species_entry: name@animal family@family habitat@habitat lifespan$1-90 weight$1-4000
sightings sighting: species_id>species observer@person park@park animals#1-60 seen_on%

elections election: district@region year#1980-2024 voters#1000-900000
candidates candidate: name@person election_id>elections party@party votes#10-400000 age#25-85

bridges bridge: name@bridge river@river length#30-9000 opened#1850-2023 material@material
inspections inspection: bridge_id>bridges inspector@person score#0-100 inspected_on%
"""

POOLS = {
    "country": "Spain France Italy Germany Brazil Japan Canada Mexico India Kenya Norway Portugal Peru Egypt Poland Greece",
    "city": "Madrid Paris Rome Berlin Lisbon Tokyo Toronto Lima Cairo Oslo Boston Dublin Vienna Prague Porto Seoul Austin Denver",
    "department": "Sales Marketing Engineering Finance Support Legal Research Logistics",
    "job": "Engineer|Analyst|Manager|Designer|Accountant|Sales Rep|Technician",
    "project": "Apollo Phoenix Atlas Orion Mercury Titan Nova Zephyr Falcon Aurora",
    "project_status": "active completed planned cancelled",
    "order_status": "pending shipped delivered cancelled paid",
    "booking_status": "confirmed cancelled pending",
    "invoice_status": "paid unpaid overdue draft",
    "ticket_status": "open closed waiting solved",
    "priority": "low medium high urgent",
    "genre": "Drama Comedy Thriller Fantasy Mystery Romance Horror Biography",
    "music": "Rock Jazz Pop Classical Folk Metal Blues",
    "game_genre": "Puzzle Strategy Racing Adventure Sports Shooter",
    "platform": "PC Switch PlayStation Xbox Mobile",
    "subject": "Physics Biology History Mathematics Chemistry Economics Philosophy",
    "course": "Algebra|Optics|Genetics|World History|Statistics|Logic|Calculus|Ecology",
    "semester": "spring autumn summer winter",
    "gender": "male female",
    "blood": "A+ A- B+ B- O+ O- AB+",
    "diagnosis": "flu asthma diabetes migraine allergy fracture",
    "position": "goalkeeper defender midfielder forward",
    "category": "Electronics Toys Clothing Furniture Sports Garden Kitchen",
    "brand": "Acme Zenith Nordic Lumina Vertex Solaris Kraft Bolt",
    "product": "Laptop|Lamp|Desk|Camera|Backpack|Phone|Chair|Kettle|Headphones|Watch|Monitor|Tent",
    "color": "red blue black white silver green",
    "car": "Corsa Falcon Civic Astra Polo Impala Tigra Micra Vega",
    "seat_class": "economy business first",
    "cuisine": "Italian Mexican Indian Chinese French Thai Greek",
    "dish": "Lasagna Tacos Curry Ramen Paella Risotto Burger Salad Falafel",
    "account_type": "savings checking business student",
    "transaction_kind": "deposit withdrawal transfer fee",
    "region": "North South East West Highlands Coast Valley",
    "crop": "wheat corn barley soy potatoes carrots rice",
    "season": "spring summer autumn winter",
    "plan": "free basic premium pro",
    "era": "Roman Medieval Renaissance Baroque Modern Ancient",
    "continent": "Europe Asia Africa Oceania America",
    "issue": "Login fails|Broken link|Slow page|Wrong invoice|No sound|Lost password",
    "skill": "networking databases hardware security printing",
    "device": "Sensor-1 Sensor-2 Probe-7 Meter-3 Gauge-9 Hub-4 Cam-5",
    "device_type": "thermometer camera meter switch lock",
    "room": "kitchen garage office attic cellar hall",
    "sport": "Yoga Pilates Boxing Spinning Zumba Judo",
    "currency": "EUR USD GBP JPY",
    "payment_method": "card cash transfer cheque",
    "pet": "Rex Luna Bella Max Coco Milo Nala Simba",
    "species": "dog cat rabbit parrot hamster",
    "orbit": "LEO GEO MEO polar",
    "goal": "weather mapping navigation research telecom",
    "difficulty": "easy moderate hard extreme",
    "grape": "Merlot Malbec Syrah Riesling Tempranillo Chardonnay",
    "law": "tax criminal family labor patent",
    "outcome": "won lost settled dismissed",
    "cause": "wear overheating leak collision rust",
    "stage": "Main Forest Lake River Arena",
    "family": "felidae canidae ursidae cervidae mustelidae",
    "habitat": "forest desert tundra savanna wetland",
    "park": "Ridge|Blue Lake|Pine Hill|Delta|Stone Creek",
    "party": "Green Liberal Labour Unity Progress",
    "river": "Danube Rhine Tagus Elbe Douro Loire",
    "material": "steel stone wood concrete",
    "satellite": "Helios-2 Vega-1 Astra-9 Terra-5 Luna-3 Sol-8 Iris-4",
    "machine": "Lathe-X Press-4 Drill-Z Crane-8 Mixer-2 Saw-M",
}

FIRST = "Ann Bob Carla David Elena Felix Grace Hugo Irene Jonas Karen Liam Marta Nina Oscar Paula Ravi Sofia Tom Vera".split()
LAST = "Lee Smith Garcia Novak Brown Silva Kim Rossi Meyer Clark Patel Lopez Weber Adams Costa Young".split()
WORDS = (
    "Silver Golden Hidden Silent Northern Broken Summer Winter Crimson Distant Lost Bright Ancient Wild "
    "Emerald Quiet Lucky Royal Sunny Iron"
).split()
THINGS = (
    "River Garden Star Harbor Road Forest Mirror Castle Bridge Island Storm Valley Letter Moon Lantern Falcon Crown Tower Echo Dream"
).split()

SUPERLATIVES = {
    "price": ("most expensive", "cheapest", "more expensive than {}", "cheaper than {}"),
    "unit_price": ("most expensive", "cheapest", "more expensive than {}", "cheaper than {}"),
    "age": ("oldest", "youngest", "older than {}", "younger than {}"),
    "salary": ("best paid", "worst paid", "earning more than {}", "earning less than {}"),
    "weight": ("heaviest", "lightest", "heavier than {}", "lighter than {}"),
    "mass": ("heaviest", "lightest", "heavier than {}", "lighter than {}"),
    "length": ("longest", "shortest", "longer than {}", "shorter than {}"),
    "duration": ("longest", "shortest", "longer than {}", "shorter than {}"),
    "distance": ("longest", "shortest", "longer than {}", "shorter than {}"),
    "area": ("largest", "smallest", "larger than {}", "smaller than {}"),
}
"""What English says for a column, where it has words of its own: highest, lowest, above, below."""
