"""The socket that a server leaves for this user's own commands on the same machine.

Whoever may open it is the server's user: the folder is that user's alone, and so is the socket. A
server with keys or a certificate leaves none: who asks it has to say who they are.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

log = logging.getLogger("expertserve.server")
SUFFIX = ".sock"


@contextmanager
def local_socket(folder: Path | None) -> Iterator[list[socket.socket]]:
    """A socket in the folder, named by this process, while the block lasts.

    Args:
        folder: None leaves none, and so does one that others could write to.
    """
    if folder is None or not hasattr(socket, "AF_UNIX"):
        yield []
        return
    path = folder / f"{os.getpid()}{SUFFIX}"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not is_ours(folder):
            raise OSError(f"{folder} is not this user's alone")
        for left in sockets_in(folder):
            if _is_dead(left):
                left.unlink(missing_ok=True)
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(128)
    except OSError as error:
        listener.close()
        log.warning("no_local_socket", extra={"facts": {"error": str(error)}})
        yield []
        return
    with listener:
        try:
            yield [listener]
        finally:
            with suppress(OSError):
                path.unlink()


def _is_dead(path: Path) -> bool:
    """Whether nobody listens there any more: its server was killed."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(1)
        return client.connect_ex(str(path)) in (errno.ECONNREFUSED, errno.ENOTSOCK)


def is_ours(folder: Path) -> bool:
    """Whether a folder is this user's, and nobody else may enter it. Never on Windows."""
    user = os.geteuid() if hasattr(os, "geteuid") else -1
    status = folder.lstat()
    private = stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o077
    return private and status.st_uid == user


def sockets_in(folder: Path) -> list[Path]:
    """Servers' sockets, the youngest first; none where others could have put one there."""
    try:
        if not is_ours(folder):
            return []
        found = [(p.stat().st_mtime, p) for p in folder.iterdir() if p.suffix == SUFFIX]
    except OSError:
        return []
    return [path for _, path in sorted(found, reverse=True)]
