"""Domains of training: stage, press, pictures, music and festivals."""

from __future__ import annotations

from experts.json_world import Domain, cash, flag, measure, several, text, whole

CULTURE: tuple[Domain, ...] = (
    Domain(  # theatre plays
        (
            text("play|play_title|production", "%title"),
            text("playwright|written_by|author", "%person"),
            text("director|directed_by|staged_by", "%person"),
            text("opens|opening_night|premiere", "%date"),
            text("closes|closing_night|last_show", "%date"),
            cash("ticket_price|price|admission", 8, 95),
            whole("actors|cast_size|num_actors", 3, 24),
            flag("sold_out|is_sold_out"),
            several(
                "characters|roles",
                "the Baron/Old Nell/Captain Roe/Lady Grey/Doctor Finch/Puck/Aunt May/Count Orlo/Prince Leo/Widow Hart",
            ),
        ),
        (
            "{play} was written by {playwright}[ and is directed by {director}].[ It opens on {opens}[ and closes on {closes}].]",
            (
                "{director} <is staging/puts on> {play}[, the work of {playwright}]."
                "[ A seat costs ${ticket_price}.][ {sold_out?All seats are gone|Seats are still to be had}.]"
            ),
            (
                "The curtain falls for the last time on {closes} for {play}"
                "[, brought to the stage by {director}].[ {playwright} is the author.][ First night: {opens}.]"
            ),
            "From {opens}[ to {closes}], {actors} actors perform {play}[ under {director}].[ The run {sold_out?is|is not} sold out.]",
            (
                "A ticket for {play} is {ticket_price} euros[, and there are {sold_out?none|some} left]."
                "[ Among the characters: {characters}.][ It ends on {closes}.]"
            ),
            (
                "Play {play}: text {playwright}, stage direction {director}[, premiere {opens}]"
                "[, last show {closes}][, {ticket_price} dollars][, {sold_out?sold out|seats left}]."
            ),
            (
                "The roles in {play} include {characters}[; {actors} actors share them]."
                "[ The person who wrote it is {playwright}.][ You get in for ${ticket_price}.]"
            ),
            (
                "From the pen of {playwright} comes {play}[ with a cast of {actors}]"
                "[, featuring {characters}].[ {director} rehearsed it.][ It can be seen from {opens}.]"
            ),
        ),
        ("run", ("opens", "closes")),
    ),
    Domain(  # commissioned paintings
        (
            text(
                "painting|artwork|picture",
                "Portrait of %last/The %adj %noun/View of %city/%noun at Dawn/%adj %noun/Still Life with %noun",
            ),
            text("painter|artist|painted_by", "%person"),
            text("patron|client|commissioned_by", "%person"),
            text("ordered|order_date|commissioned_on", "%date"),
            text("delivered|delivery_date|handed_over", "%date"),
            cash("fee|total_fee|agreed_price", 600, 4800),
            cash("deposit|advance|down_payment", 90, 900),
            flag("framed|has_frame"),
            several(
                "colors|pigments|palette",
                "ochre/umber/cobalt blue/crimson/lead white/sienna/ivory black/viridian/madder/indigo",
            ),
        ),
        (
            (
                "{patron} commissioned {painting} from {painter}[ on {ordered}]"
                "[ for {fee} euros].[ It {framed?comes with|comes without} a frame.]"
            ),
            (
                "{painter} painted {painting} for {patron}[ and handed it over on {delivered}]."
                "[ The order dates from {ordered}.][ Pigments: {colors}.]"
            ),
            (
                "Ordered on {ordered}[ and delivered on {delivered}], {painting} was <made/painted> by {painter}"
                "[ at the wish of {patron}].[ The whole fee is {fee}.]"
            ),
            (
                "The deposit on {painting} was ${deposit}[, the full price ${fee}]."
                "[ {patron} pays and {painter} paints.][ A frame is {framed?included|not included}.]"
            ),
            (
                "For {fee} dollars[, {deposit} of them in advance], {painter} agreed to paint {painting}"
                "[ in {colors}].[ The client is {patron}.]"
            ),
            (
                "Commission {painting}: client {patron}, artist {painter}[, ordered {ordered}]"
                "[, handed over {delivered}][, fee {fee}][, deposit {deposit}][, {framed?framed|unframed}]."
            ),
            (
                "The main colors of {painting} are {colors}.[ It was asked for on {ordered}.]"
                "[ On {delivered} it reached {patron}, who had ordered it.][ {deposit} euros were paid up front.]"
            ),
            (
                "Since {delivered}, {patron} has had {painting} on the wall[, {framed?in a frame|with no frame}]."
                "[ The brush was held by {painter}.][ Down payment: {deposit}.]"
            ),
        ),
        ("payment", ("fee", "deposit")),
    ),
    Domain(  # podcasts
        (
            text(
                "podcast|podcast_name|podcast_title",
                "%adj %noun Talks/The %noun Files/Talking %noun/%brand Daily/The %adj Mic/%stuff Stories/Beyond %stuff",
            ),
            text("host|hosted_by|presenter", "%person"),
            text("guest|interviewee|latest_guest", "%person"),
            whole("episodes|episode_count|num_episodes", 5, 240),
            whole("shortest_minutes|min_minutes|shortest", 8, 50),
            whole("longest_minutes|max_minutes|longest", 40, 150),
            text("release_day|weekday|comes_out_on", "%weekday"),
            flag("ad_free|no_ads"),
            several(
                "topics|themes|subjects",
                "history/food/money/crime/space/health/music/football/gardening/parenting/startups/travel",
            ),
        ),
        (
            (
                "{host} hosts the podcast {podcast}[, which is about {topics}]."
                "[ This week's guest is {guest}.][ New episodes come out on {release_day}.]"
            ),
            "{guest} talked to {host}, the <host/voice> of {podcast}[, now at {episodes} episodes].[ The show has {ad_free?no ads|ads}.]",
            (
                "Every {release_day}, {podcast} brings you {topics}[, presented by {host}]."
                "[ It {ad_free?is free of advertising|is interrupted by advertising}.]"
            ),
            (
                "Episodes of {podcast} last at least {shortest_minutes} minutes[ and {longest_minutes} at most]."
                "[ So far {episodes} are out.][ The questions are asked by {host}.]"
            ),
            (
                "Never longer than {longest_minutes} minutes[ and never shorter than {shortest_minutes}]: that is {podcast}"
                "[ by {host}].[ The next one is due {release_day}.]"
            ),
            (
                "Podcast {podcast}: {episodes} episodes[, host {host}][, last guest {guest}]"
                "[, {shortest_minutes} to {longest_minutes} minutes][, each {release_day}][, {ad_free?ad-free|with ads}]."
            ),
            (
                "With {episodes} recordings online, {podcast} <covers/deals with> {topics}."
                "[ The last to answer the questions was {guest}[, the one who asked them {host}].]"
            ),
            (
                "I listen to {podcast} for {topics}.[ Last time {guest} was interviewed by {host}.]"
                "[ The longest one ran {longest_minutes} minutes[, the shortest {shortest_minutes}].]"
            ),
        ),
        ("length", ("shortest_minutes", "longest_minutes")),
    ),
    Domain(  # television series
        (
            text("series|tv_series|series_title", "%title/%last & %last/%city Nights/Dr. %last"),
            text("creator|created_by|showrunner", "%person"),
            text("lead_actor|star|main_actor", "%person"),
            whole("seasons|season_count|num_seasons", 2, 14),
            whole("episodes_per_season|season_length", 4, 24),
            whole("started|first_aired|start_year", 1975, 2004),
            whole("ended|last_aired|end_year", 2003, 2025),
            flag("subtitled|has_subtitles"),
            several(
                "genres|tags",
                "crime/comedy/drama/fantasy/romance/horror/satire/mystery/westerns/thrillers",
            ),
        ),
        (
            (
                "{creator} created {series}[, in which {lead_actor} plays the lead]."
                "[ It ran from {started}[ to {ended}].][ There are {subtitled?subtitles|no subtitles}.]"
            ),
            (
                "{lead_actor} stars in {series}[, which {creator} devised]."
                "[ It has {seasons} seasons[ of {episodes_per_season} episodes each].]"
            ),
            "First shown in {started}, {series}[, a series by {creator},] came to an end in {ended}.[ There were {seasons} seasons.]",
            (
                "Until {ended}, viewers could follow {lead_actor} in {series}"
                "[, on the air since {started}].[ Genre: {genres}.][ It {subtitled?is|is not} subtitled.]"
            ),
            (
                "There are {episodes_per_season} episodes in each season of {series}"
                "[ and {seasons} seasons in all].[ The idea came from {creator}.][ The star is {lead_actor}.]"
            ),
            (
                "Series {series}: {seasons} seasons[, {episodes_per_season} episodes a season]"
                "[, main role {lead_actor}][, creator {creator}][, began {started}][, ended {ended}]."
            ),
            (
                "Fans of {genres} should watch {series}[ with {lead_actor} in the main part]."
                "[ The pilot aired in {started}[, the finale in {ended}].][ You can watch it {subtitled?with|without} subtitles.]"
            ),
            (
                "Over {seasons} seasons[ of {episodes_per_season} parts], {series} gave us {genres}."
                "[ {creator} was the mind behind it.][ It went off the air in {ended}.]"
            ),
        ),
        ("years", ("started", "ended")),
    ),
    Domain(  # magazines
        (
            text(
                "magazine|magazine_title|periodical",
                "%brand Monthly/%noun Review/%adj %noun/%noun & %noun/%city Life/%brand Weekly",
            ),
            text("editor|edited_by|chief_editor", "%person"),
            text("owner|owned_by|proprietor", "%person"),
            cash("copy_price|issue_price|price_per_issue", 3, 18),
            cash("subscription|yearly_price|price_per_year", 15, 140),
            whole("pages|page_count|total_pages", 48, 180),
            whole("ad_pages|advert_pages", 4, 60),
            flag("printed|in_print|print_edition"),
            several(
                "sections|columns|covers",
                "fashion/travel/science/gardening/film/politics/cooking/sport/books/design/health",
            ),
        ),
        (
            (
                "{editor} edits {magazine}[, which belongs to {owner}]."
                "[ An issue has {pages} pages[, {ad_pages} of them ads].][ It {printed?is|is not} printed on paper.]"
            ),
            "{owner} owns {magazine}[ and has made {editor} its editor].[ A copy costs ${copy_price}[, a whole year ${subscription}].]",
            (
                "A subscription to {magazine} is {subscription} euros a year"
                "[; at the kiosk one pays {copy_price}].[ You can read about {sections}.]"
            ),
            (
                "For {copy_price} dollars a copy, {magazine} offers {pages} pages"
                "[ on {sections}].[ What goes in is decided by {editor}, the editor.]"
            ),
            (
                "Of the {pages} pages of {magazine}, {ad_pages} are advertisements."
                "[ You {printed?can|cannot} get it on paper.][ It is the property of {owner}.]"
            ),
            (
                "Magazine {magazine}: editor {editor}, owner {owner}[, single copy {copy_price}]"
                "[, one year {subscription}][, {pages} pages][, {printed?printed|online only}]."
            ),
            (
                "With {ad_pages} pages of adverts, {magazine} earns well for its owner, {owner}."
                "[ Subscribers pay {subscription} a year.][ Its columns cover {sections}.]"
            ),
            (
                "Articles on {sections} fill {magazine}[, with {editor} in the editor's chair].[ ${subscription} buys "
                "a year of it[, ${copy_price} one issue].][ It {printed?still appears in print|exists on screens only}.]"
            ),
        ),
        ("prices", ("copy_price", "subscription")),
    ),
    Domain(  # radio shows
        (
            text(
                "radio_show|program|broadcast",
                "Morning %noun/The %adj Hour/%city Tonight/%noun Waves/Coffee with %first/%adj Notes/%noun Lounge",
            ),
            text("station|radio_station", "Radio %brand/%noun FM/%brand FM/Radio %noun/%adj Radio"),
            text("presenter|host|presented_by", "%person"),
            text("producer|produced_by|made_by", "%person"),
            text(
                "starts|start_time|on_air_at",
                "06:%minute/07:%minute/09:%minute/10:%minute/11:%minute/13:%minute/17:%minute",
            ),
            text(
                "ends|end_time|off_air_at",
                "12:%minute/14:%minute/15:%minute/18:%minute/19:%minute/2%two:%minute",
            ),
            measure("frequency_mhz|frequency|mhz", 88, 107),
            flag("live|is_live"),
            several(
                "features|segments",
                "news/weather/a quiz/interviews/traffic/phone-ins/live music/sports/letters/book tips",
            ),
        ),
        (
            "{presenter} presents {radio_show} on {station}[ from {starts}[ to {ends}]].[ The show {live?goes|does not go} out live.]",
            "{radio_show} is produced by {producer}[ and presented by {presenter}].[ It goes on air at {starts}.][ Expect {features}.]",
            (
                "At {starts}, {station} <airs/broadcasts> {radio_show}[, which is over at {ends}]."
                "[ At the microphone: {presenter}.][ Production: {producer}.]"
            ),
            (
                "Until {ends}, you can hear {radio_show}[ on {frequency_mhz} MHz]"
                "[, read by {presenter}].[ The broadcast is {live?live|not live}.]"
            ),
            (
                "Tune in to {frequency_mhz} MHz for {radio_show}[, with {features}]."
                "[ It ends at {ends}[ and begins at {starts}].][ It is made by {producer}.]"
            ),
            (
                "{station}, {frequency_mhz} MHz: {radio_show}[, {starts} to {ends}]"
                "[, host {presenter}][, producer {producer}][, {live?live|recorded}]."
            ),
            (
                "{producer} <makes/prepares> {radio_show}[ for {station}], but the voice you hear is {presenter}."
                "[ {live?You hear it as it happens|It is recorded beforehand}.]"
            ),
            (
                "There are {features} on {radio_show}[, made for {station}]."
                "[ The first word is spoken at {starts}[, the last at {ends}].][ Set your dial to {frequency_mhz}.]"
            ),
        ),
        ("slot", ("starts", "ends")),
    ),
    Domain(  # street festivals
        (
            text(
                "festival|street_festival|festival_name",
                "%noun Festival/%city Street Fair/Festival of %stuff/%adj %noun Fair/%noun Carnival",
            ),
            text("parade_start|start_point|sets_off_from", "%road"),
            text("parade_end|end_point|finishes_at", "%road"),
            whole("stalls|stall_count|num_stalls", 5, 60),
            whole("stages|stage_count|num_stages", 2, 12),
            whole("last_year|visitors_last_year", 2000, 60000, 500),
            whole("expected|expected_visitors|forecast", 2000, 60000, 500),
            flag("free_entry|is_free|free_of_charge"),
            several(
                "acts|performers",
                "jugglers/stilt walkers/fire eaters/drummers/mimes/puppets/brass bands/samba dancers/clowns/acrobats",
            ),
        ),
        (
            (
                "The parade of the {festival} starts in {parade_start}"
                "[ and ends in {parade_end}].[ There are {stalls} stalls[ and {stages} stages].]"
            ),
            (
                "Last year {last_year} people came to the {festival}"
                "[; this year {expected} are expected].[ It {free_entry?costs nothing|is not free}.]"
            ),
            (
                "{expected} visitors are expected at the {festival}[, after {last_year} a year ago]."
                "[ There will be music on {stages} stages.][ Look out for {acts}.]"
            ),
            (
                "Dancers of the {festival} will arrive in {parade_end}[, having set off from {parade_start}]."
                "[ They are joined by {acts}.][ {stalls} stalls sell food.]"
            ),
            (
                "From {parade_start}[ to {parade_end}], the {festival} fills the streets with {acts}."
                "[ Visitors {free_entry?pay nothing|have to pay}.]"
            ),
            (
                "{festival}: {stalls} stalls, {stages} stages[, route {parade_start} to {parade_end}]"
                "[, {expected} guests expected][, {free_entry?free entry|paid entry}]."
            ),
            (
                "There will be {stages} stages[ and {stalls} stalls] at the {festival}."
                "[ You will see {acts}.][ The last one drew {last_year} people.]"
            ),
            (
                "Getting into the {festival} {free_entry?is free|costs money}.[ It hopes for {expected} guests[; last "
                "time there were {last_year}].][ The march breaks up in {parade_end}[; it forms in {parade_start}].]"
            ),
        ),
        ("route", ("parade_start", "parade_end")),
    ),
    Domain(  # dance classes
        (
            text(
                "dance_class|dance_course|class_name",
                "Tango Basics/Salsa One/Adult Ballet/Hip-Hop Crew/Swing Night/Waltz Club/Flamenco Lab/Tap Start/Rumba Two/Folk Circle",
            ),
            text("teacher|taught_by|instructor", "%person"),
            text("assistant|helper|assisted_by", "%person"),
            whole("men|male_dancers|num_men", 3, 19),
            whole("women|female_dancers|num_women", 3, 19),
            cash("monthly_fee|fee|price_per_month", 18, 120),
            cash("trial_fee|trial_price|first_lesson_price", 4, 30),
            flag("beginners|for_beginners|beginners_welcome"),
            several(
                "steps|moves|figures",
                "turns/dips/lifts/spins/the box step/the cross step/kicks/slides/hops/the promenade",
            ),
        ),
        (
            (
                "{teacher} teaches {dance_class}[, helped by {assistant}]."
                "[ {men} men[ and {women} women] have signed up.][ A month costs ${monthly_fee}.]"
            ),
            (
                "{assistant} assists {teacher} in {dance_class}[, where you learn {steps}]."
                "[ Beginners {beginners?are welcome|should stay away}.]"
            ),
            "{dance_class} has {women} women and {men} men.[ The first lesson is {trial_fee} euros[, then it is {monthly_fee} a month].]",
            (
                "You pay {monthly_fee} a month for {dance_class}[, but only {trial_fee} to try it]."
                "[ The lessons are given by {teacher}[ with {assistant} as a helper].]"
            ),
            (
                "In {dance_class}, {men} gentlemen dance with {women} ladies.[ {teacher} leads the lessons.]"
                "[ {beginners?No experience is needed|It is too hard for beginners}.]"
            ),
            (
                "{dance_class}: teacher {teacher}, assistant {assistant}[, {women} women][, {men} men]"
                "[, {monthly_fee} a month][, trial {trial_fee}][, {beginners?beginners welcome|not for beginners}]."
            ),
            (
                "<Learn/Practise> {steps} in {dance_class}[ under {teacher}]."
                "[ {women} of the dancers are women[, {men} are men].][ {assistant} lends the teacher a hand.]"
            ),
            (
                "For ${trial_fee} you can try {dance_class} once[ and practise {steps}]."
                "[ After that it costs ${monthly_fee} a month.][ It is {beginners?open|closed} to beginners.]"
            ),
        ),
        ("dancers", ("men", "women")),
    ),
    Domain(  # poems and prizes
        (
            text("poem|poem_title|poem_name", "%title/Ode to %stuff/%noun Song/To the %noun"),
            text("poet|written_by|author", "%person"),
            text("translator|translated_by", "%person"),
            text(
                "prize|award|prize_name",
                "%last Prize/%noun Medal/Golden %noun/%city Poetry Award/%last Award",
            ),
            whole("lines|line_count|num_lines", 8, 90),
            whole("written|year_written|written_in", 1950, 1996),
            whole("awarded|prize_year|won_in", 1985, 2025),
            flag("rhymed|rhymes|has_rhyme"),
            several(
                "themes|about|motifs",
                "love/war/the sea/old age/exile/winter/childhood/grief/birds/the city/silence",
            ),
        ),
        (
            "{poet} wrote {poem} in {written}[ and won the {prize} for it[ in {awarded}]].[ It {rhymed?rhymes|does not rhyme}.]",
            "The {prize} went to {poem}[ by {poet}] in {awarded}[; it had been written in {written}].[ {translator} put it into English.]",
            "{translator} translated {poem}[, a text by {poet}].[ It is about {themes}[ and has {lines} lines].][ Prize: {prize}.]",
            "In {awarded}, {poet} received the {prize} for {poem}[, {lines} lines about {themes}].[ The first draft is from {written}.]",
            (
                "Thanks to {translator}, we can read {poem} in our own language."
                "[ It is {lines} lines long.][ {poet}, who wrote it, <was given/took home> the {prize}.]"
            ),
            (
                "Poem {poem}: poet {poet}, translator {translator}[, written {written}]"
                "[, awarded {awarded}][, {lines} lines][, {rhymed?rhymed|unrhymed}]."
            ),
            (
                "With {themes} as its themes, {poem} has {lines} lines[ and {rhymed?a steady rhyme|no rhyme at all}]."
                "[ It dates from {written}.][ The translation is by {translator}.]"
            ),
            (
                "{rhymed?Written in rhyme|Written without rhyme}, {poem} made its author {poet} famous"
                "[ when it took the {prize}[ in {awarded}]].[ It speaks of {themes}.]"
            ),
        ),
        ("award_won", ("prize", "awarded")),
    ),
    Domain(  # photographs
        (
            text(
                "photo|photograph|photo_title",
                "%adj %noun/%noun at Dusk/Children in %city/%noun in Snow/The %adj %noun/Smile ##/Study #",
            ),
            text("photographer|taken_by|shot_by", "%person"),
            text("sitter|person_shown|model", "%person"),
            text("taken|taken_on|shot_on", "%date"),
            text("printed|printed_on|print_date", "%date"),
            measure("width_cm|width", 9, 90),
            measure("height_cm|height", 9, 90),
            flag("in_color|is_color"),
            several(
                "keywords|tags",
                "street/portrait/night/smoke/rain/crowd/garden/hands/winter/window/dance",
            ),
        ),
        (
            (
                "{photographer} took {photo} on {taken}[; the person you see is {sitter}]."
                "[ It is {width_cm} cm wide[ and {height_cm} cm high].]"
            ),
            (
                "{photo} shows {sitter}[ as seen by {photographer}]."
                "[ It was shot on {taken}[ and printed on {printed}].][ It is in {in_color?color|black and white}.]"
            ),
            (
                "{sitter} posed for {photographer} on {taken}, and the result is {photo}"
                "[, tagged {keywords}].[ The print was made on {printed}.]"
            ),
            (
                "Printed on {printed}, {photo}[ by {photographer}] is {height_cm} cm tall"
                "[ and {width_cm} cm across].[ The camera caught {sitter}.]"
            ),
            (
                "With a height of {height_cm} cm[ and a width of {width_cm}], {photo} fills the wall."
                "[ On it we see {sitter}.][ It {in_color?is|is not} in color.]"
            ),
            (
                "Photo {photo}: by {photographer}, of {sitter}[, taken {taken}]"
                "[, printed {printed}][, {width_cm} cm wide][, {in_color?color|black and white}]."
            ),
            (
                "Filed under {keywords}: {photo}[, a portrait of {sitter}]."
                "[ The shutter clicked on {taken}.][ {photographer} held the camera.][ Width: {width_cm} cm.]"
            ),
            (
                "{in_color?A color picture|A black and white picture}, {photo} came out of the lab on {printed}"
                "[ with a height of {height_cm} cm].[ {photographer} had photographed {sitter}.][ Keywords: {keywords}.]"
            ),
        ),
        ("size", ("width_cm", "height_cm")),
    ),
    Domain(  # musical instruments
        (
            text(
                "instrument|instrument_name|instrument_type",
                "violin/cello/guitar/oboe/harp/lute/mandolin/viola/double bass/piano/banjo/clarinet",
            ),
            text("maker|built_by|craftsman", "%person"),
            text("owner|owned_by|belongs_to", "%person"),
            whole("built|year_built|made_in", 1850, 1975),
            whole("restored_in|repair_year", 1960, 2025),
            cash("bought_for|purchase_price|price_paid", 300, 9000),
            cash("insured_for|insured_value", 300, 9000),
            flag("playable|is_playable|can_be_played"),
            several(
                "woods|materials",
                "maple/spruce/ebony/rosewood/walnut/pear/cherry/cedar/boxwood/willow",
            ),
        ),
        (
            "The {instrument} was made by {maker} in {built}[ and now belongs to {owner}].[ It {playable?can|cannot} be played.]",
            "{owner} owns a(n) {instrument}[ by {maker}].[ It cost ${bought_for}[ and is insured for ${insured_for}].][ Woods: {woods}.]",
            (
                "{maker} built this {instrument}[ from {woods}]."
                "[ It was restored in {restored_in}[ for {owner}, its owner].][ It was insured for {insured_for} euros.]"
            ),
            (
                "Insured for {insured_for} euros[ and bought for {bought_for}], the {instrument} of {owner} "
                "{playable?is in playing order|can no longer be played}.[ It was restored in {restored_in}.]"
            ),
            (
                "Since its repair in {restored_in}, the {instrument} {playable?plays well|is still unplayable}."
                "[ {maker} made it in {built}.][ The owner, {owner}, paid {bought_for} dollars.]"
            ),
            (
                "Instrument: {instrument}, maker {maker}, owner {owner}[, built {built}][, restored {restored_in}]"
                "[, price paid {bought_for}][, insured value {insured_for}][, {playable?playable|unplayable}]."
            ),
            (
                "${bought_for} is what {owner} paid for the {instrument}[, which is of {woods}]."
                "[ It comes from the hands of {maker}.][ If it is lost, the insurance pays ${insured_for}.]"
            ),
            (
                "In {built}, {maker} turned {woods} into a(n) {instrument}.[ Today {owner} has it.]"
                "[ It was mended in {restored_in}.][ It changed hands for {bought_for} euros.]"
            ),
        ),
        ("value", ("bought_for", "insured_for")),
    ),
    Domain(  # library loans
        (
            text("loan|loan_id|loan_number", "L-###/LN-##/##-###/@@ ###/B####"),
            text("book|book_title|item", "%title"),
            text("borrower|reader|lent_to", "%person"),
            text("librarian|issued_by|clerk", "%person"),
            text("borrowed|loan_date|lent_on", "%date"),
            text("due|due_date|return_by", "%date"),
            cash("fine|late_fee", 2, 40),
            flag("returned|is_returned|brought_back"),
            several(
                "subjects|topics",
                "history/physics/law/botany/music/religion/chess/economics/art/medicine",
            ),
        ),
        (
            (
                "On loan {loan}, {borrower} took home {book}[ on {borrowed}]."
                "[ It has to be back by {due}.][ It {returned?has|has not} been returned.]"
            ),
            (
                "{librarian} lent {book} to {borrower}[ on {borrowed}] under number {loan}."
                "[ The late fee is ${fine}.][ {returned?The book is back|The book is still out}.]"
            ),
            "{borrower} was <given/handed> {book} by {librarian} at the desk as loan {loan}[, due on {due}].[ Subjects: {subjects}.]",
            (
                "Due on {due}[ and lent on {borrowed}], loan {loan} {returned?is "
                "closed, the book is back|is open, the book is not back}.[ Fine: {fine}.]"
            ),
            (
                "A fine of {fine} euros was charged on loan {loan}[ to the reader, {borrower}]"
                "[; the last day was {due}].[ {librarian} served at the desk.]"
            ),
            (
                "Loan {loan}: {book}, reader {borrower}[, issued by {librarian}]"
                "[, out {borrowed}][, back by {due}][, {returned?returned|not returned}]."
            ),
            (
                "On {borrowed}, {book}[, a book on {subjects},] went out as loan {loan}."
                "[ It was stamped by {librarian}[ for {borrower}].][ It may be kept until {due}.]"
            ),
            (
                "Loan {loan} is for {book}, about {subjects}.[ {returned?It was brought back|It was not brought "
                "back}[ and {fine} euros fell due for lateness].][ It was taken out on {borrowed}[ by {borrower}].]"
            ),
        ),
        ("period", ("borrowed", "due")),
    ),
    Domain(  # news articles
        (
            text(
                "headline|article|article_title",
                "Bridge Reopens/Storm Hits %city/%city Votes Again/%brand Cuts Jobs/Trains Run Late/Rents Fall/Museum Robbed/"
                "Mayor Resigns/%brand Hires",
            ),
            text("reporter|written_by|journalist", "%person"),
            text("editor|edited_by|checked_by", "%person"),
            text("published|posted_at|published_at", "%time"),
            text("updated|changed_at|updated_at", "%time"),
            whole("words|word_count|length_words", 120, 980, 10),
            whole("comments|comment_count|num_comments", 3, 400),
            flag("paywalled|subscribers_only|paywall"),
            several(
                "tags|topics",
                "taxes/housing/energy/schools/traffic/climate/trade/elections/police/health",
            ),
        ),
        (
            (
                '"{headline}" was written by {reporter}[ and edited by {editor}].'
                "[ It went online at {published}[ and was updated at {updated}].]"
            ),
            (
                '{editor} <checked/edited> the story "{headline}"[, which {reporter} had written].'
                "[ It has {words} words.][ {paywalled?Only subscribers|Non-subscribers too} can read it.]"
            ),
            (
                'At {published}, the news "{headline}" appeared[ under the name of {reporter}].'
                "[ Readers left {comments} comments.][ Tags: {tags}.]"
            ),
            (
                'Last changed at {updated}, the story "{headline}" has {words} words'
                "[ and {comments} comments].[ It was first posted at {published}.]"
            ),
            (
                '{comments} readers have commented on "{headline}"[, a(n) {words}-word report by {reporter}].'
                "[ It {paywalled?is|is not} behind a paywall.][ The latest version is from {updated}.]"
            ),
            (
                'Article "{headline}": reporter {reporter}, editor {editor}[, {words} words]'
                "[, posted {published}][, changed {updated}][, {paywalled?paywalled|free to read}]."
            ),
            (
                'The report on {tags} by {reporter} is called "{headline}".[ Corrections were made at {updated}.]'
                "[ {editor} went over the text.][ You need {paywalled?a|no} subscription.]"
            ),
            (
                'In {words} words, "{headline}" deals with {tags}.[ {editor} read and passed it for {reporter}, the author.]'
                "[ Comments so far: {comments}.][ It came out at {published}.]"
            ),
        ),
        ("times", ("published", "updated")),
    ),
    Domain(  # comics
        (
            text(
                "comic|comic_title|comic_book",
                "Captain %noun/The %adj %beasts/%noun Girl/%adj Patrol/Doctor %stuff/%noun Squad/Planet of %stuff",
            ),
            text("writer|written_by|story_by", "%person"),
            text("artist|drawn_by|illustrator", "%person"),
            text(
                "hero|main_hero|good_character",
                "Blue Comet/Lady Volt/Tin Falcon/Night Hare/Stone Boy/Red Heron/Echo/Quickstep/Iron Wren/Baron Frost/Mister Null",
            ),
            text(
                "villain|enemy|evil_character",
                "Blue Comet/Lady Volt/Tin Falcon/Night Hare/Stone Boy/Red Heron/Echo/Quickstep/Iron Wren/Baron Frost/Mister Null",
            ),
            whole("pages|page_count|num_pages", 20, 96),
            cash("cover_price|price", 2, 30),
            flag("in_color|full_color"),
            several(
                "powers|superpowers",
                "flight/super speed/X-ray eyes/great strength/ice breath/mind reading/time travel/shape shifting/magnetism",
            ),
        ),
        (
            (
                "{comic} was written by {writer}[ and drawn by {artist}]."
                "[ In it, {hero} fights the villain {villain}.][ It has {pages} pages.]"
            ),
            "{artist} drew {comic}[ from a script by {writer}].[ It costs ${cover_price}[ and is {in_color?in color|in black and white}].]",
            (
                "The villain {villain} must be stopped in {comic}"
                "[, and {hero} is the one to do it[, using {powers}]].[ Words: {writer}.][ Pictures: {artist}.]"
            ),
            (
                "{hero} saves the world in {comic}[ thanks to {powers}]."
                "[ The evil one is called {villain}.][ Its {pages} pages cost {cover_price} dollars.]"
            ),
            (
                "For {cover_price} euros you get {pages} pages of {comic}."
                "[ {artist} did the pictures[, {writer} the story].][ The bad guy is {villain}[, the good one {hero}].]"
            ),
            (
                "Comic {comic}: hero {hero}, villain {villain}[, powers: {powers}]"
                "[, {pages} pages][, {cover_price} euros][, {in_color?full color|no color}]."
            ),
            (
                "{writer} thought up {comic}[ for {artist} to draw]."
                "[ There {villain} does evil[, but {hero} does good].][ The pages {in_color?are|are not} in color.]"
            ),
            (
                "With powers such as {powers}, {hero} is the hero of {comic}[, {pages} pages long]."
                "[ The drawings are by {artist}[, the text is by {writer}].][ Price on the cover: {cover_price}.]"
            ),
        ),
        ("team", ("writer", "artist")),
    ),
    Domain(  # operas
        (
            text(
                "opera|opera_title|opera_name",
                "La %last/The %adj %noun/%first and %first/Queen %last/King %last/The %noun of %city/Don %last",
            ),
            text("composer|music_by|composed_by", "%person"),
            text("librettist|words_by|libretto_by", "%person"),
            text("soprano|sung_by_soprano|soprano_singer", "%person"),
            text("tenor|sung_by_tenor|tenor_singer", "%person"),
            cash("cheapest_seat|min_price|lowest_price", 9, 60),
            cash("best_seat|max_price|highest_price", 45, 220),
            flag("surtitles|has_surtitles"),
            several(
                "languages|sung_in",
                "Italian/German/French/Russian/Czech/English/Spanish/Hungarian/Polish/Latin",
            ),
        ),
        (
            (
                "{opera} has music by {composer}[ and words by {librettist}]."
                "[ Seats start at ${cheapest_seat}[ and go up to ${best_seat}].][ There are {surtitles?surtitles|no surtitles}.]"
            ),
            (
                "{librettist} wrote the libretto of {opera}[ for the composer, {composer}]."
                "[ It is sung in {languages}.][ The soprano is {soprano}.]"
            ),
            (
                "The tenor {tenor} sings in {opera}[ beside the soprano {soprano}]."
                "[ The music is by {composer}.][ The best seat costs {best_seat} euros.]"
            ),
            (
                "Tonight {soprano} sings the soprano part of {opera}[ and {tenor} the tenor part]."
                "[ The text {surtitles?is|is not} shown above the stage.]"
            ),
            (
                "From {cheapest_seat} dollars you can see {opera}[, composed by {composer}]."
                "[ The dearest ticket is {best_seat}.][ Language: {languages}.]"
            ),
            (
                "Opera {opera}: composer {composer}, words {librettist}[, tenor {tenor}][, soprano {soprano}]"
                "[, {cheapest_seat} to {best_seat} euros][, {surtitles?with|without} surtitles]."
            ),
            (
                "{composer} set the words of {librettist} to music as {opera}.[ The high female voice is {soprano}"
                "[, the high male voice {tenor}].][ A top seat is ${best_seat}[, a cheap one ${cheapest_seat}].]"
            ),
            (
                "Sung in {languages}[ {surtitles?with|without} surtitles], {opera} has {tenor} as tenor"
                "[ and {soprano} as soprano].[ The text is by {librettist}.][ You get in from {cheapest_seat} euros.]"
            ),
        ),
        ("singers", ("soprano", "tenor")),
    ),
    Domain(  # choirs
        (
            text(
                "choir|choir_name|chorus",
                "%last Voices/%adj %noun Choir/%road Singers/%last Chorale/Choir of %stuff/%noun Chorus",
            ),
            text("conductor|conducted_by|led_by", "%person"),
            text("pianist|accompanist|at_the_piano", "%person"),
            text("home_city|based_in|home_town", "%city"),
            text("tour_city|next_concert_in|guest_city", "%city"),
            whole("sopranos|soprano_count|num_sopranos", 4, 24),
            whole("basses|bass_count|num_basses", 4, 24),
            flag("auditions|audition_required|holds_auditions"),
            several(
                "repertoire|styles|sings",
                "gospel/madrigals/folk songs/motets/film music/carols/spirituals/pop/chorales/sea shanties",
            ),
        ),
        (
            (
                "The {choir}[ of {home_city}] will sing in {tour_city}[ under {conductor}]."
                "[ At the piano: {pianist}.][ There are {basses} basses.]"
            ),
            (
                "{conductor} leads the {choir}[, based in {home_city}]"
                "[, with {pianist} at the piano].[ It has {sopranos} sopranos[ and {basses} basses].]"
            ),
            (
                "{pianist} plays the piano for the {choir}[, while {conductor} conducts]."
                "[ They sing {repertoire}.][ New singers {auditions?must|need not} audition.]"
            ),
            (
                "There are {basses} basses and {sopranos} sopranos in the {choir}."
                "[ Their home is {home_city}.][ They will give a concert in {tour_city}.]"
            ),
            (
                "{tour_city} will host the {choir}[, whose home is {home_city}]."
                "[ On the program: {repertoire}.][ {pianist} accompanies on the piano.]"
            ),
            (
                "The {choir}: conductor {conductor}, pianist {pianist}[, home {home_city}][, on tour to {tour_city}]"
                "[, {sopranos} sopranos][, {basses} basses][, {auditions?audition|no audition}]."
            ),
            (
                "To join the {choir}, you {auditions?have to pass an audition|just turn up, there is no audition}."
                "[ They rehearse in {home_city}[ and soon travel to {tour_city}].][ {conductor} holds the baton.]"
            ),
            (
                "With {sopranos} high female voices[ and {basses} low male ones], the {choir} can sing {repertoire}."
                "[ {auditions?Singers are tested before they get in|Anyone gets in without a test}.]"
            ),
        ),
        ("voices", ("sopranos", "basses")),
    ),
)
