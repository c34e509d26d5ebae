"""Domains of training: trade, money and companies."""

from __future__ import annotations

from experts.json_world import Domain, cash, flag, measure, several, text, whole

COMMERCE: tuple[Domain, ...] = (
    Domain(  # franchises
        (
            text(
                "chain|franchise_brand|banner",
                "%adj Bagel/%last Burgers/%noun Pizza/%brand Coffee/Casa %last/%noun Noodles/%adj Taco",
            ),
            text("franchisee|outlet_operator|licensee", "%person"),
            text("area_manager|head_office_rep|brand_contact", "%person"),
            text("outlet_town|territory|opened_in", "%city"),
            text("head_office|chain_based_in|franchisor_seat", "%city"),
            whole("buy_in|initial_fee|entry_payment", 3000, 48000, 500),
            measure("royalty_percent|turnover_share|ongoing_cut", 2, 12),
            measure("ad_levy_percent|marketing_contribution|publicity_rate", 2, 12),
            several(
                "equipment|required_kit|must_install",
                "fryers/griddles/blenders/ovens/chillers/steamers/slicers/toasters/kiosks/grinders/warmers/mixers",
            ),
            flag("exclusive_area|protected_zone|sole_outlet"),
        ),
        (
            (
                "{franchisee} runs a branch of {chain}[ in {outlet_town}][ and paid {buy_in} euros to get in]."
                "[ {royalty_percent} percent of all sales go to the chain[, {ad_levy_percent} to advertising].]"
            ),
            (
                "{chain}, <run/steered> from {head_office}, has a new outlet[ in {outlet_town}]."
                "[ The owner is {franchisee}, looked after by {area_manager}.][ {exclusive_area?No second branch may open nearby|A second "
                "branch may open nearby}.]"
            ),
            (
                "At headquarters[ in {head_office}], {area_manager} signed the contract for {chain} after 3 meetings[; {franchisee} will "
                "run the restaurant].[ For advertising, {ad_levy_percent} percent is set aside[, plus {royalty_percent} as a licence fee].]"
            ),
            (
                "{chain} franchise[, branch in {outlet_town}][, head office {head_office}][, operator {franchisee}][, {buy_in} to start][, "
                "royalty {royalty_percent}%][, ads {ad_levy_percent}%][, {exclusive_area?area protected|area not protected}]"
            ),
            (
                "Anyone opening a(n) {chain} <must/has to> install {equipment}[ and hand over {buy_in} dollars at the start]."
                "[ Every month {royalty_percent} percent of the takings is due.][ The first partner[ in {outlet_town}] was {franchisee}.]"
            ),
            (
                "Last week {franchisee} told 40 guests about life as a partner of {chain}: {equipment} to buy[ and {area_manager} of "
                "headquarters on the phone].[ {exclusive_area?No other branch may sell there|Other branches may sell there too}.]"
            ),
            (
                "For {ad_levy_percent} percent in advertising money[ and {royalty_percent} in royalties], {chain} lends its name to "
                "{franchisee}.[ The branch is in {outlet_town}[, a town {exclusive_area?reserved for this partner|open to other "
                "partners}].]"
            ),
            (
                "Is {outlet_town} big enough for {chain}? {area_manager}, sent by headquarters[ in {head_office}], thinks so."
                "[ To be put in: {equipment}.][ A payment of {buy_in} euros opens the door.]"
            ),
            (
                "A fee of {buy_in} made {franchisee} part of {chain}[, whose headquarters are in {head_office}]."
                "[ Besides 28 seats, the place needs {equipment}.][ {exclusive_area?The district is reserved|The district is not "
                "reserved}.]"
            ),
        ),
        ("percentages", ("royalty_percent", "ad_levy_percent")),
    ),
    Domain(  # supplier offers
        (
            text(
                "goods|offered_item|article_quoted",
                "hex bolts/gaskets/ball bearings/grommets/pulleys/rivets/ferrules/bushings/castors/cable glands/washers/hinges/flanges",
            ),
            text("supplier|quoted_by", "%company"),
            text("customer|inquirer|offer_sent_to", "%company"),
            cash("unit_price|price_each|per_piece", 2, 60),
            whole("offer_sum|lot_total|grand_total", 200, 9500, 10),
            text("quoted_on|offer_date|drawn_up_on", "%day/%weekday/%month 1#"),
            text("valid_until|lapses_on|open_till", "%day/%weekday/%month 1#"),
            whole("min_order|smallest_lot|order_floor", 20, 900, 10),
            several(
                "packaging|packed_in|containers",
                "crates/sacks/drums/cartons/pallets/tubs/bundles/reels/tins/bales",
            ),
            flag("free_sample|sample_at_no_cost|gratis_specimen"),
        ),
        (
            (
                "{supplier} offers {goods} to {customer}[ at {unit_price} euros apiece][, {offer_sum} in all]."
                "[ The offer stands until {valid_until}.]"
            ),
            (
                "On {quoted_on}, {customer} was sent an offer for {goods}[ by {supplier}]."
                "[ <At least/No fewer than> {min_order} must be taken.][ {free_sample?One piece to try is free|Even a piece to try has its "
                "price}.]"
            ),
            (
                "{customer} has until {valid_until} to accept the {goods}[ that {supplier} quoted on {quoted_on}]."
                "[ Together they cost ${offer_sum}[, singly ${unit_price}].]"
            ),
            (
                "Offer for {goods}[, from {supplier}][, to {customer}][, dated {quoted_on}][, good until {valid_until}][, {unit_price} "
                "each][, {offer_sum} total][, minimum {min_order}]"
            ),
            (
                "Packed in {packaging}, the {goods} would cost {offer_sum} dollars altogether[, wrote {supplier} in a letter of 2 pages]."
                "[ Samples {free_sample?are on the house|have to be paid for}.]"
            ),
            (
                "Fewer than {min_order} {goods} will not be sold[, says {supplier}].[ They come in {packaging}.]"
                "[ Each is {unit_price} euros.][ After {valid_until} the price is void.]"
            ),
            (
                "Our driver compared 5 offers: the {goods} of {supplier} were the best[ at {unit_price} a piece]."
                "[ {customer} will get them in {packaging}.][ A sample {free_sample?costs nothing|must be bought}.]"
            ),
            (
                "Could {customer} use {goods} from {supplier}? One costs {unit_price}[, the whole lot {offer_sum}]."
                "[ The quote was written on {quoted_on}.][ Smallest order: {min_order}.]"
            ),
            (
                "As for {goods} in {packaging}, {supplier} made a proposal[ on {quoted_on}][ to {customer} and 2 rivals], "
                "{free_sample?with a sample as a gift|with samples only against payment}.[ Orders start at {min_order}.]"
            ),
        ),
        ("pricing", ("unit_price", "offer_sum")),
    ),
    Domain(  # warranty claims
        (
            text("claim|claim_number|case_id", "W-###/RMA ##/@@###/C-##/####"),
            text("claimant|device_owner|filed_by", "%person"),
            text("examiner|technician|assessed_by", "%person"),
            text(
                "appliance|faulty_product|device",
                "dehumidifier/espresso machine/hair dryer/lawnmower/food processor/vacuum cleaner/soldering iron/rice cooker/"
                "sewing machine/juicer/drill press/waffle iron/air fryer",
            ),
            text("bought_on|purchase_date|cover_began", "%day/%day %year/%month 1#"),
            text("failed_on|fault_date|defect_appeared", "%day/%day %year/%month 1#"),
            cash("claimed_sum|amount_sought|wanted", 150, 600),
            cash("granted_sum|settlement|awarded", 20, 250),
            several(
                "replaced_parts|new_parts|swapped_out",
                "fuses/relays/gaskets/fan belts/rotors/valves/solenoids/spindles/impellers/heating coils/pistons/drive shafts",
            ),
            flag("upheld|claim_approved|covered"),
        ),
        (
            (
                "{claimant} bought the {appliance} on {bought_on}[ and it broke on {failed_on}]: claim {claim}."
                "[ {upheld?The warranty applies|The warranty does not apply}.]"
            ),
            (
                "Claim {claim}[ from {claimant}] was looked into by {examiner}[, who fitted other {replaced_parts}]."
                "[ Of the {claimed_sum} euros asked for, {granted_sum} were paid.]"
            ),
            (
                "Warranty claim {claim}[: {appliance}][, bought {bought_on}][, failed {failed_on}][, customer {claimant}][, inspector "
                "{examiner}][, claiming {claimed_sum}][, {upheld?accepted|rejected}]"
            ),
            (
                "After 2 phone calls, {claimant} received {granted_sum} dollars under claim {claim}[ for a(n) {appliance}]."
                "[ The demand had been {claimed_sum}.][ {examiner} wrote the report.]"
            ),
            (
                "The {appliance} stopped working on {failed_on}, so claim {claim} was opened[ for {claimed_sum}]."
                "[ {examiner} took it apart.][ {upheld?The maker pays|The maker will not pay}.]"
            ),
            (
                "Did {examiner}, our expert at bench 4, say yes to claim {claim}? {upheld?Yes, gladly|No, sadly not}."
                "[ The {appliance} of {claimant} has been given other {replaced_parts}.]"
            ),
            (
                "With {replaced_parts} <renewed/exchanged>, the {appliance} of claim {claim} went home[ to {claimant}]."
                "[ It had been bought on {bought_on}.][ The maker gave {granted_sum}[ instead of {claimed_sum}].]"
            ),
            (
                "I, the shop's trainee, passed claim {claim} to {examiner}[ on behalf of {claimant}]."
                "[ Breakdown: {failed_on}[; purchase: {bought_on}].][ Paid to the customer: {granted_sum}.][ Exchanged: {replaced_parts}.]"
            ),
            (
                "{claimed_sum} euros were demanded in claim {claim}[ because the {appliance} gave up on {failed_on}]."
                "[ It {upheld?went through|was turned down}.][ The sale was on {bought_on}.]"
            ),
        ),
        ("amounts", ("claimed_sum", "granted_sum")),
    ),
    Domain(  # returned goods
        (
            text(
                "article|returned_item|garment",
                "anorak/cardigan/kimono/waistcoat/poncho/blazer/cape/tunic/sarong/parka/bolero/kilt/raincoat",
            ),
            text("shopper|sent_back_by|dissatisfied_buyer", "%person"),
            text("clerk|processed_by|goods_in_staff", "%person"),
            cash("price_paid|original_price|purchase_amount", 60, 240),
            cash("refund|money_back|reimbursed", 15, 110),
            text("delivered_on|reached_customer_on|handed_over_on", "%day/%weekday/%month 1#"),
            text("returned_on|sent_back_on|came_back_on", "%day/%weekday/%month 1#"),
            text(
                "reason|return_reason|flaw",
                "wrong size/torn seam/broken zip/faded dye/loose button/missing hood/crooked hem/scratchy lining/stained collar/"
                "frayed cuff",
            ),
            several(
                "enclosures|came_with|in_the_parcel",
                "tags/receipts/hangers/ribbons/spare buttons/care labels/tissue paper/dust bags/belts/gift boxes",
            ),
            flag("restocked|resellable|back_on_shelf"),
        ),
        (
            (
                "{shopper} sent the {article} back[ on {returned_on}][ because of the {reason}].[ {clerk} took it in.]"
                "[ {restocked?It is on sale again|It cannot be sold again}.]"
            ),
            (
                "The {article}, delivered on {delivered_on}[ and returned on {returned_on}], had cost {price_paid} euros[; {refund} were "
                "paid back].[ Complaint: {reason}.]"
            ),
            (
                "{clerk} at the returns desk unpacked a(n) {article}[ from {shopper}][ with {enclosures}]."
                "[ The refund was ${refund}[ out of ${price_paid}].]"
            ),
            (
                "Return: {article}[, customer {shopper}][, clerk {clerk}][, reason: {reason}][, paid {price_paid}][, refunded {refund}][, "
                "{restocked?fit for resale|scrapped}]"
            ),
            (
                "Unhappy with the {reason}, {shopper} did not keep the {article}[ that <came/was brought> on {delivered_on}]."
                "[ The parcel, 40 cm wide, also held {enclosures}.]"
            ),
            (
                "{refund} dollars went back to {shopper} for a(n) {article}[ that {clerk} had looked over]."
                "[ It was in our depot again on {returned_on}, 9 days too late.]"
            ),
            (
                "Is the {article} good enough for the shop? {clerk} says {restocked?yes|no}."
                "[ It lay with {shopper} from {delivered_on} to {returned_on}.][ Also in the box: {enclosures}.]"
            ),
            (
                "On {returned_on} the courier, our third that day, brought back the {article}[ with {enclosures}]."
                "[ What was wrong: {reason}.][ It {restocked?can be sold once more|has to be written off}.]"
            ),
            (
                "Having paid {price_paid} for the {article}[ and received it on {delivered_on}], {shopper} asked for the money[ and got "
                "{refund}].[ {restocked?The next customer may have it|Nobody else may have it}.]"
            ),
        ),
        ("dates", ("delivered_on", "returned_on")),
    ),
    Domain(  # gift cards
        (
            text("card|voucher_code|card_number", "GC-###/##-##/@@-###/####/@###"),
            text("giver|purchased_by|present_from", "%person"),
            text("recipient|holder|given_to", "%person"),
            whole("loaded|face_value|starting_credit", 60, 400, 5),
            cash("balance|credit_left|unspent", 2, 110),
            text(
                "shop|redeemable_at|accepted_by",
                "%noun Books/%last Garden Centre/%brand Spa/%adj Records/%noun Cinema/%last Deli",
            ),
            text("expires|use_by|last_valid_day", "%day/%day %year/%month 1#"),
            text(
                "occasion|celebrated_event|given_at",
                "christening/graduation/housewarming/baby shower/retirement/engagement/golden wedding/name day/confirmation/bar mitzvah/"
                "promotion/farewell",
            ),
            several(
                "spent_on|redeemed_for|purchases",
                "candles/paperbacks/vinyl/bath salts/seedlings/popcorn/olives/posters/soaps/notebooks/truffles/tulip bulbs",
            ),
            flag("reloadable|can_top_up|refillable"),
        ),
        (
            (
                "{giver} gave gift card {card} to {recipient}[ for a(n) {occasion}]."
                "[ It held {loaded} euros at first[ and holds {balance} now].]"
            ),
            "{recipient} got gift card {card} from {giver}[ and bought {spent_on} with it].[ There is ${balance} left[ of ${loaded}].]",
            (
                "Gift card {card}[, {shop}][, from {giver}][, for {recipient}][, {loaded} loaded][, {balance} remaining][, valid until "
                "{expires}][, {reloadable?reloadable|not reloadable}]"
            ),
            (
                "With {loaded} euros on it, card {card} was the present[ of {giver}] at the {occasion}, one of 12 parcels."
                "[ {recipient} has to use it by {expires}.]"
            ),
            (
                "Until {expires}, card {card} <can be used/is welcome> at {shop}."
                "[ {reloadable?You may put more money on it|You cannot put more money on it}.][ It still holds {balance}.]"
            ),
            (
                "Can card {card} be filled up at {shop}? {reloadable?Of course|Not at all}.[ {recipient} has used it for {spent_on}.]"
                "[ A(n) {occasion} was the reason for it.]"
            ),
            (
                "The cashier at till 3 took card {card} for {spent_on}[ and told {recipient} that {balance} was still there]."
                "[ {giver} had paid {loaded} for it.]"
            ),
            (
                "As a present for the {occasion}, {giver} picked card {card}[ from {shop}].[ It <runs out/lapses> on {expires}.]"
                "[ {reloadable?Its credit can be renewed|Once empty, it is of no more use}.]"
            ),
            (
                "At {shop}, card {card} paid for {spent_on}, with 2 children looking on.[ It had been handed to {recipient}[ by {giver}].]"
                "[ {balance} is what it has left.]"
            ),
        ),
        ("credit", ("loaded", "balance")),
    ),
    Domain(  # loyalty programmes
        (
            text(
                "programme|loyalty_scheme|rewards_club",
                "%brand Club/%noun Miles/%adj Rewards/%last Plus/%noun Points/%brand Circle",
            ),
            text("member|cardholder|enrollee", "%person"),
            text("referrer|recruited_by|brought_in_by", "%person"),
            whole("points_earned|collected|credited", 1200, 9500, 50),
            whole("points_spent|redeemed|debited", 150, 2500, 50),
            text(
                "old_tier|previous_status|level_before",
                "bronze/silver/gold/platinum/sapphire/ruby/emerald/onyx/pearl/topaz/amber/jade",
            ),
            text(
                "tier|current_status|level_now",
                "bronze/silver/gold/platinum/sapphire/ruby/emerald/onyx/pearl/topaz/amber/jade",
            ),
            text("enrolled_on|participant_since|account_opened", "%date"),
            several(
                "perks|benefits|privileges",
                "lounge access/free delivery/early sales/valet parking/birthday treats/upgrades/priority lanes/free coffee/gift wrapping/"
                "late checkout",
            ),
            flag("points_expire|limited_validity|use_it_or_lose_it"),
        ),
        (
            (
                "{member} joined {programme}[ on {enrolled_on}][ at the invitation of {referrer}]."
                "[ So far {points_earned} points were earned[ and {points_spent} used].]"
                "[ Points {points_expire?lapse after a while|never lapse}.]"
            ),
            "{referrer} talked {member} into {programme}.[ The {old_tier} card has since become a(n) {tier} one.][ It brings {perks}.]",
            (
                "Up from {old_tier}[ to {tier}]: {programme} congratulates {member} and 60 others."
                "[ {points_spent} points were <spent/cashed in>.]"
            ),
            (
                "{programme}[, member {member}][, since {enrolled_on}][, level {tier}][, once {old_tier}][, {points_earned} earned][, "
                "{points_spent} paid out][, {points_expire?points expire|points do not expire}]"
            ),
            (
                "In {programme}, a(n) {tier} card means {perks}[, as {member} found out at counter 6]."
                "[ {points_earned} points came in[, {points_spent} went out].]"
            ),
            (
                "Do points of {programme} go stale? {points_expire?They do|They don't}."
                "[ {member} traded {points_spent} for 2 toasters[ out of {points_earned} gathered].]"
            ),
            (
                "Glad of {perks}, {member} stays with {programme}[ and thanks {referrer} for the tip]."
                "[ The rank is {tier}[, no longer {old_tier}].]"
            ),
            (
                "On {enrolled_on} the 2 friends met: {referrer} was already in {programme}, {member} signed up.[ The club offers {perks}.]"
                "[ Points {points_expire?are good for a limited time|are good forever}.]"
            ),
            (
                "{points_spent} points left the {programme} account of {member}[, opened on {enrolled_on}[ on the advice of {referrer}]]."
                "[ Status then: {old_tier}; status now: {tier}.]"
            ),
        ),
        ("points_tally", ("points_earned", "points_spent")),
    ),
    Domain(  # trade fair stands
        (
            text("stand|booth|stall_code", "B-##/H#-##/@##/#@-##/@@#"),
            text("exhibitor|presented_by|showing_company", "%company"),
            text("stand_builder|set_up_by|fitted_out_by", "%company"),
            text("built_on|assembly_day|erected_on", "%day/%weekday/%month 1#"),
            text("dismantled_on|teardown_day|cleared_on", "%day/%weekday/%month 1#"),
            whole("first_day_visitors|opening_crowd|day_one_footfall", 30, 900),
            whole("last_day_visitors|closing_crowd|final_footfall", 30, 900),
            measure("area|floor_space|size_m2", 6, 95),
            several(
                "exhibits|on_display|showpieces",
                "lathes/drones/turbines/looms/winches/kayaks/saunas/awnings/pumps/hoists/kilns/sprayers/turnstiles",
            ),
            flag("corner_stand|open_on_two_sides|at_corner"),
        ),
        (
            (
                "{exhibitor} shows {exhibits} at stand {stand}[, built by {stand_builder}[ on {built_on}]]."
                "[ It {corner_stand?lies at a corner|does not lie at a corner}.]"
            ),
            (
                "Stand {stand} covers {area} square metres[ and belongs to {exhibitor}]."
                "[ On the first day {first_day_visitors} people came[, on the last {last_day_visitors}].]"
            ),
            (
                "{stand_builder} put up stand {stand} with 6 carpenters[ for {exhibitor}][ on {built_on}][ and took it down on "
                "{dismantled_on}].[ Size: {area} sq m.]"
            ),
            (
                "Stand {stand}[, exhibitor {exhibitor}][, builder {stand_builder}][, up {built_on}][, down {dismantled_on}][, {area} sq "
                "m][, {corner_stand?corner spot|no corner spot}][, with {exhibits}]"
            ),
            (
                "By the final day only {last_day_visitors} visitors found stand {stand}[, after {first_day_visitors} at the opening]."
                "[ They came for the {exhibits} of {exhibitor}.]"
            ),
            (
                "Come and see {exhibits} at stand {stand}, next to gate 4![ {corner_stand?You can walk in from two sides|Only one side of "
                "it is open}.][ Its walls, made by {stand_builder}, are removed on {dismantled_on}.]"
            ),
            (
                "On {built_on}, the frame of stand {stand} went up[ on {area} square metres]."
                "[ {exhibitor} had hired {stand_builder} for it.][ {first_day_visitors} guests came when the fair opened.]"
            ),
            (
                "How busy was stand {stand}? It saw {first_day_visitors} guests on day one[ and {last_day_visitors} at the close], said a "
                "hostess in red.[ {corner_stand?Its place at a corner helped|It had no place at a corner}.]"
            ),
            (
                "The {exhibits} leave stand {stand} on {dismantled_on}, 5 days after the <party/dinner>."
                "[ {last_day_visitors} people had dropped in at the very end.][ It was the place of {exhibitor}[, {area} sq m in size].]"
            ),
        ),
        ("visitors", ("first_day_visitors", "last_day_visitors")),
    ),
    Domain(  # customs declarations
        (
            text("declaration|entry_number|customs_file", "D-###/##@-##/MRN ###/@@-###/####"),
            text("importer|consignee|goods_received_by", "%company"),
            text("exporter|consignor|goods_sent_by", "%company"),
            text("origin|country_of_manufacture|produced_in", "%country"),
            measure("gross_kg|weight_with_packing|total_mass", 300, 900),
            measure("net_kg|weight_of_contents|mass_unpacked", 20, 400),
            cash("duty|tariff_due|customs_charge", 20, 900),
            cash("import_vat|sales_tax|tax_due", 20, 900),
            several(
                "declared_goods|commodities",
                "saffron/rattan/tiles/carpets/cinnamon/amber/cork/truffles/batteries/violins/tyres/lace/vanilla/cutlery",
            ),
            flag("inspected|opened_by_officers|physically_checked"),
        ),
        (
            (
                "{importer} brought in {declared_goods}[ from {origin}] under declaration {declaration}[; the sender was {exporter}]."
                "[ Duty came to {duty} euros[, VAT to {import_vat}].]"
            ),
            (
                "Declaration {declaration} names {exporter} as sender[ and {importer} as receiver]."
                "[ With its crates the load weighs {gross_kg} kg[, without them {net_kg}].]"
            ),
            (
                "Officers {inspected?looked into|did not look into} the boxes of declaration {declaration}, stacked 4 high[, which "
                "{importer} is waiting for].[ They hold {declared_goods}[ made in {origin}].]"
            ),
            (
                "Customs declaration {declaration}[, from {exporter}][, to {importer}][, origin {origin}][, gross {gross_kg} kg][, net "
                "{net_kg} kg][, duty {duty}][, VAT {import_vat}]"
            ),
            (
                "For the {declared_goods} in declaration {declaration}, {importer} paid ${duty} in duty[ and ${import_vat} "
                "in value added tax]."
                "[ {inspected?A search was made|No search was made}.]"
            ),
            (
                "Where was the load of declaration {declaration} made? In {origin}.[ Stripped of packing it weighs {net_kg} kg.]"
                "[ {exporter} sent it through 2 tunnels.][ Duty: {duty}.]"
            ),
            (
                "{net_kg} kg net[ and {gross_kg} kg with packaging]: that is what {exporter} wrote in declaration {declaration}."
                "[ The tax office wants {import_vat}[, customs {duty}].]"
            ),
            (
                "At gate 7, declaration {declaration} was <cleared/stamped>[ for {importer}] {inspected?after a look inside|without a look "
                "inside}.[ VAT of {import_vat} is due.][ The country of origin is {origin}.]"
            ),
            (
                "{exporter} sent off {declared_goods} weighing {gross_kg} kilos with all wrapping[ and {net_kg} without]; see declaration "
                "{declaration}.[ The buyer is {importer}.][ The seals were {inspected?broken for a check|left untouched}.]"
            ),
        ),
        ("weights", ("gross_kg", "net_kg")),
    ),
    Domain(  # bank loans
        (
            text("borrower|debtor|taken_out_by", "%person"),
            text("guarantor|co_signer|vouched_for_by", "%person"),
            text(
                "bank|creditor|lender",
                "%city Savings/Bank %last/%brand Credit/%noun Bank/%city Union Bank",
            ),
            whole("principal|amount_lent|initial_debt", 9000, 48000, 100),
            whole("outstanding|still_owed|remaining_debt", 1000, 12000, 100),
            measure("interest_rate|annual_percent|normal_rate", 2, 12),
            measure("late_rate|penalty_percent|arrears_rate", 6, 19),
            whole("term_months|repayment_period|duration", 6, 96),
            several(
                "collateral|pledged_items|security",
                "tractors/kilns/looms/trailers/pianos/printing presses/ovens/cranes/tapestries/gold coins/beehives/vineyards/forklifts",
            ),
            flag("early_repayment|can_prepay|may_settle_ahead"),
        ),
        (
            (
                "{borrower} borrowed {principal} euros from {bank}[ for {term_months} months][ at {interest_rate} percent]."
                "[ {guarantor} <stands surety/will answer for it>.]"
            ),
            (
                "{bank} lent {principal} dollars to {borrower}[, with {guarantor} as guarantor].[ {outstanding} are still to be paid.]"
                "[ As a safeguard there are {collateral}.]"
            ),
            (
                "{guarantor} will have to pay if {borrower} does not.[ {outstanding} euros of the loan[ of {principal}] are not yet paid "
                "back.][ {early_repayment?It may be cleared sooner|It may not be cleared sooner}.]"
            ),
            (
                "Loan: {borrower}[, {bank}][, {principal} over {term_months} months][, {interest_rate}%][, {late_rate}% if late][, "
                "guarantor {guarantor}][, {early_repayment?early payoff allowed|no early payoff}]"
            ),
            (
                "Whenever {borrower} pays late, {bank} charges {late_rate} percent[ instead of {interest_rate}], the clerk at desk 9 said."
                "[ Pledged: {collateral}.]"
            ),
            (
                "The bank can seize {collateral} should {borrower} miss 3 payments."
                "[ The loan costs {interest_rate} percent a year[, {late_rate} when overdue].][ It runs for {term_months} months.]"
            ),
            (
                "May {borrower} pay everything back before the time is up? {bank} says {early_repayment?yes|no}."
                "[ Right now {outstanding} is owed[, down from {principal}].][ {guarantor} signed, too.]"
            ),
            (
                "In {term_months} months {borrower} must have returned the money to {bank}."
                "[ The debt now stands at {outstanding} dollars.][ In default the rate becomes {late_rate} percent.]"
                "[ Collateral: {collateral}.]"
            ),
            (
                "Last spring 2 cousins met at {bank}: {borrower} to take out a loan, {guarantor} to vouch for it."
                "[ The yearly interest is {interest_rate} percent.][ Paying sooner than planned {early_repayment?is fine|is ruled out}.]"
            ),
        ),
        ("rates", ("interest_rate", "late_rate")),
    ),
    Domain(  # mortgages
        (
            text("property|mortgaged_home|house_address", "%street"),
            text("purchaser|mortgagor|new_owner", "%person"),
            text("seller|previous_owner|vendor", "%person"),
            whole("purchase_price|agreed_price|cost_of_house", 230000, 480000, 1000),
            whole("loan_amount|mortgage_sum|bank_money", 90000, 260000, 1000),
            whole("fixed_years|rate_locked_for|years_unchanged", 2, 19),
            whole("term_years|paid_off_after|full_duration", 15, 35),
            measure("interest|mortgage_rate|annual_percent", 2, 9),
            several(
                "features|property_extras|amenities",
                "a cellar/an attic/a conservatory/a carport/a sauna/a well/a pergola/a loft/a larder/a veranda/a greenhouse/a bay window",
            ),
            flag("approved|loan_granted|bank_agreed"),
        ),
        (
            (
                "{purchaser} bought {property} from {seller}[ for {purchase_price} euros]."
                "[ {loan_amount} came from the bank[ at {interest} percent].]"
            ),
            (
                "For {property}, {purchaser} has a mortgage of {loan_amount}[ over {term_years} years]."
                "[ The rate <is fixed/cannot move> for {fixed_years} years.][ The house has {features}.]"
            ),
            (
                "{seller} handed over the keys of {property} to {purchaser} in front of 2 witnesses."
                "[ The bank {approved?had said yes|had not said yes}.][ Price: ${purchase_price}[, of which ${loan_amount} is borrowed].]"
            ),
            (
                "Mortgage on {property}[: buyer {purchaser}][; seller {seller}][; loan {loan_amount}][; price {purchase_price}][; "
                "{interest}%][; term {term_years} years][; {approved?granted|refused}]"
            ),
            (
                "With {features}, {property} was worth {purchase_price} dollars[ to {purchaser}].[ {seller} moved out after 9 winters.]"
                "[ The interest is {interest} percent.]"
            ),
            (
                "The mortgage on {property} would be repaid in {term_years} years[, and for the first {fixed_years} the rate would stay at "
                "{interest} percent].[ The bank {approved?nodded|shook its head}.]"
            ),
            (
                "Will the bank pay for {property}? {approved?It will|It won't}, the adviser in room 5 said."
                "[ {purchaser} asked for {loan_amount}[ at {interest} percent].]"
            ),
            (
                "{fixed_years} years without a change of rate[, {term_years} until the last instalment]: so reads the contract for "
                "{property}.[ The home comes with {features}.][ {seller} leaves, {purchaser} moves in.]"
            ),
            (
                "You find {features} at {property}[, sold by {seller}].[ The loan costs {interest} percent, unchanged for {fixed_years} "
                "years.][ The application {approved?went through|fell through}.]"
            ),
        ),
        ("years", ("fixed_years", "term_years")),
    ),
    Domain(  # share trades
        (
            text("stock|ticker|security", "@@@/@@@@/@@@/%brand"),
            text("investor|account_owner|traded_for", "%person"),
            text("broker|executed_by|dealer", "%person"),
            whole("shares|position_size|quantity", 20, 950),
            cash("buy_price|entry_price|acquired_at", 3, 240),
            cash("sell_price|exit_price|disposed_at", 3, 240),
            text("sold_on|exit_date|position_closed", "%date"),
            text(
                "order_type|instruction|order_kind",
                "limit/market/stop-loss/iceberg/fill-or-kill/trailing stop/bracket/pegged/all-or-none/hidden/scaled",
            ),
            several(
                "venues|exchanges|routed_to",
                "Xetra/Nasdaq/Euronext/Tradegate/Turquoise/Aquis/Borsa/Sigma/Equiduct/Cboe",
            ),
            flag("on_margin|leveraged|debt_financed"),
        ),
        (
            (
                "{investor} bought {shares} shares of {stock} at {buy_price} each[ and sold them at {sell_price}[ on {sold_on}]]."
                "[ The broker was {broker}.]"
            ),
            (
                "{broker} sold {stock} on behalf of {investor}[ at {sell_price} dollars a share][ through {venues}]."
                "[ It had been bought at {buy_price}.][ {on_margin?A loan was used|No loan was used}.]"
            ),
            (
                "With a(n) {order_type} order, {broker} got {shares} shares of {stock} for {investor}."
                "[ {on_margin?Part|None} of the money was borrowed.]"
            ),
            (
                "Trade in {stock}[: {shares} shares][, in at {buy_price}][, out at {sell_price}][, closed {sold_on}][, {order_type} "
                "order][, client {investor}][, via {venues}]"
            ),
            (
                "On {sold_on}, {stock} left the account of {investor}[ at {sell_price} <apiece/a share>]."
                "[ {broker} had put the sale through {venues} in 2 parts.][ The way in had cost {buy_price}.]"
            ),
            (
                "Did {investor} use credit to trade {stock}? {on_margin?Yes|No}, said {broker}, the dealer at desk 6."
                "[ {shares} shares were taken at {buy_price} euros.]"
            ),
            (
                "At {sell_price} a share {stock} was dropped[, having been picked up at {buy_price}]."
                "[ It was a(n) {order_type} order, handled by the dealer {broker} on screen 3.][ The owner is {investor}.]"
                "[ Markets: {venues}.]"
            ),
            "{venues} filled the {order_type} order for {stock}[, {shares} shares in total].[ {broker} executed it[ for {investor}].]",
            (
                "After 14 days {investor} got rid of {shares} shares of {stock}[ on {sold_on}], {on_margin?bought on credit|bought with "
                "savings only}.[ {broker} was the go-between.][ Order type: {order_type}.]"
            ),
        ),
        ("prices", ("buy_price", "sell_price")),
    ),
    Domain(  # dividends
        (
            text("payer|issuer|distributing_company", "%company"),
            text("proposer|suggested_by|put_forward_by", "%person"),
            text("critic|opposed_by|objector", "%person"),
            cash("payout|dividend_per_share|paid_each", 2, 19),
            cash("previous_payout|last_dividend|prior_year_amount", 2, 19),
            text("cutoff|record_date|qualify_by", "%day/%day/%month 1#/%day %year"),
            text("paid_on|transfer_date|credited_on", "%day/%day/%month 1#/%day %year"),
            measure("payout_ratio|share_of_profit|distributed_percent", 10, 90),
            several(
                "lines|manufactures|product_range",
                "hinges/cement/corks/pasta/zippers/tyres/glue/bricks/umbrellas/spectacles/varnish/pianos/thermometers",
            ),
            flag("one_off|special_dividend|exceptional"),
        ),
        (
            (
                "{payer} pays {payout} euros a share[, after {previous_payout} last year].[ The money comes on {paid_on}.]"
                "[ {one_off?It will not be repeated|It comes every year}.]"
            ),
            (
                "{proposer} proposed that {payer} pay out {payout_ratio} percent of its earnings[, but {critic} was against it]."
                "[ That is {payout} dollars per share.]"
            ),
            (
                "To get the dividend of {payer}, you must own shares by {cutoff}[; it is paid on {paid_on}]."
                "[ The maker of {lines} paid {previous_payout} the year before.]"
            ),
            (
                "{payer} dividend[: {payout} per share][, before: {previous_payout}][, {payout_ratio}% of profit][, own by {cutoff}][, "
                "paid {paid_on}][, {one_off?special|regular}]"
            ),
            (
                "{critic} <attacked/spoke against> the dividend of {payer} before 200 shareholders[, while {proposer}, whose idea it was, "
                "kept silent].[ Each share brings {payout}.][ The firm makes {lines}.]"
            ),
            (
                "Known for {lines}, {payer} will share {payout_ratio} percent of its earnings[ on {paid_on}]."
                "[ The plan comes from {proposer}.][ It is {one_off?a one-time gift|no one-time gift}.]"
            ),
            (
                "Is {payer} more generous than its 3 rivals? Its shareholders get {payout} a share[ where they used to get "
                "{previous_payout}].[ {critic} voted no.][ Last day to buy: {cutoff}.]"
            ),
            (
                "After {cutoff} it is too late to earn the {one_off?special|usual} dividend of {payer}."
                "[ It was the idea of {proposer}[ and annoyed {critic}].][ The money arrives on {paid_on}.]"
            ),
            (
                "From {previous_payout} to {payout}: {payer} has changed its dividend, page 8 of the report says."
                "[ {payout_ratio} percent of the profit goes out.][ Its goods: {lines}.]"
            ),
        ),
        ("dividends", ("payout", "previous_payout")),
    ),
    Domain(  # bankruptcies
        (
            text(
                "firm|insolvent_company|failed_business",
                "%last Bakery/%last Printworks/Hotel %noun/%noun Toys/%brand Textiles/%last Furniture/%adj Brewery/%brand",
            ),
            text("owner|proprietor|former_boss", "%person"),
            text("receiver|administrator|liquidator", "%person"),
            text("filed_on|petition_date|insolvency_declared", "%date"),
            text("closed_on|ceased_trading|final_day_open", "%date"),
            whole("debts|liabilities|creditors_are_owed", 90000, 950000, 1000),
            whole("assets|estate_value|available_funds", 9000, 190000, 1000),
            whole("jobs_lost|redundancies|laid_off", 4, 300),
            several(
                "sold_off|liquidated_items|inventory_sold",
                "ovens/looms/forklifts/anvils/vats/typewriters/mannequins/chandeliers/lathes/kettles/sewing machines/casks",
            ),
            flag("buyer_found|rescued|new_investor"),
        ),
        (
            (
                "{firm} filed for bankruptcy[ on {filed_on}] with debts of {debts} euros[ and assets of {assets}]."
                "[ {receiver} is in charge now.]"
            ),
            (
                "{owner} had to give up {firm}[, which shut on {closed_on}].[ {jobs_lost} people lost their work.]"
                "[ {buyer_found?Someone is taking it over|Nobody is taking it over}.]"
            ),
            "The court put {receiver} in control of {firm}[, until then led by {owner}].[ Sold: {sold_off}.][ It owes {debts} dollars.]",
            (
                "Bankrupt: {firm}[, filed {filed_on}][, closed {closed_on}][, owner {owner}][, administrator {receiver}][, {jobs_lost} "
                "jobs gone][, {buyer_found?buyer found|no buyer}]"
            ),
            (
                "{jobs_lost} workers were sent home when {firm} <closed its doors/shut down>[ on {closed_on}], 6 weeks before its jubilee."
                "[ It had {assets} against {debts} of debt.][ Its {sold_off} were sold.]"
            ),
            (
                "With {sold_off} gone for cash, {firm} is empty.[ The liquidator, {receiver}, has {assets} euros for 30 creditors.]"
                "[ The petition is dated {filed_on}.]"
            ),
            (
                "Has {firm} been saved? {buyer_found?Yes, an investor came|No, no investor came}."
                "[ {owner} went to court on {filed_on}[ and locked up for good on {closed_on}].]"
            ),
            (
                "On {filed_on}, {owner} told the judge in room 12 that {firm} could not pay {debts} euros.[ All it had was {assets}.]"
                "[ {jobs_lost} employees must go.]"
            ),
            (
                "As receiver, {receiver} turned {sold_off} into money for {firm}[ after its last day of business on {closed_on}]."
                "[ {buyer_found?A rescuer has signed|No rescuer has turned up}.][ Dismissed: {jobs_lost}.]"
            ),
        ),
        ("balance_sheet", ("debts", "assets")),
    ),
    Domain(  # company mergers
        (
            text("target|acquired_firm|taken_over_company", "%company"),
            text("acquirer|parent_firm|purchasing_company", "%company"),
            text("outgoing_ceo|boss_before|former_head", "%person"),
            text("incoming_ceo|boss_after|new_head", "%person"),
            measure("price_millions|deal_value|purchase_sum", 3, 90),
            measure("synergies_millions|yearly_savings|cost_reduction", 3, 90),
            text("announced_on|made_public_on|deal_revealed", "%day/%day/%month 1#/%day %year"),
            text("completed_on|effective_date|deal_sealed", "%day/%day/%month 1#/%day %year"),
            several(
                "divisions|business_lines|plants",
                "brickworks/tanneries/dairies/foundries/sawmills/bakeries/quarries/distilleries/spinning mills/greenhouses/smelters",
            ),
            flag("name_survives|brand_kept|retains_identity"),
        ),
        (
            (
                "{acquirer} takes over {target} for {price_millions} million euros[ and hopes to spend {synergies_millions} million less a "
                "year].[ The name of the bought firm {name_survives?stays|disappears}.]"
            ),
            (
                "{target} now belongs to {acquirer}[; the deal was announced on {announced_on}[ and completed on {completed_on}]]."
                "[ {incoming_ceo} replaces {outgoing_ceo} at the top.]"
            ),
            (
                "Under the roof of {acquirer}, {target} will be led by {incoming_ceo}[ rather than {outgoing_ceo}]."
                "[ It brings along {divisions}.]"
            ),
            (
                "Merger: {target}[ into {acquirer}][, {price_millions} million][, savings {synergies_millions} million][, announced "
                "{announced_on}][, closed {completed_on}][, {name_survives?name kept|name dropped}]"
            ),
            (
                "{outgoing_ceo} leaves {target} after 11 years[, and {incoming_ceo} comes in]."
                "[ {acquirer} paid {price_millions} million dollars.][ The sign over the door {name_survives?may stay|must go}.]"
            ),
            (
                "With {divisions}, {target} was worth {price_millions} million to {acquirer}."
                "[ The news came out on {announced_on}, 2 hours after lunch.]"
            ),
            (
                "Will {target} still be called that? {name_survives?It will|It won't}, its spokeswoman told 20 reporters."
                "[ From {completed_on} it is part of {acquirer}.][ {incoming_ceo} takes the helm.]"
            ),
            (
                "Since {completed_on}, the {divisions} of {target} have had a new owner[, {acquirer}]."
                "[ Each year {synergies_millions} million should be saved.][ Until then the chief was {outgoing_ceo}.]"
            ),
            (
                "On {announced_on} both boards <went public/told the press>: {target} merges into {acquirer}."
                "[ {synergies_millions} million can be cut from costs.][ Its {divisions} stay open.]"
                "[ The old name {name_survives?lives on|is history}.]"
            ),
        ),
        ("chiefs", ("outgoing_ceo", "incoming_ceo")),
    ),
)
