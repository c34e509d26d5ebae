"""What published tools demand of a manifest: filled in where its author left it out.

Their schema and their typed reader refuse a manifest without keys that serving doesn't need. What
is filled in describes the expert where that can be told from the manifest, else says nothing, and
changes no answer. Extensions of ours they pass over.
"""

from __future__ import annotations

from typing import Any

FILLED = "filled in when it was packed, for tools that demand it; not the author's"
CONFIG: dict[str, Any] = {
    "method": "sft",
    "epochs": 1.0,
    "learning_rate": 0.0001,
    "batch_size": 1,
    "gradient_accumulation_steps": 1,
    "warmup_steps": 0,
    "lr_scheduler": "constant",
}
"""Numbers that their reader wants above zero; a comment beside them says that they mean nothing."""
PERF: dict[str, Any] = {
    "latency_ms_overhead": 0.0,
    "vram_mb_overhead": 0,
    "supported_batch_sizes": [1],
}
NO_INTEGRITY: dict[str, Any] = {
    "timestamp": "1970-01-01T00:00:00Z",
    "public_key": "",
    "publisher": "",
    "signature_algorithm": "ed25519",
    "signature": "",
}
"""Of a package that isn't signed: an empty signature is none."""


def filled(raw: dict[str, Any]) -> dict[str, Any]:
    """A manifest with what published tools demand; what the author wrote stays as it is.

    Source: `expert-manifest.schema.json` and `manifest.rs` of https://github.com/hivellm/expert.

    Example:
        >>> about = filled({"name": "expert-x", "version": "1.0.0", "base_models": [{"name": "m"}]})
        >>> about["constraints"], about["capabilities"]
        ({'load_order': 0, 'incompatible_with': [], 'requires': []}, ['kind:expert'])
    """
    constraints = {"load_order": 0, "incompatible_with": [], "requires": []}
    made = dict(raw)
    for key, value in (
        ("description", ""),
        ("capabilities", ["kind:expert"]),
        ("license", ""),
        ("quality_metrics", {}),
    ):
        made[key] = made.get(key) or value
    made["constraints"] = constraints | (made.get("constraints") or {})
    made["perf"] = _beside(PERF, made.get("perf") or {})
    training = dict(made.get("training") or {})
    training["dataset"] = training.get("dataset") or {}
    training["config"] = _beside(_config(made), training.get("config") or {})
    made["training"] = training
    return made


def _beside(wanted: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The given values, then the missing ones, which a comment names."""
    missing = {key: value for key, value in wanted.items() if key not in given}
    said = {"_filled": f"{', '.join(missing)}: {FILLED}"} if missing else {}
    return {**given, **missing, **said}


def _config(raw: dict[str, Any]) -> dict[str, Any]:
    """The adapter's own facts, and numbers that are only there."""
    bases = raw.get("base_models") or [{"adapters": raw.get("adapters")}]
    adapter: dict[str, Any] = next((a for b in bases for a in b.get("adapters") or ()), {})
    facts = {
        "adapter_type": adapter.get("type", "lora"),
        "rank": adapter.get("r", 1),
        "alpha": adapter.get("alpha", 1),
        "target_modules": adapter.get("target_modules") or adapter.get("feedforward_modules") or [],
    }
    if facts["adapter_type"] == "ia3":
        del facts["rank"], facts["alpha"]
    return CONFIG | facts
