"""The list of everything in vLLM that we replace: what, why, and when it can go.

vLLM imports our modules in its worker and engine core processes (`worker_extension_cls`,
`scheduler_cls`); they call `install` there. In the front end one function is replaced, and does
what vLLM's does but while an engine of ours starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from expertserve.engine.vllm.patches import (
    adapters,
    devices,
    drafts,
    exit,
    experts,
    groups,
    kernels,
    masks,
    pages,
    pictures,
    processes,
    prompts,
    seeds,
)
from expertserve.engine.vllm.reason import record

Process = Literal["worker", "core", "front"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One replacement.

    Args:
        replaces: What, by its dotted name.
        processes: Where it is installed.
        devices: vLLM's device types that need it; empty for all.
        reason: Why vLLM's own doesn't do.
        until: The condition under which it can go.
        install: Installs it in the current process.
    """

    name: str
    replaces: tuple[str, ...]
    processes: tuple[Process, ...]
    devices: tuple[str, ...] = ()
    reason: str
    until: str
    install: Callable[[], None]


PATCHES = (
    Patch(
        name="exit",
        replaces=("atexit",),
        processes=("worker", "core"),
        reason="the interpreter's last garbage collection of half a million objects takes seconds",
        until="vLLM's processes end within a second by themselves",
        install=exit.install,
    ),
    Patch(
        name="masks",
        replaces=("vllm.v1.worker.gpu_model_runner.apply_grammar_bitmask",),
        processes=("worker",),
        devices=("cpu",),
        reason="xgrammar's CPU kernel clears logits bit by bit: 5.7 ms for 32 rows, ours 0.7 ms",
        until="vLLM applies masks on CPUs in under 1 ms for 32 rows of 49,152 logits",
        install=masks.install,
    ),
    Patch(
        name="kernels",
        replaces=(
            "vllm.model_executor.layers.layernorm.RMSNorm.forward_cpu",
            "vllm.model_executor.layers.activation.SiluAndMul.forward_cpu",
            "vllm.model_executor.layers.rotary_embedding.base.RotaryEmbedding.forward_cpu",
            "vllm.v1.sample.sampler.Sampler.greedy_sample",
        ),
        processes=("worker",),
        devices=("cpu",),
        reason=(
            "with adapters nothing is compiled, and a norm is six of torch's operations; the"
            " likeliest token takes ten times as long as numpy's"
        ),
        until="vLLM takes its own kernels on every CPU, and looks at several logits at once",
        install=kernels.install,
    ),
    Patch(
        name="experts",
        replaces=(
            "vllm.model_executor.layers.fused_moe.config.FusedMoEConfig.__post_init__",
            "vllm.lora.layers.fused_moe.FusedMoEWithLoRA.can_replace_layer",
            "vllm.lora.layers.fused_moe.FusedMoE3DWithLoRA.can_replace_layer",
        ),
        processes=("worker",),
        devices=("cpu",),
        reason="with adapters on, experts take Triton's kernels, which no CPU has",
        until="vLLM serves a mixture with adapters on its attention on CPUs",
        install=experts.install,
    ),
    Patch(
        name="devices",
        replaces=(
            "vllm.lora.layers.base_linear._get_lora_device",
            "vllm.lora.layers.fused_moe._get_lora_device",
        ),
        processes=("worker",),
        devices=("cpu",),
        reason="a repacked int8 layer has no weight, and the engine doesn't start",
        until="vLLM finds the place of a layer whose weight is None",
        install=devices.install,
    ),
    Patch(
        name="pictures",
        replaces=("vllm.model_executor.models.registry._run_in_subprocess",),
        processes=("worker",),
        reason="models that also see import torchvision, which has no build for a CPU's torch 2.13",
        until="vLLM imports image processors where pictures come in, or the pins have torchvision",
        install=pictures.install,
    ),
    Patch(
        name="drafts",
        replaces=(
            "vllm.v1.sample.rejection_sampler.expand_batch_to_tokens",
            "vllm.v1.sample.rejection_sampler.apply_sampling_constraints",
            "vllm.v1.sample.rejection_sampler.rejection_sample",
            "vllm.v1.sample.rejection_sampler.RejectionSampler.forward",
            "vllm.v1.worker.gpu_model_runner.GPUModelRunner._input_fits_in_drafter",
            "vllm.v1.worker.gpu_model_runner.build_logitsprocs",
        ),
        processes=("worker",),
        reason=(
            "a seed gives another answer with drafts than without; on CPUs drafted tokens are"
            " sampled with uninitialised values; min_p and logit_bias are dropped; greedy drafts"
            " copy all logits three times"
        ),
        until="vLLM draws by seed and place, and gives drafted places the right values on a CPU",
        install=drafts.install,
    ),
    Patch(
        name="prompts",
        replaces=("vllm.v1.worker.gpu_model_runner.GPUModelRunner._preprocess",),
        processes=("worker",),
        reason="a soft prompt in a step with adapters ends the engine, or mixes adapters up",
        until="VocabParallelEmbeddingWithLoRA knows which of a step's tokens it embeds",
        install=prompts.install,
    ),
    Patch(
        name="pages",
        replaces=(
            "vllm.v1.worker.cpu_model_runner.CPUModelRunner.initialize_kv_cache",
            "vllm.lora.model_manager.LoRAModelManager._create_lora_modules",
        ),
        processes=("worker",),
        devices=("cpu",),
        reason="every byte of the cache and of all slots is resident from the start on",
        until="vLLM leaves their pages on a CPU untouched until they are used",
        install=pages.install,
    ),
    Patch(
        name="groups",
        replaces=("torch._C._distributed_c10d.ProcessGroupGloo.__init__",),
        processes=("worker",),
        devices=("cpu",),
        reason="a dozen threads of idle process groups wake up 1,200 times a second",
        until="vLLM makes no groups for one rank, or torch's share a device",
        install=groups.install,
    ),
    Patch(
        name="processes",
        replaces=("vllm.v1.engine.utils.get_mp_context",),
        processes=("front",),
        devices=("cpu",),
        reason="the engine core begins to import when its front end has done so",
        until="vLLM's core imports while its front end does",
        install=processes.install,
    ),
    Patch(
        name="seeds",
        replaces=(
            "vllm.v1.worker.gpu_model_runner.GPUModelRunner._sample",
            "vllm.v1.worker.gpu_model_runner.GPUModelRunner._bookkeeping_sync",
        ),
        processes=("worker",),
        reason=(
            "a seed's draws depend on how many there were, which drafts change; on CPUs one in a"
            " chunked prefill ends the worker, whose generators have no offset"
        ),
        until="vLLM draws by seed and place, and doesn't rewind CPU generators",
        install=seeds.install,
    ),
)
"""Installed whenever vLLM runs for us."""

ADAPTERS = Patch(
    name="adapters",
    replaces=(
        "vllm.platforms.current_platform.get_punica_wrapper",
        "vllm.lora.lora_model.LoRAModel.from_local_checkpoint",
        "vllm.lora.worker_manager.WorkerLoRAManager._load_adapter",
        "vllm.lora.model_manager.LoRAModelManager.activate_adapter",
        "vllm.lora.model_manager.LoRAModelManager._create_lora_modules",
    ),
    processes=("worker",),
    reason="vLLM refuses DoRA and IA³, and its CPU path for adapters is several times slower",
    until="vLLM applies a scale and a shift per output row beside LoRA, grouped by slot on CPUs",
    install=adapters.install,
)
"""Installed where `EngineConfig.row_scale` is on."""


def install(process: Process) -> None:
    """Installs what this process needs, once."""
    from vllm.platforms import current_platform

    record()
    for patch in PATCHES:
        device_fits = not patch.devices or current_platform.device_type in patch.devices
        if process in patch.processes and device_fits and patch.name not in _installed:
            _installed.add(patch.name)
            patch.install()


_installed: set[str] = set()
