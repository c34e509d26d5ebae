"""Runs inside vLLM's engine core: our structured-output backend.

It comes in by the scheduler, whose class vLLM lets us name (`scheduler_cls`) and which holds the
structured-output manager: our engines alone have it.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from threading import Thread
from typing import Any

import torch
from vllm.sampling_params import SamplingParams
from vllm.v1.core.sched.async_scheduler import AsyncScheduler
from vllm.v1.structured_output.backend_types import (
    StructuredOutputBackend,
    StructuredOutputGrammar,
    StructuredOutputOptions,
)

from expertserve.decoding.kept import KeptMasks
from expertserve.decoding.line import GrammarLine
from expertserve.engine.vllm import patches
from expertserve.engine.vllm.options import PROPOSER
from expertserve.engine.vllm.turns import Turns
from expertserve.engine.vllm.version import use_backend
from expertserve.request import Constraint

patches.install("core")

NAME = "expertserve"
KEPT = 256
"""Masks that are kept in memory."""


class WithBackend:
    """Puts our backend into a scheduler's manager of structured outputs."""

    vllm_config: Any
    structured_output_manager: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        config = self.vllm_config
        manager = self.structured_output_manager
        size = config.model_config.get_vocab_size()
        backend = Backend(config, tokenizer=manager.tokenizer, vocab_size=size)
        use_backend(manager, backend, NAME)
        Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


class Scheduler(Turns, WithBackend, AsyncScheduler):  # type: ignore[misc]
    """vLLM's own, with our backend, and slots in turn."""


def _end_with(parent: int) -> None:
    """Ends the engine's process when its parent is gone, killed perhaps."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


class Params(SamplingParams):  # type: ignore[misc]
    """Sampling parameters of ours, whose grammars and drafts vLLM's front end must not check."""

    def _validate_spec_decode(self, speculative_config: Any) -> None:
        """What vLLM doesn't apply to drafted places is applied where we draft nothing."""
        if speculative_config is not None and speculative_config.model != PROPOSER:
            super()._validate_spec_decode(speculative_config)

    def _validate_structured_outputs(self, *args: Any) -> None:
        if self.structured_outputs is not None:
            self.structured_outputs._backend = NAME

    def update_from_tokenizer(self, tokenizer: Any) -> None:
        """Bad words within a text, too: vLLM 0.32 leaves these out where a blank before the word
        changes how many tokens it has, as in " boundaries", one token, and "bound", "aries".
        """
        super().update_from_tokenizer(tokenizer)
        for word in self.bad_words or ():
            ids = tokenizer.encode(text=f" {word.lstrip()}", add_special_tokens=False)
            if ids not in self._bad_words_token_ids:
                self._bad_words_token_ids.append(ids)


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
        ends = sorted(stop_token_ids or ())
        return Sentence(mask, ends, constraint.begun, size=self.vocab_size)

    def allocate_token_bitmask(self, max_num_seqs: int) -> torch.Tensor:
        return torch.full((max_num_seqs, (self.vocab_size + 31) // 32), -1, dtype=torch.int32)

    def destroy(self) -> None:
        self._masks.clear()


class Sentence(GrammarLine, StructuredOutputGrammar):  # type: ignore[misc]
    """A request's place in its sentence, as vLLM asks for it."""

    def accept_tokens(self, request_id: str, tokens: list[int]) -> bool:
        return self.accept(tokens)

    def validate_tokens(self, tokens: list[int]) -> list[int]:
        before = self.length
        valid: list[int] = []
        for token in tokens:
            if self.is_terminated() or not self.take(token):
                break
            valid.append(token)
        self.length = before
        return valid

    def fill_bitmask(self, bitmask: torch.Tensor, index: int) -> None:
        self.fill(bitmask[index].numpy())
