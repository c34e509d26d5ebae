"""What each token of a tokenizer writes, in bytes: what masks are made over."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from expertserve.errors import IncompatibleError
from expertserve.files import read_bounded
from expertserve.prompt.tokenizer import FILE, MAX_VOCABULARY

BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")
SPACE = "\u2581"


@dataclass(frozen=True)
class Vocabulary:
    """Token id → bytes. Special and added tokens write nothing: they are never part of a sentence.

    Args:
        tokens: By id; the ids that are missing write nothing.
        specials: Those among them that the tokenizer has.
    """

    tokens: Mapping[int, bytes]
    specials: frozenset[int] = frozenset()

    @cached_property
    def bytes_written(self) -> frozenset[int]:
        """Bytes that are in some token."""
        return frozenset(b"".join(self.tokens.values()))

    @cached_property
    def digest(self) -> str:
        """SHA-256 over ids and bytes."""
        sha = hashlib.sha256()
        for i in sorted(self.tokens):
            sha.update(b"%d:%d:" % (i, len(self.tokens[i])) + self.tokens[i])
        return sha.hexdigest()

    def spell(self, data: bytes, encode: Callable[[str], list[int]]) -> list[int]:
        """Tokens that spell these bytes: the tokenizer's own, else the longest that fit.

        A SentencePiece tokenizer puts a blank before whatever it encodes, and no tokenizer encodes
        half a character. A byte that no token writes is left out.
        """
        with contextlib.suppress(UnicodeDecodeError):
            ids = encode(data.decode())
            if b"".join(self.tokens.get(i, b"") for i in ids) == data:
                return ids
        ids, longest, place = [], max(map(len, self._ids)), 0
        while place < len(data):
            size = next(
                (n for n in range(longest, 0, -1) if data[place : place + n] in self._ids), 0
            )
            ids += [self._ids[data[place : place + size]]] if size else []
            place += size or 1
        return ids

    @cached_property
    def _ids(self) -> dict[bytes, int]:
        """By what they write; the first of several."""
        return {data: i for i, data in sorted(self.tokens.items(), reverse=True) if data}

    @classmethod
    def read(cls, folder: Path) -> Vocabulary:
        """Reads `tokenizer.json`: byte-level BPE, or SentencePiece with byte fallback.

        Takes about 0.1 s for 50,000 tokens.

        Raises:
            IncompatibleError: `tokenizer_kind`, where tokens can't be expressed in bytes.
        """
        file = json.loads(read_bounded(folder / FILE, MAX_VOCABULARY))
        tokens = dict(_tokens(file))
        added = {token["id"] for token in file.get("added_tokens", ())}
        return cls(tokens, frozenset(added - tokens.keys()))


def _tokens(file: Mapping[str, Any]) -> Iterator[tuple[int, bytes]]:
    vocabulary = file["model"].get("vocab", {})
    pairs = (
        vocabulary.items()
        if isinstance(vocabulary, dict)
        else ((piece[0], i) for i, piece in enumerate(vocabulary))
    )
    added = {token["id"] for token in file.get("added_tokens", ())}
    kinds = set(_types(file.get("decoder")))
    if "ByteLevel" in kinds or "ByteLevel" in set(_types(file.get("pre_tokenizer"))):
        alphabet = byte_alphabet()
        for text, i in pairs:
            if i not in added and all(c in alphabet for c in text):
                yield i, bytes(alphabet[c] for c in text)
    elif "ByteFallback" in kinds or file["model"].get("byte_fallback"):
        for text, i in pairs:
            if i not in added:
                byte = BYTE_TOKEN.fullmatch(text)
                yield i, bytes([int(byte[1], 16)]) if byte else text.replace(SPACE, " ").encode()
    else:
        raise IncompatibleError(
            "grammars need a byte-level or byte-fallback tokenizer; this one is neither",
            hint="use another base model, or switch the grammar off with grammar=None",
            code="tokenizer_kind",
        )


def _types(part: object) -> Iterator[str]:
    """The types of a tokenizer's part, whole or in sequence."""
    if isinstance(part, dict):
        yield str(part.get("type"))
        for inner in part.get("decoders") or part.get("pretokenizers") or ():
            yield from _types(inner)


def byte_alphabet() -> dict[str, int]:
    """GPT-2's way of writing every byte as a printable character."""
    codes = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [b for b in range(256) if b not in codes]
    return {chr(b): b for b in codes} | {chr(256 + i): b for i, b in enumerate(rest)}
