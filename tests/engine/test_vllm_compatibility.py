"""What we rely on inside vLLM. When an upgrade moves one of these, this says which, and `VERSIONS` in engine/vllm.py must wait."""

from __future__ import annotations

import dataclasses
import inspect

import pytest

pytest.importorskip("vllm", reason="only where vLLM is installed")

from expertserve.engine import vllm as ours


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


def test_the_version_is_one_that_is_known() -> None:
    import vllm

    assert vllm.__version__.startswith(tuple(f"{v}." for v in ours.VERSIONS))


def test_the_punica_wrapper_is_called_as_we_override_it() -> None:
    from vllm.lora.punica_wrapper.punica_base import PunicaWrapperBase
    from vllm.lora.punica_wrapper.punica_cpu import PunicaWrapperCPU

    linear = ["self", "y", "x", "lora_a_stacked", "lora_b_stacked", "scale", "output_slices", "buffer", "kwargs"]
    assert parameters(PunicaWrapperCPU.add_lora_linear) == linear
    assert parameters(PunicaWrapperCPU.add_lora_logits)[:6] == ["self", "y", "x", "lora_a_stacked", "lora_b_stacked", "scale"]
    assert parameters(PunicaWrapperBase.update_metadata)[:3] == ["self", "mapping", "lora_index_to_id"]
    assert isinstance(PunicaWrapperBase.token_lora_indices, property) and isinstance(PunicaWrapperBase.sampler_indices, property)
    from vllm.lora.punica_wrapper import punica_gpu

    assert parameters(punica_gpu.PunicaWrapperGPU.add_lora_linear)[1:5] == ["y", "x", "lora_a_stacked", "lora_b_stacked"]


def test_the_platform_names_its_wrapper_and_workers_take_extensions() -> None:
    from vllm.config import ParallelConfig
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.platforms.cpu import CpuPlatform

    assert CpuPlatform.get_punica_wrapper() == "vllm.lora.punica_wrapper.punica_cpu.PunicaWrapperCPU"
    assert "worker_extension_cls" in {f.name for f in dataclasses.fields(ParallelConfig)}
    used = {
        "worker_extension_cls",
        "max_loras",
        "max_cpu_loras",
        "max_lora_rank",
        "kv_cache_memory_bytes",
        "use_tqdm_on_load",
        "generation_config",
    }
    assert used <= {f.name for f in dataclasses.fields(AsyncEngineArgs)}


def test_adapter_slots_have_the_widths_that_we_round_up_to() -> None:
    from typing import get_args

    from vllm.config.lora import MaxLoRARanks

    assert tuple(sorted(get_args(MaxLoRARanks))) == ours.RANKS


def test_the_model_manager_has_what_the_check_reads() -> None:
    from vllm.lora.model_manager import LoRAModelManager

    source = inspect.getsource(LoRAModelManager)
    for name in ("self.lora_index_to_id", "self.modules", "self.packed_modules_mapping"):
        assert name in source


def test_generators_on_cpus_have_no_offset_and_are_used_between_the_methods_that_we_wrap() -> None:
    """When this fails, vLLM may have mended it: then `vllm_seeds` can go."""
    import torch
    from vllm.v1.worker.cpu_model_runner import CPUModelRunner
    from vllm.v1.worker.gpu_model_runner import GPUModelRunner

    with pytest.raises(RuntimeError, match="offset"):
        torch.Generator().get_offset()
    account = inspect.getsource(GPUModelRunner._bookkeeping_sync)
    assert "gen.set_offset(gen.get_offset() - 4)" in account and "self.discard_request_mask.np" in account
    assert issubclass(CPUModelRunner, GPUModelRunner) and hasattr(CPUModelRunner, "_sample")
