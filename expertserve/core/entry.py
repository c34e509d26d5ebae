"""What is loaded under a name: the expert, its requests in flight, its description."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from expertserve.engine.base import EngineInfo, Resident
from expertserve.errors import ExpertError
from expertserve.expert import PreparedExpert


@dataclass(slots=True, eq=False)
class InFlight:
    """A request in flight.

    Args:
        aborted: Why its task was cancelled, if we did that.
    """

    task: asyncio.Task[object] | None
    aborted: ExpertError | None = None


@dataclass(slots=True, eq=False)
class Entry:
    """An expert under a name, and its requests."""

    name: str
    path: str | os.PathLike[str] | None
    expert: PreparedExpert
    pinned: bool = False
    uses: int = 0
    last_used: float | None = None
    order: int = 0
    evictions: int = 0
    running: set[InFlight] = field(default_factory=set)
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.idle.set()

    @property
    def adapter(self) -> str | None:
        """Its digest."""
        return self.expert.adapter.digest if self.expert.adapter else None

    def abort(self, reason: ExpertError) -> None:
        """Aborts its requests; they raise the reason."""
        for request in list(self.running):
            request.aborted = reason
            if request.task:
                request.task.cancel()

    @contextmanager
    def in_flight(self) -> Iterator[None]:
        """Counts the current task as one of its requests."""
        request = InFlight(asyncio.current_task())
        self.running.add(request)
        self.idle.clear()
        try:
            yield
        except asyncio.CancelledError:
            if request.aborted is None:
                raise
            task = asyncio.current_task()
            if task:
                task.uncancel()
            raise request.aborted from None
        finally:
            self.running.discard(request)
            if not self.running:
                self.idle.set()
        self.uses += 1
        self.last_used = time.time()


@dataclass(frozen=True, slots=True)
class ExpertInfo:
    """A loaded expert, as `list_loaded_experts` shows it.

    Args:
        adapter_bytes: Memory of its adapter, measured by the engine; where it isn't resident, the
            size of its serving form.
        state: `registered` (not in the engine), `resident` (in its memory), `slot` (ready for the
            next step).
        last_used: Seconds since the epoch; None before the first use.
        grammar: The digest of its grammar.
        evictions: How often it was evicted; its next use loads it again.

    Example:
        >>> info = manager.list_loaded_experts()[0]
        >>> info.expert, info.version, info.adapter_type, info.in_flight
        ('expert-sql', '0.1.0', 'lora', 0)
    """

    name: str
    expert: str
    version: str
    digest: str
    base_model: str
    adapter_type: str | None
    adapter_rank: int | None
    adapter_bytes: int
    state: str
    pinned: bool
    in_flight: int
    uses: int
    last_used: float | None
    grammar: str | None = None
    warnings: tuple[str, ...] = ()
    evictions: int = 0

    @property
    def resident(self) -> bool:
        """Whether the engine holds its adapter."""
        return self.state != "registered"


@dataclass(frozen=True, slots=True)
class ManagerInfo:
    """What a manager serves.

    Args:
        engines: One for each base model whose engine runs.
        running: Requests in flight.
        max_slots: Adapters that one batch may mix.
    """

    base_models: tuple[str, ...]
    engines: tuple[EngineInfo, ...]
    experts: int
    running: int
    max_slots: int = 0


def info_of(entry: Entry, held: Mapping[str, Resident]) -> ExpertInfo:
    """Describes an entry.

    Args:
        held: The adapters that its engine holds, by digest.
    """
    expert, adapter = entry.expert, entry.expert.adapter
    resident = held.get(adapter.digest) if adapter else None
    weights = adapter.folder.glob("*.safetensors") if adapter else ()
    size = resident.bytes if resident else sum(file.stat().st_size for file in weights)
    return ExpertInfo(
        name=entry.name,
        expert=expert.manifest.name,
        version=expert.manifest.version,
        digest=expert.package.digest,
        base_model=expert.base.name,
        adapter_type=adapter.type if adapter else None,
        adapter_rank=adapter.rank if adapter else None,
        adapter_bytes=size,
        state="registered" if resident is None else "slot" if resident.in_slot else "resident",
        pinned=entry.pinned,
        in_flight=len(entry.running),
        uses=entry.uses,
        last_used=entry.last_used,
        grammar=expert.grammar.digest if expert.grammar else None,
        warnings=expert.warnings,
        evictions=entry.evictions,
    )
