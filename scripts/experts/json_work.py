"""Domains of training: work, firms and industry."""

from __future__ import annotations

from experts.json_world import Domain, cash, flag, measure, several, text, whole

WORK: tuple[Domain, ...] = (
    Domain(  # employees
        (
            text("employee|employee_name|staff_member", "%person"),
            text("manager|boss|reports_to", "%person"),
            text(
                "position|role|job_title",
                "analyst/driver/cashier/engineer/designer/auditor/clerk/buyer/planner/translator/guard",
            ),
            text(
                "department|team|unit",
                "sales/logistics/legal/finance/research/marketing/support/purchasing/security",
            ),
            text("hired|hire_date|joined_on", "%date"),
            text("born|birth_date|birthday", "%day/%day 19##"),
            whole("salary|monthly_pay|wage", 1900, 6400, 50),
            flag("remote|works_remotely|home_office"),
            several(
                "languages|speaks",
                "French/Polish/Dutch/Hindi/Arabic/Korean/Turkish/Swedish/Spanish/German",
            ),
        ),
        (
            (
                "{employee} reports to {manager}[ and works as a(n) {position}[ in {department}]].[ The pay is {salary} a month.]"
                "[ {remote?Works from home|Comes to the office}.]"
            ),
            (
                "{manager} is the superior of {employee}[, a(n) {position} who started on {hired}].[ The wage is {salary} a month.]"
                "[ Born {born}.][ Speaks {languages}.]"
            ),
            "Since {hired}, {employee} has been a(n) {position}[ under {manager}].[ Languages: {languages}.][ Date of birth: {born}.]",
            (
                "Led by {manager}, the {department} team <includes/counts on> {employee}[, who joined on {hired}"
                "[ and earns {salary} a month]]."
            ),
            (
                "Employee: {employee}[, {position}][, {department}][, born {born}][, with us since {hired}][, supervisor {manager}]"
                "[, {remote?remote|on site}]"
            ),
            (
                "Born on {born}, {employee} takes home {salary} a month[ as a(n) {position}]."
                "[ {remote?The desk is at home|The desk is in our building}.][ Superior: {manager}.]"
            ),
            (
                "For {salary} a month, {employee} {remote?does the job from home|does the job at the office}"
                "[ for the {department} staff].[ Fluent in {languages}.]"
            ),
            (
                "The {position} who answers to {manager} is called {employee}[ and can talk in {languages}]."
                "[ First day at work: {hired}.][ Came into the world on {born}.]"
            ),
        ),
        ("job", ("position", "department")),
    ),
    Domain(  # payrolls
        (
            text("payslip|payslip_number|slip_id", "PS-###/P###/@@-##/##-@#"),
            text("payee|earner|worker", "%person"),
            text("clerk|prepared_by|accountant", "%person"),
            text("pay_month|period|month", "%month"),
            whole("gross|gross_pay|before_tax", 2100, 4900, 10),
            whole("net|net_pay|take_home", 1300, 2600, 10),
            cash("bonus|extra_pay|premium", 40, 390),
            flag("sent|is_sent|mailed"),
            several(
                "deductions|withheld_for",
                "pension/union dues/parking/canteen/insurance/savings/housing/tax",
            ),
        ),
        (
            (
                "Payslip {payslip}[ for {pay_month}] belongs to {payee}[ and was drawn up by {clerk}].[ Before tax it shows {gross}"
                "[, after tax {net}].]"
            ),
            (
                "{clerk} {sent?has mailed|has yet to mail} payslip {payslip}[ to {payee}].[ {net} ends up in the bank"
                "[ out of {gross} earned].]"
            ),
            (
                "In {pay_month}, {payee} took home {net}[ and {bonus} of that was a bonus], says slip {payslip}."
                "[ Money was kept for {deductions}.]"
            ),
            "{payslip}: {payee}[, {pay_month}][, gross {gross}][, net {net}][, bonus {bonus}][, {sent?sent|not sent}][, clerk {clerk}]",
            (
                "Once {deductions} had been taken off, {net} was left on slip {payslip}[ for {pay_month}].[ It pays {payee}"
                "[ and comes from the desk of {clerk}].]"
            ),
            (
                "Prepared by {clerk}, slip {payslip} {sent?is already out|is still waiting to go out}.[ The full wage is {gross}"
                "[, an extra {bonus} included].][ Who gets it: {payee}.]"
            ),
            (
                "{payee} got {bonus} on top[ in {pay_month}], says payslip {payslip}.[ The accountant was {clerk}.]"
                "[ Taken off: {deductions}.][ {sent?It was delivered|It was not delivered}.]"
            ),
            (
                "Of a wage of {gross}, {net} was paid out on slip {payslip}[, less the costs of {deductions}]."
                "[ The worker is {payee}.][ Month: {pay_month}.]"
            ),
        ),
        ("pay", ("gross", "net")),
    ),
    Domain(  # projects
        (
            text("project|project_name|title", "%adj %noun/%noun #/Project %noun"),
            text("lead|project_lead|headed_by", "%person"),
            text("sponsor|sponsored_by|paid_by", "%person/%company"),
            text("started|start_date|kickoff", "%day/%day %year/%iso"),
            text("deadline|due_date|finish_by", "%day/%day %year/%iso"),
            whole("budget_k|planned_k", 60, 190),
            whole("spent_k|used_k", 12, 80),
            flag("on_track|on_schedule"),
            several(
                "risks|concerns", "staff/weather/permits/noise/delays/prices/strikes/software/parts"
            ),
        ),
        (
            "{lead} runs {project}[, paid for by {sponsor}].[ It has to be finished by {deadline}.][ It {on_track?is|is not} on schedule.]",
            (
                "{sponsor} sponsors {project}[, which {lead} is in charge of].[ The budget is {budget_k} thousand"
                "[, of which {spent_k} thousand is gone].]"
            ),
            (
                "Begun on {started}, {project} must be done by {deadline}[ under the lead of {lead}]."
                "[ {on_track?All goes to plan|It has fallen behind}.]"
            ),
            "Project sheet: {project}[; lead {lead}][; sponsor {sponsor}][; due {deadline}][; risks {risks}][; {on_track?on track|late}]",
            (
                "So far {spent_k} thousand has been used on {project}[ out of {budget_k} thousand granted]."
                "[ There are worries about {risks}.][ Kickoff: {started}.]"
            ),
            "The deadline of {project} is {deadline}[; work began on {started}].[ {lead} manages it[ and {sponsor} pays for it].]",
            (
                "With {budget_k} thousand to spend, {project} {on_track?is keeping pace|is behind time}."
                "[ It has swallowed {spent_k} thousand.][ The money comes from {sponsor}.]"
            ),
            (
                "On {started} the team of {lead} set to work on {project}.[ Target date: {deadline}.]"
                "[ It could suffer from {risks}.][ {spent_k} thousand was spent.]"
            ),
        ),
        ("money", ("budget_k", "spent_k")),
    ),
    Domain(  # to-do tasks
        (
            text(
                "task|todo|task_name",
                "clean the attic/call the bank/fix the printer/order stamps/book a hall/sort the mail/paint the fence/print flyers",
            ),
            text("assignee|assigned_to|done_by", "%person"),
            text("requester|assigned_by|asked_by", "%person"),
            text("added|added_on|created", "%day/%weekday"),
            text("due|due_day|due_by", "%day/%weekday"),
            whole("estimate_min|expected_minutes", 10, 90, 5),
            whole("spent_min|actual_minutes", 10, 90, 5),
            flag("done|completed|finished"),
            several(
                "tags|labels", "garden/office/money/phone/travel/health/family/urgent/outdoors"
            ),
        ),
        (
            "{requester} asked {assignee} to {task}[ by {due}].[ It should take {estimate_min} minutes.][ It {done?is|is not} done.]",
            "{assignee} has to {task}[ at the request of {requester}][ before {due}].[ Tags: {tags}.][ On the list since {added}.]",
            "To do: {task}[, assigned to {assignee}][, asked by {requester}][, due {due}][, added {added}][, {done?done|open}]",
            (
                "On {added}, {assignee} was told by {requester} to {task}.[ {estimate_min} minutes are planned"
                "[, {spent_min} have gone into it].]"
            ),
            (
                "The job to {task} {done?has been ticked off|is still open}[ after {spent_min} minutes of work]."
                "[ {assignee} is in charge[; it was added on {added}].]"
            ),
            (
                "Due {due}: {task}.[ {spent_min} minutes spent[ of the {estimate_min} estimated].][ {requester} wants it"
                "[ and {assignee} does it].]"
            ),
            (
                "Under {tags} there is a note to {task}[, entered on {added}[ and wanted for {due}]]."
                "[ {done?Finished already|Not finished yet}.][ Time used: {spent_min} minutes.]"
            ),
            (
                "It may cost {assignee} {estimate_min} minutes to {task}.[ The idea came from {requester}.][ Labelled {tags}.]"
                "[ Last day for it: {due}.]"
            ),
        ),
        ("minutes", ("estimate_min", "spent_min")),
    ),
    Domain(  # contracts
        (
            text("contract|contract_id|contract_number", "C-###/CT-##/##-@@/K###"),
            text("supplier|provider|vendor", "%company"),
            text("buyer|client|customer", "%company"),
            text("signed|signed_on|signing_date", "%day/%day %year"),
            text("expires|end_date|valid_until", "%day/%day %year/%iso"),
            cash("fee|monthly_fee|price_per_month", 90, 900),
            whole("notice_days|notice_period", 10, 90, 5),
            flag("renewable|auto_renews"),
            several(
                "covers|services",
                "cleaning/repairs/hosting/security/catering/storage/transport/printing/heating",
            ),
        ),
        (
            (
                "Under contract {contract}, {supplier} <works for/serves> {buyer}[ until {expires}][ at {fee} a month]."
                "[ It {renewable?renews itself|does not renew itself}.]"
            ),
            "{buyer} hired {supplier} under contract {contract}[ for {covers}].[ Either side can leave with {notice_days} days of notice.]",
            (
                "Signed on {signed}, contract {contract} runs out on {expires}.[ The client is {buyer}[, the provider {supplier}].]"
                "[ Monthly cost: {fee}.]"
            ),
            (
                "Contract {contract}[: seller {supplier}][; buyer {buyer}][; covers {covers}][; {fee} per month][; ends {expires}]"
                "[; {renewable?renewable|not renewable}]"
            ),
            (
                "For {fee} a month, {buyer} gets {covers}[ from {supplier}], as agreed in contract {contract}[ of {signed}]."
                "[ Notice: {notice_days} days.]"
            ),
            "Since {signed}, {supplier} has provided {covers}[ to {buyer}] under contract {contract}.[ The last day is {expires}.]",
            (
                "It takes {notice_days} days to cancel contract {contract}[, which otherwise expires on {expires}]."
                "[ {supplier} delivers[ and {buyer} pays {fee} a month].]"
            ),
            (
                "{contract} {renewable?goes on by itself|lapses for good} after {expires}.[ Customer: {buyer}.]"
                "[ Vendor: {supplier}.][ The ink dried on {signed}.][ Notice: {notice_days} days.]"
            ),
        ),
        ("parties", ("supplier", "buyer")),
    ),
    Domain(  # business trips
        (
            text("traveller|traveler|who", "%person"),
            text("approver|approved_by", "%person"),
            text("base|from_city|starts_in", "%city"),
            text("visits|to_city|trip_to", "%city"),
            text("leaves|departure|outbound", "%day/%weekday/%iso"),
            text("returns|back_on|return_date", "%day/%weekday"),
            cash("allowance|per_diem|daily_money", 30, 95),
            flag("visa_needed|needs_visa"),
            several(
                "purposes|reasons",
                "audit/sales/training/repairs/interviews/planning/research/shopping",
            ),
        ),
        (
            "{traveller} <travels/goes> from {base} to {visits}[ on {leaves}][ and comes back on {returns}].[ {approver} agreed to it.]",
            (
                "{approver} approved a trip to {visits} for {traveller}[, who sets out from {base}]."
                "[ The allowance is {allowance} a day.][ A visa {visa_needed?is|is not} needed.]"
            ),
            "On {leaves}, {traveller} heads for {visits}[ for {purposes}].[ Home again on {returns}.][ Daily money: {allowance}.]",
            (
                "Back in {base} by {returns}, {traveller} will have been in {visits}[ since {leaves}]."
                "[ {visa_needed?A visa is required|No visa is required}.]"
            ),
            (
                "Trip of {traveller}[: {base} to {visits}][, out {leaves}][, back {returns}][, {allowance} a day]"
                "[, {visa_needed?visa needed|no visa needed}][, approved by {approver}]"
            ),
            (
                "{visits} will be the destination and {base} the starting point for {traveller}.[ The return is on {returns}"
                "[, the departure on {leaves}].][ {approver} signed the request.]"
            ),
            (
                "For {purposes}, {visits} will see {traveller}[ of the {base} office][ on {allowance} a day]."
                "[ {visa_needed?The passport must have a visa|The passport needs no visa}.]"
            ),
            "{visits} is where {traveller} is sent by {approver}[, leaving {base}[ on {leaves}]].[ Reasons: {purposes}.]",
        ),
        ("dates", ("leaves", "returns")),
    ),
    Domain(  # expense claims
        (
            text("claim|claim_id|claim_number", "EX-##/EC###/@###/CL-##"),
            text("claimant|submitted_by|filed_by", "%person"),
            text("reviewer|checked_by|examined_by", "%person"),
            cash("claimed|amount_claimed|requested", 150, 480),
            cash("granted|amount_paid|refunded", 40, 190),
            text("filed|filed_on|submitted", "%day/%weekday/%iso"),
            text("settled|paid_on|refund_date", "%day/%weekday"),
            flag("receipts|has_receipts"),
            several("items|expenses", "taxi/hotel/meals/parking/fuel/tickets/tolls/phone/printing"),
        ),
        (
            (
                "{claimant} <filed/handed in> claim {claim}[ on {filed}][, asking for {claimed}].[ {granted} was paid back"
                "[ on {settled}].][ Receipts {receipts?are|are not} attached.]"
            ),
            "{reviewer} checked claim {claim} by {claimant}[ for {items}].[ {claimed} was asked for[ and {granted} allowed].]",
            (
                "Only {granted} was refunded on claim {claim}[ to {claimant}][ where {claimed} had been wanted]."
                "[ It was about {items}.][ The payout came on {settled}.]"
            ),
            (
                "Claim {claim}: {items}[, {claimed} requested][, {granted} granted][, from {claimant}][, reviewer {reviewer}]"
                "[, {receipts?with|without} receipts]"
            ),
            "On {settled}, {claimant} saw {granted} come back for claim {claim}[, sent in on {filed}].[ {reviewer} had looked it over.]",
            (
                "{claim}, which {claimant} sent to {reviewer}[ on {filed}], {receipts?has all its receipts|has no receipts}."
                "[ It seeks {claimed}.]"
            ),
            (
                "Costs such as {items} went into claim {claim}[ on {filed}].[ The money came on {settled}.]"
                "[ {receipts?The slips are there|The slips are missing}.][ Examined by {reviewer}.]"
            ),
        ),
        ("amounts", ("claimed", "granted")),
    ),
    Domain(  # training seminars
        (
            text(
                "seminar|seminar_name|workshop",
                "First Aid/Safe Lifting/Excel Basics/Public Speaking/Fire Safety/Negotiation/Data Privacy/Forklift Skills",
            ),
            text("trainer|taught_by|instructor", "%person"),
            text("organizer|organized_by|set_up_by", "%person"),
            text(
                "begins|begin_time|start_time",
                "08:%minute/09:%minute/10:%minute/11:%minute/13:%minute",
            ),
            text(
                "ends|end_time|finishes_at",
                "12:%minute/14:%minute/15:%minute/16:%minute/17:%minute",
            ),
            whole("places|max_people|spots", 20, 48),
            whole("enrolled|signed_up|registered", 5, 25),
            flag("certificate|gives_certificate"),
            several(
                "topics|contents",
                "safety/law/ethics/teamwork/planning/software/stress/feedback/hygiene",
            ),
        ),
        (
            (
                "{trainer} <teaches/gives> {seminar}[ from {begins}[ to {ends}]].[ {organizer} organizes it.]"
                "[ {enrolled} people have signed up.]"
            ),
            "{organizer} set up {seminar}[ and asked {trainer} to teach it].[ There is room for {places}[, and {enrolled} are coming].]",
            (
                "At {begins}, {seminar} <opens/starts>[ with {trainer} as instructor].[ It is over by {ends}.]"
                "[ You {certificate?get|do not get} a certificate.]"
            ),
            (
                "Seminar {seminar}[, start {begins}][, end {ends}][, trainer {trainer}][, organizer {organizer}][, {places} places]"
                "[, {certificate?with|without} certificate]"
            ),
            "{enrolled} of the {places} seats in {seminar} are taken.[ Topics: {topics}.][ {trainer} speaks[ until {ends}].]",
            (
                "Those who attend {seminar} learn about {topics}[ from {trainer}] and go home {certificate?with|without} a "
                "certificate.[ It was arranged by {organizer}.]"
            ),
            (
                "Covering {topics}, {seminar} takes at most {places} people[ and finishes at {ends}]."
                "[ The first session is at {begins}.][ Registered so far: {enrolled}.]"
            ),
            (
                "Until {ends}, {enrolled} people will sit in {seminar}[, which {trainer} holds[ on behalf of {organizer}]]."
                "[ The doors open at {begins}.]"
            ),
        ),
        ("hours", ("begins", "ends")),
    ),
    Domain(  # factory runs
        (
            text("run|run_id|batch", "R-###/B##-#/RUN ##/L###/@##"),
            text(
                "product|makes|article",
                "bolts/bottles/tiles/pipes/candles/brushes/zippers/lamps/crates/gloves",
            ),
            text("worker", "%person"),
            whole("planned|target_units|goal", 200, 980, 5),
            whole("made|output|units_made", 200, 980, 5),
            text("started|start_time|began_at", "%time"),
            text("stopped|stop_time|ended_at", "%time"),
            flag("breakdown|had_breakdown"),
            several("materials|inputs", "steel/wax/glass/clay/nylon/resin/copper/rubber/pine/zinc"),
        ),
        (
            (
                "Run {run} <turned out/produced> {made} {product}[ where {planned} had been planned].[ {worker} worked the line.]"
                "[ It {breakdown?broke down once|never broke down}.]"
            ),
            (
                "{worker} started run {run} at {started}[ and shut it down at {stopped}].[ The product was {product}"
                "[, made from {materials}].]"
            ),
            (
                "The plan for run {run} was {planned} {product}[; the count was {made} in the end].[ It used {materials}.]"
                "[ It lasted until {stopped}.]"
            ),
            (
                "Run {run}: {product}[, target {planned}][, output {made}][, start {started}][, end {stopped}]"
                "[, {breakdown?one|no} breakdown][, operator {worker}]"
            ),
            (
                "By {stopped}, when run {run} was over, {made} pieces lay ready[ against a goal of {planned}]."
                "[ It had begun at {started}.][ {worker} was on shift.]"
            ),
            (
                "From {materials}, run {run} makes {product}[ under {worker}].[ The goal is {planned} pieces.]"
                "[ {breakdown?A machine failed|The machines ran without a hitch}.]"
            ),
            (
                "The {product} of run {run} were made[ by {worker}] {breakdown?with a machine failure|without any machine "
                "failure}.[ {made} came off the belt[, the first at {started}].]"
            ),
            (
                "{made} pieces instead of {planned}: so <went/ended> run {run}[ with {worker} at the controls]."
                "[ It went on from {started}[ to {stopped}].]"
            ),
        ),
        ("units", ("planned", "made")),
    ),
    Domain(  # machine maintenance
        (
            text(
                "machine|machine_name|equipment",
                "lathe #/press #/crane #/boiler #/pump #/oven #/mixer #/saw #/forklift #/robot @#",
            ),
            text("technician|serviced_by|mechanic", "%person"),
            text("reported_by|reporter|noticed_by", "%person"),
            text("last_service|serviced_on|previous_check", "%day/%day %year/%iso"),
            text("next_service|next_due|next_check", "%day/%day %year"),
            measure("repair_h|work_hours|labor_hours", 1, 9),
            measure("idle_h|downtime_h|hours_down", 1, 9),
            flag("running|is_running"),
            several(
                "parts|replaced_parts",
                "belt/filter/valve/bearing/fuse/gasket/hose/sensor/switch/chain",
            ),
        ),
        (
            (
                "{reported_by} <called in/reported> a fault on {machine}[, and {technician} saw to it[ for {repair_h} hours]]."
                "[ It stood still for {idle_h} hours.][ It {running?is|is not} running now.]"
            ),
            (
                "{technician} changed the {parts} of {machine}[ after a call from {reported_by}].[ The work took {repair_h} hours.]"
                "[ Next service: {next_service}.]"
            ),
            (
                "Last serviced on {last_service}, {machine} is due again on {next_service}[ with {technician}]."
                "[ It {running?works|does not work}.]"
            ),
            (
                "{machine}: {running?in operation|out of order}[, new {parts}][, {repair_h} hours of work][, {idle_h} hours idle]"
                "[, mechanic {technician}][, next check {next_service}]"
            ),
            (
                "On {next_service} it is time to check {machine}[; the time before was {last_service}]."
                "[ A fault was noticed by {reported_by}[ and seen to by {technician}].][ Parts replaced: {parts}.]"
            ),
            (
                "For {idle_h} hours {machine} could not be used[; the repair itself took {repair_h} hours].[ A new {parts} went in"
                "[, fitted by {technician}].][ Complaint from {reported_by}.]"
            ),
            (
                "{machine}, overhauled on {last_service}[ and to be seen again on {next_service}], {running?runs well|stands still}."
                "[ Fault reported by {reported_by}.][ Lost time: {idle_h} hours.]"
            ),
        ),
        ("service", ("last_service", "next_service")),
    ),
    Domain(  # warehouses
        (
            text(
                "warehouse|depot|storage_site",
                "Hall @/%noun Depot/North Shed/Dock #/%last Depot/Hangar #",
            ),
            text("location|city|stands_in", "%city"),
            text("serves|supplies|delivers_to", "%city"),
            whole("capacity|max_pallets|pallet_spaces", 350, 980, 10),
            whole("stored|pallets_now|in_use", 110, 420, 10),
            text(
                "opens|opening_time|open_from",
                "05:%minute/06:%minute/07:%minute/08:%minute/09:%minute",
            ),
            text(
                "closes|closing_time|open_until", "16:%minute/17:%minute/18:%minute/2%two:%minute"
            ),
            flag("cooled"),
            several("goods|contents", "paint/rice/tyres/books/paper/sugar/toys/shoes/wire/soap"),
        ),
        (
            (
                "{warehouse} in {location} <supplies/delivers to> {serves}[ and is open from {opens}[ to {closes}]]."
                "[ It {cooled?is|is not} cooled.]"
            ),
            "Shops in {serves} get their {goods} from {warehouse}[, which stands in {location}].[ It holds up to {capacity} pallets.]",
            (
                "There are {stored} pallets in {warehouse}[, which has space for {capacity}].[ They carry {goods}.]"
                "[ The doors shut at {closes}.]"
            ),
            (
                "{warehouse}[, {location}][, for customers in {serves}][, {capacity} spaces][, {stored} in use]"
                "[, {opens} to {closes}][, {cooled?refrigerated|no cooling}]"
            ),
            (
                "From {opens}[ until {closes}], trucks can load {goods} at {warehouse}[ in {location}]."
                "[ The rooms {cooled?are|are not} kept cold.]"
            ),
            (
                "With room for {capacity} pallets and {stored} on the racks, {warehouse} <feeds/provides for> {serves}."
                "[ Location: {location}.][ Gates close at {closes}[ and open at {opens}].]"
            ),
            (
                "Located in {location}, {warehouse} closes at {closes}[ after opening at {opens}]."
                "[ Right now {stored} pallets lie there.][ It {cooled?has|lacks} a cooling system.]"
            ),
            (
                "To {serves} go the {goods} that lie in {warehouse}.[ Work begins at {opens}.][ It could take {capacity} pallets"
                "[, but {stored} are there].]"
            ),
        ),
        ("hours", ("opens", "closes")),
    ),
    Domain(  # quality inspections
        (
            text("inspection|inspection_id|check_id", "QI-##/Q###/QC-###/@@##"),
            text(
                "item|inspected_item|tested_item",
                "kettle/ladder/helmet/drill/heater/bike lock/saw blade/cable/stool/smoke alarm",
            ),
            text("inspector|inspected_by|tester", "%person"),
            whole("sample|tested|sample_size", 20, 90),
            whole("faulty|defective|failed_units", 2, 19),
            measure("lightest_kg|min_kg", 1, 4),
            measure("heaviest_kg|max_kg", 5, 9),
            flag("passed|approved"),
            several("faults", "scratches/cracks/rust/leaks/dents/stains/burrs/loose screws"),
        ),
        (
            (
                "{inspector} tested {sample} units of the {item} in inspection {inspection}[ and found {faulty} bad]."
                "[ The lot {passed?passed|failed}.]"
            ),
            (
                "In inspection {inspection}, {faulty} out of {sample} pieces were faulty[ because of {faults}]."
                "[ The inspector was {inspector}.]"
            ),
            (
                "Inspection {inspection} of a(n) {item} {passed?ended with approval|ended with rejection}."
                "[ The heaviest weighed {heaviest_kg} kg[, the lightest {lightest_kg} kg].]"
            ),
            (
                "{inspection}: {item}[, {sample} checked][, {faulty} defective][, min {lightest_kg} kg][, max {heaviest_kg} kg]"
                "[, {passed?OK|not OK}]"
            ),
            (
                "Weights ran from {lightest_kg} to {heaviest_kg} kg in check {inspection}[ by {inspector}].[ Flaws: {faults}.]"
                "[ Pieces examined: {sample}.]"
            ),
            (
                "The {item} had {faults}, as {inspector} found in check {inspection}.[ No piece was above {heaviest_kg} kg"
                "[ or below {lightest_kg} kg].][ It was {passed?let through|sent back}.]"
            ),
            (
                "{passed?Fit for sale|Not fit for sale}: so {inspector} judged the {item} in inspection {inspection}."
                "[ {faulty} pieces were no good[, with {faults}].][ {sample} pieces were looked at in all.]"
            ),
        ),
        ("weights", ("lightest_kg", "heaviest_kg")),
    ),
    Domain(  # sales leads
        (
            text("lead|lead_name|prospect", "%company"),
            text("contact|contact_person|their_person", "%person"),
            text("rep|sales_rep|handled_by", "%person"),
            text("first_call|first_contact|called_on", "%day/%weekday"),
            text("follow_up|next_call|call_back_on", "%day/%weekday/%iso"),
            cash("offer|quoted|our_price", 300, 980),
            cash("their_budget|can_spend|max_spend", 300, 980),
            flag("interested|is_interested"),
            several(
                "wants|needs",
                "chairs/lamps/printers/desks/phones/carpets/blinds/coffee/uniforms/software",
            ),
        ),
        (
            (
                "{rep} called {contact} of {lead}[ on {first_call}][ and will call again on {follow_up}]."
                "[ They {interested?are|are not} interested.]"
            ),
            "{contact} speaks for {lead}[; on our side {rep} is in charge].[ We offered {offer}[, they can spend {their_budget}].]",
            "{lead} asked about {wants}[ and can pay {their_budget} at most].[ Our price is {offer}.][ {rep} is on the case.]",
            (
                "Lead {lead}[: contact {contact}][; rep {rep}][; quote {offer}][; budget {their_budget}][; next call {follow_up}]"
                "[; {interested?interested|not interested}]"
            ),
            (
                "The next call to {lead} is set for {follow_up}[, after a first one on {first_call}].[ {contact} will pick up.]"
                "[ They need {wants}.]"
            ),
            (
                "On {first_call}, {lead} heard from us for the first time[, when {rep} spoke to {contact}]."
                "[ {interested?There is real interest|There is no interest}.][ We quoted {offer}.]"
            ),
            (
                "Having {their_budget} to spend, {lead} {interested?is keen to hear more|wants to hear no more}."
                "[ The person to ask for is {contact}.][ {rep} gets back to them on {follow_up}.]"
            ),
            (
                "At {offer} we could sell {wants} to {lead}.[ Ask for {contact}.][ {rep} looks after them.]"
                "[ They will be rung again on {follow_up}[; {first_call} was the first time].]"
            ),
        ),
        ("calls", ("first_call", "follow_up")),
    ),
    Domain(  # advertising campaigns
        (
            text("campaign|campaign_name|ad_name", "%adj %noun/%noun Days/Fresh %noun/%noun Week"),
            text("advertiser|client|ordered_by", "%company"),
            text("agency|created_by|ad_agency", "%company"),
            text("launch_date|first_day", "%day/%day %year"),
            text("ended|end_date|last_day", "%day/%day %year"),
            whole("cost_k|spend_k", 12, 95),
            whole("return_k|sales_k|earned_k", 12, 95),
            flag("successful|reached_goal"),
            several("channels|media", "radio/TV/posters/email/cinema/podcasts/flyers/newspapers"),
        ),
        (
            (
                "{agency} made the campaign {campaign} for {advertiser}[ using {channels}].[ It cost {cost_k} thousand"
                "[ and brought in {return_k} thousand].]"
            ),
            (
                "{advertiser} had {campaign} designed by {agency}[ and launched it on {launch_date}]."
                "[ The campaign was {successful?a success|a flop}.]"
            ),
            "{campaign} ran from {launch_date} to {ended}[ by means of {channels}].[ {agency} came up with it.][ {advertiser} ordered it.]",
            (
                "Campaign {campaign}[: client {advertiser}][; agency {agency}][; start {launch_date}][; end {ended}]"
                "[; {cost_k} thousand spent][; {successful?worked|did not work}]"
            ),
            (
                "For {cost_k} thousand, {advertiser} bought {campaign}[, an idea of {agency}].[ Extra sales: {return_k} thousand.]"
                "[ Last day: {ended}.]"
            ),
            (
                "Sales grew by {return_k} thousand through {campaign}.[ It went live on {launch_date}[ and off air on {ended}].]"
                "[ The price tag was {cost_k} thousand.]"
            ),
            (
                "By {ended}, when {campaign} stopped, it had {successful?reached|missed} its goal.[ {advertiser} paid for it"
                "[ and {agency} thought it up].][ Media: {channels}.]"
            ),
            (
                "With the help of {channels}, {campaign} {successful?paid off|did not pay off}: {return_k} thousand came in."
                "[ Its makers were {agency}.][ It appeared on {launch_date}.]"
            ),
        ),
        ("money", ("cost_k", "return_k")),
    ),
    Domain(  # funding rounds of startups
        (
            text(
                "startup|startup_name|venture",
                "%brand/%brand Labs/%brand Systems/%noun AI/%brand Robotics",
            ),
            text("founder|founded_by|started_by", "%person"),
            text("investor|lead_investor|funded_by", "%person/%last Capital/%company"),
            measure("raised_m|amount_m", 1, 9),
            measure("valuation_m|worth_m", 10, 60),
            whole("founded|founded_in|founding_year", 2012, 2021),
            whole("closed|funded_in|deal_year", 2021, 2026),
            flag("profitable|makes_profit"),
            several(
                "plans|spends_on", "hiring/marketing/research/offices/servers/exports/design/stores"
            ),
        ),
        (
            (
                "{investor} put {raised_m} million into {startup}[, a firm that {founder} set up[ in {founded}]]."
                "[ It is now valued at {valuation_m} million.]"
            ),
            (
                "{founder} founded {startup}[ in {founded}][, and {investor} now backs it]."
                "[ It {profitable?makes|does not make} a profit.][ Money raised: {raised_m} million.]"
            ),
            (
                "Valued at {valuation_m} million, {startup} raised {raised_m} million[ from {investor}][ in {closed}]."
                "[ The money is for {plans}.]"
            ),
            (
                "Round of {startup}[; {raised_m} million raised][; worth {valuation_m} million][; founder {founder}]"
                "[; investor {investor}][; closed {closed}][; {profitable?profitable|not profitable}]"
            ),
            (
                "In {closed} came the fresh money for {startup}[, a company begun in {founded}].[ It goes into {plans}.]"
                "[ {founder} started the firm.][ There {profitable?is|is no} profit.]"
            ),
            (
                "With the {raised_m} million of {investor}, {startup} pays for {plans}[, says its founder {founder}]."
                "[ Year of the deal: {closed}[; year of birth: {founded}].]"
            ),
            (
                "{startup}, the brainchild of {founder}, {profitable?earns money|loses money}."
                "[ The firm as a whole is worth {valuation_m} million.][ A cheque came from {investor}[ in {closed}].]"
            ),
        ),
        ("years", ("founded", "closed")),
    ),
    Domain(  # patents
        (
            text("patent|patent_number|patent_id", "US ####/EP ###/P-###/@@####/WO ###"),
            text("inventor|invented_by|idea_of", "%person"),
            text("holder|owner|held_by", "%company/%person"),
            text("filed|filing_date|applied_on", "%day/%day %year/%iso"),
            text("granted|grant_date|approved_on", "%day/%day %year"),
            whole("claims|num_claims", 3, 30),
            whole("drawings|num_drawings|figures", 3, 30),
            flag("in_force"),
            several(
                "countries|regions",
                "Japan/Norway/Italy/Canada/Kenya/Chile/Poland/Ghana/Spain/Mexico",
            ),
        ),
        (
            (
                "{inventor} filed patent {patent} on {filed}[, and it was granted on {granted}].[ It now belongs to {holder}.]"
                "[ It {in_force?is|is not} in force.]"
            ),
            "{holder} owns patent {patent}, an invention of {inventor}.[ It makes {claims} claims[ and shows {drawings} drawings].]",
            (
                "Granted on {granted}[ and applied for on {filed}], patent {patent} is about an idea of {inventor}."
                "[ It was issued for {countries}.]"
            ),
            (
                "Patent {patent}[; inventor {inventor}][; owner {holder}][; filed {filed}][; granted {granted}][; {claims} claims]"
                "[; {drawings} figures][; {in_force?active|lapsed}]"
            ),
            (
                "With {drawings} drawings and {claims} claims, patent {patent} is {in_force?still valid|no longer valid}."
                "[ Countries: {countries}.][ The rights lie with {holder}.]"
            ),
            (
                "For {countries}, {holder} bought patent {patent}[ from its inventor {inventor}]."
                "[ The office said yes on {granted}.][ Number of claims: {claims}.]"
            ),
            (
                "What {inventor} thought up is now patent {patent}[ of {holder}].[ The application dates from {filed}.]"
                "[ There are {drawings} pictures in it.][ The protection {in_force?still stands|has ended}.]"
            ),
        ),
        ("dates", ("filed", "granted")),
    ),
)
