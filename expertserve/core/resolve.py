"""A call's arguments → the engine's request: token ids, sampling, and a grammar."""

from __future__ import annotations

import uuid
from dataclasses import replace

from expertserve.core.defaults import resolve_sampling
from expertserve.decoding.apply import Applied, apply_grammar
from expertserve.engine.base import EngineInfo
from expertserve.errors import OutOfMemoryError
from expertserve.expert import PreparedExpert
from expertserve.prompt.format import build_messages
from expertserve.request import GenerateArgs, Request, split_args


async def resolve_request(
    expert: PreparedExpert, prompt: str | None, args: GenerateArgs, *, context_length: int
) -> tuple[Request, Applied | None]:
    """Resolves one call; what it leaves out comes from the manifest.

    Args:
        context_length: Tokens that prompt and answer may have together.

    Raises:
        ConfigError, GrammarError.
    """
    words, wishes, constraints = split_args(args)
    messages = build_messages(
        prompt,
        system=words.get("system"),
        schema=words.get("schema"),
        dialect=words.get("dialect"),
        messages=words.get("messages"),
        defaults=expert.system,
    )
    ids = expert.prompt.render(messages, thinking=words.get("thinking"))
    sampling = resolve_sampling(
        wishes,
        expert.manifest.decoding,
        prompt_tokens=len(ids),
        context_length=context_length,
        stop_token_ids=expert.prompt.stop_token_ids(),
    )
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
    )
    request = Request(
        id=uuid.uuid4().hex,
        prompt_token_ids=tuple(ids),
        sampling=applied.sampling if applied else sampling,
        adapter=expert.adapter.digest if expert.adapter else None,
        constraint=applied.constraint if applied else None,
    )
    return request, applied


def check_fits(request: Request, engine: EngineInfo) -> None:
    """Checks a request against the running engine: memory may have shortened its context.

    Raises:
        OutOfMemoryError.
    """
    wanted, room = len(request.prompt_token_ids) + request.sampling.max_tokens, engine.max_model_len
    if wanted > room:
        left = max(0, room - len(request.prompt_token_ids))
        raise OutOfMemoryError(
            f"prompt and answer are {wanted:,} tokens; the KV cache holds {room:,}",
            hint=f"reduce max_tokens to {left:,}, shorten the prompt, or raise kv_cache_bytes",
            code="out_of_memory",
        )
