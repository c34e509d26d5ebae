"""A caller's wishes laid over the expert's defaults → one resolved request."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict

from expertserve.errors import ConfigError
from expertserve.prompt.format import Message, check_messages, check_text

if TYPE_CHECKING:
    import pydantic
    from outlines.types.dsl import Term

    from expertserve.grammar.recognise import Grammar

DEFAULT_MAX_TOKENS = 512
MAX_STOPS = 64


class SamplingArgs(TypedDict, total=False):
    """Keyword arguments of every `generate`; what is left out comes from the expert's manifest.

    temperature: 0 takes the likeliest token each time; the default where the manifest has none.
    top_p, top_k, min_p: Narrow the choice: by probability mass, by count (0 is off), by share of the likeliest token's probability.
    max_tokens: Bound on the answer. By default 512, or what the context leaves.
    stop: Texts that end the answer; they are cut off. Replaces the manifest's.
    seed: Makes sampling repeatable.
    repetition_penalty: Above 1 discourages tokens that were there already.
    logprobs: How many likeliest alternatives to report for each token; 0 reports the chosen one alone.
    n: How many answers to sample.
    """

    temperature: float
    top_p: float
    top_k: int
    min_p: float
    max_tokens: int
    stop: str | Sequence[str]
    seed: int
    repetition_penalty: float
    logprobs: int
    n: int


class PromptArgs(TypedDict, total=False):
    """Keyword arguments that shape the prompt.

    schema: Context for the question, such as DDL; stands in the system message.
    dialect: Stands above the schema; by default what the manifest's grammar type says (`sql-postgres` → `postgres`).
    system: A system message of your own, before dialect and schema.
    messages: A whole conversation instead of a prompt.
    thinking: False asks models that can think aloud not to.
    """

    schema: str
    dialect: str
    system: str
    messages: Sequence[Message]
    thinking: bool


class GrammarArgs(TypedDict, total=False):
    """Keyword arguments that constrain the answer. At most one of the first four; by default the expert's own grammar holds.

    grammar: GBNF as a text, a file as a `Path`, a `Grammar`, an Outlines term; None switches the expert's grammar off.
    json_schema: A JSON schema, or a pydantic model; `result.parsed` then holds the object.
    regex: The whole answer matches it.
    choice: The answer is one of these.
    restrict_to_schema: Table and column names are those of `schema=`.
    on_incomplete: "raise" makes a sentence that isn't complete a GrammarError; by default the result says so.
    allow_forced: False lets on_incomplete="raise" raise for an ending that we wrote, too.
    """

    grammar: str | Path | Grammar | Term | None
    json_schema: Mapping[str, object] | type[pydantic.BaseModel]
    regex: str
    choice: Sequence[str]
    restrict_to_schema: bool
    on_incomplete: Literal["return", "raise"]
    allow_forced: bool


class GenerateArgs(SamplingArgs, PromptArgs, GrammarArgs, total=False):
    """All that `generate` takes beside the prompt."""


def split_args(args: GenerateArgs) -> tuple[PromptArgs, SamplingArgs, GrammarArgs]:
    """`generate`'s keyword arguments → those that shape the prompt, those that constrain the answer, and the others."""
    prompt = {k: v for k, v in args.items() if k in PromptArgs.__annotations__}
    grammar = {k: v for k, v in args.items() if k in GrammarArgs.__annotations__}
    others = {k: v for k, v in args.items() if k not in prompt and k not in grammar}
    return PromptArgs(**prompt), SamplingArgs(**others), GrammarArgs(**grammar)  # type: ignore[typeddict-item]


def routed_by(prompt: str | None, args: GenerateArgs) -> tuple[str, str]:
    """What routing reads of a call: the last thing that the user said, and what goes with it (of which the shape counts, not the words).

    Raises:
        ConfigError: Something else than texts.
    """
    messages, schema, dialect = args.get("messages"), args.get("schema") or "", args.get("dialect")
    if messages is not None:
        check_messages(messages)
    said = prompt or next(
        (m["content"] for m in reversed(messages or ()) if m["role"] == "user"), ""
    )
    check_text("the prompt", said)
    check_text("schema", schema)
    return said, (f"Dialect: {dialect}\n" if dialect else "") + schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Resolved sampling: every value set and in range.

    Raises:
        ConfigError: A value is out of range, or two contradict each other.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    max_tokens: int = DEFAULT_MAX_TOKENS
    stop: tuple[str, ...] = ()
    stop_token_ids: tuple[int, ...] = ()
    seed: int | None = None
    repetition_penalty: float = 1.0
    logprobs: int | None = None
    n: int = 1
    ignore_eos: bool = False
    """Go on to `max_tokens` whatever the model says; for measurements."""

    def __post_init__(self) -> None:
        _number("temperature", self.temperature, 0, 2)
        _number("top_p", self.top_p, 0, 1, open_low=True)
        check_whole("top_k", self.top_k, 0, 1 << 31)
        _number("min_p", self.min_p, 0, 1)
        check_whole("max_tokens", self.max_tokens, 1, 1 << 31)
        _number("repetition_penalty", self.repetition_penalty, 0, 100, open_low=True)
        check_whole("n", self.n, 1, 128)
        if self.seed is not None:
            check_whole("seed", self.seed, -(1 << 63), (1 << 63) - 1)
        if self.logprobs is not None:
            check_whole("logprobs", self.logprobs, 0, 20)
        if len(self.stop) > MAX_STOPS or any(not isinstance(s, str) or not s for s in self.stop):
            raise ConfigError(
                f"stop must be at most {MAX_STOPS} texts, none of them empty", code="bad_sampling"
            )
        for stop in self.stop:
            check_text("stop", stop)
        if self.n > 1 and self.temperature == 0:
            raise ConfigError(
                f"n={self.n} answers at temperature 0 would all be the same",
                hint="raise temperature, or ask for one",
                code="bad_sampling",
            )


def _number(name: str, value: object, low: float, high: float, *, open_low: bool = False) -> None:
    sound = (
        isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    )  # a NaN is neither
    if not sound or (open_low and value == low):
        bounds = f"{'above' if open_low else 'from'} {low:g} to {high:g}"
        raise ConfigError(
            f"{name} must be a number {bounds}, not {_shown(value)}", code="bad_sampling"
        )


def check_whole(name: str, value: object, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ConfigError(
            f"{name} must be a whole number from {low} to {high}, not {_shown(value)}",
            code="bad_sampling",
        )


def _shown(value: object) -> str:
    """A value as it stands in a message: numbers of thousands of digits can't be written."""
    if isinstance(value, int) and value.bit_length() > 128:
        return "a number of very many digits"
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"


def nearest(name: str, names: Iterable[str]) -> str:
    """Which of these a name that isn't one of them was meant to be; empty where none is like it."""
    return next(iter(difflib.get_close_matches(name[:100], names, 1)), "")


def check_names(names: Iterable[str]) -> None:
    """Whether `generate` has arguments of these names.

    Raises:
        ConfigError: `bad_argument`, with the name that may be meant.
    """
    for name in names:
        if name not in GenerateArgs.__annotations__:
            near = nearest(name, GenerateArgs.__annotations__)
            hint = (
                f"did you mean {near}?"
                if near
                else "it takes " + ", ".join(GenerateArgs.__annotations__)
            )
            raise ConfigError(
                f"generate() has no argument {name!r}", hint=hint, code="bad_argument"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """A grammar as an engine gets it.

    Args:
        gbnf: The text, where `mask` is None.
        digest: SHA-256 of its canonical form.
        mask: The file of its compiled mask.
        engine: Which mask engine serves it.
    """

    gbnf: str
    digest: str
    mask: Path | None = None
    engine: Literal["glrmask", "xgrammar"] = "glrmask"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What an engine is asked to do: tokens in, an adapter, how to sample, a grammar to follow."""

    id: str
    prompt_token_ids: tuple[int, ...]
    sampling: Sampling
    adapter: str | None = None
    """The serving form's digest; None runs the base model alone."""
    constraint: Constraint | None = None
