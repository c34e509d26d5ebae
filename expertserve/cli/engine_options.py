"""Options of the engine that several commands share: vLLM's own by vLLM's names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from expertserve.config import EngineConfig, option_names
from expertserve.errors import ConfigError

VLLM_PANEL = "vLLM"

MaxSlots = Annotated[int | None, typer.Option(help="Adapters that one batch may mix.")]
MaxLoraRank = Annotated[
    int | None, typer.Option(min=1, help="Of the adapter slots; by default that of the experts.")
]
MaxNumSeqs = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Requests decoded concurrently; by default 64 on a CPU, vLLM's choice on a GPU.",
        rich_help_panel=VLLM_PANEL,
    ),
]
KvCacheBytes = Annotated[int | None, typer.Option(min=1, help="Memory for keys and values.")]
Threads = Annotated[int | None, typer.Option(min=1, help="CPU cores that compute.")]
SoftPrompts = Annotated[
    bool,
    typer.Option(
        "--soft-prompts", help="Be ready for experts with soft prompts that are loaded later."
    ),
]
NoPrefixCaching = Annotated[
    bool, typer.Option("--no-prefix-caching", help="Compute every prompt whole.")
]
Drafts = Annotated[
    bool | None,
    typer.Option(
        "--drafts/--no-drafts", help="Draft what an expert probably says next; same answers."
    ),
]
DraftHistory = Annotated[
    bool | None,
    typer.Option(
        "--draft-history/--no-draft-history",
        help="Draft from earlier answers, too; with --keys only where it is asked for.",
    ),
]
TensorParallelSize = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="GPUs, or ranks on a CPU, that share the base model.",
        rich_help_panel=VLLM_PANEL,
    ),
]
GpuMemoryUtilization = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=1.0,
        help="The share of a GPU's memory that vLLM takes.",
        rich_help_panel=VLLM_PANEL,
    ),
]
MaxNumBatchedTokens = Annotated[
    int | None, typer.Option(min=1, help="Tokens of one step.", rich_help_panel=VLLM_PANEL)
]
Quantization = Annotated[
    str | None,
    typer.Option(
        help="By default what the base model's own configuration says.", rich_help_panel=VLLM_PANEL
    ),
]
KvCacheDtype = Annotated[str | None, typer.Option(help="Such as fp8.", rich_help_panel=VLLM_PANEL)]
EnforceEager = Annotated[
    bool, typer.Option("--enforce-eager", help="No CUDA graphs.", rich_help_panel=VLLM_PANEL)
]
SpeculativeConfig = Annotated[
    str | None, typer.Option(help="A JSON object.", rich_help_panel=VLLM_PANEL)
]
VllmOption = Annotated[
    list[str] | None,
    typer.Option(
        "--vllm",
        metavar="KEY=VALUE",
        help="Any other option of `vllm serve`, such as block_size=32; may be repeated.",
        rich_help_panel=VLLM_PANEL,
    ),
]
VllmConfig = Annotated[
    Path | None,
    typer.Option(
        "--vllm-config",
        help="A YAML file of such options; those on the command line go before it.",
        rich_help_panel=VLLM_PANEL,
    ),
]
NAMED = (
    "tensor_parallel_size",
    "gpu_memory_utilization",
    "max_num_batched_tokens",
    "quantization",
    "kv_cache_dtype",
    "enforce_eager",
    "speculative_config",
)
"""vLLM's options that have a flag of their own."""
OURS = (
    "device",
    "max_model_len",
    "max_slots",
    "max_lora_rank",
    "kv_cache_bytes",
    "threads",
    "drafts",
)


def engine_config(given: Mapping[str, Any]) -> EngineConfig:
    """A command's parameters → the engine's settings.

    Raises:
        ConfigError: `bad_setting`, `bad_file`.
    """
    settings: dict[str, Any] = {name: given.get(name) for name in OURS}
    settings["max_requests"] = given.get("max_num_seqs")
    settings["dtype"] = given.get("dtype")
    settings["otlp_traces_endpoint"] = given.get("otlp_traces_endpoint")
    options = _file(given.get("vllm_config")) | _pairs(given.get("vllm_option") or ())
    options |= {name: given[name] for name in NAMED if given.get(name)}
    return EngineConfig(
        **{name: value for name, value in settings.items() if value is not None},
        soft_prompts=bool(given.get("soft_prompts")),
        prefix_caching=not given.get("no_prefix_caching"),
        draft_history=_draft_history(given),
        vllm=options,
    )


def _draft_history(given: Mapping[str, Any]) -> bool:
    """What was asked for; else not where several keys may share the server."""
    wanted = given.get("draft_history")
    return wanted if wanted is not None else not given.get("keys")


def _pairs(given: Iterable[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for pair in given:
        name, separator, value = pair.partition("=")
        if not separator or not name.strip():
            raise ConfigError(
                f"--vllm takes KEY=VALUE, not {pair!r}",
                hint="for example --vllm block_size=32, or --vllm enable_expert_parallel=true",
                code="bad_setting",
            )
        found[name] = value
    return option_names(found)


def _file(path: Path | None) -> dict[str, object]:
    if path is None:
        return {}
    import yaml

    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} can't be read: {error}", code="bad_file") from error
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise ConfigError(
            f"{path} is not a mapping of option names to values",
            hint="a line each, such as `block-size: 32`",
            code="bad_file",
        )
    return option_names(found)
