"""`/v1/models`: what can be asked, and what each of them is."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from expertserve.errors import ExpertNotLoadedError
from expertserve.server.ask import Json
from expertserve.server.auth import Key
from expertserve.server.generation import AUTO
from expertserve.server.parts import Parts

if TYPE_CHECKING:
    from expertserve.core.entry import ExpertInfo


async def list_models(parts: Parts, key: Key) -> list[Json]:
    """The experts that a key may use, their base models, and `auto`."""
    experts = [info for info in await parts.service.list_loaded_experts() if key.allows(info.name)]
    found = [expert_model(parts, info) for info in experts]
    found += [
        _other(parts, b, "base", "The base model alone.")
        for b in parts.service.info().base_models
        if key.allows(b)
    ]
    return (
        [*found, _other(parts, AUTO, "router", "The expert that fits the prompt.")]
        if experts
        else found
    )


async def find_model(parts: Parts, key: Key, name: str) -> Json:
    """One of those.

    Raises:
        ExpertNotLoadedError: Also for one that the key may not use.
    """
    for model in await list_models(parts, key):
        if model["id"] == name:
            return model
    raise ExpertNotLoadedError(
        "no such model is loaded here", hint="GET /v1/models lists those that are"
    )


def expert_model(parts: Parts, info: ExpertInfo) -> Json:
    """An expert: OpenAI's four keys, and what it is."""
    facts: Json = {"kind": "expert", **asdict(info)}
    facts |= _manifest_facts(parts, info.name)
    return {
        "id": info.name,
        "object": "model",
        "created": parts.started,
        "owned_by": "expertserve",
        "expertserve": facts,
    }


def _manifest_facts(parts: Parts, name: str) -> Json:
    try:
        prepared = parts.service.get(name)
    except ExpertNotLoadedError:
        return {}  # unloaded in this very moment
    manifest = prepared.manifest
    return {
        "description": manifest.description,
        "capabilities": list(manifest.capabilities),
        "license": manifest.license,
        "dialect": prepared.dialect,
        "base_digest": prepared.base.digest,
        "decoding": manifest.decoding.model_dump(exclude_defaults=True),
        "takes_schema": manifest.takes == "schema",
        "examples": [e.model_dump(by_alias=True, exclude_defaults=True) for e in manifest.examples],
    }


def _other(parts: Parts, name: str, kind: str, description: str) -> Json:
    facts = {"kind": kind, "description": description}
    return {
        "id": name,
        "object": "model",
        "created": parts.started,
        "owned_by": "expertserve",
        "expertserve": facts,
    }
