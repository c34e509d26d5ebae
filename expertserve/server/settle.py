"""A request's arguments as one expert takes them, and what of them means nothing to it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from starlette.requests import Request

from expertserve.register import FrontExpert
from expertserve.request import nearest
from expertserve.server.ask import Ask, has_grammar
from expertserve.server.fields import MAX_IGNORED, Fields
from expertserve.server.parts import facts_of, parts_of
from expertserve.server.problems import Refusal


async def settle(asks: Sequence[Ask], expert: FrontExpert) -> tuple[list[Ask], list[str]]:
    """The asks as this expert takes them, and which of their arguments mean nothing to it."""
    settled, others = [], dict[str, None]()
    for ask in asks:
        args = ask.args.copy()
        if ask.text is not None:
            args["prompt_token_ids"] = await asyncio.to_thread(
                expert.tokenizer.encode_plain, ask.text
            )
        if has_grammar(args, expert.constrained):  # which says itself where it ends
            others |= {n: None for n in ("ignore_eos", "min_tokens") if args.get(n)}
            args["ignore_eos"], args["min_tokens"] = False, 0
        given, source = args.get("template_args") or {}, expert.template
        args["template_args"] = {n: v for n, v in given.items() if n in source}
        for name in given.keys() - args["template_args"].keys():
            others[name if name == "reasoning_effort" else f"chat_template_kwargs.{name}"] = None
        settled.append(replace(ask, args=args))
    return settled, list(others)


def note_ignored(request: Request, body: Fields, others: Sequence[str] = ()) -> None:
    """Names what of a request is ignored: in a header, and once in the log.

    Raises:
        Refusal: `unknown_argument`, where the server is strict.
    """
    parts, names = parts_of(request), body.ignored()
    unknown = body.nobodys
    if unknown and parts.settings.strict_fields:
        known = {f.alias or n for n, f in type(body).model_fields.items()}
        near = nearest(unknown[0], known)
        raise Refusal(
            f"unrecognised argument: {unknown[0][:100]}",
            status=400,
            hint=f"did you mean {near}?" if near else "the routes' fields are at /docs",
            code="unknown_argument",
            param=unknown[0][:100],
        )
    names = [n[:64] for n in (*names, *others)][:MAX_IGNORED]
    if names:
        facts_of(request).tell("ignored", ", ".join(names))
        parts.tell_ignored(names)
