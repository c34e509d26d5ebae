"""Drafts for everything that an engine is writing: what it knows of whom, and what pays."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from weakref import WeakValueDictionary

from expertserve.decoding.drafts.costs import Costs
from expertserve.decoding.drafts.drafter import SOURCES, Drafter, DraftTally, Guess
from expertserve.decoding.drafts.earlier import remember
from expertserve.decoding.drafts.habits import from_shapes
from expertserve.decoding.drafts.words import Words
from expertserve.decoding.drafts.writing import DraftLine, Known, Writing
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.errors import ExpertError
from expertserve.package.habits import DraftWish, read_habits
from expertserve.prompt.tokenizer import Tokenizer

log = logging.getLogger("expertserve")
KEPT = 256
"""Experts whose answers are remembered."""
SPELT = 4096
HOPELESS = 0.7
"""How sure a token would have to be where even looking for one costs more than it brings."""
WIDEST = 12
"""Tokens drafted for one request at most."""


@dataclass(slots=True)
class _Expert:
    """What is known of an expert, how right its sources were, and which token ends its answers."""

    known: Known = field(default_factory=Known)
    drafter: Drafter = field(default_factory=Drafter)
    end: int | None = None


@dataclass(slots=True, weakref_slot=True)
class _Totals:
    """What became of the drafts of a request's completions, by source."""

    tally: dict[str, DraftTally] = field(default_factory=dict)


@dataclass(slots=True)
class _Job:
    """A completion: its text, and what is drafted for it now."""

    expert: _Expert
    writing: Writing
    remembered: bool
    totals: _Totals
    least: float | None
    draft: list[Guess] = field(default_factory=list)
    rest: Guess | None = None


class Desk:
    """The completions that one engine writes. Not for several threads.

    Args:
        folder: Of the base model, whose tokenizer reads habits.
        vocabulary: What its tokens write; None where that can't be said.
    """

    def __init__(self, folder: Path, vocabulary: Callable[[], Vocabulary]) -> None:
        self.costs = Costs()
        self._tokenizer = Tokenizer(folder)
        self._words = Words(self._tokenizer)
        self._vocabulary = vocabulary
        self._experts: OrderedDict[str, _Expert] = OrderedDict()
        self._jobs: dict[str, _Job] = {}
        self._totals: WeakValueDictionary[str, _Totals] = WeakValueDictionary()
        self._spelt: dict[bytes, list[int]] = {}

    def begin(
        self, request: str, prompt: Sequence[int], ends: Sequence[int], wish: DraftWish
    ) -> None:
        """A completion begins.

        Args:
            ends: Tokens that end it.
        """
        expert = self._of(wish)
        writing = Writing(
            prompt,
            expert.known,
            ends=sorted(ends, key=lambda end: end != expert.end),
            prediction=wish.prediction,
            respell=self._respell,
            words=self._words,
        )
        totals = self._totals.setdefault(wish.request or request, _Totals())
        on = {"prediction": wish.prediction, "habits": wish.package, "history": wish.history}
        for source in SOURCES:
            if source != "grammar" and on.get(source, True):
                totals.tally.setdefault(source, DraftTally())
        self._jobs[request] = _Job(expert, writing, wish.history, totals, wish.least)

    def _of(self, wish: DraftWish) -> _Expert:
        expert = self._experts.get(wish.expert)
        if expert is None:
            expert = self._experts[wish.expert] = _Expert()
            if not wish.history:
                expert.drafter.off = frozenset({"history"})
            if wish.package:
                name = "expertserve-habits"
                Thread(target=self._load, args=(expert, wish.package), name=name).start()
            while len(self._experts) > KEPT:
                self._experts.popitem(last=False)
        self._experts.move_to_end(wish.expert)
        return expert

    def _load(self, expert: _Expert, package: Path) -> None:
        """In a thread of its own: requests don't wait for it."""
        try:
            shapes = read_habits(package)
            expert.known.habits = from_shapes(shapes, self._tokenizer.library)
        except (ExpertError, OSError) as error:
            log.warning("the habits in %s are not used: %s", package, error)

    def _respell(self, tokens: Sequence[int]) -> list[int]:
        """As the tokenizer spells the text of tokens that a mask engine chose."""
        vocabulary = self._vocabulary()
        text = b"".join(vocabulary.tokens[t] for t in tokens)
        if text not in self._spelt:
            if len(self._spelt) > SPELT:
                self._spelt.clear()
            self._spelt[text] = vocabulary.spell(text, self._tokenizer.encode_plain)
        return self._spelt[text]

    def draft(self, request: str, line: DraftLine | None, room: int, bar: float) -> list[int]:
        """Tokens to verify.

        Args:
            line: Its grammar's place.
            room: How many there may be.
            bar: What `Costs.bar` says; a wish of the request's own goes before it.
        """
        job = self._jobs[request]
        job.writing.line = line
        if line is not None:
            job.totals.tally.setdefault("grammar", DraftTally())
        if job.least is None and bar > HOPELESS:
            return []
        bar = bar if job.least is None else job.least
        job.draft, job.rest = job.expert.drafter.draft(job.writing, min(room, WIDEST), bar)
        return [guess.token for guess in job.draft]

    def settle(self, request: str, said: Sequence[int], verified: int) -> dict[str, DraftTally]:
        """Takes what a completion has said by now; what became of its drafts, by source.

        Args:
            said: All of it.
            verified: How many of the drafted tokens were in the step.
        """
        job = self._jobs[request]
        new = list(said[len(job.writing.said) :])
        draft = job.draft[:verified]
        rest = job.rest if len(draft) == len(job.draft) else None
        for source, found in job.expert.drafter.learn(draft, rest, new).items():
            tally = job.totals.tally.setdefault(source, DraftTally())
            tally.drafted += found.drafted
            tally.accepted += found.accepted
        for token in new:
            job.writing.add(token)
        job.draft, job.rest = [], None
        return job.totals.tally

    def end(self, request: str) -> None:
        """Forgets a request, and remembers its answer where that is wished. Idempotent."""
        job = self._jobs.pop(request, None)
        if job is None or not job.writing.said:
            return
        last = job.writing.said[-1]
        if last in job.writing.ends:
            job.expert.end = last
            if job.remembered:
                remember(job.writing)

    def __contains__(self, request: str) -> bool:
        return request in self._jobs
