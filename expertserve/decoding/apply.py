"""A call's arguments and an expert's defaults → the grammar that its answer follows."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from expertserve.decoding.compile import masks, vocabulary_of
from expertserve.decoding.follow import Follower
from expertserve.decoding.restrict import restrict
from expertserve.decoding.validate import validate
from expertserve.errors import ConfigError, GrammarError
from expertserve.grammar import terms
from expertserve.grammar.program import MAX_ENDING
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.schema import Schema
from expertserve.request import Constraint, GrammarArgs, Sampling
from expertserve.result import Chunk, GrammarVerdict

if TYPE_CHECKING:
    from expertserve.expert import PreparedExpert

SLOW = 0.01
"""Seconds. A slower step comes from an ambiguous grammar, and would hold up other requests."""

KINDS = ("grammar", "json_schema", "regex", "choice")


@dataclass(frozen=True, slots=True)
class _Chosen:
    grammar: Grammar
    parse: Callable[[str], object] | None = None
    own: bool = False
    """Whether it is the expert's."""


class Applied:
    """A grammar on one request: the engine's constraint, and the completions followed."""

    def __init__(
        self,
        expert: PreparedExpert,
        chosen: _Chosen,
        constraint: Constraint,
        args: GrammarArgs,
        sampling: Sampling,
        begun: str = "",
    ) -> None:
        self._expert = expert
        self._args = args
        self._grammar = chosen.grammar
        self._begun = begun
        parse = chosen.parse
        self.parse = parse if not begun or not parse else lambda text: parse(begun + text)
        self.sampling = replace(
            sampling, stop=()
        )  # stops act where the sentence is complete, which the engine can't know
        self.constraint = constraint
        self._is_slow = False
        self._followers = [
            Follower(
                chosen.grammar,
                vocabulary_of(expert.base.path).tokens,
                partial(_spell, expert),
                max_tokens=sampling.max_tokens,
                ends=frozenset(sampling.stop_token_ids),
                stops=sampling.stop,
                index=index,
                begun=begun,
            )
            for index in range(sampling.n)
        ]

    async def follow(self, chunk: Chunk) -> Chunk | None:
        """The chunk as it goes on to the caller: nothing, it, or it with an ending of ours."""
        if self._is_slow:
            return await asyncio.to_thread(self._step, chunk)
        return self._step(chunk)

    def _step(self, chunk: Chunk) -> Chunk | None:
        began = time.perf_counter()
        out = self._followers[chunk.index].follow(chunk)
        self._is_slow = time.perf_counter() - began > SLOW
        return out

    @property
    def ended(self) -> bool:
        """Whether every completion has its end, so that the engine may stop."""
        return all(f.ended for f in self._followers)

    def verdict(self, index: int, text: str) -> GrammarVerdict:
        """What became of one completion."""
        follower = self._followers[index]
        verdict = GrammarVerdict(
            self.constraint.digest, self.constraint.engine, follower.complete, follower.forced
        )
        decoding = self._expert.manifest.decoding
        if decoding.validation != "parser-strict" or not decoding.grammar_type:
            return verdict
        parsed = validate(decoding.grammar_type, self._begun + text)
        return replace(
            verdict, valid=parsed.valid, parser=parsed.parser, message=parsed.message or None
        )

    def check(self) -> None:
        """Raises GrammarError `incomplete` if the caller refuses incomplete or forced endings."""
        if self._args.get("on_incomplete", "return") != "raise":
            return
        for follower in self._followers:
            if not follower.complete:
                raise GrammarError(
                    "the answer isn't a complete sentence of the grammar",
                    hint="raise max_tokens",
                    code="incomplete",
                )
            if follower.forced and not self._args.get("allow_forced", True):
                raise GrammarError(
                    f"max_tokens cut the sentence, and {follower.forced!r} was written to end it",
                    hint="raise max_tokens",
                    code="incomplete",
                )


async def apply_grammar(
    expert: PreparedExpert,
    args: GrammarArgs,
    schema: str | None,
    sampling: Sampling,
    begun: str = "",
) -> Applied | None:
    """The grammar that a call asks for, else the expert's own; None where there is none.

    Args:
        begun: What the sentence begins with already, at the end of the prompt.

    Raises:
        ConfigError: Two are asked for, or one is malformed. GrammarError: Its text is, or no
            sentence fits into `max_tokens`.
    """
    given = [kind for kind in KINDS if args.get(kind) is not None]
    if len(given) > 1:
        raise ConfigError(
            f"{given[0]} and {given[1]} are both given",
            hint="a call takes one of " + ", ".join(KINDS),
            code="bad_grammar",
        )
    if not given and ("grammar" in args or expert.grammar is None):
        if args.get("restrict_to_schema"):
            raise ConfigError(
                "restrict_to_schema needs a grammar, and there is none", code="bad_grammar"
            )
        return None
    chosen = (
        _Chosen(expert.grammar, own=True)
        if not given and expert.grammar
        else await asyncio.to_thread(_choose, args)
    )
    if args.get("restrict_to_schema"):
        if not schema:
            raise ConfigError(
                "restrict_to_schema needs schema=",
                hint="pass the DDL or graph schema that names are taken from",
                code="no_schema",
            )
        kind = expert.manifest.decoding.grammar_type or "sql"
        chosen = replace(
            chosen,
            grammar=await asyncio.to_thread(
                restrict, chosen.grammar, schema, kind, expert.manifest.decoding.schema_rules
            ),
        )
    _check_beside(sampling, expert)
    if begun and not await asyncio.to_thread(chosen.grammar.is_prefix, begun):
        raise GrammarError(
            "no sentence of the grammar begins with the message that is to be continued",
            hint="correct it, or switch the grammar off with grammar=None",
            code="bad_beginning",
        )
    await asyncio.to_thread(_check_budget, chosen.grammar, expert, sampling, begun)
    constraint = await asyncio.to_thread(
        masks.ready, chosen.grammar, expert.base.path, expert.cache_dir, own=chosen.own
    )
    if begun:
        constraint = replace(constraint, begun=tuple(_spell(expert, begun.encode())))
    return Applied(expert, chosen, constraint, args, sampling, begun)


def _check_beside(sampling: Sampling, expert: PreparedExpert) -> None:
    """Refuses what could leave a grammar no token to go on with, or end a sentence in its middle.

    Raises:
        ConfigError: `not_with_grammar`.
    """
    tokens = vocabulary_of(expert.base.path).tokens
    own = expert.prompt.stop_token_ids()
    values = {
        "allowed_token_ids": sampling.allowed_token_ids is not None,
        "bad_words": bool(sampling.bad_words),
        "stop_token_ids": any(t in tokens and t not in own for t in sampling.stop_token_ids),
        "min_tokens": sampling.min_tokens > 0,
        "ignore_eos": sampling.ignore_eos,
        "include_stop": sampling.include_stop,
    }
    for name, given in values.items():
        if given:
            raise ConfigError(
                f"{name} can't hold beside a grammar, which says itself what comes and where it"
                " ends",
                hint="switch the grammar off with grammar=None, or leave it out",
                code="not_with_grammar",
            )


def _check_budget(
    grammar: Grammar, expert: PreparedExpert, sampling: Sampling, begun: str = ""
) -> None:
    """Raises GrammarError `no_ending_fits` where not even the shortest sentence fits."""
    wanted = grammar.min_chars - len(begun)
    if wanted <= sampling.max_tokens and not begun:  # no token writes less than a character
        return
    if wanted <= MAX_ENDING:
        wanted = len(_spell(expert, (grammar.shortest_completion(begun) or "").encode()))
    if wanted > sampling.max_tokens:
        raise GrammarError(
            f"the grammar's shortest sentence takes {wanted:,} tokens; max_tokens is"
            f" {sampling.max_tokens:,}",
            hint=f"raise max_tokens to {wanted:,} or more",
            code="no_ending_fits",
        )


def _spell(expert: PreparedExpert, text: bytes) -> list[int]:
    """The tokens that write a text."""
    return vocabulary_of(expert.base.path).spell(text, expert.prompt.tokenizer.encode_plain)


def _choose(args: GrammarArgs) -> _Chosen:
    """What the caller gave; reading it may take a while, so this runs in a thread."""
    if (schema := args.get("json_schema")) is not None:
        return _Chosen(terms.from_json_schema(schema), partial(_parsed, schema))
    if (pattern := args.get("regex")) is not None:
        return _Chosen(terms.from_regex(pattern))
    if (choices := args.get("choice")) is not None:
        return _Chosen(terms.from_choice(choices))
    given = args.get("grammar")
    assert given is not None
    return _Chosen(terms.from_any(given))


def _parsed(schema: Schema, text: str) -> object:
    """The answer as an object.

    Raises:
        GrammarError: `not_valid`, by a validator of the model's own, which no grammar can follow.
    """
    try:
        return schema.model_validate_json(text) if isinstance(schema, type) else json.loads(text)
    except ValueError as error:
        raise GrammarError(
            f"the answer is not a valid {getattr(schema, '__name__', 'object')}: {error}",
            code="not_valid",
        ) from error
