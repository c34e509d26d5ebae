"""Runs inside vLLM's worker processes on CPUs: lets requests with a seed share a step that only prefills a part of their prompts.

vLLM draws for every row of a step and, for a row whose prompt isn't through yet, turns the request's generator back by an offset.
Generators on CPUs have none, so that the worker, and with it the engine, ends there (vLLM 0.32, `GPUModelRunner._bookkeeping_sync`). Here
their states are kept before the draw and put back after it. Importing this module installs it, as for `worker`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vllm.platforms import current_platform

if TYPE_CHECKING:
    import torch


def install() -> None:
    """Wraps the two methods between which vLLM draws."""
    from vllm.v1.worker.cpu_model_runner import CPUModelRunner

    draw, account = CPUModelRunner._sample, CPUModelRunner._bookkeeping_sync

    def _sample(self: Any, *args: Any, **kwargs: Any) -> Any:
        self._expertserve_states = [
            (generator, generator.get_state()) for generator in _unfinished(self).values()
        ]
        return draw(self, *args, **kwargs)

    def _bookkeeping_sync(self: Any, *args: Any, **kwargs: Any) -> Any:
        for generator, state in self._expertserve_states:
            generator.set_state(state)
        batch, hidden = self.input_batch, _unfinished(self)
        everything = batch.generators
        batch.generators = {
            row: generator for row, generator in everything.items() if row not in hidden
        }
        try:
            return account(self, *args, **kwargs)
        finally:
            batch.generators = everything

    CPUModelRunner._sample, CPUModelRunner._bookkeeping_sync = _sample, _bookkeeping_sync


def _unfinished(runner: Any) -> dict[int, torch.Generator]:
    """The generators, by row, of requests whose prompt isn't through after this step."""
    discarded = runner.discard_request_mask.np
    return {
        row: generator for row, generator in runner.input_batch.generators.items() if discarded[row]
    }


if current_platform.device_type == "cpu":
    install()
