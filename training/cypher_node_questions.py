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
from training.task import Pair


def _all(draw: Draw) -> Pair:
    table = draw.rng.choice(draw.schema.tables)
    match, name = node_pattern(table)
    forms = (
        "List all {many}.",
        "Show every {one}.",
        "What are the {keys} of all {many}?",
        "Give me all {many}.",
        "Which {many} are there?",
        "Return the {keyname} of every {label}.",
    )
    return draw.pair(forms, f"{match} RETURN {name}.{table.key.name}", **table.words)


def _one_column(draw: Draw) -> Pair | None:
    spot = draw.spot(is_listed)
    if spot is None:
        return None
    table, column = spot
    match, name = node_pattern(table)
    forms = (
        "List the {nouns} of all {many}.",
        "What are the {nouns} of the {many}?",
        "Give me the {nouns} of all {many}.",
        "Show the {nouns} of the {many}.",
        "Return {column} for all {label} nodes.",
    )
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
    forms = (
        "List the {key} and {noun} of all {many}.",
        "Show the {key} and the {noun} of every {one}.",
        "For every {one}, give the {key} and the {noun}.",
        "List all {many} together with their {noun}.",
        "Return {keyname} and {column} of all {label} nodes.",
    )
    answer = f"{match} RETURN {name}.{table.key.name}, {name}.{column.name}"
    return draw.pair(forms, answer, noun=column.prop.noun, column=column.name, **table.words)


def _distinct(draw: Draw) -> Pair | None:
    spot = draw.spot(is_group)
    if spot is None:
        return None
    table, column = spot
    match, name = node_pattern(table)
    forms = (
        "What different {nouns} do the {many} have?",
        "List the distinct {nouns} of the {many}.",
        "Which unique {nouns} occur among the {many}?",
        "Which {nouns} do the {many} have, without repeats?",
        "List the {nouns} of the {many} without duplicates.",
    )
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
    forms: tuple[str, ...] = (
        "What is the {noun} of {e}?",
        "Give me the {noun} of {e}.",
        "Tell me the {noun} of {e}.",
        "Look up the {noun} of {e}.",
    )
    if column.type == "BOOL":
        forms = (
            "Is {e} {noun}?",
            "Tell me whether {e} is {noun}.",
            "Is it true that {e} is {noun}?",
            "Find out whether {e} is {noun}.",
        )
    forms += tuple(form.format("{e}") for form in column.prop.ask) * 2
    answer = f"{match} WHERE {name}.{table.key.name} = {literal(draw.key(table, at))} RETURN {name}.{column.name}"
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
        "Give me every {one} {f}."
        if not phrase.startswith(("who ", "that "))
        else "Give me all {many} {f}.",
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
    forms = (
        "What are the {nouns} of the {many} {f}?",
        "List the {nouns} of all {many} {f}.",
        "Give me the {nouns} of the {many} {f}.",
        "Show the {nouns} of {many} {f}.",
    )
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
    forms = (
        "List the {many} {f}.",
        "Find all {many} {f}.",
        "Show me the {many} {f}.",
        "Give me all {many} {f}.",
        "What are the {keys} of the {many} {f}?",
    )
    answer = f"{match} WHERE {early.on(name)} AND {late.on(name)} RETURN {name}.{table.key.name}"
    return draw.pair(forms, answer, f=phrase, **table.words)


def _count(draw: Draw) -> Pair:
    table = draw.rng.choice(draw.schema.tables)
    match, name = node_pattern(table)
    forms = (
        "How many {many} are there?",
        "Count all {many}.",
        "What is the number of {many}?",
        "How many {label} nodes are in the graph?",
        "Give me the total number of {many}.",
    )
    return draw.pair(forms, f"{match} RETURN count({name})", **table.words)


def _count_where(draw: Draw) -> Pair | None:
    table = draw.rng.choice(draw.schema.tables)
    made = draw_filter(draw.rng, draw.scope(table))
    if made is None:
        return None
    match, name = node_pattern(table)
    phrase = draw.rng.choice(made.phrases)
    said = predicate(made, phrase)
    forms: tuple[str, ...] = (
        "Count the {many} {f}.",
        "What is the number of {many} {f}?",
        "Give me the number of {many} {f}.",
        "Count all {many} {f}.",
    )
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
        forms: tuple[str, ...] = (
            "Which {one}{f} has {best}?",
            "What is the {key} of the {one}{f} with {best}?",
            "Find the {one}{f} with {best}.",
            "Name the {one}{f} with {best}.",
        )
        own: tuple[str, ...] = (
            "Which {one}{f} is the {adj}?",
            "What is the {key} of the {adj} {one}{f}?",
            "Find the {adj} {one}{f}.",
            "Name the {adj} {one}{f}.",
        )
        return forms + own * 2 if adjective else forms, words
    words["n"] = draw.number(count)
    forms = (
        "List the {n} {many}{f} with {best}.",
        "Which {n} {many}{f} have {best}?",
        "Find the {n} {many}{f} with {best}.",
    )
    forms += (
        "Give me the top {n} {many}{f} by {noun}."
        if high
        else "Give me the bottom {n} {many}{f} by {noun}.",
    )
    own = (
        "List the {n} {adj} {many}{f}.",
        "Which are the {n} {adj} {many}{f}?",
        "Show the {n} {adj} {many}{f}.",
        "Find the {n} {adj} {many}{f}.",
    )
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
        forms += (
            "List all {many} sorted by {noun}.",
            "Show the {many} in ascending order of {noun}.",
            "Show all {many} ordered by {noun}.",
        )
    ends = (column.prop.top, column.prop.bottom)
    if all(ends):
        forms += (f"List all {{many}} from {ends[not high]} to {ends[high]}.",) * 2
    answer = f"{match} RETURN {name}.{table.key.name} ORDER BY {name}.{column.name}{' DESC' if high else ''}"
    return draw.pair(forms, answer, noun=column.prop.noun, first=first, **table.words)


def _alphabetical(draw: Draw) -> Pair:
    table = draw.rng.choice(draw.schema.tables)
    match, name = node_pattern(table)
    forms = (
        "List all {many} in alphabetical order.",
        "List all {many} sorted by {key}.",
        "Show the {many} ordered by {key}.",
        "Show all {many} alphabetically by {key}.",
    )
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
    forms = (
        "How many {many} are there for each {noun}?",
        "Count the {many} per {noun}.",
        "Show the number of {many} by {noun}.",
        "For each {noun}, how many {many} are there?",
        "Give the number of {many} for every {noun}.",
    )
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
    forms = (
        "What is the {w} {noun} of the {many} for each {group}?",
        "Show the {w} {noun} of the {many} per {group}.",
        "For each {group}, what is the {w} {noun} of the {many}?",
        "Give the {w} {noun} of the {many} by {group}.",
    )
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
    forms = (
        "Which {noun} has the most {many}?",
        "Which {noun} is the most common among the {many}?",
        "What is the most frequent {noun} of the {many}?",
        "Find the {noun} with the most {many}.",
    )
    answer = f"{match} WITH {name}.{column.name} AS value, count({name}) AS total ORDER BY total DESC LIMIT 1 RETURN value"
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
