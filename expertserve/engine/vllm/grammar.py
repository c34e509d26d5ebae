"""Runs inside vLLM's engine core: our structured-output backend.

It comes in by the scheduler, whose class vLLM lets us name (`scheduler_cls`) and which holds the
structured-output manager: our engines alone have it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import torch
from vllm.sampling_params import SamplingParams
from vllm.v1.core.sched.async_scheduler import AsyncScheduler
from vllm.v1.structured_output.backend_types import (
    StructuredOutputBackend,
    StructuredOutputGrammar,
    StructuredOutputOptions,
)

from expertserve.decoding.kept import KeptMasks
from expertserve.decoding.mask import Mask, MaskState
from expertserve.engine.vllm import patches
from expertserve.engine.vllm.version import use_backend
from expertserve.request import Constraint

patches.install("core")

NAME = "expertserve"
KEPT = 256
"""Masks that are kept in memory."""


class Scheduler(AsyncScheduler):  # type: ignore[misc]
    """vLLM's own, with our backend in its manager of structured outputs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        config = self.vllm_config
        manager = self.structured_output_manager
        size = config.model_config.get_vocab_size()
        backend = Backend(config, tokenizer=manager.tokenizer, vocab_size=size)
        use_backend(manager, backend, NAME)
        Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    """Ends the engine's process when its parent is gone, killed perhaps."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


class Params(SamplingParams):  # type: ignore[misc]
    """Sampling parameters with a grammar of ours, which vLLM's front end must not check."""

    def _validate_structured_outputs(self, *args: Any) -> None:
        assert self.structured_outputs is not None
        self.structured_outputs._backend = NAME


class Backend(StructuredOutputBackend):  # type: ignore[misc]
    """Loads the masks that our front end compiled, by the grammar's digest and path."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        folder = Path(self.vllm_config.model_config.tokenizer)
        self._masks = KeptMasks(folder, self.vocab_size, KEPT)

    def compile_grammar(
        self,
        request_type: StructuredOutputOptions,
        grammar_spec: str,
        stop_token_ids: set[int] | None = None,
    ) -> StructuredOutputGrammar:
        constraint = Constraint.of_json(grammar_spec)
        mask = self._masks.mask(constraint)
        return Sentence(mask, sorted(stop_token_ids or ()), constraint.begun)

    def allocate_token_bitmask(self, max_num_seqs: int) -> torch.Tensor:
        return torch.full((max_num_seqs, (self.vocab_size + 31) // 32), -1, dtype=torch.int32)

    def destroy(self) -> None:
        self._masks.clear()


class Sentence(StructuredOutputGrammar):  # type: ignore[misc]
    """A request's place in its sentence. EOS is allowed only where it is complete.

    Args:
        ends: Those tokens.
        begun: Tokens of the sentence that the prompt ends with already.
    """

    def __init__(self, mask: Mask, ends: list[int], begun: Sequence[int] = ()) -> None:
        self._mask = mask
        self._begun = begun
        self._ends = frozenset(ends)
        self._bits = [(e >> 5, np.uint32(1 << (e & 31))) for e in ends]
        self.reset()

    def reset(self) -> None:
        self._state: MaskState = self._mask.start()
        for token in self._begun:
            self._state.commit(token)
        self._taken: list[int] = []
        self._ended = False

    def accept_tokens(self, request_id: str, tokens: list[int]) -> bool:
        for token in tokens:
            if self._ended:
                return True
            if token in self._ends:
                if not self._state.accepting:
                    return False
                self._ended = True
            else:
                if not self._state.commit(token):
                    return False
                self._taken.append(token)
        return True

    def rollback(self, num_tokens: int) -> None:
        """Rolls back by replay: copying the state at each token costs ten times its step."""
        kept = self._taken[: len(self._taken) + self._ended - num_tokens]
        self.reset()
        self.accept_tokens("", kept)

    def validate_tokens(self, tokens: list[int]) -> list[int]:
        state = self._state.copy()
        valid: list[int] = []
        for token in tokens:
            if token in self._ends:
                return [*valid, token] if state.accepting else valid
            if not state.commit(token):
                break
            valid.append(token)
        return valid

    def fill_bitmask(self, bitmask: torch.Tensor, index: int) -> None:
        row = bitmask[index].numpy()
        self._state.fill(row)
        words = row.view(np.uint32)
        accepting = self._state.accepting
        for word, bit in self._bits:
            words[word] = words[word] | bit if accepting else words[word] & ~bit

    def is_terminated(self) -> bool:
        return self._ended
