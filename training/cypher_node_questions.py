"""Questions about the nodes of one label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from training.cypher_conditions import (
    MAKERS,
    Filter,
    Maker,
    begun_with,
    between,
    both,
    compared,
    draw_filter,
    either_of,
    equal_to,
    literal,
    magnitude,
    spelled_like,
    unequal_to,
)
from training.cypher_draw import (
    FORMS,
    PLAIN_MAKERS,
    Draw,
    Kind,
    aggregate,
    best,
    clear,
    extreme,
    is_group,
    is_listed,
    is_number,
    listings,
    node_pattern,
    predicate,
)
from training.cypher_schema import ROWS, Column, Table
from training.task import Pair


def _all(draw: Draw) -> Pair:
    table = draw.rng.choice(draw.schema.tables)
    match, name = node_pattern(table)
    return draw.pair(FORMS["all"], f"{match} RETURN {name}.{table.key.name}", **table.words)


def _one_column(draw: Draw) -> Pair | None:
    spot = draw.spot(is_listed)
    if spot is None:
        return None
    table, column = spot
    match, name = node_pattern(table)
    forms = listings(column, FORMS["column"])
    answer = f"{match} RETURN {name}.{column.name}"
    return draw.pair(forms, answer, **column.words, **table.words)


def _two_columns(draw: Draw) -> Pair | None:
    spot = draw.spot(is_listed)
    if spot is None:
        return None
    table, column = spot
    match, name = node_pattern(table)
    answer = f"{match} RETURN {name}.{table.key.name}, {name}.{column.name}"
    return draw.pair(FORMS["two columns"], answer, **column.words, **table.words)


def _distinct(draw: Draw) -> Pair | None:
    spot = draw.spot(is_group)
    if spot is None:
        return None
    table, column = spot
    match, name = node_pattern(table)
    answer = f"{match} RETURN DISTINCT {name}.{column.name}"
    return draw.pair(FORMS["distinct"], answer, **column.words, **table.words)


def _lookup(draw: Draw) -> Pair | None:
    spot = draw.spot(lambda _: True)
    if spot is None:
        return None
    table, column = spot
    match, name = node_pattern(table)
    at = draw.rng.randrange(ROWS)
    peers = [peer for peer in draw.schema.tables if peer != table]
    shared = any(column.prop.noun == other.prop.noun for peer in peers for other in peer.columns)
    who = draw.named(table, at, noun=shared)
    forms = FORMS["lookup: flag" if column.type == "BOOL" else "lookup"]
    forms += tuple(form.format("{e}") for form in column.prop.ask) * 2
    where = f"{name}.{table.key.name} = {literal(draw.key(table, at))}"
    return draw.pair(
        forms, f"{match} WHERE {where} RETURN {name}.{column.name}", e=who, **column.words
    )


def _where(draw: Draw, makers: Sequence[Maker] = MAKERS) -> Pair | None:
    table = draw.rng.choice(draw.schema.tables)
    made = draw_filter(draw.rng, draw.scope(table), makers)
    if made is None:
        return None
    match, name = node_pattern(table)
    phrase = draw.rng.choice(made.phrases)
    said = predicate(made, phrase)
    forms = FORMS["where: that" if phrase.startswith(("who ", "that ")) else "where"]
    if said:
        forms += FORMS["where: predicate"] * 3
    answer = f"{match} WHERE {made.on(name)} RETURN {name}.{table.key.name}"
    return draw.pair(forms, answer, f=phrase, said=said or "", **table.words)


def _where_equal(draw: Draw) -> Pair | None:
    return _where(draw, (equal_to,))


def _where_compare(draw: Draw) -> Pair | None:
    return _where(draw, (compared,))


def _where_spelled(draw: Draw) -> Pair | None:
    return _where(draw, (begun_with,) if draw.rng.random() < 0.4 else (spelled_like,))


def _where_rarely(draw: Draw) -> Pair | None:
    return _where(draw, (unequal_to, either_of, between))


def _where_column(draw: Draw) -> Pair | None:
    spot = draw.spot(is_listed)
    if spot is None:
        return None
    table, column = spot
    made = draw_filter(draw.rng, draw.scope(table))
    if made is None or made.column == column:
        return None
    match, name = node_pattern(table)
    forms = listings(column, FORMS["column where"])
    answer = f"{match} WHERE {made.on(name)} RETURN {name}.{column.name}"
    phrase = draw.rng.choice(made.phrases)
    return draw.pair(forms, answer, f=phrase, **column.words, **table.words)


def _where_two(draw: Draw) -> Pair | None:
    table = draw.rng.choice(draw.schema.tables)
    scope = draw.scope(table)
    first, second = (draw_filter(draw.rng, scope, PLAIN_MAKERS) for _ in range(2))
    if first is None or second is None or first.column == second.column:
        return None
    phrase, (early, late) = both(draw.rng, first, second)
    match, name = node_pattern(table)
    answer = f"{match} WHERE {early.on(name)} AND {late.on(name)} RETURN {name}.{table.key.name}"
    return draw.pair(FORMS["where both"], answer, f=phrase, **table.words)


def _count(draw: Draw) -> Pair:
    table = draw.rng.choice(draw.schema.tables)
    match, name = node_pattern(table)
    return draw.pair(FORMS["count"], f"{match} RETURN count({name})", **table.words)


def _count_where(draw: Draw) -> Pair | None:
    table = draw.rng.choice(draw.schema.tables)
    made = draw_filter(draw.rng, draw.scope(table))
    if made is None:
        return None
    match, name = node_pattern(table)
    phrase = draw.rng.choice(made.phrases)
    said = predicate(made, phrase)
    own = FORMS["count where: predicate"] * 3 if said else FORMS["count where: there"]
    answer = f"{match} WHERE {made.on(name)} RETURN count({name})"
    forms = FORMS["count where"] + own
    return draw.pair(forms, answer, f=phrase, said=said or "", **table.words)


def _aggregated(draw: Draw) -> Pair | None:
    spot = draw.spot(is_number)
    if spot is None:
        return None
    table, column = spot
    match, name = node_pattern(table)
    function, adjective = aggregate(draw.rng, column)
    forms = FORMS["aggregate"] + FORMS["aggregate: all"]
    answer = f"{match} RETURN {function}({name}.{column.name})"
    return draw.pair(forms, answer, w=adjective, f="", **column.words, **table.words)


def _aggregated_where(draw: Draw) -> Pair | None:
    spot = draw.spot(is_number)
    if spot is None:
        return None
    table, column = spot
    made = draw_filter(draw.rng, draw.scope(table))
    if made is None or made.column == column:
        return None
    match, name = node_pattern(table)
    function, adjective = aggregate(draw.rng, column)
    answer = f"{match} WHERE {made.on(name)} RETURN {function}({name}.{column.name})"
    phrase = " " + draw.rng.choice(made.phrases)
    words = {**column.words, **table.words}
    return draw.pair(FORMS["aggregate"], answer, w=adjective, f=phrase, **words)


def _top_forms(
    draw: Draw, column: Column, count: int, *, high: bool
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Ways to ask for the first rows by a property; `{f}` is a filter or nothing."""
    adjective = column.prop.top if high else column.prop.bottom
    words = {"adj": adjective, "best": best(draw.rng, column, high=high), **column.words}
    if count == 1:
        forms, own = FORMS["top one"], FORMS["top one: own words"]
    else:
        words["n"] = draw.number(count)
        forms = FORMS["top several: high" if high else "top several: low"]
        own = FORMS["top several: own words"]
    return forms + own * 2 if adjective else forms, words


def _ranked(draw: Draw, table: Table, column: Column, made: Filter | None) -> Pair | None:
    high = draw.rng.random() < 0.6
    count = draw.rng.choice((1, 1, 1, 2, 3, 3, 4, 5))
    rows = [row for row in draw.schema.rows[table.label] if made is None or made.holds(row)]
    if not clear([magnitude(row[column.name]) for row in rows], count, high=high):
        return None
    match, name = node_pattern(table)
    forms, words = _top_forms(draw, column, count, high=high)
    where = f" WHERE {made.on(name)}" if made else ""
    order = f"ORDER BY {name}.{column.name}{' DESC' if high else ''} LIMIT {count}"
    phrase = f" {draw.rng.choice(made.phrases)}" if made else ""
    answer = f"{match}{where} RETURN {name}.{table.key.name} {order}"
    return draw.pair(forms, answer, f=phrase, **words, **table.words)


def _top(draw: Draw) -> Pair | None:
    spot = draw.spot(is_number)
    return _ranked(draw, *spot, None) if spot else None


def _top_where(draw: Draw) -> Pair | None:
    spot = draw.spot(is_number)
    if spot is None:
        return None
    made = draw_filter(draw.rng, draw.scope(spot[0]), PLAIN_MAKERS)
    return _ranked(draw, *spot, made) if made and made.column != spot[1] else None


def _ordered(draw: Draw) -> Pair | None:
    spot = draw.spot(is_number)
    if spot is None or draw.rng.random() < 0.2:
        return _alphabetical(draw)
    table, column = spot
    values = [magnitude(row[column.name]) for row in draw.schema.rows[table.label]]
    if not clear(values, ROWS - 1, high=True):
        return None
    match, name = node_pattern(table)
    high = draw.rng.random() < 0.5
    first = extreme(draw.rng, column, high=high)
    forms = FORMS["ordered"] + FORMS["ordered: down" if high else "ordered: up"]
    near, far = column.prop.top, column.prop.bottom
    if near and far:
        forms += FORMS["ordered: own words"] * 2
    if not high:
        near, far = far, near
    order = f"ORDER BY {name}.{column.name}{' DESC' if high else ''}"
    answer = f"{match} RETURN {name}.{table.key.name} {order}"
    words = {"first": first, "near": near, "far": far}
    return draw.pair(forms, answer, **words, **column.words, **table.words)


def _alphabetical(draw: Draw) -> Pair:
    table = draw.rng.choice(draw.schema.tables)
    match, name = node_pattern(table)
    key = f"{name}.{table.key.name}"
    return draw.pair(FORMS["alphabetical"], f"{match} RETURN {key} ORDER BY {key}", **table.words)


def _group_count(draw: Draw) -> Pair | None:
    spot = draw.spot(is_group)
    if spot is None:
        return None
    table, column = spot
    match, name = node_pattern(table)
    answer = f"{match} RETURN {name}.{column.name}, count({name})"
    return draw.pair(FORMS["count by group"], answer, **column.words, **table.words)


def _group_aggregate(draw: Draw) -> Pair | None:
    group, spot = draw.spot(is_group), draw.spot(is_number)
    if group is None or spot is None or group[0] != spot[0]:
        return None
    table, column = spot
    match, name = node_pattern(table)
    function, adjective = aggregate(draw.rng, column)
    answer = f"{match} RETURN {name}.{group[1].name}, {function}({name}.{column.name})"
    words = {"w": adjective, "group": group[1].prop.noun}
    return draw.pair(FORMS["aggregate by group"], answer, **words, **column.words, **table.words)


def _group_top(draw: Draw) -> Pair | None:
    spot = draw.spot(is_group)
    if spot is None:
        return None
    table, column = spot
    counts = Counter(row[column.name] for row in draw.schema.rows[table.label])
    if not clear(list(counts.values()), 1, high=True):
        return None
    match, name = node_pattern(table)
    ranked = f"WITH {name}.{column.name} AS value, count({name}) AS total"
    answer = f"{match} {ranked} ORDER BY total DESC LIMIT 1 RETURN value"
    return draw.pair(FORMS["top group"], answer, **column.words, **table.words)


NODE_KINDS: Final[tuple[tuple[Kind, float], ...]] = (
    (_all, 1),
    (_one_column, 1),
    (_two_columns, 1.5),
    (_distinct, 1.5),
    (_lookup, 2.5),
    (_where_equal, 3),
    (_where_compare, 3),
    (_where_spelled, 3),
    (_where_rarely, 2),
    (_where_column, 1.5),
    (_where_two, 3),
    (_count, 1),
    (_count_where, 3),
    (_aggregated, 2.5),
    (_aggregated_where, 2),
    (_top, 3),
    (_top_where, 1.5),
    (_ordered, 2),
    (_group_count, 2.5),
    (_group_aggregate, 2),
    (_group_top, 1),
)
"""How to ask, and how often."""
