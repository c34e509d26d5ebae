"""Domains of training: sports, outings and celebrations."""

from __future__ import annotations

from experts.json_world import Domain, cash, flag, measure, several, text, whole

SPORT: tuple[Domain, ...] = (
    Domain(  # marathons
        (
            text(
                "marathon|race|running_event",
                "%city Marathon/%noun Marathon/%noun Run/%city Night Run/%adj Mile",
            ),
            text("men_winner|winner_men|mens_champion", "%person"),
            text("women_winner|winner_women|womens_champion", "%person"),
            whole("men|male_runners", 200, 6000),
            whole("women|female_runners", 200, 6000),
            text("date|race_date|held_on", "%date"),
            cash("fee|entry_fee", 20, 180),
            flag("sold_out|is_full"),
            several(
                "drinks|refreshments", "water/cola/tea/juice/broth/lemonade/coffee/cocoa/iced tea"
            ),
        ),
        (
            (
                "{men_winner} won the {marathon} among the men[, {women_winner} among the women].[ It was run on {date}.]"
                "[ {sold_out?Every place was taken|Places were still free}.]"
            ),
            (
                "The women's race of the {marathon} went to {women_winner}[, the men's to {men_winner}]."
                "[ {women} women[ and {men} men] took part.]"
            ),
            "On {date}, {men} men[ and {women} women] ran the {marathon}.[ A place cost {fee} euros.][ Runners got {drinks} on the way.]",
            "{marathon}: {date}[, entry ${fee}][, {sold_out?sold out|not sold out}][, {men} men][, {women} women][, drinks: {drinks}]",
            (
                "To join the {marathon} you pay {fee} dollars[, and {sold_out?no places are left|there are still places}]."
                "[ There will be {drinks} along the road.][ The day is {date}.]"
            ),
            (
                "There was {drinks} for everyone at the {marathon}[ on {date}].[ Fastest woman: {women_winner}.]"
                "[ Fastest man: {men_winner}.]"
            ),
            (
                "{women} female[ and {men} male] runners came to the {marathon}[, which {sold_out?was full|was not full}]."
                "[ {women_winner} beat the other women.][ First of the men: {men_winner}.]"
            ),
            (
                "With {men_winner} the first man[ and {women_winner} the first woman] home, the {marathon} is over."
                "[ Entry had been ${fee}.][ At the start: {women} women, {men} men.]"
            ),
        ),
        ("winners", ("men_winner", "women_winner")),
    ),
    Domain(  # tennis matches
        (
            text(
                "tournament|tennis_tournament|cup",
                "%city Open/%city Masters/%noun Cup/%adj %noun Cup/%brand Classic",
            ),
            text("winner|won_by|victor", "%person"),
            text("loser|beaten_player|defeated", "%person"),
            text("score|result", "6-2 6-4/7-5 6-3/6-1 7-6/6-4 6-4/6-0 6-3/7-6 6-2/6-3 7-5/6-2 6-1"),
            whole("minutes|duration_min", 48, 230),
            whole("winner_aces|aces_of_winner", 2, 29),
            whole("loser_aces|aces_of_loser", 2, 29),
            flag("rain_break|interrupted_by_rain"),
            several(
                "channels|shown_on|broadcasters",
                "Sport One/Kanal 5/TV Nova/Arena/Prime/Channel 4/Vista/Rete 8",
            ),
        ),
        (
            (
                "{winner} beat {loser} {score} at the {tournament}[ in {minutes} minutes]."
                "[ {rain_break?Rain stopped play for a while|It stayed dry throughout}.]"
            ),
            (
                "{loser} lost to {winner} at the {tournament}[ ({score})].[ The <loser/beaten player> served {loser_aces} aces"
                "[, the winner {winner_aces}].]"
            ),
            (
                "At the {tournament}, {loser} was beaten by {winner}[ after {minutes} minutes]."
                "[ {winner_aces} aces for the winner[, {loser_aces} for the loser].][ Seen live on {channels}.]"
            ),
            (
                "{tournament}: {score}[, winner {winner}][, loser {loser}][, {minutes} min][, {rain_break?rain break|no rain break}]"
                "[, on TV: {channels}]"
            ),
            (
                "It took {winner} {minutes} minutes to knock {loser} out of the {tournament}"
                "[, {rain_break?with a break for rain|without any rain}].[ Final score: {score}.]"
            ),
            (
                "For {loser} there was no way past {winner} at the {tournament}.[ The winner hit {winner_aces} aces"
                "[ against {loser_aces} from the other side].][ Watch it on {channels}.]"
            ),
            (
                "{channels} showed how {winner} sent {loser} home from the {tournament}[ with {score}]."
                "[ {rain_break?A shower held the match up|No shower held the match up}.]"
            ),
            (
                "{score} was how it ended at the {tournament}.[ Defeated: {loser}[, with {loser_aces} aces].]"
                "[ Victorious: {winner}[, with {winner_aces} aces].]"
            ),
        ),
        ("aces", ("winner_aces", "loser_aces")),
    ),
    Domain(  # swimming races
        (
            text(
                "discipline|swim_event|swimming_race",
                "100 m freestyle/200 m backstroke/50 m butterfly/400 m medley/200 m butterfly/50 m freestyle/100 m breaststroke",
            ),
            text("gold|first_place|winner", "%person"),
            text("silver|second_place|runner_up", "%person"),
            text("city|held_in|host_city", "%city"),
            whole("lane|winner_lane|winning_lane", 2, 8),
            measure("water_temp|water_celsius", 17, 29),
            measure("air_temp|air_celsius", 14, 33),
            flag("record|new_record|record_broken"),
            several(
                "nations|countries",
                "Peru/Japan/Italy/Kenya/Chile/Norway/France/Canada/Egypt/Ghana/Brazil/Spain",
            ),
        ),
        (
            (
                "{gold} won the {discipline} ahead of {silver}[ in {city}].[ The winner swam in lane {lane}.]"
                "[ {record?A record fell|No record fell}.]"
            ),
            (
                "Behind {gold}, {silver} took second place in the {discipline}.[ The pool was at {water_temp} degrees"
                "[, the air at {air_temp}].]"
            ),
            (
                "{silver} touched the wall just after {gold}[, who had lane {lane},] in the {discipline}[ at {city}]."
                "[ The field came from {nations}.]"
            ),
            (
                "{discipline}[, {city}]: gold {gold}[, silver {silver}][, {record?new record|no record}][, water {water_temp} °C]"
                "[, air {air_temp} °C]"
            ),
            (
                "It was {air_temp} degrees outside[ and {water_temp} in the water] when {city} hosted the {discipline}."
                "[ Gold went to {gold}[, silver to {silver}].]"
            ),
            "Swimmers from {nations} met in the {discipline}[ in {city}].[ Silver: {silver}.][ Gold: {gold}[, lane {lane}].]",
            (
                "Lane {lane} brought luck to {gold}, the winner of the {discipline}[ in water of {water_temp} degrees]."
                "[ {record?Nobody has ever been faster|The old record still stands}.][ {silver} finished second.]"
            ),
            (
                "Second in the {discipline}: {silver}. First: {gold}.[ The best time ever {record?was beaten|was not beaten}.]"
                "[ Taking part: {nations}.][ It was {air_temp} degrees outside.]"
            ),
        ),
        ("temperature", ("water_temp", "air_temp")),
    ),
    Domain(  # cycling stages
        (
            whole("stage|stage_number|stage_no", 2, 21),
            text("start_town|from_town|starts_in", "%city"),
            text("finish_town|to_town|ends_in", "%city"),
            measure("distance_km|length_km", 90, 240),
            whole("climb_m|ascent_m|total_climb", 400, 4900, 50),
            text("stage_winner|won_by|day_winner", "%person"),
            text("leader|yellow_jersey|overall_leader", "%person"),
            flag("sprint_finish|bunch_sprint"),
            several(
                "passes|climbs|mountains",
                "Galibier/Izoard/Stelvio/Tourmalet/Aubisque/Ventoux/Gavia/Pordoi/Furka/Mortirolo",
            ),
        ),
        (
            (
                "Stage {stage} went from {start_town} to {finish_town}[ over {distance_km} km][ and was won by {stage_winner}]."
                "[ {leader} leads overall.]"
            ),
            (
                "{stage_winner} won stage {stage}[ in {finish_town}][ {sprint_finish?in a bunch sprint|all alone}]."
                "[ The yellow jersey is worn by {leader}.]"
            ),
            (
                "The riders reach {finish_town} on stage {stage}[, having set off in {start_town}].[ They gain {climb_m} metres in height.]"
                "[ On the way: {passes}.]"
            ),
            (
                "Stage {stage}: {start_town} - {finish_town}[, {distance_km} km][, {climb_m} m up][, winner {stage_winner}]"
                "[, leader {leader}]"
            ),
            (
                "{leader} keeps the overall lead after stage {stage}[, on which {stage_winner} was the fastest]."
                "[ The day ended {sprint_finish?with a sprint|without a sprint}[ in {finish_town}].]"
            ),
            (
                "Over {passes} the race leaves {start_town} on stage {stage}[ for {finish_town}].[ It is {distance_km} kilometres long"
                "[ with {climb_m} metres of climbing].]"
            ),
            (
                "{distance_km} km separate {finish_town} from {start_town}, where stage {stage} begins."
                "[ {sprint_finish?A mass sprint ends it|No mass sprint ends it}.][ The riders cross {passes}.]"
            ),
            (
                "With {leader} in the lead overall, {stage_winner} took the day's win on stage {stage}.[ {start_town} waved the riders off"
                "[ and {finish_town} welcomed them].]"
            ),
        ),
        ("towns", ("start_town", "finish_town")),
    ),
    Domain(  # chess opponents
        (
            whole("board|board_number|table", 2, 40),
            text("white|white_player|plays_white", "%person"),
            text("black|black_player|plays_black", "%person"),
            whole("white_rating|rating_white", 1400, 2700),
            whole("black_rating|rating_black", 1400, 2700),
            text(
                "opening|opening_name",
                "Sicilian/Caro-Kann/London/Ruy Lopez/Pirc/Grünfeld/Catalan/Dutch/Benoni/Italian",
            ),
            whole("moves|move_count", 18, 90),
            flag("drawn|is_draw|ended_in_draw"),
            several(
                "left_on_board|remaining_pieces",
                "queens/rooks/pawns/two knights/one bishop/three pawns/one rook/two bishops",
            ),
        ),
        (
            (
                "On board {board}, {white} had White against {black}.[ They played the {opening}.]"
                "[ {drawn?Neither won|One of them won}[ after {moves} moves].]"
            ),
            (
                "{black} had the black pieces on board {board}[, facing {white} with the white ones].[ Black is rated {black_rating}"
                "[ and White {white_rating}].]"
            ),
            (
                "Board {board}: White {white}[ ({white_rating})], Black {black}[ ({black_rating})][, {opening}][, {moves} moves]"
                "[, {drawn?draw|no draw}]"
            ),
            (
                "The game on board {board} {drawn?ended in a draw|had a winner}[ after {moves} moves of the {opening}]."
                "[ Black was played by {black}[, White by {white}].]"
            ),
            (
                "Against {black}, who took Black[ with a rating of {black_rating}], {white} moved first on board {board}"
                "[ and chose the {opening}].[ Remaining at the end: {left_on_board}.]"
            ),
            (
                "{white}, rated {white_rating}, made the first move on board {board}."
                "[ {black}[, rated {black_rating},] answered with Black.][ The point {drawn?was shared|was not shared}.]"
            ),
            (
                "{moves} moves were made on board {board}, until only {left_on_board} stood beside the kings."
                "[ {black} defended with Black.][ White: {white}.]"
            ),
            (
                "The {opening} was seen on board {board}[, with {white} leading the white army[ and {black} the black one]]."
                "[ White has {white_rating} points[, Black {black_rating}].][ Left at the end: {left_on_board}.]"
            ),
        ),
        ("ratings", ("white_rating", "black_rating")),
    ),
    Domain(  # gym memberships
        (
            text("member|gym_member|member_name", "%person"),
            text("trainer|coach|personal_trainer", "%person"),
            text(
                "plan|plan_name|tariff",
                "Basic/Gold/Silver/Student/Family/Off-Peak/Premium/Flex/Weekend/Senior",
            ),
            cash("monthly_fee|fee_per_month", 15, 120),
            cash("joining_fee|signup_fee", 10, 120),
            text("joined|start_date|member_since", "%date"),
            text("ends|end_date|expires", "%date"),
            flag("frozen|is_paused|on_hold"),
            several(
                "classes|group_classes",
                "yoga/spinning/boxing/pilates/zumba/step/aerobics/stretching/barre/tai chi",
            ),
        ),
        (
            (
                "{member} has been with the gym since {joined}[ and stays until {ends}].[ The {plan} plan costs ${monthly_fee} a month.]"
                "[ {trainer} is the coach.]"
            ),
            "{trainer} trains {member}[ in {classes}].[ The contract {frozen?is on hold|is not on hold}[ and runs out on {ends}].]",
            (
                "On {joined}, {member} signed up[ for the {plan} plan].[ {joining_fee} euros were paid once"
                "[, {monthly_fee} will be due every month].]"
            ),
            (
                "{plan} plan: {member}[, from {joined}][, to {ends}][, ${monthly_fee} monthly][, ${joining_fee} to join]"
                "[, {frozen?paused|not paused}]"
            ),
            (
                "{member} is coached by {trainer}[ and goes to {classes}].[ Every month {monthly_fee} dollars are charged"
                "[, after {joining_fee} at the start].]"
            ),
            (
                "Until {ends}, {member} may come[ to {classes}][ as a(n) {plan} member]."
                "[ Right now the membership {frozen?is suspended|is running}.][ It began on {joined}.]"
            ),
            (
                "A one-off {joining_fee} euros let {member} in[ on {joined}].[ The trainer is called {trainer}.]"
                "[ {frozen?Payments are frozen|Payments go on as normal}.][ Last day: {ends}.]"
            ),
            (
                "Please note, {trainer}: {member} joins you for {classes}[ from {joined}][ on the {plan} plan]."
                "[ The monthly rate is {monthly_fee}[, on top of {joining_fee} for signing up].]"
            ),
        ),
        ("fees", ("monthly_fee", "joining_fee")),
    ),
    Domain(  # ski resorts
        (
            text(
                "resort|ski_resort|ski_area",
                "Mont %noun/%noun Peak/%adj Ridge/Piz %last/%adj Alps/Val %last",
            ),
            whole("lifts|num_lifts|lift_count", 4, 80),
            whole("base_m|base_altitude|valley_m", 600, 2200, 10),
            whole("summit_m|top_altitude|peak_m", 2250, 3900, 10),
            text("opens|season_start|opening_day", "%day"),
            text("closes|season_end|closing_day", "%day"),
            cash("day_pass|day_ticket", 24, 110),
            flag("night_skiing|floodlit"),
            several(
                "other_sports|activities",
                "sledding/snowboarding/curling/skating/snowshoeing/ice climbing/dog sledding/paragliding",
            ),
        ),
        (
            (
                "{resort} rises from {base_m} to {summit_m} metres[ and has {lifts} lifts]."
                "[ The season <runs/lasts> from {opens} to {closes}.]"
            ),
            (
                "The top of {resort} lies at {summit_m} metres[, its valley station at {base_m}]."
                "[ Skiing after dark {night_skiing?is possible|is not possible}.][ A day on the slopes costs {day_pass} euros.]"
            ),
            (
                "From {opens} on, {lifts} lifts carry skiers up {resort}[, until everything shuts on {closes}]."
                "[ You can also try {other_sports}.]"
            ),
            (
                "{resort}: {lifts} lifts[, base {base_m} m][, summit {summit_m} m][, day pass ${day_pass}]"
                "[, {night_skiing?open at night|closed at night}]"
            ),
            (
                "For ${day_pass} a day you can ski at {resort}[, from {base_m} metres at the bottom[ up to {summit_m} at the peak]]."
                "[ Besides skiing there is {other_sports}.]"
            ),
            (
                "Snow lovers find {other_sports} at {resort}[, which closes on {closes}[ and reopens on {opens}]]."
                "[ The slopes {night_skiing?are lit|are not lit} in the evening.]"
            ),
            (
                "{summit_m} metres at the highest point[ and {base_m} at the lowest]: that is {resort}.[ Last day of the season: {closes}.]"
                "[ First day: {opens}.][ Lifts: {lifts}.]"
            ),
            (
                "Guests of {resort} pay {day_pass} dollars for a day ticket"
                "[ and can ski {night_skiing?by floodlight too|in daylight only}]."
                "[ The snow season starts on {opens}[ and is over on {closes}].][ There is {other_sports} too.]"
            ),
        ),
        ("altitude", ("base_m", "summit_m")),
    ),
    Domain(  # camping sites
        (
            text(
                "campsite|camping_site|campground",
                "%adj Pines/Camp %noun/%noun Camping/Lake %last Camping/%adj Meadow",
            ),
            text("town|nearest_town|near", "%city"),
            whole("pitches|num_pitches|places", 12, 300),
            cash("tent_price|price_tent|tent_fee", 8, 60),
            cash("caravan_price|price_caravan|caravan_fee", 8, 60),
            text("check_in|arrive_from|arrival_time", "%worktime"),
            text("check_out|leave_by|departure_time", "%worktime"),
            flag("dogs_allowed|dogs_ok"),
            several(
                "facilities|on_site",
                "a shop/a pool/showers/a kiosk/laundry/Wi-Fi/a playground/a sauna/bike hire/a bar",
            ),
        ),
        (
            (
                "{campsite} near {town} has {pitches} pitches."
                "[ It charges {tent_price} euros for a tent[ and {caravan_price} for a caravan].]"
                "[ Dogs {dogs_allowed?are welcome|must stay at home}.]"
            ),
            (
                "You can arrive at {campsite} from {check_in}[ and have to leave by {check_out}]."
                "[ A caravan costs ${caravan_price} a night[, a tent ${tent_price}].]"
            ),
            (
                "{campsite} ({town})[, in from {check_in}][, out by {check_out}][, {pitches} places]"
                "[, dogs {dogs_allowed?allowed|not allowed}][, tents {tent_price}][, caravans {caravan_price}]"
            ),
            (
                "By {check_out} on the last day, guests must be gone from {campsite}[; new ones are let in from {check_in}]."
                "[ There is room for {pitches} groups.][ On site: {facilities}.]"
            ),
            (
                "For {tent_price} dollars you may put up a tent at {campsite}[ in {town}]"
                "[, {dogs_allowed?with your dog|but not with a dog}].[ You will find {facilities} there.]"
            ),
            (
                "With {facilities} on site, {campsite} draws campers to {town}.[ Caravans pay {caravan_price}[ and tents {tent_price}].]"
                "[ Your dog {dogs_allowed?may come along|may not come along}.]"
            ),
            (
                "Whoever comes with a caravan pays {caravan_price} at {campsite}.[ Departure is at {check_out} at the latest"
                "[, arrival at {check_in} at the earliest].][ Campers have {facilities}.]"
            ),
            (
                "{pitches} families can camp at {campsite}[, just outside {town}].[ The gate opens to newcomers at {check_in}.]"
                "[ Pack up before {check_out}.]"
            ),
        ),
        ("prices", ("tent_price", "caravan_price")),
    ),
    Domain(  # fishing trips
        (
            text(
                "water|fishing_spot|fished_at",
                "Lake %last/River %noun/%noun Lake/%adj Bay/%noun Creek/%adj River",
            ),
            text("guide|guided_by|fishing_guide", "%person"),
            text("angler|guest|client", "%person"),
            text("date|trip_date", "%date"),
            measure("biggest_kg|heaviest_kg|top_weight_kg", 2, 24),
            whole("kept|fish_kept|taken_home", 2, 30),
            whole("released|put_back|fish_released", 2, 30),
            flag("permit|permit_included|with_licence"),
            several(
                "species|fish|fish_types",
                "trout/perch/pike/carp/salmon/eel/bream/cod/mackerel/zander/tench",
            ),
        ),
        (
            "{guide} took a guest, {angler}, fishing at {water}[ on {date}].[ {kept} fish were kept[ and {released} set free].]",
            (
                "{angler} went fishing at {water} with {guide} as the guide.[ The biggest fish weighed {biggest_kg} kg.]"
                "[ They caught {species}.]"
            ),
            (
                "On {date}, {angler} was led to {water}[ by {guide}].[ {released} fish went back into the water[, {kept} into the pan].]"
                "[ The permit {permit?was included|was not included}.]"
            ),
            (
                "{water}[, {date}]: guide {guide}[, guest {angler}][, {kept} kept][, {released} let go][, heaviest {biggest_kg} kg]"
                "[, {permit?with permit|no permit}]"
            ),
            (
                "A fish of {biggest_kg} kilos was the best of the day at {water}[ for {angler}[, whom {guide} guided]]."
                "[ There was also {species}.]"
            ),
            (
                "Hoping for {species}, {angler} hired {guide} for a trip to {water}[ on {date}]."
                "[ A licence {permit?came with it|had to be bought extra}.]"
            ),
            (
                "{guide} knows {water} well.[ {angler}, the client, took {kept} fish home[ after throwing {released} back].]"
                "[ {permit?The price covered a permit|The price covered no permit}.]"
            ),
            (
                "There is {species} in {water}[, as {angler} found out on {date}].[ {guide} showed the way.][ Top weight: {biggest_kg} kg.]"
                "[ Let go: {released}. Eaten: {kept}.]"
            ),
        ),
        ("catch", ("kept", "released")),
    ),
    Domain(  # climbing routes
        (
            text(
                "route|route_name|climb", "%adj %noun/%noun of %stuff/%adj %beasts/%noun and %noun"
            ),
            text("grade|difficulty", "5a/5c/6a/6b/6c/7a/7b/7c/8a/8b"),
            text("crag|cliff|rock", "%adj Rock/%last Wall/%noun Cliff/%adj Tower/%last Slab"),
            text("first_climber|first_ascent_by|climbed_by", "%person"),
            text("bolter|bolted_by|equipped_by", "%person"),
            measure("length_m|height_m", 8, 60),
            whole("bolts|num_bolts", 4, 24),
            flag("shady|in_shade"),
            several(
                "gear|equipment",
                "a helmet/slings/nuts/cams/tape/chalk/a long rope/gloves/ten quickdraws",
            ),
        ),
        (
            (
                "{first_climber} was the first to climb {route}[, which {bolter} had bolted].[ It is graded {grade}.]"
                "[ The wall {shady?lies in the shade|gets full sun}.]"
            ),
            (
                "{bolter} put {bolts} bolts into {route}[ at {crag}][, so that {first_climber} could make the first ascent]."
                "[ It is {length_m} metres high.]"
            ),
            (
                "{route} ({grade})[, {length_m} m][, {bolts} bolts][, bolted by {bolter}][, first climbed by {first_climber}]"
                "[, {shady?shady|not shady}]"
            ),
            "At {crag} you find {route}, {length_m} metres of rock[ with {bolts} bolts][ and {shady?much|no} shade].[ Bring {gear}.]",
            (
                "The bolts on {route} were placed by {bolter}.[ The first to reach the top was {first_climber}.]"
                "[ {shady?You climb out of the sun|The sun shines on it all day}.][ Look for it at {crag}.]"
            ),
            "With {gear} on the belt, try {route}[ at {crag}].[ Difficulty: {grade}.][ It goes up {length_m} metres[ past {bolts} bolts].]",
            (
                "Rated {grade}, {route} was equipped by {bolter}[ and first led by {first_climber}].[ You will need {gear}.]"
                "[ {bolts} bolts protect it.]"
            ),
            (
                "{length_m} metres long and {shady?never in the sun|never in the shade}: {route}[ at {crag}].[ {first_climber} did it first"
                "[ once {bolter} had drilled the holes].][ Take {gear}.]"
            ),
        ),
        ("pioneers", ("first_climber", "bolter")),
    ),
    Domain(  # golf rounds
        (
            text(
                "course|golf_course|golf_club",
                "%adj Links/%noun Golf Club/%last Fields/%adj Greens/%city Links",
            ),
            text("player|golfer|played_by", "%person"),
            text("caddie|bag_carrier", "%person"),
            whole("front_nine|first_nine|score_out", 33, 54),
            whole("back_nine|last_nine|score_in", 33, 54),
            whole("handicap|player_handicap", 2, 36),
            cash("green_fee|course_fee", 20, 190),
            flag("hole_in_one|made_ace"),
            several(
                "clubs|clubs_used",
                "driver/putter/sand wedge/3 wood/5 iron/7 iron/9 iron/hybrid/pitching wedge",
            ),
        ),
        (
            (
                "{player} played {course} with {caddie} carrying the bag.[ The first nine holes took {front_nine} strokes"
                "[, the last nine {back_nine}].]"
            ),
            (
                "{caddie} was caddie to {player} at {course}.[ The round {hole_in_one?included|did not include} a hole in one.]"
                "[ The green fee was ${green_fee}.]"
            ),
            (
                "At {course}, {player} needed {back_nine} strokes for the back nine[ and {front_nine} for the front nine]."
                "[ {caddie} was the helper with the clubs.]"
            ),
            (
                "{course}: {player}[, handicap {handicap}][, front {front_nine}][, back {back_nine}][, caddie {caddie}]"
                "[, {hole_in_one?with an ace|no ace}][, clubs: {clubs}]"
            ),
            (
                "A fee of {green_fee} euros opened {course} to {player}[, who has a handicap of {handicap}]."
                "[ The bag was carried by {caddie}.][ In it: {clubs}.]"
            ),
            (
                "With {clubs} on the shoulder, {caddie} followed {player} around {course}."
                "[ {hole_in_one?One drive went straight into the hole|No drive went straight into the hole}.]"
                "[ {green_fee} dollars were paid.]"
            ),
            (
                "{handicap} is the handicap that {player} brought to {course}.[ Second half: {back_nine}.][ First half: {front_nine}.]"
                "[ There {hole_in_one?was a hole in one|was no hole in one}.][ Clubs used: {clubs}.]"
            ),
            (
                "After {front_nine} strokes {player} was halfway around {course}[; {back_nine} more ended the round]."
                "[ Playing there costs {green_fee}.][ The golfer has handicap {handicap}.]"
            ),
        ),
        ("strokes", ("front_nine", "back_nine")),
    ),
    Domain(  # martial arts belts
        (
            text("pupil|student|learner", "%person"),
            text(
                "art|martial_art|style",
                "judo/karate/aikido/taekwondo/hapkido/kendo/jiu-jitsu/kung fu/sambo",
            ),
            text("teacher|sensei|taught_by", "%person"),
            text(
                "old_belt|previous_belt|belt_before",
                "white/yellow/orange/green/blue/purple/brown/red",
            ),
            text(
                "new_belt|current_belt|belt_now", "yellow/orange/green/blue/purple/brown/red/black"
            ),
            text("date|exam_date", "%date"),
            cash("exam_fee|fee|test_fee", 15, 120),
            flag("honours|with_distinction"),
            several(
                "techniques|shown",
                "throws/kicks/locks/kata/sparring/falls/blocks/sweeps/punches/holds",
            ),
        ),
        (
            "{pupil} swapped a(n) {old_belt} belt for a(n) {new_belt} one[ in {art}][ on {date}].[ The teacher is {teacher}.]",
            (
                "{teacher} has a pupil in {art}, {pupil}.[ The new belt is {new_belt}[, the old one was {old_belt}].]"
                "[ The exam cost {exam_fee} euros.]"
            ),
            (
                "On {date}, {pupil} earned the {new_belt} belt[, leaving the {old_belt} one behind]."
                "[ {honours?It was passed with honours|There were no honours}.][ Shown: {techniques}.]"
            ),
            (
                "Exam in {art}: {pupil}[, {date}][, teacher {teacher}][, before: {old_belt}][, now: {new_belt}][, fee {exam_fee}]"
                "[, {honours?distinction|no distinction}]"
            ),
            (
                "After showing {techniques}, {pupil} may wear {new_belt}[ instead of {old_belt}]."
                "[ The pupil has trained under {teacher}.][ The test cost ${exam_fee}.]"
            ),
            (
                "The {old_belt} belt that {pupil} wore until {date} is history.[ From now on it is {new_belt}.]"
                "[ {honours?Special praise was given|No special praise was given}.]"
            ),
            (
                "Trained by {teacher}, {pupil} passed the {art} test[, {honours?with|without} distinction].[ It covered {techniques}.]"
                "[ Down comes the {old_belt} belt[, up goes the {new_belt} one].]"
            ),
            (
                "{exam_fee} dollars is what {pupil} paid for the {art} exam[ of {date}].[ Lessons were given by {teacher}.]"
                "[ The tasks were {techniques}.]"
            ),
        ),
        ("belts", ("old_belt", "new_belt")),
    ),
    Domain(  # amusement rides
        (
            text(
                "ride|ride_name|attraction",
                "%adj %noun/%noun Express/%adj Coaster/%noun Drop/%adj Dragon/%noun Twister",
            ),
            text("park|theme_park|located_in", "%noun Park/%brand World/%adj Gardens/%last Land"),
            whole("min_height_cm|shortest_cm", 90, 145),
            whole("max_height_cm|tallest_cm", 150, 210),
            whole("wait_minutes|queue_minutes|queue_time", 3, 60),
            whole("ride_minutes|duration_min|ride_time", 2, 20),
            measure("top_speed_kmh|max_speed_kmh", 18, 130),
            flag("gets_wet|riders_get_wet|wet"),
            several(
                "effects|warnings",
                "darkness/loud noise/smoke/flashing lights/sharp turns/fire/loops/fog/high drops",
            ),
        ),
        (
            (
                "To go on {ride} you must be at least {min_height_cm} cm tall[ and at most {max_height_cm}]."
                "[ Riders {gets_wet?get soaked|stay dry}.][ The queue takes {wait_minutes} minutes.]"
            ),
            (
                "{park} is home to {ride}[, which goes up to {top_speed_kmh} km/h].[ You wait {wait_minutes} minutes"
                "[ and ride for {ride_minutes}].]"
            ),
            (
                "Anyone over {max_height_cm} cm is too tall for {ride}[, anyone under {min_height_cm} too small]."
                "[ The fun lasts {ride_minutes} minutes.][ Expect {effects}.]"
            ),
            (
                "{ride}, {park}[: {ride_minutes} min on board][, {wait_minutes} min in line][, from {min_height_cm} cm]"
                "[, up to {max_height_cm} cm][, {top_speed_kmh} km/h][, {gets_wet?wet|dry}]"
            ),
            (
                "A trip of {ride_minutes} minutes on {ride} comes after {wait_minutes} in the queue.[ There will be {effects}.]"
                "[ You {gets_wet?will need a towel|will not see a drop of water}.]"
            ),
            (
                "At {top_speed_kmh} km/h, {ride} is the fastest in {park}.[ People stand in line for {wait_minutes} minutes.]"
                "[ Nobody below {min_height_cm} cm[ or above {max_height_cm}] may ride.]"
            ),
            (
                "With {effects}, {ride} is not for everyone.[ You need to measure between {min_height_cm} and {max_height_cm} cm.]"
                "[ It {gets_wet?splashes everybody|splashes nobody}.][ You find it in {park}.]"
            ),
            (
                "People up to {max_height_cm} cm fit into {ride}[ at {park}].[ It is over in {ride_minutes} minutes"
                "[, at {top_speed_kmh} km/h].][ Watch out for {effects}.]"
            ),
        ),
        ("height_limits", ("min_height_cm", "max_height_cm")),
    ),
    Domain(  # birthday parties
        (
            text("celebrant|birthday_of|birthday_person", "%person"),
            text("host|hosted_by|organizer", "%person"),
            whole("turns|new_age|age", 4, 80),
            whole("adults|adult_guests|grown_ups", 2, 30),
            whole("children|child_guests|kids", 2, 30),
            text(
                "starts|start_time|begins_at",
                "11:%minute/12:%minute/13:%minute/14:%minute/15:%minute/16:%minute",
            ),
            text(
                "ends|end_time|over_at",
                "15:%minute/16:%minute/17:%minute/18:%minute/19:%minute/2%two:%minute",
            ),
            flag("surprise|is_surprise|secret"),
            several(
                "gifts|presents|wish_list",
                "books/a kite/a drum/a scarf/socks/a puzzle/a camera/flowers/a watch/paints",
            ),
        ),
        (
            (
                "{host} throws a party for {celebrant}, who turns {turns}.[ It starts at {starts}[ and ends at {ends}].]"
                "[ {surprise?It is a secret|It is no secret}.]"
            ),
            (
                "{celebrant} will be {turns}[ and celebrates at the home of {host}]."
                "[ {adults} adults[ and {children} children] are coming.][ Bring {gifts}.]"
            ),
            (
                "Party for {celebrant}[, {starts} to {ends}][, {children} children][, {adults} adults][, host {host}]"
                "[, {surprise?a surprise|not a surprise}][, gifts: {gifts}]"
            ),
            (
                "{children} kids[ and {adults} grown-ups] celebrate {celebrant}[ with {host} as the host].[ Everybody goes home at {ends}.]"
                "[ Welcome presents: {gifts}.]"
            ),
            (
                "By {ends} the birthday party of {celebrant} will be over[; it begins at {starts}].[ {host} has planned it all.]"
                "[ There are {turns} candles.]"
            ),
            (
                "{celebrant} wishes for {gifts}[ on turning {turns}].[ Invited are {adults} adults[ and {children} children].]"
                "[ It {surprise?is meant as|is not} a surprise.]"
            ),
            (
                "The cake has {turns} candles for {celebrant}.[ {host} opens the door to the guests at {starts}.]"
                "[ {surprise?It is kept secret|It is not kept secret}.]"
            ),
            (
                "Dear guests, {celebrant} {surprise?does not yet know about|already knows about} the party that {host} is giving."
                "[ Come at {starts}[ and stay until {ends}].][ We count {children} children[ and {adults} adults].]"
            ),
        ),
        ("guests", ("adults", "children")),
    ),
    Domain(  # weddings
        (
            text("bride|wife|bride_name", "%person"),
            text("groom|husband|groom_name", "%person"),
            text("date|wedding_date|married_on", "%date"),
            text(
                "ceremony_place|married_at|vows_at",
                "%noun Hall/%adj Chapel/Villa %last/%noun House/Castle %last/%adj Garden",
            ),
            text(
                "party_place|reception_at|celebrated_at",
                "%noun Hall/%adj Barn/Villa %last/%noun House/Castle %last/%adj Garden",
            ),
            whole("guests|guest_count", 12, 250),
            cash("cost|total_cost", 900, 9800),
            flag("live_band|has_band|live_music"),
            several(
                "flowers|bouquet",
                "roses/lilies/tulips/daisies/peonies/orchids/violets/poppies/irises/asters",
            ),
        ),
        (
            "{groom} took {bride} as his wife[ on {date}][ at {ceremony_place}].[ The party was held at {party_place}.]",
            (
                "The bride, {bride}, said yes[ to {groom}][ on {date}].[ They wed at {ceremony_place}[ and danced at {party_place}].]"
                "[ {guests} guests came.]"
            ),
            (
                "Bride: {bride}[; groom: {groom}][; {date}][; vows: {ceremony_place}][; party: {party_place}][; {guests} guests]"
                "[; {live_band?band|no band}]"
            ),
            (
                "On {date}, {bride} became the wife of {groom}[ before {guests} guests].[ {live_band?A band played|No band played}.]"
                "[ The day cost {cost} euros.]"
            ),
            (
                "The feast will be at {party_place}, after {groom} has made {bride} his wife[ at {ceremony_place}].[ Flowers: {flowers}.]"
                "[ {guests} people are invited.]"
            ),
            (
                "With {flowers} in her hands, {bride} said yes[ at {ceremony_place}].[ Her husband is {groom}.]"
                "[ The bill came to {cost} dollars.][ {live_band?Live music was played|There was no live music}.]"
            ),
            (
                "{cost} euros is what {bride} and her husband {groom} paid for the wedding[, {live_band?band included|without a band}]."
                "[ Their guests ate at {party_place}.][ She carried {flowers}.]"
            ),
            (
                "{guests} guests saw how {groom} married his bride {bride}.[ The tables were decked with {flowers}.]"
                "[ They feasted at {party_place}[, having wed at {ceremony_place}].]"
            ),
        ),
        ("places", ("ceremony_place", "party_place")),
    ),
    Domain(  # sports transfers of players
        (
            text("player|footballer|transferred_player", "%person"),
            text("agent|represented_by|player_agent", "%person"),
            text(
                "old_club|from_club|sold_by",
                "%city United/%city Rovers/FC %city/Real %city/Dynamo %city/%city Lions",
            ),
            text(
                "new_club|to_club|bought_by",
                "%city United/%city Rovers/FC %city/Real %city/Dynamo %city/%city Lions",
            ),
            measure("fee_millions|transfer_fee", 1, 90),
            whole("years|contract_years", 2, 6),
            whole("shirt|shirt_number|jersey", 2, 99),
            flag("loan|on_loan|is_loan"),
            several(
                "positions|roles",
                "striker/winger/goalkeeper/left back/right back/midfielder/sweeper/playmaker",
            ),
        ),
        (
            (
                "{player} leaves {old_club} for {new_club}[ for {fee_millions} million euros].[ The contract runs for {years} years.]"
                "[ It {loan?is only a loan|is not a loan}.]"
            ),
            (
                "{new_club} have signed {player}[ from {old_club}][ for {years} years].[ The new number is {shirt}.]"
                "[ {agent} was the agent.]"
            ),
            (
                "{agent} has found a new club for {player}: {new_club}.[ {old_club} receive {fee_millions} million.]"
                "[ The newcomer plays as {positions}.]"
            ),
            (
                "Transfer: {player}[ ({positions})][, to {new_club}][, from {old_club}][, {fee_millions} million][, number {shirt}]"
                "[, agent {agent}][, {loan?loan|no loan}]"
            ),
            (
                "Let go by {old_club}, {player} will wear number {shirt}[ at {new_club}].[ The deal was made by the adviser {agent}.]"
                "[ {loan?The move is temporary|The move is for good}.]"
            ),
            (
                "{fee_millions} million pounds bring {player} to {new_club}[, away from {old_club}].[ {agent} spoke for the player.]"
                "[ The stay will last {years} years.]"
            ),
            (
                "Shirt {shirt} at {new_club} now belongs to {player}[, whom {old_club} {loan?have lent out|have sold}]."
                "[ {fee_millions} million were paid.][ Positions: {positions}.]"
            ),
            (
                "For the next {years} years {new_club} can count on {player}[, until now with {old_club}][, as {positions}]."
                "[ Represented by {agent}.][ Cost: {fee_millions} million.]"
            ),
        ),
        ("clubs", ("old_club", "new_club")),
    ),
)
