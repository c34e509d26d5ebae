"""What tokens look like: whether they go on with a word, or begin one as names begin."""

from __future__ import annotations

from expertserve.prompt.tokenizer import Tokenizer

BLANKS = "Ġ▁"
"""How a byte-level tokenizer and SentencePiece write the blank before a word."""
BREAKS = ("\n", "Ċ", "<0x0A>")
CONTROLS = frozenset(map(chr, range(0x100, 0x121)))
"""How a byte-level tokenizer writes blanks, tabs, line breaks and the like."""


class Words:
    """A tokenizer's tokens, as drafts ask of them. Nothing is known of any without a tokenizer."""

    def __init__(self, tokenizer: Tokenizer | None = None) -> None:
        self._tokenizer = tokenizer
        self._pieces: dict[int, str] = {}
        self._bare: dict[int, int | None] = {}

    def _piece(self, token: int) -> str:
        piece = self._pieces.get(token)
        if piece is None:
            library = self._tokenizer.library if self._tokenizer else None
            piece = self._pieces[token] = (library and library.id_to_token(token)) or ""
        return piece

    def goes_on(self, token: int) -> bool:
        """Whether it goes on with the word before it."""
        first = self._piece(token)[:1]
        return (first.isalnum() or first == "_") and first not in CONTROLS

    def is_named(self, token: int) -> bool:
        """Whether it begins a word with a capital or a digit, after a blank or without one."""
        first = self._piece(token).lstrip(BLANKS)[:1]
        return (first.isupper() or first.isdigit()) and first not in CONTROLS

    def is_spaced(self, token: int) -> bool:
        """Whether it begins a word after a blank."""
        piece = self._piece(token)
        return len(piece) > 1 and piece[0] in BLANKS

    def is_blank(self, token: int) -> bool:
        """Whether it is nothing but blanks and line breaks."""
        piece = self._piece(token)
        return bool(piece) and all(c in CONTROLS or c in BLANKS or c.isspace() for c in piece)

    def is_number(self, token: int) -> bool:
        """Whether it is nothing but digits."""
        return self._piece(token).isdigit()

    def ends_word(self, token: int) -> bool:
        """Whether a word may end in it, so that the next one has a blank before it."""
        last = self._piece(token)[-1:]
        return last.isalnum() and last not in CONTROLS

    def breaks(self, token: int) -> bool:
        """Whether a line ends in it."""
        return any(mark in self._piece(token) for mark in BREAKS)

    def bare(self, token: int) -> int | None:
        """The same word without the blank before it."""
        if token not in self._bare:
            bare = None
            if self._tokenizer and self.is_spaced(token):
                bare = self._tokenizer.id_of(self._piece(token)[1:])
            self._bare[token] = bare
        return self._bare[token]
