"""What comes back: chunks while a request runs, an InferenceResult when it is done."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

FinishReason = Literal["stop", "length", "cancelled"]
"""`stop`: the model or a stop sequence; `length`: `max_tokens`; `cancelled`: the caller."""


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A token's log-probability, and the likeliest alternatives at its place."""

    token_id: int
    logprob: float
    top: tuple[tuple[int, float], ...] = ()
    """(token id, log-probability), likeliest first."""


@dataclass(frozen=True, slots=True)
class DraftCount:
    """Tokens that one source of drafts proposed, and those that the model would have written."""

    source: str
    drafted: int
    accepted: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one step added to a completion: no text while a character is partial.

    Args:
        reasoning: What it added to the think block's text.
        reasoning_tokens: How many of its tokens, the first ones, are the block's.
        kept: How many characters of its text, the first ones, are the block's.
    """

    text: str
    token_ids: tuple[int, ...]
    index: int = 0
    """Which of the request's `n` completions."""
    logprobs: tuple[TokenLogprob, ...] = ()
    finish_reason: FinishReason | None = None
    reasoning: str = ""
    reasoning_tokens: int = 0
    kept: int = 0
    prompt_logprobs: tuple[TokenLogprob, ...] = ()
    """Of the prompt's tokens from the second on; on the first chunk that has them."""
    cached_tokens: int = 0
    """Of the prompt: those that the engine remembered."""
    stop: str | None = None
    """The stop sequence that ended it, where one did."""
    drafts: tuple[DraftCount, ...] = ()
    """What became of the request's drafts so far, by source; empty where that is unchanged."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a reader has of an answer whose engine was lost, and that another is to go on with.

    Args:
        digest: Of the package that answers.
        resumed: How often another engine went on with it already.
    """

    digest: str
    token_ids: tuple[int, ...]
    text: str
    reasoning: str
    logprobs: tuple[TokenLogprob, ...]
    resumed: int = 0

    @classmethod
    def of(cls, digest: str, chunks: Sequence[Chunk], resumed: int = 0) -> Written:
        """Joins the chunks of one completion."""
        return cls(
            digest,
            tuple(t for c in chunks for t in c.token_ids),
            "".join(c.text for c in chunks),
            "".join(c.reasoning for c in chunks),
            tuple(p for c in chunks for p in c.logprobs),
            resumed,
        )


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens read and written; `completion_tokens` counts all `n` completions.

    Args:
        reasoning_tokens: How many of the latter are in think blocks.
    """

    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    """Of `prompt_tokens`: those that the engine remembered from earlier requests."""
    drafts: tuple[DraftCount, ...] = ()
    """What became of the tokens that were drafted, by each source that was on."""

    @property
    def prediction(self) -> DraftCount:
        """What became of the caller's `prediction`."""
        own = (count for count in self.drafts if count.source == "prediction")
        return next(own, DraftCount("prediction", 0, 0))

    @property
    def total_tokens(self) -> int:
        """Both together."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds, measured at the front end from the moment the request was accepted."""

    queue: float
    """Until the engine had it: loading an expert and starting the engine count."""
    first_token: float
    total: float
    load: float = 0.0
    """Of `queue`, how long the expert's adapter took to become resident; about 0 where it was."""
    hit: bool | None = None
    """Whether the adapter was in the engine already; None without one."""


@dataclass(frozen=True, slots=True)
class AdapterProof:
    """What was applied: the package asked for, not merely a name."""

    type: str
    rank: int
    modules: int
    """How many of the base model's linear layers it changes."""
    digest: str
    """SHA-256 of the serving form's weights."""


@dataclass(frozen=True, slots=True)
class SoftPromptProof:
    """The soft prompt that stood before the prompt."""

    name: str
    tokens: int
    digest: str
    """SHA-256 of its vectors in float32."""


@dataclass(frozen=True, slots=True)
class ExpertProof:
    """Which expert answered."""

    name: str
    version: str
    digest: str
    """SHA-256 of the package: of the archive's bytes, or of a folder's file list."""
    adapter: AdapterProof | None = None
    """None where the package brings no adapter."""
    soft_prompt: SoftPromptProof | None = None
    """None where none was asked for."""


@dataclass(frozen=True, slots=True)
class BaseModelProof:
    """Which base model it ran on."""

    name: str
    digest: str
    """SHA-256 over the weights, configuration and tokenizer files."""


@dataclass(frozen=True, slots=True)
class GrammarVerdict:
    """How a grammar was applied to one completion.

    Args:
        digest: SHA-256 of the grammar's canonical form.
        engine: Which mask engine enforced it.
        complete: Whether the text is a sentence of the grammar.
        forced_suffix: The part at the end that we wrote, not the model, because `max_tokens` would
            have cut the sentence.
        valid: What a parser of the language said, where the manifest asks for one; None where none
            was asked.
        parser: Which one.
        message: Its complaint.
    """

    digest: str
    engine: str
    complete: bool
    forced_suffix: str = ""
    valid: bool | None = None
    parser: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """One of a request's `n` answers.

    Args:
        reasoning: What stood in a think block before it; None without one.
        kept: The block as it stands at the beginning of `text`, where it was kept there.
        reasoning_tokens: How many of `token_ids`, the first ones, are the block's.
    """

    text: str
    token_ids: tuple[int, ...]
    finish_reason: FinishReason
    logprobs: tuple[TokenLogprob, ...] | None = None
    grammar: GrammarVerdict | None = None
    reasoning: str | None = None
    kept: str = ""
    reasoning_tokens: int = 0
    stop: str | None = None
    """The stop sequence that ended it, where one did."""

    @property
    def answer(self) -> str:
        """The text without a block that was kept in it."""
        return self.text[len(self.kept) :]


@dataclass(frozen=True, slots=True)
class Thought:
    """A completion's think block: its text, the block as it was kept in the text, its tokens."""

    text: str
    kept: str
    tokens: int


@dataclass(frozen=True, slots=True)
class InferenceResult:
    """An answer, and the proof of what gave it.

    `text`, `token_ids`, `finish_reason` and `logprobs` are those of the first completion; with
    ``n=`` above 1 all are in `completions`.

    Example:
        >>> from expertserve import Expert
        >>> from expertserve.engine.fake import FakeEngine
        >>> def engine():
        ...     return FakeEngine(lambda prompt: "SELECT 1")
        >>> expert = Expert.load(demo, engine=engine, base_model=base)
        >>> result = expert.generate("One, please")
        >>> result.text, result.finish_reason, result.usage.completion_tokens
        ('SELECT 1', 'stop', 3)
    """

    completions: tuple[Completion, ...]
    usage: Usage
    expert: ExpertProof
    base_model: BaseModelProof
    timing: Timing
    request_id: str = ""
    parsed: object = None
    """With `json_schema=`, the object, or the pydantic model; None if incomplete."""
    prompt_token_ids: tuple[int, ...] = ()
    """What the model read."""
    prompt_logprobs: tuple[TokenLogprob, ...] | None = None
    """Of the prompt's tokens from the second on; None where none were asked for."""
    resumed: int = 0
    """How often another engine went on with it, because the one before was lost."""

    @property
    def text(self) -> str:
        """Of the first completion, without stop sequences."""
        return self.completions[0].text

    @property
    def token_ids(self) -> tuple[int, ...]:
        """Of the first completion."""
        return self.completions[0].token_ids

    @property
    def finish_reason(self) -> FinishReason:
        """Of the first completion."""
        return self.completions[0].finish_reason

    @property
    def logprobs(self) -> tuple[TokenLogprob, ...] | None:
        """Of the first completion; None where none were asked for."""
        return self.completions[0].logprobs

    @property
    def reasoning(self) -> str | None:
        """What the first completion thought before its answer; None without a think block."""
        return self.completions[0].reasoning

    @property
    def applied(self) -> tuple[str, ...]:
        """What shaped the answer or its speed, by name: `adapter`, `soft_prompt`, `grammar`, and
        `drafts:SOURCE` for each source that drafts could come from.
        """
        parts = {
            "adapter": self.expert.adapter,
            "soft_prompt": self.expert.soft_prompt,
            "grammar": self.grammar,
        }
        named = tuple(name for name, part in parts.items() if part is not None)
        return (*named, *(f"drafts:{count.source}" for count in self.usage.drafts))

    @property
    def grammar(self) -> GrammarVerdict | None:
        """What became of the first completion's grammar; None without one."""
        return self.completions[0].grammar

    def to_dict(self) -> dict[str, object]:
        """Plain values for `json.dumps`, without what is None."""
        first, *others = [_plain(c) for c in self.completions]
        first["usage"] = {**_plain(self.usage), "total_tokens": self.usage.total_tokens}
        first |= {
            "expert": _plain(self.expert),
            "base_model": _plain(self.base_model),
            "timing": _plain(self.timing),
        }
        first["request_id"] = self.request_id
        if others:
            first["completions"] = [_plain(c) for c in self.completions]
        return first


def _plain(value: object) -> dict[str, object]:
    """A dataclass → a dictionary without the keys whose value is None."""
    assert dataclasses.is_dataclass(value) and not isinstance(value, type)
    return {k: v for k, v in dataclasses.asdict(value).items() if v is not None}
