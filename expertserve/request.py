"""What a call may ask for, and the resolved request that an engine gets."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict

from expertserve.errors import ConfigError
from expertserve.grammar.marks import Meaning, meant
from expertserve.grammar.names.scope import Names, names_of
from expertserve.package.habits import DraftWish
from expertserve.prompt.format import Message, check_messages, check_text

if TYPE_CHECKING:
    import pydantic
    from outlines.types.dsl import Term

    from expertserve.adapters.soft_prompt import SoftPrompt
    from expertserve.grammar.recognise import Grammar

DEFAULT_MAX_TOKENS = 512
ReasoningMode = Literal["strip", "keep", "off"]
Ground = Literal["values", "values-any-case", "off"]
MAX_STOPS = 64
MAX_TOKEN = (1 << 31) - 1


class SamplingArgs(TypedDict, total=False):
    """Keyword arguments of every `generate`; what is left out comes from the expert's manifest.

    temperature: 0 is greedy; the default where the manifest has none.
    top_p, top_k, min_p: Truncate the distribution: by probability mass, by count (0 is off), by
        share of the likeliest token's probability.
    max_tokens: Bound on the answer; by default 512, or what the context leaves.
    stop: Texts that end the answer and are cut off; instead of the manifest's.
    seed: Makes sampling repeatable.
    repetition_penalty: Above 1 penalises tokens that occurred before.
    presence_penalty, frequency_penalty: Above 0 penalise tokens that the answer has already, once
        or each time; from -2 to 2.
    logit_bias: By token id, from -100 to 100: what is added to a token's logit.
    min_tokens: So many tokens come before the answer may end.
    ignore_eos: The answer goes on to `max_tokens`, for measurements.
    stop_token_ids: Tokens that end the answer, beside the expert's own.
    allowed_token_ids: The only tokens that may come.
    bad_words: Texts that never come.
    skip_special_tokens: False shows special tokens in the text.
    include_stop: True leaves the stop sequence in the text.
    logprobs: Alternatives to report for each token; 0 reports the chosen one alone.
    prompt_logprobs: The same for the prompt's tokens.
    n: Answers to sample.
    """

    temperature: float
    top_p: float
    top_k: int
    min_p: float
    max_tokens: int
    stop: str | Sequence[str]
    seed: int
    repetition_penalty: float
    presence_penalty: float
    frequency_penalty: float
    logit_bias: Mapping[int, float]
    min_tokens: int
    ignore_eos: bool
    stop_token_ids: Sequence[int]
    allowed_token_ids: Sequence[int]
    bad_words: Sequence[str]
    skip_special_tokens: bool
    include_stop: bool
    logprobs: int
    prompt_logprobs: int
    n: int


class PromptArgs(TypedDict, total=False):
    """Keyword arguments that shape the prompt.

    schema: Context for the question, such as DDL, for the system message.
    dialect: Of the system message's line `Dialect: X`; by default the manifest's, or what its
        capabilities say. Empty leaves the line out.
    system: A system message of your own, before dialect and schema.
    soft_prompt: One of the expert's soft prompts by name, before everything else; by default the
        manifest's. Empty is none.
    messages: A whole conversation instead of a prompt.
    prompt_token_ids: Instead of a prompt, and read as they are, without a template.
    thinking: False turns a reasoning model's thinking off, where its template can.
    template_args: Further variables of the chat template.
    continue_final_message: The answer goes on where the last message, an assistant's, ends. Under a
        grammar the two together are the sentence.
    add_generation_prompt: False leaves out what the template writes before an answer.
    truncate_prompt_tokens: Only so many tokens of the prompt are read: the last ones, or with
        `truncation_side="right"` the first ones; -1: as many as the context holds.
    cache_salt: Only prompts with the same salt share what the engine remembers of prompts.
    """

    schema: str
    dialect: str
    system: str
    soft_prompt: str
    messages: Sequence[Message]
    prompt_token_ids: Sequence[int]
    thinking: bool
    template_args: Mapping[str, object]
    continue_final_message: bool
    add_generation_prompt: bool
    truncate_prompt_tokens: int
    truncation_side: Literal["left", "right"]
    cache_salt: str


class GrammarArgs(TypedDict, total=False):
    """Keyword arguments that constrain the answer: at most one of the first four.

    By default the expert's own grammar holds.

    grammar: GBNF as a text, a file as a `Path`, a `Grammar` or an Outlines term; None disables the
        expert's grammar.
    json_schema: A JSON schema, or a pydantic model; `result.parsed` then holds the object.
    strict: Objects of `json_schema` that don't say `additionalProperties` have none.
    regex: The whole answer matches it.
    choice: The answer is one of these.
    grammar_fix: "word-boundaries" asks for a blank wherever two words of the grammar would meet.
    restrict_to_schema: Names are those of `schema=`; by default as the manifest says.
    ground: "values": strings and numbers of the answer are spans of the user's text, word by word;
        "values-any-case": whatever the case of letters from A to Z; "off": as the grammar says.
    on_incomplete: "raise" raises GrammarError for an incomplete sentence; else the result says so.
    allow_forced: False makes on_incomplete="raise" raise for a forced ending, too.
    reasoning: What becomes of a think block before the answer: "strip" takes it out of the text,
        "keep" leaves it in, "off" allows none; by default as the manifest says.
    """

    grammar: str | Path | Grammar | Term | None
    json_schema: Mapping[str, object] | type[pydantic.BaseModel]
    strict: bool
    regex: str
    choice: Sequence[str]
    grammar_fix: Literal["word-boundaries"]
    restrict_to_schema: bool
    ground: Ground
    on_incomplete: Literal["return", "raise"]
    allow_forced: bool
    reasoning: ReasoningMode


class DraftArgs(TypedDict, total=False):
    """Keyword arguments of drafts, which change an answer's speed and nothing else.

    prediction: What the answer will probably be, such as a text that is to be changed a little.
    """

    prediction: str


class RouteArgs(TypedDict, total=False):
    """Keyword arguments of routing.

    fallback: "base" lets the base model answer what fits no expert, where the expert is `auto`.
    """

    fallback: Literal["base"]


class GenerateArgs(SamplingArgs, PromptArgs, GrammarArgs, DraftArgs, RouteArgs, total=False):
    """All that `generate` takes beside the prompt."""


def split_args(args: GenerateArgs) -> tuple[PromptArgs, SamplingArgs, GrammarArgs]:
    """`generate`'s arguments, by what they shape: prompt, sampling, grammar."""
    prompt = {k: v for k, v in args.items() if k in PromptArgs.__annotations__}
    grammar = {k: v for k, v in args.items() if k in GrammarArgs.__annotations__}
    known = {*prompt, *grammar, *DraftArgs.__annotations__, *RouteArgs.__annotations__}
    others = {k: v for k, v in args.items() if k not in known}
    return PromptArgs(**prompt), SamplingArgs(**others), GrammarArgs(**grammar)  # type: ignore[typeddict-item]


def check_fallback(args: GenerateArgs) -> bool:
    """Whether the base model may answer what fits no expert.

    Raises:
        ConfigError: `bad_argument`.
    """
    wanted = args.get("fallback")
    if wanted not in (None, "base"):
        raise ConfigError(
            f"fallback must be base, not {str(wanted)[:60]!r}",
            hint="leave it out to be told that no expert fits",
            code="bad_argument",
        )
    return wanted == "base"


def routed_by(prompt: str | None, args: GenerateArgs) -> tuple[str, str]:
    """What routing reads of a call: the user's last message, and its context.

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
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    logit_bias: tuple[tuple[int, float], ...] = ()
    logprobs: int | None = None
    prompt_logprobs: int | None = None
    n: int = 1
    min_tokens: int = 0
    ignore_eos: bool = False
    """Generate `max_tokens` regardless of EOS, for measurements."""
    allowed_token_ids: tuple[int, ...] | None = None
    bad_words: tuple[str, ...] = ()
    skip_special_tokens: bool = True
    include_stop: bool = False

    def __post_init__(self) -> None:
        check_number("temperature", self.temperature, 0, 2)
        check_number("top_p", self.top_p, 0, 1, open_low=True)
        check_whole("top_k", self.top_k, 0, 1 << 31)
        check_number("min_p", self.min_p, 0, 1)
        check_whole("max_tokens", self.max_tokens, 1, 1 << 31)
        check_number("repetition_penalty", self.repetition_penalty, 0, 100, open_low=True)
        check_number("presence_penalty", self.presence_penalty, -2, 2)
        check_number("frequency_penalty", self.frequency_penalty, -2, 2)
        check_whole("n", self.n, 1, 128)
        check_whole("min_tokens", self.min_tokens, 0, self.max_tokens)
        _check_tokens(self)
        if self.seed is not None:
            check_whole("seed", self.seed, -(1 << 63), (1 << 63) - 1)
        for name in ("logprobs", "prompt_logprobs"):
            if getattr(self, name) is not None:
                check_whole(name, getattr(self, name), 0, 20)
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


def _check_tokens(sampling: Sampling) -> None:
    """The values that name tokens or words."""
    for token, bias in sampling.logit_bias:
        check_whole("a token id of logit_bias", token, 0, MAX_TOKEN, param="logit_bias")
        check_number(f"logit_bias of {token}", bias, -100, 100, param="logit_bias")
    for name in ("stop_token_ids", "allowed_token_ids"):
        for token in getattr(sampling, name) or ():
            check_whole(f"a token id of {name}", token, 0, MAX_TOKEN, param=name)
    if sampling.allowed_token_ids == ():
        raise ConfigError("allowed_token_ids allows no token", code="bad_sampling")
    for word in sampling.bad_words:
        check_text("a word of bad_words", word)
        if not word:
            raise ConfigError("bad_words has an empty text", code="bad_sampling")


def check_number(
    name: str, value: object, low: float, high: float, *, open_low: bool = False, param: str = ""
) -> None:
    sound = (
        isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    )  # a NaN is neither
    if not sound or (open_low and value == low):
        bounds = f"{'above' if open_low else 'from'} {low:g} to {high:g}"
        raise ConfigError(
            f"{name} must be a number {bounds}, not {_shown(value)}",
            code="bad_sampling",
            param=param or name,
        )


def check_whole(name: str, value: object, low: int, high: int, *, param: str = "") -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ConfigError(
            f"{name} must be a whole number from {low} to {high}, not {_shown(value)}",
            code="bad_sampling",
            param=param or name,
        )


def _shown(value: object) -> str:
    """A value as a message shows it, bounded in length."""
    if isinstance(value, int) and value.bit_length() > 128:
        return "a number of very many digits"
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"


def nearest(name: str, names: Iterable[str]) -> str:
    """The most similar of the names; empty without one."""
    return next(iter(difflib.get_close_matches(name[:100], names, 1)), "")


def check_names(names: Iterable[str]) -> None:
    """Checks the names of `generate`'s arguments.

    Raises:
        ConfigError: `bad_argument`, with the nearest name.
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
class ReasoningRule:
    """A block of reasoning that may stand before an answer, as an engine takes it.

    Args:
        open, close: Its tags.
        open_id, close_id: The tags' tokens where each is one token; then nothing else is a tag.
        budget: Tokens that it may have, tags included.
        closings: The tokens that close it, by how many bytes of the closing tag stand there.
        begun: Whether the prompt ends in an open block.
    """

    open: str
    close: str
    open_id: int | None = None
    close_id: int | None = None
    budget: int
    closings: tuple[tuple[int, ...], ...]
    begun: bool = False

    @property
    def reserve(self) -> int:
        """Tokens that closing it takes at most."""
        return max(map(len, self.closings))


FREE = "free"
"""The engine of a constraint without a grammar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """A grammar, as an engine takes it.

    Args:
        gbnf: The text, where `mask` is None.
        digest: SHA-256 of its canonical form.
        mask: The file of its compiled mask.
        engine: Which mask engine serves it: `glrmask`, what serves the grammars it refuses, or
            `FREE` where there is no grammar.
        reasoning: What may stand before the sentence.
        begun: Tokens of the sentence that the prompt ends with already.
        marks: What the grammar's marks mean, by their numbers.
        source, names: What spans and names are taken from.
    """

    gbnf: str
    digest: str
    mask: Path | None = None
    engine: str = "glrmask"
    reasoning: ReasoningRule | None = None
    begun: tuple[int, ...] = ()
    marks: tuple[tuple[int, Meaning], ...] = ()
    source: str = ""
    names: Names | None = None

    def as_json(self) -> str:
        """For another process, see `of_json`."""
        marks = [[number, str(what), getattr(what, "id", None)] for number, what in self.marks]
        mask = None if self.mask is None else str(self.mask)
        return json.dumps(asdict(self) | {"mask": mask, "marks": marks})

    @classmethod
    def of_json(cls, text: str) -> Constraint:
        """What `as_json` wrote."""
        given = json.loads(text)
        rule = given["reasoning"]
        if rule:
            rule["closings"] = tuple(map(tuple, rule["closings"]))
        return cls(
            **given
            | {
                "mask": Path(given["mask"]) if given["mask"] else None,
                "reasoning": ReasoningRule(**rule) if rule else None,
                "begun": tuple(given["begun"]),
                "marks": tuple((n, meant(what, token)) for n, what, token in given["marks"]),
                "names": names_of(given["names"]),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What an engine runs: prompt tokens, an adapter, sampling, a grammar."""

    id: str
    prompt_token_ids: tuple[int, ...]
    sampling: Sampling
    adapter: str | None = None
    """The serving form's digest; None runs the base model alone."""
    constraint: Constraint | None = None
    cache_salt: str | None = None
    soft_prompt: SoftPrompt | None = None
    drafts: DraftWish | None = None
    """None where no drafts are made."""
    written: int = 0
    """Tokens at the prompt's end that are the answer's; `sampling` is for the rest of it."""

    @property
    def prompt_length(self) -> int:
        """Places of the prompt in the context: its tokens, and the soft prompt's vectors."""
        soft = self.soft_prompt.tokens if self.soft_prompt else 0
        return soft + len(self.prompt_token_ids)
