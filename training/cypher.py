"""Questions over a small graph schema, answered with one Cypher query and judged by running it.

A lesson shows a schema and asks about it. Every schema is a variation (labels, spellings,
directions, and what is left out) of a hand-written domain; the domains of the two splits share no
label and no relationship type. The rows of a schema follow from its text alone, so the questions,
which mention values, and the judge, which has only the text, agree on what the database holds.

Answers keep one style, since a small model can learn one but not several:

* a node's variable is the first letter of its label in lower case, numbered from 2 where letters
  collide; a relationship's is `rel`;
* a pattern runs along its arrows; where the arrows disagree it starts at what is asked for;
* "which people" asks for the first STRING property of that label; conditions stand in the order in
  which the question states them;
* what is ranked or chosen by a count is counted in a WITH, so that nothing is returned but what is
  asked for;
* rows are not made distinct unless the question says so.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Final

from training.cypher_draw import Draw, Kind
from training.cypher_hop_questions import HOP_KINDS
from training.cypher_judge import correct, engine_of
from training.cypher_node_questions import NODE_KINDS
from training.cypher_schema import cost, draw_schema, read_schema
from training.cypher_world import TEST, TRAIN
from training.task import Lesson, Pair, Split

__all__ = ["correct", "lessons"]

_PAIRS: Final = 8
_ANSWER_TOKENS: Final = 46
_KINDS: Final = NODE_KINDS + HOP_KINDS


def lessons(split: Split, seed: int) -> Iterator[Lesson]:
    """Endless and deterministic. Of test, no question that a wrong answer would pass for right."""
    rng = random.Random(f"{split}:{seed}")
    domains = list(TRAIN if split == "train" else TEST)
    while True:
        rng.shuffle(domains)
        for domain in domains:
            text = draw_schema(rng, domain)
            accepts = _accepts_all if split == "train" else engine_of(text).tells
            pairs = _draw_pairs(Draw(rng, read_schema(text)), accepts)
            if len(pairs) == _PAIRS:
                yield Lesson(text, "cypher", pairs)


def _accepts_all(_: str) -> bool:
    return True


def _draw_pairs(draw: Draw, accepts: Callable[[str], bool]) -> tuple[Pair, ...]:
    """Pairs of different kinds as far as the schema allows."""
    found: dict[str, Pair] = {}
    for _round in range(3):
        for kind, _ in sorted(
            _KINDS, key=lambda item: draw.rng.random() ** (1 / item[1]), reverse=True
        ):
            pair = _try(draw, kind, accepts)
            if pair:
                found.setdefault(pair.question, pair)
            if len(found) == _PAIRS:
                return tuple(found.values())
    return tuple(found.values())


def _try(draw: Draw, kind: Kind, accepts: Callable[[str], bool]) -> Pair | None:
    for _ in range(5):
        pair = kind(draw)
        if pair and cost(pair.answer) <= _ANSWER_TOKENS and accepts(pair.answer):
            return Pair(_said(draw.rng, pair.question), pair.answer)
    return None


def _said(rng: random.Random, question: str) -> str:
    """People do not always bother with capitals and full stops."""
    if rng.random() < 0.06:
        return question[0].lower() + question[1:].rstrip(".?")
    return question[0].upper() + question[1:]
