"""`adapter_config.json`: read, and checked for what would change what an adapter computes.

Training tools write dozens of keys. Those that matter only while training are listed here; a key
that isn't, with a value that says something, is refused by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from expertserve.errors import IncompatibleError, LoadError
from expertserve.files import read_bounded
from expertserve.findings import Finding
from expertserve.models import HUB_ID, last_component
from expertserve.package.manifest import Adapter

CONFIG = "adapter_config.json"
MAX_CONFIG = 1 << 20
MAX_DEPTH = 32
MAX_RANK = 512
"""The largest that vLLM's adapter slots have."""
RESERVED = 2
"""Columns of B before the product's: scale and shift, where an adapter has them."""

CONVERT = (
    "convert it to a plain LoRA with PEFT: save_pretrained(folder,"
    " path_initial_model_for_weight_conversion=…)"
)
NEUTRAL = frozenset(
    "task_type peft_type auto_mapping peft_version base_model_name_or_path revision inference_mode"
    " r target_modules exclude_modules lora_alpha alpha lora_dropout fan_in_fan_out bias use_rslora"
    " modules_to_save init_lora_weights init_weights init_ia3_weights layers_to_transform"
    " layers_pattern rank_pattern alpha_pattern megatron_config megatron_core loftq_config"
    " eva_config use_dora qalora_group_size runtime_config feedforward_modules target_r init_r"
    " tinit tfinal deltaT beta1 beta2 orth_reg_weight total_step projection_prng_key"
    " save_projection vera_dropout d_initial rank_dropout module_dropout use_effective_conv2d"
    " decompose_both decompose_factor rank_dropout_scale ensure_weight_tying lora_ga_config"
    " corda_config lora_bias velora_config trainable_token_indices"
    " merge_weights lorap_lr_ratio lorap_emb_lr lora_dtype".split()
)
"""Keys that we understand, or that matter only while training; the last four are ms-swift's and
older PEFT's."""
OWN = {
    "miss": frozenset({"mini_r", "miss_dropout", "bone_dropout"}),
    "delora": frozenset({"delora_lambda", "lambda_pattern"}),
    "hra": frozenset({"apply_GS"}),
    "vblora": frozenset(
        "num_vectors vector_length topk vblora_dropout init_vector_bank_bound"
        " init_logits_std".split()
    ),
    "gralora": frozenset({"gralora_k", "hybrid_r", "gralora_dropout"}),
    "pvera": frozenset({"pvera_dropout", "sample_at_inference", "generator_seed"}),
    "tinylora": frozenset(
        {"u", "weight_tying", "projection_seed", "tinylora_dropout", "init_v_bound"}
    ),
    "deft": frozenset({"decomposition_method", "init_scale", "para", "deft_dropout"}),
    "peanut": frozenset({"depth", "act_fn", "scaling"}),
    "beft": frozenset(),
}
"""Keys of single types that we understand, or that matter only while training."""
SHARED_STARTS = (True, False, None, "gaussian", "eva", "orthogonal", "mica")
"""Initialisations of `init_lora_weights` that leave the base weights as they are."""
REMOVED_STARTS = ("pissa", "olora")
"""Those that take what they begin with out of the base weights, and can be computed again."""
REASONS = {
    "alora_invocation_tokens": "it is an activated LoRA (aLoRA), whose weights count only behind"
    " its invocation tokens; a slot's weights count for the whole prompt",
    "layer_replication": "it repeats layers of the base model",
    "target_parameters": "it trained parameters that aren't layers, as a mixture's fused"
    " experts are; no slot holds their update",
    "use_qalora": "it is a QALoRA, which averages its inputs in groups",
    "use_bdlora": "its factors are block-diagonal (BD-LoRA)",
    "arrow_config": "it routes between several adapters (Arrow)",
    "kasa_config": "it changes the base weights (KaSA)",
    "monteclora_config": "it draws its weights (MonteCLoRA)",
}
"""What keys mean that can't be served, for the message."""


def read_config(path: Path, declared: Adapter | None) -> dict[str, object]:
    """The configuration; version 1 packages may have none, then the manifest speaks for it.

    Raises:
        LoadError: `bad_adapter_config`.
    """
    if not path.is_file():
        if declared is None:
            raise LoadError(
                f"there is no {CONFIG} beside the adapter's weights", code="bad_adapter_config"
            )
        return _config_from(declared)
    try:
        config = json.loads(read_bounded(path, MAX_CONFIG))
    except (ValueError, RecursionError) as error:
        raise LoadError(
            f"{CONFIG} is not valid JSON: {error}", code="bad_adapter_config"
        ) from error
    if not isinstance(config, dict):
        raise LoadError(f"{CONFIG} is not a JSON object", code="bad_adapter_config")
    if _depth(config) > MAX_DEPTH:
        raise LoadError(f"{CONFIG} is nested more than {MAX_DEPTH} deep", code="bad_adapter_config")
    return config


def _depth(value: object) -> int:
    deepest, stack = 0, [(value, 1)]
    while stack:
        item, depth = stack.pop()
        deepest = max(deepest, depth)
        if isinstance(item, dict | list):
            stack += [(v, depth + 1) for v in (item.values() if isinstance(item, dict) else item)]
    return deepest


def _config_from(declared: Adapter) -> dict[str, object]:
    kind = {"dora": "lora", "lora-fa": "lora"}.get(declared.type, declared.type)
    config: dict[str, object] = {
        "peft_type": kind.upper(),
        "target_modules": [*declared.target_modules],
        "use_dora": declared.type == "dora",
    }
    if declared.r is not None:
        config |= {
            "r": declared.r,
            "init_r": declared.r,
            "lora_alpha": declared.alpha,
            "alpha": declared.alpha,
        }
    return config | {"feedforward_modules": [*declared.feedforward_modules]}


def check_config(config: Mapping[str, object], kind: str) -> None:
    """Refuses what the serving form can't express.

    Args:
        kind: The adapter's type, as the manifest names it.

    Raises:
        IncompatibleError: `base_changed`, `adapter_config`.
    """
    if config.get("fan_in_fan_out"):
        raise refuse(f"{CONFIG}: fan_in_fan_out adapters are for Conv1D layers", "adapter_config")
    _check_start(config.get("init_lora_weights"))
    for key, value in config.items():
        if key not in NEUTRAL | OWN.get(kind, frozenset()) and _says_something(value):
            raise _odd(config, key, value)


def _says_something(value: object) -> bool:
    """Whether a setting isn't off, absent or empty, as a key's default nearly always is."""
    return any(map(_says_something, value.values())) if isinstance(value, dict) else bool(value)


def _check_start(start: object) -> None:
    """Refuses initialisations that changed the base, and those that nobody here knows."""
    known = start.lower() if isinstance(start, str) else start
    if isinstance(known, bool | str | None) and known in (*SHARED_STARTS, *REMOVED_STARTS):
        return
    if isinstance(known, str) and known.startswith("pissa_niter"):
        raise refuse(
            f"{CONFIG}: init_lora_weights is {known[:60]!r}: it begins with an approximation from"
            " random numbers, so what it took out of the base weights can't be computed again",
            "base_changed",
            CONVERT,
        )
    raise refuse(
        f"{CONFIG}: init_lora_weights is {str(start)[:60]!r}, which isn't known to leave the base"
        " weights as they are, so the adapter may be wrong on the published base",
        "base_changed",
        CONVERT,
    )


def _odd(config: Mapping[str, object], key: str, value: object) -> IncompatibleError:
    reason = REASONS.get(key)
    if reason:
        return refuse(f"{CONFIG}: {key} is set: {reason}", "adapter_config")
    version = str(config.get("peft_version") or "")[:30]
    wrote = f", written by PEFT {version}," if version else ""
    return refuse(
        f"{CONFIG}: {key[:60]} is {str(value)[:60]!r}{wrote} and isn't understood here; it may"
        " change what the adapter computes",
        "adapter_config",
        "remove the key if it matters only while training, or update expertserve",
    )


# ── the base model that it names ────────────────────────────────────────────────────────────────

QUANTISED = re.compile(
    r"[-_.](unsloth|bnb|gptq|awq|gguf|[248]bit|int[48]|w4a16|fp8|mlx|q[2-8](_\w+)*|dynamic)$",
    re.IGNORECASE,
)
SNAPSHOT = re.compile(r"models--([^/\\]+?)--([^/\\]+)[/\\]snapshots[/\\][^/\\]+[/\\]?$")


def own_name(named: str) -> str:
    r"""A base model's own name, out of what a training tool wrote for it.

    Example:
        >>> own_name("unsloth/Qwen3-0.6B-unsloth-bnb-4bit"), own_name("F:\\models\\Qwen3-0.6B\\")
        ('unsloth/Qwen3-0.6B', 'Qwen3-0.6B')
        >>> own_name("/cache/hub/models--org--tiny/snapshots/0a1b")
        'org/tiny'
    """
    cached = SNAPSHOT.search(named)
    if cached:
        name = f"{cached[1]}/{cached[2]}"
    else:
        name = named if HUB_ID.fullmatch(named) else last_component(named)
    while (shorter := QUANTISED.sub("", name)) != name:
        name = shorter
    return name


def base_name(named: str) -> str:
    """The same for comparing: without an organisation, in lower case."""
    return last_component(own_name(named)).casefold()


def check_base_name(config: Mapping[str, object], *names: str) -> list[Finding]:
    """A finding where the adapter names another base model than those it is served on."""
    named = config.get("base_model_name_or_path")
    if not isinstance(named, str) or not named.strip():
        return []
    if base_name(named) in {base_name(name) for name in names}:
        return []
    return [
        Finding(
            "base_named_otherwise",
            "warning",
            0,
            f"the adapter was trained on {named[:200]!r}, the manifest's base model is"
            f" {names[0]!r}",
            "on another base model than its own an adapter answers wrongly, even where every shape"
            " fits",
            "correct the manifest, or base_model_name_or_path if it is the same model",
            CONFIG,
        )
    ]


def refuse(message: str, code: str, hint: str = "") -> IncompatibleError:
    return IncompatibleError(message, code=code, hint=hint)
