"""Adapter slots in turn: nobody waits for ever behind adapters that are busy. In the engine core.

While all slots are taken, vLLM admits requests for the adapters in them, whatever came first: that
saves loading. Adapters that are always asked for would keep their slots for ever. So once a request
has been passed over for `PATIENCE` seconds, the adapter with the fewest requests at work gets no
more of them, and gives up its slot when those have ended.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection
from typing import Any

PATIENCE = 1.0
"""Seconds that a request is passed over before a slot is freed for it."""


class Turns:
    """Holds an adapter's requests back where another one has waited for a slot."""

    lora_config: Any
    running: Any
    waiting: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._leaving: list[int] = []
        self._held_back: set[int] = set()

    def schedule(self, *args: Any, **kwargs: Any) -> Any:
        if self.lora_config is not None:
            at_work = Counter(filter(None, map(adapter_of, self.running)))
            left = set(self._leaving) - at_work.keys()  # whose slots others take in this step
            late = {
                adapter_of(request)
                for request in self.waiting
                if time.time() - request.arrival_time > PATIENCE
            }
            late -= {0, *at_work, *left}
            room = self.lora_config.max_loras - len(at_work)
            self._leaving = leaving(at_work, len(late) - room if late else 0, self._leaving)
            self._held_back = left | set(self._leaving)
        return super().schedule(*args, **kwargs)  # type: ignore[misc]

    def _handle_blocked_waiting_request(self, request: Any) -> bool:
        """Whether vLLM may admit a request that waits; else it keeps its place in the queue."""
        if adapter_of(request) in self._held_back:
            return False
        return bool(super()._handle_blocked_waiting_request(request))  # type: ignore[misc]


def adapter_of(request: Any) -> int:
    """The id of a request's adapter, 0 for none."""
    return int(request.lora_request.lora_int_id) if request.lora_request else 0


def leaving(at_work: Counter[int], count: int, before: Collection[int]) -> list[int]:
    """The adapters that are to give up their slots.

    Args:
        at_work: Running requests by adapter.
        count: How many slots are wanted.
        before: Who was leaving in the step before: they go on, so that their slots become free.

    Example:
        >>> leaving(Counter({1: 5, 2: 1}), 1, ())
        [2]
    """
    return sorted(at_work, key=lambda one: (one not in before, at_work[one], one))[: max(0, count)]
