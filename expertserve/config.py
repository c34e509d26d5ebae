"""Settings: the user's folders, and how an engine is started.

Nothing here reads the environment; the command line does. The folders follow the platform's
conventions (on Linux `~/.cache/expertserve` and `~/.local/share/expertserve`).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from expertserve.errors import ConfigError

PROGRESS = "expertserve.progress"
"""The log that says what an engine's start is busy with."""
DType = Literal["auto", "bfloat16", "float16", "float32"]


def cache_dir() -> Path:
    """Where unpacked packages and converted adapters are kept; safe to delete when nothing runs."""
    from platformdirs import user_cache_path

    return user_cache_path("expertserve", appauthor=False)


def models_dir() -> Path:
    """Where base models are looked for by name."""
    from platformdirs import user_data_path

    return user_data_path("expertserve", appauthor=False) / "models"


def experts_dir() -> Path:
    """Where `expertserve install` puts experts."""
    from platformdirs import user_data_path

    return user_data_path("expertserve", appauthor=False) / "experts"


def runtime_dir() -> Path:
    """Where servers leave sockets for commands of the same user."""
    from platformdirs import user_runtime_path

    with warnings.catch_warnings():  # it warns where no session has made the usual folder
        warnings.simplefilter("ignore")
        return user_runtime_path("expertserve", appauthor=False)


def option_names(given: Mapping[str, object]) -> dict[str, object]:
    """vLLM's options by the names of its arguments: `--block-size` and `block_size` are one.

    Example:
        >>> option_names({"--block-size": 32})
        {'block_size': 32}
    """
    return {name.strip().lstrip("-").replace("-", "_"): value for name, value in given.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineConfig:
    """How an engine is started. None leaves the choice to the machine and the model.

    Args:
        device: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``; None is the best one present.
        engine: ``"vllm"``, ``"transformers"``, or the name of an entry point in
            ``expertserve.engines``; None is the one that suits the device.
        dtype: Of the base weights; ``"auto"`` is what the model was saved in, or float32 where the
            CPU would emulate bfloat16 and memory allows.
        max_model_len: Longest prompt and answer together, in tokens.
        max_requests: Requests decoded concurrently; more are queued. None is 64 on a CPU, and
            vLLM's own choice on a GPU.
        max_slots: Adapters that one batch may mix; more are swapped in and out. None is one for
            each expert on a CPU, from 8 to 32, as far as an eighth of the free memory holds them,
            and 8 on a GPU.
        experts: How many share the engine, where that isn't how many are loaded when it starts.
        max_lora_rank: The largest adapter rank, fixed when the engine starts; None is that of the
            experts loaded by then.
        kv_cache_bytes: Memory for keys and values. None is a share of the free memory on a CPU,
            and what vLLM's profiling run finds on a GPU.
        threads: CPU cores that compute; None leaves one to the front end if there are over two.
        row_scale: Install the worker extension that makes DoRA and IA³ exact, and adapters fast.
            Without it only plain LoRA is served.
        soft_prompts: Be ready for soft prompts from the start. Otherwise the engine is, where an
            expert that is loaded by then brings some; for a later one it starts anew.
        prefix_caching: Reuse the keys and values of prompts' common prefixes.
        single: Questions come one at a time: on a CPU the portable engine answers, which starts
            several times as fast as vLLM, where it serves the base model.
        drafts: Draft what an expert probably says next, and let the model verify it: the same
            answers in fewer steps. None is where that was measured to pay: on one CPU, for bases
            that remember keys and values alone. A `speculative_config` among vLLM's options
            takes its place.
        draft_history: Draft from an expert's earlier answers, too. Where several callers share an
            engine, the time that an answer takes may tell one of them what another was answered.
        stats: Have vLLM keep its own Prometheus metrics, as servers do.
        otlp_traces_endpoint: Where vLLM sends an OpenTelemetry span for each request, such as
            ``"http://localhost:4317"``.
        vllm: Any other argument of vLLM's engine, by the names of `vllm serve`, such as
            ``{"tensor_parallel_size": 2, "kv_cache_dtype": "fp8"}``; checked when the engine
            starts. Those that expertserve sets are refused with the reason.

    Example:
        >>> config = EngineConfig(max_model_len=2048, max_slots=4, dtype="float32")
        >>> with Expert.load(demo, base_model=base, config=config, engine=FakeEngine) as expert:
        ...     expert.start().max_model_len
        2048
    """

    device: str | None = None
    engine: str | None = None
    dtype: DType = "auto"
    max_model_len: int | None = None
    max_requests: int | None = None
    max_slots: int | None = None
    experts: int | None = None
    max_lora_rank: int | None = None
    kv_cache_bytes: int | None = None
    threads: int | None = None
    row_scale: bool = True
    soft_prompts: bool = False
    prefix_caching: bool = True
    single: bool = False
    drafts: bool | None = None
    draft_history: bool = True
    stats: bool = False
    otlp_traces_endpoint: str | None = None
    vllm: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.otlp_traces_endpoint and self.engine == "transformers":
            raise ConfigError(
                "otlp_traces_endpoint is for vLLM; the transformers engine sends no traces",
                code="bad_setting",
            )
        if self.vllm and self.engine == "transformers":
            raise ConfigError(
                f"{next(iter(self.vllm))} is an option of vLLM's; the transformers engine takes"
                " none of them",
                code="bad_setting",
            )
        for name in (
            "max_model_len",
            "max_requests",
            "max_slots",
            "experts",
            "max_lora_rank",
            "kv_cache_bytes",
            "threads",
        ):
            value = getattr(self, name)
            if value is not None and (
                not isinstance(value, int) or isinstance(value, bool) or value < 1
            ):
                raise ConfigError(
                    f"{name} must be a whole number of at least 1, not {value!r}",
                    code="bad_setting",
                )
        if self.dtype not in ("auto", "bfloat16", "float16", "float32"):
            raise ConfigError(
                f"dtype must be one of auto, bfloat16, float16, float32, not {self.dtype!r}",
                hint="leave it out to take what the model was saved in",
                code="bad_setting",
            )
