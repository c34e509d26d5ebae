"""Text ↔ token ids by the `tokenizers` library, without transformers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expertserve.errors import IncompatibleError
from expertserve.files import check_not_pointer, decode_text, read_bounded

if TYPE_CHECKING:
    import tokenizers

FILE = "tokenizer.json"
MAX_CONFIG = 4 << 20
MAX_TEMPLATE = 1 << 20
MAX_VOCABULARY = 128 << 20


class Tokenizer:
    """A folder's tokenizer, special tokens and chat template.

    Args:
        folder: A package's or a base model's.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = _json(folder / "tokenizer_config.json")
        self._specials = _json(folder / "special_tokens_map.json")

    @cached_property
    def _whole(self) -> tokenizers.Tokenizer:
        """Takes special tokens' names for special tokens."""
        return _load(self.folder / FILE, plain=False)

    @cached_property
    def _plain(self) -> tokenizers.Tokenizer:
        """Takes them for the characters that they are written with."""
        return _load(self.folder / FILE, plain=True)

    @property
    def library(self) -> tokenizers.Tokenizer:
        """The library's own, which knows special tokens; for decoding streams."""
        return self._whole

    def encode(self, text: str) -> list[int]:
        """Token ids of template text: `<|im_end|>` is one token."""
        return _encode(self._whole, text)

    def encode_plain(self, text: str) -> list[int]:
        """Token ids of a user's text: `<|im_end|>` is ten characters."""
        return _encode(self._plain, text)

    def decode(self, ids: list[int]) -> str:
        """Text without special tokens."""
        return str(self._whole.decode(ids, skip_special_tokens=True))

    def decode_whole(self, ids: list[int]) -> str:
        """Text with special tokens."""
        return str(self._whole.decode(ids, skip_special_tokens=False))

    def id_of(self, token: str) -> int | None:
        return self._whole.token_to_id(token)

    def has(self, token_id: int) -> bool:
        """Whether an id stands for a token."""
        return 0 <= token_id < 1 << 31 and self._whole.id_to_token(token_id) is not None

    @cached_property
    def special_tokens(self) -> tuple[str, ...]:
        """The texts that `encode` takes for special tokens, longest first."""
        added = self._whole.get_added_tokens_decoder().values()
        return tuple(sorted((t.content for t in added if t.special), key=len, reverse=True))

    @cached_property
    def vocabulary(self) -> dict[str, int]:
        """Token → id, added tokens included."""
        return dict(self._whole.get_vocab(with_added_tokens=True))

    @cached_property
    def last_id(self) -> int:
        """The highest token id."""
        return max(self.vocabulary.values())

    def special(self, name: str) -> str:
        """The text of `bos_token`, `eos_token` …; empty where there is none."""
        value = self.config.get(name) or self._specials.get(name) or ""
        return str(value.get("content", "")) if isinstance(value, dict) else str(value)

    @cached_property
    def generation_ends(self) -> tuple[int, ...]:
        """What `generation_config.json` says ends a sequence: one id, or several."""
        named = _json(self.folder / "generation_config.json").get("eos_token_id")
        return tuple(i for i in (named if isinstance(named, list) else [named]) if type(i) is int)

    @cached_property
    def chat_template(self) -> str | None:
        """The folder's chat template, from any of transformers' three places."""
        file = self.folder / "chat_template.jinja"
        if file.is_file():
            return decode_text(read_bounded(file, MAX_TEMPLATE))
        template = self.config.get("chat_template") or _json(
            self.folder / "chat_template.json"
        ).get("chat_template")
        if isinstance(template, list):  # named templates
            template = next(
                (
                    t.get("template")
                    for t in template
                    if isinstance(t, dict) and t.get("name") == "default"
                ),
                None,
            )
        return template if isinstance(template, str) else None


def _load(file: Path, *, plain: bool) -> tokenizers.Tokenizer:
    try:
        found = file.stat()
    except OSError as error:
        raise _unreadable(file, error) from error
    return _build(file, found.st_mtime_ns, found.st_size, plain=plain)


@lru_cache(maxsize=8)
def _build(file: Path, changed: int, size: int, *, plain: bool) -> tokenizers.Tokenizer:
    """Shared by all experts of a base model: reading takes 0.1 to 3 s and holds the GIL."""
    import tokenizers

    if plain:
        tokenizer = _twin(_build(file, changed, size, plain=False))
    else:
        check_not_pointer(file)
        try:
            tokenizer = tokenizers.Tokenizer.from_file(str(file))
        except Exception as error:  # the library raises bare Exception
            raise _unreadable(file, error) from error
        tokenizer.no_truncation()  # training's truncation must not cut prompts
        tokenizer.no_padding()
    tokenizer.encode_special_tokens = plain
    return tokenizer


def _twin(tokenizer: tokenizers.Tokenizer) -> tokenizers.Tokenizer:
    """Another one on the same vocabulary, in a thousandth of the time that reading takes.

    Added tokens are numbered as they come, as the library does when it reads them.
    """
    import tokenizers

    twin = tokenizers.Tokenizer(tokenizer.model)
    for part in ("normalizer", "pre_tokenizer", "post_processor", "decoder"):
        if (own := getattr(tokenizer, part)) is not None:
            setattr(twin, part, own)
    added = tokenizer.get_added_tokens_decoder()
    twin.add_tokens([added[number] for number in sorted(added)])
    return twin


def _unreadable(file: Path, error: Exception) -> IncompatibleError:
    return IncompatibleError(f"{file} can't be read: {error}", code="bad_tokenizer")


@dataclass(frozen=True, slots=True)
class TokenTable:
    """The tokens of a `tokenizer.json`.

    Args:
        ids: Token → id, added tokens included.
        added: Those that were added to the model's own.
        special: Those of them that only templates write.
    """

    ids: Mapping[str, int]
    added: frozenset[str]
    special: frozenset[str]


def read_vocabulary(file: Path) -> TokenTable:
    """A `tokenizer.json`'s tokens, without building the tokenizer.

    Raises:
        IncompatibleError: It isn't one.
    """
    try:
        content = json.loads(read_bounded(file, MAX_VOCABULARY))
        words = content["model"]["vocab"]
        found = (
            dict(words)
            if isinstance(words, dict)
            else {token: i for i, (token, _) in enumerate(words)}
        )
        added = {t["content"]: t["id"] for t in content.get("added_tokens") or []}
        special = {t["content"] for t in content.get("added_tokens") or [] if t.get("special")}
        return TokenTable(found | added, frozenset(added), frozenset(special))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise IncompatibleError(
            f"{file.name} holds no vocabulary: {type(error).__name__}: {error}",
            code="bad_tokenizer",
        ) from error


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        value = json.loads(read_bounded(path, MAX_CONFIG))
    except (ValueError, RecursionError) as error:
        raise IncompatibleError(
            f"{path.name} is not valid JSON: {error}", code="bad_tokenizer"
        ) from error
    return value if isinstance(value, dict) else {}


def _encode(tokenizer: tokenizers.Tokenizer, text: str) -> list[int]:
    try:
        return list(tokenizer.encode(text, add_special_tokens=False).ids)
    except Exception as error:  # the library raises bare Exception
        raise IncompatibleError(
            f"the tokenizer can't encode this text: {error}", code="bad_tokenizer"
        ) from error
