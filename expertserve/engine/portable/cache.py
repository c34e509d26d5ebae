"""The memory of a batch whose rows come and go: keys and values, left-padded with zeros, and the
states of layers that keep no keys.

Buffers are allocated ahead, so that a step writes one place and copies nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers.cache_utils import Cache, CacheLayerMixin, LinearAttentionLayer

from expertserve.engine.portable.kinds import STATES

AHEAD = 64
"""Places allocated beyond those that are needed."""


class CacheLayer(CacheLayerMixin):  # type: ignore[misc]
    """One layer's keys and values. Shapes: [rows or more, heads, places or more, head size]."""

    is_sliding = False  # windows are the mask's business: it gets the whole length

    def __init__(self) -> None:
        super().__init__()
        self.keys: torch.Tensor | None = None
        self.values: torch.Tensor | None = None
        self.end = 0
        self.rows = 0

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        self.rows = len(key_states)
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: object, **kwargs: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        start, self.end = self.end, self.end + key_states.shape[2]
        self.keys = self._write(self.keys, key_states, start)
        self.values = self._write(self.values, value_states, start)
        return self.keys[: self.rows, :, : self.end], self.values[: self.rows, :, : self.end]

    def _write(self, buffer: torch.Tensor | None, states: torch.Tensor, start: int) -> torch.Tensor:
        if buffer is None or buffer.shape[2] < self.end:
            grown = states.new_zeros(
                len(states), states.shape[1], self.end + max(AHEAD, start // 8), states.shape[3]
            )
            if buffer is not None:
                grown[:, :, :start] = buffer[: self.rows, :, :start]
            buffer = grown
        buffer[: self.rows, :, start : self.end] = states
        return buffer

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.end + query_length, 0

    def get_seq_length(self) -> int:
        return self.end

    def get_max_length(self) -> int:
        return -1

    def drop(self, row: int) -> None:
        """Removes a row; the last one takes its place."""
        self.rows -= 1
        for buffer in (self.keys, self.values):
            if buffer is not None and row != self.rows:
                buffer[row] = buffer[self.rows]

    def rebuild(self, kept: int, parts: Sequence[tuple[CacheLayer, int]], end: int) -> None:
        """The last `kept` places of present rows, then a row of each (layer, length)."""
        own, rows = self.rows, self.rows + len(parts)
        for name in ("keys", "values"):
            old = getattr(self, name)
            like = old if old is not None else getattr(parts[0][0], name)
            if like is None:  # a layer that shares another's
                continue
            made = like.new_zeros(rows, like.shape[1], end + AHEAD, like.shape[3])
            if old is not None:
                made[:own, :, end - kept : end] = old[:own, :, self.end - kept : self.end]
            for i, (layer, length) in enumerate(parts):
                made[own + i, :, end - length : end] = getattr(layer, name)[0, :, :length]
            setattr(self, name, made)
        self.rows, self.end, self.is_initialized = rows, end, True


class StateLayer(LinearAttentionLayer):  # type: ignore[misc]
    """One layer's states, each [rows, …]. Padding never reaches them: prompts have none."""

    end = 0

    @property
    def _states(self) -> list[dict[int, Any]]:
        return [self.conv_states, self.recurrent_states]

    def drop(self, row: int) -> None:
        """Removes a row; the last one takes its place."""
        for states in self._states:
            for i, state in states.items():
                if state is not None:
                    state[row] = state[-1]
                    states[i] = state[:-1]

    def rebuild(self, kept: int, parts: Sequence[tuple[StateLayer, int]], end: int) -> None:
        """Adds a row of each layer to the present rows."""
        for layer, _ in parts:
            for own, other in zip(self._states, layer._states, strict=True):
                for i, state in other.items():
                    if state is not None:
                        old = own[i]
                        own[i] = state[:1].clone() if old is None else torch.cat([old, state[:1]])
            for name in (
                "is_conv_states_initialized",
                "is_recurrent_states_initialized",
                "has_previous_state",
                "conv_kernel_size",
            ):
                getattr(self, name).update(getattr(layer, name))


class BatchCache(Cache):  # type: ignore[misc]
    """All layers of a batch.

    Args:
        kinds: Each layer's, as in `layer_types`.

    Attributes:
        lengths: Each row's own places, without padding.
    """

    def __init__(self, kinds: Sequence[str]) -> None:
        super().__init__(layers=[StateLayer() if k in STATES else CacheLayer() for k in kinds])
        self.lengths: list[int] = []
        self.layers: list[Any]

    @property
    def end(self) -> int:
        """Places of the longest row, or of one that has left since the last rebuild."""
        return max((layer.end for layer in self.layers), default=0)

    def join(self, parts: Sequence[tuple[BatchCache, int]]) -> None:
        """Adds the first row of each (cache, length). Peak: the new batch and one old layer."""
        kept = max(self.lengths, default=0)
        self.lengths += [length for _, length in parts]
        end = max(self.lengths)
        for i, layer in enumerate(self.layers):
            layer.rebuild(kept, [(cache.layers[i], length) for cache, length in parts], end)

    def drop(self, row: int) -> None:
        """Removes a row by moving the last one there. Drops padding when there is much."""
        self.lengths[row] = self.lengths[-1]
        self.lengths.pop()
        for layer in self.layers:
            layer.drop(row)
        longest = max(self.lengths, default=0)
        if self.lengths and self.end - longest > max(AHEAD, longest):
            for layer in self.layers:
                layer.rebuild(longest, [], longest)

    def step(self, places: int, over: int) -> None:
        """Notes that every row has some places more; takes back what was read beyond."""
        self.lengths = [length + places for length in self.lengths]
        for layer in self.layers if over else ():
            layer.end -= over

    def mask(self, device: torch.device, more: int) -> torch.Tensor | None:
        """The attention mask [rows, places + more] of the next tokens; None without padding."""
        end = self.end
        if all(length == end for length in self.lengths):
            return None
        padding = torch.tensor([end - length for length in self.lengths], device=device)
        return (torch.arange(end + more, device=device) >= padding[:, None]).long()
