"""A grammar in Outlines' generators: `Generator(model, processor=MaskProcessor(…))`.

The masks are those that the engines use, compiled here, now, and in this process: for grammars that
you trust.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from outlines.processors import OutlinesLogitsProcessor

from expertserve.decoding.compile import vocabulary_of
from expertserve.decoding.mask import GlrMask, GlrVocabulary, Mask, MaskState
from expertserve.errors import GrammarError
from expertserve.grammar.recognise import Grammar


class MaskProcessor(OutlinesLogitsProcessor):
    """Constrains a model to a grammar. One for each generator; each call starts anew.

    Args:
        grammar: What may be written.
        tokenizer: The folder of the model's tokenizer (`tokenizer.json`), whose ids the logits
            have.
        ends: Tokens that end an answer, such as the model's end of sequence; allowed where the
            sentence is complete, and only there.
        library: Whose tensors the model gives: "torch", "numpy" or "mlx".
        strategy: As in `GlrMask.compile`: "static" takes seconds and gives masks of some 20 µs;
            "quick" takes less, and gives slower masks.

    Raises:
        GrammarError: No mask can be compiled for it. IncompatibleError: Tokens of this tokenizer
            can't be expressed in bytes.

    Example:
        >>> import outlines, transformers
        >>> tokenizer = transformers.AutoTokenizer.from_pretrained(base)
        >>> causal = transformers.AutoModelForCausalLM.from_pretrained(base)
        >>> model = outlines.from_transformers(causal, tokenizer)
        >>> grammar, ends = Grammar.from_gbnf('root ::= "yes"'), [tokenizer.eos_token_id]
        >>> processor = MaskProcessor(grammar, base, ends)
        >>> outlines.Generator(model, processor=processor)("Is water wet?", max_new_tokens=4)
        'yes'
    """

    def __init__(
        self,
        grammar: Grammar,
        tokenizer: Path,
        ends: Sequence[int],
        *,
        library: str = "torch",
        strategy: Literal["static", "quick", "walk"] = "static",
    ) -> None:
        super().__init__(library)
        if grammar.marks:
            raise GrammarError(
                "spans of a source and tokens of a model can't be held here",
                hint="ask an expert: Expert.generate(…, grammar=…)",
                code="bad_mark",
            )
        self._mask: Mask = GlrMask.compile(
            grammar.rules, GlrVocabulary(vocabulary_of(tokenizer)), strategy
        )
        self._ends = list(ends)
        self._states: list[MaskState | None] = []

    def reset(self) -> None:
        """Begins new sentences; Outlines calls it before each generation."""
        self._states = []

    def process_logits(self, input_ids: Any, logits: Any) -> Any:
        """Shapes: input_ids [rows, tokens], logits [rows, vocabulary]. Ended rows may only end."""
        adapter: Any = self.tensor_adapter  # its methods are untyped
        rows, size = adapter.shape(logits)
        if not self._states:
            self._states = [self._mask.start() for _ in range(rows)]
        else:
            self._states = [
                self._after(state, adapter.to_scalar(input_ids[i][-1]))
                for i, state in enumerate(self._states)
            ]
        refused = adapter.boolean_ones_like(logits)
        for i, state in enumerate(self._states):
            refused[i, self._allowed(state, size)] = False
        return adapter.apply_mask(logits, refused, float("-inf"))

    def _after(self, state: MaskState | None, token: int) -> MaskState | None:
        """Where a row stands after a token; None once it has ended."""
        if state is None or token in self._ends or not state.commit(token):
            return None
        return state

    def _allowed(self, state: MaskState | None, size: int) -> list[int]:
        if state is None:
            return self._ends
        row = np.zeros((size + 31) // 32, dtype=np.int32)
        state.fill(row)
        inner: list[int] = np.flatnonzero(
            np.unpackbits(row.view(np.uint8), bitorder="little")[:size]
        ).tolist()
        return inner + self._ends * state.accepting
