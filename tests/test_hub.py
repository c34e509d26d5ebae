"""Packages from the hub's file API: a stub of it, asked by the hub's own client."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import huggingface_hub
import pytest
from huggingface_hub import HfApi

from expertserve.errors import LoadError
from expertserve.package.archive import open_package
from expertserve.package.build import pack
from expertserve.package.source import local_path
from tests import tiny

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """One repository, `org/sql`, at `main` and at tag `v1`: the calls that the client makes."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.asked: list[str] = []
        hub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                hub.answer(self, body=True)

            def do_HEAD(self) -> None:
                hub.answer(self, body=False)

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request: Any, body: bool) -> None:
        path = urlsplit(request.path).path
        self.asked.append(path)
        repository, _, rest = path.removeprefix("/api/models").partition("/org/sql")
        kind, _, rest = rest.strip("/").partition("/")
        revision, _, name = rest.partition("/")
        data, headers = b"", {"x-repo-commit": COMMIT}
        known = revision in ("main", "v1", COMMIT) and not repository
        if kind == "resolve" and known and name in self.files:
            data = self.files[name]
            headers |= {"etag": f'"{hashlib.sha256(data).hexdigest()}"'}
        elif kind == "tree" and known:
            listed = [
                {"type": "file", "path": n, "size": len(d), "oid": hashlib.sha1(d).hexdigest()}
                for n, d in self.files.items()
            ]
            data = json.dumps(listed).encode()
        elif not kind or (kind == "revision" and known):
            siblings = [{"rfilename": n} for n in self.files]
            data = json.dumps({"id": "org/sql", "sha": COMMIT, "siblings": siblings}).encode()
        else:
            headers |= {"x-error-code": "EntryNotFound" if known else "RevisionNotFound"}
            return self.send(request, 404, headers, b"", body)
        return self.send(request, 200, headers, data, body)

    def send(
        self, request: Any, status: int, headers: dict[str, str], data: bytes, body: bool
    ) -> None:
        request.send_response(status)
        for name, value in {**headers, "content-length": str(len(data))}.items():
            request.send_header(name, value)
        request.end_headers()
        if body:
            request.wfile.write(data)


@pytest.fixture
def archive(tiny_package: Path, tmp_path: Path) -> bytes:
    return pack(tiny_package, tmp_path / "tiny.expert").read_bytes()


@pytest.fixture
def serve() -> Iterator[Any]:
    hubs: list[Hub] = []

    def serve(files: dict[str, bytes]) -> Hub:
        hubs.append(Hub(files))
        return hubs[-1]

    yield serve
    for hub in hubs:
        hub.server.shutdown()


def fetch(hub: Hub, address: str, cache: Path, offline: str = "0") -> str:
    """The path that an address gives, or the code of its error, in a process that asks the stub."""
    code = (
        "import sys; from pathlib import Path; from expertserve.errors import ExpertError\n"
        "from expertserve.package.source import local_path\n"
        "try: print(local_path(sys.argv[1], cache_dir=Path(sys.argv[2])))\n"
        "except ExpertError as error: print(error.code, error.message)\n"
    )
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": offline, "HF_TOKEN": ""}
    environment |= {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, address, str(cache)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_repositorys_only_package_comes_from_the_hub(
    archive: bytes, serve: Any, tmp_path: Path
) -> None:
    hub = serve({"README.md": b"read me", "tiny.expert": archive, "weights.bin": b"pickled"})
    for address in ("hf://org/sql", "hf://org/sql@v1", "hf://org/sql@main/tiny.expert"):
        found = Path(fetch(hub, address, tmp_path / "cache"))
        assert found.read_bytes() == archive, address
    assert not [path for path in hub.asked if path.endswith(("weights.bin", "README.md"))]
    for address in ("hf://org/sql@main/tiny.expert", "hf://org/sql"):
        assert Path(fetch(hub, address, tmp_path / "cache", "1")).read_bytes() == archive


def test_a_repository_that_is_a_package_comes_without_pickles(
    tiny_package: Path, serve: Any, tmp_path: Path
) -> None:
    pickles = {"training_args.bin": b"pickled", "soft_prompts/style.pt": b"vectors"}
    hub = serve({**tiny.members(tiny_package), **pickles})
    folder = Path(fetch(hub, "hf://org/sql", tmp_path / "cache"))
    opened = open_package(folder)
    assert {"manifest.json", "soft_prompts/style.pt"} <= opened.files.keys()
    assert "training_args.bin" not in opened.files
    assert (folder / "manifest.json").read_bytes() == hub.files["manifest.json"]
    assert Path(fetch(hub, "hf://org/sql", tmp_path / "cache", "1")) == folder


@pytest.mark.parametrize("address", ["hf://org/sql@v2", "hf://org/sql/none.expert"])
def test_what_the_hub_does_not_have_is_said(
    address: str, archive: bytes, serve: Any, tmp_path: Path
) -> None:
    said = fetch(serve({"tiny.expert": archive}), address, tmp_path / "cache")
    assert said.startswith("download_failed")


@pytest.mark.parametrize("address", ["hf://org/sql", "hf://org/sql@main/x.expert"])
def test_a_connection_that_fails_is_an_error_of_ours(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise httpx2.ConnectError("Connection refused")

    monkeypatch.setattr(HfApi, "list_repo_files", fail)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fail)
    with pytest.raises(LoadError, match="Connection refused") as caught:
        local_path(address, cache_dir=tmp_path)
    assert caught.value.code == "download_failed"
