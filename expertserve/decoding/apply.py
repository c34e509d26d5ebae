"""A call's arguments and an expert's defaults → what its answer follows: block and grammar."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from expertserve.decoding.block import NEWLINES
from expertserve.decoding.compile import masks, vocabulary_of
from expertserve.decoding.fair import FairThreads
from expertserve.decoding.follow import Follower
from expertserve.decoding.free import FreeText
from expertserve.decoding.ground import WORDS, UserText, ground_wish, grounded, with_meanings
from expertserve.decoding.reasoning import reasoning_rule, reasoning_wish
from expertserve.decoding.restrict import binds, bound, restrict, restrict_wish
from expertserve.decoding.separate import AnswerFollower, Separator
from expertserve.decoding.validate import validate
from expertserve.errors import ConfigError, GrammarError
from expertserve.grammar import terms
from expertserve.grammar.boundaries import with_boundaries
from expertserve.grammar.grounded import GroundedGrammar
from expertserve.grammar.names.scope import Names
from expertserve.grammar.program import MAX_ENDING
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.schema import Schema, text_of
from expertserve.request import FREE, Constraint, GrammarArgs, Ground, Sampling
from expertserve.result import Chunk, GrammarVerdict, Thought

if TYPE_CHECKING:
    from expertserve.expert import PreparedExpert

SLOW = 0.01
"""Seconds. A slower step comes from an ambiguous grammar, and would hold up other requests."""

costly = FairThreads(threads=4, each=2)
"""Where schemas are read and masks are waited for; requests' other steps have their own threads."""
owned = FairThreads(threads=2, each=1)
"""Where experts' own grammars are waited for: callers' never stand before them."""
KINDS = ("grammar", "json_schema", "regex", "choice")


@dataclass(frozen=True, slots=True)
class _Chosen:
    grammar: Grammar
    parse: Callable[[str], object] | None = None
    own: bool = False
    """Whether it is the expert's."""
    names: Names | None = None
    """What its names are bound to."""


class Applied:
    """What is asked of one request's text, a grammar, a think block before it, or both.

    Args:
        chosen: None where there is no grammar.
        rule: None where no block may stand before the answer.
        prompt: Its tokens.
    """

    def __init__(
        self,
        expert: PreparedExpert,
        chosen: _Chosen | None,
        constraint: Constraint,
        args: GrammarArgs,
        sampling: Sampling,
        prompt: Sequence[int],
        keep: bool,
        begun: str = "",
    ) -> None:
        self._expert = expert
        self._args = args
        self._has_grammar = chosen is not None
        self._begun = begun
        parse = chosen.parse if chosen else None
        self.parse = parse if not begun or not parse else lambda text: parse(begun + text)
        self.sampling = replace(
            sampling, stop=()
        )  # stops act where the sentence is complete, which the engine can't know
        self.constraint = constraint
        self._is_slow = False
        self._followers = [
            self._follower(chosen, sampling, prompt, keep, i) for i in range(sampling.n)
        ]

    def _follower(
        self,
        chosen: _Chosen | None,
        sampling: Sampling,
        prompt: Sequence[int],
        keep: bool,
        index: int,
    ) -> Follower | Separator:
        tokens = vocabulary_of(self._expert.base.path).tokens
        ends = frozenset(sampling.stop_token_ids)
        answer: AnswerFollower = (
            Follower(
                chosen.grammar,
                tokens,
                partial(_spell, self._expert),
                max_tokens=sampling.max_tokens,
                ends=ends,
                stops=sampling.stop,
                index=index,
                begun=self._begun,
            )
            if chosen
            else FreeText(
                self._expert.prompt.tokenizer.library,
                prompt,
                ends=ends,
                sampling=sampling,
                index=index,
            )
        )
        rule = self.constraint.reasoning
        if rule is None:
            assert isinstance(answer, Follower)
            return answer
        return Separator(rule, tokens, answer, ends=ends, keep=keep, index=index)

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

    def thought(self, index: int) -> Thought | None:
        """One completion's think block; None without one."""
        follower = self._followers[index]
        return follower.thought if isinstance(follower, Separator) else None

    def verdict(self, index: int, answer: str, *, judged: bool) -> GrammarVerdict | None:
        """What became of one completion's grammar; None without one.

        Args:
            judged: Also ask a parser, where the manifest wants one: milliseconds, and a second for
                one that has to be imported.
        """
        if not self._has_grammar:
            return None
        follower = self._followers[index]
        verdict = GrammarVerdict(
            self.constraint.digest, self.constraint.engine, follower.complete, follower.forced
        )
        decoding = self._expert.manifest.decoding
        if not judged or not decoding.judged or not decoding.grammar_type:
            return verdict
        parsed = validate(decoding.grammar_type, self._begun + answer)
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
    *,
    prompt: Sequence[int] = (),
    thinking: bool | None = None,
    begun: str = "",
    source: UserText | None = None,
) -> Applied | None:
    """The grammar that a call asks for, else the expert's own, and the block before it.

    Args:
        source: What values are spans of, where the grammar says so.
        prompt: The tokens that the model reads.
        thinking: False where the template turns it off.
        begun: What the sentence begins with already, at the end of the prompt.

    Returns:
        None where there is neither.

    Raises:
        ConfigError: Two are asked for, or one is malformed. GrammarError: Its text is, or no
            sentence fits into `max_tokens`.
    """
    source = source or UserText()
    chosen = await _grammar_of(expert, args, schema, source)
    if chosen:
        give = partial(with_meanings, expert, chosen.grammar, source, chosen.names)
        chosen = replace(chosen, grammar=await asyncio.to_thread(give))
    wish = reasoning_wish(expert, args.get("reasoning"), thinking, grammar=chosen is not None)
    if begun:  # the answer is under way, and no block comes before it
        wish = None
    wanted = 0
    if chosen:
        await asyncio.to_thread(_check_beside, sampling, expert)
        await asyncio.to_thread(_check_begun, chosen.grammar, begun)
        wanted = await asyncio.to_thread(
            _check_budget, chosen.grammar, expert, sampling.max_tokens, begun
        )
    rule = None
    if wish:
        rule = await asyncio.to_thread(  # the vocabulary may have to be read
            reasoning_rule,
            expert,
            wish.spec,
            prompt,
            max_tokens=sampling.max_tokens,
            answer=wanted,
        )
        if rule and rule.begun and chosen:
            _check_budget(chosen.grammar, expert, sampling.max_tokens - rule.reserve - NEWLINES)
    if chosen is None and rule is None:
        return None
    constraint = Constraint(gbnf="", digest="", engine=FREE)
    if chosen:
        make = partial(
            masks.ready, chosen.grammar, expert.base.path, expert.cache_dir, own=chosen.own
        )
        constraint = await (owned if chosen.own else costly).run(expert.package.digest, make)
    spelt = tuple(_spell(expert, begun.encode())) if begun else ()
    constraint = replace(constraint, reasoning=rule, begun=spelt)
    if chosen and isinstance(chosen.grammar, GroundedGrammar):
        marks = tuple(chosen.grammar.numbered.items())
        constraint = replace(
            constraint, marks=marks, source=chosen.grammar.source, names=chosen.names
        )
    keep = wish is not None and wish.keep
    return Applied(expert, chosen, constraint, args, sampling, prompt, keep, begun)


async def _grammar_of(
    expert: PreparedExpert, args: GrammarArgs, schema: str | None, source: UserText
) -> _Chosen | None:
    given = [kind for kind in KINDS if args.get(kind) is not None]
    if len(given) > 1:
        raise ConfigError(
            f"{given[0]} and {given[1]} are both given",
            hint="a call takes one of " + ", ".join(KINDS),
            code="bad_grammar",
        )
    if not given and ("grammar" in args or expert.grammar is None):
        for wish in ("restrict_to_schema", "ground"):
            if args.get(wish) not in (None, False, "off"):
                raise ConfigError(f"{wish} needs a grammar, and there is none", code="bad_grammar")
        return None
    fix = args.get("grammar_fix")
    if fix not in (None, "word-boundaries"):
        raise ConfigError(
            f"there is no grammar_fix {str(fix)[:60]!r}", hint="word-boundaries", code="bad_grammar"
        )
    own, ground = not given, ground_wish(expert, args, own=not given)
    narrow = restrict_wish(expert, args, schema)
    if own and expert.grammar and not (fix or ground or narrow):
        return _Chosen(expert.grammar, own=True)
    chosen = (
        _Chosen(expert.written, own=True)
        if own and expert.written
        else await costly.run(expert.package.digest, partial(_choose, expert, args, ground))
    )
    if narrow:
        give = partial(_restricted, expert, chosen, schema, source)
        chosen = await costly.run(expert.package.digest, give)
    if ground and not args.get("json_schema"):
        decoding = expert.manifest.decoding
        kind = decoding.grammar_type if own or "grammar" in given else None
        values = partial(grounded, chosen.grammar, kind, ground, decoding.schema_rules)
        chosen = replace(chosen, grammar=await costly.run(expert.package.digest, values))
    if not chosen.names and (fix or (own and expert.manifest.decoding.grammar_fix)):
        fixed = await costly.run(expert.package.digest, partial(with_boundaries, chosen.grammar))
        chosen = replace(chosen, grammar=fixed)
    return chosen


def _check_begun(grammar: Grammar, begun: str) -> None:
    """Raises GrammarError `bad_beginning` where no sentence begins so."""
    if begun and not grammar.is_prefix(begun):
        raise GrammarError(
            "no sentence of the grammar begins with the message that is to be continued",
            hint="correct it, or switch the grammar off with grammar=None",
            code="bad_beginning",
        )


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


def _restricted(
    expert: PreparedExpert, chosen: _Chosen, schema: str | None, source: UserText
) -> _Chosen:
    if not schema:
        raise ConfigError(
            "restrict_to_schema needs schema=",
            hint="pass the DDL or graph schema that names are taken from",
            code="no_schema",
        )
    decoding = expert.manifest.decoding
    given, kind = decoding.grammar_type, decoding.grammar_type or "sql"
    if binds(chosen.grammar, given, decoding.schema_rules, own=chosen.own):
        grammar, names = bound(schema, kind, " ".join(source.texts or ()))
        return _Chosen(grammar, own=True, names=names)
    return replace(chosen, grammar=restrict(chosen.grammar, schema, kind, decoding.schema_rules))


def _check_budget(
    grammar: Grammar, expert: PreparedExpert, max_tokens: int, begun: str = ""
) -> int:
    """How many tokens the shortest sentence takes, or what is left of it, or a bound that fits.

    Raises:
        GrammarError: `no_ending_fits`, where it takes more than there are.
    """
    wanted = max(0, grammar.min_chars - len(begun))
    if wanted <= max_tokens and not begun:  # no token writes less than a character
        return wanted
    if wanted <= MAX_ENDING:
        wanted = len(_spell(expert, (grammar.shortest_completion(begun) or "").encode()))
    if wanted > max_tokens:
        raise GrammarError(
            f"the grammar's shortest sentence takes {wanted:,} tokens; max_tokens is"
            f" {max_tokens:,}",
            hint=f"raise max_tokens to {wanted:,} or more",
            code="no_ending_fits",
        )
    return wanted


def _spell(expert: PreparedExpert, text: bytes) -> list[int]:
    """The tokens that write a text."""
    return vocabulary_of(expert.base.path).spell(text, expert.prompt.tokenizer.encode_plain)


def _choose(expert: PreparedExpert, args: GrammarArgs, ground: Ground | None) -> _Chosen:
    """What the caller gave; reading it may take a while, so this runs in a thread."""
    if (schema := args.get("json_schema")) is not None:
        strict, text = bool(args.get("strict")) or isinstance(schema, type), text_of(schema)
        made = masks.lower(text, expert.cache_dir, strict=strict, ground=WORDS[ground])
        return _Chosen(made, partial(_parsed, schema))
    if (pattern := args.get("regex")) is not None:
        return _Chosen(terms.from_regex(pattern))
    if (choices := args.get("choice")) is not None:
        return _Chosen(terms.from_choice(choices))
    given = args.get("grammar")
    assert given is not None
    if said := terms.schema_of(given):
        return _Chosen(masks.lower(said, expert.cache_dir, strict=False, ground=""))
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
