"""The reference: transformers and PEFT in float32, one prompt at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from tests import tiny


class Reference:
    """A base model with at most one adapter, by PEFT itself."""

    def __init__(self, base: Path, adapter: Path | None) -> None:
        from peft import PeftModel

        model = tiny.loaded(base, attn_implementation="eager")
        # torch's own attention leaves out Gemma 2's caps
        self.model = (PeftModel.from_pretrained(model, adapter) if adapter else model).eval()

    @torch.no_grad()
    def greedy(self, prompt: Sequence[int], tokens: int, ends: Sequence[int]) -> list[int]:
        """What PEFT generates with its own loop."""
        ids = torch.tensor([prompt])
        out = self.model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=tokens,
            do_sample=False,
            eos_token_id=list(ends),
            pad_token_id=ends[0],
        )
        return [int(t) for t in out[0, len(prompt) :]]

    @torch.no_grad()
    def judge(self, prompt: Sequence[int], answer: Sequence[int]) -> tuple[list[int], list[float]]:
        """At each place of an answer: the likeliest token, and the log-probability of the one that
        is there.
        """
        logits = (
            self.model(input_ids=torch.tensor([[*prompt, *answer]]))
            .logits[0, len(prompt) - 1 : -1]
            .float()
        )
        chosen = logits.log_softmax(-1).gather(1, torch.tensor(answer)[:, None])[:, 0]
        return [int(t) for t in logits.argmax(-1)], [float(p) for p in chosen]

    @torch.no_grad()
    def likeliest(self, prompt: Sequence[int], answer: Sequence[int], count: int) -> list[set[int]]:
        """The likeliest tokens at each place of an answer."""
        logits = self.model(input_ids=torch.tensor([[*prompt, *answer]])).logits[0]
        top = logits[len(prompt) - 1 : -1].topk(count, -1).indices
        return [set(row) for row in top.tolist()]
