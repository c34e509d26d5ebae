"""Domains of training: the arts, from the stage and the screen to the workshop."""

from __future__ import annotations

from experts.json_world import Domain, cash, flag, measure, several, text, whole

ARTS: tuple[Domain, ...] = (
    Domain(  # sculptures in parks
        (
            text("sculpture|artwork|statue", "%title"),
            text("sculptor|artist|created_by", "%person"),
            text("donor|benefactor|gifted_by", "%person"),
            text(
                "park|current_site|now_in",
                "%last Park/%adj Gardens/%noun Park/%adj Meadows/%noun Green",
            ),
            text(
                "former_park|previous_site|moved_from",
                "%last Park/%adj Gardens/%noun Park/%adj Meadows/%noun Green",
            ),
            text(
                "material|medium",
                "granite/bronze/limestone/Corten steel/basalt/sandstone/driftwood/travertine/slate/fibreglass/terracotta/alabaster",
            ),
            measure("height_m|figure_height|statue_m", 2, 9),
            measure("base_m|plinth_height|pedestal_m", 2, 9),
            flag("may_climb|climbable|climbing_ok"),
            several(
                "plants|landscaping|greenery",
                "lavender/boxwood/ferns/tulips/heather/hydrangeas/sedge/irises/yew/bamboo/foxgloves/hostas",
            ),
        ),
        (
            "{sculptor} made {sculpture}[ out of {material}][, and {donor} gave it to the town].[ You will find it in {park}.]",
            (
                "{sculpture} was paid for by {donor}[ and <shaped/designed> by {sculptor}]."
                "[ The figure is {height_m} metres tall[, its base {base_m}].]"
            ),
            (
                "Until 3 years ago, {former_park} was home to {sculpture}[; today it stands in {park}]."
                "[ Children {may_climb?are free to clamber over it|must keep off it}.]"
            ),
            (
                "{sculpture}: {material}[, by {sculptor}][, gift of {donor}][, {park}][, figure {height_m} m][, plinth {base_m} m][, "
                "{may_climb?climbing allowed|no climbing}]"
            ),
            (
                "{sculpture} is surrounded by {plants}[ in {park}].[ It was brought here from {former_park}.]"
                "[ The statue itself measures {height_m} metres.]"
            ),
            (
                "Are kids allowed up on {sculpture}? {may_climb?Yes, go ahead|No, sorry}.[ The pedestal alone is {base_m} metres high.]"
                "[ It was a present from {donor}.]"
            ),
            (
                "A pedestal of {base_m} metres lifts {sculpture}[, {height_m} metres high itself,] above {plants}."
                "[ The 2 gardeners say that {sculptor} created it.]"
            ),
            (
                "Our guide told us that {sculpture} had been moved to {park}[ from {former_park}]."
                "[ {donor} had paid {sculptor} to make it.][ It is all {material}.]"
            ),
            (
                "A lump of {material} that kept {sculptor} at work for 14 months: that is {sculpture}.[ Around it: {plants}.]"
                "[ Its old place was {former_park}.]"
            ),
            (
                "With {plants} at its feet, {sculpture} looks at home.[ It used to stand in {former_park}.][ It is of {material}.]"
                "[ Climbing up {may_climb?is fine|is forbidden}.]"
            ),
        ),
        ("dimensions", ("height_m", "base_m")),
    ),
    Domain(  # film festivals
        (
            text(
                "festival|film_festival|cinema_event",
                "%city Film Days/%noun Film Festival/%adj Screen Festival/%city Short Film Week/%noun Reels",
            ),
            text("director|festival_head|run_by", "%person"),
            text("jury_head|jury_president|chief_judge", "%person"),
            text("opening_film|opener|first_screening", "%title"),
            text("closing_film|closer|last_screening", "%title"),
            whole("submitted|submissions|entries_received", 210, 4000),
            whole("selected|lineup_size|accepted", 12, 200),
            cash("pass_price|accreditation_fee", 20, 180),
            flag("red_carpet|has_red_carpet"),
            several(
                "genres|strands|kinds_of_film",
                "westerns/thrillers/musicals/anime/slapstick/film noir/melodramas/silent films/puppet films/road movies/biopics",
            ),
        ),
        (
            (
                "{festival} opens with {opening_film}[ and ends with {closing_film}].[ The jury is led by {jury_head}.]"
                "[ A pass costs {pass_price} euros.]"
            ),
            "{submitted} films were sent to {festival}[, of which {selected} got in].[ {director} runs it for the 3rd time.]",
            (
                "{jury_head} presides over the judges at {festival}[, which {director} directs]."
                "[ The last film shown is {closing_film}.][ Stars {red_carpet?walk in on a red carpet|look in vain for a red carpet}.]"
            ),
            (
                "{festival}: {selected} films[ from {submitted} entries][, director {director}][, head of jury {jury_head}][, pass "
                "{pass_price}][, {red_carpet?with red carpet|no red carpet}]"
            ),
            (
                "Fans of {genres} should visit {festival}[, where {pass_price} dollars let you in for all 9 days]."
                "[ On the first night: {opening_film}.][ On the final night: {closing_film}.]"
            ),
            (
                "{closing_film} brings {festival} to a close[ after a start with {opening_film}].[ {selected} films are shown"
                "[ and {submitted} had been offered].][ There was room for {genres}.]"
            ),
            (
                "What must you pay for a ticket to everything at {festival}? {pass_price} dollars."
                "[ {director}, who is in charge, asked {jury_head} to lead the jury.][ On offer: {genres}.]"
            ),
            (
                "{director}, the <boss/director> of {festival}, says that {submitted} films came in[ and {selected} were picked]."
                "[ There {red_carpet?is a red carpet|is no red carpet} outside.][ Jury chair: {jury_head}.]"
            ),
            (
                "With {genres} on the programme, {festival} starts off with {opening_film}."
                "[ {red_carpet?The red carpet has been rolled out|Nobody has rolled out a red carpet}.][ The 2 projectionists are ready.]"
            ),
        ),
        ("entries", ("submitted", "selected")),
    ),
    Domain(  # audiobooks
        (
            text("audiobook|recording|spoken_title", "%title"),
            text("author|written_by|writer", "%person"),
            text("narrator|read_by|voice_talent", "%person"),
            measure("hours|running_time_h|duration_h", 2, 31),
            cash("list_price|regular_price|full_price", 6, 48),
            cash("club_price|subscriber_price|reduced_price", 3, 40),
            text("recorded|studio_date|taped_on", "%date"),
            text("released|publication_date|available_from", "%date"),
            flag("abridged|is_shortened|cut_version"),
            several(
                "sounds|sound_effects|atmosphere",
                "birdsong/thunder/church bells/footsteps/harp music/rain/sea waves/hoofbeats/crickets/foghorns/creaking doors",
            ),
        ),
        (
            (
                "{narrator} reads {audiobook}, a book by {author}[, which takes {hours} hours].[ It has been out since {released}.]"
                "[ The text {abridged?was trimmed|is complete}.]"
            ),
            "{author} wrote {audiobook}[ and {narrator} lent it a voice].[ You pay {list_price} euros[, or {club_price} as a member].]",
            "Taped on {recorded}[ and published on {released}], {audiobook} lasts {hours} hours.[ Between the chapters you hear {sounds}.]",
            (
                "{audiobook}, {hours} h[, by {author}][, read by {narrator}][, {abridged?abridged|unabridged}][, members {club_price}][, "
                "others {list_price}]"
            ),
            (
                "Is {audiobook} the full text? {abridged?No, passages were left out|Yes, every word is there}."
                "[ The voice is that of {narrator}.][ Members get it for ${club_price}[, others for ${list_price}].]"
            ),
            (
                "Our members pay {club_price} for {audiobook}, everyone else {list_price}.[ On sale from {released}.]"
                "[ 2 engineers added {sounds}.]"
            ),
            (
                "Locked in a booth, {narrator} recorded {audiobook}[ on {recorded}], while {author}, who had written it, listened in."
                "[ Somebody added {sounds}.]"
            ),
            (
                "With {sounds} in the background, {audiobook}[ by {author}] will keep you busy for {hours} hours."
                "[ It was recorded on {recorded}[ and came out on {released}].]"
            ),
            (
                "My aunt, who is 81, loves {audiobook}[, written by {author}].[ It normally costs {list_price}.]"
                "[ {abridged?It is a shortened version|Nothing was cut}.][ Day in the studio: {recorded}.]"
            ),
        ),
        ("prices", ("list_price", "club_price")),
    ),
    Domain(  # translations of novels
        (
            text("novel|translated_work|book", "%title"),
            text("author|novelist|original_writer", "%person"),
            text("translator|rendered_by|translated_by", "%person"),
            text("source_language|original_language|from_lang", "%language"),
            text("target_language|translated_into|to_lang", "%language"),
            whole("original_pages|pages_before|source_length", 90, 900),
            whole("translated_pages|pages_after|target_length", 90, 900),
            cash("page_rate|fee_per_page|rate", 9, 60),
            flag("annotated|footnotes|has_notes"),
            several(
                "challenges|tricky_parts|hurdles",
                "puns/slang/nursery rhymes/proverbs/oaths/riddles/lullabies/anagrams/sea shanties/nicknames/limericks/dialect words",
            ),
        ),
        (
            (
                "{translator} translated {novel}[ by {author}] from {source_language}[ into {target_language}]."
                "[ Each translated page pays {page_rate} euros.]"
            ),
            (
                "{author} wrote {novel} in {source_language}[; {translator} put it into {target_language}]."
                "[ The original has {original_pages} pages[, the translation {translated_pages}].]"
            ),
            (
                "The {target_language} version of {novel} is {translated_pages} pages long[, the original {original_pages}]."
                "[ Footnotes {annotated?help the reader along|are nowhere to be seen}.]"
            ),
            (
                "{novel}: from {source_language}, into {target_language}[, author {author}][, translator {translator}][, {page_rate} a "
                "page][, {annotated?with notes|without notes}]"
            ),
            (
                "Because of {challenges}, {translator} took 7 months to translate {novel}[ and asked for {page_rate} dollars a page]."
                "[ It can now be read in {target_language}.]"
            ),
            (
                "Full of {challenges}, {novel} was hard to translate from {source_language}."
                "[ {author}, the author, sent {translator} 2 letters of thanks for translating it.]"
                "[ The new version has {translated_pages} pages.]"
            ),
            (
                "Does the translated {novel} explain things at the foot of the page? {annotated?It does|It does not}."
                "[ The original ran to {original_pages} pages.][ Pay per page: {page_rate}.][ Trouble came from {challenges}.]"
            ),
            (
                "Before, {original_pages} pages; after, {translated_pages}: {novel} changed its size.[ It was thought up by {author}"
                "[ and translated by {translator}[ into {target_language}]].]"
            ),
            (
                "In 4 evenings I read {novel} in {target_language}, though {author} had written it in {source_language}."
                "[ My copy {annotated?has footnotes|lacks footnotes}.][ The hard bits: {challenges}.]"
            ),
        ),
        ("languages", ("source_language", "target_language")),
    ),
    Domain(  # ballets
        (
            text(
                "ballet|dance_work|stage_piece",
                "The %adj %noun/The %adj Princess/%noun of %stuff/%adj Swans/The %adj Prince/%adj %noun",
            ),
            text("choreographer|steps_by|dance_maker", "%person"),
            text("composer|music_by|score_by", "%person"),
            text("ballerina|female_lead|leading_lady", "%person"),
            text("male_lead|leading_man|danseur", "%person"),
            text("premiere|first_night|first_performed", "%date"),
            text("final_show|last_performed|run_ends", "%date"),
            whole("dancers|company_size|cast_size", 12, 90),
            flag("live_music|orchestra_in_pit|has_orchestra"),
            several(
                "steps|moves|technique",
                "pirouettes/arabesques/entrechats/fouettés/jetés/pliés/glissades/cabrioles/tendus/ballonnés/brisés",
            ),
        ),
        (
            (
                "{choreographer} invented the dances of {ballet} to music by {composer}."
                "[ The female lead is {ballerina}[, the male one {male_lead}].]"
            ),
            (
                "The princess in {ballet} is danced by {ballerina}[ and the prince by {male_lead}]."
                "[ It was first seen on {premiere}, by 640 people.]"
            ),
            (
                "{ballet} opened on {premiere}[ and closes on {final_show}].[ {dancers} dancers fill the stage.]"
                "[ {live_music?An orchestra sits in the pit|The music comes from a tape}.]"
            ),
            (
                "{ballet}: choreography {choreographer}[, music {composer}][, heroine {ballerina}][, hero {male_lead}][, {dancers} "
                "dancers][, {live_music?live orchestra|recorded music}]"
            ),
            (
                "For {ballet} the company practised {steps} in 3 studios.[ The score is by {composer}"
                "[ and the choreography by {choreographer}].][ Last performance: {final_show}.]"
            ),
            (
                "{composer} composed {ballet}[ and {choreographer} turned it into dance].[ Watch for the {steps}.]"
                "[ The curtain falls for good on {final_show}[, having first risen on {premiere}].]"
            ),
            (
                "Will musicians play for {ballet}? {live_music?Yes, a full orchestra|No, it runs off a recording}."
                "[ {ballerina} is the heroine[ and {male_lead} the hero].][ On stage: {dancers} dancers.]"
            ),
            (
                "With fine {steps}, {ballerina} shone as the heroine of {ballet}[ beside {male_lead} as the hero]"
                "[ on {premiere}, the opening night]."
            ),
            (
                "All {dancers} dancers of {ballet} had to learn {steps} in 11 weeks.[ The hero is {male_lead}.]"
                "[ It can be seen until {final_show}.][ The orchestra {live_music?plays live|stays at home}.]"
            ),
        ),
        ("leads", ("ballerina", "male_lead")),
    ),
    Domain(  # orchestra rehearsals
        (
            text(
                "piece|rehearsed_work|score",
                "Symphony No. #/Piano Concerto No. #/%noun Overture/%adj Suite/%city Symphony/%noun Rhapsody/%adj Serenade",
            ),
            text("conductor|maestro|led_by", "%person"),
            text("soloist|solo_part|featured_player", "%person"),
            text(
                "practice_room|rehearsal_venue|rehearsed_in",
                "%noun Hall/%last Hall/%adj Hall/%last House/%adj Rooms",
            ),
            text(
                "concert_hall|performance_venue|performed_in",
                "%noun Hall/%last Hall/%adj Hall/%last House/%adj Rooms",
            ),
            text("starts|first_beat|begins_at", "%time"),
            text("ends|wraps_up|over_at", "%time"),
            whole("absent|missing_players|no_shows", 2, 19),
            flag("open_doors|public_welcome|listeners_allowed"),
            several(
                "sections|called_players",
                "oboes/violas/cellos/bassoons/piccolos/trombones/harps/timpani/flutes/French horns/clarinets/tubas",
            ),
        ),
        (
            (
                "{conductor} rehearses {piece} with the orchestra[, {soloist} playing the solo].[ They <start/begin> at {starts}"
                "[ and stop at {ends}].][ The room: {practice_room}.]"
            ),
            (
                "{piece} will be performed at {concert_hall} but is practised at {practice_room}.[ The baton is held by {conductor}.]"
                "[ Guests {open_doors?are welcome|must stay away}.]"
            ),
            (
                "At {starts} {conductor} raises the baton for {piece}[ and at {ends} everyone goes home]."
                "[ {absent} of the 70 players are missing.][ Needed: {sections}.]"
            ),
            (
                "Rehearsal, {piece}[, {starts} to {ends}][, {practice_room}][, conductor {conductor}][, soloist {soloist}][, {absent} "
                "absent][, {open_doors?open to the public|closed to the public}]"
            ),
            (
                "Today's rehearsal of {piece} is for {sections} only[, without the {absent} who are ill]."
                "[ {soloist} plays the solo part.][ The concert itself is at {concert_hall}.]"
            ),
            (
                "{soloist} is the soloist in {piece}[, and {conductor} conducts].[ We finish at {ends}.]"
                "[ {open_doors?Anyone may sit in|No outsiders, please}.][ The concert will be given at {concert_hall}.]"
            ),
            (
                "Bar 212 of {piece} was too hard for the {sections}.[ {absent} musicians did not turn up.]"
                "[ The rehearsal was over by {ends}.][ The audience will hear it at {concert_hall}.]"
            ),
            (
                "May friends listen while we practise {piece}? {open_doors?Of course they may|I am afraid not}.[ We begin at {starts}"
                "[ in {practice_room}].][ Called in: {sections}.]"
            ),
            (
                "With {absent} colleagues away, {piece} sounded thin in rehearsal[ at {practice_room}]."
                "[ {soloist} played the solo all the same, 3 times.][ It must be ready for the concert at {concert_hall}.]"
            ),
        ),
        ("hours", ("starts", "ends")),
    ),
    Domain(  # street murals
        (
            text("mural|wall_painting|street_artwork", "%title"),
            text("painter|muralist|artist", "%person"),
            text("client|commissioned_by|patron", "%person"),
            text("address|wall_location|site", "%street"),
            measure("width_m|horizontal_m|breadth", 3, 40),
            measure("height_m|vertical_m|tallness", 3, 40),
            text("begun|work_started|first_day", "%date"),
            text("finished|completed_on|last_day", "%date"),
            flag("permitted|is_legal|authorised"),
            several(
                "motifs|depicts|imagery",
                "herons/tulips/tramcars/dockers/foxes/weavers/sunflowers/barges/lighthouses/accordions/kites/pomegranates",
            ),
        ),
        (
            (
                "{painter} painted {mural} on a wall at {address}[, paid by {client}].[ The work began on {begun}"
                "[ and was done by {finished}].]"
            ),
            (
                "{client} ordered {mural}[ from {painter}].[ The picture is {width_m} metres wide[ and {height_m} high].]"
                "[ City hall {permitted?had said yes|had never said yes}.]"
            ),
            "{height_m} metres high[ and {width_m} metres across], {mural} covers a house of 5 floors at {address}.[ It shows {motifs}.]",
            (
                "{mural}, {address}[, painter {painter}][, ordered by {client}][, {begun} to {finished}][, {height_m} m high][, "
                "{width_m} m wide][, {permitted?with permit|no permit}]"
            ),
            (
                "Since {finished}, when {painter} completed {mural}, people have stopped to look at {motifs}[ at {address}]."
                "[ The bill went to {client}.]"
            ),
            (
                "Was {mural} allowed? {permitted?It was|It was not}.[ The first brush stroke came on {begun}.]"
                "[ {client} <covered the costs/footed the bill>.][ In it you see {motifs}.]"
            ),
            (
                "Using 2 ladders, {painter} finished {mural} on {finished}[, having started on {begun}]."
                "[ From left to right it measures {width_m} metres.][ The money came from {client}.]"
            ),
            (
                "About 30 neighbours watched as {motifs} appeared on {mural}[ at {address}]."
                "[ The town {permitted?had approved it|had not approved it}.][ From top to bottom it is {height_m} metres.]"
            ),
            (
                "According to the paper, {mural} at {address} {permitted?is legal|is illegal}.[ {width_m} metres from end to end"
                "[ and {height_m} from ground to roof], it was begun on {begun}.]"
            ),
        ),
        ("size", ("width_m", "height_m")),
    ),
    Domain(  # tattoo appointments
        (
            text("client|customer|person_tattooed", "%person"),
            text("tattooist|artist|inked_by", "%person"),
            text(
                "design|motif|tattoo",
                "anchor/koi/swallow/dragonfly/lotus/compass rose/peony/raven/mandala/scarab/sea serpent/octopus/thistle",
            ),
            text(
                "placement|body_part|skin_area",
                "forearm/ankle/shoulder blade/calf/ribcage/wrist/collarbone/thigh/shin/upper arm",
            ),
            text("session_date|main_session|booked_for", "%date"),
            text("touch_up|retouch_date|follow_up_visit", "%date"),
            cash("deposit|paid_upfront|advance", 20, 190),
            cash("total|full_cost|quoted_price", 191, 900),
            flag("cover_up|over_old_tattoo|hides_old_ink"),
            several(
                "inks|pigments|ink_colors",
                "black/crimson/ochre/teal/violet/sepia/turquoise/magenta/indigo/emerald/coral/umber",
            ),
        ),
        (
            "{tattooist} will tattoo a(n) {design} on the {placement} of {client}[ on {session_date}].[ A touch-up follows on {touch_up}.]",
            (
                "{client} has an appointment with {tattooist}[ on {session_date}][ for a(n) {design}].[ {deposit} euros were paid ahead"
                "[ out of {total} in all].]"
            ),
            (
                "{client} wants the {design} done in {inks}[ on the {placement}]."
                "[ The whole thing costs ${total}[, ${deposit} of it up front].]"
            ),
            (
                "Tattoo, {client}: {design}[, {placement}][, artist {tattooist}][, first session {session_date}][, touch-up "
                "{touch_up}][, deposit {deposit}][, {cover_up?cover-up|no cover-up}]"
            ),
            (
                "After 2 new sketches, {tattooist} chose {inks} for {client}[ and set {session_date} as the day]."
                "[ {cover_up?It will hide an old tattoo|The skin there is still bare}.]"
            ),
            (
                "Is there an old tattoo of {client} to cover? {cover_up?There is|There is none}.[ The final bill is {total}.]"
                "[ On {touch_up}, {tattooist} goes over the lines again.]"
            ),
            (
                "The {design} in {inks} goes on the {placement} of {client}, who is 34.[ Paid so far: {deposit}.]"
                "[ Pale spots are filled in later, on {touch_up}.]"
            ),
            (
                "For {total} dollars, {client} lets {tattooist} needle the {design}[ with {inks}]."
                "[ It {cover_up?goes over an old tattoo|goes on fresh skin}.][ At booking, {deposit} was handed over.]"
            ),
            (
                "On {session_date} the needle buzzes 3 hours for {client}[, and on {touch_up} once more for the finishing touches]."
                "[ The {placement} gets a(n) {design}.][ Price, everything included: {total}.]"
            ),
        ),
        ("payment", ("deposit", "total")),
    ),
    Domain(  # pottery workshops
        (
            text(
                "workshop|pottery_class|clay_course",
                "%adj Clay/%noun Kiln Workshop/%city Potters/%noun Pottery/Wheel and %noun",
            ),
            text("potter|instructor|taught_by", "%person"),
            text("assistant|helper|kiln_hand", "%person"),
            cash("course_fee|tuition|seat_price", 20, 240),
            cash("clay_fee|material_surcharge|extra_cost", 4, 60),
            whole("bisque_temp|first_firing_c|low_firing", 900, 1300, 10),
            whole("glaze_temp|second_firing_c|high_firing", 900, 1300, 10),
            text(
                "glaze|coating|surface_finish",
                "celadon/tenmoku/shino/raku/ash/majolica/salt/oribe/lustre/crackle/cobalt/tin",
            ),
            flag("beginners|for_novices|no_experience_needed"),
            several(
                "pieces|items_made|products",
                "mugs/vases/teapots/saucers/butter dishes/jugs/egg cups/planters/ramekins/candlesticks/tiles/soup bowls",
            ),
        ),
        (
            (
                "{potter} teaches {workshop}[ with the help of {assistant}].[ A place costs {course_fee} euros"
                "[ plus {clay_fee} for the clay].]"
            ),
            (
                "At {workshop} everything is fired first at {bisque_temp} degrees[ and then at {glaze_temp}].[ The glaze is {glaze}.]"
                "[ {assistant} helps out.]"
            ),
            (
                "In 4 evenings you make {pieces} at {workshop}[ under {potter}, the teacher]."
                "[ Newcomers {beginners?are welcome|should look elsewhere}.][ Clay costs {clay_fee} extra.]"
            ),
            (
                "{workshop}: ${course_fee}[ + ${clay_fee} clay][, teacher {potter}][, helper {assistant}][, {glaze} glaze][, "
                "{beginners?beginners welcome|not for beginners}][, to make: {pieces}]"
            ),
            (
                "Do I need practice for {workshop}? {beginners?None at all|Yes, quite some}.[ For your clay you pay {clay_fee} more.]"
                "[ The first firing is at {bisque_temp} °C.][ Glaze: {glaze}.]"
            ),
            (
                "The second firing at {workshop} reaches {glaze_temp} °C[, the first {bisque_temp}]."
                "[ The helper, {assistant}, guards the kiln for 12 hours.][ {potter} leads the course.]"
            ),
            (
                "Under a(n) {glaze} glaze, {pieces} from {workshop} go into the kiln again[ at {glaze_temp} degrees]."
                "[ {beginners?It suits first-timers|It is too hard for first-timers}.]"
            ),
            "For {course_fee} dollars, {workshop} lets you make {pieces}[, while {assistant} prepares the clay for {potter}, who teaches].",
            (
                "We were 8 at {workshop}[ and paid {course_fee} each].[ The last firing was at {glaze_temp} degrees[, the one before it "
                "at {bisque_temp}].][ {beginners?No skills were asked for|Some skills were asked for}.]"
            ),
        ),
        ("firing", ("bisque_temp", "glaze_temp")),
    ),
    Domain(  # quilts
        (
            text(
                "quilt|quilt_title|patchwork",
                "%adj Stars/%noun Rings/%adj %noun/%noun in %stuff/%adj Geese",
            ),
            text("maker|quilter|sewn_by", "%person"),
            text("recipient|given_to|new_owner", "%person"),
            text(
                "block|block_pattern|layout",
                "Log Cabin/Flying Geese/Bear Paw/Nine Patch/Churn Dash/Ohio Star/Pinwheel/Dresden Plate/Irish Chain/Lone Star/Snail Trail",
            ),
            whole("width_cm|side_to_side_cm|breadth_cm", 90, 270),
            whole("top_to_bottom_cm|long_side_cm", 90, 270),
            text("begun|first_stitch|sewing_started", "%date"),
            text("finished|last_stitch|completed_on", "%date"),
            flag("hand_quilted|sewn_by_hand|handmade_seams"),
            several(
                "fabrics|cloths|textiles",
                "gingham/calico/chintz/muslin/corduroy/flannel/denim/batik/poplin/chambray/velveteen/seersucker",
            ),
        ),
        (
            (
                "{maker} made {quilt} as a gift for {recipient}.[ The pattern is {block}.][ It is {width_cm} cm wide"
                "[ and {top_to_bottom_cm} cm long].]"
            ),
            (
                "{recipient} was given {quilt}[, which {maker} had sewn from {fabrics}]."
                "[ It was {hand_quilted?stitched by hand|stitched on a machine}.]"
            ),
            (
                "Begun on {begun}[ and finished on {finished}], {quilt} repeats the {block} block 20 times.[ The cloth: {fabrics}.]"
                "[ It now belongs to {recipient}.]"
            ),
            (
                "{quilt}: {block}[, {width_cm} cm across][, {top_to_bottom_cm} cm long][, sewn by {maker}][, for {recipient}][, "
                "{hand_quilted?hand-quilted|machine-quilted}][, done {finished}]"
            ),
            (
                "Was {quilt} sewn without a machine? {hand_quilted?Yes, every stitch|No, it was not}."
                "[ It is {top_to_bottom_cm} cm from top to bottom.][ The first stitch was made on {begun}[, the last on {finished}].]"
            ),
            (
                "{top_to_bottom_cm} cm long[ and {width_cm} wide], {quilt} hangs over a chair."
                "[ {maker}, whose 2 cats slept on it, put in the last stitch on {finished}.][ It was meant for {recipient}.]"
            ),
            (
                "Scraps of {fabrics} were all that {maker} needed to start {quilt}[ on {begun}][ in the {block} pattern]."
                "[ It was done {hand_quilted?with needle and thimble|with an electric machine}.]"
            ),
            (
                "It took {fabrics} to piece together {quilt}[, a(n) {block} pattern {width_cm} cm wide].[ On {finished} it was ready"
                "[ and went to {recipient}].]"
            ),
            (
                "I saw {quilt} at the fair[: {width_cm} cm from side to side[, {top_to_bottom_cm} from head to foot]]."
                "[ {maker} told me the sewing had begun on {begun}.][ {hand_quilted?All handwork|All machine work}!]"
            ),
        ),
        ("measurements", ("width_cm", "top_to_bottom_cm")),
    ),
    Domain(  # fashion shows
        (
            text("show|runway_show|collection", "%adj %noun/%noun of %stuff/%adj %stuff/%noun #"),
            text("couturier|clothes_by", "%person"),
            text("opening_model|first_out|first_look_on", "%person"),
            text("closing_model|last_out|finale_look_on", "%person"),
            text("planned_start|scheduled_for|announced_time", "%time"),
            text("actual_start|really_began|delayed_to", "%time"),
            whole("cheapest|lowest_price|priced_from", 40, 900, 10),
            whole("dearest|highest_price|priced_up_to", 910, 9000, 10),
            flag("streamed|shown_online|live_feed"),
            several(
                "fabrics|textiles|cloths",
                "organza/tulle/taffeta/chiffon/tweed/satin/mohair/jacquard/crêpe/lamé/georgette/bouclé",
            ),
        ),
        (
            (
                "{couturier} presented {show}[ with {opening_model} first on the catwalk[ and {closing_model} last]]."
                "[ It was to begin at {planned_start}[, but began at {actual_start}].]"
            ),
            "{opening_model} opened {show}[ and {closing_model} closed it].[ Prices <run/range> from {cheapest} euros[ to {dearest}].]",
            (
                "The finale of {show} belonged to {closing_model}[, who wore {fabrics}].[ The clothes are by {couturier}.]"
                "[ You {streamed?could watch online|had to be there in person}.]"
            ),
            (
                "{show} by {couturier}[: planned {planned_start}, real start {actual_start}][, first model {opening_model}][, last model "
                "{closing_model}][, {cheapest} to {dearest} euros][, {streamed?streamed|not streamed}]"
            ),
            (
                "It was {actual_start} when the lights went on for {show}, though {planned_start} was on the invitation."
                "[ The cameras {streamed?sent it live to the web|sent nothing to the web}.][ Much use was made of {fabrics}.]"
            ),
            (
                "The dearest outfit in {show} costs {dearest} dollars[, the cheapest {cheapest}]."
                "[ {couturier} came out to bow, with 2 dogs.][ It got going at {actual_start}.]"
            ),
            (
                "Could one see {show} on the internet? {streamed?Yes, live|No}.[ It was announced for {planned_start}.]"
                "[ The last to walk was {closing_model}[, the first {opening_model}].][ You saw {fabrics} all over.]"
            ),
            (
                "With {fabrics}, {couturier} won over the 300 guests of {show}.[ You pay at least {cheapest} for a piece"
                "[ and at most {dearest}].][ {opening_model} walked first.]"
            ),
            (
                "From seat 14 I saw {show} start at {actual_start}[ instead of {planned_start}].[ I loved the {fabrics}.]"
                "[ The priciest dress was {dearest}[, the least pricey {cheapest}].]"
            ),
        ),
        ("price_range", ("cheapest", "dearest")),
    ),
    Domain(  # stage costumes
        (
            text(
                "role|character|part_played",
                "Macbeth/Ophelia/Falstaff/Tosca/Carmen/Figaro/Cyrano/Medea/Tartuffe/Prospero/Titania/Rosina/Lysander/Portia",
            ),
            text("performer|worn_by|actor", "%person"),
            text("sketched_by|designed_by", "%person"),
            text("tailor|stitched_by|sewn_by", "%person"),
            text(
                "fabric|cloth|textile",
                "brocade/damask/sackcloth/velvet/taffeta/buckskin/linen/organza/felt/sateen/burlap/moleskin",
            ),
            measure("weight_kg|heaviness_kg", 2, 19),
            cash("budget|planned_cost|allowed_cost", 60, 800),
            cash("spent|final_cost|actual_cost", 60, 800),
            flag("quick_change|fast_to_put_on|rapid_change"),
            several(
                "accessories|extras|worn_with",
                "a ruff/a cape/a tricorne/gauntlets/a bustle/spurs/a diadem/a brooch/a bonnet/a sash/a scabbard/a wig",
            ),
        ),
        (
            "{sketched_by} designed the costume of {role}[ and {tailor} sewed it][ from {fabric}].[ It will be worn by {performer}.]",
            (
                "{performer} plays {role} in a costume of {weight_kg} kilos[, made up by {tailor}[ after a drawing by {sketched_by}]]."
                "[ It comes with {accessories}.]"
            ),
            (
                "The clothes for {role} were to cost {budget} euros[ but came to {spent}]."
                "[ {performer} {quick_change?changes into them in seconds|needs 9 minutes to get into them}.]"
            ),
            (
                "Costume, {role}: {fabric}[, {weight_kg} kg][, actor {performer}][, design {sketched_by}][, sewing {tailor}][, budget "
                "{budget}][, spent {spent}][, {quick_change?quick change|no quick change}]"
            ),
            (
                "With {accessories}, {performer} turns into {role}.[ The outfit can be put on {quick_change?in a flash|only slowly}.]"
                "[ In the end, {spent} dollars were spent on it.]"
            ),
            (
                "It was {tailor} at the sewing machine[ and {sketched_by} at the drawing board] who dressed {role}."
                "[ Of {fabric} alone 6 metres were used.][ The plan had allowed {budget}.]"
            ),
            (
                "How much does {role} have to carry? {weight_kg} kilos of {fabric}.[ Also worn: {accessories}.][ Real costs: {spent}.]"
                "[ Costs foreseen: {budget}.]"
            ),
            (
                "{role} <wears/has on> {accessories} over {fabric}[, an idea of {sketched_by}]."
                "[ Getting dressed {quick_change?is quickly done|is never quickly done}.][ The needlework is by {tailor}.]"
            ),
            (
                "My 2 sisters ironed the costume of {role}[, {weight_kg} kg in all].[ We had {budget} for it[ and used {spent}].]"
                "[ {quick_change?It is made for a fast change|It is not made for a fast change}.][ {performer} acts in it.]"
            ),
        ),
        ("cost", ("budget", "spent")),
    ),
    Domain(  # documentaries
        (
            text("documentary|film|doc_title", "%title"),
            text("director|filmmaker|directed_by", "%person"),
            text("narrator|voice_over|commentary_by", "%person"),
            text(
                "topic|theme|subject_matter",
                "beekeeping/glaciers/coal mining/reindeer/cheesemaking/volcanoes/lighthouses/truffles/pearl diving/earthworms/peat bogs",
            ),
            text("filmed_in|shooting_country|location", "%country"),
            text("premiered_in|first_shown_in|debut_country", "%country"),
            whole("shooting_days|days_on_location|filming_length_days", 12, 290),
            whole("editing_days|days_in_cutting_room|post_production_days", 12, 290),
            flag("subtitled|has_captions|captions"),
            several(
                "gear|equipment|tools_used",
                "drones/hydrophones/camera traps/cranes/gliders/endoscopes/dive lights/boom poles/tripods/thermal cameras/dollies",
            ),
        ),
        (
            (
                "{director} made {documentary}, a film in 2 parts about {topic}[, with {narrator} as the speaker]."
                "[ It was shot in {filmed_in}[ and first shown in {premiered_in}].]"
            ),
            (
                "{narrator} speaks the commentary in {documentary}[, directed by {director}]."
                "[ Filming took {shooting_days} days[, editing {editing_days}].]"
            ),
            (
                "Audiences in {premiered_in} were the first to see {documentary}[, whose pictures come from {filmed_in}]."
                "[ {subtitled?You can read along in subtitles|There are no subtitles}.][ It tells of {topic}.]"
            ),
            (
                "{documentary}: {topic}[, director {director}][, narrator {narrator}][, {shooting_days} days of shooting][, "
                "{editing_days} days of editing][, {subtitled?subtitled|not subtitled}]"
            ),
            (
                "Thanks to {gear}, the crew of 5 got close to {topic} for {documentary}.[ They were in {filmed_in} with their cameras.]"
                "[ The director is {director}.]"
            ),
            (
                "For {shooting_days} days the cameras rolled in {filmed_in} for {documentary}[; cutting it took {editing_days} more]."
                "[ The crew had {gear}.][ We hear the voice of {narrator}.]"
            ),
            (
                "Can the deaf follow {documentary}? {subtitled?Yes, captions run along|No, captions are missing}."
                "[ It was launched in {premiered_in}.][ With {gear}, {director} filmed {topic}.]"
            ),
            (
                "After {editing_days} days in the cutting room[ and {shooting_days} on location], {documentary} had its first night in "
                "{premiered_in}.[ Used on the shoot: {gear}.]"
            ),
            (
                "A friend of mine, 27, learned all about {topic} from {documentary}[, spoken by {narrator}]."
                "[ The film team had gone to {filmed_in}[, the premiere was held in {premiered_in}].]"
                "[ Dialogue {subtitled?appears as text too|does not appear as text}.]"
            ),
        ),
        ("production", ("shooting_days", "editing_days")),
    ),
    Domain(  # quiz shows
        (
            text(
                "show|quiz|programme",
                "%adj Minds/Beat the %noun/The %noun Question/%noun Quest/Double %noun/%adj Answers",
            ),
            text("host|quizmaster|presented_by", "%person"),
            text("champion|winner|first_place", "%person"),
            text("runner_up|beaten_finalist|second_place", "%person"),
            whole("jackpot|top_prize|winner_gets", 500, 9000, 50),
            whole("consolation|second_prize|loser_gets", 100, 900, 50),
            whole("correct|right_answers|hits", 2, 40),
            whole("wrong|mistakes|misses", 2, 40),
            flag("joker_used|lifeline|got_help"),
            several(
                "subjects|categories|question_areas",
                "heraldry/geysers/opera/algebra/falconry/fungi/astronomy/sagas/currencies/railways/grammar/mythology",
            ),
        ),
        (
            (
                "{champion} won {show}[, ahead of {runner_up},] and takes home {jackpot} euros.[ {host} asked the questions.]"
                "[ The joker {joker_used?came into play|was saved}.]"
            ),
            (
                "In {show}, {runner_up} lost the final to {champion}[ but still got {consolation} euros]."
                "[ The winner had {correct} answers right[ and {wrong} wrong].]"
            ),
            (
                "The 70 people in the studio heard {host} congratulate {champion}, the winner of {show}[, and console {runner_up}, who "
                "came second].[ The questions dealt with {subjects}.]"
            ),
            (
                "{show}: champion {champion}, {jackpot} dollars[; second {runner_up}, {consolation} dollars][; host {host}][; {correct} "
                "right][; {wrong} wrong][; {joker_used?joker used|joker not used}]"
            ),
            (
                "Knowing {subjects} well, {champion} beat 6 others on {show}[ with only {wrong} false answers]."
                "[ The presenter was {host}.][ Prize for the winner: {jackpot}.]"
            ),
            (
                "Did the winner of {show} phone a friend for help? {joker_used?Yes|No}."
                "[ {correct} answers were right[, {wrong} were not].][ There is {consolation} for second place.][ Presenter: {host}.]"
            ),
            (
                "With {correct} good[ and {wrong} bad] answers, {champion} became the winner of {show}."
                "[ There were questions on {subjects}.][ {runner_up} finished second.]"
            ),
            (
                "A cheque for {consolation} comforted {runner_up}, second on {show}[, while {jackpot} went to the winner]."
                "[ Topics: {subjects}.][ The champion {joker_used?needed a lifeline|needed no lifeline}.]"
            ),
            (
                "{jackpot} was there to be won on {show}[, and {consolation} for the loser of the final]."
                "[ {host} read out 45 questions on {subjects}.][ Help {joker_used?was called in|was never called in}.]"
            ),
        ),
        ("prizes", ("jackpot", "consolation")),
    ),
)
