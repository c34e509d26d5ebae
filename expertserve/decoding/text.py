"""Tokens → text: whole characters only, and nothing that may become a stop sequence."""

from __future__ import annotations

from collections.abc import Sequence

import tokenizers
from tokenizers.decoders import DecodeStream

from expertserve.request import Sampling


class TextStream:
    """One completion's text.

    Args:
        tokenizer: Decodes.
        prompt: The tokens before, which decide about a leading blank.
        sampling: Texts that end the answer, and whether they and special tokens are shown.
    """

    def __init__(
        self, tokenizer: tokenizers.Tokenizer, prompt: Sequence[int], sampling: Sampling
    ) -> None:
        self._tokenizer = tokenizer
        self._sampling = sampling
        self._stream = DecodeStream(
            ids=list(prompt), skip_special_tokens=sampling.skip_special_tokens
        )
        self._stops = sampling.stop
        self._held = ""
        self.stop: str | None = None

    def feed(self, token: int) -> tuple[str, bool]:
        """The text that may be shown now, and whether a stop sequence ended the answer."""
        self._held += self._step(token)
        found = [(self._held.find(stop), stop) for stop in self._stops if stop in self._held]
        if found:
            place, stop = min(found)
            self.stop = stop
            return self._held[: place + len(stop) * self._sampling.include_stop], True
        keep = held_back(self._held, self._stops)
        shown, self._held = (
            self._held[: len(self._held) - keep],
            self._held[len(self._held) - keep :],
        )
        return shown, False

    def _step(self, token: int) -> str:
        try:
            return self._stream.step(self._tokenizer, token) or ""
        except Exception as error:  # the library's bare one
            if "Invalid prefix" not in str(error):
                raise
            # What is shown isn't how the text begins any more: a byte that ended a text was the
            # beginning of something that is none.
            self._stream = DecodeStream(skip_special_tokens=self._sampling.skip_special_tokens)
            return self._stream.step(self._tokenizer, token) or ""

    def rest(self) -> str:
        """What was held back at an end without a stop sequence, less a partial character."""
        return self._held


def held_back(text: str, stops: Sequence[str]) -> int:
    """How many characters at the end of `text` may be the beginning of a stop sequence.

    Example:
        >>> held_back("SELECT 1 FR", [" FROM", ";"])
        3
    """
    longest = max((len(s) for s in stops), default=1) - 1
    for size in range(min(longest, len(text)), 0, -1):
        if any(stop.startswith(text[-size:]) for stop in stops):
            return size
    return 0
