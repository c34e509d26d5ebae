"""What probably comes next in an answer: seven sources, and how often each was right.

A draft is a guess. Whoever verifies it keeps the tokens that the model would have written, so that
a wrong one costs time and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from expertserve.decoding.drafts.copied import copied
from expertserve.decoding.drafts.earlier import earlier
from expertserve.decoding.drafts.forced import forced
from expertserve.decoding.drafts.habitual import habitual
from expertserve.decoding.drafts.placed import placed
from expertserve.decoding.drafts.predicted import predicted
from expertserve.decoding.drafts.value import value
from expertserve.decoding.drafts.writing import Writing

Source = Callable[[Writing], tuple[int, float] | None]
SOURCES: dict[str, Source] = {
    "grammar": forced,
    "prediction": predicted,
    "habits": habitual,
    "prompt": copied,
    "place": placed,
    "value": value,
    "history": earlier,
}
"""Surest first. Each gives the next token, and how likely it takes it to be."""
ENOUGH = 0.9
"""A guess this sure needs no second opinion."""
FORGETS = 0.98
PRIOR = 6.0
"""Guesses that a source's own opinion of itself weighs."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A token, who proposes it, and how likely it is."""

    token: int
    source: str
    claimed: float
    chance: float


@dataclass(slots=True)
class TrackRecord:
    """How often a source was right for one expert, compared with what it claimed."""

    claimed: float = PRIOR * 0.8
    right: float = PRIOR * 0.8

    def chance(self, claimed: float) -> float:
        return min(0.995, claimed * self.right / self.claimed)

    def note(self, claimed: float, right: bool) -> None:
        """Older guesses count less."""
        self.claimed = self.claimed * FORGETS + claimed
        self.right = self.right * FORGETS + right


@dataclass(slots=True)
class DraftTally:
    """Tokens drafted, and those of them that the model would have written."""

    drafted: int = 0
    accepted: int = 0


@dataclass(slots=True)
class Drafter:
    """Drafts for one expert's requests.

    Args:
        records: How right each source has been.
        off: Sources that are not asked.
    """

    records: dict[str, TrackRecord] = field(
        default_factory=lambda: {name: TrackRecord() for name in SOURCES}
    )
    off: frozenset[str] = frozenset()

    def draft(self, writing: Writing, room: int, bar: float) -> tuple[list[Guess], Guess | None]:
        """The tokens to verify, as long as each is likely enough to pay.

        Args:
            writing: As it stands; left as it was.
            room: The most tokens.
            bar: How likely the last of them must be to be reached and right.

        Returns:
            The draft; and the guess that wasn't sure enough to go on, so that the record of a
            source that isn't asked for drafts still gets better or worse.
        """
        draft: list[Guess] = []
        likely, rest = 1.0, None
        while len(draft) < max(room, 1):
            guess = self._guess(writing)
            if guess is None:
                break
            likely *= guess.chance
            if likely < bar or room < 1:
                rest = guess
                break
            if not writing.push(guess.token):
                break
            draft.append(guess)
            if guess.token in writing.ends:
                break
        writing.pop(len(draft))
        return draft, rest

    def _guess(self, writing: Writing) -> Guess | None:
        """The likeliest of what the sources propose; the first that is sure enough."""
        best: Guess | None = None
        for name, source in SOURCES.items():
            found = source(writing) if name not in self.off else None
            if found is None:
                continue
            token, claimed = found
            guess = Guess(token, name, claimed, self.records[name].chance(claimed))
            if best is None or guess.chance > best.chance:
                best = guess
            if best.chance >= ENOUGH:
                break
        return best

    def learn(
        self, draft: list[Guess], rest: Guess | None, said: list[int]
    ) -> dict[str, DraftTally]:
        """Compares a draft with what was said in its place; counts by source.

        Args:
            said: The draft's accepted part and the token after it.
        """
        counts: dict[str, DraftTally] = {}
        for i, guess in enumerate(draft):
            count = counts.setdefault(guess.source, DraftTally())
            count.drafted += 1
            if i >= len(said):
                continue
            right = guess.token == said[i]
            count.accepted += right
            self.records[guess.source].note(guess.claimed, right)
            if not right:
                said = said[:i]
        if rest is not None and len(said) > len(draft):
            self.records[rest.source].note(rest.claimed, rest.token == said[len(draft)])
        return counts
