"""Domains of training: science, health and the earth."""

from __future__ import annotations

from experts.json_world import Domain, cash, flag, measure, several, text, whole

SCIENCE: tuple[Domain, ...] = (
    Domain(  # laboratory experiments
        (
            text("experiment|experiment_id|experiment_code", "EX-##/EX-###/@@-##/@#-#/Q##/T-###"),
            text("lead|lead_scientist|headed_by", "%person"),
            text("assistant|helper|lab_assistant", "%person"),
            text("started|start_date|begun_on", "%date"),
            text("finished|end_date|completed_on", "%date"),
            whole("attempts|repeats|total_runs", 12, 60),
            whole("failures|failed_runs|failed_attempts", 2, 20),
            flag("confirmed|is_confirmed|hypothesis_confirmed"),
            several(
                "equipment|tools|devices",
                "lasers/flasks/magnets/pumps/mirrors/sensors/heaters/scales/cameras/filters",
            ),
        ),
        (
            (
                "{lead} <led/headed> experiment {experiment}[, with {assistant} <helping/at hand>][, from {started}[ to {finished}]].[ "
                "The idea {confirmed?was confirmed|was not confirmed}.]"
            ),
            (
                "[Assisted by {assistant}, ]{lead} ran {experiment} {attempts} times[, {failures} of them in vain].[ It used {equipment}.]"
            ),
            (
                "Experiment {experiment}: {attempts} attempts[, {failures} failures][, head {lead}][, helper {assistant}][, hypothesis "
                "{confirmed?confirmed|rejected}]."
            ),
            (
                "On {finished}, experiment {experiment} came to its end[, having begun on {started}].[ {assistant} <assisted/lent a "
                "hand>[ and {lead} was in charge].]"
            ),
            (
                "The team {confirmed?could prove|could not prove} its guess in {experiment}.[ Some {failures} runs went wrong[ out of "
                "{attempts}].][ Work began on {started}.]"
            ),
            (
                "With {equipment} on the bench, {assistant} helped to set up {experiment}[ for {lead}, the head of the work].[ It "
                "failed {failures} times.]"
            ),
            (
                "{experiment} <needs/makes use of> {equipment}.[ Start: {started}.][ End: {finished}.][ Scientist in charge: {lead}.][ "
                "Repeated {attempts} times.]"
            ),
            (
                "We began {experiment} on {started}[ and were done on {finished}].[ It {confirmed?bore out|did not bear out} our "
                "idea.][ {assistant} was the right hand[ of {lead}].]"
            ),
        ),
        ("period", ("started", "finished")),
    ),
    Domain(  # blood donations
        (
            text("donation|donation_id|bag_number", "B-###/B-####/D##-##/@@###/@-###"),
            text("donor|donor_name|given_by", "%person"),
            text("nurse|nurse_name|taken_by", "%person"),
            text(
                "blood_type|blood_group",
                "A+/A-/B+/B-/AB+/AB-/O+/O-/A positive/B negative/O negative/AB positive",
            ),
            text("given_on|donation_date|donated_on", "%date"),
            text("next_date|eligible_from|may_return_on", "%date"),
            whole("volume_ml|millilitres|amount_ml", 350, 500, 5),
            flag("first_time|is_first_donation|new_donor"),
            several(
                "screened_for|tests|tested_for",
                "HIV/malaria/syphilis/anaemia/hepatitis B/hepatitis C/Zika/Chagas",
            ),
        ),
        (
            (
                "{donor} gave {volume_ml} ml of blood[ on {given_on}][, taken by nurse {nurse}]. The bag is {donation}.[ It was "
                "{first_time?a first|not a first} donation.]"
            ),
            (
                "Bag {donation} was drawn by {nurse}[ from {donor}][ on {given_on}].[ It <holds/contains> {volume_ml} ml[ of type "
                "{blood_type}].]"
            ),
            (
                "Nurse {nurse} filled bag {donation} with the blood of {donor}[, {first_time?a newcomer|a regular donor}].[ The group "
                "is {blood_type}.][ Checked for {screened_for}.]"
            ),
            (
                "Donation {donation}: {blood_type}[, {volume_ml} ml][, donor {donor}][, nurse {nurse}][, {first_time?first time|not "
                "the first time}]."
            ),
            (
                "{donor} may come back on {next_date}[, the last visit being on {given_on}]. The latest bag[, group {blood_type},] is "
                "{donation}."
            ),
            (
                "The lab <tested/screened> {donation} for {screened_for}.[ It came from {donor}[, {first_time?a new donor|an old "
                "hand}].][ Next visit from {next_date}.]"
            ),
            (
                "On {given_on}, {donor} lay down[, {nurse} holding the needle,] and donation {donation} began.[ Into the bag went "
                "{volume_ml} ml.][ The next is possible on {next_date}.]"
            ),
            (
                "{first_time?For the first time|Not for the first time}, {donor} gave blood[ of type {blood_type}]: see {donation}.[ "
                "Screened: {screened_for}.][ Again from: {next_date}.]"
            ),
        ),
        ("dates", ("given_on", "next_date")),
    ),
    Domain(  # vaccinations
        (
            text(
                "vaccine|vaccine_name|shot",
                "Tetavax/Fluvar/Rabitec/MMR/Polivac/Covimune/Hepaxin/Tyvax/Zostrin/Pneumo #",
            ),
            text("patient|recipient|vaccinated_person", "%person"),
            text("doctor|injected_by|vaccinator", "%person"),
            text("given_on|shot_date|vaccinated_on", "%date"),
            text("booster_due|next_dose_on|booster_date", "%date"),
            whole("dose_number|dose|dose_no", 1, 4),
            whole("doses_needed|total_doses|full_course", 4, 7),
            flag("fever|had_fever|got_fever"),
            several(
                "side_effects|reactions|complaints",
                "headache/nausea/tiredness/chills/dizziness/itching/muscle pain/swelling",
            ),
        ),
        (
            (
                "{doctor} gave {patient} the {vaccine} shot[ on {given_on}].[ A booster is due on {booster_due}.][ It {fever?brought "
                "on|did not bring on} a fever.]"
            ),
            (
                "{patient} <got/received> {vaccine}[ from Dr {doctor}][, dose {dose_number}[ of {doses_needed}]].[ Side effects: "
                "{side_effects}.]"
            ),
            (
                "The booster of {vaccine} is <planned/set> for {booster_due}[; the last jab was on {given_on}].[ The patient is "
                "{patient}[ and {doctor} is the doctor].]"
            ),
            (
                "Vaccine {vaccine}: patient {patient}[, given by {doctor}][, jab no. {dose_number}][, {doses_needed} needed][, "
                "{fever?fever|no fever}]."
            ),
            (
                "On {given_on}, Dr {doctor} injected {vaccine}[ into the arm of {patient}].[ In all, {doses_needed} doses are "
                "needed.][ Afterwards came {side_effects}.]"
            ),
            (
                "After {vaccine}, {patient} complained of {side_effects}[ and {fever?ran a temperature|ran no temperature}].[ It was "
                "shot number {dose_number}.][ Come back on {booster_due}.]"
            ),
            (
                "It takes {doses_needed} shots of {vaccine} to be safe[, and {patient} has now had {dose_number}].[ The needle was "
                "held by {doctor}.][ Next one: {booster_due}.]"
            ),
            (
                "{fever?A fever followed|No fever followed} when {patient} had the {vaccine} jab[ on {given_on}].[ {doctor} did the "
                "injection.][ Reactions were {side_effects}.]"
            ),
        ),
        ("dates", ("given_on", "booster_due")),
    ),
    Domain(  # dental treatments
        (
            text(
                "treatment|dental_treatment|dental_work",
                "filling/root canal/crown/extraction/bridge/implant/whitening/scaling/veneer/gum graft",
            ),
            text("patient|patient_name", "%person"),
            text("dentist|treated_by|performed_by", "%person"),
            cash("price|cost|total_fee", 180, 900),
            cash("insured_share|covered_amount|paid_by_insurance", 20, 250),
            whole("tooth|tooth_number", 11, 48),
            whole("minutes|duration_min|length_minutes", 15, 95, 5),
            flag("numbed|anaesthetic|local_anaesthetic"),
            several(
                "avoid|foods_to_avoid|not_allowed",
                "coffee/nuts/ice/alcohol/toffee/hot soup/apples/chewing gum/chips",
            ),
        ),
        (
            (
                "Dr {dentist} <did/carried out> a(n) {treatment} on {patient}[, tooth {tooth}][, in {minutes} minutes].[ It cost "
                "${price}[, of which the insurer paid {insured_share}].]"
            ),
            (
                "{patient} had a(n) {treatment}[ done by {dentist}] and {numbed?got a numbing injection|got no numbing injection}.[ "
                "Stay away from {avoid}.]"
            ),
            (
                "Tooth {tooth}: {treatment}[, {minutes} min][, {numbed?numbed|not numbed}][, price {price}][, insurance pays "
                "{insured_share}]."
            ),
            (
                "The insurance covered {insured_share} euros of the {treatment}[, which cost {price} in all].[ {patient} was in the "
                "chair[ for {minutes} minutes].]"
            ),
            (
                "It took {minutes} minutes to <do/finish> the {treatment}[ {numbed?with|without} an anaesthetic].[ Patient: "
                "{patient}.][ Dentist: {dentist}.]"
            ),
            (
                "The bill for the {treatment} came to {price}[ and was sent to {patient}[ by {dentist}]].[ The insurer refunds "
                "{insured_share}.][ The tooth was number {tooth}.]"
            ),
            (
                "{dentist} told {patient} to avoid {avoid} after the {treatment}.[ The gum {numbed?was numbed|was not numbed}.][ The "
                "work was on tooth {tooth}.]"
            ),
            (
                "After the {treatment} by {dentist}, no {avoid} for a day.[ It lasted {minutes} minutes.][ Your insurer takes over "
                "{insured_share}[ of {price}].]"
            ),
        ),
        ("costs", ("price", "insured_share")),
    ),
    Domain(  # earthquakes
        (
            text("quake|earthquake_id|event_id", "Q-###/EQ-##/EQ-###/@@##/Q##-#"),
            text("epicentre|epicenter|centre", "%city"),
            text("felt_in|felt_as_far_as|also_felt_in", "%city"),
            measure("magnitude|strength|richter", 4, 8),
            measure("aftershock|strongest_aftershock|aftershock_magnitude", 2, 5),
            whole("depth_km|depth", 4, 90),
            whole("injured|people_hurt|injuries", 2, 90),
            text("struck_at|hit_at|time", "%time"),
            flag("tsunami_alert|tsunami_warning"),
        ),
        (
            (
                "Quake {quake} hit {epicentre}[ at {struck_at}][ and was felt as far as {felt_in}].[ It had a magnitude of "
                "{magnitude}.][ Some {injured} people were hurt.]"
            ),
            (
                "People in {felt_in} also felt {quake}[, centred on {epicentre}][, at a depth of {depth_km} km].[ A tsunami alert "
                "{tsunami_alert?was issued|was not issued}.]"
            ),
            (
                "At {struck_at}, the ground burst open in {epicentre}.[ Far away, {felt_in} trembled too.] Event {quake} measured "
                "{magnitude}[, its biggest aftershock {aftershock}]."
            ),
            (
                "{quake}: epicentre {epicentre}[, strength {magnitude}][, aftershock {aftershock}][, {depth_km} km deep][, {injured} "
                "injured][, {tsunami_alert?tsunami alert|no tsunami alert}]."
            ),
            (
                "An aftershock of {aftershock} followed {quake}[, which itself reached {magnitude}].[ It all began {depth_km} km below "
                "{epicentre}.][ The clock showed {struck_at}.]"
            ),
            (
                "There were {injured} people injured by quake {quake}[, with its centre in {epicentre}][; even {felt_in} noticed it].[ "
                "It struck at {struck_at}.]"
            ),
            (
                "{tsunami_alert?The coast was warned of a tsunami|No tsunami warning went out} after {quake}, a(n) {magnitude} quake[ "
                "under {epicentre}].[ Its waves were felt in {felt_in}.][ Later came one of {aftershock}.]"
            ),
            (
                "From {depth_km} km under the ground came {quake}[ at {struck_at}].[ Right above it lies {epicentre}.][ {magnitude} on "
                "the scale.][ Hospitals took in {injured} people.]"
            ),
        ),
        ("strengths", ("magnitude", "aftershock")),
    ),
    Domain(  # star observations
        (
            text(
                "star|star_name|observed_star",
                "Vega/Rigel/Mira/Altair/Deneb/Spica/Sirius/Capella/Antares/HD ###/Kepler-##/Gliese ##",
            ),
            text("observer|observed_by|astronomer", "%person"),
            text("recorded_by|note_taker|logged_by", "%person"),
            text(
                "from_time|began_at|first_seen", "2%two:%minute/2%two:%minute/19:%minute/01:%minute"
            ),
            text(
                "to_time|ended_at|last_seen",
                "23:%minute/01:%minute/02:%minute/03:%minute/04:%minute/05:%minute",
            ),
            measure("brightness|apparent_magnitude", 1, 9),
            measure("distance_ly|light_years|distance", 4, 60),
            flag("clear_sky|sky_clear|cloudless"),
            several(
                "filters|filters_used|colour_filters",
                "red/blue/green/violet/infrared/orange/yellow/grey",
            ),
        ),
        (
            (
                "{observer} watched {star}[ from {from_time}[ to {to_time}]][ under a {clear_sky?clear|cloudy} sky].[ {recorded_by} "
                "wrote it all down.]"
            ),
            (
                "{star} was seen by {observer}[ and logged by {recorded_by}].[ Its brightness was {brightness}.][ It is {distance_ly} "
                "light years <off/away>.]"
            ),
            (
                "The notes of {recorded_by} say that {observer} looked at {star}[ through {filters} filters].[ It ended at {to_time}[, "
                "after a start at {from_time}].]"
            ),
            (
                "Star {star}: magnitude {brightness}[, {distance_ly} light years][, start {from_time}][, end {to_time}][, "
                "{clear_sky?clear|clouded over}][, observer {observer}]."
            ),
            (
                "At {from_time}, {star} came into view[ for {observer}].[ It was lost again at {to_time}.][ The sky {clear_sky?was "
                "free of clouds|was full of clouds}.]"
            ),
            (
                "Light from {star} travels {distance_ly} years to us[ and is of magnitude {brightness}].[ Filters: {filters}.][ The "
                "log was kept by {recorded_by}.]"
            ),
            (
                "With {filters} filters, {observer} took pictures of {star} until {to_time}[, while {recorded_by} kept the log].[ The "
                "night {clear_sky?was clear|was cloudy}.][ Brightness {brightness}.]"
            ),
        ),
        ("window", ("from_time", "to_time")),
    ),
    Domain(  # chemical samples
        (
            text("sample|sample_id|sample_code", "S-##/S-###/CH-##/@##/@@-#/C##-@"),
            text(
                "compound|substance|chemical",
                "ethanol/benzene/aspirin/toluene/glucose/caffeine/acetone/urea/nickel salt/boric acid",
            ),
            text("collected_by|sampled_by|taken_by", "%person"),
            text("analysed_by|analyst|tested_by", "%person"),
            measure("mass_before|weight_before|initial_mass_g", 12, 60),
            measure("mass_after|weight_after|final_mass_g", 2, 30),
            flag("toxic|is_toxic|poisonous"),
            text(
                "stored_in|storage|kept_in",
                "fridge #/box ##/room @#/freezer #/cabinet @/locker ##/drawer #",
            ),
            several(
                "impurities|traces|traces_of",
                "iron/lead/copper/zinc/sulfur/chlorine/arsenic/nickel/mercury",
            ),
        ),
        (
            (
                "{collected_by} took sample {sample}[ of {compound}][ and {analysed_by} tested it].[ It {toxic?is|is not} poisonous.][ "
                "It is kept in {stored_in}.]"
            ),
            (
                "Sample {sample} weighed {mass_before} g before drying[ and {mass_after} g afterwards].[ {analysed_by} <did the "
                "analysis/analysed it>.][ It holds traces of {impurities}.]"
            ),
            (
                "{analysed_by} <found/detected> {impurities} in {sample}[, a sample of {compound}][, brought in by {collected_by}].[ "
                "Weight at first {mass_before} g[, at the end {mass_after}].]"
            ),
            (
                "Sample {sample}: {compound}[, {toxic?toxic|harmless}][, in {stored_in}][, collected by {collected_by}][, analyst "
                "{analysed_by}]."
            ),
            (
                "After heating, {mass_after} g of {sample} were left[ out of {mass_before}].[ You find it in {stored_in}.][ Wear "
                "{toxic?gloves, it is toxic|what you like, it is not toxic}.]"
            ),
            (
                "In {stored_in} lies {sample}[, which {toxic?is a poison|is no poison}].[ It was examined by {analysed_by}[ and "
                "gathered by {collected_by}].][ Impurities: {impurities}.]"
            ),
            (
                "The {compound} in {sample} ended at {mass_after} g[, from {mass_before} g at the start].[ It was soiled with "
                "{impurities}.][ Sampling: {collected_by}.]"
            ),
        ),
        ("mass", ("mass_before", "mass_after")),
    ),
    Domain(  # fossils found
        (
            text(
                "fossil|specimen|fossil_type",
                "ammonite/trilobite/mammoth tusk/fern leaf/shark tooth/fish skull/raptor claw/sea lily/turtle shell/insect wing",
            ),
            text("found_by|finder|discovered_by", "%person"),
            text("described_by|researcher|studied_by", "%person"),
            text("found_in|site|discovery_place", "%city"),
            text("kept_in|now_in|current_location", "%city"),
            whole("found_year|year_found|discovered", 1880, 2023),
            whole("age_million|age_ma|million_years", 2, 480),
            measure("length", 3, 90),
            flag("complete|is_complete|intact"),
        ),
        (
            (
                "{found_by} dug up a(n) {fossil}[ in {found_in}][ in {found_year}].[ It now lies in {kept_in}.][ {described_by} "
                "described it.]"
            ),
            (
                "The {fossil}, {age_million} million years old, was <found/discovered> by {found_by}[ and described by "
                "{described_by}].[ It is {complete?complete|not complete}.]"
            ),
            (
                "{described_by} studied the {fossil} that {found_by} had found[ near {found_in}].[ It measures {length} cm.][ Age: "
                "{age_million} million years.]"
            ),
            (
                "Fossil: {fossil}, {length} cm[, {age_million} million years][, {complete?complete|incomplete}][, from "
                "{found_in}][, now in {kept_in}]."
            ),
            (
                "Visitors to {kept_in} can see the {fossil}[ that came out of the ground in {found_in}].[ It came to light in "
                "{found_year}.][ {complete?Every part is there|Parts of it are missing}.]"
            ),
            (
                "In {found_year}, a(n) {fossil} turned up[ in the soil of {found_in}].[ The lucky finder was {found_by}[, and the "
                "paper is by {described_by}].]"
            ),
            (
                "Taken from {found_in} to {kept_in}, the {fossil} is {length} cm long[ and {complete?lacks no part|lacks some "
                "parts}].[ It lived {age_million} million years ago.]"
            ),
            (
                "The paper by {described_by} is about a(n) {fossil}[, {length} cm long][, unearthed in {found_year}[ by "
                "{found_by}]].[ It is on show in {kept_in}.]"
            ),
        ),
        ("places", ("found_in", "kept_in")),
    ),
    Domain(  # clinical trials
        (
            text("trial|trial_id|trial_code", "NCT-###/TR-##/@@-###/HOPE-#/STAR-#/CARE-##"),
            text(
                "drug|new_drug|tested_drug",
                "Velorin/Nexadol/Carbivex/Tamoril/Zenopril/Luvaxin/Oradine/Mirexol/Sanopam/Belatrin",
            ),
            text(
                "compared_with|control_drug|comparator",
                "Velorin/Nexadol/Carbivex/Tamoril/Zenopril/aspirin/ibuprofen/sugar pills/Mirexol",
            ),
            text(
                "sponsor|paid_by|funder", "%brand Pharma/%brand Health/%last Foundation/%brand Labs"
            ),
            whole("treated|treatment_group|treated_people", 20, 300),
            whole("controls|control_group|control_people", 20, 300),
            text("led_by|investigator|study_head", "%person"),
            flag("blinded|double_blind|is_blind"),
            several(
                "sites|cities|centres", "Porto/Lyon/Oslo/Lima/Ghent/Turin/Cork/Riga/Graz/Leeds"
            ),
        ),
        (
            (
                "Trial {trial} tests {drug}[ against {compared_with}].[ The drug is given to {treated} people[, while {controls} are "
                "controls].][ {sponsor} pays for it.]"
            ),
            (
                "{led_by} <runs/leads> {trial}[, funded by {sponsor}][, in {sites}].[ It {blinded?is|is not} blind.][ The new drug is "
                "{drug}.]"
            ),
            (
                "{sponsor} wants to know if {drug} beats {compared_with}: that is trial {trial}[ under {led_by}].[ Controls: "
                "{controls} people[; drug group: {treated}].]"
            ),
            (
                "Trial {trial}: drug {drug}[, comparator {compared_with}][, {treated} treated][, {controls} controls][, "
                "{blinded?double blind|not blind}]."
            ),
            (
                "In {trial}, {controls} controls take {compared_with}[ and {treated} patients the new {drug}].[ Sites: {sites}.][ The "
                "study {blinded?is blind|is open to all}.]"
            ),
            (
                "Clinics in {sites} take part in {trial}[, with {treated} people on the new drug[ and {controls} in the control "
                "group]].[ Head of study: {led_by}.][ Money from {sponsor}.]"
            ),
            (
                "{blinded?Nobody is told|Everybody is told} who gets the new {drug} in {trial}[ and who the usual {compared_with}].[ "
                "{led_by} is in charge.][ {sponsor} foots the bill.]"
            ),
            (
                "Is the old {compared_with} worse than the new {drug}? {trial} will tell[, with tests in {sites}].[ Investigator: {led_by}.]"
            ),
        ),
        ("groups", ("treated", "controls")),
    ),
    Domain(  # river water tests
        (
            text(
                "river|river_name|tested_river",
                "Arda/Loire/Tamber/Severn/Elbe/Mura/Tagus/Vistula/Drava/Orne/Neris/Torne",
            ),
            text("place|sampling_place|sampled_near", "%city"),
            text("sampled_by|sampler|taken_by", "%person"),
            text("sampled_on|sample_date|taken_on", "%date"),
            text("reported_on|report_date|published_on", "%date"),
            measure("water_temp|water_temperature|temp_water", 4, 28),
            measure("air_temp|air_temperature|temp_air", 4, 34),
            flag("safe|safe_to_swim|swimming_allowed"),
            several(
                "metals|metals_found|heavy_metals",
                "lead/zinc/iron/copper/nickel/cadmium/mercury/chromium",
            ),
        ),
        (
            (
                "The {river} was <tested/sampled> at {place}[ on {sampled_on}][ by {sampled_by}].[ The water was {water_temp} degrees[ "
                "and the air {air_temp}].]"
            ),
            (
                "{sampled_by} drew water from the {river}[ near {place}].[ Bathing {safe?is allowed|is not allowed}.][ The report came "
                "out on {reported_on}.]"
            ),
            (
                "River {river}: air {air_temp} C[, water {water_temp} C][, {safe?safe|unsafe} for swimmers][, taken {sampled_on}][, "
                "reported {reported_on}][, town {place}]."
            ),
            (
                "It was {air_temp} degrees outside[ in {place}] when {sampled_by} filled a bottle in the {river}[, itself at "
                "{water_temp}].[ It contained {metals}.]"
            ),
            (
                "Results from the {river} were published on {reported_on}[; the sample was from {sampled_on}].[ Metals found: "
                "{metals}.][ You {safe?can|cannot} swim there.]"
            ),
            (
                "On {sampled_on}, a sample was taken from the {river}[ at {place}].[ The results followed on {reported_on}.][ The lab "
                "found {metals}.][ The stream had {water_temp} degrees.]"
            ),
            (
                "With {metals} in it, the {river} {safe?is still fine|is no longer fine} for a swim[, says {sampled_by}, who took the "
                "sample].[ It is {air_temp} in the air[, {water_temp} in the water].]"
            ),
        ),
        ("temperatures", ("water_temp", "air_temp")),
    ),
    Domain(  # eyeglasses
        (
            text(
                "frame|glasses|frame_model",
                "Luna/Aviator/Retro #/Vista/Soho/Milano/Pixel/Nova #/Berlin/Orbit/Classic #",
            ),
            text("customer|wearer|ordered_by", "%person"),
            text("optician|fitted_by|sold_by", "%person"),
            measure("left_lens|left_eye|left_strength", 1, 6),
            measure("right_lens|right_eye|right_strength", 1, 6),
            cash("frame_price|price_of_frame|frame_cost", 40, 290),
            cash("lens_price|price_of_lenses|lens_cost", 40, 290),
            text("ready|pickup_date|ready_on", "%date/%weekday"),
            flag("tinted|is_tinted|sunglasses"),
        ),
        (
            (
                "{customer} ordered the {frame} glasses[ from {optician}].[ The left lens has {left_lens}[, the right one "
                "{right_lens}].][ They will be ready on {ready}.]"
            ),
            (
                "{optician} fitted {customer} with {frame} glasses[, {tinted?tinted|not tinted}][, with {right_lens} on the right[ and "
                "{left_lens} on the left]]."
            ),
            (
                "The lenses of the {frame} <cost/come to> ${lens_price}[ and the frame ${frame_price}].[ The wearer is {customer}.][ "
                "Pick-up is on {ready}.]"
            ),
            (
                "Frame {frame}, {frame_price} euros[; lenses {lens_price} euros][; left eye {left_lens}][; right eye {right_lens}][; "
                "{tinted?dark|clear} glasses]."
            ),
            (
                "From {ready} on, the {frame} glasses can be collected[ by {customer}].[ {optician} <made/fitted> them.][ They "
                "{tinted?are|are not} sunglasses.]"
            ),
            (
                "With {right_lens} for the right eye[ and {left_lens} for the left], {customer} chose the {frame}.[ {optician} was the "
                "optician.][ Pay {lens_price} for the lenses.]"
            ),
            (
                "At {frame_price} for the frame[ plus {lens_price} for the lenses], {optician} sold the {frame}[ to {customer}].[ "
                "{tinted?It shades the sun|It does not shade the sun}.][ Come for it on {ready}.]"
            ),
        ),
        ("eyes", ("left_lens", "right_lens")),
    ),
    Domain(  # surgeries
        (
            text(
                "operation|surgery|operation_type",
                "hip replacement/bypass/hernia repair/knee repair/skin graft/spinal fusion/valve repair/eye graft/kidney transplant",
            ),
            text("patient|patient_name|operated_on", "%person"),
            text("surgeon|performed_by", "%person"),
            text("anaesthetist|anesthesiologist|anaesthetic_by", "%person"),
            text(
                "began_at|start_time|started",
                "08:%minute/09:%minute/10:%minute/11:%minute/13:%minute",
            ),
            text(
                "ended_at|end_time|finished",
                "11:%minute/12:%minute/14:%minute/15:%minute/16:%minute/17:%minute",
            ),
            whole("theatre|operating_room|room", 1, 14),
            whole("stay_days|days_in_hospital|hospital_days", 2, 20),
            flag("complications|had_complications"),
        ),
        (
            (
                "{surgeon} <performed/did> a(n) {operation} on {patient}[ in theatre {theatre}][ from {began_at}[ to {ended_at}]].[ "
                "There were {complications?some|no} complications.]"
            ),
            (
                "{patient} had a(n) {operation}[ at the hands of {surgeon}][, with {anaesthetist} giving the anaesthetic].[ The "
                "hospital stay is {stay_days} days.]"
            ),
            (
                "{anaesthetist} put {patient} to sleep for a(n) {operation}[, done by {surgeon}].[ It ended at {ended_at}[, after a "
                "start at {began_at}].]"
            ),
            (
                "Surgery: {operation}, patient {patient}[, surgeon {surgeon}][, anaesthetist {anaesthetist}][, room {theatre}][, "
                "{stay_days} days in hospital][, {complications?complications|no complications}]."
            ),
            (
                "At {began_at}, the {operation} began[ in room {theatre}].[ {surgeon} held the knife.][ It was over at {ended_at}.][ "
                "It {complications?had its problems|had no problems}.]"
            ),
            (
                "The {operation} {complications?ran into trouble|went without a hitch}[ and was done at {ended_at}].[ The sick person, "
                "{patient}, stays for {stay_days} days.]"
            ),
            (
                "In theatre {theatre}, {patient} was operated on[ by {surgeon}][ at {began_at}]: a(n) {operation}.[ {anaesthetist} "
                "gave the anaesthetic.]"
            ),
            (
                "After {stay_days} days in a ward, {patient} is over the {operation}.[ {anaesthetist} had seen to the sleep[ and "
                "{surgeon} to the cutting].]"
            ),
        ),
        ("times", ("began_at", "ended_at")),
    ),
    Domain(  # weather stations
        (
            text(
                "station|station_name|weather_station",
                "WS-##/WS-###/%noun Hill/%noun Peak/%last Point/@@##",
            ),
            text("near|nearest_town|closest_city", "%city"),
            text("keeper|run_by", "%person"),
            whole("built|built_in|year_built", 1890, 1976),
            whole("renewed|modernised|renewal_year", 1970, 2025),
            whole("record_high|highest_temp|max_temp", 12, 45),
            whole("record_low|lowest_temp|min_temp", -29, 14),
            flag("automatic|is_automatic|unmanned"),
            several("measures", "wind/rain/snow/humidity/pressure/sunshine/dust/fog/ozone"),
        ),
        (
            (
                "Station {station}[ near {near}] was built in {built}[ and renewed in {renewed}].[ Its hottest reading is "
                "{record_high} degrees[, its coldest {record_low}].]"
            ),
            (
                "{keeper} <looks after/runs> {station}[, a station near {near}].[ It {automatic?works by itself|does not work by "
                "itself}.][ It measures {measures}.]"
            ),
            "Renewed in {renewed}[ but built in {built}], {station} <records/measures> {measures}.[ In charge: {keeper}.]",
            (
                "Weather station {station}: low {record_low}[, high {record_high}][, built {built}][, {automatic?automatic|not "
                "automatic}][, next town {near}]."
            ),
            (
                "At {station}, it once got as cold as {record_low}[ and once as warm as {record_high}].[ {keeper} keeps the place.][ "
                "New devices came in {renewed}.]"
            ),
            (
                "Not far from {near} stands {station}[, which {automatic?needs no staff|needs staff}].[ Sensors for {measures}.][ The "
                "warmest it got was {record_high} degrees.]"
            ),
            (
                "Since {built}, the weather of {near} has been watched at {station}[, {automatic?by machines alone|by hand}].[ The "
                "last overhaul was in {renewed}.]"
            ),
            (
                "For data on {measures}, ask {keeper} at {station}[, where it never got warmer than {record_high}[ or colder than "
                "{record_low}]]."
            ),
        ),
        ("records", ("record_high", "record_low")),
    ),
    Domain(  # caves explored
        (
            text(
                "cave|cave_name|explored_cave",
                "%noun Cave/%adj Hole/%last Cave/%noun Grotto/%adj Cavern",
            ),
            text("leader|led_by|expedition_leader", "%person"),
            text("mapped_by|mapper|surveyor", "%person"),
            whole("length_m|length|metres_long", 80, 900, 10),
            whole("depth_m|depth|metres_deep", 20, 400, 5),
            text(
                "entered|went_in|entry_time",
                "06:%minute/07:%minute/08:%minute/09:%minute/1#:%minute",
            ),
            text("left|came_out|exit_time", "1#:%minute/1#:%minute/2%two:%minute"),
            flag("flooded|is_flooded|under_water"),
            several(
                "finds|found|seen_inside",
                "bats/bones/crystals/paintings/pots/spiders/coins/stalactites/footprints",
            ),
        ),
        (
            (
                "{leader} led a team into {cave}[ at {entered}].[ They came out at {left}.][ {mapped_by} drew the map.][ Inside were "
                "{finds}.]"
            ),
            (
                "{cave} is {length_m} m long[ and {depth_m} m deep].[ It {flooded?is|is not} flooded.][ It was mapped by {mapped_by}[ "
                "and explored under {leader}].]"
            ),
            (
                "Going down {depth_m} m[ and on for {length_m} m], {cave} was <mapped/surveyed> by {mapped_by}.[ The head of the trip "
                "was {leader}.]"
            ),
            (
                "Log of {cave}: in {entered}[, out {left}][, leader {leader}][, {depth_m} m deep][, {length_m} m long][, "
                "{flooded?flooded|dry}]."
            ),
            (
                "At {left}, the group left {cave}[, having gone in at {entered}].[ They had seen {finds}.][ {flooded?The lower part "
                "was under water|No part was under water}.]"
            ),
            (
                "With {finds} along its {length_m} m, {cave} amazed {mapped_by}, who drew the plan[, and {leader}, who headed the trip]."
            ),
            (
                "{flooded?Full of water|Free of water}, {cave} reaches {depth_m} m below the ground.[ Entry was at {entered}[, exit at "
                "{left}].][ Survey: {mapped_by}.]"
            ),
            "{mapped_by} measured {cave} while {leader} led the way[; from end to end it is {length_m} m].[ They found {finds}.]",
        ),
        ("size", ("length_m", "depth_m")),
    ),
    Domain(  # research grants
        (
            text(
                "project|project_title|research_project",
                "Clean Seas/Smart Fields/Deep Ice/Quiet Cities/Green Steel/Bright Minds/Safe Roads/%adj %noun",
            ),
            text("applicant|researcher|awarded_to", "%person"),
            text("reviewer|reviewed_by|referee", "%person"),
            text(
                "funder|granted_by|funding_body",
                "%brand Fund/%brand Trust/%last Foundation/%city Council",
            ),
            whole("requested|amount_requested|asked_for", 20000, 90000, 500),
            whole("granted|amount_granted|sum_awarded", 5000, 45000, 500),
            text("submitted|applied_on|submission_date", "%date"),
            text("decided|decided_on|decision_date", "%date"),
            flag("renewable|can_be_extended|extendable"),
        ),
        (
            (
                "{applicant} asked for {requested} euros[ and got {granted}][ from the {funder}] for {project}.[ It was "
                "<reviewed/judged> by {reviewer}.]"
            ),
            (
                "The {funder} granted {granted} dollars to {project}[, a project of {applicant}][, on {decided}].[ The grant "
                "{renewable?can|cannot} be renewed.]"
            ),
            (
                "On {submitted}, {applicant} handed in {project}[ and had an answer on {decided}].[ The wish: {requested}.][ The sum "
                "given: {granted}.]"
            ),
            (
                "Grant {project}: applicant {applicant}[, reviewer {reviewer}][, {requested} requested][, {granted} granted][, "
                "{renewable?renewable|not renewable}]."
            ),
            (
                "{reviewer} <assessed/reviewed> {project}[, proposed by {applicant}].[ It had been sent in on {submitted}.][ The "
                "verdict came on {decided}.]"
            ),
            (
                "A sum of {granted} dollars[ instead of the {requested} applied for] went to {project}.[ The money is from the "
                "{funder}.][ {reviewer} had given advice.]"
            ),
            (
                "Decided on {decided}[ and submitted on {submitted}], {project}[, paid for by the {funder},] {renewable?may be "
                "extended|may not be extended}.[ It is the work of {applicant}.]"
            ),
            (
                "With a good word from {reviewer}, the {funder} backs {project}[, filed on {submitted}].[ {applicant} "
                "{renewable?may|may not} ask for a second round.]"
            ),
        ),
        ("amounts", ("requested", "granted")),
    ),
    Domain(  # microscopes
        (
            text(
                "microscope|microscope_model|scope", "Optika #/ZX-##/Nano @#/BX-##/Micra ##/Vario #"
            ),
            text("maker|manufacturer|made_by", "%brand"),
            text("supplier|dealer|bought_from", "%company"),
            whole("min_zoom|lowest_zoom|zoom_min", 4, 75),
            whole("max_zoom|highest_zoom|zoom_max", 60, 1200, 10),
            cash("list_price|price_new|original_price", 380, 990),
            cash("sale_price|reduced_price|price_now", 90, 440),
            flag("camera|has_camera|with_camera"),
            several(
                "accessories|comes_with|extras",
                "slides/a lamp/lenses/a case/a cover/tweezers/dyes/a filter",
            ),
        ),
        (
            (
                "The {microscope} is <made/built> by {maker}[ and sold by {supplier}].[ It magnifies at least {min_zoom} times[ and at "
                "most {max_zoom}].][ Now ${sale_price}[, once ${list_price}].]"
            ),
            (
                "{supplier} <offers/sells> the {microscope} by {maker}[ for {sale_price}[ instead of {list_price}] euros][, with "
                "{accessories}].[ It {camera?has a|has no} camera.]"
            ),
            (
                "Microscope {microscope}: up to {max_zoom} times[, from {min_zoom} times][, list price {list_price}][, now "
                "{sale_price}][, {camera?camera|no camera}]."
            ),
            (
                "At {max_zoom} times, the {microscope} is at its strongest[; its weakest is {min_zoom}].[ In the box: {accessories}.][ "
                "{maker} builds it.]"
            ),
            (
                "The price of the {microscope} fell from {list_price}[ to {sale_price}] dollars[ at {supplier}].[ It {camera?takes "
                "pictures|cannot take pictures}.]"
            ),
            (
                "Bought from {supplier}[ for a mere {sale_price}], the {microscope} came with {accessories}.[ Its maker is {maker}.][ "
                "The full price: {list_price}.]"
            ),
            (
                "{camera?With|Without} a camera, the {microscope}[ by {maker}] enlarges things {min_zoom} to {max_zoom} times.[ Ask "
                "{supplier} for one.]"
            ),
        ),
        ("zoom", ("min_zoom", "max_zoom")),
    ),
)
