"""Packages from S3, without s3fs: signed as AWS wants it, resumed, and refused."""

from __future__ import annotations

import hashlib
import http.server
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from expertserve.errors import IntegrityError, LoadError
from expertserve.package import download, s3
from expertserve.package.s3 import AwsProfile, signed
from expertserve.package.source import local_path
from expertserve.ray.source import fetch

DATA = bytes(range(256)) * 4096  # 1 MB
ACCOUNT = AwsProfile("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


def test_a_request_is_signed_as_in_awss_own_example() -> None:
    """ "Example: GET Object" of the documentation of signature version 4."""
    made = signed(
        ACCOUNT,
        "https://examplebucket.s3.amazonaws.com/test.txt",
        datetime(2013, 5, 24, tzinfo=UTC),
        {"range": "bytes=0-9"},
    )
    assert made["x-amz-date"] == "20130524T000000Z"
    assert made["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


class Bucket:
    """An S3 server with one bucket, `shelf`; checks signatures unless it is public."""

    def __init__(self) -> None:
        self.files = {"tools/x y.expert": DATA}
        self.public = False
        self.cuts = 0
        self.asked: list[tuple[str, str | None]] = []
        bucket = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                bucket.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request: Any) -> None:
        wanted, sent = request.headers.get("range"), request.headers.get("authorization")
        self.asked.append((request.path, wanted))
        if not self.public and (not sent or sent != self.right(request)):
            return self.send(request, 403)
        data = self.files.get(request.path.removeprefix("/shelf/").replace("%20", " "))
        if data is None:
            return self.send(request, 404)
        if self.cuts and not request.path.endswith("sha256"):
            self.cuts -= 1
            self.send(request, 200, data, half=True)
            return request.connection.shutdown(socket.SHUT_RDWR)  # type: ignore[no-any-return]
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        return self.send(request, 206 if start else 200, data[start:])

    def right(self, request: Any) -> str:
        now = datetime.strptime(request.headers.get("x-amz-date", ""), "%Y%m%dT%H%M%SZ")
        assert abs((datetime.now(UTC).replace(tzinfo=None) - now).total_seconds()) < 300
        url = f"http://{request.headers['host']}{request.path}"
        return signed(ACCOUNT, url, now)["authorization"]

    def send(self, request: Any, status: int, body: bytes = b"", half: bool = False) -> None:
        request.send_response(status)
        request.send_header("content-length", str(len(body)))
        request.send_header("etag", '"v1"')
        request.end_headers()
        request.wfile.write(body[: len(body) // 2] if half else body)
        request.wfile.flush()


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """The server, and a home folder whose `.aws` names it."""
    bucket = Bucket()
    home = tmp_path / "home"
    (home / ".aws").mkdir(parents=True)
    (home / ".aws" / "config").write_text(f"[default]\nendpoint_url = {bucket.url}\n")
    (home / ".aws" / "credentials").write_text(
        f"[default]\naws_access_key_id = {ACCOUNT.key}\naws_secret_access_key = {ACCOUNT.secret}\n"
    )
    monkeypatch.setattr(Path, "home", lambda: home)
    monkeypatch.setattr(s3, "find_spec", lambda name: None)
    yield bucket
    bucket.server.shutdown()
    bucket.server.server_close()


def test_a_package_comes_once_and_serves_offline(bucket: Bucket, tmp_path: Path) -> None:
    path = local_path("s3://shelf/tools/x y.expert", cache_dir=tmp_path / "cache")
    assert path.read_bytes() == DATA and path.name == "x y.expert"
    assert fetch("s3://shelf/tools/x y.expert", tmp_path / "cache") == path  # Ray's
    bucket.server.shutdown()
    bucket.server.server_close()
    assert local_path("s3://shelf/tools/x y.expert", cache_dir=tmp_path / "cache") == path


def test_a_cut_download_goes_on(bucket: Bucket, tmp_path: Path) -> None:
    bucket.cuts = 1
    path = local_path("s3://shelf/tools/x y.expert", cache_dir=tmp_path / "cache")
    assert path.read_bytes() == DATA
    ranges = [r for place, r in bucket.asked if not place.endswith("sha256")]
    assert ranges[0] is None and ranges[1] == f"bytes={len(DATA) // 2}-"


def test_a_sidecar_is_asked_for_and_checked(bucket: Bucket, tmp_path: Path) -> None:
    bucket.files["tools/x y.expert.sha256"] = hashlib.sha256(DATA).hexdigest().encode()
    local_path("s3://shelf/tools/x y.expert", cache_dir=tmp_path / "cache")
    bucket.files["tools/x y.expert.sha256"] = b"0" * 64
    with pytest.raises(IntegrityError) as caught:
        local_path("s3://shelf/tools/x y.expert", cache_dir=tmp_path / "other")
    assert caught.value.code == "checksum_mismatch"


def test_a_public_bucket_needs_no_keys(bucket: Bucket, tmp_path: Path) -> None:
    (Path.home() / ".aws" / "credentials").unlink()
    with pytest.raises(LoadError, match="403"):
        local_path("s3://shelf/tools/x y.expert", cache_dir=tmp_path / "cache")
    bucket.public = True
    assert local_path("s3://shelf/tools/x y.expert", cache_dir=tmp_path / "cache").exists()


def test_what_fails_is_an_error_of_ours(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "ATTEMPTS", 2)
    for address, why in (
        ("s3://shelf/none.expert", "404"),
        ("s3://shelf", "no address"),
        ("s3://S/x.expert", "no address"),
    ):
        with pytest.raises(LoadError, match=why) as caught:
            local_path(address, cache_dir=tmp_path / "cache")
        assert caught.value.code == "download_failed"
    (Path.home() / ".aws" / "config").write_text("no section")
    with pytest.raises(LoadError, match="config can't be read"):
        local_path("s3://shelf/x.expert", cache_dir=tmp_path / "cache")
    assert not [p for p in (tmp_path / "cache").rglob("*") if p.suffix in (".expert", ".part")]


def test_without_an_endpoint_it_is_awss_of_the_region() -> None:
    url = AwsProfile(region="eu-west-1").url("my.bucket", "a b/x.expert")
    assert url == "https://s3.eu-west-1.amazonaws.com/my.bucket/a%20b/x.expert"
