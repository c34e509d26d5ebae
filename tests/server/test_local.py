"""The socket that a server leaves for its user's own commands."""

from __future__ import annotations

import os
import socket
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from expertserve.cli.running import find_server
from expertserve.server.local import local_socket, sockets_in

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets")


def test_the_socket_is_its_users_alone_and_goes_with_the_server(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with local_socket(folder) as sockets:
        (path,) = sockets_in(folder)
        assert len(sockets) == 1 and path.name == f"{os.getpid()}.sock"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sockets_in(folder) == []
    with local_socket(None) as sockets:
        assert sockets == []


def test_sockets_of_killed_servers_are_removed_and_those_of_living_ones_stay(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    with (
        socket.socket(socket.AF_UNIX) as dead,
        socket.socket(socket.AF_UNIX) as alive,
    ):
        dead.bind(str(folder / "1.sock"))
        alive.bind(str(folder / "2.sock"))
        alive.listen(1)
        dead.close()
        with local_socket(folder):
            names = {p.name for p in sockets_in(folder)}
    assert names == {"2.sock", f"{os.getpid()}.sock"}


def test_a_folder_that_others_may_enter_gets_and_gives_no_socket(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with local_socket(folder):
        folder.chmod(0o777)
        assert sockets_in(folder) == []
    with local_socket(folder) as sockets:
        assert sockets == []
    link = tmp_path / "link"
    folder.chmod(0o700)
    link.symlink_to(folder)
    assert sockets_in(link) == []


def test_a_server_is_found_by_the_packages_that_it_serves(
    serve: Any, package: Any, tmp_path: Path
) -> None:
    from expertserve.package.build import pack

    folder, other = (pack(package(n), tmp_path / f"{n}.expert") for n in ("sql", "json"))
    running = serve({"mine": folder}, local_folder=tmp_path / "run")
    found = find_server([folder], tmp_path / "run")
    assert found and found.models == ("mine",) and found.base
    assert find_server([folder, other], tmp_path / "run") is None
    assert find_server([tmp_path / "packages" / "sql"], tmp_path / "run") is None
    running.parts.draining = True
    assert find_server([folder], tmp_path / "run") is None, "it is not ready"
    running.parts.draining = False
    (tmp_path / "run" / "1.sock").touch()  # left by a server that was killed
    assert find_server([folder], tmp_path / "run")
