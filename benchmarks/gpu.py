"""What adapters cost on a GPU, layer by layer: vLLM's own kernels, and ours before them.

Needs torch, Triton and vLLM's Python, no compiled vLLM. Each side is a fused layer's adapters for
one step of a batch: vLLM's kernels with plain LoRA; ours with plain LoRA, with DoRA, and with both
and tokens of the base mixed. Steps are captured into CUDA graphs and replayed, as vLLM does. Prints
a table, and writes JSON.

Usage: python benchmarks/gpu.py [--device cuda] [--short]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

LAYERS = {"q, k, v of 8B": (4096, (4096, 1024, 1024)), "gate, up of 8B": (4096, (12288, 12288))}
SHORT = {"tiny": (64, (64, 32))}
BATCHES = (1, 4, 16, 64, 256)
RANK, SLOTS, ROUNDS, REPEATS = 16, 8, 5, 50
OUT = Path(__file__).parent / "results" / "gpu.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--short", action="store_true", help="tiny sizes, to try the script")
    given = parser.parse_args()
    rows = []
    for name, (width, outs) in (SHORT if given.short else LAYERS).items():
        for batch in BATCHES[:2] if given.short else BATCHES:
            figures = measure(width, outs, batch, given.device, 1 if given.short else ROUNDS)
            rows.append({"layer": name, "batch": batch} | figures)
            print(rows[-1], flush=True)
    if given.device == "cuda" and not given.short:
        device = torch.cuda.get_device_name()
        OUT.write_text(json.dumps({"device": device, "torch": torch.__version__, "rows": rows}))


def measure(
    width: int, outs: tuple[int, ...], batch: int, device: str, rounds: int
) -> dict[str, float]:
    """Medians, in microseconds a step, of alternating rounds; and ours over vLLM's."""
    sides = {name: side(name, width, outs, batch, device) for name in STEPS}
    figures: dict[str, list[float]] = {name: [] for name in sides}
    for round_ in range(rounds + 1):
        for name, step in sides.items():
            took = clock(step, device, 1 if device == "cpu" else REPEATS)
            figures[name] += [took] if round_ else []
    medians = {name: statistics.median(values) for name, values in figures.items()}
    return medians | {f"{n} ÷ vLLM": medians[n] / medians["vLLM"] for n in STEPS if n != "vLLM"}


STEPS: dict[str, tuple[bool, bool]] = {
    "vLLM": (False, False),
    "LoRA": (False, False),
    "DoRA": (True, False),
    "mixed": (True, True),
}
"""Whether odd slots scale rows, and whether tokens differ in their slots, some having none."""


def side(
    name: str, width: int, outs: tuple[int, ...], batch: int, device: str
) -> Callable[[], Any]:
    """One step of one side, captured into a graph where there is a GPU."""
    from vllm.config import LoRAConfig
    from vllm.lora.layers import LoRAMapping
    from vllm.lora.punica_wrapper.punica_gpu import PunicaWrapperGPU

    from expertserve.engine.vllm.lora_cuda import RowScaleCUDA

    scaled, mixed = STEPS[name]
    config = LoRAConfig(max_lora_rank=RANK, max_loras=SLOTS, lora_dtype=torch.float16)
    kind: Any = PunicaWrapperGPU if name == "vLLM" else RowScaleCUDA
    wrapper = kind(max(BATCHES), max(BATCHES), device, lora_config=config)
    wrapper.affine_ids = frozenset(range(2, SLOTS + 1, 2)) if scaled else frozenset()
    ids = tuple((i % (SLOTS + 1)) if mixed else 2 for i in range(batch))
    wrapper.update_metadata(
        LoRAMapping(ids, ids, is_prefill=False), [*range(1, SLOTS + 1)], SLOTS + 1, 512
    )
    x = torch.randn(batch, width, device=device).half()
    y = torch.randn(batch, sum(outs), device=device).half()
    a = tuple(torch.zeros(SLOTS, 1, RANK, width, device=device).half() for _ in outs)
    b = tuple(torch.zeros(SLOTS, 1, out, RANK, device=device).half() for out in outs)

    def step() -> None:
        wrapper.add_lora_linear(y, x, a, b, 1.0, outs)

    step()
    if device == "cpu":
        return step
    graph = torch.cuda.CUDAGraph()
    torch.cuda.synchronize()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def clock(step: Callable[[], Any], device: str, repeats: int) -> float:
    """Microseconds a step."""
    if device == "cuda":
        torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(repeats):
        step()
    if device == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - began) / repeats * 1e6


if __name__ == "__main__":
    main()
