"""Where masks are made when the cache can't be written to: in memory, for as long as the process.

An image may bring a prepared cache that is read-only. What was prepared is served from there; a
grammar that comes with a request is compiled all the same.
"""

from __future__ import annotations

import atexit
import errno
import shutil
import tempfile
from functools import cache
from pathlib import Path

from expertserve.files import part_path

MEMORY = Path("/dev/shm")
PREFIX = "expertserve-masks-"
READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
MOST_BYTES = 256 << 20


def is_read_only(folder: Path) -> bool:
    """Whether nothing may be written there; a disk that is full or broken is not meant."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = part_path(folder)
        part.touch()
        part.unlink()
    except OSError as error:
        return error.errno in READ_ONLY
    return False


@cache
def spare_folder() -> Path:
    """A folder in memory where the system has such a place, else among its temporary files."""
    for place in (MEMORY, None):
        try:
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        except OSError:
            continue
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return folder
    return MEMORY  # where the compiler says that there is no place


def room_in(folder: Path, otherwise: int) -> int:
    """Bytes that masks may take in a folder: in memory less than on a disk.

    Containers often have 64 MB of such a place in all.
    """
    if not folder.name.startswith(PREFIX):
        return otherwise
    return min(MOST_BYTES, shutil.disk_usage(folder).total // 2)
