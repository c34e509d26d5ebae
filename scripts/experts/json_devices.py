"""Domains of training: computers, networks and electronic devices."""

from __future__ import annotations

from experts.json_world import Domain, cash, flag, measure, several, text, whole

DEVICES: tuple[Domain, ...] = (
    Domain(  # database backups
        (
            text(
                "database|db_name|dumped_db",
                "orders_db/payroll/crm_prod/ledger_##/inventory/hr_live/billing_#/claims/parts_db/tickets_##",
            ),
            text(
                "dbms|db_engine|database_system",
                "PostgreSQL/MySQL/Oracle/MongoDB/Redis/MariaDB/SQLite/Cassandra/Firebird/Db2/Informix/CouchDB/InfluxDB",
            ),
            text("job_start|dump_from|began_at", "%time"),
            text("job_end|dump_until|completed_at", "%time"),
            measure("raw_gb|uncompressed_size|original_gb", 40, 95),
            measure("stored_gb|archive_size|deflated_gb", 3, 39),
            text("backup_admin|dump_run_by", "%person"),
            text("restore_tester|recovery_checked_by|verifier", "%person"),
            flag("encrypted|is_ciphered|key_protected"),
            several(
                "targets|storage_media|copy_destinations",
                "tape/a NAS/Glacier/Azure/a USB disk/Backblaze/Wasabi/a spare server/Dropbox/floppies",
            ),
        ),
        (
            (
                "{backup_admin} backed up the [{dbms} ]database {database}[ between {job_start} and {job_end}].[ The copy {encrypted?is "
                "locked with a key|can be read by anyone}.]"
            ),
            (
                "The copying of {database} was <started/kicked off> at {job_start}[ and over by {job_end}].[ It shrank from {raw_gb} GB "
                "to {stored_gb} GB.][ {backup_admin} was on duty for it.]"
            ),
            (
                "{restore_tester} managed to restore {database}[ from {targets}], {encrypted?after typing in the passphrase|no "
                "passphrase being needed}.[ The backup itself was the work of {backup_admin}.]"
            ),
            (
                "Backup {database}[ ({dbms})][: {job_start} - {job_end}][, {raw_gb} GB raw][, {stored_gb} GB packed][, "
                "{encrypted?encrypted|plain}][, to {targets}]"
            ),
            (
                "At {job_end}, after 2 retries, the copy of {database} was ready on {targets}.[ {raw_gb} GB of data had become "
                "{stored_gb} GB.][ {backup_admin} had set it going[ at {job_start}].]"
            ),
            (
                "Squeezed to {stored_gb} GB[ from {raw_gb} GB], {database} now lies on {targets}.[ {restore_tester} played it back in "
                "front of 2 auditors.]"
            ),
            (
                "Is {database} safe? Yes: {backup_admin} copied it[ from {job_start} on] and {restore_tester} tried out the recovery.[ It "
                "runs on {dbms}.][ A thief {encrypted?could not read it|could read it}.]"
            ),
            (
                "We run {database} on {dbms}[ and copy it to {targets}].[ On 3 test servers, {restore_tester} brought it back to life.][ "
                "The last dump ended at {job_end}[, having begun at {job_start}].]"
            ),
            (
                "{raw_gb} GB before packing[ and {stored_gb} after]: that was the {dbms} database {database}[, saved by "
                "{backup_admin}[ and "
                "test-restored by {restore_tester}]].[ The files {encrypted?are|are not} scrambled.]"
            ),
        ),
        ("sizes", ("raw_gb", "stored_gb")),
    ),
    Domain(  # network routers
        (
            text(
                "router|router_model|gateway",
                "%brand R##/%brand Mesh #/%brand Hub ##/%brand AX#/%brand Gate #",
            ),
            text("installer|fitted_by|technician", "%person"),
            text("subscriber|line_holder|contract_owner", "%person"),
            whole("down_mbps|download_speed|inbound_rate", 20, 980, 10),
            whole("up_mbps|upload_speed|outbound_rate", 20, 980, 10),
            text(
                "ssid|wifi_name|wireless_network",
                "%noun##/%adj Cat/%beasts-#/Cafe %noun/%last Home",
            ),
            text(
                "old_room|moved_from|previous_spot",
                "pantry/hallway/attic/cellar/garage/study/loft/cloakroom/stairwell/conservatory/utility room/larder",
            ),
            text(
                "new_room|current_spot|relocated_to",
                "pantry/hallway/attic/cellar/garage/study/loft/cloakroom/stairwell/conservatory/utility room/larder",
            ),
            flag("auto_update|self_updating|firmware_unattended"),
            several(
                "services|enabled_features|active_functions",
                "DHCP/VPN/QoS/UPnP/a firewall/port forwarding/parental controls/IPv6/a guest network/DynDNS",
            ),
        ),
        (
            (
                "{installer} set up the {router} for {subscriber}, who pays for the line.[ It pulls {down_mbps} Mbit/s down[ and pushes "
                "{up_mbps} up].][ The Wi-Fi is called {ssid}.]"
            ),
            (
                "The {router} was <carried/moved> from the {old_room} to the {new_room}[ with 2 new cables].[ {installer} had installed "
                "it.][ It offers {services}.]"
            ),
            (
                "Now that it stands in the {new_room}[ and no longer in the {old_room}], the {router} spreads {ssid} through the house.[ "
                "New firmware {auto_update?loads itself|has to be loaded by hand}.]"
            ),
            (
                "Router: {router}[; network {ssid}][; down {down_mbps}][; up {up_mbps}][; features: {services}][; updates "
                "{auto_update?automatic|manual}][; now in the {new_room}]"
            ),
            (
                "{subscriber}, whose line it is, asked {installer} to put in the {router}[ after 3 outages].[ Uploads reach {up_mbps} "
                "Mbit/s[, downloads {down_mbps}].]"
            ),
            (
                "With {services} switched on, the {router} serves the network {ssid}[ on the connection of {subscriber}].[ It used to "
                "live in the {old_room}.]"
            ),
            (
                "Where did the {router} go? Out of the {old_room}[ and into the {new_room}].[ {subscriber} has the contract.][ It "
                "{auto_update?patches itself overnight|never patches itself}.]"
            ),
            (
                "After fitting the {router}, {installer} measured {up_mbps} Mbit/s upstream[ and {down_mbps} downstream].[ Active: "
                "{services}.][ Join it as {ssid}.]"
            ),
            (
                "Films come in at {down_mbps} Mbit/s and photos go out at {up_mbps}, says {subscriber}, who rents the line behind the "
                "4-year-old {router}.[ It sits in the {new_room}.][ Updates {auto_update?arrive on their own|must be started by "
                "someone}.]"
            ),
        ),
        ("speeds", ("down_mbps", "up_mbps")),
    ),
    Domain(  # security vulnerabilities
        (
            text("vulnerability|cve_id|flaw_id", "CVE-##/VU-###/CVE-####/@@-###/ADV-##"),
            text("found_by|discoverer|researcher", "%person"),
            text("patched_by|fix_author|maintainer", "%person"),
            text("reported|disclosed_on|vendor_told", "%day"),
            text("fixed|patch_date|closed_on", "%day"),
            measure("first_score|initial_cvss|preliminary_severity", 2, 9),
            measure("final_score|revised_cvss|definitive_severity", 2, 9),
            text(
                "weakness|flaw_type|bug_class",
                "buffer overflow/path traversal/race condition/code injection/type confusion/open redirect/integer overflow/"
                "dangling pointer/timing leak/double free/stack overrun/hash collision",
            ),
            flag("exploited|abused_in_wild|attacks_seen"),
            several(
                "affected|vulnerable_products|components_hit",
                "OpenSSL/nginx/Samba/Exim/Bash/curl/sudo/Redis/Apache/Git/Docker/zlib/libpng",
            ),
        ),
        (
            (
                "{found_by} discovered {vulnerability}[, a(n) {weakness} in {affected}].[ It was <reported/made known> on {reported}[ "
                "and patched on {fixed}].]"
            ),
            (
                "{patched_by} closed {vulnerability}[ on {fixed}] after {found_by} had pointed it out.[ Attackers {exploited?were "
                "already using it|had not touched it yet}.]"
            ),
            (
                "{vulnerability}: {weakness}[ in {affected}][, first scored {first_score}][, now {final_score}][, "
                "{exploited?exploited|not exploited}][, reported {reported}][, fixed {fixed}]"
            ),
            (
                "Rated {first_score} at first[ and {final_score} in the end], {vulnerability} touches {affected}.[ The fix was written "
                "by {patched_by}.][ {exploited?Criminals have made use of it|No criminal has made use of it}.]"
            ),
            (
                "Since {fixed} there is a patch for {vulnerability}[, written by {patched_by} in 6 hours].[ The vendor had known since "
                "{reported}.][ Hit: {affected}.]"
            ),
            (
                "Has anyone been attacked through {vulnerability}? {exploited?Sadly yes|Luckily not}.[ The {weakness} was spotted by "
                "{found_by}.][ Its severity was corrected from {first_score} to {final_score}.]"
            ),
            (
                "On {reported}, the 2nd mail from its finder {found_by} told us of {vulnerability}[, a(n) {weakness}].[ {patched_by} "
                "repaired it.][ Provisional score: {first_score}.]"
            ),
            (
                "A panel of 5 experts changed the score of {vulnerability} to {final_score}[ from {first_score}].[ Users of {affected} "
                "should update.][ Real attacks {exploited?have been seen|have not been seen}.]"
            ),
            (
                "Users of {affected} are open to a(n) {weakness} known as {vulnerability}[ until they install the patch by "
                "{patched_by}].[ The finder is {found_by}.][ Final severity: {final_score}.][ Reported {reported}, repaired {fixed}.]"
            ),
        ),
        ("severity", ("first_score", "final_score")),
    ),
    Domain(  # printers
        (
            text(
                "printer|printer_model|device",
                "%brand P##/%brand Jet ##/%brand Laser #/%brand Ink ##/%brand LX#",
            ),
            text("main_user|assigned_to|desk_owner", "%person"),
            text("technician|serviced_by|repairer", "%person"),
            whole("mono_ppm|monochrome_speed|greyscale_rate", 4, 60),
            whole("color_ppm|colour_speed|chromatic_rate", 4, 60),
            cash("unit_price|purchase_cost|hardware_price", 30, 400),
            cash("cartridge_price|refill_cost|toner_price", 10, 140),
            text(
                "fault|error_shown|malfunction",
                "paper jam/worn drum/clogged nozzle/stuck roller/loose belt/toner leak/hot fuser/open hatch/bent tray/dirty sensor/"
                "cracked gear/torn feeder/empty tank",
            ),
            flag("duplex|two_sided|double_sided"),
            several(
                "media|printable_stock|sheet_types",
                "card/envelopes/labels/foil/photo paper/fabric/vellum/tracing paper/stickers/parchment/postcards",
            ),
        ),
        (
            (
                "For {unit_price} euros you get a(n) {printer} that prints {mono_ppm} black pages a minute[ and {color_ppm} coloured "
                "ones].[ It {duplex?turns the sheet by itself|cannot turn the sheet}.]"
            ),
            (
                "{technician} <came/was sent> to mend the {printer} of {main_user}[, which had a(n) {fault}].[ Fresh ink costs "
                "{cartridge_price} each time.]"
            ),
            (
                "{main_user} works with the {printer} and feeds it {media}.[ The machine was ${unit_price}[, each new cartridge "
                "${cartridge_price}].][ {duplex?It fills both faces of a page|It leaves the back of a page empty}.]"
            ),
            (
                "Printer {printer}[, colour {color_ppm} pages/min][, black {mono_ppm} pages/min][, {duplex?two-sided|one-sided}][, takes "
                "{media}][, machine {unit_price}][, cartridge {cartridge_price}]"
            ),
            (
                "The {printer} on floor 3 <shows/reports> a(n) {fault}[, so {main_user}, who uses it, is waiting][ for {technician} to "
                "repair it].[ Normally {mono_ppm} black sheets come out per minute.]"
            ),
            (
                "Ink for the {printer} is {cartridge_price} dollars a time[, while the machine itself was {unit_price}].[ It swallows "
                "{media}.][ Pages in colour come at {color_ppm} a minute.]"
            ),
            (
                "Can it print on {media}? Yes, the {printer} can[, though {duplex?always on both sides|only on one side}].[ It does "
                "{color_ppm} colour pages a minute[ or {mono_ppm} black ones].]"
            ),
            (
                "After 2 visits {technician} had cured the {printer} of its {fault}.[ It stands on the desk of {main_user}.][ Price when "
                "new: {unit_price}; price of a cartridge: {cartridge_price}.]"
            ),
            (
                "I am {main_user} and my {printer} has a(n) {fault} again.[ Could {technician} come to fix it?][ In black it does "
                "{mono_ppm} pages a minute[, in colour {color_ppm}].][ I print {media}, 30 a day.]"
            ),
        ),
        ("costs", ("unit_price", "cartridge_price")),
    ),
    Domain(  # mobile apps
        (
            text(
                "app|app_name|application",
                "%noun Notes/%adj %noun/%brand Go/Pocket %noun/%noun Pal/%brand Daily",
            ),
            text("developer|coded_by|programmer", "%person"),
            text("interface_by|artwork_by", "%person"),
            measure("ios_rating|apple_stars|app_store_score", 1, 5),
            measure("android_rating|google_stars|play_score", 1, 5),
            cash("one_off_price|purchase_price|download_cost", 2, 40),
            cash("monthly_price|subscription|recurring_cost", 2, 40),
            text(
                "category|purpose|store_section",
                "astrology/birdwatching/budgeting/dieting/meditation/dictation/knitting/journaling/parking/gardening/genealogy/calligraphy",
            ),
            flag("offline|usable_offline|needs_no_network"),
            several(
                "permissions|access_rights|data_requested",
                "camera/microphone/contacts/location/calendar/photos/messages/call log/clipboard/reminders",
            ),
        ),
        (
            (
                "{developer} wrote the code of {app}[ and {interface_by} drew its screens].[ It helps with {category}.][ It {offline?runs "
                "without a connection|is useless without a connection}.]"
            ),
            (
                "{app} is rated {ios_rating} on iPhones[ and {android_rating} on Android].[ You buy it for ${one_off_price}[ and then "
                "pay ${monthly_price} a month].]"
            ),
            (
                "To use {app} you must let it see your {permissions}.[ The look is the work of {interface_by}[, the programming that of "
                "{developer}].][ On iPhones it scores {ios_rating}.]"
            ),
            (
                "{app}[, for {category}]: code {developer}[, design {interface_by}][, iOS {ios_rating}][, Android {android_rating}][, "
                "{offline?offline too|online only}]"
            ),
            (
                "Android users give {app} a(n) {android_rating}[, iPhone users a(n) {ios_rating}][, after 3 updates].[ {monthly_price} "
                "dollars are taken each month.]"
            ),
            (
                "Into {category}? Then get {app}[ for {one_off_price} euros once[ plus {monthly_price} every month]].[ Without a signal "
                "it {offline?still works|stops working}.][ It wants access to your {permissions}.]"
            ),
            (
                "The {category} app {app}[, designed by {interface_by},] costs {one_off_price} to download.[ The subscription is "
                "{monthly_price} a month.][ Score at Apple: {ios_rating}; at Google: {android_rating}.]"
            ),
            (
                "I <installed/put> {app} on my 2 phones, and it asked for my {permissions}.[ With the internet down it {offline?carries "
                "on|gives up}.][ It was programmed by {developer}.][ I paid {one_off_price} up front.]"
            ),
            (
                "{monthly_price} a month is what {developer}, who coded it, takes for {app}[ after a 7-day trial].[ It uses your "
                "{permissions}.][ Drawn by {interface_by}, it is all about {category}.][ Android score: {android_rating}.]"
            ),
        ),
        ("ratings", ("ios_rating", "android_rating")),
    ),
    Domain(  # internet domain names
        (
            text(
                "domain|domain_name|web_address",
                "%tool##.com/%tool-hub.net/my-%tool.org/get-%tool.dev/%tool#.app/%tool.io",
            ),
            text("seller|previous_owner|former_registrant", "%person"),
            text("buyer|new_owner|acquired_by", "%person"),
            text("registered|created_on|first_taken", "%day"),
            text("expires|paid_until|renewal_due", "%day"),
            whole("asked|listing_price|wanted_sum", 100, 9900, 50),
            whole("paid|settled_price|sale_amount", 100, 9900, 50),
            text(
                "registrar|registered_with|name_provider",
                "Gandi/Namecheap/GoDaddy/Porkbun/Hover/Dynadot/Tucows/IONOS/Joker/Enom/Hostpoint/Sedo",
            ),
            flag("whois_privacy|owner_masked|anonymous_owner"),
            several(
                "dns_records|record_types|zone_entries", "MX/TXT/CNAME/NS/SRV/CAA/AAAA/PTR/SOA"
            ),
        ),
        (
            "{buyer} bought {domain} from {seller}[ for ${paid}].[ The asking price had been ${asked}.][ It is held at {registrar}.]",
            (
                "{seller} wanted {asked} dollars for {domain}[ and got {paid}][ from {buyer}].[ The name behind it {whois_privacy?stays "
                "hidden|can be looked up by all}.]"
            ),
            (
                "{domain} was <registered/first taken> on {registered}[ with {registrar}][ and runs out on {expires}].[ It has "
                "{dns_records} records.]"
            ),
            (
                "{domain}[; since {registered}][; until {expires}][; registrar {registrar}][; {whois_privacy?owner hidden|owner "
                "shown}][; DNS: {dns_records}][; new owner {buyer}]"
            ),
            (
                "Unless renewed by {expires}, {domain} goes back on the market[ within 30 days].[ {buyer} took it over from {seller}.][ "
                "The sale was closed at {paid}.]"
            ),
            (
                "Who owns {domain}? {whois_privacy?Nobody outside can tell|Anyone can look that up}.[ It changed hands for {paid} "
                "euros[, not for the {asked} first named].][ The day it was created: {registered}.]"
            ),
            (
                "With {dns_records} entries in its zone, {domain} is kept at {registrar}.[ {seller} gave it up[ to {buyer}].][ It dates "
                "from {registered}[ and must be renewed on {expires}].]"
            ),
            (
                "Now {domain} is yours, {seller} wrote to {buyer}[ after 2 weeks of talks].[ The sum named first was {asked}[, the sum "
                "in the contract {paid}].]"
            ),
            (
                "From {registrar} comes the 3rd reminder: {domain} lapses on {expires}.[ It has {dns_records} records.][ Whois shows "
                "{whois_privacy?no name|the full name}.][ {seller} had hoped to get {asked} for it.]"
            ),
        ),
        ("deal", ("asked", "paid")),
    ),
    Domain(  # video calls
        (
            text(
                "call|meeting_title|subject",
                "budget review/sales update/design review/team catch-up/hiring round/%noun kickoff/%noun demo/weekly stand-up",
            ),
            text("host|organiser|convened_by", "%person"),
            text("presenter|screen_shared_by|speaker", "%person"),
            text("planned_start|due_at|calendar_time", "%time"),
            text("real_start|began_at|went_live", "%time"),
            whole("expected|anticipated_count|seats_reserved", 3, 60),
            whole("attendees|turnout|connected_count", 3, 60),
            text(
                "platform|conferencing_tool|client_app",
                "Zoom/Teams/Webex/Skype/Jitsi/FaceTime/Meet/Whereby/Viber/Signal/Discord/Wire",
            ),
            flag("recorded|is_taped|video_kept"),
            several(
                "glitches|technical_issues|disturbances",
                "echo/lag/static/frozen video/background noise/feedback/lost audio/crackling/buffering/blur/flicker",
            ),
        ),
        (
            (
                "{host} set up the {call}[ on {platform}][ for {planned_start}][, but it did not begin until {real_start}].[ {presenter} "
                "shared the screen.]"
            ),
            (
                "{presenter} showed slides in the {call}[, which {host} had organised].[ We reckoned with {expected} people, and "
                "{attendees} came.][ It {recorded?was taped|was not taped}.]"
            ),
            (
                "Planned for {planned_start}[ and started at {real_start}], the {call} drew {attendees} people[ instead of the "
                "{expected} expected].[ They {recorded?were|were not} filmed.]"
            ),
            (
                "Call: {call}[, {platform}][, host {host}][, presenting: {presenter}][, {attendees} joined][, {expected} expected][, "
                "{recorded?recorded|no recording}][, trouble: {glitches}]"
            ),
            (
                "There was {glitches} in the {call}[ on {platform}][, so that {presenter} had to present everything twice].[ {host}, the "
                "organiser, said sorry.]"
            ),
            (
                "Missed the {call}? {recorded?You can watch it later|Nobody kept a copy of it}.[ It got going at {real_start}, not at "
                "{planned_start}.][ Some had {glitches}.]"
            ),
            (
                "At {real_start} the {call} opened[ on {platform}] with {attendees} faces on the screen.[ We had counted on "
                "{expected}.][ The first 10 minutes suffered from {glitches}.]"
            ),
            (
                "I was told by {host}, who called us to the {call}, that {expected} people would come.[ {attendees} did.][ It "
                "{recorded?can be seen again|is gone for good}.][ My invitation said {planned_start}.]"
            ),
            (
                "{attendees} people dialled in to hear {presenter} speak in the {call}[, 4 of them by phone].[ The invitation, for "
                "{planned_start}, came from {host}.][ Software: {platform}.][ Noticed: {glitches}.]"
            ),
        ),
        ("head_count", ("expected", "attendees")),
    ),
    Domain(  # software licences
        (
            text(
                "software|product|licensed_program",
                "%brand CAD/%brand Office/%brand Paint/%noun Editor/%brand Ledger/%noun Studio",
            ),
            text("vendor|licensor|publisher", "%company"),
            text("licensee|customer|client_company", "%company"),
            whole("seats|entitled_users|purchased_count", 3, 250),
            whole("in_use|active_installs|deployed_count", 3, 250),
            cash("seat_price|per_user_cost|unit_cost", 5, 200),
            cash("total|contract_value|invoice_sum", 90, 990),
            text(
                "licence_type|terms|usage_model",
                "freeware/shareware/floating/perpetual/GPL/Apache/site-wide/academic/trial/copyleft/node-locked/OEM/BSD/volume",
            ),
            flag("transferable|resale_allowed|assignable"),
            several(
                "modules|add_ons|optional_parts",
                "reporting/payroll/invoicing/rendering/OCR/plotting/scripting/spellcheck/mail merge/dictation",
            ),
        ),
        (
            (
                "{vendor} <sold/licensed> {software} to {licensee}[ for {seats} users].[ One seat costs ${seat_price}[, all of them "
                "together ${total}].]"
            ),
            (
                "{licensee} bought {seats} licences of {software}[ from {vendor}][ and has {in_use} running].[ They {transferable?may be "
                "sold on|must not be sold on}.]"
            ),
            (
                "Under its {licence_type} licence, {software} {transferable?may be passed on|must stay with its first buyer}.[ Included: "
                "{modules}.][ The whole bill was {total} euros.]"
            ),
            (
                "Licence: {software}[ ({licence_type})][, holder {licensee}][, issued by {vendor}][, {seats} paid][, {in_use} in use][, "
                "{seat_price} each][, {total} in all]"
            ),
            (
                "An audit by 2 lawyers found {in_use} installations of {software}[ at {licensee}][, where {seats} are paid for].[ The "
                "maker is {vendor}.][ Unlocked: {modules}.]"
            ),
            (
                "For {total} in all[ and {seat_price} per user], {licensee} may run {software}[ with {modules}].[ It is a(n) "
                "{licence_type} licence.]"
            ),
            (
                "Can we give our copy of {software} away? {transferable?Yes, the contract lets us|No, the contract forbids it}.[ "
                "{vendor} sold it to us with {modules}.][ We paid {seat_price} a head 2 years ago.]"
            ),
            (
                "With {modules} thrown in, {software} runs on {in_use} machines[ of {licensee}][ in 3 offices].[ The sum under the bill "
                "from {vendor} is {total}.][ It came under a(n) {licence_type} licence.]"
            ),
            (
                "{seat_price} per workplace is what {vendor} charges for {software}.[ Signed for: {seats}; really used: {in_use}.][ Kind "
                "of licence: {licence_type}.][ A resale is {transferable?fine|ruled out}.]"
            ),
        ),
        ("costs", ("seat_price", "total")),
    ),
    Domain(  # bug reports
        (
            text("bug|ticket_id|issue_key", "BUG-##/@@-##/T-###/ISSUE-##/@-###"),
            text("reporter|filed_by|raised_by", "%person"),
            text("assignee|developer|resolved_by", "%person"),
            text("broken_in|regression_version|introduced_with", "v#.#/#.#.#/#.#/v#.1#"),
            text("fixed_in|patch_release|first_good_version", "v#.#/#.#.#/#.#/v#.1#"),
            whole("votes|upvotes|endorsements", 2, 99),
            text("closed|resolved_on|completion_day", "%day/%weekday"),
            text(
                "symptom|failure|misbehaviour",
                "segfault/deadlock/memory leak/blank page/infinite loop/text glitch/stack overflow/frozen cursor/login loop/white screen/"
                "broken link/missing icon/data race/crash",
            ),
            flag("reproducible|repeatable|happens_always"),
            several(
                "platforms|operating_systems|environments",
                "Linux/Windows/macOS/Android/iOS/FreeBSD/Solaris/Ubuntu/Debian/ChromeOS",
            ),
        ),
        (
            (
                "{reporter} <filed/wrote> {bug}[ about a(n) {symptom}].[ The trouble began with version {broken_in}.][ {votes} people "
                "voted for it.][ {assignee} will mend it.]"
            ),
            (
                "{assignee} fixed {bug} in version {fixed_in}[; it had crept in with {broken_in}].[ The report came from {reporter}[, "
                "using {platforms}].]"
            ),
            (
                "{bug}[: {symptom}][, on {platforms}][, {votes} votes][, closed {closed}][, {reproducible?reproducible|not "
                "reproducible}][, fixer {assignee}]"
            ),
            (
                "Does {bug} show up every time? {reproducible?Yes, without fail|No, only by chance}.[ The {symptom} has been seen on "
                "{platforms} by 6 testers.][ It was reported by {reporter}.]"
            ),
            (
                "Version {broken_in} brought in {bug}[ and version {fixed_in} got rid of it].[ {votes} users voted for it[, and on "
                "{closed} it was over].][ The repair is by {assignee}.]"
            ),
            (
                "After 14 comments, {bug} was closed on {closed}[ by {assignee}, who solved it].[ {reporter} had been the first to "
                "complain of the {symptom}.][ From {fixed_in} on, all is well.]"
            ),
            (
                "On {platforms} there is a(n) {symptom}, tracked as {bug}[ and given to {assignee} to repair].[ We {reproducible?can "
                "trigger it at will|could not trigger it again}.]"
            ),
            (
                "Since {broken_in} nothing works, wrote {reporter} in {bug}[ and got {votes} votes].[ {assignee} answered 2 hours later "
                "with a patch.][ The healthy version is {fixed_in}.]"
            ),
            (
                "Solved on {closed}[ with release {fixed_in}], {bug} no longer troubles users of {platforms}.[ It {reproducible?came "
                "back on every try|came and went}.][ The faulty release was {broken_in}.][ Votes it got: {votes}.]"
            ),
        ),
        ("versions", ("broken_in", "fixed_in")),
    ),
    Domain(  # data centres
        (
            text(
                "data_centre|facility|server_farm",
                "%brand DC#/%noun Vault/Hall @#/%adj Bunker/%brand Farm",
            ),
            text("city|located_in|home_city", "%city"),
            text("mirror_city|failover_site|replica_in", "%city"),
            whole("racks_taken|occupied_cabinets|rented_out", 20, 900, 10),
            whole("racks_free|vacant_cabinets|spare_capacity", 20, 900, 10),
            measure("intake_c|cold_aisle|supply_air", 15, 27),
            measure("exhaust_c|hot_aisle|return_air", 28, 46),
            text("manager|site_lead|superintendent", "%person"),
            flag("generator|has_backup_power|diesel_set"),
            several(
                "cooling|heat_removal|chilled_by",
                "chillers/fans/river water/heat pumps/immersion tanks/sea water/cold plates/evaporators/stored ice/outside air",
            ),
        ),
        (
            (
                "{data_centre} in {city} has {racks_taken} racks let[ and {racks_free} still free].[ It is <run/led> by {manager}.][ If "
                "the grid fails, {generator?diesel engines take over|everything goes dark}.]"
            ),
            "{manager} runs {data_centre}[ in {city}][ and mirrors everything to {mirror_city}].[ The halls are cooled with {cooling}.]",
            (
                "Air enters the racks of {data_centre} at {intake_c} °C[ and leaves at {exhaust_c} °C].[ The machines are cooled with "
                "{cooling}.][ There is room for {racks_free} more racks.]"
            ),
            (
                "{data_centre}[, {city}][, mirror: {mirror_city}][, {racks_taken} racks filled][, {racks_free} empty][, cold aisle "
                "{intake_c}][, hot aisle {exhaust_c}][, {generator?with generator|no generator}]"
            ),
            (
                "Should {data_centre} go down, {mirror_city} takes over[ within 9 minutes].[ The building itself stands in {city}.][ The "
                "boss is {manager}.][ In a blackout it {generator?makes its own power|has no power of its own}.]"
            ),
            (
                "Behind the servers of {data_centre} it is {exhaust_c} degrees warm[, in front of them {intake_c}].[ They are kept alive "
                "by {cooling}.][ A power cut {generator?would not stop them|would stop them}.]"
            ),
            (
                "Looking for rack space? {data_centre}[ in {city}] has {racks_free} places to offer[; {racks_taken} are gone].[ Ask "
                "{manager}, who heads it.]"
            ),
            (
                "With {cooling} against the heat, {data_centre} keeps {racks_taken} racks busy[ for 45 clients].[ Air coming in: "
                "{intake_c} degrees; air going out: {exhaust_c}.][ The second copy sits in {mirror_city}.]"
            ),
            (
                "{mirror_city} holds the spare copy of what {data_centre} stores[ in {city}].[ I toured it with {manager}, its chief, "
                "and 7 others.][ Racks in use: {racks_taken}; unused: {racks_free}.][ It {generator?owns|lacks} an emergency generator.]"
            ),
        ),
        ("temperatures", ("intake_c", "exhaust_c")),
    ),
    Domain(  # computer chips
        (
            text("chip|processor|cpu_model", "%brand M#/%brand X##/%brand Core #/K-##/%brand N#"),
            text("design_house|developed_by|architect_firm", "%company"),
            text("foundry|fabricated_by|wafer_maker", "%company"),
            measure("base_ghz|nominal_clock|sustained_clock", 1, 3),
            measure("boost_ghz|turbo_clock|max_frequency", 3, 6),
            whole("fast_cores|performance_cores|p_cores", 2, 16),
            whole("small_cores|efficiency_cores|e_cores", 2, 16),
            whole("node_nm|process_size|lithography", 2, 28),
            flag("soldered|non_removable|board_mounted"),
            several(
                "blocks|on_die_units|integrated_parts",
                "a GPU/a neural unit/a DSP/a modem/a codec/a watchdog/an encoder/a DMA engine/a mixer/a sensor hub/an oscillator/a timer",
            ),
        ),
        (
            (
                "{design_house} designed the {chip}[ and {foundry} makes it][ in {node_nm} nm].[ It normally runs at {base_ghz} GHz[ and "
                "at {boost_ghz} when pushed].]"
            ),
            (
                "The {chip} has {fast_cores} fast cores[ and {small_cores} slow ones][, plus {blocks}].[ It {soldered?is soldered "
                "in|sits in a socket}.]"
            ),
            (
                "Out of the factory of {foundry} comes the {chip}[, drawn up by {design_house}].[ Usual speed: {base_ghz} GHz; top "
                "speed: {boost_ghz} GHz.][ It bears {blocks}.]"
            ),
            (
                "{chip}: {boost_ghz} GHz peak[, {base_ghz} GHz base][, {node_nm} nm][, {fast_cores} big cores][, {small_cores} little "
                "cores][, {soldered?soldered|socketed}][, with {blocks}]"
            ),
            (
                "Can I swap the {chip} for another? {soldered?No, it is fixed for good|Yes, it just lifts out}.[ It combines "
                "{fast_cores} strong cores with {small_cores} thrifty ones.][ Inside, there is {blocks}.]"
            ),
            (
                "With {small_cores} cores that save power[ and {fast_cores} that are quick], the {chip} suits laptops[ of 13 inches].[ "
                "It was <devised/thought up> by {design_house}[ and etched by {foundry}].][ Lines are {node_nm} nm wide.]"
            ),
            (
                "Under load the {chip} climbs to {boost_ghz} GHz[ from its usual {base_ghz}][ for 20 seconds].[ {foundry} manufactures "
                "it[ for {design_house}].][ Owners {soldered?are stuck with it|can unplug it}.]"
            ),
            (
                "You will find {blocks} inside the {chip}, a(n) {node_nm} nm part[ from the plant of {foundry}].[ It {soldered?cannot be "
                "taken out|can be taken out}.][ At an easy pace it runs at {base_ghz} GHz.]"
            ),
            (
                "We opened 5 laptops and saw the {chip}, invented at {design_house}: {fast_cores} heavy cores[, {small_cores} light "
                "ones].[ Produced by {foundry} in {node_nm} nm, it sprints at {boost_ghz} GHz.]"
            ),
        ),
        ("clocks", ("base_ghz", "boost_ghz")),
    ),
    Domain(  # smartwatches
        (
            text(
                "watch|watch_model|wearable",
                "%brand Watch #/%brand Fit ##/%brand Pulse/%noun Band #/%brand Time #",
            ),
            text("wearer|worn_by|wrist_owner", "%person"),
            text("giver|gift_from|paid_for_by", "%person"),
            whole("resting_bpm|calm_heart_rate|lowest_bpm", 41, 89),
            whole("peak_bpm|max_heart_rate|exertion_bpm", 91, 199),
            whole("step_goal|daily_target|steps_aimed_for", 2000, 9500, 500),
            whole("steps_walked|actual_steps|step_count", 2000, 9500, 50),
            text(
                "strap|band_material|bracelet",
                "nylon/leather/silicone/titanium/rubber/velcro/canvas/suede/steel mesh/cork/ceramic/neoprene/elastic",
            ),
            flag("waterproof|swim_safe|submersible"),
            several(
                "measuring_parts",
                "a barometer/a compass/GPS/a thermometer/an altimeter/an oximeter/a gyroscope/a pedometer/NFC/a light meter",
            ),
        ),
        (
            (
                "{wearer} got the {watch} from {giver}[ for a 50th birthday][ with a(n) {strap} strap].[ It {waterproof?survives the "
                "pool|must stay out of the pool}.]"
            ),
            (
                "{giver} <bought/chose> the {watch} for {wearer}[, who wants to walk {step_goal} steps a day].[ Yesterday it counted "
                "{steps_walked}.][ Built in: {measuring_parts}.]"
            ),
            (
                "The {watch} on the wrist of {wearer} counted {steps_walked} steps[, the aim being {step_goal}].[ Pulse: {resting_bpm} "
                "when sitting, {peak_bpm} when running.]"
            ),
            (
                "{watch}[: {strap} strap][, {waterproof?waterproof|not waterproof}][, sensors: {measuring_parts}][, pulse at rest "
                "{resting_bpm}][, highest pulse {peak_bpm}][, goal {step_goal}][, reached {steps_walked}]"
            ),
            (
                "At its fastest the heart of {wearer} beat {peak_bpm} times a minute, says the {watch}[, and {resting_bpm} times in "
                "bed].[ The {strap} strap held out[ for 42 km].]"
            ),
            (
                "May the {watch} get wet? {waterproof?Sure, dive in|Better not}.[ It was a present from {giver}[ to {wearer}].][ Packed "
                "with {measuring_parts}, it reported {steps_walked} steps.]"
            ),
            (
                "With {measuring_parts} inside and {strap} around the wrist, the {watch} is no toy.[ It wants {step_goal} "
                "steps from {wearer} "
                "each day.][ A swim with it is {waterproof?fine|a bad idea}.]"
            ),
            (
                "You did {steps_walked} steps, not {step_goal} as planned, the {watch} tells {wearer}[ after 9 hours].[ Lowest pulse "
                "{resting_bpm}, highest {peak_bpm}.][ {giver} gave it away as a gift.]"
            ),
            (
                "I, {wearer}, love my {watch}: it has {measuring_parts}[ and a strap of {strap}].[ My heart goes from "
                "{resting_bpm} asleep to "
                "{peak_bpm} on the stairs.][ Thank you for the gift, {giver}.][ My target: {step_goal} steps.]"
            ),
        ),
        ("heart_rate", ("resting_bpm", "peak_bpm")),
    ),
    Domain(  # headphones
        (
            text(
                "headphones|headphone_model|headset",
                "%brand H##/%brand Buds #/%brand Air/%noun Phones/%brand Studio #",
            ),
            whole("hours_filtered|runtime_anc_on|playtime_quiet_mode", 6, 70),
            whole("hours_unfiltered|runtime_anc_off|playtime_normal", 6, 70),
            cash("list_price|rrp|regular_price", 20, 390),
            cash("sale_price|discounted_to|street_price", 20, 390),
            text("reviewer|tested_by|critic", "%person"),
            text("sound_engineer|tuned_by|acoustics_by", "%person"),
            text(
                "cushions|pad_material|ear_pads",
                "velour/memory foam/sheepskin/leatherette/silicone/gel/cotton/alcantara/suede/wool/latex/felt/plush",
            ),
            flag("foldable|collapsible|packs_flat"),
            several(
                "colors|finishes|available_shades",
                "ivory/onyx/teal/ruby/mint/sand/copper/cobalt/lilac/charcoal/olive/coral",
            ),
        ),
        (
            (
                "{reviewer} tested the {headphones} headphones[, tuned by {sound_engineer}].[ They play {hours_filtered} hours with "
                "noise cancelling[ and {hours_unfiltered} without it].]"
            ),
            (
                "Instead of {list_price}, the {headphones} headphones now cost {sale_price}[ in {colors}].[ They {foldable?fold up|do "
                "not fold}.][ The cushions are <made of/filled with> {cushions}.]"
            ),
            (
                "The sound of the {headphones} was shaped by {sound_engineer}[ over 18 months].[ {reviewer} praises the {cushions} "
                "cushions in a test.][ They come in {colors}.]"
            ),
            (
                "{headphones}[, noise cancelling on: {hours_filtered} h][, noise cancelling off: {hours_unfiltered} h][, {cushions} "
                "cushions][, {foldable?folding|rigid}][, usually {list_price}][, today {sale_price}]"
            ),
            (
                "Do the {headphones} headphones fold? {foldable?They do|They do not}.[ Noise cancelling off, they run {hours_unfiltered} "
                "hours[; on, they run {hours_filtered}].][ The ears rest on {cushions}.][ Their sound is due to {sound_engineer}.]"
            ),
            (
                "I paid {sale_price} dollars for my {headphones}[, though the label said {list_price}].[ The ear cups are lined with "
                "{cushions}.][ There were {colors} ones[ and 2 cables in the box].]"
            ),
            (
                "With noise cancelling {hours_filtered} hours, without it {hours_unfiltered}: that is what {reviewer} measured with the "
                "{headphones}[ in a 3-day test].[ {sound_engineer} gave them their sound.][ Usual price: {list_price}.]"
            ),
            (
                "They are sold in {colors}, says {sound_engineer}, who tuned the {headphones}.[ On offer at {sale_price}, they normally "
                "cost {list_price}.][ For travel the hinges {foldable?bend|stay stiff}.]"
            ),
            (
                "{hours_unfiltered} hours are possible with the {headphones} if no noise is cancelled[, {hours_filtered} if it is].[ The "
                "critic {reviewer} likes their shades: {colors}.][ They {foldable?shrink to fit a pocket|never get any smaller}.][ "
                "Offer: {sale_price}.]"
            ),
        ),
        ("battery_hours", ("hours_filtered", "hours_unfiltered")),
    ),
    Domain(  # televisions
        (
            text(
                "television|tv_model|set_name",
                "%brand Vision #/%brand TV ##/%brand Q##/%noun View #/%brand Screen #",
            ),
            text("buyer|purchaser|set_owner", "%person"),
            text("installer|mounted_by|wall_fitter", "%person"),
            whole("inches|new_diagonal|screen_size", 22, 98),
            whole("old_inches|previous_diagonal|replaced_size", 22, 98),
            cash("price|set_cost|retail_amount", 90, 900),
            cash("bracket_price|mount_cost|holder_cost", 20, 190),
            text(
                "panel|panel_technology|display_type",
                "OLED/QLED/plasma/LCD/mini-LED/microLED/laser/NanoCell/IPS/ULED/tube/rear projection",
            ),
            flag("curved|bent_screen|concave"),
            several(
                "sockets|ports|inputs",
                "HDMI/SCART/USB/Ethernet/optical/coaxial/S-Video/VGA/DVI/component/Toslink",
            ),
        ),
        (
            (
                "{buyer} bought the {television} for {price} euros[ and had {installer} hang it on the wall].[ It measures {inches} "
                "inches[, the old one measured {old_inches}].]"
            ),
            (
                "{installer} mounted the {television}[ for {buyer}, who had ordered it][ on a wall bracket worth {bracket_price}].[ Its "
                "screen {curved?is bent inwards|is flat}.]"
            ),
            (
                "{buyer} went from {old_inches} inches to {inches} by buying the {television}[, which uses {panel} technology].[ On the "
                "back: {sockets} sockets.]"
            ),
            (
                "TV {television}[, {inches} inches][, {panel}][, {curved?curved|flat}][, sockets: {sockets}][, price {price}][, bracket "
                "{bracket_price}][, replaces {old_inches} inches]"
            ),
            (
                "Thanks to its {panel} picture the {television} is easy on the eyes[ even from 2 metres].[ It cost ${price}[, its wall "
                "bracket ${bracket_price}].][ {installer} put it up.]"
            ),
            (
                "You can plug things in through {sockets} with the {television}.[ The set before it had {old_inches} inches[, this one "
                "has {inches}].][ Paid for by {buyer}, it was fixed to the wall by {installer}.]"
            ),
            (
                "Does the screen of the {television} bend? {curved?Yes, a little|Not at all}.[ It was {price} in the shop[, and the "
                "bracket {bracket_price}].][ Picture technology: {panel}.]"
            ),
            (
                "My neighbour {buyer} <bought/got> a(n) {inches} inch {television} with {sockets} sockets[ and gave away the old set of "
                "{old_inches} inches][ after 12 years].[ The bracket was {bracket_price} more.]"
            ),
            (
                "It took {installer} 40 minutes to screw the {television} to the wall.[ The {panel} screen {curved?has a gentle "
                "curve|has no curve}.][ The set was {price} dollars.][ Connections: {sockets}.]"
            ),
        ),
        ("prices", ("price", "bracket_price")),
    ),
)
