"""Domains of training: games, contests and adventures of leisure time."""

from __future__ import annotations

from experts.json_world import Domain, cash, flag, measure, several, text, whole

LEISURE: tuple[Domain, ...] = (
    Domain(  # basketball games
        (
            text(
                "home_team|hosts|squad_with_home_court",
                "%city %beasts/%brand %beasts/%city Comets/%city Rockets/%city Giants",
            ),
            text(
                "away_team|road_team|travelling_squad",
                "%city %beasts/%brand %beasts/%city Comets/%city Rockets/%city Giants",
            ),
            whole("home_points|hosts_total|home_court_tally", 58, 126),
            whole("away_points|road_total|travellers_tally", 58, 126),
            text("top_scorer|leading_shooter|most_points_by", "%person"),
            text("rebounder|rebound_leader|king_of_the_glass", "%person"),
            whole("crowd|attendance|onlookers", 200, 9000),
            text("tip_off|jump_ball_at|game_time", "1#:%minute/2%two:%minute"),
            flag("overtime|beyond_regulation|extra_period"),
            several(
                "plays|shot_types|highlights",
                "dunks/layups/hook shots/fadeaways/alley-oops/floaters/tip-ins/bank shots/crossovers/no-look passes/buzzer-beaters",
            ),
        ),
        (
            (
                "The {home_team} received the {away_team} in front of {crowd} people[ at {tip_off}].[ The guests made {away_points} "
                "points[ and the hosts {home_points}].]"
            ),
            (
                "{top_scorer} <sank/hit> the most baskets for the {home_team}[, while {rebounder} caught the most rebounds].[ "
                "{overtime?Another 5 minutes were needed|4 quarters were enough}.][ The guests were the {away_team}.]"
            ),
            "Travelling to the {home_team}, the {away_team} scored {away_points}[ and let in {home_points}].[ Fans loved the {plays}.]",
            (
                "{home_team} v {away_team}[, {tip_off}][: {home_points} for the home side][, {away_points} for the visitors][; "
                "{overtime?overtime|no overtime}][; {crowd} watched]."
            ),
            (
                "With {plays} the {away_team} thrilled {crowd} fans at the home of the {home_team}.[ Most rebounds: {rebounder}.][ Most "
                "points: {top_scorer}.]"
            ),
            (
                "I sat in row 7 when {rebounder} grabbed the most boards for the {home_team}[ and {top_scorer} put in the most points].[ "
                "It {overtime?went into extra time|was over in regular time}.]"
            ),
            (
                "When does it start? At {tip_off} the {home_team} open their doors to the {away_team}.[ A crowd of {crowd} is expected.][ "
                "Look out for {plays}.]"
            ),
            (
                "{away_points} points for the visiting {away_team} and {home_points} for the {home_team} stood on the board[ "
                "{overtime?after|without} an extra period].[ Ball in the air: {tip_off}.][ Best under the basket: {rebounder}.]"
            ),
            (
                "For 3 weeks the {home_team} had practised {plays}[ for the visit of the {away_team}].[ The best shooter was "
                "{top_scorer}.][ {home_points} points went to the hosts.]"
            ),
        ),
        ("score", ("home_points", "away_points")),
    ),
    Domain(  # boxing fights
        (
            text(
                "belt|title_at_stake|championship",
                "%city Belt/%adj Belt/%noun Crown/%city Title/%brand Belt/%noun Belt",
            ),
            text("winner|victor|titleholder", "%person"),
            text("loser|beaten_boxer|vanquished", "%person"),
            measure("winner_kg|victor_weight|titleholder_mass", 48, 112),
            measure("loser_kg|beaten_weight|vanquished_mass", 48, 112),
            whole("planned_rounds|scheduled_distance|rounds_agreed", 10, 15),
            whole("last_round|stoppage_round|final_bell_in", 2, 9),
            text(
                "punch|decisive_blow|telling_hit",
                "left hook/uppercut/jab/haymaker/right cross/body shot/liver shot/overhand right/bolo punch/straight left/hammerfist",
            ),
            flag("rematch|fought_before|second_encounter"),
            several(
                "corner_kit|cutman_bag|between_rounds_supplies",
                "ice packs/sponges/gauze/towels/adrenaline/petroleum jelly/smelling salts/swabs/water/tape/tweezers",
            ),
        ),
        (
            (
                "{winner} took the {belt} from {loser}[ in round {last_round}[ of {planned_rounds} planned]].[ What <decided it/made the "
                "difference> was a(n) {punch}.]"
            ),
            (
                "Beaten for the {belt}: {loser}[ at {loser_kg} kg].[ The new champion is {winner}[, at {winner_kg} kg].][ They "
                "{rematch?had met before|had never met before}.]"
            ),
            (
                "The {belt} was to be fought for over {planned_rounds} rounds[, but it ended in round {last_round}].[ {loser} went down[ "
                "and {winner} stayed up].]"
            ),
            (
                "{belt}: {winner} beat {loser}[, {winner_kg} kg against {loser_kg}][, over in round {last_round}][, {rematch?return "
                "fight|first meeting}][, in the corner: {corner_kit}]."
            ),
            (
                "The 3 judges saw how {loser}[, who weighed {loser_kg} kg,] lost the {belt} to {winner}[, whose {punch} did the damage].[ "
                "The cutman had {corner_kit} ready.]"
            ),
            (
                "Who holds the {belt}? Since last night it is {winner}[, {winner_kg} kilos heavy][, after a(n) {punch} in round "
                "{last_round}].[ {loser} had to give it up.]"
            ),
            (
                "With {corner_kit} the corner patched up {loser}, who lost the {belt}.[ {rematch?It was not their first duel|It was their "
                "first duel}.][ The contract spoke of {planned_rounds} rounds.]"
            ),
            (
                "For 80 euros I saw {winner} lift the {belt}.[ The loser brought {loser_kg} kg to the scales[, the winner {winner_kg}].][ "
                "The fight was set for {planned_rounds} rounds.]"
            ),
            (
                "A(n) {punch} by {winner}[ in round {last_round}] settled the fight for the {belt}.[ Up to {planned_rounds} rounds were "
                "possible.][ In the bucket: {corner_kit}.][ {rematch?The two knew each other's fists|The two were strangers}.]"
            ),
        ),
        ("weigh_in", ("winner_kg", "loser_kg")),
    ),
    Domain(  # rowing races
        (
            text(
                "regatta|rowing_event|river_race",
                "%city Regatta/%noun Regatta/%adj Oar Race/%city Head Race/%last Sculls",
            ),
            text(
                "boat_class|craft|hull_type",
                "coxed four/eight/coxed pair/coxed quad/octuple/pilot gig/whaleboat/currach/trainera/church boat/wherry/cutter",
            ),
            text(
                "first_crew|winning_club|gold_crew",
                "%city Rowers/%noun Rowing Club/%city Oars/%adj Oars/%brand Sculls",
            ),
            text(
                "second_crew|runner_up|silver_crew",
                "%city Rowers/%noun Rowing Club/%city Oars/%adj Oars/%brand Sculls",
            ),
            text("cox|coxswain|helmed_by", "%person"),
            text("stroke|pace_setter|rhythm_rower", "%person"),
            whole("start_rate|sprint_cadence|opening_tempo", 37, 52),
            whole("cruise_rate|steady_cadence|mid_race_tempo", 24, 36),
            flag("headwind|wind_against|blew_from_ahead"),
            several(
                "spares|replacement_parts|reserve_fittings",
                "riggers/oarlocks/rudders/fins/collars/spacers/seats/slides/footplates/blades/bow balls/tiller ropes",
            ),
        ),
        (
            (
                "At the {regatta}, {first_crew} won the race[ ahead of {second_crew}][ in a(n) {boat_class}].[ {cox} steered[ and "
                "{stroke} set the rhythm].]"
            ),
            (
                "{second_crew} came second at the {regatta}[, beaten by {first_crew}].[ The winners began at {start_rate} strokes a "
                "minute[ and settled at {cruise_rate}].]"
            ),
            (
                "{regatta}[, {boat_class}]: 1st {first_crew}[, 2nd {second_crew}][, cox {cox}][, stroke {stroke}][, {headwind?headwind|no "
                "headwind}][, spares: {spares}]."
            ),
            (
                "Steered by {cox}, {first_crew} crossed the line first at the {regatta}[, {headwind?with the wind in their faces|with no "
                "wind in their faces}].[ Out of the start they pulled {start_rate} a minute.]"
            ),
            (
                "The boatman <brought/packed> {spares} for the {regatta}.[ Halfway the crew made {cruise_rate} strokes a minute[, off the "
                "start {start_rate}].][ {stroke} sat in the stroke seat.]"
            ),
            (
                "From seat 3, I followed the rhythm of {stroke} at the {regatta}.[ {cox} had the rudder.][ We rowed a(n) {boat_class}[ "
                "with {spares} in reserve].]"
            ),
            (
                "The wind {headwind?slowed|did not slow} the rowers at the {regatta}.[ In front: {first_crew}[, followed by "
                "{second_crew}].][ The rate settled at {cruise_rate}[ after {start_rate} at the start].]"
            ),
            (
                "Everyone rowed the same {boat_class} at the {regatta}.[ {second_crew} missed the win by 2 seconds[, {first_crew} got "
                "it].][ Kept ready on the dock: {spares}.]"
            ),
            (
                "{start_rate} strokes a minute off the line, {cruise_rate} later on: so {stroke} led the {boat_class} at the {regatta}[, "
                "guided by {cox}].[ {headwind?They had to fight the wind|No wind held them up}.]"
            ),
        ),
        ("stroke_rates", ("start_rate", "cruise_rate")),
    ),
    Domain(  # figure skating
        (
            text("skater|ice_artist|programme_by", "%person"),
            text("coach|mentor|rinkside_trainer", "%person"),
            text("choreographer|routine_designer|steps_created_by", "%person"),
            measure("short_score|first_segment_points|opening_programme_mark", 41, 112),
            measure("free_score|second_segment_points|long_programme_mark", 80, 215),
            text(
                "hardest_jump|toughest_element|riskiest_leap",
                "triple axel/quad lutz/triple flip/quad toe loop/double axel/triple salchow/triple loop/euler/quad flip/split jump/walley",
            ),
            flag("fell|had_a_fall|lost_balance"),
            whole("interim_rank|overnight_position|halfway_standing", 2, 24),
            whole("final_rank|closing_position|end_standing", 2, 24),
            several(
                "fabrics|costume_materials|outfit_made_of",
                "chiffon/tulle/lycra/velvet/organza/satin/mesh/sequins/lace/silk/rhinestones/taffeta",
            ),
        ),
        (
            (
                "{skater} got {short_score} points for the short programme[ and {free_score} for the free skate].[ In the end it was "
                "place {final_rank}[, after place {interim_rank} at halfway].]"
            ),
            (
                "Trained by {coach}, {skater} <dared/tried> a(n) {hardest_jump}[ in a programme that {choreographer} created].[ {fell?One "
                "landing ended on the ice|Every landing was clean}.]"
            ),
            (
                "{choreographer} arranged the moves of {skater}[, who trains with {coach}].[ The dress was of {fabrics}.][ Free skate: "
                "{free_score}[; short programme: {short_score}].]"
            ),
            (
                "{skater}[, coach {coach}][, choreography {choreographer}]: place {interim_rank} after the short programme[, place "
                "{final_rank} at the end][, {fell?one fall|no fall}][, jump: {hardest_jump}]."
            ),
            (
                "Dressed in {fabrics}, {skater} finished in place {final_rank}[ thanks to a(n) {hardest_jump}].[ The 9 judges gave "
                "{free_score} for the free skate.]"
            ),
            (
                "My aunt needed 3 weeks to sew {fabrics} into a costume for {skater}.[ At the boards stood the coach, {coach}.][ The "
                "short programme earned {short_score} points[, the free one {free_score}].]"
            ),
            (
                "Did {skater} fall? {fell?Sadly yes|Not at all}.[ The short programme brought {short_score} points[ and place "
                "{interim_rank}].][ The dance was thought up by {choreographer}.]"
            ),
            (
                "From place {interim_rank} on the first day, {skater} went to place {final_rank} on the second[ with a(n) "
                "{hardest_jump}].[ {choreographer} made the routine[ and {coach} drilled it].]"
            ),
            (
                "A(n) {hardest_jump} is the hardest jump of {skater}[, who wears {fabrics}].[ {fell?The skater took a tumble|The skater "
                "stayed upright throughout}.][ Result: place {final_rank}.]"
            ),
        ),
        ("placings", ("interim_rank", "final_rank")),
    ),
    Domain(  # archery contests
        (
            text("archer|bow_shooter|toxophilite", "%person"),
            text(
                "bow|weapon|bow_style",
                "longbow/recurve/compound bow/flatbow/yumi/horsebow/self bow/takedown bow/hankyu/English warbow/crossbow",
            ),
            whole("bullseyes|centre_hits|golds", 2, 29),
            whole("misses|off_target|stray_shots", 2, 29),
            whole("near_m|shortest_range|closest_butt", 8, 30),
            whole("far_m|longest_range|remotest_butt", 40, 90),
            text("judge|line_official|ruled_by", "%person"),
            text("scorer|tally_keeper|scorecard_by", "%person"),
            flag("gusty|windy|breeze_disturbed"),
            several(
                "arrow_materials|shaft_and_fletching|arrows_made_from",
                "cedar/carbon/bamboo/aluminium/ash/birch/goose feathers/turkey feathers/horn/flint/brass",
            ),
        ),
        (
            (
                "{archer} hit the middle {bullseyes} times[ and missed the target {misses} times].[ It was done with a(n) {bow}.][ "
                "{judge} was the judge.]"
            ),
            (
                "The nearest target stood {near_m} m from {archer}[, the farthest {far_m} m].[ {gusty?Gusts shook the arrows|The air was "
                "still}.][ {scorer} counted the points.]"
            ),
            "{judge} watched over the rules[ and {scorer} wrote down the points] as {archer} drew a(n) {bow}.[ Bullseyes: {bullseyes}.]",
            (
                "{archer}[, {bow}]: {bullseyes} in the centre[, {misses} missed][, near {near_m} m][, far {far_m} m][, "
                "{gusty?gusty|calm}][, arrows: {arrow_materials}]."
            ),
            (
                "Arrows of {arrow_materials} were shot by {archer}[ over distances up to {far_m} m].[ {misses} of them hit nothing but "
                "grass.][ {judge} settled every dispute.]"
            ),
            (
                "Our 30 club members cheered for {archer}, though {misses} arrows went astray[ and only {bullseyes} found the centre].[ "
                "The score sheet was kept by {scorer}.]"
            ),
            (
                "How far? Up to {far_m} metres[ and never less than {near_m}], says {archer}.[ The arrows are of {arrow_materials}.][ The "
                "wind {gusty?played tricks|kept out of it}.]"
            ),
            (
                "{scorer} added up the points[ and {judge} ruled on doubtful hits] while {archer} shot.[ {gusty?A strong breeze blew|Not "
                "a breath of wind blew}.][ Closest target: {near_m} m.]"
            ),
            (
                "After 12 rounds {archer} put down the {bow}.[ {bullseyes} shots sat in the gold.][ The arrows were made of "
                "{arrow_materials}.][ The shortest distance was {near_m} m[, the longest {far_m}].]"
            ),
        ),
        ("hits", ("bullseyes", "misses")),
    ),
    Domain(  # ice hockey games
        (
            whole("game_no|fixture_no|match_number", 2, 82),
            text(
                "hosts|home_club|rink_owners",
                "%city %beasts/%brand %beasts/%city Blades/%city Icebreakers/%adj Pucks",
            ),
            text(
                "guests|away_club|travelling_side",
                "%city %beasts/%brand %beasts/%city Blades/%city Icebreakers/%adj Pucks",
            ),
            whole("hosts_goals|home_tally|pucks_in_by_home_club", 2, 9),
            whole("guests_goals|away_tally|pucks_in_by_away_club", 2, 9),
            text("hosts_goalie|home_netminder|goaltender_home", "%person"),
            text("guests_goalie|away_netminder|goaltender_away", "%person"),
            flag("shootout|decided_on_penalties|tie_breaker"),
            several(
                "penalties|infractions|fouls_called",
                "hooking/slashing/tripping/boarding/holding/cross-checking/elbowing/high-sticking/spearing/interference/roughing/charging",
            ),
            text("face_off|puck_drop|begins_at", "1#:%minute/2%two:%minute"),
        ),
        (
            (
                "Game {game_no}: the {hosts} at home to the {guests}[, start {face_off}][, {hosts_goals} goals for the home side][, "
                "{guests_goals} for the visitors][, {shootout?shootout|no shootout}]."
            ),
            (
                "In game {game_no} the {guests} travelled to the {hosts}[ and scored {guests_goals} goals[ to the {hosts_goals} of the "
                "home team]].[ {hosts_goalie} guarded the home net.]"
            ),
            (
                "{hosts_goalie} kept goal for the hosts in game {game_no}[, {guests_goalie} for the guests].[ Players were sent off for "
                "{penalties}.]"
            ),
            "Game {game_no} gets going at {face_off}[, when the {hosts} receive the {guests}].[ The visitors' keeper is {guests_goalie}.]",
            (
                "{hosts_goals} goals by the home team, {guests_goals} by the visitors: that was game {game_no}.[ {shootout?Penalty shots "
                "had to decide|No penalty shots were needed}.][ Whistled: {penalties}.]"
            ),
            (
                "The 4 officials punished {penalties} in game {game_no}[, in which the {guests} visited the {hosts}].[ In the away net "
                "stood {guests_goalie}[, in the home net {hosts_goalie}].]"
            ),
            (
                "I froze in block 12 during game {game_no}, which {shootout?went to a shootout|ended without a shootout}.[ The home side, "
                "the {hosts}, scored {hosts_goals}.][ It <began/started> at {face_off}.]"
            ),
            (
                "Who were the visitors in game {game_no}? The {guests}[, with {guests_goalie} between the posts].[ They scored "
                "{guests_goals} goals.][ {shootout?It came down to penalty shots|It never came to penalty shots}.]"
            ),
            (
                "From {face_off} the {hosts} defended their ice in game {game_no}.[ Their keeper was {hosts_goalie}.][ The referee blew "
                "for {penalties}.][ Home goals: {hosts_goals}.]"
            ),
        ),
        ("goals", ("hosts_goals", "guests_goals")),
    ),
    Domain(  # rugby matches
        (
            text(
                "trophy|silverware|prize_played_for",
                "%adj Shield/%noun Shield/%city Plate/%noun Trophy/%brand Bowl/%city Cup",
            ),
            text("referee|whistler|on_field_official", "%person"),
            text("video_official|tmo|replay_judge", "%person"),
            whole("tries|touchdowns|groundings", 2, 14),
            whole("penalty_kicks|shots_at_goal|kicked_penalties", 2, 14),
            text("half_time|interval_score|at_the_break", "#-#/1#-#/1#-#"),
            text("full_time|final_score|at_the_whistle", "2#-1#/3#-2#/2#-2#/4#-3#"),
            text(
                "star_role|best_player_position|standout_role",
                "prop/fly-half/scrum-half/lock/flanker/winger/number eight/fullback/centre/loosehead/outside half/tighthead",
            ),
            flag("muddy|boggy|soft_ground"),
            several(
                "injuries|medical_cases|treated_for",
                "concussion/cramp/bruises/cuts/sprains/whiplash/nosebleeds/dislocations/torn ligaments/sunstroke/swollen ears",
            ),
        ),
        (
            (
                "The {trophy} match ended {full_time}[ after {half_time} at half-time].[ {referee} blew the whistle[ and {video_official} "
                "checked the replays].]"
            ),
            (
                "{referee} refereed the game for the {trophy}[ on a {muddy?muddy|dry} pitch].[ There were {tries} tries[ and "
                "{penalty_kicks} penalty kicks].]"
            ),
            (
                "Halfway through, the {trophy} match stood at {half_time}[; at the end it was {full_time}].[ The <best/finest> player was "
                "the {star_role}.][ The doctor saw {injuries}.]"
            ),
            (
                "{trophy}: {full_time}[ (half-time {half_time})][, {tries} tries][, {penalty_kicks} penalties][, referee {referee}][, "
                "video: {video_official}][, {muddy?mud|no mud}]."
            ),
            (
                "Watching the replays of the {trophy} was {video_official}[, while {referee} refereed on the grass].[ {penalty_kicks} "
                "penalties were kicked over the bar.][ The star was a(n) {star_role}.]"
            ),
            (
                "A(n) {star_role} was voted best player of the {trophy}.[ The ball was touched down for {tries} tries.][ The teams "
                "{muddy?sank into the mud|had firm ground}.][ First half: {half_time}.]"
            ),
            (
                "Our 2 physios dealt with {injuries} at the {trophy}.[ {tries} tries were scored[ and {penalty_kicks} penalties "
                "kicked].][ The pitch {muddy?was a swamp|was hard as a board}.]"
            ),
            (
                "Was the {trophy} played in mud? {muddy?It was indeed|Not at all}.[ {video_official} sat at the 6 replay screens.][ The "
                "final result was {full_time}.][ Hurt players had {injuries}.]"
            ),
            (
                "Despite {injuries} among the players, the {star_role} shone at the {trophy}.[ The referee, {referee}, ended it at "
                "{full_time}.][ The teams had gone to the changing rooms at {half_time}.]"
            ),
        ),
        ("scores", ("half_time", "full_time")),
    ),
    Domain(  # triathlons
        (
            text("athlete|triathlete|iron_racer", "%person"),
            whole("swim_minutes|water_leg_min|first_leg_min", 18, 75),
            whole("ride_minutes|bike_leg_min|second_leg_min", 55, 195),
            whole("run_minutes|foot_leg_min|third_leg_min", 31, 125),
            text(
                "water|swim_venue|first_leg_in",
                "Lake %noun/%noun Bay/%adj Lake/%city Harbour/Lake %last",
            ),
            text("finish_town|final_stop|race_ended_in", "%city"),
            flag("wetsuit|neoprene|insulated_swim"),
            several(
                "fuel|nutrition|race_snacks",
                "gels/bananas/dates/energy bars/salt tablets/raisins/rice cakes/pretzels/honey/broth/jelly beans",
            ),
            text(
                "frame|bicycle_made_of|frame_material",
                "carbon/titanium/steel/aluminium/bamboo/magnesium/scandium/chromoly/ash wood/oak/basalt fibre",
            ),
            cash("entry_fee|registration_cost|sign_up_cost", 35, 390),
        ),
        (
            (
                "{athlete} needed {swim_minutes} minutes in the water[, {ride_minutes} on the bike][, {run_minutes} on foot].[ It all "
                "ended in {finish_town}.]"
            ),
            (
                "On a(n) {frame} bike {athlete} rode for {ride_minutes} minutes.[ Eaten on the way: {fuel}.][ The swim was in {water}[, "
                "{wetsuit?with|without} a wetsuit].]"
            ),
            (
                "The race of {athlete} <began/started> in {water}[ and ended in {finish_town}].[ Running took {run_minutes} minutes[, "
                "cycling {ride_minutes}].]"
            ),
            (
                "{athlete}: run {run_minutes} min[, ride {ride_minutes} min][, swim {swim_minutes} min][, {wetsuit?wetsuit|no wetsuit}][, "
                "{frame} bike][, entry {entry_fee}]."
            ),
            (
                "For {entry_fee} euros, {athlete} got number 88 and a start in {water}.[ A wetsuit {wetsuit?was worn|was left at home}.][ "
                "The finish line was in {finish_town}.]"
            ),
            (
                "Strengthened by {fuel}, {athlete} ran for {run_minutes} minutes[ towards the finish in {finish_town}][ after swimming "
                "for {swim_minutes}].[ Taking part had cost {entry_fee} dollars.]"
            ),
            (
                "How did {athlete} do it? With {fuel}[ and a bike of {frame}].[ Of all things the {swim_minutes} minutes of swimming were "
                "the hardest.][ Paid to take part: {entry_fee}.]"
            ),
            (
                "My neighbour drove 200 km to {finish_town} to see {athlete} reach the finish.[ Friends had handed out {fuel}.][ The run "
                "took {run_minutes} minutes.][ A rubber suit {wetsuit?kept out the cold|was not allowed}.]"
            ),
            (
                "{wetsuit?Wrapped in rubber|In nothing but swimming trunks}, {athlete} entered {water}[ and left it {swim_minutes} "
                "minutes later].[ Next came {ride_minutes} minutes on a(n) {frame} bike.][ The fee was ${entry_fee}.]"
            ),
        ),
        ("places", ("water", "finish_town")),
    ),
    Domain(  # horse races
        (
            text(
                "horse|racehorse|runner",
                "%adj %noun/%adj Dancer/%noun Prince/%adj Thunder/%noun Lady/%adj Arrow",
            ),
            text("jockey|ridden_by|in_the_saddle", "%person"),
            text("trainer|stable_master|prepared_by", "%person"),
            cash("stake|amount_bet|wager", 2, 20),
            cash("payout|bookmaker_paid|bettor_received", 25, 480),
            text(
                "coat|horse_colour|hide_tone",
                "bay/chestnut/roan/dapple grey/palomino/skewbald/piebald/buckskin/dun/sorrel/cremello/liver chestnut",
            ),
            whole("stall|gate_no|starting_box", 2, 18),
            whole("placed|finish_position|came_home_at", 2, 18),
            flag("blinkers|blinkered|eye_cups"),
            several(
                "tack|harness_items|riding_gear",
                "bandages/stirrups/reins/bell boots/earplugs/girths/spurs/martingales/hoof pads/sheepskin/surcingles",
            ),
        ),
        (
            (
                "{jockey} rode {horse} from stall {stall} to place {placed}.[ The horse is trained by {trainer}.][ It {blinkers?wore|did "
                "not wear} blinkers.]"
            ),
            "{trainer} trains {horse}, a(n) {coat} horse[ that {jockey} rides].[ A bet of {stake} brought {payout}.]",
            "I put {stake} dollars on {horse}[ and got back {payout}].[ It started from stall {stall}.][ The jockey was {jockey}.]",
            (
                "{horse}[, {coat}][, jockey {jockey}][, trainer {trainer}][, stall {stall}][, place {placed}][, {blinkers?blinkers|no "
                "blinkers}][, wearing {tack}]."
            ),
            "Fitted with {tack}, the {coat} {horse} finished in place {placed}.[ People who had <bet/risked> {stake} were paid {payout}.]",
            (
                "Place {placed} for {horse} after 2400 metres![ {trainer} had trained the horse[ and {jockey} steered it].][ It had left "
                "from stall {stall}.]"
            ),
            (
                "Which horse carried {jockey}? It was {horse}, the {coat} one[ in stall {stall}].[ Its eyes were {blinkers?half "
                "covered|not covered at all}.][ Strapped on: {tack}.]"
            ),
            (
                "The betting desk handed out {payout} for {horse}[ on a ticket of {stake}].[ {blinkers?It could only look ahead|It could "
                "look to all sides}.][ The trainer is {trainer}.]"
            ),
            (
                "With {tack} put on, {horse} stood in stall {stall}[, just as its trainer {trainer} wanted].[ The stewards took 5 minutes "
                "to confirm place {placed}.][ A ticket for {stake} was now worth {payout}.]"
            ),
        ),
        ("bet", ("stake", "payout")),
    ),
    Domain(  # skateboard contests
        (
            text("rider|skateboarder|contestant", "%person"),
            text(
                "best_trick|top_move|cleanest_landing",
                "kickflip/heelflip/boardslide/nosegrind/pop shove-it/hardflip/varial flip/caballerial/smith grind/airwalk/ollie",
            ),
            text(
                "failed_trick|bail|botched_move",
                "kickflip/heelflip/boardslide/nosegrind/pop shove-it/hardflip/varial flip/caballerial/smith grind/airwalk/ollie",
            ),
            measure("first_run|opening_marks|run_a_points", 21, 98),
            measure("second_run|closing_marks|run_b_points", 21, 98),
            text(
                "skatepark|contest_spot|arena",
                "%adj Bowl/%noun Plaza/%city Skatepark/%noun Ramps/%last Halfpipe",
            ),
            text("sponsor|backer|financed_by", "%company"),
            text("deck_brand|board_maker|plank_from", "%brand"),
            flag("goofy|goofy_stance|right_foot_forward"),
            several(
                "obstacles|course_features|ridden_over",
                "rails/ledges/stairs/quarter pipes/kickers/fun boxes/hubbas/manual pads/bank ramps/spines/gaps",
            ),
        ),
        (
            (
                "{rider} landed a(n) {best_trick} at {skatepark}[ but fell on the {failed_trick}].[ The first run scored {first_run}[, "
                "the second {second_run}].]"
            ),
            (
                "The {failed_trick} went wrong for {rider}[, while the {best_trick} worked best].[ {goofy?The right foot is in front|The "
                "left foot is in front}.][ The board is a(n) {deck_brand}.]"
            ),
            (
                "Paid by {sponsor}, {rider} <rides/skates> on a(n) {deck_brand} deck[ with the {goofy?right|left} foot leading].[ The "
                "second run earned {second_run} points[, the first {first_run}].]"
            ),
            (
                "{rider}[, {skatepark}][, {goofy?goofy|regular}]: first run {first_run}[, second run {second_run}][, best trick "
                "{best_trick}][, failed {failed_trick}][, sponsor {sponsor}]."
            ),
            (
                "At {skatepark}, {rider} had to get past {obstacles}.[ {second_run} points came from the last run.][ The board was made "
                "by {deck_brand}[, the money came from {sponsor}].]"
            ),
            (
                "I watched 3 hours of skating at {skatepark} and liked {rider} best[, above all the {best_trick}].[ The course had "
                "{obstacles}.][ The opening run was worth {first_run}.]"
            ),
            (
                "Over {obstacles} went {rider} on a(n) {deck_brand} deck.[ Only the {failed_trick} ended on the floor.][ {sponsor} pays "
                "the travel.][ The place was {skatepark}.]"
            ),
            (
                "Does {rider} ride goofy? {goofy?Sure|No, regular}.[ The finest trick: {best_trick}.][ Not landed: {failed_trick}.][ "
                "{sponsor} foots the bills.]"
            ),
            (
                "With {first_run} points for the first run[ and {second_run} for the next], {rider} left 14 others behind.[ Jumped and "
                "slid over: {obstacles}.][ {goofy?The stance is goofy|The stance is not goofy}.]"
            ),
        ),
        ("run_scores", ("first_run", "second_run")),
    ),
    Domain(  # escape rooms
        (
            text(
                "room|escape_game|mission",
                "The %adj %noun/%noun of %stuff/The %last Vault/The %adj Tomb/The %noun Lab/The %last Case",
            ),
            text("booked_by|reservation_name|customer", "%person"),
            text("game_master|hint_giver", "%person"),
            whole("team_size|headcount", 2, 9),
            whole("time_limit|minutes_allowed|countdown_from", 60, 95),
            whole("finished_in|escape_minutes|solved_after", 21, 59),
            cash("price_each|cost_per_head|rate_per_person", 11, 45),
            cash("price_total|group_bill|overall_cost", 60, 320),
            flag("scary|horror|spine_chilling"),
            several(
                "props|puzzle_objects|clue_items",
                "padlocks/blacklights/magnets/mirrors/keypads/riddles/candlesticks/hourglasses/music boxes/runes/cipher wheels",
            ),
        ),
        (
            "{booked_by} booked {room} for {team_size} people[ and paid {price_total} for all of them].[ {game_master} was "
            "the game master.]",
            (
                "You get {time_limit} minutes for {room}[; we were out in {finished_in}].[ Everyone pays ${price_each}.][ It is "
                "{scary?not for the faint-hearted|suitable for timid children}.]"
            ),
            (
                "In {room}, the clues are in the {props}.[ The group that {booked_by} had signed up was out after {finished_in} minutes[ "
                "of the {time_limit} allowed].]"
            ),
            (
                "{room}: {team_size} players[, {price_each} each][, {price_total} together][, limit {time_limit} min][, out after "
                "{finished_in} min][, {scary?scary|not scary}][, game master {game_master}]."
            ),
            (
                "Each person pays {price_each} euros for {room}[, which makes {price_total} for the whole party].[ {game_master} watches "
                "and helps.][ The clock is set to {time_limit} minutes.]"
            ),
            (
                "After 3 hints from {game_master}, the door of {room} <opened/sprang open>[ at minute {finished_in}].[ The booking was in "
                "the name of {booked_by}.][ Needed for it: {props}.]"
            ),
            (
                "Is {room} frightening? {scary?Terribly|Not in the least}.[ {team_size} of us tried it[ at {price_each} a head].][ We "
                "puzzled over {props}.]"
            ),
            (
                "Once {game_master} had locked the door, {team_size} friends examined {props} in {room}.[ They had {time_limit} minutes.][ "
                "The reservation came from {booked_by}.]"
            ),
            (
                "Together we paid {price_total} for {room} on floor 4.[ We solved it in {finished_in} minutes.][ There were {team_size} of "
                "us.][ {scary?Some shook with fear|Nobody was afraid}.][ Found inside: {props}.]"
            ),
        ),
        ("prices", ("price_each", "price_total")),
    ),
    Domain(  # bowling nights
        (
            text(
                "alley|bowling_hall|tenpin_venue",
                "%noun Bowl/%adj Lanes/%brand Bowling/%last Lanes/%adj Pins",
            ),
            text("best_bowler|night_winner|top_of_table", "%person"),
            text("weakest_bowler|last_place|bottom_of_table", "%person"),
            whole("top_score|maximum_points|record_game", 150, 285),
            whole("bottom_score|minimum_points|worst_game", 38, 110),
            whole("strikes|all_ten_at_once|clean_sweeps", 2, 29),
            cash("shoe_hire|footwear_rental|shoe_cost", 2, 9),
            cash("game_price|cost_per_round|fee_each_game", 3, 19),
            flag("bumpers|gutter_guards|side_rails"),
            several(
                "snacks|eaten|from_the_bar",
                "nachos/pretzels/onion rings/popcorn/jalapeños/hot wings/mozzarella sticks/fries/peanuts/corn dogs/pickles",
            ),
        ),
        (
            "{best_bowler} won at {alley}[ with {top_score} points].[ {weakest_bowler} came last[ with {bottom_score}].]",
            (
                "A game at {alley} costs {game_price}[ and a pair of shoes {shoe_hire}].[ The gutters {bumpers?were closed off|stayed "
                "open}.][ We ate {snacks}.]"
            ),
            (
                "Nobody at {alley} bowled worse than {weakest_bowler}[ or better than {best_bowler}].[ The lowest score was "
                "{bottom_score}[, the highest {top_score}].]"
            ),
            (
                "{alley}[, {bumpers?bumpers up|no bumpers}]: first {best_bowler}[, last {weakest_bowler}][, {strikes} strikes][, shoes "
                "{shoe_hire}][, game {game_price}][, food: {snacks}]."
            ),
            (
                "Over {snacks} we <toasted/cheered> the winner {best_bowler}[ and consoled {weakest_bowler} for coming last] at {alley}.[ "
                "All the pins fell at once {strikes} times.]"
            ),
            (
                "On lane 9 at {alley} we paid ${game_price} a game[ and ${shoe_hire} for the shoes].[ The best result was {top_score}[ "
                "and the poorest {bottom_score}].]"
            ),
            (
                "Were the bumpers up at {alley}? {bumpers?They were|They were not}.[ {strikes} strikes were thrown.][ The loser, "
                "{weakest_bowler}, paid for {snacks}.][ The winner was {best_bowler}.]"
            ),
            (
                "{strikes} strikes in one evening: that was {alley}.[ Hiring shoes cost {shoe_hire}.][ {bumpers?No ball could roll into "
                "the gutter|Balls could roll into the gutter}.][ Scores went from {bottom_score} up to {top_score}.]"
            ),
            (
                "The 6 of us left {alley} late, {best_bowler} with the trophy[ and {weakest_bowler} with the wooden spoon].[ There had "
                "been {snacks} to eat.][ Every game had cost {game_price}.]"
            ),
        ),
        ("score_range", ("top_score", "bottom_score")),
    ),
    Domain(  # paragliding flights
        (
            text("pilot|glider_pilot|flown_by", "%person"),
            text(
                "launch_site|start_place|departure_slope",
                "Mount %noun/%noun Ridge/%adj Hill/%noun Meadow/%adj Field/Mount %last",
            ),
            text(
                "landing_site|touchdown_place|set_down_field",
                "Mount %noun/%noun Ridge/%adj Hill/%noun Meadow/%adj Field/Mount %last",
            ),
            whole("launch_m|takeoff_elevation|start_height", 400, 1900, 10),
            whole("peak_m|ceiling|maximum_height", 2000, 4900, 10),
            text(
                "took_off|airborne_at|departure_time",
                "08:%minute/09:%minute/10:%minute/11:%minute/12:%minute",
            ),
            text(
                "landed|back_on_ground|touchdown_time",
                "13:%minute/14:%minute/15:%minute/16:%minute/17:%minute",
            ),
            flag("tandem|two_seater|with_passenger"),
            several(
                "gear|equipment|flying_kit",
                "gloves/goggles/ballast/carabiners/oxygen/boots/risers/sunscreen/hand warmers/flares/spare cords",
            ),
            text(
                "clouds|cloud_type|overhead_vapour",
                "cumulus/cirrus/stratus/altocumulus/stratocumulus/cirrostratus/nimbostratus/altostratus/cirrocumulus/mammatus",
            ),
        ),
        (
            (
                "{pilot} took off from {launch_site}[ at {took_off}][ and landed at {landing_site}[ at {landed}]].[ The highest point of "
                "the flight was {peak_m} m.]"
            ),
            (
                "Starting {launch_m} metres up[ at {launch_site}], {pilot} climbed to {peak_m}[ below {clouds} clouds].[ {tandem?A "
                "passenger came along|No passenger was on board}.]"
            ),
            (
                "It was {landed} when {pilot} <touched down/landed>[ at {landing_site}][, having been in the air since {took_off}].[ "
                "Packed for it: {gear}.]"
            ),
            (
                "{pilot}[, {launch_site} to {landing_site}][, up {took_off}][, down {landed}][, launch {launch_m} m][, top {peak_m} m][, "
                "{tandem?tandem|solo}][, {clouds} clouds]."
            ),
            (
                "Down at {landing_site}, 2 farmers saw {pilot} arrive[ from {launch_site}].[ The wing {tandem?carried two people|carried "
                "only one person}.][ The sky showed {clouds}.]"
            ),
            (
                "Under {clouds} clouds, {pilot} flew {tandem?with a guest|all alone}[ from {took_off}[ until {landed}]].[ Carried on "
                "board: {gear}.]"
            ),
            (
                "I lent {gear} to {pilot} for the flight[ to {landing_site}].[ The launch site lies at {launch_m} m[; the wing rose to "
                "{peak_m}].]"
            ),
            (
                "Where did {pilot} start? At {launch_site}[, {launch_m} m above the sea][, at {took_off}].[ The flight ended at "
                "{landing_site}[ at {landed}].]"
            ),
            (
                "After waiting 4 hours for wind, {pilot} checked {gear} and ran down the slope of {launch_site}.[ The flight began at "
                "{launch_m} m[ and topped out at {peak_m}].][ {tandem?A guest sat in front|Nobody else was on board}.]"
            ),
        ),
        ("altitudes", ("launch_m", "peak_m")),
    ),
    Domain(  # table tennis leagues
        (
            text(
                "club|league_side|ping_pong_club",
                "TTC %city/%city Spin/%brand Topspin/%city Table Tennis/%noun TTC",
            ),
            text("skipper|team_leader", "%person"),
            text("number_one|ace|top_seed", "%person"),
            whole("wins|victories|fixtures_taken", 2, 22),
            whole("losses|defeats|fixtures_dropped", 2, 22),
            text("practice_day|drill_evening|sessions_on", "%weekday"),
            text("match_day|league_night|fixtures_on", "%weekday"),
            flag("own_hall|owns_premises|home_venue_owned"),
            several(
                "bat_woods|blade_layers|paddle_timber",
                "limba/ayous/hinoki/koto/balsa/walnut/ebony/spruce/willow/cedar/padauk",
            ),
            cash("dues|annual_subscription|yearly_membership", 25, 290),
        ),
        (
            "{club} has won {wins} matches[ and lost {losses}].[ {skipper} is the captain[ and {number_one} the strongest player].]",
            (
                "{club} trains on {practice_day}[ and plays its matches on {match_day}].[ It {own_hall?has a hall of its own|rents its "
                "hall}.][ Members pay {dues} a year.]"
            ),
            (
                "Led by {skipper}, {club} lost {losses} matches[ and won {wins}].[ Matches are on {match_day}.][ The best player is "
                "{number_one}.]"
            ),
            (
                "{club}[, won {wins}][, lost {losses}][, captain {skipper}][, best player {number_one}][, training {practice_day}][, fee "
                "{dues}][, {own_hall?own hall|no own hall}]."
            ),
            (
                "At {club} they play with bats of {bat_woods}.[ The yearly fee is {dues} euros.][ Matches take place on {match_day}[, "
                "training on {practice_day}].]"
            ),
            (
                "A year at {club} costs ${dues}[, and the hall {own_hall?belongs to the club|is borrowed from a school}].[ Nobody there "
                "plays better than {number_one}.][ The bats are of {bat_woods}.]"
            ),
            (
                "I joined {club} 4 months ago because of {skipper}, <who leads/the head of> the team.[ We glue our bats from "
                "{bat_woods}.][ Training is on {practice_day}.][ So far we have lost {losses} times[ and won {wins} times].]"
            ),
            (
                "Is the hall of {club} its own? {own_hall?Yes, paid off|No, only hired}.[ On {practice_day} everyone trains[; on "
                "{match_day} points are at stake].][ {number_one} is the strongest.]"
            ),
            (
                "The 8 players of {club} like {bat_woods} best for their bats.[ They play against other clubs on {match_day}.][ {skipper} "
                "leads the team.][ Matches won: {wins}[, lost: {losses}].]"
            ),
        ),
        ("record", ("wins", "losses")),
    ),
)
