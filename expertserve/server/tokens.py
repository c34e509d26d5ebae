"""Token ids → the texts and bytes that log-probabilities are reported with."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from expertserve.decoding.vocabulary import Vocabulary
from expertserve.errors import IncompatibleError
from expertserve.prompt.tokenizer import Tokenizer


class TokenTexts:
    """A tokenizer's vocabulary, read backwards. Costs one pass over it."""

    def __init__(self, folder: Path) -> None:
        self._names = {i: t for t, i in Tokenizer(folder).vocabulary.items()}
        try:
            self._bytes = Vocabulary.read(folder).tokens
        except (
            IncompatibleError
        ):  # neither byte-level nor byte-fallback: its tokens are written as they stand
            self._bytes = {}

    def bytes(self, token: int) -> bytes:
        """The text of a token, or a special token's name; nothing for an unknown id."""
        written = self._bytes.get(token)
        return self._names.get(token, "").encode() if written is None else written

    def join(self, tokens: Sequence[int]) -> str:
        """The text that tokens write together."""
        return b"".join(map(self.bytes, tokens)).decode("utf-8", "replace")

    def text(self, token: int) -> str:
        """The bytes as text; part of a character is shown as OpenAI does, `bytes:\\xe2\\x82`."""
        data = self.bytes(token)
        try:
            return data.decode()
        except UnicodeDecodeError:
            return "bytes:" + "".join(f"\\x{b:02x}" for b in data)


@lru_cache(maxsize=8)
def token_texts(folder: Path) -> TokenTexts:
    """The texts of the tokens of a folder's tokenizer, kept for the last few folders."""
    return TokenTexts(folder)
