"""`/v1/models`: what can be asked, and what each of them is."""

from __future__ import annotations

from dataclasses import asdict

from expertserve.core.entry import ExpertInfo
from expertserve.errors import ConfigError, ExpertNotLoadedError
from expertserve.server.ask import Json
from expertserve.server.auth import Key
from expertserve.server.generation import AUTO, not_found
from expertserve.server.parts import Parts


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
        Refusal: 404, also for one that the key may not use.
    """
    for model in await list_models(parts, key):
        if model["id"] == name:
            return model
    raise not_found(parts, key, name)


def expert_model(parts: Parts, info: ExpertInfo) -> Json:
    """An expert: OpenAI's four keys, vLLM's three, and what it is."""
    facts: Json = {"kind": "expert", **asdict(info)}
    more = {"root": info.expert, "parent": info.base_model}
    return _model(parts, info.name, facts | _manifest_facts(parts, info.name)) | more


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
        "dialect": prepared.system.dialect,
        "soft_prompts": sorted(prepared.soft_prompts),
        "base_digest": prepared.base.digest,
        "decoding": manifest.decoding.model_dump(exclude_defaults=True),
        "takes_schema": manifest.takes == "schema",
        "examples": [e.model_dump(by_alias=True, exclude_defaults=True) for e in manifest.examples],
    }


def _other(parts: Parts, name: str, kind: str, description: str) -> Json:
    return _model(parts, name, {"kind": kind, "description": description})


def _model(parts: Parts, name: str, facts: Json) -> Json:
    return {
        "id": name,
        "object": "model",
        "created": parts.started,
        "owned_by": "expertserve",
        "root": name,
        "parent": None,
        "max_model_len": _context(parts, name),
        "expertserve": facts,
    }


def _context(parts: Parts, name: str) -> int | None:
    """Tokens of prompt and answer together, as the engine has them."""
    try:
        own = parts.service.get(name).base.context_length
    except (ConfigError, ExpertNotLoadedError):  # `auto`, which has none of its own
        return None
    return min([own, *(e.max_model_len for e in parts.service.info().engines if e.max_model_len)])
