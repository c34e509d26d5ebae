"""Lets requests with a seed share a step that prefills only a part of their prompts, on CPUs.

vLLM draws for every row of a step and, for a row whose prefill isn't finished, rewinds the
request's generator by an offset. CPU generators have none, so the worker, and with it the engine,
dies (vLLM 0.32, `GPUModelRunner._bookkeeping_sync`). Here their states are saved before the draw
and restored after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def install() -> None:
    """Wraps the two methods between which vLLM draws."""
    from vllm.v1.worker.cpu_model_runner import CPUModelRunner

    sample, bookkeeping = CPUModelRunner._sample, CPUModelRunner._bookkeeping_sync

    def _sample(self: Any, *args: Any, **kwargs: Any) -> Any:
        generators = _prefilling(self).values()
        self._expertserve_states = [(g, g.get_state()) for g in generators]
        return sample(self, *args, **kwargs)

    def _bookkeeping_sync(self: Any, *args: Any, **kwargs: Any) -> Any:
        for generator, state in self._expertserve_states:
            generator.set_state(state)
        batch, hidden = self.input_batch, _prefilling(self)
        everything = batch.generators
        batch.generators = {row: g for row, g in everything.items() if row not in hidden}
        try:
            return bookkeeping(self, *args, **kwargs)
        finally:
            batch.generators = everything

    CPUModelRunner._sample, CPUModelRunner._bookkeeping_sync = _sample, _bookkeeping_sync


def _prefilling(runner: Any) -> dict[int, torch.Generator]:
    """The generators, by row, of requests whose prefill isn't finished after this step."""
    discarded = runner.discard_request_mask.np
    return {row: g for row, g in runner.input_batch.generators.items() if discarded[row]}
