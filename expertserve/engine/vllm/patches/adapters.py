"""Lets vLLM apply adapters our way, so that DoRA and IA³ are exact and LoRA is fast on CPUs."""

from __future__ import annotations

from typing import Any

from expertserve.package.members import WEIGHTS

WRAPPERS = {
    "cpu": "expertserve.engine.vllm.lora_cpu.RowScaleCPU",
    "cuda": "expertserve.engine.vllm.lora_cuda.RowScaleCUDA",
}


def install() -> None:
    """Makes vLLM's platform name our Punica wrapper.

    Raises:
        RuntimeError: For a platform that we don't know: an adapter must never be served wrong.
    """
    from vllm import envs
    from vllm.platforms import current_platform

    name = WRAPPERS.get(current_platform.device_type)
    if name is None:
        raise RuntimeError(
            "expertserve has no adapter code for vLLM's platform"
            f" {current_platform.device_type!r}; start the engine with row_scale=False"
        )
    type(current_platform).get_punica_wrapper = classmethod(lambda cls: name)
    if envs.VLLM_LORA_ENABLE_DUAL_STREAM:
        raise RuntimeError(
            "with VLLM_LORA_ENABLE_DUAL_STREAM adapters don't see their layer's outputs, and"
            " couldn't scale them; unset it"
        )
    _rows_beside_slots()
    if current_platform.device_type == "cpu":
        _slots_by_ranks()


def note_affine(adapter_id: int) -> None:
    """Tells the GPU wrapper that an adapter scales or shifts rows; the CPU's finds out itself."""
    from vllm.platforms import current_platform

    if current_platform.device_type == "cuda":
        from expertserve.engine.vllm.lora_cuda import RowScaleCUDA

        RowScaleCUDA.affine_ids |= {adapter_id}


def _rows_beside_slots() -> None:
    """Reads adapters for vLLM, and takes scales and shifts into tables beside the slots."""
    from safetensors.torch import load_file
    from vllm.lora.lora_model import LoRAModel
    from vllm.lora.model_manager import LoRAModelManager
    from vllm.lora.worker_manager import WorkerLoRAManager

    from expertserve.engine.vllm import rows

    their_reading = LoRAModel.from_local_checkpoint.__func__
    their_load = WorkerLoRAManager._load_adapter
    their_activation = LoRAModelManager.activate_adapter

    def from_local_checkpoint(
        cls: Any, /, lora_dir: str, expected: set[str], peft_helper: Any, **options: Any
    ) -> Any:
        """In one read, without its search for modules that it hasn't: our worker has looked."""
        if options.get("moe_ep_spec") is not None:
            return their_reading(cls, lora_dir, expected, peft_helper, **options)
        options.pop("moe_ep_spec", None)
        tensors = load_file(f"{lora_dir}/{WEIGHTS}")
        lora = cls.from_lora_tensors(tensors=tensors, peft_helper=peft_helper, **options)
        rows.note_read(tensors)
        return lora

    def _load_adapter(self: Any, lora_request: Any) -> Any:
        lora = their_load(self, lora_request)
        rows.take(lora)
        return lora

    def activate_adapter(self: Any, lora_id: int) -> bool:
        done = bool(their_activation(self, lora_id))
        if done:
            rows.fill(self, lora_id)
        return done

    LoRAModel.from_local_checkpoint = classmethod(from_local_checkpoint)
    WorkerLoRAManager._load_adapter = _load_adapter
    LoRAModelManager.activate_adapter = activate_adapter


def _slots_by_ranks() -> None:
    """Stores the slots' B as the CPU's loops read it, and clears only slots that hold something."""
    from vllm.lora.model_manager import LoRAModelManager

    from expertserve.engine.vllm.patches.pages import UntouchedZeros
    from expertserve.engine.vllm.stacked import by_ranks, clear_when_held

    theirs = LoRAModelManager._create_lora_modules

    def _create_lora_modules(self: Any) -> None:
        theirs(self)
        with UntouchedZeros():
            for layer in self.modules.values():
                by_ranks(layer)
                clear_when_held(layer)

    LoRAModelManager._create_lora_modules = _create_lora_modules
