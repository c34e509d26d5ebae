"""What is loaded under a name: the expert, its requests in flight, its description."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from expertserve.core.host import SlotNeed
from expertserve.engine.base import EngineInfo, Resident
from expertserve.errors import ExpertError
from expertserve.expert import PreparedExpert
from expertserve.models import LocalModel
from expertserve.register import RegisteredExpert


@dataclass(slots=True, eq=False)
class InFlight:
    """A request in flight.

    Args:
        aborted: Why its task was cancelled, if we did that.
    """

    task: asyncio.Task[object] | None
    aborted: ExpertError | None = None


@dataclass(frozen=True, slots=True)
class BrokenPackage:
    """A package of a folder that isn't served, or can't be.

    Args:
        name: The expert's, where it has one.
        code, error: As of the error that loading it raises.
    """

    path: str
    name: str | None
    code: str
    error: str


@dataclass(slots=True, eq=False)
class Entry:
    """An expert under a name, and its requests.

    Args:
        expert: None until it is prepared: by its first request, or before it.
        preparing: Who prepares it now.
        failure: Why it couldn't be prepared when it was last tried.
    """

    name: str
    path: str | os.PathLike[str] | None
    known: RegisteredExpert
    expert: PreparedExpert | None = None
    checkpoint: str | None = None
    preparing: asyncio.Task[PreparedExpert] | None = None
    failure: ExpertError | None = None
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
        """Its digest, where it was prepared."""
        return self.expert.adapter.digest if self.expert and self.expert.adapter else None

    @property
    def base(self) -> LocalModel:
        return self.known.base

    @property
    def need(self) -> SlotNeed:
        """What an engine has to be ready for."""
        if self.expert:
            width = self.expert.adapter.width if self.expert.adapter else 0
            return SlotNeed(width, bool(self.expert.soft_prompts))
        return SlotNeed(self.known.package.width or 0, bool(self.known.package.soft))

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
            size of its serving form; 0 before it was prepared.
        state: `registered` (not in the engine), `resident` (in its memory), `slot` (ready for the
            next step).
        last_used: Seconds since the epoch; None before the first use.
        grammar: The digest of its grammar, known once it was prepared, as `warnings` are.
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
        max_slots: Adapters that one batch may mix; 0 where no engine has slots.
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
    expert, known = entry.expert, entry.known.package
    adapter = expert.adapter if expert else None
    resident = held.get(adapter.digest) if adapter else None
    weights = adapter.folder.glob("*.safetensors") if adapter else ()
    size = resident.bytes if resident else sum(file.stat().st_size for file in weights)
    return ExpertInfo(
        name=entry.name,
        expert=known.name,
        version=known.version,
        digest=known.digest,
        base_model=entry.base.name,
        adapter_type=known.adapter,
        adapter_rank=known.rank,
        adapter_bytes=size,
        state="registered" if resident is None else "slot" if resident.in_slot else "resident",
        pinned=entry.pinned,
        in_flight=len(entry.running),
        uses=entry.uses,
        last_used=entry.last_used,
        grammar=known.grammar,
        warnings=expert.warnings if expert else (),
        evictions=entry.evictions,
    )
