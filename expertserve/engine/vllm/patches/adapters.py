"""Lets vLLM apply adapters our way, so that DoRA and IA³ are exact and LoRA is fast on CPUs."""

from __future__ import annotations

WRAPPERS = {
    "cpu": "expertserve.engine.vllm.lora_cpu.RowScaleCPU",
    "cuda": "expertserve.engine.vllm.lora_cuda.RowScaleCUDA",
}


def install() -> None:
    """Makes vLLM's platform name our Punica wrapper.

    Raises:
        RuntimeError: For a platform that we don't know: an adapter must never be served wrong.
    """
    from vllm.platforms import current_platform

    name = WRAPPERS.get(current_platform.device_type)
    if name is None:
        raise RuntimeError(
            "expertserve has no adapter code for vLLM's platform"
            f" {current_platform.device_type!r}; start the engine with row_scale=False"
        )
    type(current_platform).get_punica_wrapper = classmethod(lambda cls: name)
