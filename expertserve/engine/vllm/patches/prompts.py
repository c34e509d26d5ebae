"""Lets soft prompts share a step with adapters, which are applied to the input embedding, too.

vLLM embeds the tokens of a step alone, and leaves out the places that came as vectors. Its layers
with adapters take the first rows of the step's mapping for these tokens: some get another's
adapter, or the step fails (vLLM 0.32, `GPUModelRunner._preprocess`). Here all places are embedded,
and the vectors are put back over what came of theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from vllm.v1.core.sched.output import SchedulerOutput


def install() -> None:
    """Wraps the method that embeds a step's tokens."""
    from vllm.v1.worker.gpu_model_runner import GPUModelRunner

    theirs = GPUModelRunner._preprocess

    def _preprocess(self: Any, scheduled: SchedulerOutput, *args: Any, **kwargs: Any) -> Any:
        if not self.enable_prompt_embeds:
            return theirs(self, scheduled, *args, **kwargs)
        tokens = self.is_token_ids.np[: scheduled.total_num_scheduled_tokens]
        vectors = np.flatnonzero(~tokens)
        if not len(vectors):
            return theirs(self, scheduled, *args, **kwargs)
        places = torch.from_numpy(vectors).to(self.device)
        kept = self.inputs_embeds.gpu[places]
        self.input_ids.gpu[places] = 0
        tokens[vectors] = True
        try:
            made = theirs(self, scheduled, *args, **kwargs)
        finally:
            tokens[vectors] = False
        self.inputs_embeds.gpu[places] = kept
        return made

    GPUModelRunner._preprocess = _preprocess
