"""Packages from a git server: git's own, behind an HTTP server that can fail."""

from __future__ import annotations

import http.server
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from expertserve.errors import LoadError
from expertserve.package.archive import open_package


class Host:
    """Serves the repositories of a folder by `git http-backend`, a CGI program."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.status = 0
        host = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host.answer(self)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"git+http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request: Any) -> None:
        if self.status:
            return request.send_error(self.status)  # type: ignore[no-any-return]
        path, _, query = request.path.partition("?")
        body = request.rfile.read(int(request.headers.get("content-length", 0)))
        environment = {
            **os.environ,
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "REQUEST_METHOD": request.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "HTTP_GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        }
        made = subprocess.run(
            ["git", "http-backend"], env=environment, input=body, capture_output=True, check=True
        )
        head, _, content = made.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        request.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)
        return None


@pytest.fixture
def host(tiny_package: Path, tmp_path: Path) -> Iterator[Host]:
    """A server with the repository `org/sql`, whose first commit is tagged v1."""
    place = tmp_path / "host" / "org" / "sql"
    shutil.copytree(tiny_package, place)
    git = ["git", "-C", str(place), "-c", "user.name=t", "-c", "user.email=t@t"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "1"]):
        subprocess.run([*git, *command], check=True)
    subprocess.run([*git, "tag", "v1"], check=True)
    (place / "later.txt").write_text("later")
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "2"], check=True)
    host = Host(tmp_path / "host")
    yield host
    host.server.shutdown()
    host.server.server_close()


def test_a_tag_comes_from_a_server_and_serves_offline(host: Host, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    tagged = open_package(f"{host.url}/org/sql@v1", cache_dir=cache)
    assert "manifest.json" in tagged.files and "later.txt" not in tagged.files
    assert "later.txt" in open_package(f"{host.url}/org/sql", cache_dir=cache).files
    host.server.shutdown()
    host.server.server_close()
    for address in (f"{host.url}/org/sql@v1", f"{host.url}/org/sql#v1"):
        assert open_package(address, cache_dir=cache).digest == tagged.digest


@pytest.mark.parametrize(
    ("path", "status", "why"),
    [
        ("org/none@v1", 0, "not found|404"),
        ("org/sql@v2", 0, "no tag or branch 'v2'"),
        ("org/sql@v1", 500, "500"),
        ("org/sql@v1", 403, "403"),
    ],
)
def test_a_server_that_refuses_is_an_error_of_ours_and_leaves_nothing(
    path: str, status: int, why: str, host: Host, tmp_path: Path
) -> None:
    host.status = status
    with pytest.raises(LoadError, match=why) as caught:
        open_package(f"{host.url}/{path}", cache_dir=tmp_path / "cache")
    assert caught.value.code == "download_failed"
    assert not [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]
