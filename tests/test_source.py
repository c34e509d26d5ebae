"""Packages from addresses: what is fetched, how it fails, and what is left then."""

from __future__ import annotations

import errno
import hashlib
import http.server
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from expertserve.errors import ExpertError, IntegrityError, LoadError
from expertserve.package import download
from expertserve.package.archive import open_package
from expertserve.package.build import pack
from expertserve.package.git import split
from expertserve.package.source import is_address, local_path

DATA = bytes(range(256)) * 8192  # 2 MB
DIGEST = hashlib.sha256(DATA).hexdigest()


class Site:
    """An HTTP server whose answers misbehave by path; notes what was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []
        self.cut_after = 1 << 20
        self.cuts = 0
        self.stalled = threading.Event()
        self.files: dict[str, bytes] = {}
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request: Any) -> None:
        path, wanted = request.path.partition("?")[0], request.headers.get("range")
        self.asked.append((path, wanted))
        kind = path.strip("/").partition("/")[0]
        data = self.files.get(path, None if path.endswith(".sha256") else DATA)
        if data is None or kind == "gone":
            return self.status(request, 404)
        if kind in ("loop", "plain"):
            request.send_response(302)
            request.send_header("location", "/loop/x" if kind == "loop" else "ftp://127.0.0.1/x")
            request.send_header("content-length", "0")
            return request.end_headers()  # type: ignore[no-any-return]
        if kind == "busy":
            return self.status(request, 503)
        start = 0
        if wanted and kind != "norange":
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
        request.send_response(206 if start else 200)
        length = 1 << 50 if kind == "huge" else len(data) - start
        request.send_header("content-length", str(length))
        if kind != "untagged":
            request.send_header("etag", '"v1"')
        if request.headers.get("if-none-match") == '"v1"':
            request.wfile.flush()
        request.end_headers()
        body = data[start:]
        if kind in ("cut", "untagged", "norange") and self.cuts > 0:
            self.cuts -= 1
            request.wfile.write(body[: self.cut_after])
            request.wfile.flush()
            request.connection.shutdown(socket.SHUT_RDWR)
            return None
        if kind == "stall" and not start:
            request.wfile.write(body[: self.cut_after])
            request.wfile.flush()
            self.stalled.wait(60)
            return None
        if kind == "slow":
            request.wfile.write(body[:10])
            request.wfile.flush()
            time.sleep(2)
            return None
        request.wfile.write(body)
        return None

    def status(self, request: Any, code: int) -> None:
        request.send_response(code)
        request.send_header("content-length", "0")
        request.end_headers()


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.server.shutdown()


def left(cache: Path) -> list[str]:
    return sorted(p.name for p in cache.rglob("*") if p.is_file())


def test_a_file_comes_once_and_serves_offline(site: Site, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    url = f"{site.url}/good/x.expert"
    path = local_path(url, cache_dir=tmp_path, progress=lambda *now: told.append(now))
    assert path.read_bytes() == DATA and told[-1] == (len(DATA), len(DATA))
    assert left(tmp_path) == ["x.expert", "x.expert.json", "x.expert.sha256"]
    asked = len(site.asked)
    assert local_path(f"{url}#sha256={DIGEST}", cache_dir=tmp_path) == path
    assert len(site.asked) == asked  # its digest says that it is the one
    site.server.shutdown()
    site.server.server_close()
    assert local_path(url, cache_dir=tmp_path) == path


@pytest.mark.parametrize(("kind", "resumed"), [("cut", True), ("untagged", False), ("norange", False)])  # fmt: skip
def test_a_cut_download_goes_on_where_the_server_can(
    kind: str, resumed: bool, site: Site, tmp_path: Path
) -> None:
    site.cuts = 1
    path = local_path(f"{site.url}/{kind}/x.expert#sha256={DIGEST}", cache_dir=tmp_path)
    assert path.read_bytes() == DATA
    asked = [wanted for name, wanted in site.asked if not name.endswith("sha256")]
    assert len(asked) == 2 and bool(asked[1]) == (kind != "untagged")
    if resumed:
        assert asked[1] and int(asked[1].removeprefix("bytes=").rstrip("-")) > 0


def test_a_killed_process_leaves_a_part_that_the_next_one_goes_on_with(
    site: Site, tmp_path: Path
) -> None:
    site.files["/stall/x.expert"] = DATA
    url = f"{site.url}/stall/x.expert#sha256={DIGEST}"
    code = (
        "import sys; from pathlib import Path; from expertserve.package.source import local_path\n"
        "told = lambda done, total: print(done, flush=True)\n"
        "local_path(sys.argv[1], cache_dir=Path(sys.argv[2]), progress=told)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, url, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert int(process.stdout.readline()) > 0
    process.kill()
    process.wait(30)
    process.stdout.close()
    site.stalled.set()
    assert left(tmp_path) == ["x.expert.json", "x.expert.part"]
    assert local_path(url, cache_dir=tmp_path).read_bytes() == DATA
    ranges = [wanted for _, wanted in site.asked]
    assert ranges[0] is None and ranges[-1], "the second process asked for the rest alone"
    assert "x.expert.part" not in left(tmp_path)


def test_a_download_that_failed_goes_on_at_the_next_call(site: Site, tmp_path: Path) -> None:
    site.cuts = 99
    url = f"{site.url}/cut/x.expert#sha256={DIGEST}"
    site.cut_after = 1 << 18
    with pytest.raises(LoadError, match="try again"):
        local_path(url, cache_dir=tmp_path)
    assert "x.expert.part" in left(tmp_path) and "x.expert" not in left(tmp_path)
    site.cuts = 0
    assert local_path(url, cache_dir=tmp_path).read_bytes() == DATA
    assert "x.expert.part" not in left(tmp_path)


@pytest.mark.parametrize(
    ("kind", "error", "code"),
    [
        ("gone", LoadError, "download_failed"),
        ("loop", LoadError, "download_failed"),
        ("plain", LoadError, "download_failed"),
        ("busy", LoadError, "download_failed"),
        ("huge", LoadError, "download_too_large"),
        ("untagged", LoadError, "download_failed"),
        ("slow", LoadError, "download_failed"),
        ("digest", IntegrityError, "checksum_mismatch"),
        ("sidecar", IntegrityError, "checksum_mismatch"),
        ("full", LoadError, "io"),
        ("tls", LoadError, "download_failed"),
        ("nobody", LoadError, "download_failed"),
        ("host", LoadError, "download_failed"),
    ],
)
def test_a_download_that_fails_says_why_and_leaves_nothing(
    kind: str,
    error: type[ExpertError],
    code: str,
    site: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(download, "SECONDS", 0.5)
    monkeypatch.setattr(download, "ATTEMPTS", 2)
    site.cuts = 99
    url = f"{site.url}/{kind}/x.expert"
    if kind == "digest":
        url += "#sha256=" + "0" * 64
    if kind == "sidecar":
        site.files["/sidecar/x.expert.sha256"] = b"0" * 64 + b"  x.expert\n"
    if kind == "full":
        monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    if kind == "tls":
        url = url.replace("http://", "https://")
    if kind == "nobody":
        url = "http://127.0.0.1:1/x.expert"
    if kind == "host":
        url = "http://nowhere.invalid/x.expert"
    with pytest.raises(error) as caught:
        local_path(url, cache_dir=tmp_path)
    assert caught.value.code == code
    kept = [name for name in left(tmp_path) if not name.endswith(".json")]
    assert kept in ([], ["x.expert.part"]) and (kind == "slow" or kept == [])


def test_a_disk_that_fills_on_the_way_keeps_nothing(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(done: int, total: int | None) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(LoadError, match="No space") as caught:
        local_path(f"{site.url}/good/x.expert", cache_dir=tmp_path, progress=full)
    assert caught.value.code == "io" and left(tmp_path) == []


def test_a_package_is_opened_from_its_address(
    site: Site, tiny_package: Path, tmp_path: Path
) -> None:
    archive = pack(tiny_package, tmp_path / "x.expert")
    site.files["/good/x.expert"] = archive.read_bytes()
    opened = open_package(f"{site.url}/good/x.expert", cache_dir=tmp_path / "cache")
    assert "manifest.json" in opened.files
    # as the command line has it: a path with one slash less
    assert open_package(Path(f"{site.url}/good/x.expert"), cache_dir=tmp_path / "cache")


def test_what_is_an_address(tmp_path: Path) -> None:
    assert is_address("https://host/x.expert") and is_address(Path("https://host/x.expert"))
    assert not any(is_address(p) for p in ("x.expert", "/a/b", "C:/a/b", "C:\\a", str(tmp_path)))
    assert local_path("file:///a/b.expert") == Path("/a/b.expert")


# ── git ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def repository(tiny_package: Path, tmp_path: Path) -> Callable[..., str]:
    """Makes repositories of a package, tagged v1; a second commit follows."""

    def repository(folder: str = "", archive: bool = False) -> str:
        place = tmp_path / f"repo-{folder}-{archive}"
        root = place / folder
        root.mkdir(parents=True)
        if archive:
            pack(tiny_package, root / "x.expert")
        else:
            shutil.copytree(tiny_package, root, dirs_exist_ok=True)
        git = ["git", "-C", str(place), "-c", "user.name=t", "-c", "user.email=t@t"]
        for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "1"]):
            subprocess.run([*git, *command], check=True)
        subprocess.run([*git, "tag", "-a", "v1", "-m", "one"], check=True)
        (place / "later.txt").write_text("later")
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "2"], check=True)
        return f"git+file://{place}"

    return repository


def test_a_repository_is_a_package_at_a_tag(repository: Callable[..., str], tmp_path: Path) -> None:
    url, cache = repository(), tmp_path / "cache"
    tagged = open_package(f"{url}@v1", cache_dir=cache)
    assert "later.txt" not in tagged.files
    assert open_package(f"{url}#v1", cache_dir=cache).digest == tagged.digest
    assert "later.txt" in open_package(url, cache_dir=cache).files
    shutil.rmtree(url.removeprefix("git+file://"))
    assert open_package(f"{url}@v1", cache_dir=cache).digest == tagged.digest  # offline


def test_a_path_in_a_repository_or_its_only_archive(
    repository: Callable[..., str], tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    assert open_package(f"{repository('sub')}@v1#sub/", cache_dir=cache).files
    assert open_package(f"{repository('', True)}@v1", cache_dir=cache).files
    for wrong in ("@v2", "@v1#../..", "@v1#none/x.expert", "@-x"):
        with pytest.raises(LoadError):
            local_path(f"{repository('deep' + wrong.strip('@#/.'))}{wrong}", cache_dir=cache)
    assert not list(cache.rglob(".part-*"))


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("git+https://h/o/r", ("https://h/o/r", "", "")),
        ("git+https://h/o/r@v1#a/b.expert", ("https://h/o/r", "v1", "a/b.expert")),
        ("git+https://u@h/o/r#v0.0.1", ("https://u@h/o/r", "v0.0.1", "")),
        ("git+https://h/o/r#x.expert", ("https://h/o/r", "", "x.expert")),
        ("git+ssh://git@h/o/r@main", ("ssh://git@h/o/r", "main", "")),
    ],
)
def test_git_addresses(address: str, parts: tuple[str, str, str]) -> None:
    assert split(address) == parts


# ── elsewhere ───────────────────────────────────────────────────────────────────────────────────


def test_fsspec_reads_the_rest(tmp_path: Path) -> None:
    import fsspec

    with fsspec.open("memory://shelf/x.expert", "wb") as file:
        file.write(DATA)
    path = local_path("memory://shelf/x.expert", cache_dir=tmp_path)
    assert path.read_bytes() == DATA and path.name == "x.expert"
    assert local_path("memory://shelf/x.expert", cache_dir=tmp_path) == path
    with pytest.raises(LoadError) as caught:
        local_path("memory://shelf/none.expert", cache_dir=tmp_path)
    assert caught.value.code == "download_failed" and not list(tmp_path.rglob(".part-*"))


@pytest.mark.parametrize("address", ["hf://org/repo", "hf://org/repo@main/x.expert", "hf://no"])
def test_a_hub_that_cant_be_reached_is_an_error_of_ours(address: str, tmp_path: Path) -> None:
    with pytest.raises(LoadError) as caught:
        local_path(address, cache_dir=tmp_path)
    assert caught.value.code == "download_failed"


def test_notes_that_are_damaged_cost_a_download_alone(site: Site, tmp_path: Path) -> None:
    path = local_path(f"{site.url}/good/x.expert", cache_dir=tmp_path)
    path.with_name("x.expert.json").write_text(json.dumps([1]))
    assert local_path(f"{site.url}/good/x.expert", cache_dir=tmp_path).read_bytes() == DATA
