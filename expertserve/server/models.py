"""`/v1/models`: what can be asked, and what each of them is."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields

from starlette.responses import Response

from expertserve.core.entry import ExpertInfo
from expertserve.errors import ConfigError, ExpertNotLoadedError
from expertserve.server.ask import Json
from expertserve.server.auth import Key
from expertserve.server.generation import AUTO, not_found
from expertserve.server.parts import Parts
from expertserve.server.problems import Refusal

FIELDS = tuple(f.name for f in fields(ExpertInfo))


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for, as OpenAI's lists are.

    Args:
        limit: At most so many; None is all.
        after: The id that the page before it ended with.
    """

    limit: int | None = None
    after: str | None = None

    def of(self, ids: Sequence[str]) -> range:
        """Places of the page in a list.

        Raises:
            Refusal: 400, where `after` is none of them.
        """
        first = 0
        if self.after is not None:
            if self.after not in ids:
                raise Refusal(
                    f"after is {self.after[:100]!a}, which is not in the list (any more)",
                    status=400,
                    hint="begin again without after",
                    code="bad_argument",
                    param="after",
                )
            first = ids.index(self.after) + 1
        last = len(ids) if self.limit is None else min(len(ids), first + self.limit)
        return range(first, last)


async def list_models(parts: Parts, key: Key, page: Page) -> bytes:
    """The experts that a key may use, their base models, and `auto`, as JSON.

    About 20 µs an expert, off the event loop.

    Raises:
        Refusal: See `Page.of`.
    """
    experts = [info for info in await parts.service.list_loaded_experts() if key.allows(info.name)]
    others = [b for b in parts.service.info().base_models if key.allows(b)]
    others += [AUTO] if experts else []
    ids = [*(info.name for info in experts), *others]
    at = page.of(ids)
    shown = experts[at.start : at.stop]
    rest = [name for name in others if name in ids[max(at.start, len(experts)) : at.stop]]

    def write() -> bytes:
        models = [*_experts(parts, shown), *(json.dumps(_other(parts, n)) for n in rest)]
        more = "true" if at.stop < len(ids) else "false"
        text = ", ".join(models)
        return f'{{"object": "list", "data": [{text}], "has_more": {more}}}'.encode()

    return await asyncio.to_thread(write)


def response(body: bytes, known: str | None) -> Response:
    """A list with its ETag; 304 and no body where the client has it already.

    Args:
        known: The request's `If-None-Match`.
    """
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": "private, no-cache"}
    tags = [t.strip().removeprefix("W/") for t in (known or "").split(",")]
    if tag in tags or "*" in tags:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


async def find_model(parts: Parts, key: Key, name: str) -> Json:
    """One of those.

    Raises:
        Refusal: 404, also for one that the key may not use.
    """
    if key.allows(name):
        experts = await parts.service.list_loaded_experts()
        if info := next((e for e in experts if e.name == name), None):
            return expert_model(parts, info)
        if name in parts.service.info().base_models or (name == AUTO and experts):
            return _other(parts, name)
    raise not_found(parts, key, name)


def expert_model(parts: Parts, info: ExpertInfo) -> Json:
    """An expert: OpenAI's four keys, vLLM's three, and what it is. Reads the index."""
    model: Json = json.loads(next(_experts(parts, [info])))
    return model


def _experts(parts: Parts, infos: Iterable[ExpertInfo]) -> Iterator[str]:
    """Experts as JSON, each from what the index has of it and how it is now."""
    infos = list(infos)
    facts = parts.service.manifest_facts([info.digest for info in infos])
    bases: dict[str, tuple[int | None, str]] = {}
    for info in infos:
        if info.base_model not in bases:
            bases[info.base_model] = _base(parts, info.name)
        length, digest = bases[info.base_model]
        model = _model(parts, info.name, length)
        model |= {"root": info.expert, "parent": info.base_model}
        own = json.dumps({"kind": "expert", **_plain(info), "base_digest": digest})
        told = facts.get(info.digest, "{}")
        yield f'{json.dumps(model)[:-1]}, "expertserve": {_joined(own, told)}}}'


def _joined(one: str, other: str) -> str:
    """Two JSON objects as one."""
    return one if other == "{}" else f"{one[:-1]}, {other[1:]}"


def _plain(info: ExpertInfo) -> Mapping[str, object]:
    if type(info) is ExpertInfo:  # asdict copies deeply, which takes ten times as long
        return {name: getattr(info, name) for name in FIELDS}
    return asdict(info)


def _other(parts: Parts, name: str) -> Json:
    kind, description = ("base", "The base model alone.")
    if name == AUTO:
        kind, description = ("router", "The expert that fits the prompt.")
    length = None if name == AUTO else _base(parts, name)[0]
    return _model(parts, name, length) | {"expertserve": {"kind": kind, "description": description}}


def _model(parts: Parts, name: str, length: int | None) -> Json:
    return {
        "id": name,
        "object": "model",
        "created": parts.started,
        "owned_by": "expertserve",
        "root": name,
        "parent": None,
        "max_model_len": length,
    }


def _base(parts: Parts, name: str) -> tuple[int | None, str]:
    """Of an expert's base model: tokens of prompt and answer together, as the engine has them; and
    its digest.
    """
    try:
        base = parts.service.registered(name).base
    except (ConfigError, ExpertNotLoadedError):  # unloaded in this very moment
        return None, ""
    lengths = [e.max_model_len for e in parts.service.info().engines if e.max_model_len]
    return min([base.context_length, *lengths]), base.digest
