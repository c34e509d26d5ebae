"""Fields that chat and completions share: OpenAI's, vLLM's, llama.cpp's and ours.

Null is absence, and what has no meaning here is ignored by name, never in silence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

from expertserve.errors import ConfigError
from expertserve.request import GenerateArgs
from expertserve.server.problems import Refusal

KINDS = ("grammar", "json_schema", "regex", "choice")
OFF = "off"
"""As `grammar`: none, not even the expert's own."""
TokenIds = Annotated[list[int], Field(max_length=100_000)]
Schema = dict[str, Any]
MAX_IGNORED = 20
TOKEN_ID = re.compile(r"-?[0-9]{1,18}", re.ASCII)


class Wire(BaseModel):
    """What comes over the wire: null is absence, and unknown keys are kept to be named."""

    model_config = ConfigDict(
        extra="allow", populate_by_name=True, hide_input_in_errors=True, protected_namespaces=()
    )

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        return {k: v for k, v in data.items() if v is not None}

    def unknown(self, place: str = "") -> Iterator[str]:
        """The paths of keys that nobody here knows."""
        yield from (f"{place}{key}" for key in self.model_extra or ())
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, Wire):
                yield from value.unknown(f"{place}{name}.")


class Tolerant(Wire):
    """A part of OpenAI's messages and tools, which grow keys that change no answer."""

    model_config = ConfigDict(extra="ignore")


class StreamOptions(Wire):
    """What a stream tells beside its text."""

    include_usage: Annotated[bool, Field(description="A last event has the usage.")] = False
    continuous_usage_stats: Annotated[
        bool, Field(description="With include_usage, every event has the usage so far.")
    ] = False
    include_obfuscation: Annotated[bool, Field(description="Ignored.")] = False


class StructuredOutputs(Wire):
    """vLLM's way of asking for a grammar: exactly one of these."""

    json_: Annotated[
        Schema | str | None, Field(alias="json", description="A JSON schema, or its text.")
    ] = None
    regex: Annotated[str | None, Field(description="The whole answer matches it.")] = None
    choice: Annotated[list[str] | None, Field(description="The answer is one of these.")] = None
    grammar: Annotated[str | None, Field(description="GBNF.")] = None
    json_object: Annotated[bool | None, Field(description="Any JSON object.")] = None
    structural_tag: Annotated[str | None, Field(description="Refused.")] = None
    disable_any_whitespace: Annotated[bool | None, Field(description="Ignored.")] = None
    disable_additional_properties: Annotated[bool | None, Field(description="Ignored.")] = None
    whitespace_pattern: Annotated[str | None, Field(description="Ignored.")] = None


class Fields(Wire):
    """What both endpoints take. What is left out comes from the expert's manifest."""

    ignores: ClassVar[tuple[str, ...]] = (
        "user", "metadata", "store", "service_tier", "prompt_cache_key", "prompt_cache_retention",
        "safety_identifier", "priority", "request_id", "length_penalty", "early_stopping",
        "spaces_between_special_tokens", "cache_prompt", "id_slot",
        "guided_decoding_backend", "guided_whitespace_pattern",
    )  # fmt: skip
    """Fields of others that change no answer here."""
    refuses: ClassVar[Mapping[str, str]] = {
        "use_beam_search": "answers are sampled; raise n, and choose",
        "logits_processors": "code of a request never runs; see logit_bias and grammar",
        "typical_p": "see min_p and top_p",
        "mirostat": "see min_p and temperature",
    }
    """Fields that would change the answer and that there is no equal for, with what there is."""

    model: Annotated[
        str,
        Field(max_length=300, description="An expert's name, the base model's name, or `auto`."),
    ]
    stream: Annotated[bool, Field(description="Answer with events as the text comes.")] = False
    stream_options: Annotated[
        StreamOptions | None, Field(description="What a stream tells beside its text.")
    ] = None
    n: Annotated[int | None, Field(ge=1, le=128, description="Answers to sample.")] = None
    temperature: Annotated[float | None, Field(description="0 is greedy; up to 2.")] = None
    top_p: Annotated[
        float | None, Field(description="Choose among the likeliest with this mass together.")
    ] = None
    max_tokens: Annotated[int | None, Field(ge=0, description="Bound on the answer.")] = None
    stop: Annotated[
        str | list[str] | None, Field(description="Texts that end the answer and are cut off.")
    ] = None
    seed: Annotated[int | None, Field(description="Makes sampling repeatable.")] = None
    presence_penalty: Annotated[
        float | None, Field(description="Above 0 penalises tokens the answer has already.")
    ] = None
    frequency_penalty: Annotated[
        float | None, Field(description="The same for each time it has them.")
    ] = None
    logit_bias: Annotated[
        dict[str, float] | None, Field(description="By token id, from -100 to 100.")
    ] = None
    user: Annotated[str | None, Field(description="Ignored.")] = None

    # ours
    top_k: Annotated[
        int | None, Field(description="Choose among so many likeliest tokens; 0 or -1: all.")
    ] = None
    min_p: Annotated[
        float | None, Field(description="Leave out what is this much less likely.")
    ] = None
    repetition_penalty: Annotated[
        float | None,
        Field(description="Above 1 penalises tokens of prompt and answer; or repeat_penalty."),
    ] = None
    schema_: Annotated[
        str | None, Field(alias="schema", description="Context for the question, such as DDL.")
    ] = None
    dialect: Annotated[
        str | None, Field(description="Stands above the schema, such as `postgres`.")
    ] = None
    soft_prompt: Annotated[
        str | None,
        Field(description="One of the expert's soft prompts by name; empty: none."),
    ] = None
    grammar: Annotated[
        str | None,
        Field(description="GBNF that the answer follows; `off` switches the expert's own off."),
    ] = None
    regex: Annotated[str | None, Field(description="The whole answer matches it.")] = None
    choice: Annotated[
        list[str] | None,
        Field(min_length=1, max_length=1000, description="The answer is one of these."),
    ] = None
    json_schema: Annotated[
        Schema | None, Field(description="The short way to response_format json_schema.")
    ] = None
    grammar_fix: Annotated[
        Literal["word-boundaries"] | None,
        Field(description="A blank wherever two words of the grammar would meet."),
    ] = None
    fallback: Annotated[
        Literal["base"] | None,
        Field(description="With `auto`: the base model answers what fits no expert."),
    ] = None
    reasoning: Annotated[
        Literal["strip", "keep", "off"] | None,
        Field(description="A think block before the answer: apart from it, in it, or none."),
    ] = None
    restrict_to_schema: Annotated[
        bool | None,
        Field(description="Names are those of `schema`; by default as the package says."),
    ] = None
    ground: Annotated[
        Literal["values", "values-any-case", "off"] | None,
        Field(description="Strings and numbers of the answer are spans of the user's text."),
    ] = None
    thinking: Annotated[
        bool | None, Field(description="False turns a reasoning model's thinking off.")
    ] = None

    # vLLM's
    structured_outputs: Annotated[
        StructuredOutputs | None, Field(description="vLLM's way of asking for a grammar.")
    ] = None
    guided_json: Annotated[Schema | str | None, Field(description="As json_schema.")] = None
    guided_regex: Annotated[str | None, Field(description="As regex.")] = None
    guided_choice: Annotated[list[str] | None, Field(description="As choice.")] = None
    guided_grammar: Annotated[str | None, Field(description="As grammar.")] = None
    min_tokens: Annotated[
        int | None, Field(ge=0, description="So many tokens come before the answer may end.")
    ] = None
    ignore_eos: Annotated[bool | None, Field(description="Go on to max_tokens.")] = None
    stop_token_ids: Annotated[
        TokenIds | None, Field(description="Tokens that end the answer, beside the expert's.")
    ] = None
    allowed_token_ids: Annotated[
        TokenIds | None, Field(description="The only tokens that may come.")
    ] = None
    bad_words: Annotated[
        list[str] | None, Field(max_length=1000, description="Texts that never come.")
    ] = None
    skip_special_tokens: Annotated[
        bool | None, Field(description="False shows special tokens in the text.")
    ] = None
    include_stop_str_in_output: Annotated[
        bool | None, Field(description="True leaves the stop text in the answer.")
    ] = None
    truncate_prompt_tokens: Annotated[
        int | None, Field(ge=-1, description="Read so many tokens of the prompt; -1: what fits.")
    ] = None
    truncation_side: Annotated[
        Literal["left", "right"] | None, Field(description="Which end of the prompt is cut.")
    ] = None
    prompt_logprobs: Annotated[
        int | None, Field(ge=0, le=20, description="Log-probabilities of the prompt's tokens.")
    ] = None
    return_token_ids: Annotated[
        bool | None, Field(description="Token ids of prompt and answer beside the text.")
    ] = None
    return_tokens_as_token_ids: Annotated[
        bool | None, Field(description="Write tokens of log-probabilities as `token_id:7`.")
    ] = None
    cache_salt: Annotated[
        str | None,
        Field(min_length=1, max_length=1000, description="Share cached prompts with it alone."),
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _others_names(cls, data: object) -> object:
        """llama.cpp's names for what has another one here."""
        if not isinstance(data, dict):
            return data
        found = dict(data)
        for theirs, ours in (("n_predict", "max_tokens"), ("repeat_penalty", "repetition_penalty")):
            value = found.pop(theirs, None)
            if value is not None and value != -1:
                found.setdefault(ours, value)
        return found

    @property
    def known_but_ignored(self) -> list[str]:
        """Fields of this request that have no meaning here."""
        given = {**dict.fromkeys(self.model_fields_set), **(self.model_extra or {})}
        return [name for name in self.ignores if name in given]

    def ignored(self) -> list[str]:
        """Everything that is ignored, nobody's fields first.

        Raises:
            Refusal: A field that can't be ignored.
        """
        extra = self.model_extra or {}
        for name, instead in self.refuses.items():
            if extra.get(name):
                raise unsupported(name, instead)
        return self.nobodys + self.known_but_ignored

    @property
    def nobodys(self) -> list[str]:
        """Fields of this request that nobody knows."""
        return [n for n in self.unknown() if n not in self.ignores]

    @property
    def include_usage(self) -> bool:
        return bool(self.stream_options and self.stream_options.include_usage)

    @property
    def continuous_usage(self) -> bool:
        return self.include_usage and bool(
            self.stream_options and self.stream_options.continuous_usage_stats
        )

    def args(self) -> GenerateArgs:
        """What the caller set, under the core's names.

        Raises:
            ConfigError: Two grammars, or stream_options without a stream.
        """
        if self.stream_options and not self.stream:
            raise Refusal(
                "stream_options are for streams",
                status=400,
                hint="leave them out, or pass stream: true",
                code="bad_argument",
                param="stream_options",
            )
        values: dict[str, object] = {
            name: getattr(self, name)
            for name in GenerateArgs.__annotations__
            if name in type(self).model_fields
        }
        values |= {
            "max_tokens": self.max_tokens or None,
            "top_k": 0 if self.top_k == -1 else self.top_k,
            "stop": self.stop or None,
            "schema": self.schema_,
            "logit_bias": _biases(self.logit_bias) or None,
            "bad_words": self.bad_words or None,
            "include_stop": self.include_stop_str_in_output,
            **dict.fromkeys(KINDS),
        }
        found = {k: v for k, v in values.items() if v is not None}
        found |= self._constraint()
        return cast(GenerateArgs, found)

    def _constraint(self) -> dict[str, object]:
        """The one grammar that is asked for; None for none, where that was said."""
        outputs = self.structured_outputs or StructuredOutputs()
        if outputs.structural_tag:
            raise unsupported(
                "structural_tag", "write it as a grammar", "structured_outputs.structural_tag"
            )
        asked = [
            ("grammar", None if self.grammar in ("", OFF) else self.grammar),
            ("regex", self.regex),
            ("choice", self.choice),
            ("json_schema", self.json_schema),
            ("json_schema", read_schema(self.guided_json, "guided_json")),
            ("regex", self.guided_regex),
            ("choice", self.guided_choice),
            ("grammar", self.guided_grammar),
            ("json_schema", read_schema(outputs.json_, "structured_outputs.json")),
            ("regex", outputs.regex),
            ("choice", outputs.choice),
            ("grammar", outputs.grammar),
            ("json_schema", {"type": "object"} if outputs.json_object else None),
        ]
        found = [(kind, value) for kind, value in asked if value is not None]
        if len(found) > 1:
            raise ConfigError(
                f"{found[0][0]} and {found[1][0]} are both given; one grammar holds at a time",
                hint="pass one of grammar, json_schema, regex, choice",
                code="bad_argument",
            )
        return dict(found) or ({"grammar": None} if self.grammar == OFF else {})


def read_schema(given: object, place: str) -> Schema | None:
    """A JSON schema, also as a text.

    Raises:
        Refusal: It is none.
    """
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            given = 0
    if given is None or isinstance(given, dict):
        return given
    raise Refusal(
        f"{place} is not a JSON schema: an object is expected",
        status=400,
        code="bad_argument",
        param=place,
    )


def _biases(given: Mapping[str, float] | None) -> dict[int, float]:
    wrong = [token for token in given or () if not TOKEN_ID.fullmatch(token)]
    if wrong:
        shown = ", ".join(repr(token[:40]) for token in wrong[:MAX_IGNORED])
        raise Refusal(
            f"logit_bias names tokens by their ids, which {shown} {_are(wrong)}",
            status=400,
            hint="POST /tokenize tells the ids of a text",
            code="bad_argument",
            param="logit_bias",
        )
    return {int(token): bias for token, bias in (given or {}).items()}


def _are(wrong: Sequence[str]) -> str:
    return "is not" if len(wrong) == 1 else "are not"


def unsupported(name: str, instead: str, param: str = "") -> Refusal:
    """A field that has no equal here and can't be ignored.

    Args:
        param: Where it stands, if not at the top.
    """
    return Refusal(
        f"{name} is not supported, and would change the answer",
        status=400,
        hint=instead,
        code="unsupported_argument",
        param=param or name,
    )
