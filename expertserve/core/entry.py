"""What is loaded under a name: the expert, what it is doing, and how it is shown."""

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
class Running:
    """A request under way."""

    task: asyncio.Task[object] | None
    killed: ExpertError | None = None


@dataclass(slots=True, eq=False)
class Entry:
    """An expert under a name, and what it is doing."""

    name: str
    path: str | os.PathLike[str] | None
    expert: PreparedExpert
    pinned: bool = False
    uses: int = 0
    last_used: float | None = None
    order: int = 0
    evictions: int = 0
    running: set[Running] = field(default_factory=set)
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.idle.set()

    @property
    def adapter(self) -> str | None:
        """Its digest."""
        return self.expert.adapter.digest if self.expert.adapter else None

    def kill(self, reason: ExpertError) -> None:
        """Ends what it is answering, for this reason."""
        for running in list(self.running):
            running.killed = reason
            if running.task:
                running.task.cancel()

    @contextmanager
    def noted(self) -> Iterator[None]:
        """While the current task answers; a request that was killed raises why."""
        running = Running(asyncio.current_task())
        self.running.add(running)
        self.idle.clear()
        try:
            yield
        except asyncio.CancelledError:
            if running.killed is None:
                raise
            task = asyncio.current_task()
            if task:
                task.uncancel()
            raise running.killed from None
        finally:
            self.running.discard(running)
            if not self.running:
                self.idle.set()
        self.uses += 1
        self.last_used = time.time()


@dataclass(frozen=True, slots=True)
class ExpertInfo:
    """A loaded expert, as `list_loaded_experts` shows it.

    Args:
        adapter_bytes: Memory that its adapter takes: what the engine measures, or the size of its serving form where the engine lacks it.
        state: `registered` (known, not in the engine), `resident` (in its memory), `slot` (where the next step can use it).
        last_used: Seconds since the epoch; None before the first use.
        grammar: The digest of the grammar that its answers follow.
        evictions: How often it left the engine's memory for others; its next use brought it back.

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
        running: Requests under way.
    """

    base_models: tuple[str, ...]
    engines: tuple[EngineInfo, ...]
    experts: int
    running: int


def info_of(entry: Entry, held: Mapping[str, Resident]) -> ExpertInfo:
    """As it is shown.

    Args:
        held: What its engine holds, by adapters' digests.
    """
    expert, adapter = entry.expert, entry.expert.adapter
    resident = held.get(adapter.digest) if adapter else None
    size = (
        resident.bytes
        if resident
        else sum(f.stat().st_size for f in adapter.folder.glob("*.safetensors"))
        if adapter
        else 0
    )
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
