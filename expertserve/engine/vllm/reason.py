"""Why vLLM's processes ended: the last exception that they logged.

vLLM tells its front end only that its engine died; the reason stands in its log. Our modules in its
processes write it to a file that the front end reads.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

VARIABLE = "EXPERTSERVE_ENGINE_NOTE"
SOCKETS = "VLLM_RPC_BASE_PATH"
LONGEST = 500
"""Characters of an exception's text that are kept."""
LONGEST_PLACE = 70
"""Bytes of a folder's path that a socket's name of 37 fits behind: 107 are allowed."""
PASSING = ("out of memory", "can't allocate memory", "Cannot allocate memory", "Address already")
"""Words of failures that may not come again."""


class EngineNote:
    """The file, in the front end, in a folder that only this user reads. Both end with `remove`."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="expertserve-")) / "note"

    def sockets(self) -> dict[str, str]:
        """vLLM's variable for where its sockets are: in the folder, as it never removes them."""
        place = str(self.path.parent)
        return {SOCKETS: place} if len(os.fsencode(place)) <= LONGEST_PLACE else {}

    def read(self) -> str:
        """The last exception as `Type: text`; empty if none was logged."""
        with suppress(OSError):
            lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
            return next((line for line in reversed(lines) if line), "")
        return ""

    def remove(self) -> None:
        shutil.rmtree(self.path.parent, ignore_errors=True)


class Recorder(logging.Handler):
    """Appends each logged exception to the file, one a line."""

    def __init__(self, path: Path) -> None:
        super().__init__(logging.ERROR)
        self._path = path

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            return
        text = " ".join(f"{type(error).__name__}: {error}".split())[:LONGEST]
        with suppress(OSError), self._path.open("a", encoding="utf-8") as file:
            file.write(text + "\n")


def record() -> None:
    """In vLLM's processes: records exceptions from here on, once."""
    path = os.environ.get(VARIABLE)
    logger = logging.getLogger("vllm")
    if path and not any(isinstance(h, Recorder) for h in logger.handlers):
        logger.addHandler(Recorder(Path(path)))


def passes(reason: str) -> bool:
    """Whether a failure may be gone at the next try. Without a reason it was killed, perhaps."""
    return not reason or any(word in reason for word in PASSING)
