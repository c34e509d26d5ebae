"""Whether a think block may stand before an answer, and what it may take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from expertserve.decoding.block import NEWLINES
from expertserve.decoding.compile import vocabulary_of
from expertserve.errors import ConfigError
from expertserve.package.asking import ReasoningSpec
from expertserve.request import ReasoningMode, ReasoningRule

if TYPE_CHECKING:
    from expertserve.expert import PreparedExpert

LOOKED_BACK = 32
"""Tokens at the end of a prompt that may hold an open block's tag."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a call and its expert say about reasoning.

    Args:
        keep: Leave the block in the text.
    """

    spec: ReasoningSpec
    keep: bool


def reasoning_wish(
    expert: PreparedExpert, mode: ReasoningMode | None, thinking: bool | None, *, grammar: bool
) -> Wish | None:
    """The call's word over the manifest's over what the template implies; None allows no block.

    A tokenizer that has the tag as a token implies it, for its model surely knows it; so does a
    template for reasoning models where a grammar would forbid the block.

    Raises:
        ConfigError: `bad_argument`.
    """
    if mode is not None and mode not in get_args(ReasoningMode):
        raise ConfigError(
            f"reasoning must be strip, keep or off, not {str(mode)[:60]!r}", code="bad_argument"
        )
    declared = expert.manifest.decoding.reasoning
    implied = declared == "optional" or (
        declared is None
        and (
            (grammar and expert.prompt.reasons)
            or expert.prompt.tokenizer.id_of(ReasoningSpec().open) is not None
        )
    )
    spec = declared if isinstance(declared, ReasoningSpec) else ReasoningSpec() if implied else None
    if mode == "off" or thinking is False or (spec is None and mode is None):
        return None
    spec = spec or ReasoningSpec()
    return Wish(spec, mode == "keep" or (mode is None and spec.show))


def reasoning_rule(
    expert: PreparedExpert,
    spec: ReasoningSpec,
    prompt: Sequence[int],
    *,
    max_tokens: int,
    answer: int,
) -> ReasoningRule | None:
    """The rule for one request; None where `max_tokens` has no room for a block.

    Args:
        prompt: Its tokens, which may end in an open block.
        answer: Tokens that the shortest answer takes.
    """
    open_id, close_id = _own_token(expert, spec.open), _own_token(expert, spec.close)
    begins = expert.prompt.tokenizer.decode_whole(list(prompt[-LOOKED_BACK:])).rstrip()
    rule = ReasoningRule(
        open=spec.open,
        close=spec.close,
        open_id=open_id,
        close_id=close_id,
        budget=min(spec.max_tokens or max_tokens, max_tokens // 2, max_tokens - answer - NEWLINES),
        closings=_closings(expert, spec.close, close_id),
        begun=begins.endswith(spec.open),
    )
    opened = 1 if open_id is not None else len(spec.open.encode())
    return rule if rule.begun or rule.budget > opened + rule.reserve else None


def _own_token(expert: PreparedExpert, tag: str) -> int | None:
    """The added token that a tag is; None where it is spelled by others."""
    found = expert.prompt.tokenizer.id_of(tag)
    return None if found in vocabulary_of(expert.base.path).tokens else found


def _closings(
    expert: PreparedExpert, close: str, close_id: int | None
) -> tuple[tuple[int, ...], ...]:
    """How the tag is written, on a line of its own, and from each of its bytes on."""
    vocabulary, encode = vocabulary_of(expert.base.path), expert.prompt.tokenizer.encode_plain
    if close_id is not None:
        return ((*vocabulary.spell(b"\n", encode), close_id),)
    whole, data = b"\n" + close.encode(), close.encode()
    rests = (whole, *(data[at:] for at in range(1, len(data))))
    return tuple(tuple(vocabulary.spell(rest, encode)) for rest in rests)
