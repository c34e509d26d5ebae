"""Text ↔ token ids by the `tokenizers` library, without transformers: reading a package must stay light."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expertserve.errors import IncompatibleError

if TYPE_CHECKING:
    import tokenizers

FILE = "tokenizer.json"


class Tokenizer:
    """A folder's tokenizer: `tokenizer.json`, and what `tokenizer_config.json` says about special tokens and the chat template.

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
        return self._load()

    @cached_property
    def _plain(self) -> tokenizers.Tokenizer:
        """Takes them for the characters that they are written with."""
        tokenizer = self._load()
        tokenizer.encode_special_tokens = True
        return tokenizer

    def _load(self) -> tokenizers.Tokenizer:
        import tokenizers

        try:
            return tokenizers.Tokenizer.from_file(str(self.folder / FILE))
        except Exception as error:  # the library raises bare Exception
            raise IncompatibleError(f"{self.folder / FILE} can't be read: {error}", code="bad_tokenizer") from error

    def encode(self, text: str) -> list[int]:
        """Token ids of template text: `<|im_end|>` is one token."""
        return list(self._whole.encode(text, add_special_tokens=False).ids)

    def encode_plain(self, text: str) -> list[int]:
        """Token ids of a user's text: `<|im_end|>` is ten characters."""
        return list(self._plain.encode(text, add_special_tokens=False).ids)

    def decode(self, ids: list[int]) -> str:
        """Text without special tokens."""
        return str(self._whole.decode(ids, skip_special_tokens=True))

    def decode_whole(self, ids: list[int]) -> str:
        """Text with special tokens."""
        return str(self._whole.decode(ids, skip_special_tokens=False))

    def id_of(self, token: str) -> int | None:
        return self._whole.token_to_id(token)

    @cached_property
    def special_tokens(self) -> tuple[str, ...]:
        """The texts that `encode` takes for special tokens, longest first."""
        added = self._whole.get_added_tokens_decoder().values()
        return tuple(sorted((t.content for t in added if t.special), key=len, reverse=True))

    @cached_property
    def vocabulary(self) -> dict[str, int]:
        """Token → id, added tokens included."""
        return dict(self._whole.get_vocab(with_added_tokens=True))

    def special(self, name: str) -> str:
        """The text of `bos_token`, `eos_token` …; empty where there is none."""
        value = self.config.get(name) or self._specials.get(name) or ""
        return str(value.get("content", "")) if isinstance(value, dict) else str(value)

    @cached_property
    def chat_template(self) -> str | None:
        """The folder's own chat template, from any of the three places where transformers keeps one."""
        file = self.folder / "chat_template.jinja"
        if file.is_file():
            return file.read_text(encoding="utf-8")
        template = self.config.get("chat_template") or _json(self.folder / "chat_template.json").get("chat_template")
        if isinstance(template, list):  # named templates
            named = {t.get("name"): t.get("template") for t in template if isinstance(t, dict)}
            template = named.get("default")
        return template if isinstance(template, str) else None


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise IncompatibleError(f"{path.name} is not valid JSON: {error}", code="bad_tokenizer") from error
    return value if isinstance(value, dict) else {}


def check_same_ids(package: Tokenizer, base: Tokenizer) -> None:
    """Refuses a package whose tokenizer gives any token another id than the base model's: its adapter would read noise.

    Raises:
        IncompatibleError: `tokenizer_mismatch`, with examples.
    """
    if (package.folder / FILE).read_bytes() == (base.folder / FILE).read_bytes():
        return
    ours, theirs = package.vocabulary, base.vocabulary
    moved = [(t, i, theirs.get(t)) for t, i in ours.items() if theirs.get(t) != i]
    missing = [t for t in theirs if t not in ours]
    if not moved and not missing:
        return
    shown = (
        ", ".join(f"{t!r} is {i} in the package, {j} in the base" for t, i, j in moved[:3])
        or f"the base has {missing[0]!r}, the package has not"
    )
    raise IncompatibleError(
        f"the package's tokenizer differs from the base model's in {len(moved) + len(missing):,} tokens: {shown}",
        hint="the expert was trained on another base model, or its vocabulary was extended; neither can be served on this one",
        code="tokenizer_mismatch",
    )
