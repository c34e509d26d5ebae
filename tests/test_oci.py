"""Packages from an OCI registry: found, authorised, checked, resumed, and refused."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from expertserve.errors import IntegrityError, LoadError
from expertserve.package import download, oci
from expertserve.package.archive import open_package
from expertserve.package.build import pack
from expertserve.package.cache import entries
from expertserve.package.oci import basic, split
from expertserve.package.source import local_path

TITLE = "org.opencontainers.image.title"
DATA = bytes(range(256)) * 4096  # 1 MB


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Hub:
    """An OCI registry, its token service and its storage, each on a port of its own."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, bytes] = {}
        self.asked: list[tuple[str, str, str | None, str | None]] = []
        self.private = False
        self.basic = ""
        self.status = 0
        self.cuts = 0
        self.realm = ""
        self.given = b'{"token": "secret"}'
        self.servers = {kind: self._serve(kind) for kind in ("registry", "token", "storage")}
        self.ports = {kind: server.server_port for kind, server in self.servers.items()}
        self.host = f"127.0.0.1:{self.ports['registry']}"

    def _serve(self, kind: str) -> http.server.ThreadingHTTPServer:
        hub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                sent = self.headers.get("authorization"), self.headers.get("range")
                hub.asked.append((kind, self.path, *sent))
                getattr(hub, kind)(self)

            def log_message(self, *_: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def registry(self, request: Any) -> None:
        if self.status:
            return self.send(request, self.status)
        if self.basic and request.headers.get("authorization") != f"Basic {self.basic}":
            return self.send(request, 401, headers={"www-authenticate": 'Basic realm="hub"'})
        if self.private and request.headers.get("authorization") != "Bearer secret":
            realm = self.realm or f"http://127.0.0.1:{self.ports['token']}/token"
            said = f'Bearer realm="{realm}",service="hub",scope="repository:org/sql:pull"'
            return self.send(request, 401, headers={"www-authenticate": said})
        kind, _, name = request.path.removeprefix("/v2/org/sql/").partition("/")
        if kind == "manifests" and name in self.manifests:
            return self.send(request, 200, self.manifests[name])
        if kind == "blobs" and name in self.blobs:
            place = f"http://127.0.0.1:{self.ports['storage']}/{name}"
            return self.send(request, 307, headers={"location": place})
        return self.send(request, 404)

    def token(self, request: Any) -> None:
        asked = parse_qs(urlsplit(request.path).query)
        right = asked == {"service": ["hub"], "scope": ["repository:org/sql:pull"]}
        self.send(request, 200, self.given if right else b"{}")

    def storage(self, request: Any) -> None:
        data, wanted = self.blobs[request.path.strip("/")], request.headers.get("range")
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        if self.cuts:
            self.cuts -= 1
            request.send_response(200)
            request.send_header("content-length", str(len(data)))
            request.send_header("etag", '"v1"')
            request.end_headers()
            request.wfile.write(data[: len(data) // 2])
            request.wfile.flush()
            request.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send(request, 206 if start else 200, data[start:], {"etag": '"v1"'})

    def send(
        self, request: Any, status: int, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        request.send_response(status)
        for name, value in {"content-length": str(len(body)), **(headers or {})}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    def push(self, tag: str, *files: tuple[str, bytes], **more: object) -> str:
        """Adds an image; returns its address by digest."""
        layers = [
            {
                "mediaType": "application/octet-stream",
                "digest": digest(data),
                "size": len(data),
                "annotations": {TITLE: name},
            }
            for name, data in files
        ]
        self.blobs |= {digest(data): data for _, data in files}
        manifest = json.dumps({"schemaVersion": 2, "layers": layers, **more}).encode()
        self.manifests |= {tag: manifest, digest(manifest): manifest}
        return f"oci://{self.host}/org/sql@{digest(manifest)}"

    def close(self) -> None:
        for server in self.servers.values():
            server.shutdown()
            server.server_close()


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub()
    yield hub
    hub.close()


def left(cache: Path) -> list[str]:
    return sorted(p.name for p in cache.rglob("*") if p.is_file() and p.suffix != ".json")


@pytest.mark.parametrize("private", [False, True])
def test_a_package_comes_from_its_tag_and_serves_offline(
    private: bool, hub: Hub, tiny_package: Path, tmp_path: Path
) -> None:
    hub.private = private
    archive = pack(tiny_package, tmp_path / "x.expert").read_bytes()
    hub.push("0.1", ("README.md", b"read me"), ("x.expert", archive))
    address = f"oci://{hub.host}/org/sql:0.1"
    opened = open_package(address, cache_dir=tmp_path / "cache")
    assert "manifest.json" in opened.files
    assert opened.digest == hashlib.sha256(archive).hexdigest()
    assert [sent for kind, _, sent, _ in hub.asked if kind == "storage"] == [None], "no token there"
    hub.close()
    assert open_package(address, cache_dir=tmp_path / "cache").digest == opened.digest


def test_an_image_by_digest_is_asked_for_once(hub: Hub, tmp_path: Path) -> None:
    address = hub.push("latest", ("x.expert", DATA))
    path = local_path(address, cache_dir=tmp_path)
    assert path.read_bytes() == DATA
    asked = len(hub.asked)
    assert local_path(address, cache_dir=tmp_path) == path and len(hub.asked) == asked


def test_what_was_fetched_counts_as_the_caches(hub: Hub, tmp_path: Path) -> None:
    local_path(hub.push("latest", ("x.expert", DATA)), cache_dir=tmp_path)
    (entry,) = entries(tmp_path)
    assert entry.kind == "oci" and entry.bytes > len(DATA)


def test_a_cut_blob_goes_on(hub: Hub, tmp_path: Path) -> None:
    hub.private, hub.cuts = True, 1
    hub.push("latest", ("x.expert", DATA))
    assert local_path(f"oci://{hub.host}/org/sql", cache_dir=tmp_path).read_bytes() == DATA
    ranges = [r for kind, _, _, r in hub.asked if kind == "storage"]
    assert ranges[0] is None and ranges[1], "the second attempt asks for the rest"


def test_what_has_another_digest_is_refused_and_deleted(hub: Hub, tmp_path: Path) -> None:
    by_digest = hub.push("latest", ("x.expert", DATA))
    hub.blobs[digest(DATA)] = DATA[:-1] + b"x"
    with pytest.raises(IntegrityError) as caught:
        local_path(f"oci://{hub.host}/org/sql", cache_dir=tmp_path)
    assert caught.value.code == "checksum_mismatch" and left(tmp_path) == []
    hub.manifests[by_digest.partition("@")[2]] = b'{"layers": []}'
    with pytest.raises(IntegrityError, match="manifest"):
        local_path(by_digest, cache_dir=tmp_path)


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ([], "none"),
        ([("a.expert", b"a"), ("b.expert", b"b")], "a.expert, b.expert"),
        ([("a.tar", b"a"), ("b.tar", b"b")], "a.tar, b.tar"),
    ],
)
def test_an_image_without_one_package_is_refused_by_name(
    files: list[tuple[str, bytes]], why: str, hub: Hub, tmp_path: Path
) -> None:
    hub.push("latest", *files)
    with pytest.raises(LoadError, match=why) as caught:
        local_path(f"oci://{hub.host}/org/sql", cache_dir=tmp_path)
    assert caught.value.code == "not_found"


def test_a_registry_that_refuses_or_fails_is_an_error_of_ours(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oci, "SECONDS", 1.0)
    hub.push("latest", ("x.expert", DATA))
    tries: list[tuple[dict[str, Any], str]] = [
        ({"status": 403}, "403"),
        ({"status": 404}, "404"),
        ({"status": 500}, "500"),
        ({"private": True, "realm": "ftp://127.0.0.1/token"}, "sends for a token"),
        ({"private": True, "realm": "http://example.org/token"}, "sends for a token"),
        ({"private": True, "given": b"{}"}, "gave no token"),
        ({"private": True, "given": b"[]"}, "gave no token"),
        ({"private": True, "given": b"<html>"}, "gave no token"),
        ({"private": True, "given": b'{"token": "wrong"}'}, "401"),
    ]
    usual = {"status": 0, "private": False, "realm": "", "given": hub.given}
    for changes, why in tries:
        for name, value in ({**usual, **changes}).items():
            setattr(hub, name, value)
        with pytest.raises(LoadError, match=why) as caught:
            local_path(f"oci://{hub.host}/org/sql", cache_dir=tmp_path)
        assert caught.value.code == "download_failed"
    hub.close()
    with pytest.raises(LoadError, match="can't be reached"):
        local_path(f"oci://{hub.host}/org/sql", cache_dir=tmp_path)
    assert left(tmp_path) == []


def test_sizes_are_bounded(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oci, "MAX_BYTES", 1000)
    monkeypatch.setattr(download, "MAX_BYTES", 1000)
    hub.push("latest", ("x.expert", DATA))
    with pytest.raises(LoadError) as caught:
        local_path(f"oci://{hub.host}/org/sql", cache_dir=tmp_path)
    assert caught.value.code == "download_too_large"
    monkeypatch.setattr(oci, "MAX_MANIFEST", 1000)
    hub.push("latest", ("x.expert", b"x"), padding="x" * 2000)
    with pytest.raises(LoadError, match="its manifest has more"):
        local_path(f"oci://{hub.host}/org/sql", cache_dir=tmp_path)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("oci://ghcr.io/org/sql:0.3", ("ghcr.io", "org/sql", "0.3")),
        ("oci://localhost:5000/sql", ("localhost:5000", "sql", "latest")),
        (
            f"oci://h/a/b/c:1@sha256:{'0' * 64}",
            ("h", "a/b/c", f"sha256:{'0' * 64}"),
        ),
    ],
)
def test_addresses(address: str, place: tuple[str, str, str]) -> None:
    assert split(address) == place


@pytest.mark.parametrize(
    "address", ["oci://host", "oci://h/UPPER:1", "oci://h/a:b:c", "oci://u@h/a"]
)
def test_what_is_no_address_is_said(address: str, tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="no address in an OCI registry"):
        local_path(address, cache_dir=tmp_path)


def test_a_registry_with_passwords_takes_what_docker_login_noted(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    hub.basic = base64.b64encode(b"me:secret").decode()
    address = hub.push("latest", ("x.expert", DATA))
    with pytest.raises(LoadError, match="401"):
        local_path(address, cache_dir=tmp_path / "cache")
    (tmp_path / "home/.docker").mkdir(parents=True)
    noted = json.dumps({"auths": {hub.host: {"auth": hub.basic}}})
    (tmp_path / "home/.docker/config.json").write_text(noted)
    assert local_path(address, cache_dir=tmp_path / "cache").read_bytes() == DATA


def test_a_login_of_other_tools_is_used(tmp_path: Path) -> None:
    noted = base64.b64encode(b"me:secret").decode()
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"auths": {"ghcr.io": {"auth": noted}}}))
    assert basic("ghcr.io", file) == {"authorization": f"Basic {noted}"}
    assert basic("docker.io", file) == {} == basic("ghcr.io", tmp_path / "none.json")
