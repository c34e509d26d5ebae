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
    FORMS,
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
from training.cypher_paths import Hop, Path, path_of
from training.cypher_schema import Column
from training.task import Pair


def _query(path: Path, wanted: str, *conditions: str) -> str:
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"MATCH {path.text}{where} RETURN {wanted}"


def _name(path: Path, hop: Hop) -> str:
    """The names of what is asked for."""
    return f"{path.nodes[0]}.{hop.asked.key.name}"


def _hop_forms(hop: Hop) -> tuple[str, ...]:
    """Ways to ask for the nodes at the near end.

    `{does}`, `{does_one}` and `{that}` hold the rest of the pattern.
    """
    if hop.unique:
        return FORMS["hop: one"]
    forms = FORMS["hop: many"] + FORMS["hop: many, asked"] * 3
    return forms + FORMS["hop: who"] * 2 if hop.asked.who else forms


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
    answer = _query(path, _name(path, hop), draw.other_is(hop, path.nodes[1], at))
    return draw.pair(_hop_forms(hop), answer, **_rest(hop, draw.named(hop.other, at)))


def _hop_column(draw: Draw) -> Pair | None:
    hop = draw.hop()
    if hop is None:
        return None
    columns = [one for one in hop.asked.columns if one != hop.asked.key and is_listed(one)]
    if not columns:
        return None
    column = draw.rng.choice(columns)
    at = hop.ends(draw.tie(hop))[1]
    path = path_of([hop])
    forms = listings(column, FORMS["hop column: one" if hop.unique else "hop column: many"])
    wanted = f"{path.nodes[0]}.{column.name}"
    answer = _query(path, wanted, draw.other_is(hop, path.nodes[1], at))
    return draw.pair(forms, answer, **column.words, **_rest(hop, draw.named(hop.other, at)))


def _hop_where(draw: Draw) -> Pair | None:
    hop = draw.hop()
    if hop is None:
        return None
    made = draw_filter(draw.rng, draw.scope(hop.other, hop.ends(draw.tie(hop))[1]))
    if made is None:
        return None
    path = path_of([hop])
    forms = tuple(form for form in _hop_forms(hop) if "{one}" not in form) or FORMS["hop where"]
    answer = _query(path, _name(path, hop), made.on(path.nodes[1]))
    others = f"{hop.other.many} {draw.rng.choice(made.phrases)}"
    return draw.pair(forms, answer, **_rest(hop, others, many=True))


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
    forms = FORMS["hop both"]
    said = predicate(made, phrase)
    if said and draw.rng.random() < 0.3:
        conditions.reverse()
        forms = FORMS["hop both: predicate"]
    answer = _query(path, _name(path, hop), *conditions)
    return draw.pair(forms, answer, f=phrase, joint=joint, said=said or "", **words)


def _hop_count(draw: Draw) -> Pair | None:
    hop = draw.hop(_is_plural)
    if hop is None:
        return None
    near, far = hop.ends(draw.tie(hop))
    path = path_of([hop])
    wanted = f"count({path.nodes[0]})"
    other = draw.other_is(hop, path.nodes[1], far)
    made = None
    if draw.rng.random() < 0.25:
        made = draw_filter(draw.rng, draw.scope(hop.asked, near), PLAIN_MAKERS)
    words = _rest(hop, draw.named(hop.other, far))
    if made:
        answer = _query(path, wanted, made.on(path.nodes[0]), other)
        phrase = draw.rng.choice(made.phrases)
        return draw.pair(FORMS["hop count: where"], answer, f=phrase, **words)
    return draw.pair(FORMS["hop count"], _query(path, wanted, other), **words)


def _has_numbers(hop: Hop) -> bool:
    return not hop.unique and any(is_number(column) for column in hop.asked.columns)


def _hop_aggregate(draw: Draw) -> Pair | None:
    hop = draw.hop(_has_numbers)
    if hop is None:
        return None
    column = draw.rng.choice([column for column in hop.asked.columns if is_number(column)])
    function, adjective = aggregate(draw.rng, column)
    at = hop.ends(draw.tie(hop))[1]
    path = path_of([hop])
    wanted = f"{function}({path.nodes[0]}.{column.name})"
    answer = _query(path, wanted, draw.other_is(hop, path.nodes[1], at))
    words = _rest(hop, draw.named(hop.other, at))
    said = {"w": adjective, "f": f" {words['that']}", **column.words}
    return draw.pair(FORMS["aggregate"], answer, **said, **words)


def _hop_pairs(draw: Draw) -> Pair | None:
    hop = draw.hop()
    if hop is None:
        return None
    path = path_of([hop])
    pronoun, many = hop.them
    item = hop.asked.one if hop.unique else hop.asked.many
    answer = _query(path, f"{path.nodes[1]}.{hop.other.key.name}, {_name(path, hop)}")
    that = hop.that(pronoun, many=many)
    return draw.pair(FORMS["hop pairs"], answer, other=hop.other.one, item=item, that=that)


def _per_other(draw: Draw) -> Pair | None:
    hop = draw.hop(_is_plural)
    if hop is None:
        return None
    path = path_of([hop])
    pronoun, many = hop.them
    each = f"each {hop.other.one}"
    words = {
        "other": hop.other.one,
        "each_does": hop.does(each),
        "each_that": hop.that(each),
        "it_does": hop.does(pronoun, many=many),
        "it_that": hop.that(pronoun, many=many),
    }
    answer = _query(path, f"{path.nodes[1]}.{hop.other.key.name}, count({path.nodes[0]})")
    return draw.pair(FORMS["count by other"], answer, **words, **hop.asked.words)


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
    forms = FORMS["most: one" if count == 1 else "most: several"]
    total = f"WITH {path.nodes[0]}, count({path.nodes[1]}) AS total"
    ranked = f"{total} ORDER BY total DESC LIMIT {count}"
    words = _rest(hop, f"the most {hop.other.many}", many=True)
    answer = f"MATCH {path.text} {ranked} RETURN {_name(path, hop)}"
    return draw.pair(forms, answer, n=draw.number(max(count, 2)), **words)


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
    having = f"WITH {path.nodes[0]}, count({path.nodes[1]}) AS total WHERE total {sign} {limit}"
    words = _rest(hop, f"{said} {draw.number(limit)} {hop.other.many}", many=True)
    answer = f"MATCH {path.text} {having} RETURN {_name(path, hop)}"
    return draw.pair(FORMS["busy"], answer, **words)


def _speaks_of_tie(hop: Hop) -> bool:
    """Whether the relationship has a property that neither end could be thought to have."""
    nouns = {column.prop.noun for table in (hop.asked, hop.other) for column in table.columns}
    columns = hop.link.columns
    return bool(columns) and not any(column.prop.noun in nouns for column in columns)


def _tie_hop(draw: Draw, fits: Callable[[Hop], bool] = lambda _: True) -> Hop | None:
    return draw.hop(lambda hop: _speaks_of_tie(hop) and fits(hop))


def _tie_value(draw: Draw) -> Pair | None:
    hop = _tie_hop(draw, lambda hop: not hop.asks_subject)
    if hop is None:
        return None
    tie, column = draw.tie(hop), draw.rng.choice(hop.link.columns)
    path = path_of([hop], tied=True)
    own = hop.link.edge.ask
    form = draw.rng.choice(FORMS["tie value"] + own * (8 // max(1, len(own))))
    conditions = [
        draw.other_is(hop, path.nodes[1], tie.subject),
        draw.other_is(Hop(hop.link, True), path.nodes[0], tie.object),
    ]
    if form.index("{o}") < form.index("{s}"):
        conditions.reverse()
    answer = _query(path, f"{path.tie}.{column.name}", *conditions)
    ends = {"s": draw.named(hop.other, tie.subject), "o": draw.named(hop.asked, tie.object)}
    return draw.pair((form,), answer, type=hop.link.type, **column.words, **ends)


def _tie_where(draw: Draw) -> Pair | None:
    hop = _tie_hop(draw, _is_plural)
    if hop is None:
        return None
    tie, named = draw.tie(hop), draw.rng.random() < 0.7
    far = hop.ends(tie)[1]
    ties = draw.schema.ties[hop.link.type]
    peers = [peer.row for peer in ties if not named or hop.ends(peer)[1] == far]
    scope = Scope(hop.link.columns, peers, tie.row, "that")
    made = draw_filter(draw.rng, scope, (equal_to, compared, compared))
    if made is None:
        return None
    phrases = [phrase for phrase in made.phrases if phrase.startswith(("with ", "for ", "in "))]
    if not phrases:
        return None
    path = path_of([hop], tied=True)
    other = draw.named(hop.other, far) if named else f"any {hop.other.one}"
    conditions = [draw.other_is(hop, path.nodes[1], far)] if named else []
    forms = FORMS["tie where"] + (FORMS["tie where: who"] if hop.asked.who else ())
    answer = _query(path, _name(path, hop), *conditions, made.on(path.tie))
    return draw.pair(forms, answer, f=draw.rng.choice(phrases), **_rest(hop, other))


def _tie_pairs(draw: Draw) -> Pair | None:
    hop = _tie_hop(draw, _is_plural)
    if hop is None:
        return None
    at, column = hop.ends(draw.tie(hop))[1], draw.rng.choice(hop.link.columns)
    path = path_of([hop], tied=True)
    wanted = f"{_name(path, hop)}, {path.tie}.{column.name}"
    answer = _query(path, wanted, draw.other_is(hop, path.nodes[1], at))
    which = f"how many {column.things}" if column.things else f"which {column.prop.noun}"
    words = _rest(hop, draw.named(hop.other, at))
    return draw.pair(FORMS["tie pairs"], answer, which=which, **column.words, **words)


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
    wanted = f"{function}({path.tie}.{column.name})"
    answer = _query(path, wanted, draw.other_is(hop, path.nodes[1], at))
    words = _rest(hop, draw.named(hop.other, at))
    return draw.pair(FORMS["tie aggregate"], answer, w=adjective, **column.words, **words)


def _tie_top(draw: Draw) -> Pair | None:
    found = _tie_numbers(draw)
    if found is None:
        return None
    hop, at, column = found
    high = draw.rng.random() < 0.6
    ties = [tie for tie in draw.schema.ties[hop.link.type] if hop.ends(tie)[1] == at]
    if not clear([magnitude(tie.row[column.name]) for tie in ties], 1, high=high):
        return None
    path = path_of([hop], tied=True)
    order = f"ORDER BY {path.tie}.{column.name}{' DESC' if high else ''} LIMIT 1"
    wanted = f"{_name(path, hop)} {order}"
    answer = _query(path, wanted, draw.other_is(hop, path.nodes[1], at))
    words = _rest(hop, draw.named(hop.other, at))
    return draw.pair(FORMS["tie top"], answer, best=best(draw.rng, column, high=high), **words)


def _two_hops(draw: Draw) -> tuple[Hop, Hop, int] | None:
    """Two different relationships, or one twice in a row, and a node at their far end."""
    first = draw.hop()
    if first is None:
        return None

    def goes_on(hop: Hop) -> bool:
        again = hop == first and hop.asked == hop.other
        return hop.asked == first.other and (hop.link != first.link or again)

    second = draw.hop(goes_on)
    if second is None:
        return None
    middle = first.ends(draw.tie(first))[1]
    ties = map(second.ends, draw.schema.ties[second.link.type])
    ends = [far for near, far in ties if near == middle]
    return (first, second, draw.rng.choice(ends)) if ends else None


def _two_hop_forms(hop: Hop) -> tuple[str, ...]:
    return FORMS["two hops"] + (FORMS["hop: who"] if hop.asked.who else ())


def _two_hop_list(draw: Draw) -> Pair | None:
    found = _two_hops(draw)
    if found is None:
        return None
    first, second, at = found
    path = path_of([first, second])
    middle = f"{second.asked.many} {second.that(draw.named(second.other, at))}"
    answer = _query(path, _name(path, first), draw.other_is(second, path.nodes[2], at))
    return draw.pair(_two_hop_forms(first), answer, **_rest(first, middle, many=True))


def _two_hop_where(draw: Draw) -> Pair | None:
    found = _two_hops(draw)
    if found is None:
        return None
    first, second, at = found
    makers = (equal_to, equal_to, compared, compared, spelled_like)
    made = draw_filter(draw.rng, draw.scope(second.other, at), makers)
    if made is None:
        return None
    path = path_of([first, second])
    others = f"{second.other.many} {draw.rng.choice(made.phrases)}"
    middle = f"{second.asked.many} {second.that(others, many=True)}"
    answer = _query(path, _name(path, first), made.on(path.nodes[2]))
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
