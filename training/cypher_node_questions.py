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
from training.records import read_forms
from training.task import Pair

FORMS = read_forms("cypher_forms.jsonl")


def _all(draw: Draw) -> Pair:
    table = draw.rng.choice(draw.schema.tables)
    match, name = node_pattern(table)
    forms = FORMS["all"]
    return draw.pair(forms, f"{match} RETURN {name}.{table.key.name}", **table.words)


def _one_column(draw: Draw) -> Pair | None:
    spot = draw.spot(is_listed)
    if spot is None:
        return None
    table, column = spot
    match, name = node_pattern(table)
    forms = FORMS["one_column"]
    return draw.pair(
        listings(column, forms),
        f"{match} RETURN {name}.{column.name}",
        nouns=column.nouns,
        column=column.name,
        **table.words,
    )


def _two_columns(draw: Draw) -> Pair | None:
    spot = draw.spot(is_listed)
    if spot is None:
        return None
    table, column = spot
    match, name = node_pattern(table)
    forms = FORMS["two_columns"]
    answer = f"{match} RETURN {name}.{table.key.name}, {name}.{column.name}"
    return draw.pair(forms, answer, noun=column.prop.noun, column=column.name, **table.words)


def _distinct(draw: Draw) -> Pair | None:
    spot = draw.spot(is_group)
    if spot is None:
        return None
    table, column = spot
    match, name = node_pattern(table)
    forms = FORMS["distinct"]
    return draw.pair(
        forms,
        f"{match} RETURN DISTINCT {name}.{column.name}",
        noun=column.prop.noun,
        nouns=column.nouns,
        **table.words,
    )


def _lookup(draw: Draw) -> Pair | None:
    spot = draw.spot(lambda _: True)
    if spot is None:
        return None
    table, column = spot
    match, name = node_pattern(table)
    at = draw.rng.randrange(ROWS)
    shared = any(
        column.prop.noun == other.prop.noun
        for peer in draw.schema.tables
        if peer != table
        for other in peer.columns
    )
    who = draw.named(table, at, noun=shared)
    forms: tuple[str, ...] = FORMS["lookup"]
    if column.type == "BOOL":
        forms = FORMS["lookup_2"]
    forms += tuple(form.format("{e}") for form in column.prop.ask) * 2
    answer = (
        f"{match} WHERE {name}.{table.key.name} = {literal(draw.key(table, at))} RETURN"
        f" {name}.{column.name}"
    )
    return draw.pair(forms, answer, noun=column.prop.noun, e=who)


def _where(draw: Draw, makers: Sequence[Maker] = MAKERS) -> Pair | None:
    table = draw.rng.choice(draw.schema.tables)
    made = draw_filter(draw.rng, draw.scope(table), makers)
    if made is None:
        return None
    match, name = node_pattern(table)
    phrase = draw.rng.choice(made.phrases)
    said = predicate(made, phrase)
    forms: tuple[str, ...] = (
        "List the {many} {f}.",
        "Find all {many} {f}.",
        "Show me the {many} {f}.",
        (
            "Give me every {one} {f}."
            if not phrase.startswith(("who ", "that "))
            else "Give me all {many} {f}."
        ),
        "What are the {keys} of the {many} {f}?",
        "{many} {f}",
    )
    if said:
        forms += ("Which {many} {said}?",) * 3
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
    forms = FORMS["where_column"]
    answer = f"{match} WHERE {made.on(name)} RETURN {name}.{column.name}"
    return draw.pair(
        listings(column, forms),
        answer,
        f=draw.rng.choice(made.phrases),
        nouns=column.nouns,
        **table.words,
    )


def _where_two(draw: Draw) -> Pair | None:
    table = draw.rng.choice(draw.schema.tables)
    scope = draw.scope(table)
    first, second = (draw_filter(draw.rng, scope, PLAIN_MAKERS) for _ in range(2))
    if first is None or second is None or first.column == second.column:
        return None
    phrase, (early, late) = both(draw.rng, first, second)
    match, name = node_pattern(table)
    forms = FORMS["where_two"]
    answer = f"{match} WHERE {early.on(name)} AND {late.on(name)} RETURN {name}.{table.key.name}"
    return draw.pair(forms, answer, f=phrase, **table.words)


def _count(draw: Draw) -> Pair:
    table = draw.rng.choice(draw.schema.tables)
    match, name = node_pattern(table)
    forms = FORMS["count"]
    return draw.pair(forms, f"{match} RETURN count({name})", **table.words)


def _count_where(draw: Draw) -> Pair | None:
    table = draw.rng.choice(draw.schema.tables)
    made = draw_filter(draw.rng, draw.scope(table))
    if made is None:
        return None
    match, name = node_pattern(table)
    phrase = draw.rng.choice(made.phrases)
    said = predicate(made, phrase)
    forms: tuple[str, ...] = FORMS["count_where"]
    forms += ("How many {many} {said}?",) * 3 if said else ("How many {many} are there {f}?",)
    return draw.pair(
        forms,
        f"{match} WHERE {made.on(name)} RETURN count({name})",
        f=phrase,
        said=said or "",
        **table.words,
    )


AGGREGATE_FORMS: Final = (
    "What is the {w} {noun} of the {many}{f}?",
    "Compute the {w} {noun} of the {many}{f}.",
    "Give me the {w} {noun} of the {many}{f}.",
    "Find the {w} {noun} among the {many}{f}.",
)


def _aggregated(draw: Draw) -> Pair | None:
    spot = draw.spot(is_number)
    if spot is None:
        return None
    table, column = spot
    match, name = node_pattern(table)
    function, adjective = aggregate(draw.rng, column)
    forms = (*AGGREGATE_FORMS, "What is the {w} {noun} of all {many}{f}?")
    answer = f"{match} RETURN {function}({name}.{column.name})"
    return draw.pair(forms, answer, w=adjective, noun=column.prop.noun, f="", **table.words)


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
    return draw.pair(
        AGGREGATE_FORMS,
        answer,
        w=adjective,
        noun=column.prop.noun,
        f=" " + draw.rng.choice(made.phrases),
        **table.words,
    )


def _top_forms(
    draw: Draw, column: Column, count: int, *, high: bool
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Ways to ask for the first rows by a property; `{f}` is a filter or nothing."""
    adjective = column.prop.top if high else column.prop.bottom
    words = {"adj": adjective, "best": best(draw.rng, column, high=high), "noun": column.prop.noun}
    if count == 1:
        forms: tuple[str, ...] = FORMS["top_forms_3"]
        own: tuple[str, ...] = FORMS["top_forms_4"]
        return forms + own * 2 if adjective else forms, words
    words["n"] = draw.number(count)
    forms = FORMS["top_forms"]
    forms += (
        (
            "Give me the top {n} {many}{f} by {noun}."
            if high
            else "Give me the bottom {n} {many}{f} by {noun}."
        ),
    )
    own = FORMS["top_forms_2"]
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
    return draw.pair(
        forms,
        f"{match}{where} RETURN {name}.{table.key.name} {order}",
        f=phrase,
        **words,
        **table.words,
    )


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
    if not clear(
        [magnitude(row[column.name]) for row in draw.schema.rows[table.label]], ROWS - 1, high=True
    ):
        return None
    match, name = node_pattern(table)
    high = draw.rng.random() < 0.5
    first = extreme(draw.rng, column, high=high)
    forms: tuple[str, ...] = (
        "List all {many} by {noun}, {first} first.",
        "Order all {many} by {noun}, {first} first.",
    )
    if high:
        forms += (
            "List all {many} sorted by {noun} in descending order.",
            "Show the {many} in descending order of {noun}.",
        )
    else:
        forms += FORMS["ordered"]
    ends = (column.prop.top, column.prop.bottom)
    if all(ends):
        forms += (f"List all {{many}} from {ends[not high]} to {ends[high]}.",) * 2
    answer = (
        f"{match} RETURN {name}.{table.key.name} ORDER BY"
        f" {name}.{column.name}{' DESC' if high else ''}"
    )
    return draw.pair(forms, answer, noun=column.prop.noun, first=first, **table.words)


def _alphabetical(draw: Draw) -> Pair:
    table = draw.rng.choice(draw.schema.tables)
    match, name = node_pattern(table)
    forms = FORMS["alphabetical"]
    return draw.pair(
        forms,
        f"{match} RETURN {name}.{table.key.name} ORDER BY {name}.{table.key.name}",
        **table.words,
    )


def _group_count(draw: Draw) -> Pair | None:
    spot = draw.spot(is_group)
    if spot is None:
        return None
    table, column = spot
    match, name = node_pattern(table)
    forms = FORMS["group_count"]
    return draw.pair(
        forms,
        f"{match} RETURN {name}.{column.name}, count({name})",
        noun=column.prop.noun,
        **table.words,
    )


def _group_aggregate(draw: Draw) -> Pair | None:
    group, spot = draw.spot(is_group), draw.spot(is_number)
    if group is None or spot is None or group[0] != spot[0]:
        return None
    table, column = spot
    match, name = node_pattern(table)
    function, adjective = aggregate(draw.rng, column)
    forms = FORMS["group_aggregate"]
    answer = f"{match} RETURN {name}.{group[1].name}, {function}({name}.{column.name})"
    return draw.pair(
        forms, answer, w=adjective, noun=column.prop.noun, group=group[1].prop.noun, **table.words
    )


def _group_top(draw: Draw) -> Pair | None:
    spot = draw.spot(is_group)
    if spot is None:
        return None
    table, column = spot
    counts = Counter(row[column.name] for row in draw.schema.rows[table.label])
    if not clear(list(counts.values()), 1, high=True):
        return None
    match, name = node_pattern(table)
    forms = FORMS["group_top"]
    answer = (
        f"{match} WITH {name}.{column.name} AS value, count({name}) AS total ORDER BY total DESC"
        " LIMIT 1 RETURN value"
    )
    return draw.pair(forms, answer, noun=column.prop.noun, **table.words)


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
