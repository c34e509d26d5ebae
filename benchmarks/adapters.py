"""What do adapters cost, against the base model, stock vLLM, and transformers with PEFT?

SmolLM2-135M-Instruct in bfloat16 (float32 on a CPU without it), adapters of rank 8 on q, k, v, o,
up, down. "Base" is the same LoRA-enabled engine with requests that name no adapter; stock vLLM is
its `AsyncLLM` with the same settings, without anything of ours. PEFT runs unmerged, in the same
type, with the engine's number of threads. Greedy, all tokens generated (end of sequence ignored),
no prefix shared with another round.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.measure import BASE, Ratio, alternate, dtype, report, timed
from expertserve.adapters.peft import read_adapter
from expertserve.adapters.serving import ServingAdapter, prepare_adapter
from expertserve.config import EngineConfig
from expertserve.engine.machine import cpus
from expertserve.engine.vllm.engine import VLLMEngine
from expertserve.models import LocalModel, find_given
from expertserve.package.manifest import Adapter
from expertserve.request import Request, Sampling
from tests import tiny

RANK = 8
DECODED = 48
DTYPE = dtype()
CONFIG: dict[str, Any] = {
    "dtype": DTYPE,
    "max_requests": 64,
    "kv_cache_bytes": 1 << 30,
    "max_model_len": 2048,
    "drafts": False,
}
ids = itertools.count()


def adapter(
    base: LocalModel, folder: Path, kind: str, seed: int, rank: int = RANK
) -> tuple[ServingAdapter, Path]:
    """A random adapter, as PEFT writes it and in the serving form."""
    source = tiny.peft_adapter(
        base.path, folder / f"{kind}-{seed}", kind, rank=rank, seed=seed, strength=0.01
    )
    declared = Adapter.model_validate(
        {"type": kind, "target_modules": tuple(tiny.PROJECTIONS), "r": rank, "alpha": 2.0 * rank}
    )
    read = read_adapter(source, declared, source / "adapter_model.safetensors")
    return prepare_adapter(read, base, f"bench-{kind}-{seed}", folder / "serving"), source


class Served:
    """An engine on an event loop of its own, driven at the seam."""

    def __init__(
        self, base: LocalModel, *, row_scale: bool, slots: int, rank: int = RANK, lora: bool = True
    ) -> None:
        self.loop = asyncio.new_event_loop()
        self.engine = VLLMEngine()
        config = EngineConfig(row_scale=row_scale, max_slots=slots, **CONFIG)
        size = json.loads((base.path / "config.json").read_bytes())["vocab_size"]
        self.tokens = (size // 4, size // 2)
        self.loop.run_until_complete(self.engine.start(base, config, rank if lora else 0))

    def add(self, adapters: Sequence[ServingAdapter]) -> None:
        for one in adapters:
            self.loop.run_until_complete(self.engine.add(one))

    def run(
        self, adapters: Sequence[ServingAdapter | None], prompt_tokens: int, max_tokens: int
    ) -> int:
        """One request for each entry, all at once; returns the tokens generated."""

        async def one(which: ServingAdapter | None) -> int:
            prompt = tuple(random.randrange(*self.tokens) for _ in range(prompt_tokens))
            sampling = Sampling(max_tokens=max_tokens, ignore_eos=True)
            request = Request(
                id=f"bench-{next(ids)}",
                prompt_token_ids=prompt,
                sampling=sampling,
                adapter=which.digest if which else None,
            )
            return sum([len(chunk.token_ids) async for chunk in self.engine.stream(request)])

        async def all_() -> int:
            return sum(await asyncio.gather(*(one(a) for a in adapters)))

        return self.loop.run_until_complete(all_())

    def decode(self, adapters: Sequence[ServingAdapter | None]) -> Callable[[], float]:
        return lambda: timed(lambda: self.run(adapters, 16, DECODED))

    def prefill(self, adapters: Sequence[ServingAdapter | None]) -> Callable[[], float]:
        return lambda: timed(lambda: 1000 * self.run(adapters, 1000, 1))

    def batch(self, which: ServingAdapter) -> Callable[[], float]:
        return lambda: timed(lambda: self.run([which] * 10, 32, 32))

    def latency(self, which: ServingAdapter) -> Callable[[], float]:
        return lambda: 1 / timed(lambda: 1 if self.run([which], 32, 32) else 0)

    def close(self) -> None:
        self.loop.run_until_complete(self.engine.close())


class Stock(Served):
    """vLLM's `AsyncLLM` with the same settings, and nothing of ours in its processes.

    Args:
        folders: PEFT's folder of each adapter, by the digest of its serving form.
    """

    def __init__(self, base: LocalModel, folders: Mapping[str, Path], slots: int) -> None:
        from vllm.engine.arg_utils import AsyncEngineArgs
        from vllm.lora.request import LoRARequest
        from vllm.v1.engine.async_llm import AsyncLLM

        self.loop = asyncio.new_event_loop()
        size = json.loads((base.path / "config.json").read_bytes())["vocab_size"]
        self.tokens = (size // 4, size // 2)
        self._adapters = {
            digest: LoRARequest(digest, number, str(folder))
            for number, (digest, folder) in enumerate(folders.items(), 1)
        }
        self._llm: Any = AsyncLLM.from_engine_args(
            AsyncEngineArgs(
                model=str(base.path),
                dtype=DTYPE,
                max_num_seqs=CONFIG["max_requests"],
                kv_cache_memory_bytes=CONFIG["kv_cache_bytes"],
                max_model_len=CONFIG["max_model_len"],
                enable_lora=True,
                max_loras=slots,
                max_lora_rank=RANK,
            )
        )

    def run(
        self, adapters: Sequence[ServingAdapter | None], prompt_tokens: int, max_tokens: int
    ) -> int:
        """As `Served.run`."""
        from vllm import SamplingParams

        async def one(which: ServingAdapter | None) -> int:
            prompt = [random.randrange(*self.tokens) for _ in range(prompt_tokens)]
            params = SamplingParams(temperature=0, max_tokens=max_tokens, ignore_eos=True)
            adapter = self._adapters[which.digest] if which else None
            name = f"stock-{next(ids)}"
            answers = self._llm.generate(
                {"prompt_token_ids": prompt}, params, name, lora_request=adapter
            )
            return [len(a.outputs[0].token_ids) async for a in answers][-1]

        async def all_() -> int:
            return sum(await asyncio.gather(*(one(a) for a in adapters)))

        return self.loop.run_until_complete(all_())

    def close(self) -> None:
        self._llm.shutdown()


class ByHand:
    """transformers with PEFT, in this process, as users write it."""

    def __init__(self, base: LocalModel, adapters: dict[str, Path]) -> None:
        from peft import PeftModel
        from transformers import AutoModelForCausalLM

        torch.set_num_threads(len(cpus()))
        plain: Any = AutoModelForCausalLM.from_pretrained(base.path, dtype=getattr(torch, DTYPE))
        self.model: Any = None
        for name, folder in adapters.items():
            if self.model is None:
                self.model = PeftModel.from_pretrained(plain, folder, adapter_name=name)
            else:
                self.model.load_adapter(folder, adapter_name=name)
        self.model.eval()

    def generate(self, name: str, batch: int, prompt_tokens: int, max_tokens: int) -> int:
        self.model.set_adapter(name)
        tokens = torch.randint(1000, 40_000, (batch, prompt_tokens))
        with torch.no_grad():
            out = self.model.generate(
                input_ids=tokens,
                attention_mask=torch.ones_like(tokens),
                max_new_tokens=max_tokens,
                min_new_tokens=max_tokens,
                do_sample=False,
                pad_token_id=2,
            )
        return int(out.shape[0] * (out.shape[1] - prompt_tokens))

    def batch(self, name: str) -> Callable[[], float]:
        return lambda: timed(lambda: self.generate(name, 10, 32, 32))

    def latency(self, name: str) -> Callable[[], float]:
        return lambda: 1 / timed(lambda: 1 if self.generate(name, 1, 32, 32) else 0)


RATIOS = [
    Ratio(
        "decode, 32 requests, 2 DoRA + 2 LoRA mixed ÷ base",
        "decode mixed",
        "decode base",
        least=0.80,
    ),
    Ratio(
        "decode, 32 requests, 4 LoRA ÷ stock vLLM",
        "decode 4 LoRA",
        "stock decode 4 LoRA",
        least=2.5,
    ),
    Ratio("prefill of 1000 tokens, LoRA ÷ base", "prefill LoRA", "prefill base", least=0.90),
    Ratio("prefill of 1000 tokens, DoRA ÷ base", "prefill DoRA", "prefill base"),
    Ratio("prefill ÷ stock vLLM LoRA", "prefill LoRA", "stock prefill LoRA", least=6),
    Ratio("decode base ÷ an engine with enable_lora=False", "decode, LoRA on", "decode, LoRA off"),
    Ratio(
        "prefill base ÷ an engine with enable_lora=False", "prefill, LoRA on", "prefill, LoRA off"
    ),
    Ratio("batch of 10, LoRA ÷ transformers + PEFT", "batch LoRA", "PEFT batch LoRA", least=1.2),
    Ratio("batch of 10, DoRA ÷ transformers + PEFT", "batch DoRA", "PEFT batch DoRA", least=5),
    Ratio(
        "one prompt, latency ÷ transformers + PEFT LoRA",
        "latency LoRA",
        "PEFT latency LoRA",
        most=1.0,
    ),
    Ratio(
        "one prompt, latency of DoRA ÷ transformers + PEFT DoRA",
        "latency DoRA",
        "PEFT latency DoRA",
        most=0.5,
    ),
    Ratio("4 adapters in one batch of 64 ÷ one adapter", "decode 64 x 4", "decode 64 x 1"),
    Ratio(
        "16 adapters in one batch of 64 ÷ one adapter", "decode 64 x 16", "decode 64 x 1", least=0.7
    ),
    Ratio("64 adapters in one batch of 64 ÷ one adapter", "decode 64 x 64", "decode 64 x 1"),
]


def main() -> None:
    """Runs the groups one after the other; sides that are compared alternate within a group."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    base = find_given(BASE)
    figures: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        made = {
            (k, s): adapter(base, Path(folder), k, s)
            for k, s in (
                ("lora", 1),
                ("lora", 2),
                ("lora", 3),
                ("lora", 4),
                ("dora", 1),
                ("dora", 2),
            )
        }
        loras, doras = (
            [made["lora", s][0] for s in (1, 2, 3, 4)],
            [made["dora", s][0] for s in (1, 2)],
        )
        ours = Served(base, row_scale=True, slots=8)
        ours.add([*loras, *doras])
        mixed = [doras[0], loras[0], doras[1], loras[1]] * 8
        stock = Stock(base, {one.digest: source for one, source in made.values()}, slots=8)
        hand = ByHand(base, {"lora": made["lora", 1][1], "dora": made["dora", 1][1]})
        figures |= alternate(
            {
                "decode base": ours.decode([None] * 32),
                "decode mixed": ours.decode(mixed),
                "decode 4 LoRA": ours.decode(loras * 8),
                "stock decode 4 LoRA": stock.decode(loras * 8),
                "prefill base": ours.prefill([None] * 4),
                "prefill LoRA": ours.prefill([loras[0]] * 4),
                "prefill DoRA": ours.prefill([doras[0]] * 4),
                "stock prefill LoRA": stock.prefill([loras[0]] * 4),
                "batch LoRA": ours.batch(loras[0]),
                "PEFT batch LoRA": hand.batch("lora"),
                "batch DoRA": ours.batch(doras[0]),
                "PEFT batch DoRA": hand.batch("dora"),
                "latency LoRA": ours.latency(loras[0]),
                "PEFT latency LoRA": hand.latency("lora"),
                "latency DoRA": ours.latency(doras[0]),
                "PEFT latency DoRA": hand.latency("dora"),
            },
            rounds,
        )
        stock.close()
        plain = Served(base, row_scale=True, slots=8, lora=False)
        figures |= alternate(
            {
                "decode, LoRA on": ours.decode([None] * 32),
                "decode, LoRA off": plain.decode([None] * 32),
                "prefill, LoRA on": ours.prefill([None] * 4),
                "prefill, LoRA off": plain.prefill([None] * 4),
            },
            rounds,
        )
        ours.close()
        plain.close()
        many = [adapter(base, Path(folder), "lora", 100 + i)[0] for i in range(64)]
        wide = Served(base, row_scale=True, slots=64)
        wide.add(many)
        figures |= alternate(
            {f"decode 64 x {n}": wide.decode((many[:n] * 64)[:64]) for n in (1, 4, 16, 64)}, rounds
        )
        wide.close()
    name = "adapters" if DTYPE == "bfloat16" else f"adapters_{DTYPE}"
    report(
        name,
        "Adapters",
        figures,
        RATIOS,
        {"base": BASE.name, **CONFIG, "rank": RANK, "slots": "8, then 64", "threads": len(cpus())},
    )


if __name__ == "__main__":
    main()
