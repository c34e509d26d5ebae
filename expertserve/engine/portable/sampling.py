"""Logits → tokens in vLLM's order: grammar, penalty, temperature, min_p, top_k, top_p.

Log-probabilities are raw: of the logits as the model gave them. Drawing runs on the CPU with a
generator for each completion, so that a seed gives the same draws on every device and beside any
other requests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from expertserve.decoding.mask import Row
from expertserve.request import Sampling
from expertserve.result import TokenLogprob

GREEDY = 1e-5
"""Temperatures below are zero, as in vLLM."""
WORD = 32


class Guide(Protocol):
    """A place in a grammar's sentence."""

    def fill(self, row: Row) -> None:
        """Sets the bits of the tokens that may come next, its ends among them."""
        ...

    def accept(self, tokens: Sequence[int]) -> bool:
        """Takes tokens. False at one that may not come."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Choosing:
    """How one row's next token is chosen.

    Args:
        ids: Prompt and answer so far, for the penalties.
        prompt: How many of them are the prompt's.
        written: And how many of those the answer's, which another engine began.
        generator: Of this completion alone; None takes the likeliest.
        guide: Where it stands in its grammar.
        ends: Tokens that end it.
    """

    sampling: Sampling
    ids: Sequence[int]
    prompt: int
    generator: torch.Generator | None
    guide: Guide | None
    ends: frozenset[int] = frozenset()
    written: int = 0


def generator(
    sampling: Sampling, index: int, *, drawn: int = 0, size: int = 0
) -> torch.Generator | None:
    """A completion's own source of chance: completion i of a request has seed + i, as in vLLM.

    Args:
        drawn: Tokens that another engine has drawn of it.
        size: Logits that each was drawn from.
    """
    if sampling.temperature < GREEDY:
        return None
    made = torch.Generator()
    if sampling.seed is None:
        made.seed()
    else:
        made.manual_seed((sampling.seed + index) % (1 << 63))
        wide = sampling.top_k if 0 < sampling.top_k < size else size
        for _ in range(drawn):
            torch.empty(wide).exponential_(generator=made)
    return made


def choose(logits: torch.Tensor, rows: Sequence[Choosing]) -> list[tuple[int, TokenLogprob | None]]:
    """The next token of each row, and its log-probability where it was asked for.

    Shape: logits [rows, vocabulary], float32; overwritten.
    """
    wanted = [i for i, row in enumerate(rows) if row.sampling.logprobs is not None]
    raw = {i: logits[i].log_softmax(-1) for i in wanted}
    for i, row in enumerate(rows):
        if row.guide is not None:
            _constrain(logits[i], row.guide)
        _bias(logits[i], row)
    tokens = [int(t) for t in logits.argmax(-1).tolist()]
    for i, row in enumerate(rows):
        if row.generator is not None:
            tokens[i] = draw(logits[i].cpu(), row.sampling, row.generator)
    return [
        (token, _logprob(raw[i], token, rows[i].sampling.logprobs or 0) if i in raw else None)
        for i, token in enumerate(tokens)
    ]


def draw(logits: torch.Tensor, sampling: Sampling, generator: torch.Generator) -> int:
    """One token drawn from one row's logits, shape [vocabulary]."""
    logits = logits / sampling.temperature
    if sampling.min_p > 0:
        logits = logits.masked_fill(
            logits < logits.max() + torch.tensor(sampling.min_p).log(), -torch.inf
        )
    ids = None
    if 0 < sampling.top_k < len(logits):
        logits, ids = logits.topk(sampling.top_k)
    elif sampling.top_p < 1:
        logits, ids = logits.sort(descending=True)
    share = logits.softmax(-1)
    if sampling.top_p < 1:
        share = share.masked_fill(share.cumsum(-1) - share >= sampling.top_p, 0)
    noise = torch.empty_like(share).exponential_(generator=generator)
    place = int((share / noise).argmax())
    return place if ids is None else int(ids[place])


def _constrain(logits: torch.Tensor, guide: Guide) -> None:
    """Masks, in place, every token that the grammar doesn't allow next."""
    words = np.zeros((len(logits) + WORD - 1) // WORD, dtype=np.int32)
    guide.fill(words)
    allowed = torch.from_numpy(
        np.unpackbits(words.view(np.uint8), bitorder="little")[: len(logits)]
    ).bool()
    logits.masked_fill_(~allowed.to(logits.device), -torch.inf)


def _bias(logits: torch.Tensor, row: Choosing) -> None:
    """What else changes a row's logits, in place and in vLLM's order."""
    sampling, written = row.sampling, row.ids[row.prompt :]
    if sampling.allowed_token_ids is not None:
        allowed = torch.zeros(len(logits), dtype=torch.bool, device=logits.device)
        allowed[[t for t in sampling.allowed_token_ids if t < len(logits)]] = True
        logits.masked_fill_(~allowed, -torch.inf)
    for token, bias in sampling.logit_bias:
        if token < len(logits):
            logits[token] += bias
    if len(written) < sampling.min_tokens:
        logits[[end for end in row.ends if end < len(logits)]] = -torch.inf
    if sampling.repetition_penalty != 1.0:
        _penalise(logits, row.ids, sampling.repetition_penalty)
    counted = row.ids[row.prompt - row.written :]
    if counted and (sampling.presence_penalty or sampling.frequency_penalty):
        counts = torch.bincount(torch.tensor(counted, device=logits.device), minlength=len(logits))[
            : len(logits)
        ]
        logits -= sampling.frequency_penalty * counts
        logits -= sampling.presence_penalty * (counts > 0)


def _penalise(logits: torch.Tensor, ids: Sequence[int], penalty: float) -> None:
    """Repetition penalty in place (arXiv:1909.05858): divides positive logits, else multiplies."""
    seen = torch.tensor(sorted(set(ids)), device=logits.device)
    seen = seen[seen < len(logits)]
    there = logits[seen]
    logits[seen] = torch.where(there > 0, there / penalty, there * penalty)


def score(logits: torch.Tensor, ids: Sequence[int], top: int) -> tuple[TokenLogprob, ...]:
    """Log-probabilities of a prompt's tokens from the second on.

    Shape: logits [tokens, vocabulary], float32.
    """
    return tuple(
        _logprob(row.log_softmax(-1), token, top)
        for row, token in zip(logits[:-1], ids[1:], strict=True)
    )


def _logprob(raw: torch.Tensor, token: int, top: int) -> TokenLogprob:
    values, ids = raw.topk(min(top, len(raw)))
    return TokenLogprob(
        token, float(raw[token]), tuple(zip(ids.tolist(), values.tolist(), strict=True))
    )
