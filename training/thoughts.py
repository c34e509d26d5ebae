"""Think blocks for lessons: three answers of four begin with a sentence about what is needed.

That is how published experts were trained: the block, then the bare answer; every fourth answer
stands alone, so that the expert can do without.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from training.task import Lesson, Pair

NAMES = re.compile(r"\b(?:FROM|JOIN)\s+(\w+)|\(\w*:(\w+)", re.IGNORECASE)
"""What a query reads: SQL's tables, or Cypher's labels."""
EVERY = 4
"""One answer in so many has no block."""


def thoughtful(lessons: Iterable[Lesson]) -> Iterator[Lesson]:
    """The same lessons, with a block before three answers of four.

    Example:
        >>> pairs = tuple(Pair("How many?", "SELECT COUNT(*) FROM lamps") for _ in range(2))
        >>> next(thoughtful([Lesson("", None, pairs)])).pairs[1].answer
        '<think>\\nI need lamps and COUNT.\\n</think>\\nSELECT COUNT(*) FROM lamps'
    """
    number = 0
    for lesson in lessons:
        pairs = []
        for pair in lesson.pairs:
            pairs.append(
                replace(pair, answer=_block(pair) + pair.answer) if number % EVERY else pair
            )
            number += 1
        yield replace(lesson, pairs=tuple(pairs))


def _block(pair: Pair) -> str:
    needed = [one or other for one, other in NAMES.findall(pair.answer)]
    needed += re.findall(r"\b(COUNT|SUM|AVG|MIN|MAX|GROUP BY|ORDER BY|WHERE)\b", pair.answer)
    named = list(dict.fromkeys(needed)) or ["what is asked"]
    listed = " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)
    return f"<think>\nI need {listed}.\n</think>\n"
