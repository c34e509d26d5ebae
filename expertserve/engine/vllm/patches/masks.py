"""Applies the grammars' masks to the logits by one lookup and one addition, on CPUs.

vLLM 0.32 lets xgrammar clear logits bit by bit, in float32: 5.7 ms for 32 rows of 49,152 bf16
logits, here 0.7 ms, in a step of some 90 ms.
"""

from __future__ import annotations

from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import embedding

if TYPE_CHECKING:
    from vllm.v1.core.sched.output import GrammarOutput, SchedulerOutput
    from vllm.v1.worker.gpu_input_batch import InputBatch


@cache
def penalties(dtype: torch.dtype) -> torch.Tensor:
    """What each byte of a mask adds to its eight tokens' logits: 0 or −∞. Shape [256, 8]."""
    bits = torch.arange(256).unsqueeze(1) >> torch.arange(8) & 1
    return torch.zeros(256, 8, dtype=dtype).masked_fill_(bits == 0, float("-inf"))


def mask(logits: torch.Tensor, rows: list[int], bits: torch.Tensor) -> None:
    """Masks rows of the logits in place.

    Args:
        logits: Shape [batch, vocabulary].
        rows: Those that have masks.
        bits: The masks, a bit a token, shape [len(rows), bytes], uint8.
    """
    added = embedding(bits.int(), penalties(logits.dtype)).view(len(rows), -1)[:, : logits.shape[1]]
    if rows == list(range(len(logits))):
        logits.add_(added)
    else:
        logits.index_add_(0, torch.tensor(rows), added)


def install() -> None:
    """Replaces vLLM's function."""
    from vllm.v1.worker import gpu_model_runner

    theirs = gpu_model_runner.apply_grammar_bitmask

    def apply_grammar_bitmask(
        scheduled: SchedulerOutput, grammars: GrammarOutput, batch: InputBatch, logits: torch.Tensor
    ) -> None:
        drafts = scheduled.scheduled_spec_decode_tokens
        width = {id: 1 + len(drafts.get(id, ())) for id in batch.req_ids}
        firsts = dict(zip(width, accumulate(width.values(), initial=0), strict=False))
        rows: list[int] = []
        own: list[int] = []
        place = 0
        for id in grammars.structured_output_request_ids:
            if id in firsts:
                rows += range(firsts[id], firsts[id] + width[id])
                own += range(place, place + width[id])
            place += width.get(id, 1 + len(drafts.get(id, ())))
        if place != grammars.grammar_bitmask.shape[0] or sum(width.values()) != len(logits):
            theirs(scheduled, grammars, batch, logits)
            return
        mask(logits, rows, torch.from_numpy(grammars.grammar_bitmask[own]).view(torch.uint8))

    gpu_model_runner.apply_grammar_bitmask = apply_grammar_bitmask
