"""vLLM's own engine arguments, as `EngineConfig.vllm` and `--vllm` give them.

They are read by vLLM's own command-line parser: names, types and conversions are those of `vllm
serve`, whatever the version.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NoReturn

from expertserve.config import option_names
from expertserve.decoding.drafts.desk import WIDEST
from expertserve.errors import ConfigError
from expertserve.request import nearest

OWNED: dict[str, str] = {
    "model": "base_model says which base model is served",
    "model_weights": "base_model says which base model is served",
    "tokenizer": "each expert's package brings its own",
    "skip_tokenizer_init": "stops and grammars need the tokenizer",
    "runner": "experts generate",
    "convert": "experts generate",
    "dtype": "use dtype",
    "max_model_len": "use max_model_len",
    "max_num_seqs": "use max_requests",
    "kv_cache_memory_bytes": "use kv_cache_bytes",
    "enable_prefix_caching": "use prefix_caching",
    "enable_prompt_embeds": "use soft_prompts",
    "enable_lora": "adapters are what an expert is",
    "max_loras": "use max_slots",
    "max_lora_rank": "use max_lora_rank",
    "fully_sharded_loras": "DoRA, IA³ and biases would be left out",
    "default_mm_loras": "a request's expert names its adapter",
    "language_model_only": "experts read text: what sees or hears isn't loaded",
    "generation_config": "an expert's manifest has its defaults",
    "worker_extension_cls": "our own makes DoRA and IA³ exact",
    "scheduler_cls": "our own enforces grammars",
    "disable_log_stats": "use stats",
    "otlp_traces_endpoint": "use otlp_traces_endpoint",
    "trust_remote_code": "nothing that comes with a model is executed",
}
"""Arguments that are ours, and why, or which setting of `EngineConfig` stands for them."""

PROPOSER = "expertserve.engine.vllm.drafting.Proposer"
SPECULATION = {"method": "custom_class", "model": PROPOSER, "num_speculative_tokens": WIDEST}
"""What lets vLLM verify drafts of ours; a user's own speculative config takes its place."""
KERNELS = {"custom_ops": ["none", "+rms_norm", "+silu_and_mul", "+rotary_embedding"]}
"""Layers that take vLLM's own CPU kernels where nothing is compiled: see `patches.kernels`."""
DRAFTS = "expertserve_drafts"
"""The name of a request's wish among its extra arguments, and of the counts beside its tokens."""


def read(given: Mapping[str, object]) -> dict[str, object]:
    """Checked and converted arguments of `AsyncEngineArgs`. Imports vLLM: seconds, the first time.

    Raises:
        ConfigError: `bad_vllm_option`, for a name that vLLM or we don't take, or a bad value.

    Example:
        >>> read({"max_num_batched_tokens": 4096, "kv_cache_dtype": "fp8"})  # doctest: +SKIP
        {'max_num_batched_tokens': 4096, 'kv_cache_dtype': 'fp8'}
    """
    if not given:
        return {}
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.utils.argparse_utils import FlexibleArgumentParser

    class Parser(FlexibleArgumentParser):  # type: ignore[misc]
        def error(self, message: str) -> NoReturn:
            raise ConfigError(f"vLLM refuses its options: {message}", code="bad_vllm_option")

    options = option_names(given)
    parser = AsyncEngineArgs.add_cli_args(Parser(add_help=False, allow_abbrev=False))
    flags = {action.dest: action for action in parser._actions}
    words: list[str] = []
    for name, value in options.items():
        if name in OWNED:
            raise ConfigError(
                f"vllm option {name!r} is set by expertserve",
                hint=OWNED[name],
                code="bad_vllm_option",
            )
        if name not in flags:
            near = nearest(name, flags)
            raise ConfigError(
                f"vLLM has no option {name!r}",
                hint=f"did you mean {near}?" if near else "see `vllm serve --help=all`",
                code="bad_vllm_option",
            )
        words += _words(flags[name].option_strings, flags[name].nargs, name, value)
    parsed = parser.parse_args(words)
    return {name: getattr(parsed, name) for name in options}


def _words(flags: list[str], nargs: object, name: str, value: object) -> list[str]:
    """One option as words of a command line."""
    flag = next(f for f in flags if f.startswith("--"))
    if nargs == 0:
        return _switch(flags, flag, name, value)
    if isinstance(value, (list, tuple, set)) and nargs in ("+", "*"):
        return [flag, *map(str, value)]
    if isinstance(value, (Mapping, list, tuple)) or value is None:
        return [flag, json.dumps(value)]
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if nargs in ("+", "*"):
        return [flag, *re.split(r"[,\s]+", text)]
    return [f"{flag}={text}"]


def _switch(flags: list[str], flag: str, name: str, value: object) -> list[str]:
    """An option without a value; the off switch is its second name, if it has one."""
    on = {"true": True, "1": True, "on": True, "yes": True, "": True}
    off = {"false": False, "0": False, "off": False, "no": False}
    wanted = (on | off).get(str(value).strip().lower())
    if wanted is None:
        raise ConfigError(
            f"vllm option {name!r} is true or false, not {value!r}", code="bad_vllm_option"
        )
    if wanted:
        return [flag]
    return [f for f in flags if f.startswith("--no-")][:1]


def parallel(options: Mapping[str, object]) -> int:
    """How many devices one copy of the model is spread over.

    Raises:
        ConfigError: `bad_vllm_option`.
    """
    sizes = []
    for name in ("tensor_parallel_size", "pipeline_parallel_size"):
        given = option_names(options).get(name, 1)
        try:
            sizes.append(int(str(given)))
        except ValueError:
            sizes.append(0)
        if sizes[-1] < 1:
            raise ConfigError(
                f"{name} must be a whole number of at least 1, not {given!r}",
                code="bad_vllm_option",
            )
    return sizes[0] * sizes[1]
