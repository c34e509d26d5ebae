"""Questions that follow one relationship or two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from training.cypher_conditions import (
    Scope,
    compared,
    draw_filter,
    equal_to,
    magnitude,
    manner_of,
    spelled_like,
)
from training.cypher_draw import (
    PLAIN_MAKERS,
    Draw,
    Kind,
    aggregate,
    best,
    clear,
    is_listed,
    is_number,
    listings,
    predicate,
)
from training.cypher_node_questions import AGGREGATE_FORMS
from training.cypher_paths import Hop, path_of
from training.cypher_schema import Column
from training.records import read_forms
from training.task import Pair

FORMS = read_forms("cypher_forms.jsonl")


def _hop_forms(hop: Hop) -> tuple[str, ...]:
    """Ways to ask for the near end; the `{does}` and `{that}` slots hold the pattern."""
    if hop.unique:
        return FORMS["hop_forms_2"]
    forms: tuple[str, ...] = FORMS["hop_forms"]
    forms += ("Which {many} {does}?",) * 3
    return forms + ("Who {does_one}?",) * 2 if hop.asked.who else forms


def _rest(hop: Hop, other: str, *, many: bool = False) -> dict[str, str]:
    return {
        "does": hop.does(other, many=many),
        "does_one": hop.does(other, many=many, one=True),
        "that": hop.that(other, many=many),
        "that_one": hop.that(other, many=many, one=True),
        **hop.asked.words,
    }


def _is_plural(hop: Hop) -> bool:
    return not hop.unique


def _hop_list(draw: Draw) -> Pair | None:
    hop = draw.hop()
    if hop is None:
        return None
    at = hop.ends(draw.tie(hop))[1]
    path = path_of([hop])
    answer = (
        f"MATCH {path.text} WHERE {draw.other_is(hop, path.nodes[1], at)} RETURN"
        f" {path.nodes[0]}.{hop.asked.key.name}"
    )
    return draw.pair(_hop_forms(hop), answer, **_rest(hop, draw.named(hop.other, at)))


def _hop_column(draw: Draw) -> Pair | None:
    hop = draw.hop()
    columns = (
        [column for column in hop.asked.columns if column != hop.asked.key and is_listed(column)]
        if hop
        else []
    )
    if hop is None or not columns:
        return None
    column = draw.rng.choice(columns)
    at = hop.ends(draw.tie(hop))[1]
    path = path_of([hop])
    forms = FORMS["hop_column"]
    if not hop.unique:
        forms = FORMS["hop_column_2"]
    answer = (
        f"MATCH {path.text} WHERE {draw.other_is(hop, path.nodes[1], at)} RETURN"
        f" {path.nodes[0]}.{column.name}"
    )
    return draw.pair(
        listings(column, forms),
        answer,
        noun=column.prop.noun,
        nouns=column.nouns,
        **_rest(hop, draw.named(hop.other, at)),
    )


def _hop_where(draw: Draw) -> Pair | None:
    hop = draw.hop()
    if hop is None:
        return None
    made = draw_filter(draw.rng, draw.scope(hop.other, hop.ends(draw.tie(hop))[1]))
    if made is None:
        return None
    path = path_of([hop])
    forms = [form for form in _hop_forms(hop) if "{one}" not in form] or [*FORMS["hop_where"]]
    answer = (
        f"MATCH {path.text} WHERE {made.on(path.nodes[1])} RETURN"
        f" {path.nodes[0]}.{hop.asked.key.name}"
    )
    return draw.pair(
        forms, answer, **_rest(hop, f"{hop.other.many} {draw.rng.choice(made.phrases)}", many=True)
    )


def _hop_both(draw: Draw) -> Pair | None:
    """A filter on what is asked for besides the name at the far end."""
    hop = draw.hop(_is_plural)
    if hop is None:
        return None
    near, far = hop.ends(draw.tie(hop))
    made = draw_filter(draw.rng, draw.scope(hop.asked, near), PLAIN_MAKERS)
    if made is None:
        return None
    path = path_of([hop])
    phrase = draw.rng.choice(made.phrases)
    joint = " and" if manner_of(phrase) == 2 or phrase.startswith(("who ", "that ")) else ""
    words = _rest(hop, draw.named(hop.other, far))
    conditions = [made.on(path.nodes[0]), draw.other_is(hop, path.nodes[1], far)]
    forms: tuple[str, ...] = FORMS["hop_both"]
    said = predicate(made, phrase)
    if said and draw.rng.random() < 0.3:
        conditions.reverse()
        forms = ("Which of the {many} {that} {said}?",)
    answer = (
        f"MATCH {path.text} WHERE {' AND '.join(conditions)} RETURN"
        f" {path.nodes[0]}.{hop.asked.key.name}"
    )
    return draw.pair(forms, answer, f=phrase, joint=joint, said=said or "", **words)


def _hop_count(draw: Draw) -> Pair | None:
    hop = draw.hop(_is_plural)
    if hop is None:
        return None
    near, far = hop.ends(draw.tie(hop))
    path = path_of([hop])
    conditions = [draw.other_is(hop, path.nodes[1], far)]
    made = (
        draw_filter(draw.rng, draw.scope(hop.asked, near), PLAIN_MAKERS)
        if draw.rng.random() < 0.25
        else None
    )
    words = _rest(hop, draw.named(hop.other, far))
    answer = "MATCH {} WHERE {} RETURN count({})"
    if made:
        conditions.insert(0, made.on(path.nodes[0]))
        return draw.pair(
            ("How many {many} {f} {does}?",),
            answer.format(path.text, " AND ".join(conditions), path.nodes[0]),
            f=draw.rng.choice(made.phrases),
            **words,
        )
    forms = FORMS["hop_count"]
    return draw.pair(forms, answer.format(path.text, conditions[0], path.nodes[0]), **words)


def _hop_aggregate(draw: Draw) -> Pair | None:
    hop = draw.hop(
        lambda hop: not hop.unique and any(is_number(column) for column in hop.asked.columns)
    )
    if hop is None:
        return None
    column = draw.rng.choice([column for column in hop.asked.columns if is_number(column)])
    function, adjective = aggregate(draw.rng, column)
    at = hop.ends(draw.tie(hop))[1]
    path = path_of([hop])
    answer = (
        f"MATCH {path.text} WHERE {draw.other_is(hop, path.nodes[1], at)} RETURN"
        f" {function}({path.nodes[0]}.{column.name})"
    )
    words = _rest(hop, draw.named(hop.other, at))
    return draw.pair(
        AGGREGATE_FORMS, answer, w=adjective, noun=column.prop.noun, f=f" {words['that']}", **words
    )


def _hop_pairs(draw: Draw) -> Pair | None:
    hop = draw.hop()
    if hop is None:
        return None
    path = path_of([hop])
    pronoun, many = hop.them
    item = hop.asked.one if hop.unique else hop.asked.many
    forms = FORMS["hop_pairs"]
    answer = (
        f"MATCH {path.text} RETURN {path.nodes[1]}.{hop.other.key.name},"
        f" {path.nodes[0]}.{hop.asked.key.name}"
    )
    return draw.pair(
        forms, answer, other=hop.other.one, item=item, that=hop.that(pronoun, many=many)
    )


def _per_other(draw: Draw) -> Pair | None:
    hop = draw.hop(_is_plural)
    if hop is None:
        return None
    path = path_of([hop])
    pronoun, many = hop.them
    each = f"each {hop.other.one}"
    words = {
        "each_does": hop.does(each),
        "each_that": hop.that(each),
        "it_does": hop.does(pronoun, many=many),
        "it_that": hop.that(pronoun, many=many),
    }
    forms = FORMS["per_other"]
    answer = (
        f"MATCH {path.text} RETURN {path.nodes[1]}.{hop.other.key.name}, count({path.nodes[0]})"
    )
    return draw.pair(forms, answer, other=hop.other.one, **words, **hop.asked.words)


def _degrees(draw: Draw, hop: Hop) -> list[int]:
    return list(Counter(hop.ends(tie)[0] for tie in draw.schema.ties[hop.link.type]).values())


def _is_counted(hop: Hop) -> bool:
    """Whether what is asked for may have several of the others."""
    return not (hop.link.edge.single and hop.asks_subject)


def _most(draw: Draw) -> Pair | None:
    hop = draw.hop(_is_counted)
    count = draw.rng.choice((1, 1, 1, 1, 2, 3))
    if hop is None or not clear(_degrees(draw, hop), count, high=True):
        return None
    path = path_of([hop])
    forms = FORMS["most"]
    if count == 1:
        forms = FORMS["most_2"]
    ranked = (
        f"WITH {path.nodes[0]}, count({path.nodes[1]}) AS total ORDER BY total DESC LIMIT {count}"
    )
    words = _rest(hop, f"the most {hop.other.many}", many=True)
    return draw.pair(
        forms,
        f"MATCH {path.text} {ranked} RETURN {path.nodes[0]}.{hop.asked.key.name}",
        n=draw.number(max(count, 2)),
        **words,
    )


def _busy(draw: Draw) -> Pair | None:
    hop = draw.hop(_is_counted)
    degrees = _degrees(draw, hop) if hop else []
    limits = sorted({degree for degree in degrees if 2 <= degree <= 5 and degree > min(degrees)})
    if hop is None or not limits:
        return None
    limit = draw.rng.choice(limits)
    sign, said = (">=", "at least") if limit == 2 or draw.rng.random() < 0.4 else (">", "more than")
    limit -= sign == ">"
    path = path_of([hop])
    forms = FORMS["busy"]
    having = f"WITH {path.nodes[0]}, count({path.nodes[1]}) AS total WHERE total {sign} {limit}"
    words = _rest(hop, f"{said} {draw.number(limit)} {hop.other.many}", many=True)
    return draw.pair(
        forms, f"MATCH {path.text} {having} RETURN {path.nodes[0]}.{hop.asked.key.name}", **words
    )


def _speaks_of_tie(hop: Hop) -> bool:
    """Whether the relationship has a property that neither end could be thought to have."""
    nouns = {column.prop.noun for table in (hop.asked, hop.other) for column in table.columns}
    return bool(hop.link.columns) and not any(
        column.prop.noun in nouns for column in hop.link.columns
    )


def _tie_hop(draw: Draw, fits: Callable[[Hop], bool] = lambda _: True) -> Hop | None:
    return draw.hop(lambda hop: _speaks_of_tie(hop) and fits(hop))


def _tie_value(draw: Draw) -> Pair | None:
    hop = _tie_hop(draw, lambda hop: not hop.asks_subject)
    if hop is None:
        return None
    tie, column = draw.tie(hop), draw.rng.choice(hop.link.columns)
    path = path_of([hop], tied=True)
    forms = FORMS["tie_value"]
    form = draw.rng.choice(forms + hop.link.edge.ask * (8 // max(1, len(hop.link.edge.ask))))
    conditions = [
        draw.other_is(hop, path.nodes[1], tie.subject),
        draw.other_is(Hop(hop.link, True), path.nodes[0], tie.object),
    ]
    if form.index("{o}") < form.index("{s}"):
        conditions.reverse()
    answer = f"MATCH {path.text} WHERE {' AND '.join(conditions)} RETURN {path.tie}.{column.name}"
    ends = {"s": draw.named(hop.other, tie.subject), "o": draw.named(hop.asked, tie.object)}
    return draw.pair((form,), answer, noun=column.prop.noun, type=hop.link.type, **ends)


def _tie_where(draw: Draw) -> Pair | None:
    hop = _tie_hop(draw, _is_plural)
    if hop is None:
        return None
    tie, named = draw.tie(hop), draw.rng.random() < 0.7
    far = hop.ends(tie)[1]
    peers = [
        peer.row
        for peer in draw.schema.ties[hop.link.type]
        if not named or hop.ends(peer)[1] == far
    ]
    made = draw_filter(
        draw.rng, Scope(hop.link.columns, peers, tie.row, "that"), (equal_to, compared, compared)
    )
    phrases = (
        [phrase for phrase in made.phrases if phrase.startswith(("with ", "for ", "in "))]
        if made
        else []
    )
    if made is None or not phrases:
        return None
    path = path_of([hop], tied=True)
    other = draw.named(hop.other, far) if named else f"any {hop.other.one}"
    conditions = (
        [draw.other_is(hop, path.nodes[1], far), made.on(path.tie)]
        if named
        else [made.on(path.tie)]
    )
    forms: tuple[str, ...] = FORMS["tie_where"]
    if hop.asked.who:
        forms += ("Who {does_one} {f}?",)
    answer = (
        f"MATCH {path.text} WHERE {' AND '.join(conditions)} RETURN"
        f" {path.nodes[0]}.{hop.asked.key.name}"
    )
    return draw.pair(forms, answer, f=draw.rng.choice(phrases), **_rest(hop, other))


def _tie_pairs(draw: Draw) -> Pair | None:
    hop = _tie_hop(draw, _is_plural)
    if hop is None:
        return None
    at, column = hop.ends(draw.tie(hop))[1], draw.rng.choice(hop.link.columns)
    path = path_of([hop], tied=True)
    forms = FORMS["tie_pairs"]
    wanted = f"{path.nodes[0]}.{hop.asked.key.name}, {path.tie}.{column.name}"
    answer = f"MATCH {path.text} WHERE {draw.other_is(hop, path.nodes[1], at)} RETURN {wanted}"
    which = f"how many {column.things}" if column.things else f"which {column.prop.noun}"
    return draw.pair(
        forms, answer, noun=column.prop.noun, which=which, **_rest(hop, draw.named(hop.other, at))
    )


def _tie_numbers(draw: Draw) -> tuple[Hop, int, Column] | None:
    """A number on the relationships of one node that has several of them."""
    hop = _tie_hop(draw, lambda hop: not hop.unique and is_number(hop.link.columns[0]))
    if hop is None:
        return None
    at = hop.ends(draw.tie(hop))[1]
    return hop, at, hop.link.columns[0]


def _tie_aggregate(draw: Draw) -> Pair | None:
    found = _tie_numbers(draw)
    if found is None:
        return None
    hop, at, column = found
    path = path_of([hop], tied=True)
    function, adjective = aggregate(draw.rng, column)
    forms = FORMS["tie_aggregate"]
    answer = (
        f"MATCH {path.text} WHERE {draw.other_is(hop, path.nodes[1], at)} RETURN"
        f" {function}({path.tie}.{column.name})"
    )
    return draw.pair(
        forms, answer, w=adjective, noun=column.prop.noun, **_rest(hop, draw.named(hop.other, at))
    )


def _tie_top(draw: Draw) -> Pair | None:
    found = _tie_numbers(draw)
    if found is None:
        return None
    hop, at, column = found
    high = draw.rng.random() < 0.6
    values = [
        magnitude(tie.row[column.name])
        for tie in draw.schema.ties[hop.link.type]
        if hop.ends(tie)[1] == at
    ]
    if not clear(values, 1, high=high):
        return None
    path = path_of([hop], tied=True)
    forms = FORMS["tie_top"]
    order = f"ORDER BY {path.tie}.{column.name}{' DESC' if high else ''} LIMIT 1"
    answer = (
        f"MATCH {path.text} WHERE {draw.other_is(hop, path.nodes[1], at)} RETURN"
        f" {path.nodes[0]}.{hop.asked.key.name} {order}"
    )
    words = _rest(hop, draw.named(hop.other, at))
    return draw.pair(forms, answer, best=best(draw.rng, column, high=high), **words)


def _two_hops(draw: Draw) -> tuple[Hop, Hop, int] | None:
    """Two relationships, or one twice in the same direction, and a node at their far end."""
    first = draw.hop()
    if first is None:
        return None
    second = draw.hop(
        lambda hop: (
            hop.asked == first.other
            and (hop.link != first.link or (hop == first and hop.asked == hop.other))
        )
    )
    if second is None:
        return None
    middle = first.ends(draw.tie(first))[1]
    ends = [
        far for near, far in map(second.ends, draw.schema.ties[second.link.type]) if near == middle
    ]
    return (first, second, draw.rng.choice(ends)) if ends else None


def _two_hop_forms(hop: Hop) -> tuple[str, ...]:
    forms: tuple[str, ...] = FORMS["two_hop_forms"]
    return (*forms, "Who {does_one}?") if hop.asked.who else forms


def _two_hop_list(draw: Draw) -> Pair | None:
    found = _two_hops(draw)
    if found is None:
        return None
    first, second, at = found
    path = path_of([first, second])
    middle = f"{second.asked.many} {second.that(draw.named(second.other, at))}"
    answer = (
        f"MATCH {path.text} WHERE {draw.other_is(second, path.nodes[2], at)} RETURN"
        f" {path.nodes[0]}.{first.asked.key.name}"
    )
    return draw.pair(_two_hop_forms(first), answer, **_rest(first, middle, many=True))


def _two_hop_where(draw: Draw) -> Pair | None:
    found = _two_hops(draw)
    if found is None:
        return None
    first, second, at = found
    made = draw_filter(
        draw.rng,
        draw.scope(second.other, at),
        (equal_to, equal_to, compared, compared, spelled_like),
    )
    if made is None:
        return None
    path = path_of([first, second])
    middle = (
        f"{second.asked.many}"
        f" {second.that(f'{second.other.many} {draw.rng.choice(made.phrases)}', many=True)}"
    )
    answer = (
        f"MATCH {path.text} WHERE {made.on(path.nodes[2])} RETURN"
        f" {path.nodes[0]}.{first.asked.key.name}"
    )
    return draw.pair(_two_hop_forms(first), answer, **_rest(first, middle, many=True))


HOP_KINDS: Final[tuple[tuple[Kind, float], ...]] = (
    (_hop_list, 5),
    (_hop_column, 2.5),
    (_hop_where, 4),
    (_hop_both, 2.5),
    (_hop_count, 2.5),
    (_hop_aggregate, 1.5),
    (_hop_pairs, 1.5),
    (_per_other, 3),
    (_most, 2.5),
    (_busy, 2),
    (_tie_value, 3.5),
    (_tie_where, 3.5),
    (_tie_pairs, 2),
    (_tie_aggregate, 2),
    (_tie_top, 2.5),
    (_two_hop_list, 7),
    (_two_hop_where, 5.5),
)
"""How to ask, and how often."""
