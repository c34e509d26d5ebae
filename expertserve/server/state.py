"""What was loaded, on disk: a server that was killed serves the same experts when it comes back.

The file says in which format it is. What a later version adds without changing what is there keeps
the format: an older one leaves it alone and writes it back. What changes the meaning has a higher
one, which an older version refuses.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from expertserve.core.entry import ExpertInfo
from expertserve.core.registering import Registration
from expertserve.errors import ConfigError, LoadError
from expertserve.files import write_whole
from expertserve.server.service import Service

FILE = "experts.json"
FORMAT = 1
log = logging.getLogger("expertserve.server")


class StateEntry(BaseModel):
    """One loaded expert, as it was loaded; and what a later version wrote of it."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str
    path: str
    pin: bool = False
    checksum: str | None = None
    checkpoint: str | None = None

    async def load(self, service: Service) -> ExpertInfo:
        """Loads it again as it was loaded; raises what `Service.load_expert` raises."""
        return await service.load_expert(
            self.name,
            self.path,
            pin=self.pin,
            checksum=self.checksum,
            checkpoint=self.checkpoint,
        )

    async def exchange(self, service: Service) -> ExpertInfo:
        """Puts it in the place of what is loaded under its name."""
        return await service.replace_expert(
            self.name, self.path, checksum=self.checksum, checkpoint=self.checkpoint
        )


class _StateFile(BaseModel):
    format: int = FORMAT
    experts: list[StateEntry] = []


class ServerState:
    """The list of loaded experts; every change is durable before its call returns.

    Args:
        folder: None keeps the list in memory alone.

    Raises:
        ConfigError: `bad_state`, where the file is there and is not ours.
        LoadError: `io`, where a change can't be written; the list is then what it was.
    """

    def __init__(self, folder: Path | None) -> None:
        self._file = folder / FILE if folder else None
        self._entries: dict[str, StateEntry] = {}
        self._passing: set[str] = set()
        if self._file and self._file.is_file():
            self._entries = {e.name: e for e in _read(self._file)}

    @property
    def entries(self) -> list[StateEntry]:
        return list(self._entries.values())

    def find(self, name: str) -> StateEntry | None:
        return self._entries.get(name)

    def put(self, entry: StateEntry) -> None:
        """Adds an expert, or replaces the one of its name."""
        self._change({**self._entries, entry.name: entry}, entry.name)

    def note(self, entry: StateEntry) -> None:
        """Adds an expert that the command line names, which needs no file to come back."""
        self._entries[entry.name] = entry
        self._passing.add(entry.name)

    def drop(self, name: str) -> None:
        if name in self._entries:
            self._change({n: e for n, e in self._entries.items() if n != name}, name)

    def _change(self, entries: dict[str, StateEntry], name: str) -> None:
        passing = self._passing - {name}
        if self._file:
            try:
                _write(self._file, [e for e in entries.values() if e.name not in passing])
            except OSError as error:
                hint = (
                    "what runs is unchanged; a restart restores the stored list. Make"
                    " room, and repeat the request"
                )
                raise LoadError(
                    f"{self._file} can't be written: {error.strerror or error}",
                    hint=hint,
                    code="io",
                ) from error
        self._entries, self._passing = entries, passing


def _write(file: Path, entries: list[StateEntry]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    facts = [e.model_dump(exclude_none=True) for e in entries]
    text = json.dumps({"format": FORMAT, "experts": facts}, indent=2)
    write_whole(file, (text + "\n").encode(), durable=True)


def _read(file: Path) -> list[StateEntry]:
    try:
        found = json.loads(file.read_bytes())
        check_format(found.get("format", FORMAT) if isinstance(found, dict) else FORMAT, file)
        return _StateFile.model_validate(found).experts
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{file} can't be read: {error}",
            hint="repair it, or remove it to start with no experts",
            code="bad_state",
        ) from error


def check_format(found: object, file: object) -> None:
    """Refuses a list that a later version wrote in a way that this one may misread.

    Raises:
        ConfigError: `later_state`.
    """
    if isinstance(found, int) and found > FORMAT:
        raise ConfigError(
            f"{file} was written by a later version of expertserve (format {found}; this one reads"
            f" {FORMAT})",
            hint="start the version that wrote it, or put back the copy from before the upgrade",
            code="later_state",
        )


async def restore(
    service: Service, state: ServerState, loaded: Callable[[str], None] = lambda name: None
) -> list[str]:
    """Loads the state's experts. What can't be loaded stays listed, and is reported.

    Returns:
        The names of those that could not be loaded.
    """
    have = {info.name for info in await service.list_loaded_experts()}
    wanted = [
        Registration(Path(e.path), e.name, True, e.pin, e.checksum, e.checkpoint)
        for e in state.entries
        if e.name not in have
    ]
    failed = []
    for one in await service.register_experts(wanted):
        assert one.name
        if one.error is None:
            loaded(one.name)
            continue
        failed.append(one.name)
        facts = {
            "expert": one.name,
            "path": str(one.wanted.path),
            "code": one.error.code,
            "error": one.error.message,
        }
        log.error("restore_failed", extra={"facts": facts})
    return failed
