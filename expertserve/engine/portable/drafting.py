"""Drafts in the portable engine: for a completion that runs alone.

The model reads the drafted tokens beside the last one, and each place's token is chosen as it would
be without them, by the same draws; the first that differs ends the step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from expertserve.decoding.compile import vocabulary_of
from expertserve.decoding.drafts.desk import Desk
from expertserve.decoding.line import GrammarLine
from expertserve.models import LocalModel
from expertserve.result import DraftCount

if TYPE_CHECKING:
    from expertserve.engine.portable.worker import Row


class Drafting:
    """What is drafted for the rows of one engine.

    Args:
        base: Whose tokenizer reads habits.
        longest: Tokens that a prompt and its answer may have.
    """

    def __init__(self, base: LocalModel, longest: int) -> None:
        self._desk = Desk(base.path, lambda: vocabulary_of(base.path))
        self._longest = longest

    def begin(self, row: Row) -> None:
        request = row.job.request
        if request.drafts:
            wish = replace(request.drafts, request=request.id)
            ends = sorted(row.choosing.ends)
            self._desk.begin(_name(row), request.prompt_token_ids, ends, wish)

    def draft(self, row: Row) -> list[int]:
        """Tokens to verify in a step of this row alone."""
        name, request = _name(row), row.job.request
        if name not in self._desk:
            return []
        room = min(
            request.sampling.max_tokens - row.written - 1,
            self._longest - request.prompt_length - row.written - 1,
        )
        guide = row.choosing.guide
        line = guide if isinstance(guide, GrammarLine) else None
        return self._desk.draft(name, line, room, self._desk.costs.bar(1)) if room > 0 else []

    def settle(self, row: Row, verified: int) -> tuple[DraftCount, ...]:
        """Takes what a step wrote; what became of the request's drafts so far.

        Args:
            verified: How many of the drafted tokens were in the step.
        """
        name = _name(row)
        if name not in self._desk:
            return ()
        tally = self._desk.settle(name, row.ids[row.choosing.prompt :], verified)
        return tuple(DraftCount(s, count.drafted, count.accepted) for s, count in tally.items())

    def measure(self, rows: int, drafted: int, seconds: float) -> None:
        """Takes what a step cost."""
        self._desk.costs.measure(rows, drafted, seconds)

    def end(self, rows: Sequence[Row]) -> None:
        """Forgets completions. Idempotent."""
        for row in rows:
            self._desk.end(_name(row))


def _name(row: Row) -> str:
    return f"{row.job.request.id}/{row.index}"
