"""A call's arguments → the engine's request: token ids, sampling, and a grammar."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from expertserve.adapters.soft_prompt import SoftPrompt
from expertserve.config import EngineConfig
from expertserve.core.defaults import resolve_sampling
from expertserve.decoding.apply import Applied, apply_grammar
from expertserve.decoding.fair import FairThreads
from expertserve.decoding.ground import UserText
from expertserve.engine.base import EngineInfo
from expertserve.errors import ConfigError, OutOfMemoryError
from expertserve.expert import PreparedExpert
from expertserve.package.habits import NAME as HABITS
from expertserve.package.habits import DraftWish
from expertserve.prompt.format import build_messages, check_text
from expertserve.request import (
    GenerateArgs,
    PromptArgs,
    Request,
    SamplingArgs,
    check_whole,
    split_args,
)

writers = FairThreads(threads=4, each=2)
"""Where templates run, which may take seconds, and long prompts are tokenised."""

MAX_PREDICTION = 1 << 17
"""Characters of a prediction that are read."""


async def resolve_request(
    expert: PreparedExpert,
    prompt: str | None,
    args: GenerateArgs,
    *,
    context_length: int,
    config: EngineConfig,
) -> tuple[Request, Applied | None]:
    """Resolves one call; what it leaves out comes from the manifest.

    Args:
        context_length: Tokens that prompt and answer may have together.
        config: Says whether drafts are made, and from earlier answers, too.

    Raises:
        ConfigError, GrammarError.
    """
    words, wishes, constraints = split_args(args)
    write = partial(prompt_tokens, expert, prompt, words)
    ids, begun = await writers.run(expert.package.digest, write)
    soft = _soft_prompt(expert, words, wishes)
    places = soft.tokens if soft else 0
    ids = _truncated(ids, words, context_length - places - (wishes.get("max_tokens") or 1))
    sampling = resolve_sampling(
        wishes,
        expert.manifest.decoding,
        prompt_tokens=places + len(ids),
        context_length=context_length,
        stop_token_ids=expert.prompt.stop_token_ids(),
    )
    _check_known(expert, wishes)
    sampling = replace(
        sampling,
        stop_token_ids=(*sampling.stop_token_ids, *expert.prompt.special_stops(sampling.stop)),
    )
    applied = await apply_grammar(
        expert,
        constraints,
        words.get("schema"),
        sampling,
        prompt=ids,
        thinking=words.get("thinking"),
        begun=begun,
        source=_source(prompt, words),
    )
    request = Request(
        id=uuid.uuid4().hex,
        prompt_token_ids=tuple(ids),
        sampling=applied.sampling if applied else sampling,
        adapter=expert.adapter.digest if expert.adapter else None,
        constraint=applied.constraint if applied else None,
        cache_salt=words.get("cache_salt"),
        soft_prompt=soft,
        drafts=await _draft_wish(expert, args, config),
    )
    return request, applied


def _source(prompt: str | None, words: PromptArgs) -> UserText:
    """The user's text: the prompt, or a conversation's messages of theirs."""
    if words.get("prompt_token_ids") is not None:
        return UserText(None)
    messages = words.get("messages") or ()
    said = [message["content"] for message in messages if message["role"] == "user"]
    return UserText(tuple(said) if prompt is None else (*said, prompt))


def _soft_prompt(
    expert: PreparedExpert, words: PromptArgs, wishes: SamplingArgs
) -> SoftPrompt | None:
    """The call's soft prompt.

    Raises:
        ConfigError: `no_soft_prompt`; `prompt_logprobs`, which its vectors have none of.
    """
    soft = expert.soft_prompt(words.get("soft_prompt"))
    if soft and wishes.get("prompt_logprobs") is not None:
        raise ConfigError(
            f"prompt_logprobs are not given behind the soft prompt {soft.name!r}",
            hint='leave them out, or leave the soft prompt out with soft_prompt=""',
            code="bad_sampling",
            param="prompt_logprobs",
        )
    return soft


async def _draft_wish(
    expert: PreparedExpert, args: GenerateArgs, config: EngineConfig
) -> DraftWish | None:
    """What drafts are made from.

    Raises:
        ConfigError: `prediction` isn't a text.
    """
    text = args.get("prediction", "")
    check_text("prediction", text)
    if config.drafts is False:
        return None
    expected: list[int] = []
    if text:
        encode = expert.prompt.tokenizer.encode_plain
        expected = await asyncio.to_thread(encode, text[:MAX_PREDICTION])
    return DraftWish(
        expert=expert.package.digest,
        package=expert.package.folder if HABITS in expert.package.files else None,
        prediction=tuple(expected),
        history=config.draft_history,
    )


def prompt_tokens(
    expert: PreparedExpert, prompt: str | None, words: PromptArgs
) -> tuple[list[int], str]:
    """A call's prompt in tokens, and what its answer begins with already.

    Raises:
        ConfigError: No prompt or two, or tokens that the base model doesn't have.
    """
    given = words.get("prompt_token_ids")
    if given is not None:
        if prompt is not None or words.get("messages") is not None:
            raise ConfigError(
                "prompt_token_ids stand instead of a prompt and messages", code="bad_prompt"
            )
        return _checked_tokens(expert, given), ""
    messages = build_messages(
        prompt,
        system=words.get("system"),
        schema=words.get("schema"),
        dialect=words.get("dialect"),
        messages=words.get("messages"),
        defaults=expert.system,
    )
    goes_on = bool(words.get("continue_final_message"))
    ids = expert.prompt.render(
        messages,
        thinking=words.get("thinking"),
        variables=words.get("template_args"),
        continued=goes_on,
        answer_begins=words.get("add_generation_prompt"),
    )
    return ids, messages[-1]["content"] if goes_on else ""


def _checked_tokens(expert: PreparedExpert, given: Sequence[int]) -> list[int]:
    if isinstance(given, str) or not isinstance(given, Sequence) or not given:
        raise ConfigError("prompt_token_ids must be a list of tokens", code="bad_prompt")
    for token in given:
        check_whole("a token id of the prompt", token, 0, expert.prompt.tokenizer.last_id)
    return list(given)


def _check_known(expert: PreparedExpert, wishes: SamplingArgs) -> None:
    """Checks that the base model has the tokens which a call names."""
    named: dict[str, Iterable[int]] = {
        "logit_bias": wishes.get("logit_bias") or (),
        "stop_token_ids": wishes.get("stop_token_ids") or (),
        "allowed_token_ids": wishes.get("allowed_token_ids") or (),
    }
    for name, tokens in named.items():
        for token in tokens:
            last = expert.prompt.tokenizer.last_id
            check_whole(f"a token id of {name}", token, 0, last, param=name)


def _truncated(ids: list[int], words: PromptArgs, room: int) -> list[int]:
    """The part of a prompt that is read."""
    wanted = words.get("truncate_prompt_tokens")
    if wanted is None:
        return ids
    check_whole("truncate_prompt_tokens", wanted, -1, 1 << 31)
    kept = max(1, room) if wanted == -1 else wanted
    if not kept:
        raise ConfigError("truncate_prompt_tokens leaves no prompt", code="bad_prompt")
    side = words.get("truncation_side", "left")
    if side not in ("left", "right"):
        raise ConfigError(f"truncation_side is left or right, not {side!r}", code="bad_prompt")
    return ids[-kept:] if side == "left" else ids[:kept]


def check_fits(request: Request, engine: EngineInfo) -> None:
    """Checks a request against the running engine: memory may have shortened its context.

    Raises:
        OutOfMemoryError.
    """
    wanted, room = request.prompt_length + request.sampling.max_tokens, engine.max_model_len
    if wanted > room:
        left = max(0, room - request.prompt_length)
        raise OutOfMemoryError(
            f"prompt and answer are {wanted:,} tokens; the KV cache holds {room:,}",
            hint=f"reduce max_tokens to {left:,}, shorten the prompt, or raise kv_cache_bytes",
            code="out_of_memory",
        )
