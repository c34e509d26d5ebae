"""A request in the portable engine, and one of its completions in the batch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from expertserve.decoding.text import TextStream
from expertserve.engine.portable.adapters import RowAdapter
from expertserve.engine.portable.sampling import Choosing, Guide
from expertserve.errors import ExpertError
from expertserve.request import Request
from expertserve.result import Chunk, TokenLogprob


@dataclass(slots=True, eq=False)
class Job:
    """A request, and where its chunks go.

    Args:
        chunks: On the caller's event loop: chunks, an error, None at the end.
        cancelled: Set by the caller's thread, read between steps.
        rows: Completions that still run.
        scored: Log-probabilities of its prompt, until its first chunk tells them.
    """

    request: Request
    adapter: RowAdapter | None
    guides: Sequence[Guide | None]
    chunks: asyncio.Queue[Chunk | ExpertError | None]
    cancelled: bool = False
    rows: int = 0
    scored: tuple[TokenLogprob, ...] = ()


@dataclass(slots=True, eq=False)
class Row:
    """One completion in the batch."""

    job: Job
    index: int
    ids: list[int]
    text: TextStream
    choosing: Choosing
    written: int = 0
