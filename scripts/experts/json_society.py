"""Domains of training: papers and offices, neighbours, and the lives of people."""

from __future__ import annotations

from experts.json_world import Domain, cash, flag, measure, several, text, whole

SOCIETY: tuple[Domain, ...] = (
    Domain(  # census districts
        (
            text(
                "district|census_district|enumeration_area",
                "%adj Hill/%noun Ward/%last Quarter/%adj Gardens/%noun Side/Old %noun",
            ),
            text("enumerator|counted_by|census_taker", "%person"),
            text("checked_by|census_inspector", "%person"),
            whole("population|current_headcount|residents_now", 300, 2900),
            whole("previous_population|earlier_headcount|residents_before", 300, 2900),
            text("count_start|canvass_begins|first_count_day", "%day"),
            text("count_end|canvass_ends|last_count_day", "%day"),
            measure("mean_age|average_age_years", 24, 58),
            flag("online_form|web_response_possible"),
            several(
                "house_types|dwelling_types",
                "bungalows/tower blocks/houseboats/barracks/villas/cottages/trailers/almshouses/dormitories/farmsteads/lofts/chalets",
            ),
        ),
        (
            (
                "{enumerator} went from door to door in {district}[ and {checked_by} checked the sheets].[ {population} people live "
                "there[, against {previous_population} ten years ago].]"
            ),
            (
                "From {count_start}[ to {count_end}], every soul in {district} was counted.[ Answering over the internet "
                "{online_form?was possible|was not possible}.][ The average age came to {mean_age}.]"
            ),
            (
                "Census in {district}: {population} inhabitants[, last time {previous_population}][, mean age {mean_age}][, counter "
                "{enumerator}][, inspector {checked_by}][, {online_form?web form offered|paper only}]"
            ),
            (
                "At the last census {district} had {previous_population} inhabitants[; now there are {population}].[ With 3 helpers "
                "{enumerator} knocked at {house_types}.][ The work was over on {count_end}.]"
            ),
            (
                '"I rang every bell in {district}," says {enumerator}[, who set out on {count_start}].[ People there live in '
                "{house_types}.][ On average they are {mean_age} years old.]"
            ),
            (
                "With its {house_types}, {district} was hard to count.[ {checked_by} looked over the results.][ You {online_form?could "
                "reply from your computer|had to reply with a pen}.][ The last visits were made on {count_end}.]"
            ),
            (
                "Who counts {district}? {enumerator} does[, from {count_start}[ until {count_end}]].[ Doubts go to {checked_by}, the "
                "overseer.][ The form {online_form?may be sent by web|exists on paper only}.]"
            ),
            (
                "{previous_population} then, {population} now: the 2 papers print the figures for {district}.[ Mean age: {mean_age}.][ "
                "Homes: {house_types}.][ The count had begun on {count_start}.]"
            ),
        ),
        ("headcount", ("previous_population", "population")),
    ),
    Domain(  # citizenship ceremonies
        (
            text("new_citizen|naturalised_person|oath_taker", "%person"),
            text("officiant|conducted_by|registrar", "%person"),
            text("sponsor|character_witness|vouched_by", "%person"),
            text("origin|former_nationality|country_of_origin", "%country"),
            text(
                "hall|ceremony_venue|sworn_in_at",
                "%city Town Hall/%noun Hall/%last House/Old %noun Court/%adj Assembly Rooms",
            ),
            text("applied|petition_filed|application_lodged", "%date"),
            text("oath_date|naturalised_on|citizen_since", "%date"),
            whole("years_resident|residence_years", 3, 34),
            flag("dual|keeps_first_passport|dual_nationality"),
            several(
                "keepsakes|mementos|welcome_gifts",
                "a flag/a lapel pin/a sapling/a scroll/a rosette/a medal/a candle/a songbook/a fountain pen/a scarf/a tankard/a bouquet",
            ),
        ),
        (
            (
                "{officiant} heard the oath of {new_citizen}[ on {oath_date}][ at {hall}].[ {sponsor} had vouched for the newcomer.][ "
                "The old passport {dual?may be kept|had to be given up}.]"
            ),
            (
                "{new_citizen} came from {origin}[ and had lived here for {years_resident} years].[ The papers went in on {applied}[ "
                "and the right hand went up on {oath_date}].]"
            ),
            (
                "New citizen: {new_citizen}[, from {origin}][, applied {applied}][, sworn in {oath_date}][, registrar {officiant}][, "
                "witness {sponsor}][, {dual?two nationalities|one nationality}]"
            ),
            (
                "With {sponsor} as guarantor, {new_citizen} asked for citizenship[ on {applied}].[ {officiant} led the ceremony, which "
                "took 25 minutes.][ The presents were {keepsakes}.]"
            ),
            (
                "Like 40 others, {new_citizen} became one of us at {hall}[ on {oath_date}].[ To take home there was {keepsakes}.][ The "
                "ties to {origin} {dual?stay legal|end by law}.]"
            ),
            (
                '"After {years_resident} years in this land I belong," said {new_citizen}[, holding {keepsakes}].[ {officiant} '
                "presided[ in {hall}].]"
            ),
            (
                "Since {oath_date}[, {years_resident} years after moving here,] {new_citizen} has been a citizen.[ The request was "
                "dated {applied}.][ {sponsor} had confirmed a good character.]"
            ),
            (
                "{hall} saw {officiant} welcome {new_citizen}[ of {origin}] as a citizen.[ The choir sang 4 verses.][ The former "
                "nationality {dual?lives on|lapses}.][ Handed over: {keepsakes}.]"
            ),
            (
                "Can anyone vouch for {new_citizen}? {sponsor} can[, and {hall} is booked for the oath].[ The stay so far: "
                "{years_resident} years.][ Request: {applied}; ceremony: {oath_date}.]"
            ),
        ),
        ("milestones", ("applied", "oath_date")),
    ),
    Domain(  # passports
        (
            text("passport_no|document_number|booklet_number", "@####/@@###/@@-###/####@/@#-##"),
            text("holder|bearer|document_owner", "%person"),
            text("signatory|signed_by|issuing_clerk", "%person"),
            text("birthplace|native_town|place_of_birth", "%city"),
            text("issue_place|issuing_office|made_out_in", "%city"),
            text("issued|issue_date|valid_from", "%date"),
            text("expires|expiry_day|valid_to", "%date"),
            whole("border_stamps|entry_stamps", 2, 60),
            flag("biometric|has_chip|machine_readable"),
            several(
                "security|anti_forgery_marks|security_features",
                "watermarks/holograms/microprint/guilloches/laser holes/embossing/ghost images/iridescent ink/coloured fibres",
            ),
        ),
        (
            (
                "Passport {passport_no} belongs to {holder}[, born in {birthplace}].[ It was issued in {issue_place}[ and signed there "
                "by {signatory}].]"
            ),
            (
                "{signatory} signed passport {passport_no}[ for {holder}][ on {issued}].[ It is good until {expires}.][ Inside you "
                "find {security}.]"
            ),
            (
                "Travel document {passport_no}[: bearer {holder}][, native of {birthplace}][, office {issue_place}][, from {issued}][, "
                "to {expires}][, {biometric?with chip|without chip}]"
            ),
            (
                "{holder} has filled passport {passport_no} with {border_stamps} stamps[ since {issued}, the day it was handed out].[ "
                "The 4 guards were amazed.][ The cover {biometric?holds a chip|holds no chip}.]"
            ),
            (
                "Although {birthplace} is where {holder} was born, {issue_place} is where passport {passport_no} was made out[, by "
                "{signatory}].[ Its pages carry {security}.]"
            ),
            (
                "After {expires}, passport {passport_no} is no longer valid.[ {holder} owns it.][ It bears {border_stamps} border "
                "stamps[ and the name of {signatory}, the clerk who signed].]"
            ),
            (
                '"Passport {passport_no} is in the top drawer," says {holder}[, who came into the world in {birthplace}].[ Forgers '
                "fear its {security}.][ The e-gate {biometric?can|cannot} read it.][ Border stamps: {border_stamps}.]"
            ),
            (
                "The office in {issue_place} handed out passport {passport_no}[ on {issued}], 6 weeks after the request.[ It runs out "
                "on {expires}.][ Protection: {security}.][ Stamps so far: {border_stamps}.]"
            ),
            (
                "Is passport {passport_no} still in force? Yes, until {expires}.[ The official {signatory} signed it[ in "
                "{issue_place}].][ A chip {biometric?was built in|is missing}.][ Its owner was born in {birthplace}.]"
            ),
        ),
        ("validity", ("issued", "expires")),
    ),
    Domain(  # visas
        (
            text(
                "visa_class|permit_type|entry_category",
                "au pair/student/transit/seasonal worker/family reunion/investor/journalist/pilgrim/crew/fiancé/digital nomad/trainee",
            ),
            text("applicant|visa_seeker|requested_by", "%person"),
            text("inviter|inviting_host|invitation_from", "%person"),
            text("home_country|citizen_of|applicant_nationality", "%country"),
            text("destination|country_to_enter|host_country", "%country"),
            whole("stay_days|max_stay_days|permitted_days", 5, 180),
            whole("processing_days|decision_days|waiting_days", 5, 180),
            cash("visa_fee|consular_fee|charge", 20, 240),
            flag("multiple_entry|reentry_allowed"),
            several(
                "paperwork|supporting_documents|enclosures",
                "bank statements/photos/a birth certificate/tax returns/payslips/a rental contract/an itinerary/fingerprints/diplomas",
            ),
        ),
        (
            (
                "{applicant} of {home_country} asked for a(n) {visa_class} visa[ to enter {destination}].[ The invitation came from "
                "{inviter}.][ The fee was {visa_fee} euros.]"
            ),
            (
                "A(n) {visa_class} visa allows {stay_days} days in {destination}[ and took the consulate {processing_days} days].[ "
                "Coming back in {multiple_entry?is allowed|is not allowed}.]"
            ),
            (
                "Visa: {visa_class}[, for {applicant}][, from {home_country}][, to {destination}][, host {inviter}][, stay {stay_days} "
                "days][, fee {visa_fee}][, {multiple_entry?multiple entry|single entry}]"
            ),
            (
                "{inviter} invited {applicant}[ to {destination}], hence the {visa_class} visa.[ Handed in: {paperwork}.][ The answer "
                "took {processing_days} days and 2 phone calls.]"
            ),
            (
                "With {paperwork} in hand, {applicant} queued at window 7 for a(n) {visa_class} visa.[ It cost ${visa_fee}.][ The "
                "passport is from {home_country}[, the trip goes to {destination}].]"
            ),
            (
                "How long do you wait for a(n) {visa_class} visa? About {processing_days} days.[ The price is {visa_fee} dollars.][ "
                "Then you may remain for {stay_days} days.][ Bring {paperwork}.]"
            ),
            (
                "For the {visa_class} visa we need {paperwork}, the consul wrote to {applicant}[, who comes from {home_country}].[ "
                "{inviter} will be the host.][ Leaving and returning {multiple_entry?is fine|voids it}.]"
            ),
            (
                "Citizens of {home_country} bound for {destination} need a(n) {visa_class} visa.[ {applicant} waited {processing_days} "
                "days for it[ and may stay {stay_days}].][ {inviter} had written the letter of invitation.]"
            ),
            (
                "After {stay_days} days in the country {applicant} must leave: so says line 4 of the {visa_class} visa.[ It is good "
                "for {multiple_entry?several trips|one trip only}.][ {visa_fee} francs were paid.][ Invited by: {inviter}.]"
            ),
        ),
        ("journey", ("home_country", "destination")),
    ),
    Domain(  # twin towns
        (
            text(
                "charter|twinning_pact|partnership_deed",
                "%noun Pact/%adj Charter/%last Accord/%noun Treaty/%adj Bond",
            ),
            text("home_town|local_municipality|our_side", "%city"),
            text("sister_city|foreign_partner|twin_abroad", "%city"),
            text("home_mayor|local_mayor|host_mayor", "%person"),
            text("guest_mayor|visiting_mayor|foreign_mayor", "%person"),
            whole("pact_year|twinned_since|year_signed", 1949, 2024),
            whole("pupils_sent|outgoing_pupils", 6, 95),
            whole("pupils_received|incoming_pupils", 6, 95),
            flag("still_active|partnership_alive"),
            several(
                "tokens|friendship_gifts|town_presents",
                "a fountain/a carillon/a sundial/a bandstand/an obelisk/a totem pole/a weathercock/a gondola/a cannon/a cuckoo clock/"
                "a tapestry/a maypole",
            ),
        ),
        (
            (
                "By the {charter}, our town {home_town} was twinned with {sister_city}[ in {pact_year}].[ {guest_mayor} came as their "
                "mayor to sign it[, {home_mayor} was ours].]"
            ),
            (
                "{home_mayor}, our mayor, welcomed {guest_mayor}, head of the twin town[ {sister_city}], on the day of the {charter}.[ "
                "As a gift there was {tokens}.]"
            ),
            (
                "{charter}[: home {home_town}][, twin {sister_city}][, signed {pact_year}][, {pupils_sent} pupils sent][, "
                "{pupils_received} pupils received][, {still_active?alive|dormant}]"
            ),
            (
                "Thanks to the {charter}, {pupils_sent} of our pupils went abroad[ and {pupils_received} from over there came to us].[ "
                "The friendship {still_active?is as lively as ever|has fallen asleep}.]"
            ),
            (
                "The town abroad is {sister_city}, ours is {home_town}; the {charter} joins them.[ {pupils_received} schoolchildren "
                "came over to us[, {pupils_sent} went there].][ Gifts: {tokens}.]"
            ),
            (
                '"The {charter} dates from {pact_year}," recalls {home_mayor}, mayor here for 12 years.[ The partner abroad is '
                "{sister_city}.][ Visits {still_active?go on to this day|stopped long ago}.]"
            ),
            (
                "With {tokens} as a present {guest_mayor}, the visiting mayor, sealed the {charter}[ in {pact_year}] while 3 bands "
                "played.[ Hosts were the people of {home_town}[ under Mayor {home_mayor}].]"
            ),
            (
                "Far-off {sister_city} gave us {tokens} under the {charter}.[ {pupils_received} children from there were our guests.][ "
                "For our side {home_mayor} held the pen, for theirs {guest_mayor}.]"
            ),
            (
                "Does the {charter} still mean anything? {still_active?It does|It does not}.[ {home_town}, our side, sent "
                "{pupils_sent} pupils in 2 buses.][ Year of signing: {pact_year}.][ Mayor over there: {guest_mayor}.]"
            ),
        ),
        ("school_exchange", ("pupils_sent", "pupils_received")),
    ),
    Domain(  # language tests
        (
            text("candidate|test_taker|examinee", "%person"),
            text("examiner|assessor|graded_by", "%person"),
            text("invigilator|proctor|room_supervisor", "%person"),
            text("exam_language|tested_language|foreign_language", "%language"),
            text("mother_tongue|native_language|first_language", "%language"),
            whole("listening|comprehension_score|aural_points", 12, 99),
            whole("speaking|oral_score|fluency_points", 12, 99),
            text("level|cefr_band|proficiency_band", "A1/A2/B1/B2/C1/C2"),
            flag("passed|certificate_earned"),
            several(
                "exercise_types|test_parts",
                "dictation/cloze texts/an essay/role play/a summary/minimal pairs/word puzzles/a monologue/picture description/a debate/"
                "shadowing/gap filling",
            ),
        ),
        (
            (
                "{examiner} tested {candidate} in {exam_language}[, while {invigilator} watched over the room].[ Speaking earned "
                "{speaking} points[, listening {listening}].]"
            ),
            (
                "{candidate}, who grew up speaking {mother_tongue}, sat the {exam_language} exam[ at level {level}].[ The certificate "
                "{passed?is in the bag|has to wait}.][ The paper contained {exercise_types}.]"
            ),
            (
                "Candidate: {candidate}[; exam in {exam_language}][; native {mother_tongue}][; level {level}][; oral {speaking}, audio "
                "{listening}][; {passed?passed|failed}]"
            ),
            (
                "In room 12 {invigilator} collected the phones before {candidate} began.[ {listening} points came from the listening "
                "part[ and {speaking} from speaking].][ The grades are from {examiner}.]"
            ),
            (
                '"A test in {exam_language} is hard if, like me, you grew up with {mother_tongue}," says {candidate}, aged 34.[ '
                "Exercises: {exercise_types}.][ In the end it {passed?was enough|was not enough}.]"
            ),
            (
                "With {speaking} for talking[ and {listening} for understanding], {candidate} {passed?made it|did not make it}[ at "
                "level {level}].[ {examiner} graded it all.]"
            ),
            (
                "The {exam_language} test of {candidate} lasted 90 minutes and had {exercise_types} in it.[ {invigilator} "
                "guarded the room[ and "
                "{examiner} did the marking].][ Level sought: {level}.]"
            ),
            (
                "Did {candidate} succeed? {passed?Yes, indeed|Sadly not}.[ The ear got {listening} points[, the tongue {speaking}].][ "
                "At home it is all {mother_tongue}.][ Marks given by {examiner}.]"
            ),
            (
                "Level {level} means {exercise_types}, as {candidate} learned.[ No one could cheat with {invigilator} on guard.][ Mother "
                "tongue: {mother_tongue}.][ Language of the exam: {exam_language}.]"
            ),
        ),
        ("scores", ("listening", "speaking")),
    ),
    Domain(  # street names
        (
            text(
                "street|thoroughfare|present_street_name",
                "%last Street/%noun Lane/%adj Row/%last Avenue/%noun Steps/%noun Alley/%last Walk",
            ),
            text(
                "former_name|previously_called|old_street_name",
                "%last Street/%noun Lane/%adj Row/%last Avenue/%noun Steps/%noun Alley/%last Walk",
            ),
            text("namesake|honours|named_after", "%person"),
            text("proposer|suggested_by|motion_by", "%person"),
            text(
                "namesake_trade|honouree_occupation",
                "lamplighter/cooper/midwife/astronomer/glassblower/ferryman/suffragette/organist/cartographer/puppeteer/herbalist/"
                "bellfounder/aviator/clockmaker",
            ),
            whole("ayes|votes_for|in_favour", 4, 60),
            whole("noes|votes_against|opposed", 4, 60),
            text("renamed_on|renaming_date|name_valid_from", "%date"),
            flag("dead_end|cul_de_sac"),
            several(
                "sign_materials|plate_made_of",
                "enamel/brass/slate/cast iron/porcelain/aluminium/oak/zinc/copper/granite/tin/terracotta",
            ),
        ),
        (
            (
                "{street} was once called {former_name}.[ It recalls {namesake}[, a(n) {namesake_trade}].][ The change took effect on "
                "{renamed_on}.]"
            ),
            (
                "At the wish of {proposer}, the council turned {former_name} into {street}[ by {ayes} yes votes[ against {noes} no "
                "votes]].[ The road {dead_end?ends at a wall|leads on to the river}.]"
            ),
            (
                "New name: {street}[; old name: {former_name}][; after {namesake}, {namesake_trade}][; idea: {proposer}][; {ayes} for "
                "it, {noes} against][; {dead_end?dead end|through road}]"
            ),
            (
                "{proposer} wanted people to remember {namesake}, so {street} got its name[ on {renamed_on}].[ {noes} councillors said "
                "no[, {ayes} said yes].]"
            ),
            (
                "The new signs on {street} cost 900 euros and are made of {sign_materials}.[ Older people still say {former_name}.][ "
                "The far end {dead_end?has no way out|has a way out}.]"
            ),
            (
                "Who was {namesake}? A(n) {namesake_trade}, and the person behind the name of {street}.[ The suggestion came from "
                "{proposer}.][ Hands raised for it: {ayes}; against it: {noes}.]"
            ),
            (
                '"I live on {street}," writes a reader of 80, "and I knew the {namesake_trade} it recalls."[ It has borne the name '
                "since {renamed_on}.][ Earlier name: {former_name}.][ Plates: {sign_materials}.]"
            ),
            (
                "{noes} council members voted against {street} as a name[ and {ayes} for it] after a 4-hour quarrel.[ {proposer} had "
                "put it forward.][ The signs are of {sign_materials}.]"
            ),
            (
                "Since {renamed_on}, {street} has recalled {namesake}[ the {namesake_trade}].[ Cars {dead_end?must turn round at its "
                "end|can drive on at its end}.][ The nameplates are of {sign_materials}.]"
            ),
        ),
        ("council_vote", ("ayes", "noes")),
    ),
    Domain(  # pension decisions
        (
            text("claimant|retiree|pension_recipient", "%person"),
            text("case_officer|decided_by|adjudicator", "%person"),
            cash("gross_pension|monthly_gross|before_tax", 900, 2600),
            cash("net_pension|monthly_net|take_home", 500, 1800),
            text("filed_on|claim_lodged|request_received", "%date"),
            text("paid_from|first_payment|entitlement_begins", "%date"),
            whole("contribution_years|insured_years", 5, 48),
            text(
                "former_trade|lifelong_occupation|worked_as",
                "stevedore/typesetter/welder/seamstress/lockkeeper/croupier/upholsterer/foundryman/milliner/signalman/furrier/engraver/"
                "glazier",
            ),
            flag("appealed|objection_raised"),
            several(
                "credited_periods|non_contributory_times",
                "military service/childcare/home nursing/illness/schooling/unemployment/maternity leave/captivity/apprenticeship/"
                "rehabilitation",
            ),
        ),
        (
            (
                "{case_officer} granted {claimant} a pension of {gross_pension} euros before tax[ and {net_pension} after it].[ The "
                "request had come in on {filed_on}.]"
            ),
            (
                "{claimant}, a former {former_trade}, will be paid from {paid_from} on[, having applied on {filed_on}].[ Contributions "
                "were made for {contribution_years} years.][ Also counted: {credited_periods}.]"
            ),
            (
                "Pension notice, {claimant}[: gross {gross_pension}][, net {net_pension}][, from {paid_from}][, {contribution_years} "
                "years paid in][, official {case_officer}][, {appealed?appeal pending|no appeal}]"
            ),
            (
                "{contribution_years} years of paying in now bring {claimant} {net_pension} euros in hand each month[ ({gross_pension} "
                "before deductions)].[ The decision {appealed?is being fought|was accepted}.][ Signed: {case_officer}.]"
            ),
            (
                "The file of {claimant} lay with {case_officer}, who decides, for 7 weeks.[ Times of {credited_periods} were added.][ "
                "Opened on {filed_on}, it led to a first payment on {paid_from}.]"
            ),
            (
                '"As a(n) {former_trade} I never earned much," says {claimant}[, who {appealed?is fighting the decision|accepts the '
                "decision}].[ Of the {gross_pension} awarded, {net_pension} reaches the bank.]"
            ),
            (
                "Because of {credited_periods}, {claimant} gets more.[ Before tax it is {gross_pension}[, after tax {net_pension}].][ "
                "The first transfer is due on {paid_from}.][ Insured for {contribution_years} years.]"
            ),
            (
                "Will {claimant} leave it at that? {appealed?No, an appeal is under way|Yes, no appeal will follow}.[ Working life: "
                "{former_trade}.][ The case was decided by {case_officer} on 3 pages.][ Form received: {filed_on}.]"
            ),
            (
                "Payable from {paid_from}: the pension of {claimant}, once a(n) {former_trade}.[ Page 3 adds {credited_periods}.][ "
                "Claimed on {filed_on}.][ {case_officer} signed the decision.]"
            ),
        ),
        ("monthly_amounts", ("gross_pension", "net_pension")),
    ),
    Domain(  # disputes between neighbours
        (
            text(
                "quarrel_over|bone_of_contention|nuisance",
                "cypress hedge/cockerel/trampoline/drum kit/barbecue/wind chime/satellite dish/beehive/hot tub/leaf blower/carport/"
                "floodlight",
            ),
            text("complainant|aggrieved_party|grievance_of", "%person"),
            text("respondent|accused_neighbour|blamed_party", "%person"),
            text("mediator|conciliator|go_between", "%person"),
            cash("sum_demanded|compensation_sought", 200, 950),
            cash("sum_agreed|compensation_paid", 40, 600),
            text("feud_began|conflict_since|broke_out_on", "%date"),
            text("feud_ended|peace_made_on|resolved_on", "%date"),
            flag("went_to_court|litigated"),
            several(
                "concessions|agreed_remedies|peace_terms",
                "earplugs/a trellis/quiet hours/pruning/soundproofing/a gravel strip/a timer/screens/night covers/an apology/"
                "rubber mats/a new fence",
            ),
        ),
        (
            (
                "{complainant} complained about the {quarrel_over} of {respondent}[ and wanted {sum_demanded} euros].[ {mediator} "
                "brought the two together.][ In the end {sum_agreed} was paid.]"
            ),
            (
                "{respondent} was blamed by {complainant} for a(n) {quarrel_over}[; the trouble started on {feud_began}].[ A judge "
                "{went_to_court?had to decide|was never troubled with it}.]"
            ),
            (
                "Neighbours' row: {quarrel_over}[; {complainant} against {respondent}][; mediator {mediator}][; from {feud_began} to "
                "{feud_ended}][; asked {sum_demanded}, paid {sum_agreed}]"
            ),
            (
                "Thanks to {mediator}, a go-between, the row about the {quarrel_over} was over on {feud_ended}[, with {sum_agreed} "
                "dollars paid].[ Agreed: {concessions}.][ It {went_to_court?had reached the courts|never reached the courts}.]"
            ),
            (
                '"The {quarrel_over} keeps all 5 of us awake," wrote {complainant}[ when the feud began on {feud_began}].[ '
                "{respondent}, the owner, agreed to {concessions}.]"
            ),
            (
                "From {feud_began}[ until {feud_ended}] a(n) {quarrel_over} divided two houses.[ The one at fault, it was said, was "
                "{respondent}.][ {complainant}, the injured side, asked for {sum_demanded}[ and got {sum_agreed}].]"
            ),
            (
                "With {concessions} promised, {respondent} may keep the {quarrel_over}.[ Peace came on {feud_ended}, after 6 "
                "letters.][ {mediator} had sat between the two sides.]"
            ),
            (
                "Did they sue each other over the {quarrel_over}? {went_to_court?They did|They did not}.[ {complainant} had asked for "
                "{sum_demanded}[, {respondent} finally paid {sum_agreed}].][ Promised: {concessions}.]"
            ),
            (
                "On {feud_ended} {mediator} made peace about the {quarrel_over} between numbers 14 and 16.[ The demand had been "
                "{sum_demanded}.][ It all started on {feud_began}.][ They {went_to_court?met in court|kept out of court}.]"
            ),
        ),
        ("compensation", ("sum_demanded", "sum_agreed")),
    ),
    Domain(  # lost-and-found items
        (
            text(
                "lost_item|mislaid_object|stray_thing",
                "ukulele/thermos/monocle/trombone/denture/walking stick/wedding ring/hearing aid/brooch/pocket watch/tricycle/parasol/"
                "mitten",
            ),
            text("owner|belongs_to|lost_by", "%person"),
            text("finder|found_by|discovered_by", "%person"),
            text(
                "lost_at|place_lost|last_had_at",
                "%noun Café/%adj Park/%road/Gate ##/Platform #/%last Baths/%city Central",
            ),
            text(
                "found_at|place_found|turned_up_at",
                "%noun Café/%adj Park/%road/Gate ##/Platform #/%last Baths/%city Central",
            ),
            text("handed_in_on|deposited_on|received_on", "%date"),
            text("collected_on|claimed_on|back_with_owner_on", "%date"),
            cash("reward|finders_fee|thank_you_money", 5, 95),
            flag("ownership_proven|proof_shown"),
            several(
                "telltale_signs|distinguishing_marks",
                "a dent/a scratch/a sticker/engraved initials/a ribbon/a loose screw/a coffee stain/a name tag/a knot/a burn mark/"
                "a chipped edge/a red thread",
            ),
        ),
        (
            "{owner} lost a(n) {lost_item} at {lost_at}[, and {finder} found it at {found_at}].[ The reward was {reward} euros.]",
            (
                "{finder} found a(n) {lost_item} and handed it in[ on {handed_in_on}][; it was lying at {found_at}].[ You can tell it "
                "by {telltale_signs}.]"
            ),
            (
                "Lost property: {lost_item}[; owner {owner}][; finder {finder}][; lost at {lost_at}, found at {found_at}][; in "
                "{handed_in_on}, out {collected_on}][; reward {reward}]"
            ),
            (
                "The {lost_item} with {telltale_signs} lay on shelf 9[ from {handed_in_on} on][ until fetched on {collected_on}].[ "
                "Ownership {ownership_proven?was proved|was never proved}.][ It had been left behind at {lost_at}.]"
            ),
            (
                '"This is the {lost_item} I lost!" cried {owner}, who {ownership_proven?could prove it|could not prove it}.[ It had '
                "come to light at {found_at}, 2 streets away.][ {finder}, who had found it, got {reward} dollars.]"
            ),
            (
                "On {collected_on} {owner} came for the {lost_item}[ that went missing at {lost_at}].[ It was known by "
                "{telltale_signs}.][ The finder, {finder}, had brought it in[ on {handed_in_on}].]"
            ),
            (
                "For finding the {lost_item}, {finder} was given {reward} euros[ by {owner}].[ A bill of sale {ownership_proven?was "
                "shown|could not be shown}.][ It was picked up from desk 3 on {collected_on}.]"
            ),
            (
                "Who lost a(n) {lost_item} at {lost_at}? It has {telltale_signs} and waits for you at desk 3.[ The finder, {finder}, "
                "left it here on {handed_in_on}.][ It was found at {found_at}.]"
            ),
            (
                "Against all odds, the {lost_item} of {owner} was fetched on {collected_on}.[ It came to light at {found_at}.][ "
                "{reward} was paid for the find.][ Papers to prove ownership {ownership_proven?were there|were lacking}.]"
            ),
        ),
        ("whereabouts", ("lost_at", "found_at")),
    ),
    Domain(  # missing-person notices
        (
            text("missing_person|sought_person|whereabouts_unknown_of", "%person"),
            text("informant|reported_by|alarm_raised_by", "%person"),
            text("detective|search_leader|officer_in_charge", "%person"),
            text("last_seen_in|last_sighting_town", "%city"),
            text("bound_for|intended_destination|was_heading_to", "%city"),
            text("vanished_on|last_sighting_date|gone_since", "%date"),
            text("reported_on|notice_filed|police_told_on", "%date"),
            whole("height_cm|stature_cm|body_height", 142, 199),
            flag("found_safe|located|search_over"),
            several(
                "clothing|was_wearing|garments",
                "a parka/a beret/dungarees/a kilt/galoshes/a poncho/corduroys/a cardigan/a balaclava/clogs/a waistcoat/a duffel coat/"
                "gaiters",
            ),
        ),
        (
            (
                "{missing_person} was last seen in {last_seen_in}, on the way to {bound_for}[, on {vanished_on}].[ {informant} told "
                "the police.][ {detective} leads the search.]"
            ),
            (
                "{informant} reported {missing_person} missing[ on {reported_on}][; the last sighting was on {vanished_on}].[ Worn "
                "that day: {clothing}.]"
            ),
            (
                "Missing: {missing_person}[, {height_cm} cm][, wearing {clothing}][, last seen {last_seen_in}][, heading for "
                "{bound_for}][, gone since {vanished_on}][, detective {detective}]"
            ),
            (
                "{detective} of the police is asking about {missing_person}[, {height_cm} centimetres tall], with 2 search dogs.[ The "
                "alarm was raised by {informant}[ on {reported_on}].]"
            ),
            (
                "Dressed in {clothing}, {missing_person} was last noticed by 3 cyclists[ in {last_seen_in}].[ The trip was to end in "
                "{bound_for}.][ {found_safe?All is well: the search is over|There is no trace to this day}.]"
            ),
            (
                "Has {missing_person} been found? {found_safe?Yes, safe and sound|No, not yet}.[ {detective}, the officer in charge, "
                "takes calls.][ Height: {height_cm} cm.][ The police were told on {reported_on}.]"
            ),
            (
                '"{missing_person} wanted to get to {bound_for}," said {informant}, who called the station.[ The clothes: '
                "{clothing}.][ The person {found_safe?has turned up unharmed|remains missing}.]"
            ),
            (
                "About {height_cm} cm tall, {missing_person} has been gone since {vanished_on}.[ Last spotted in {last_seen_in}.][ A "
                "report came in at desk 4[ from {informant}][ on {reported_on}].]"
            ),
            (
                "On the orders of Detective {detective}, pictures of {missing_person} in {clothing} hang in 30 shops.[ Last seen on "
                "{vanished_on}, reported on {reported_on}.][ They {found_safe?can come down, as it ended well|must stay up, as nothing "
                "is known}.]"
            ),
        ),
        ("report_dates", ("vanished_on", "reported_on")),
    ),
    Domain(  # obituaries
        (
            text("deceased|departed|obituary_of", "%person"),
            text("surviving_spouse|widowed_partner|was_married_to", "%person"),
            text("eulogist|tribute_by|farewell_by", "%person"),
            text("birthplace|native_place|cradle_town", "%city"),
            text("place_of_death|died_in|final_town", "%city"),
            whole("children|sons_and_daughters", 2, 9),
            whole("grandchildren|grandkids", 2, 19),
            text(
                "vocation|lifes_work|earned_living_as",
                "organist/beekeeper/glazier/botanist/ferryman/tailor/bookbinder/locksmith/violin maker/cellist/shepherd/notary/"
                "astronomer/lacemaker",
            ),
            flag("private_funeral|family_only_burial"),
            several(
                "passions|loved_pastimes",
                "chess/orchids/sailing/opera/crosswords/mushrooms/steam engines/falconry/jazz/roses/billiards/limericks/comets",
            ),
        ),
        (
            (
                "{deceased}, a(n) {vocation} born in {birthplace}, has died[ in {place_of_death}].[ Left behind: {surviving_spouse}, "
                "the partner[, {children} children][ and {grandchildren} grandchildren].]"
            ),
            (
                "{eulogist} writes of {deceased}, who loved {passions}.[ For 41 years {surviving_spouse} had been husband or wife, and "
                "a friend.]"
            ),
            (
                "In memory of {deceased}[, {vocation}][, born {birthplace}][, died {place_of_death}][; widowed: {surviving_spouse}][; "
                "{children} children, {grandchildren} grandchildren][; funeral {private_funeral?in private|open to all}]"
            ),
            (
                "Born in {birthplace}, {deceased} spent a lifetime as a(n) {vocation}.[ {grandchildren} grandchildren will miss those "
                "stories[, as will {children} sons and daughters].][ The burial {private_funeral?is for the family alone|is open to "
                "everyone}.]"
            ),
            (
                "{surviving_spouse} has lost a beloved spouse, {deceased}[, who passed away in {place_of_death}].[ {eulogist} will "
                "give the speech at 3 o'clock.][ Friends {private_funeral?are asked to stay away|are welcome at the grave}.]"
            ),
            (
                '"Nobody knew more about {passions}," {eulogist} said of {deceased} before 60 mourners.[ Life began in {birthplace}[ '
                "and ended in {place_of_death}].]"
            ),
            (
                "{children} children and {grandchildren} grandchildren stood at the grave of {deceased} while 2 trumpets played.[ "
                "{surviving_spouse}, left alone after a long marriage, wept.][ By trade: {vocation}.]"
            ),
            (
                "Death came to {deceased} in {place_of_death}[, far from {birthplace}, where it had all begun].[ {eulogist} wrote the "
                "tribute.][ Joys of a long life: {passions}.]"
            ),
            (
                "Who will forget {deceased} the {vocation}? Free days were for {passions}.[ {private_funeral?Only the family goes to "
                "the funeral|Anyone may come to the funeral}.][ Words of farewell by {eulogist}.]"
            ),
        ),
        ("descendants", ("children", "grandchildren")),
    ),
    Domain(  # scientists' biographies
        (
            text("scientist|biography_of|researcher_name", "%person"),
            text("mentor|doctoral_advisor|was_taught_by", "%person"),
            text("disciple|famous_student|passed_knowledge_to", "%person"),
            whole("birth_year|year_of_birth|born", 1810, 1889),
            whole("death_year|year_of_death|died", 1880, 1959),
            text("alma_mater_city|studied_in|university_town", "%city"),
            text("laboratory_city|worked_in|research_base", "%city"),
            text(
                "discipline|branch_of_science|speciality",
                "mycology/crystallography/glaciology/entomology/seismology/optics/genetics/volcanology/parasitology/acoustics/"
                "palynology/ornithology",
            ),
            flag("nobel_laureate|won_nobel"),
            several(
                "lab_apparatus",
                "spectroscopes/galvanometers/centrifuges/retorts/microtomes/theodolites/barometers/pipettes/Leyden jars/vacuum pumps/"
                "calorimeters/prisms",
            ),
        ),
        (
            (
                "{scientist} studied {discipline} in {alma_mater_city}[ under {mentor}][ and later did research in "
                "{laboratory_city}].[ A Nobel Prize {nobel_laureate?followed|never came}.]"
            ),
            "Taught by {mentor}, {scientist} in turn taught {disciple}.[ Birth: {birth_year}[; death: {death_year}].]",
            (
                "{scientist}[, born {birth_year}][, died {death_year}][, field {discipline}][, studies in {alma_mater_city}][, "
                "laboratory in {laboratory_city}][, teacher {mentor}][, pupil {disciple}][, {nobel_laureate?Nobel Prize|no Nobel "
                "Prize}]"
            ),
            (
                "Born in {birth_year}, {scientist} turned to {discipline} at the age of 17.[ The bench was crowded with "
                "{lab_apparatus}.][ {mentor} was the guiding professor.]"
            ),
            (
                "In {laboratory_city} stands the laboratory where {scientist} worked with {lab_apparatus}.[ Death came in "
                "{death_year}.][ Among the pupils was {disciple}.]"
            ),
            (
                '"I learned it all from {scientist}," said {disciple}[ after lessons at the laboratory in {laboratory_city}].[ The '
                "Nobel committee {nobel_laureate?did call|never called}.]"
            ),
            (
                "After student days in {alma_mater_city}, {scientist} spent 30 years with {lab_apparatus}[ in a laboratory in "
                "{laboratory_city}].[ The subject was {discipline}.][ The Nobel Prize {nobel_laureate?was the reward|went to others}.]"
            ),
            (
                "Why is {scientist} famous? For {discipline}[ and for building {lab_apparatus}].[ {disciple}, a former pupil, wrote the "
                "obituary.][ The year of death is {death_year}.][ The university was in {alma_mater_city}.]"
            ),
            (
                "When {mentor}, the professor, took on {scientist}[ in {alma_mater_city}], the class had 6 students.[ The dates of "
                "this life: {birth_year} to {death_year}.][ Nobel Prize: {nobel_laureate?yes|none}.]"
            ),
        ),
        ("lifespan", ("birth_year", "death_year")),
    ),
    Domain(  # family trees
        (
            text("family|clan_name|lineage", "%last"),
            text("forefather|earliest_ancestor|line_begins_with", "%person"),
            text("youngest_descendant|latest_born|newest_leaf", "%person"),
            text("genealogist|researched_by|tree_drawn_by", "%person"),
            text("ancestral_home|roots_in|originally_from", "%city"),
            text("present_home|family_seat_now|settled_in", "%city"),
            whole("living_members|alive_today", 12, 480),
            whole("deceased_members|dead_relatives", 12, 480),
            flag("noble|of_nobility|aristocratic"),
            several(
                "ancestral_trades|old_occupations",
                "fletchers/coopers/tanners/millers/wheelwrights/chandlers/farriers/weavers/colliers/thatchers/cordwainers/saddlers",
            ),
        ),
        (
            (
                "{genealogist} traced the {family} family back to {forefather}[ of {ancestral_home}].[ The tree shows {living_members} "
                "living[ and {deceased_members} dead] relatives.]"
            ),
            (
                "The {family} family came from {ancestral_home} and now lives in {present_home}.[ Its forebears were "
                "{ancestral_trades}.][ A noble title {noble?came with the land|was never granted}.]"
            ),
            (
                "Tree of the {family} line[: founder {forefather}][, youngest {youngest_descendant}][, from {ancestral_home}][, now in "
                "{present_home}][, {living_members} alive][, {deceased_members} gone][, {noble?noble|not noble}]"
            ),
            (
                "From {forefather}, who began it all, to baby {youngest_descendant} the {family} tree spans 9 generations.[ "
                "{genealogist} drew it.][ {deceased_members} of those named have passed away.]"
            ),
            (
                '"There were {ancestral_trades} among the {family} ancestors," reports {genealogist}, who searched the registers.[ '
                "Their first home was {ancestral_home}[, the present one is {present_home}].]"
            ),
            (
                "{living_members} people by the name of {family} walk the earth today, {youngest_descendant} being the newest.[ "
                "{deceased_members} lie in the churchyard.][ They {noble?are of noble blood|are of common blood}.]"
            ),
            (
                "In {present_home}, where it lives today, the {family} family met for 3 days.[ The oldest name on the chart was "
                "{forefather}[, the most recent {youngest_descendant}].][ Once they were {ancestral_trades}.]"
            ),
            (
                "Were the {family} people nobles? {noble?So the charter says|No charter says so}.[ {genealogist} looked into 14 church "
                "books.][ The roots lie in {ancestral_home}.][ Many were {ancestral_trades}.]"
            ),
            (
                "With {youngest_descendant} as its newest leaf and {forefather} as its root, the {family} tree is complete.[ Living: "
                "{living_members}; dead: {deceased_members}.][ Today's home is {present_home}.]"
            ),
        ),
        ("relatives", ("living_members", "deceased_members")),
    ),
)
