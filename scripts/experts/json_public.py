"""Domains of training: public life, networks, machines and animals."""

from __future__ import annotations

from experts.json_world import Domain, cash, flag, measure, several, text, whole

PUBLIC: tuple[Domain, ...] = (
    Domain(  # elections
        (
            text("winner|elected|winning_candidate", "%person"),
            text("runner_up|loser|beaten_candidate", "%person"),
            text(
                "office|post|position",
                "mayor/treasurer/governor/senator/sheriff/club president/council chair/union leader/party leader",
            ),
            text("city|town|municipality", "%city"),
            text("date|election_day|held_on", "%date"),
            whole("winner_votes|votes_won", 410, 980),
            whole("runner_up_votes|loser_votes", 110, 405),
            flag("recount|has_recount|recount_ordered"),
            several(
                "issues|campaign_issues|topics",
                "taxes/housing/schools/parking/jobs/transport/crime/health care/energy/pensions/noise",
            ),
        ),
        (
            "{winner} beat {runner_up}[ by {winner_votes} votes to {runner_up_votes}][ in the race for {office}[ in {city}]].",
            (
                "{runner_up} lost to {winner}[ in {city}][ on {date}].[ The winner <got/received> {winner_votes} ballots, the loser "
                "{runner_up_votes}.]"
            ),
            "On {date}, voters[ in {city}] chose {winner}[ as {office}][ over {runner_up}].[ The campaign was about {issues}.]",
            (
                "With {runner_up_votes} votes, {runner_up} came second to {winner}[, who had {winner_votes}].[ {recount?There will be a "
                "recount|No recount is planned}.]"
            ),
            (
                "{city} has a new {office}: {winner}[, elected on {date}][ with {winner_votes} votes].[ {runner_up} <finished second/was "
                "defeated>.]"
            ),
            (
                "Ballot[ for {office}]: first {winner}[ ({winner_votes})], second {runner_up}[ ({runner_up_votes})][; {recount?recount "
                "ordered|no recount}]."
            ),
            (
                "{recount?The ballots must be counted again|The ballots need not be counted again} after {runner_up} was beaten by "
                "{winner}[ in {city}].[ Voters cared about {issues}.]"
            ),
            (
                "Promising action on {issues}, {winner} <became/was voted> {office}[ in {city}].[ Only {runner_up_votes} people voted "
                "for {runner_up}.]"
            ),
        ),
        ("votes", ("winner_votes", "runner_up_votes")),
    ),
    Domain(  # laws
        (
            text(
                "law|act|law_name",
                "Clean Air Act/Night Work Act/Bicycle Act/Fair Rent Act/Tree Act/School Meals Act/Noise Act/Data Act/Water Act/Drone Act",
            ),
            text("sponsor|proposed_by|author", "%person"),
            text("opponent|critic|opposed_by", "%person"),
            text("passed|passed_on|adopted", "%date"),
            text("effective|effective_from|in_force", "%date"),
            whole("ayes|votes_for|in_favor", 180, 390),
            whole("noes|votes_against|against", 30, 175),
            flag("signed|is_signed|president_signed"),
            several(
                "covers|applies_to|sectors",
                "shops/banks/schools/hotels/taxis/ports/bakeries/clinics/landlords/airlines/factories/gyms",
            ),
        ),
        (
            "The {law}[, drafted by {sponsor},] was passed on {passed}[ and takes effect on {effective}].[ {opponent} spoke against it.]",
            "From {effective}, {covers} must obey the {law}[, approved on {passed}].[ {sponsor} <wrote/proposed> it.]",
            (
                "{ayes} members voted for the {law}[ and {noes} against it].[ It {signed?has been signed|has not been signed yet}.][ "
                "{opponent} fought it.]"
            ),
            (
                "Despite {noes} votes against[ and with {ayes} in favor], parliament adopted the {law}[ on {passed}][, {signed?and the "
                "president has signed it|but the president refuses to sign it}]."
            ),
            (
                "{opponent} <opposed/attacked> the {law}[, which was the idea of {sponsor}].[ It comes into force on {effective}.][ It "
                "concerns {covers}.]"
            ),
            "{law}: passed {passed}[, in force {effective}][, {ayes} yes, {noes} no][, {signed?signed|unsigned}]",
            "{sponsor} argued for the {law} and {opponent} against it[; it passed by {ayes} to {noes}].[ It affects {covers}.]",
            (
                "{signed?The president has signed|The president has yet to sign} the {law}.[ {noes} deputies rejected it, {ayes} backed "
                "it.][ It starts to apply on {effective}.]"
            ),
        ),
    ),
    Domain(  # court cases
        (
            text("docket", "C-###/K-##/CV-####/##-###/@@-##"),
            text("plaintiff|claimant|suing_party", "%person/%company"),
            text("defendant|sued_party|respondent", "%company/%person"),
            text("judge|presiding_judge", "%person"),
            text("filed|filed_on|filing_date", "%date"),
            text("hearing|hearing_date|trial_date", "%date"),
            cash("damages|amount_claimed|claim", 800, 9000),
            flag("settled|is_settled|settlement_reached"),
            several(
                "evidence|exhibits",
                "emails/photos/invoices/a video/letters/receipts/text messages/a contract/blood tests/phone records/maps",
            ),
        ),
        (
            "In case {docket}, {plaintiff} is suing {defendant}[ for ${damages}].[ Judge {judge} presides.][ The trial is on {hearing}.]",
            (
                "{defendant} was taken to court by {plaintiff} in case {docket}[, filed on {filed}[ and due to be heard on {hearing}]].[ "
                "The evidence: {evidence}.]"
            ),
            "Case {docket}: {plaintiff} v. {defendant}[, judge {judge}][, hearing {hearing}][, {settled?settled|not settled}]",
            (
                "On {filed}, {plaintiff} brought case {docket} against {defendant}[, demanding {damages} dollars].[ The parties "
                "{settled?have reached a settlement|could not agree on a settlement}.]"
            ),
            (
                "{judge} will hear case {docket}[ on {hearing}][, in which {defendant} is accused by {plaintiff}].[ The court will look at "
                "{evidence}.]"
            ),
            (
                "A claim of ${damages} against {defendant} is before the court as {docket}.[ It was lodged on {filed}[ by {plaintiff}].][ "
                "{settled?It ended in a deal|No deal was struck}.]"
            ),
            (
                "{defendant} denies owing {damages} euros to {plaintiff}. The case number is {docket}.[ The suit dates from {filed}.][ "
                "{judge} is the judge.]"
            ),
            (
                "The lawyers of {plaintiff} will show {evidence} at the hearing of {docket}[ on {hearing}].[ {defendant} {settled?has "
                "agreed to settle|refuses to settle}.]"
            ),
        ),
    ),
    Domain(  # exam results
        (
            text("student|candidate|examinee", "%person"),
            text("examiner|marked_by|grader", "%person"),
            text(
                "subject|exam|paper",
                "physics/Latin/algebra/geography/biology/ethics/chemistry/music theory/history/statistics/Greek",
            ),
            whole("written|written_score|written_points", 20, 98),
            whole("oral|oral_score|spoken_points", 20, 98),
            flag("passed|has_passed|is_pass"),
            text("sat_on|exam_date|taken_on", "%date"),
            text("results_on|results_date|published", "%date"),
            several(
                "weak_areas|weak_topics|to_revise",
                "essays/definitions/graphs/dates/quotations/diagrams/time planning/summaries/sources/vocabulary",
            ),
        ),
        (
            (
                "{student} scored {written} in the written part[ and {oral} in the oral part][ of the {subject} exam].[ {examiner} was "
                "the examiner.][ Result: {passed?pass|fail}.]"
            ),
            (
                "{examiner} gave {student} {oral} points for speaking[ and {written} for writing][ in {subject}].[ More practice in "
                "{weak_areas} is needed.]"
            ),
            (
                "The {subject} exam of {student} took place on {sat_on}[ and the marks come out on {results_on}].[ {examiner} does the "
                "grading.]"
            ),
            (
                "{student} {passed?has passed|has failed} {subject}[ with {oral} points in the oral exam[ and {written} on paper]].[ To "
                "revise: {weak_areas}.]"
            ),
            (
                "On {results_on}, {student} will learn the marks of the {subject} test[ taken on {sat_on}].[ {examiner} is grading it.][ "
                "Weak in {weak_areas}.]"
            ),
            "Marks for {student}[, {subject}]: oral {oral}[, written {written}][, {passed?passed|not passed}][, exam date {sat_on}]",
            (
                "The examiner, {examiner}, {passed?passed|failed} {student}[ in {subject}].[ The exam was on {sat_on}[, the results were "
                "sent on {results_on}].]"
            ),
            (
                "Written paper: {written}.[ Spoken part: {oral}.] {student} {passed?made it|did not make it}[ and will be told on "
                "{results_on}].[ Weak spots: {weak_areas}.]"
            ),
        ),
        ("scores", ("written", "oral")),
    ),
    Domain(  # scholarships
        (
            text(
                "scholarship|grant|award",
                "%last Scholarship/%noun Grant/%last Award/%noun Fund/%adj %noun Prize",
            ),
            text("recipient|awarded_to|holder", "%person"),
            text("donor|funded_by|sponsor", "%person/%company"),
            cash("amount|yearly_amount|value", 500, 9000),
            text("deadline|apply_by|closing_date", "%date"),
            whole("applicants|num_applicants|applications", 20, 400),
            whole("places|awards_given|num_places", 2, 60),
            flag("renewable|is_renewable|can_be_renewed"),
            several(
                "subjects|fields|disciplines",
                "law/music/physics/nursing/history/design/biology/economics/dance/chemistry/theology/botany",
            ),
        ),
        (
            (
                "The {scholarship}[, paid for by {donor},] went to {recipient}[, one of {applicants} applicants].[ It is worth ${amount} "
                "a year.]"
            ),
            (
                "{recipient} has won the {scholarship}[ for {subjects}].[ The money is a gift of {donor}.][ It {renewable?can be "
                "renewed|cannot be renewed}.]"
            ),
            (
                "{applicants} students <applied/competed> for the {places} places of the {scholarship}.[ Applications closed on "
                "{deadline}.][ {donor} put up the money.]"
            ),
            (
                "Apply for the {scholarship} by {deadline}: it pays {amount} dollars[ to students of {subjects}][ and {renewable?may be "
                "extended|may not be extended}].[ {places} people will get it.]"
            ),
            (
                "{donor} gives the {scholarship} to {places} students a year[, chosen from {applicants}].[ Among them is {recipient}.][ "
                "{renewable?It is renewable|It is not renewable}.]"
            ),
            (
                "{scholarship}: {amount} euros[, {places} places][, closes {deadline}][, {renewable?renewable|not renewable}][, for "
                "{subjects}]"
            ),
            (
                "With ${amount}[ from {donor}], {recipient} can now study {subjects}. The award is called the {scholarship}[ and "
                "{renewable?can run for a second year|ends for good after one year}]."
            ),
            (
                "Until {deadline} you can <put in/apply> for the {scholarship}.[ Last time {places} of {applicants} hopefuls were "
                "chosen.][ {recipient} holds it now.]"
            ),
        ),
    ),
    Domain(  # police reports
        (
            text("report|report_number|incident_id", "PR-###/R-####/##-###/@#-##/P####"),
            text("officer|investigator|handled_by", "%person"),
            text("victim|robbed_person|complainant", "%person"),
            text("witness|seen_by|eyewitness", "%person"),
            text("happened_at|time_of_crime|occurred", "%time"),
            text("reported_at|time_reported|called_in", "%time"),
            several(
                "stolen|stolen_items|taken",
                "a bike/a laptop/cash/jewelry/a phone/a camera/a watch/tools/a handbag/a passport/a TV",
            ),
            cash("loss|loss_value|stolen_value", 50, 4000),
            flag("arrest|arrest_made|suspect_held"),
        ),
        (
            "Report {report}: {victim} was robbed of {stolen}[ at {happened_at}].[ {witness} saw it.][ Officer {officer} is on the case.]",
            "Officer {officer} took down report {report}[ at {reported_at}] from {victim}[, robbed at {happened_at}].[ Loss: ${loss}.]",
            (
                "{witness} watched a thief take {stolen} from {victim}[ at {happened_at}]. The report is {report}.[ {arrest?The thief "
                "was caught|The thief got away}.]"
            ),
            (
                "At {reported_at} police were told of a theft[ that took place at {happened_at}]. The report is {report}.[ Inspector "
                "{officer} questioned {witness}, who saw it all.]"
            ),
            (
                "According to report {report}, goods worth ${loss}[, including {stolen},] were taken from {victim}.[ An arrest "
                "{arrest?has been made|has not been made}.]"
            ),
            (
                "{report}: victim {victim}[, officer {officer}][, theft {happened_at}][, reported {reported_at}][, {arrest?suspect "
                "held|no arrest}]"
            ),
            (
                "Missing: {stolen}[, ${loss} in all]. {victim} filed report {report}[ with {officer}].[ {witness} gave a statement as a "
                "witness.]"
            ),
            (
                "{arrest?A suspect was arrested|Nobody was arrested} in case {report}, a theft committed at {happened_at}.[ {victim} "
                "lost {loss} euros.][ {officer} investigates.]"
            ),
        ),
        ("times", ("happened_at", "reported_at")),
    ),
    Domain(  # fires
        (
            text(
                "building|burned_building|fire_site",
                "old mill/bakery/paper warehouse/town library/boat shed/toy factory/cinema/grand hotel/school gym/village inn/sawmill",
            ),
            text("alarm_at|alarm_time|call_time", "%time"),
            text("out_at|extinguished|put_out_at", "%time"),
            whole("injured|num_injured|hurt", 2, 30),
            whole("rescued|num_rescued|people_saved", 2, 40),
            text(
                "caused_by|origin",
                "faulty wiring/a candle/lightning/a heater/a cigarette/fireworks/a gas leak/a stove/a welding torch/hot ash",
            ),
            whole("damage|damage_cost|repair_cost", 5000, 90000, 500),
            flag("insured|is_insured|insurance"),
            several(
                "burnt_parts|rooms|damaged_rooms",
                "roof/attic/cellar/kitchen/office/stairs/workshop/hall/store room/garage/lobby",
            ),
        ),
        (
            (
                "Fire broke out in the {building}[ because of {caused_by}].[ The alarm was raised at {alarm_at}[ and the flames were out "
                "by {out_at}].]"
            ),
            (
                "{rescued} people were saved from the burning {building}[, but {injured} were hurt].[ The cause was {caused_by}.][ "
                "{insured?Insurance will pay|There was no insurance}.]"
            ),
            (
                "At {out_at} firefighters put out the blaze at the {building}[ after a call at {alarm_at}].[ {injured} people were "
                "injured[ and {rescued} carried to safety].]"
            ),
            (
                "Blamed on {caused_by}, the {building} fire left {injured} people wounded[ and destroyed the {burnt_parts}].[ Repairs will "
                "cost ${damage}.]"
            ),
            (
                "Fire report, {building}: call {alarm_at}[, out {out_at}][, {rescued} rescued][, {injured} hurt][, {insured?insured|not "
                "insured}]"
            ),
            (
                "The owner of the {building} {insured?was insured|was not insured} against fire.[ Damage to the {burnt_parts} comes to "
                "{damage} euros.][ It began with {caused_by}.]"
            ),
            (
                "With ${damage} in damage, the {building} was hit hard by the fire[ reported at {alarm_at}].[ The {burnt_parts} "
                "burned.][ Crews got {rescued} people out.]"
            ),
            (
                "The {burnt_parts} of the {building} burned until {out_at}.[ {injured} people went to hospital, {rescued} were led out "
                "unharmed.][ The losses {insured?are covered|are not covered} by insurance.]"
            ),
        ),
        ("people", ("injured", "rescued")),
    ),
    Domain(  # power plants
        (
            text(
                "plant|power_plant|power_station",
                "%noun Point/%last Bay/%noun Hill/Fort %last/%city East/Port %last",
            ),
            text(
                "fuel|energy_source|powered_by",
                "coal/natural gas/wind/sunlight/uranium/river water/wood chips/biogas/oil/hot steam/peat",
            ),
            text("builder|built_by|constructor", "%company"),
            text("run_by|owner", "%company"),
            whole("opened|opening_year|online_since", 1952, 2019),
            whole("capacity_mw|max_output_mw|peak_mw", 300, 990, 5),
            whole("output_mw|current_mw|mw_now", 40, 600, 5),
            flag("tours|open_to_visitors|visitors_allowed"),
            several(
                "supplies|serves|towns_served",
                "Ashford/Belmont/Carrow/Dunmore/Eastvale/Fairhaven/Glenrock/Hartley/Kingsbridge/Milford",
            ),
        ),
        (
            "{plant} runs on {fuel}[ and can produce up to {capacity_mw} MW][, but gives {output_mw} MW today].[ {run_by} operates it.]",
            (
                "Built by {builder}[ and run by {run_by}], {plant} has been working since {opened}.[ Visitors {tours?are welcome|are "
                "not allowed}.]"
            ),
            (
                "{run_by} runs {plant}, the work of {builder}.[ Right now it delivers {output_mw} MW[ out of a possible "
                "{capacity_mw}].][ The energy comes from {fuel}.]"
            ),
            (
                "In {opened}, {plant} began to supply {supplies} with power[ from {fuel}].[ {builder} put it up.][ {run_by} is in "
                "charge now.]"
            ),
            (
                "Homes in {supplies} get their power from {plant}[, which makes {output_mw} MW at the moment].[ At full load it reaches "
                "{capacity_mw} MW.][ {tours?Tours are offered|There are no tours}.]"
            ),
            (
                "Power plant {plant}: {fuel}[, {output_mw} MW now][, {capacity_mw} MW maximum][, operator {run_by}][, {tours?open to "
                "visitors|closed to visitors}]"
            ),
            (
                "The public {tours?may|may not} visit {plant}[, which {builder} constructed[ and {run_by} manages]].[ It started up in "
                "{opened}.]"
            ),
            (
                "With a top output of {capacity_mw} MW[ from {fuel}], {plant} lights {supplies}.[ {run_by} is its owner today, "
                "{builder} only built it.]"
            ),
        ),
    ),
    Domain(  # mobile phone plans
        (
            text(
                "plan|plan_name|tariff",
                "Smart S/Smart L/Flex ##/Easy Call/Student Plus/Family Max/Talk #/Free Move/Red @/Surf ##/Senior One/Basic @",
            ),
            text("provider|carrier|network", "%brand Mobile/%brand Telecom/%brand"),
            cash("monthly_fee|price_per_month|monthly_price", 5, 60),
            cash("setup_fee|activation_fee|one_off_fee", 5, 60),
            whole("data_gb|home_data_gb|gigabytes", 2, 80),
            whole("roaming_gb|data_abroad_gb", 2, 40),
            whole("contract_months|min_term|months", 3, 36, 3),
            flag("has_5g|supports_5g|five_g"),
            several(
                "extras|included|perks",
                "voicemail/music/hotspot/video calls/caller ID/cloud storage/sports news/e-books/insurance/TV",
            ),
        ),
        (
            (
                "The {plan} plan[ from {provider}] costs ${monthly_fee} a month[ plus ${setup_fee} once to start].[ It has {data_gb} GB "
                "at home[ and {roaming_gb} GB abroad].]"
            ),
            (
                "{provider} offers {plan}: {data_gb} GB of data[, {monthly_fee} euros monthly][, {contract_months} months minimum][, "
                "{has_5g?with 5G|without 5G}]."
            ),
            (
                "After a first payment of {setup_fee} dollars, {plan} is yours[ for {monthly_fee} dollars each month].[ You are bound "
                "for {contract_months} months.]"
            ),
            (
                "Abroad you can use {roaming_gb} GB with {plan}[, at home {data_gb} GB].[ {has_5g?5G is included|5G is not included}.][ "
                "Joining costs ${setup_fee}.]"
            ),
            (
                "{plan} runs for at least {contract_months} months[ and includes {extras}].[ {provider} charges {setup_fee} euros to "
                "connect you[ and {monthly_fee} euros every month].]"
            ),
            "Plan {plan}[, {provider}]: ${monthly_fee} per month[, setup ${setup_fee}][, {data_gb} GB][, {roaming_gb} GB roaming]",
            (
                "Customers of {provider} {has_5g?can|cannot} use 5G on {plan}.[ They get {extras}.][ Outside the country they have "
                "{roaming_gb} GB[, inside it {data_gb}].]"
            ),
            (
                "For {monthly_fee} dollars a month you get {extras}[ plus {data_gb} GB] on {plan}.[ You may leave after "
                "{contract_months} months.][ {has_5g?It is 5G-ready|It is not 5G-ready}.]"
            ),
        ),
        ("fees", ("monthly_fee", "setup_fee")),
    ),
    Domain(  # servers
        (
            text(
                "server|hostname|host",
                "web-##/db-#/node##/mail-#/app-##/atlas/orion/hermes/cache-#/build-#",
            ),
            text("location|data_center|located_in", "%city"),
            text("backup_location|replica_city|failover_site", "%city"),
            text("admin|maintained_by|sysadmin", "%person"),
            text("owner|ordered_by|belongs_to", "%person"),
            whole("memory_gb|ram_gb|total_memory", 64, 256, 8),
            whole("used_gb|memory_used|ram_in_use", 12, 120, 4),
            flag("encrypted|is_encrypted|disk_encrypted"),
            several(
                "services|runs|software",
                "nginx/redis/postgres/kafka/grafana/docker/jenkins/rabbitmq/vault/samba/bind",
            ),
        ),
        (
            "Server {server} stands in {location}[ and is mirrored in {backup_location}].[ {admin} looks after it.][ It runs {services}.]",
            (
                "{admin} manages {server}[ for its owner, {owner}].[ {used_gb} GB of its {memory_gb} GB of memory are taken.][ The disk "
                "{encrypted?is|is not} encrypted.]"
            ),
            (
                "If {location} goes dark, {backup_location} takes over for {server}.[ The machine belongs to {owner}[, but {admin} keeps "
                "it running].]"
            ),
            (
                "With {memory_gb} GB of RAM[, {used_gb} of them in use], {server} hosts {services}.[ Its data {encrypted?is encrypted|is "
                "stored unencrypted}.]"
            ),
            (
                "{owner} ordered {server} to run {services}[ in {location}].[ Call {admin} when it fails.][ {encrypted?All drives are "
                "encrypted|No drive is encrypted}.]"
            ),
            (
                "{server}: {location}[, backup {backup_location}][, {used_gb} GB used][, {memory_gb} GB RAM][, "
                "{encrypted?encrypted|unencrypted}]"
            ),
            (
                "A copy of {server} is kept in {backup_location}[, far from the original in {location}].[ {used_gb} GB of memory are "
                "busy[, {memory_gb} GB are built in].][ It is owned by {owner}.]"
            ),
            (
                "For {services} we use {server}, where {admin} is the administrator.[ The bill goes to the owner, {owner}.][ The spare "
                "is in {backup_location}, the main one in {location}.]"
            ),
        ),
    ),
    Domain(  # website outages
        (
            text(
                "website|web_address|url",
                "novashop.com/ticketly.net/bookbarn.org/mapzy.io/foodrun.com/petpal.net/jobnest.org/tunecast.fm/rentit.app/skillhub.io",
            ),
            text("started|down_at|start_time", "%time"),
            text("ended|back_at", "%time"),
            whole("users_affected|users_hit|affected_users", 150, 2000),
            whole("complaints|tickets|num_complaints", 20, 900),
            text("reporter|reported_by|noticed_by", "%person"),
            text("engineer|fixed_by|repaired_by", "%person"),
            flag("data_lost|lost_data|data_loss"),
            several(
                "broken_parts|affected_pages|features_down",
                "login/search/checkout/payments/chat/maps/uploads/comments/the cart/sign-up/the blog",
            ),
        ),
        (
            (
                "The site {website} went down at {started}[ and came back at {ended}].[ {reporter} noticed it first[ and {engineer} "
                "repaired it].]"
            ),
            (
                "{engineer} brought {website} back online[ at {ended}] after {reporter} had sounded the alarm.[ Trouble began at "
                "{started}.][ {data_lost?Some data is gone|No data is gone}.]"
            ),
            (
                "{users_affected} users could not reach {website}[, and {complaints} complaints came in].[ Not working: "
                "{broken_parts}.][ Data {data_lost?was|was not} lost.]"
            ),
            (
                "From {started} to {ended}, errors hit {broken_parts} on {website}.[ {engineer} fixed it.][ There were {complaints} "
                "complaints.]"
            ),
            (
                "Outage of {website}: {started} - {ended}[, {complaints} tickets][, {users_affected} users hit][, {data_lost?data "
                "lost|no data lost}]"
            ),
            (
                "It was {reporter} who reported that {website} was failing[, with errors in {broken_parts}].[ Service resumed at "
                "{ended}.][ {complaints} people complained, {users_affected} were affected.]"
            ),
            (
                "{data_lost?Data was lost|All data is safe} after the failure of {website}[ at {started}].[ It cut off {users_affected} "
                "people.][ Thanks to {reporter} for the warning[ and to {engineer} for the repair].]"
            ),
            (
                "Until {ended}, {users_affected} visitors of {website} saw an error page.[ Broken: {broken_parts}.][ The repair was done "
                "by {engineer}, the tip came from {reporter}.]"
            ),
        ),
    ),
    Domain(  # cameras
        (
            text(
                "camera|camera_model|model",
                "%brand X#/%brand Z##/%brand Pro #/%brand D###/%brand Mini",
            ),
            cash("new_price|price_new|list_price", 190, 1900),
            cash("used_price|second_hand_price|price_used", 90, 1500),
            whole("body_weight_g|body_grams|weight_body", 210, 980, 5),
            whole("lens_weight_g|lens_grams|weight_lens", 210, 980, 5),
            measure("megapixels|resolution_mp|sensor_mp", 10, 60),
            flag("weather_sealed|rainproof|is_sealed"),
            flag("has_flash|flash|built_in_flash"),
            several(
                "in_the_box|box_contents|accessories",
                "a strap/a charger/a battery/a lens cap/a memory card/a tripod/a cable/a pouch/a manual/a remote/a filter",
            ),
        ),
        (
            (
                "The {camera} costs ${new_price} new[ and ${used_price} used].[ It shoots at {megapixels} megapixels[ and "
                "{has_flash?has|lacks} a flash].]"
            ),
            (
                "Second-hand, the {camera} goes for {used_price} euros[, in the shop for {new_price}].[ Included: {in_the_box}.][ It "
                "{weather_sealed?stands up to rain|must be kept out of the rain}.]"
            ),
            (
                "Without its lens the {camera} weighs {body_weight_g} g[; the lens adds {lens_weight_g} g].[ Flash: "
                "{has_flash?yes|no}.][ In the box: {in_the_box}.]"
            ),
            (
                "A lens of {lens_weight_g} grams on a body of {body_weight_g} grams: that is the {camera}[, with {megapixels} "
                "megapixels][, {weather_sealed?safe in wet weather|not safe in wet weather}]."
            ),
            "{camera}: {megapixels} MP[, body {body_weight_g} g][, lens {lens_weight_g} g][, new ${new_price}][, used ${used_price}]",
            (
                "For ${new_price} you get a brand-new {camera}[ with {in_the_box}].[ One from a previous owner costs ${used_price}.][ "
                "{weather_sealed?It is sealed against rain|It is not sealed against rain}.]"
            ),
            (
                "{megapixels} million pixels is what the {camera} records.[ {has_flash?A flash is built in|There is no built-in "
                "flash}.][ The lens is {lens_weight_g} g[, the camera alone {body_weight_g} g].]"
            ),
            (
                "I paid {used_price} dollars for a used {camera}[ that was {new_price} when new]. It {weather_sealed?can|cannot} be used "
                "in the rain.[ I also got {in_the_box}.]"
            ),
        ),
        ("weight", ("body_weight_g", "lens_weight_g")),
    ),
    Domain(  # robots
        (
            text(
                "robot|robot_name|robot_unit",
                "Bolt/Gizmo/Unit @#/RX-##/Pixel/Rover #/Tinker/Max-#/Dusty/Servo/K-###",
            ),
            text("maker|built_by|manufacturer", "%company"),
            text("owner|used_by|customer", "%company"),
            measure("weight_kg|own_weight", 4, 95),
            measure("payload_kg|max_load|lifts_kg", 4, 95),
            whole("run_hours|battery_life|hours_of_work", 2, 20),
            whole("charge_hours|charging_time|hours_to_charge", 2, 12),
            flag("autonomous|is_autonomous|self_driving"),
            several(
                "jobs",
                "welding/sorting/packing/mopping/painting/mowing/patrolling/stacking/drilling/sewing/weeding/inspection",
            ),
        ),
        (
            (
                "{robot}, made by {maker}[ and used at {owner}], weighs {weight_kg} kg[ and carries up to {payload_kg} kg].[ It is meant "
                "for {jobs}.]"
            ),
            (
                "At {owner}, {robot} handles {jobs}.[ {maker} makes it.][ It needs {charge_hours} hours to charge[ and works for "
                "{run_hours}].]"
            ),
            (
                "{robot} works for {run_hours} hours[ after {charge_hours} hours on the plug].[ It {autonomous?finds its own way|has to "
                "be steered by hand}.][ Load limit: {payload_kg} kg.]"
            ),
            "Up to {payload_kg} kg can be lifted by {robot}[, which itself weighs {weight_kg} kg].[ It was sold to {owner}[ by {maker}].]",
            (
                "{maker} delivered {robot} to {owner}[ for {jobs}].[ It {autonomous?acts on its own|needs a driver}.][ It tips the "
                "scales at {weight_kg} kg.]"
            ),
            (
                "Robot {robot}: {weight_kg} kg[, lifts {payload_kg} kg][, runs {run_hours} h][, charges {charge_hours} h][, "
                "{autonomous?autonomous|remote controlled}]"
            ),
            (
                "{autonomous?No human controls|A human controls} {robot}[, which {maker} built].[ It spends {charge_hours} hours "
                "recharging[ and {run_hours} hours at work].]"
            ),
            (
                "It takes {charge_hours} hours to fill the battery of {robot}[, which then lasts {run_hours} hours].[ It can hold "
                "{payload_kg} kg.][ Jobs: {jobs}.][ It is the property of {owner}.]"
            ),
        ),
        ("battery", ("run_hours", "charge_hours")),
    ),
    Domain(  # zoo animals
        (
            text(
                "animal|animal_name|zoo_animal",
                "Kibo/Suri/Tembo/Nala/Bruno/Pippa/Rajah/Momo/Zuri/Otto/Luna/Jambo/Koko",
            ),
            text(
                "species|kind|breed",
                "giraffe/red panda/snow leopard/lemur/tapir/orangutan/zebra/okapi/gorilla/sea lion/ibex/elephant/otter",
            ),
            text("birth_city|born_in|birthplace", "%city"),
            text("zoo_city|lives_in|current_home", "%city"),
            text("keeper|cared_for_by|carer", "%person"),
            text("vet|veterinarian|doctor", "%person"),
            measure("food_kg|daily_food_kg|eats_kg", 2, 40),
            flag("on_display|visible|can_be_seen"),
            several(
                "diet|foods|menu",
                "hay/apples/carrots/leaves/fish/meat/bamboo/insects/melons/bananas/nuts/roots/eggs",
            ),
        ),
        (
            "{animal}[ the {species}] was born in {birth_city}[ but now lives in {zoo_city}].[ {keeper} feeds it[ and {vet} treats it].]",
            (
                "The zoo of {zoo_city} has a(n) {species} called {animal}[, born in {birth_city}].[ It eats {food_kg} kg a day[, mostly "
                "{diet}].]"
            ),
            (
                "{keeper} gives {animal}[, a(n) {species},] {food_kg} kg of {diet} every day.[ Visitors {on_display?get to see it|do not "
                "get to see it}.]"
            ),
            (
                "When {animal} falls ill, {vet} comes[, called by the keeper, {keeper}].[ This {species}[, a native of {birth_city},] is "
                "kept in {zoo_city}.]"
            ),
            (
                "Visitors {on_display?can see|cannot see} {animal}[, the {species} of the {zoo_city} zoo].[ The vet is {vet}, the keeper "
                "{keeper}.]"
            ),
            "{animal}: {species}[, born {birth_city}][, at {zoo_city} zoo][, vet {vet}][, keeper {keeper}]",
            (
                "Today at home in {zoo_city}, {animal} came into the world in {birth_city}.[ Doctor {vet} checks it[ and {keeper} cleans "
                "its cage].][ It is {on_display?on show|hidden from the public}.]"
            ),
            (
                "Each day {food_kg} kg of food goes to {animal}[, chiefly {diet}].[ The animal is a(n) {species}.][ {on_display?Guests "
                "may watch|Guests may not watch}.][ {keeper} looks after it.]"
            ),
        ),
        ("staff", ("keeper", "vet")),
    ),
    Domain(  # beehives
        (
            text("hive|hive_id|colony", "H-##/B##/K-#/@##/Q-##/North #/South #/Linden #/Garden ##"),
            text("beekeeper|keeper|looked_after_by", "%person"),
            text("landowner|land_owned_by|site_owner", "%person"),
            measure("honey_kg|honey_yield|honey_taken", 3, 40),
            measure("sugar_kg|sugar_fed|feed_kg", 3, 25),
            text("last_check|last_inspection|checked_on", "%date"),
            text("next_check|next_inspection|check_due", "%date"),
            flag("treated|mite_treated|treated_for_mites"),
            several(
                "forage|plants|nectar_from",
                "clover/lavender/linden/heather/thyme/acacia/sage/willow/borage/chestnut/rapeseed/mint",
            ),
        ),
        (
            (
                "{beekeeper} took {honey_kg} kg of honey from hive {hive}[ and gave it {sugar_kg} kg of sugar].[ It stands on the land "
                "of {landowner}.]"
            ),
            (
                "Hive {hive} was last opened on {last_check}[ and will be looked at again on {next_check}].[ The bees {treated?have been "
                "treated|have not been treated} for mites.]"
            ),
            "On the land of {landowner}, {beekeeper} keeps hive {hive}[, whose bees visit {forage}].[ Yield: {honey_kg} kg.]",
            (
                "After {sugar_kg} kg of sugar as winter feed, hive {hive} gave {honey_kg} kg of honey.[ The next check is due on "
                "{next_check}[, the previous one was on {last_check}].]"
            ),
            (
                "{landowner} has lent {beekeeper} a piece of ground for hive {hive}.[ The honey comes from {forage}.][ {treated?Mites "
                "were treated|Mites were not treated}.]"
            ),
            (
                "Hive {hive}: {honey_kg} kg honey[, {sugar_kg} kg sugar fed][, checked {last_check}][, next {next_check}][, "
                "{treated?treated|untreated}]"
            ),
            (
                "On {next_check} hive {hive} will be inspected again[; the last time was {last_check}].[ {beekeeper} is its keeper.][ "
                "Sugar so far: {sugar_kg} kg.][ In bloom: {forage}.]"
            ),
            (
                "{treated?The mite cure is done|The mite cure is still to be done} in hive {hive}[, in the garden of {landowner}].[ "
                "{sugar_kg} kg of sugar went in, {honey_kg} kg of honey came out.]"
            ),
        ),
    ),
    Domain(  # horses
        (
            text(
                "horse|horse_name|mount",
                "Comet/Bella Star/Thunder/Willow/Captain/Misty/Rocket/Juno/Merlin/Pepper/Sultan/Daisy/Ember",
            ),
            text(
                "mother|dam|mare",
                "Amber/Falcon/Storm/Clover/Sky Dancer/Indigo/Maple/Phoenix/Sahara/Ivory/Echo/Onyx/Dakota",
            ),
            text(
                "father|sire|stallion",
                "Amber/Falcon/Storm/Clover/Sky Dancer/Indigo/Maple/Phoenix/Sahara/Ivory/Echo/Onyx/Dakota",
            ),
            text("rider|ridden_by|jockey", "%person"),
            text("owner|owned_by|horse_owner", "%person"),
            cash("bought_for|purchase_price|price_paid", 900, 9000),
            cash("asking_price|for_sale_at|offered_at", 900, 9000),
            flag("vaccinated|is_vaccinated|has_shots"),
            several(
                "skills|good_at|trained_in",
                "jumping/dressage/racing/trail riding/polo/driving/vaulting/endurance/hunting/trotting",
            ),
        ),
        (
            "{horse} is by the stallion {father}[ out of the mare {mother}][ and belongs to {owner}].[ {rider} rides it.]",
            "{rider} rides {horse} for {owner}[, who paid ${bought_for} for it].[ It is good at {skills}.]",
            (
                "{owner} bought {horse} for ${bought_for}[ and now wants ${asking_price} for it].[ It {vaccinated?has had its "
                "shots|still needs its shots}.][ Its dam was {mother}.]"
            ),
            (
                "For sale at {asking_price} dollars: {horse}[, trained in {skills}][, {vaccinated?vaccinated|not vaccinated}][, mother "
                "{mother}][, father {father}]."
            ),
            "The mare {mother} gave birth to {horse}[, whose sire is {father}].[ In the saddle: {rider}.][ The owner is {owner}.]",
            "{horse}: rider {rider}[, owner {owner}][, sire {father}][, dam {mother}][, asking ${asking_price}]",
            (
                "A star at {skills}, {horse} once cost {bought_for} euros[ but is offered at {asking_price} today].[ {owner} lets "
                "{rider} compete on it.]"
            ),
            (
                "{vaccinated?The vet has vaccinated|No vet has vaccinated} {horse}, the horse of {owner}[, ridden by {rider}].[ It takes "
                "after its father, {father}[, not its mother, {mother}].]"
            ),
        ),
        ("parents", ("mother", "father")),
    ),
)
