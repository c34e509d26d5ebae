"""What we rely on inside vLLM. If an upgrade changes one of these, its test fails, and `VERSIONS` in
engine/vllm/version.py must not be raised yet.
"""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("vllm", reason="only where vLLM is installed")

from expertserve.config import EngineConfig
from expertserve.engine.vllm import engine as ours
from expertserve.engine.vllm import version
from expertserve.errors import EngineDeadError
from expertserve.models import LocalModel


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


def test_the_version_is_one_that_is_known() -> None:
    import vllm

    assert version.is_known(vllm.__version__) and version.is_known(version.installed())


def test_the_punica_wrapper_is_called_as_we_override_it() -> None:
    from vllm.lora.punica_wrapper.punica_base import PunicaWrapperBase
    from vllm.lora.punica_wrapper.punica_cpu import PunicaWrapperCPU

    linear = [
        "self",
        "y",
        "x",
        "lora_a_stacked",
        "lora_b_stacked",
        "scale",
        "output_slices",
        "buffer",
        "kwargs",
    ]
    assert parameters(PunicaWrapperCPU.add_lora_linear) == linear
    assert parameters(PunicaWrapperCPU.add_lora_logits)[:6] == [
        "self",
        "y",
        "x",
        "lora_a_stacked",
        "lora_b_stacked",
        "scale",
    ]
    assert parameters(PunicaWrapperBase.update_metadata)[:3] == [
        "self",
        "mapping",
        "lora_index_to_id",
    ]
    assert isinstance(PunicaWrapperBase.token_lora_indices, property) and isinstance(
        PunicaWrapperBase.sampler_indices, property
    )
    from vllm.lora.punica_wrapper import punica_gpu

    assert parameters(punica_gpu.PunicaWrapperGPU.add_lora_linear)[1:5] == [
        "y",
        "x",
        "lora_a_stacked",
        "lora_b_stacked",
    ]


def test_the_platform_names_its_wrapper_and_workers_take_extensions() -> None:
    from vllm.config import ParallelConfig
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.platforms.cpu import CpuPlatform

    assert (
        CpuPlatform.get_punica_wrapper() == "vllm.lora.punica_wrapper.punica_cpu.PunicaWrapperCPU"
    )
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
    """If this fails, vLLM may have fixed it: then `engine.vllm.patches.seeds` can go."""
    import torch
    from vllm.v1.worker.cpu_model_runner import CPUModelRunner
    from vllm.v1.worker.gpu_model_runner import GPUModelRunner

    with pytest.raises(RuntimeError, match="offset"):
        torch.Generator().get_offset()
    account = inspect.getsource(GPUModelRunner._bookkeeping_sync)
    assert (
        "gen.set_offset(gen.get_offset() - 4)" in account
        and "self.discard_request_mask.np" in account
    )
    assert issubclass(CPUModelRunner, GPUModelRunner) and hasattr(CPUModelRunner, "_sample")


def test_a_mask_over_the_logits_is_what_xgrammar_would_do() -> None:
    """vLLM calls its function by the name that we replace, and a mask takes the same logits,
    whatever the type, rows and vocabulary.
    """
    import numpy as np
    import torch
    import xgrammar
    from vllm.v1.worker import gpu_model_runner
    from vllm.v1.worker.gpu_model_runner import GPUModelRunner

    from expertserve.engine.vllm.patches import masks

    masks.install()

    assert "apply_grammar_bitmask(\n" in inspect.getsource(GPUModelRunner.sample_tokens)
    assert gpu_model_runner.apply_grammar_bitmask.__module__ == masks.__name__
    rng = np.random.default_rng(0)
    for dtype in (torch.bfloat16, torch.float32):
        for size, rows in ((1000, [0, 1, 2]), (1000, [2, 0]), (64, [1])):
            bits = torch.from_numpy(
                rng.integers(-(2**31), 2**31, (len(rows), (size + 31) // 32)).astype(np.int32)
            )
            logits = torch.randn(3, size).to(dtype)
            wanted = logits.float()
            for row, own in zip(rows, bits, strict=True):
                xgrammar.apply_token_bitmask_inplace(wanted[row : row + 1], own.unsqueeze(0))
            masks.mask(logits, rows, bits.view(torch.uint8))
            assert torch.equal(logits.float(), wanted) and bool((logits == -torch.inf).any())


def test_rollback_restores_the_state_of_the_sentence() -> None:
    import torch

    from expertserve.decoding.mask import GlrMask, GlrVocabulary
    from expertserve.decoding.vocabulary import Vocabulary
    from expertserve.engine.vllm.grammar import Sentence
    from expertserve.grammar.gbnf import parse

    end, words = 256, Vocabulary({i: bytes([i]) for i in range(256)})
    sentence = Sentence(
        GlrMask.compile(parse('root ::= "ab" | "acd"'), GlrVocabulary(words)), [end], size=257
    )

    def allowed() -> set[int]:
        row = torch.zeros(1, 9, dtype=torch.int32)
        sentence.fill_bitmask(row, 0)
        return {i for i in range(257) if int(row[0, i >> 5]) >> (i & 31) & 1}

    assert sentence.accept_tokens("", [97, 98]) and allowed() == {end}
    assert sentence.accept_tokens("", [end]) and sentence.is_terminated()
    sentence.rollback(2)
    assert not sentence.is_terminated() and allowed() == {98, 99}
    assert sentence.validate_tokens([99, 100, end, 97]) == [99, 100, end]
    assert (
        sentence.accept_tokens("", [99])
        and allowed() == {100}
        and not sentence.accept_tokens("", [97])
    )


def test_a_call_ends_when_the_engine_dies_before_it_answers(
    tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked what it holds, over a client that never answers, answers late, or lost its worker."""

    async def ask(call: Callable[[], Coroutine[object, object, object]], errored: bool) -> object:
        async def nothing(*arguments: object) -> AsyncIterator[object]:
            for nobody in ():
                yield nobody

        llm = SimpleNamespace(
            errored=errored,
            collective_rpc=lambda name: call(),
            generate=nothing,
            model_config=SimpleNamespace(max_model_len=512),
        )
        monkeypatch.setattr(ours, "launch", lambda *arguments: asyncio.sleep(0, llm))
        engine = ours.VLLMEngine()
        base = LocalModel(tiny_base.name, tiny_base)
        await engine.start(base, EngineConfig(device="cpu", kv_cache_bytes=64 << 20), 8)
        return await engine.resident()

    async def left() -> None:
        raise Exception("Call to collective_rpc method failed: cancelled")

    with pytest.raises(EngineDeadError):
        asyncio.run(ask(lambda: asyncio.sleep(200), errored=True))
    assert asyncio.run(ask(lambda: asyncio.sleep(1.2, [[]]), errored=False)) == {}
    with pytest.raises(EngineDeadError):
        asyncio.run(ask(left, errored=False))


def test_vllm_has_everything_that_the_patches_replace() -> None:
    from pkgutil import resolve_name

    from expertserve.engine.vllm.patches import ADAPTERS, PATCHES

    for patch in (*PATCHES, ADAPTERS):
        for target in patch.replaces:
            assert resolve_name(target) is not None, f"{patch.name}: {target}"


def test_drafted_tokens_get_their_requests_values() -> None:
    import torch

    from expertserve.engine.vllm.patches import drafts

    ends = torch.tensor([2, 3, 6])
    wide = drafts.expand_batch_to_tokens(torch.tensor([0.5, 0.8, 0.0]), ends, 6, 0, 1)
    torch.testing.assert_close(wide, torch.tensor([0.5, 0.5, 0.8, 1.0, 1.0, 1.0]))
    kept = drafts.expand_batch_to_tokens(torch.tensor([4, 0]), torch.tensor([1, 3]), 3)
    assert kept.tolist() == [4, 0, 0]


def test_the_manager_of_structured_outputs_takes_a_backend() -> None:
    from vllm.v1.structured_output import StructuredOutputManager

    source = inspect.getsource(StructuredOutputManager)
    assert "self.backend: StructuredOutputBackend | None = None" in source
    manager = SimpleNamespace(backend=None, backend_name=None)
    version.use_backend(manager, "ours", "expertserve")
    assert (manager.backend, manager.backend_name) == ("ours", "expertserve")
    older = SimpleNamespace(backend=None)
    version.use_backend(older, "ours", "expertserve")
    assert vars(older) == {"backend": "ours"}


@pytest.mark.parametrize("heads", [(6, 2), None], ids=["a dimension for heads", "in one row"])
def test_positions_are_put_into_queries_of_either_shape(heads: tuple[int, int] | None) -> None:
    """vLLM's CPU kernel reads heads that have a dimension of their own as if there were one."""
    import torch
    from vllm.config import VllmConfig, set_current_vllm_config
    from vllm.model_executor.layers.rotary_embedding.base import RotaryEmbedding
    from vllm.platforms import current_platform

    from expertserve.engine.vllm.patches.kernels import by_shape

    current_platform.import_kernels()
    with set_current_vllm_config(VllmConfig()):
        rotary = RotaryEmbedding(32, 32, 64, 10_000, True, torch.float32)
    q, k = torch.randn(5, 6 * 32), torch.randn(5, 2 * 32)
    if heads:
        q, k = q.view(5, heads[0], 32), k.view(5, heads[1], 32)
    wanted = rotary.forward_native(torch.arange(5), q.clone(), k.clone())
    rotate = by_shape(RotaryEmbedding.forward_cpu, RotaryEmbedding.forward_native)
    found = rotate(rotary, torch.arange(5), q.clone(), k.clone())
    torch.testing.assert_close(found, wanted)


def test_only_a_shift_is_kept_to_the_first_of_the_ranks() -> None:
    """A layer that is split over its inputs: each rank scales its summand, and one shifts."""
    import torch
    from vllm.lora.layers.row_parallel_linear import RowParallelLinearWithLoRA

    from expertserve.engine.vllm.rows import of_slices

    class Split(RowParallelLinearWithLoRA):  # type: ignore[misc]
        def __init__(self, rank: int) -> None:
            torch.nn.Module.__init__(self)
            self.tp_rank, self.tp_size, self.input_size = rank, 2, 2
            self.lora_a_stacked, self.lora_b_stacked = (torch.zeros(1),), (torch.zeros(1),)

    rows = torch.arange(6.0).reshape(3, 2) + 1
    (first,), (second,) = (of_slices(Split(rank), [rows]) for rank in (0, 1))
    assert first is not None and torch.equal(first, rows)
    assert second is not None and torch.equal(second[:, 0], rows[:, 0]) and not second[:, 1].any()
    assert of_slices(Split(1), [None]) == [None]


def test_scales_and_shifts_are_taken_out_of_what_vllm_reads() -> None:
    """A plain LoRA's first columns are none, whatever its first rows of A are."""
    import torch
    from vllm.lora.lora_model import LoRAModel
    from vllm.lora.lora_weights import LoRALayerWeights

    from expertserve.engine.vllm.rows import take, taken

    a, b = torch.cat([torch.zeros(2, 5), torch.ones(2, 5)]), torch.arange(12.0).reshape(3, 4) + 1
    for rank, rows in ((4, None), (2, b[:, :2])):
        lora = LoRAModel(1, rank, {"m": LoRALayerWeights("m", rank, rank, a, b)})
        take(lora)
        held = lora.loras["m"]
        assert held.lora_a.shape == (rank, 5) and torch.equal(held.lora_b, b[:, 4 - rank :])
        assert taken(lora).keys() == (set() if rows is None else {"m"})
        assert rows is None or torch.equal(taken(lora)["m"], rows)
