"""Administration over HTTP: by administrators, inside the experts folder."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from expertserve.core import preparing
from expertserve.server import admin, watch
from expertserve.server import state as state_module
from tests import tiny
from tests.server.conftest import Running, Serve, keys_file, until

ASK: Any = {"messages": [{"role": "user", "content": "How many lighthouses?"}]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "served"
    made.mkdir()
    return made


@pytest.fixture
def server(serve: Serve, package: Any, folder: Path, tmp_path: Path) -> Running:
    package("one", folder)
    package("two", folder, version="0.2.0")
    keys = keys_file(tmp_path / "keys.toml", root={"admin": True}, user={})
    return serve(
        {"sql": package("sql")},
        keys=keys,
        experts_folder=folder,
        state_folder=tmp_path / "state",
        max_upload_bytes=4 << 20,
    )


def archive(folder: Path, target: Path) -> bytes:
    return tiny.tar_gz(target, tiny.members(folder)).read_bytes()


def test_an_administrator_loads_replaces_pins_and_unloads(server: Running) -> None:
    http = server.http("root-secret")
    loaded = http.post("/v1/experts", json={"name": "mine", "path": "one"})
    assert loaded.status_code == 201 and loaded.json()["expertserve"]["version"] == "0.1.0"
    assert http.post("/v1/chat/completions", json={"model": "mine", **ASK}).status_code == 200
    replaced = http.put("/v1/experts/mine", json={"path": "two"})
    assert replaced.status_code == 200 and replaced.json()["expertserve"]["version"] == "0.2.0"
    assert http.post("/v1/experts/mine/pin").json()["expertserve"]["pinned"] is True
    assert (
        http.post("/v1/experts/mine/pin", json={"pinned": False}).json()["expertserve"]["pinned"]
        is False
    )
    assert http.get("/v1/experts/mine").json()["path"].endswith("/two")
    assert http.delete("/v1/experts/mine").json() == {"name": "mine", "deleted": True}
    assert (
        http.get("/v1/experts/mine").status_code
        == http.delete("/v1/experts/mine").status_code
        == 404
    )
    assert http.post("/v1/chat/completions", json={"model": "mine", **ASK}).status_code == 404
    assert http.put("/v1/experts/fresh", json={"path": "one"}).json()["id"] == "fresh"


def test_others_may_not(server: Running, serve: Serve, package: Any, folder: Path) -> None:
    http, stranger = server.http("user-secret"), server.http()
    open_server = serve({"sql": package("sql")}, experts_folder=folder)
    calls: list[Any] = [
        ("POST", "/v1/experts", {"json": {"name": "x", "path": "one"}}),
        (
            "POST",
            "/v1/experts?name=x",
            {"content": b"x", "headers": {"content-type": "application/octet-stream"}},
        ),
        ("PUT", "/v1/experts/sql", {"json": {"path": "one"}}),
        ("DELETE", "/v1/experts/sql", {}),
        ("POST", "/v1/experts/sql/pin", {}),
        ("GET", "/v1/experts/sql", {}),
    ]
    for method, path, options in calls:
        assert http.request(method, path, **options).json()["error"]["code"] == "admin_needed"
        assert stranger.request(method, path, **options).status_code == 401
        assert open_server.http().request(method, path, **options).status_code == 403
    assert list(folder.glob(".uploads/*")) == []


def test_the_experts_folder_is_never_left(server: Running, folder: Path, package: Any) -> None:
    http = server.http("root-secret")
    outside = package("outside")
    (folder / "link").symlink_to(outside)
    (folder / "up").symlink_to("..")
    inner = folder / "linked-weights"
    package("linked-weights", folder)
    (inner / "adapter_model.safetensors").unlink()
    (inner / "adapter_model.safetensors").symlink_to(outside / "adapter_model.safetensors")
    for path in (
        "../packages/outside",
        str(outside),
        "link",
        "up/packages/outside",
        ".",
        "one/../../packages/outside",
        "/etc/passwd",
        "//etc",
    ):
        response = http.post("/v1/experts", json={"name": "x", "path": path})
        assert (
            response.status_code == 403 and response.json()["error"]["code"] == "outside_folder"
        ), path
    assert http.post("/v1/experts", json={"name": "x", "path": "linked-weights"}).status_code == 422
    for path in ("a\x00b", "a\nb", "x" * 5000, "", "\udc80", "nothing", "~", "one" + "/." * 300):
        response = http.post(
            "/v1/experts",
            content=json.dumps({"name": "x", "path": path}),
            headers={"content-type": "application/json"},
        )
        assert response.status_code in (400, 403, 201), path
        if response.status_code == 201:
            http.delete("/v1/experts/x")


@pytest.mark.parametrize(
    "name", ["", "auto", "../x", "a/b", "a b", "a\nb", ".hidden", "é", "x" * 200, "a\x00"]
)
def test_names_are_plain(server: Running, name: str) -> None:
    response = server.http("root-secret").post("/v1/experts", json={"name": name, "path": "one"})
    assert response.status_code == 400


def test_a_name_that_is_taken_is_a_conflict(server: Running) -> None:
    response = server.http("root-secret").post("/v1/experts", json={"name": "sql", "path": "two"})
    assert response.status_code == 409 and response.json()["error"]["code"] == "name_taken"


def test_uploads_are_loaded_kept_and_removed_with_their_expert(
    server: Running, folder: Path, package: Any, tmp_path: Path
) -> None:
    http = server.http("root-secret")
    data, other = (
        archive(package("up"), tmp_path / "a.expert"),
        archive(package("up2", version="0.3.0"), tmp_path / "b.expert"),
    )
    raw = http.post(
        "/v1/experts?name=raw", content=data, headers={"content-type": "application/octet-stream"}
    )
    assert raw.status_code == 201, raw.text
    form = http.post("/v1/experts", files={"file": ("a.expert", data)}, data={"name": "form"})
    assert (
        form.status_code == 201
        and form.json()["expertserve"]["digest"] == raw.json()["expertserve"]["digest"]
    ), form.text
    assert len(list(folder.glob(".uploads/*"))) == 1
    http.delete("/v1/experts/raw")
    assert len(list(folder.glob(".uploads/*"))) == 1  # the other still needs it
    assert (
        http.put(
            "/v1/experts/form", content=other, headers={"content-type": "application/gzip"}
        ).json()["expertserve"]["version"]
        == "0.3.0"
    )
    assert len(list(folder.glob(".uploads/*"))) == 1
    http.delete("/v1/experts/form")
    assert list(folder.glob(".uploads/*")) == []


def test_bad_uploads_leave_nothing(server: Running, folder: Path) -> None:
    http = server.http("root-secret")
    binary = {"content-type": "application/octet-stream"}
    assert http.post("/v1/experts?name=x", content=b"no package", headers=binary).status_code == 422
    assert http.post("/v1/experts?name=x", content=b"", headers=binary).status_code == 400
    assert http.post("/v1/experts", content=b"no package", headers=binary).status_code == 400
    assert (
        http.post("/v1/experts?name=x", content=b"x" * (5 << 20), headers=binary).status_code == 413
    )
    assert (
        http.post(
            "/v1/experts?name=x", content=iter([b"x" * (1 << 20)] * 5), headers=binary
        ).status_code
        == 413
    )
    assert (
        http.post("/v1/experts", files={"other": ("a", b"x")}, data={"name": "x"}).status_code
        == 400
    )
    assert (
        http.post(
            "/v1/experts",
            content=b"garbage",
            headers={"content-type": "multipart/form-data; boundary=x"},
        ).status_code
        == 400
    )
    assert (
        http.post(
            "/v1/experts", content=b"garbage", headers={"content-type": "multipart/form-data"}
        ).status_code
        == 400
    )
    assert list(folder.glob(".uploads/*")) == []


@pytest.mark.parametrize(
    "filename",
    ["../../evil.expert", "/etc/evil.expert", "..", "a\\..\\evil.expert", "experts.json"],
)
def test_an_upload_lies_where_we_put_it(
    server: Running, folder: Path, package: Any, tmp_path: Path, filename: str
) -> None:
    http, data = server.http("root-secret"), archive(package("up"), tmp_path / "a.expert")
    before = set(tmp_path.rglob("*"))
    form = http.post("/v1/experts", files={"file": (filename, data)}, data={"name": "up"})
    assert form.status_code == 201, form.text
    named = http.post(
        f"/v1/experts?name={quote(filename, safe='')}",
        content=data,
        headers={"content-type": "application/gzip"},
    )
    if filename == "experts.json":  # an odd name, but a name
        assert named.status_code == 201, named.text
    else:
        assert named.json()["error"]["code"] == "bad_name", named.text
    new = {
        p
        for p in set(tmp_path.rglob("*")) - before
        if p.is_file() and tmp_path / "cache" not in p.parents
    }
    assert new == {
        folder / ".uploads" / f"{hashlib.sha256(data).hexdigest()}.expert",
        tmp_path / "state" / "experts.json",
    }
    assert not any(
        (place / filename).is_file()
        for place in (folder / ".uploads", folder, Path.cwd(), Path("/"))
        if filename != ".."
    )


@pytest.mark.parametrize("path", ["x" * 300, "a/" + "x" * 300, "x/" * 400])
def test_a_path_that_no_file_can_have_is_not_there(server: Running, path: str) -> None:
    response = server.http("root-secret").post("/v1/experts", json={"name": "x", "path": path})
    assert response.status_code == 400 and response.json()["error"]["code"] in (
        "no_such_package",
        "bad_path",
    )


def test_what_can_not_be_noted_is_not_done(
    server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full: nothing half, and the same request succeeds once there is room."""
    http = server.http("root-secret")

    def full(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(state_module, "write_whole", full)
        response = http.post("/v1/experts", json={"name": "a", "path": "one"})
        assert response.status_code == 500 and response.json()["error"]["code"] == "io", (
            response.text
        )
        assert http.get("/v1/experts/a").status_code == 404
    assert http.post("/v1/experts", json={"name": "a", "path": "one"}).status_code == 201
    with monkeypatch.context() as patch:
        patch.setattr(state_module, "write_whole", full)
        assert (
            http.post("/v1/experts", json={"name": "a", "path": "one"}).status_code == 500
        )  # it is there already, and stays
        assert http.get("/v1/experts/a").status_code == 200
    with monkeypatch.context() as patch:
        patch.setattr(state_module, "write_whole", full)
        assert http.delete("/v1/experts/a").status_code == 500
        assert http.post("/v1/chat/completions", json={"model": "a", **ASK}).status_code == 200
    assert http.delete("/v1/experts/a").status_code == 200
    with monkeypatch.context() as patch:
        patch.setattr(admin, "part_path", full)
        response = http.post(
            "/v1/experts?name=b", content=b"x", headers={"content-type": "application/gzip"}
        )
        assert response.status_code == 500, response.text


def test_a_name_that_is_exchanged_and_freed_at_once_is_the_same_in_the_server_and_its_state(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, go, prepare = threading.Event(), threading.Event(), preparing.prepare

    def held(path: Any, **options: Any) -> Any:
        if str(path).endswith("two"):
            reading.set()
            go.wait(10)
        return prepare(path, **options)

    http = server.http("root-secret")
    assert http.post("/v1/experts", json={"name": "mine", "path": "one"}).status_code == 201
    monkeypatch.setattr(preparing, "prepare", held)
    with ThreadPoolExecutor() as pool:
        replaced = pool.submit(http.put, "/v1/experts/mine", json={"path": "two"})
        assert reading.wait(10)
        deleted = pool.submit(http.delete, "/v1/experts/mine")
        time.sleep(0.2)
        go.set()
        assert replaced.result().status_code == deleted.result().status_code == 200
    assert not server.parts.has("mine") and server.parts.state.find("mine") is None


def test_a_client_that_goes_away_in_an_upload_is_no_bug(
    server: Running, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    head = "POST /v1/experts?name=x HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer root-secret\r\n"
    head += "content-type: application/octet-stream\r\ncontent-length: 1000\r\n\r\n"
    with caplog.at_level("INFO", logger="expertserve.server"):
        with socket.create_connection(
            ("127.0.0.1", int(server.url.rpartition(":")[2]))
        ) as connection:
            connection.sendall(head.encode() + b"some of it")
            time.sleep(0.2)
        until(
            lambda: any(
                getattr(r, "facts", {}).get("outcome") == "cancelled" for r in caplog.records
            )
        )
    assert not [r for r in caplog.records if r.getMessage() == "bug"]
    assert not list((folder / ".uploads").iterdir())


def test_what_is_watched_keeps_its_checksum(server: Running, folder: Path, package: Any) -> None:
    file = folder / "checked.expert"
    sum_ = hashlib.sha256(archive(package("first"), file)).hexdigest()
    http = server.http("root-secret")
    assert (
        http.post(
            "/v1/experts", json={"name": "mine", "path": file.name, "checksum": sum_}
        ).status_code
        == 201
    )
    archive(package("second", version="0.9.0"), file)
    take = watch.take_package(server.parts, file.resolve())
    asyncio.run_coroutine_threadsafe(take, server.loop).result(10)
    assert http.get("/v1/experts/mine").json()["expertserve"]["version"] == "0.1.0"


def test_every_name_of_what_is_watched_is_exchanged(
    server: Running, folder: Path, package: Any
) -> None:
    file = folder / "twice.expert"
    archive(package("first"), file)
    http = server.http("root-secret")
    for name in ("a", "b", "c"):
        assert http.post("/v1/experts", json={"name": name, "path": file.name}).status_code == 201
    asyncio.run_coroutine_threadsafe(server.parts.service.unload_expert("c"), server.loop).result(
        10
    )  # as if it had been broken at the start
    archive(package("second", version="0.9.0"), file)
    take = watch.take_package(server.parts, file.resolve())
    asyncio.run_coroutine_threadsafe(take, server.loop).result(10)
    for name in ("a", "b", "c"):
        assert http.get(f"/v1/experts/{name}").json()["expertserve"]["version"] == "0.9.0", name


def test_what_is_unloaded_while_its_file_changes_stays_unloaded(
    server: Running, folder: Path, package: Any
) -> None:
    file = folder / "raced.expert"
    archive(package("first"), file)
    http = server.http("root-secret")
    assert http.post("/v1/experts", json={"name": "mine", "path": file.name}).status_code == 201

    async def both() -> None:
        async with server.parts.changing("mine"):  # an administrator is at it
            taking = asyncio.create_task(watch.take_package(server.parts, file.resolve()))
            await asyncio.sleep(0.3)
            assert not taking.done(), "it waits for its turn"
            await server.parts.service.unload_expert("mine")
            server.parts.state.drop("mine")
        await taking

    archive(package("second", version="0.9.0"), file)
    asyncio.run_coroutine_threadsafe(both(), server.loop).result(10)
    assert http.get("/v1/experts/mine").status_code == 404


def test_the_same_package_again_stays_pinned_in_the_notes(server: Running) -> None:
    http = server.http("root-secret")
    for pin in (True, False):
        assert (
            http.post("/v1/experts", json={"name": "mine", "path": "one", "pin": pin}).status_code
            == 201
        )
    noted = server.parts.state.find("mine")
    assert noted and noted.pin


def test_without_a_folder_nothing_can_be_loaded(serve: Serve, package: Any) -> None:
    server = serve({"sql": package("sql")}, open_admin=True)
    assert (
        server.http().post("/v1/experts", json={"name": "x", "path": "one"}).json()["error"]["code"]
        == "no_experts_folder"
    )
    assert server.http().get("/v1/experts/sql").status_code == 200


def test_other_sites_pages_can_not_upload_where_everybody_may(
    serve: Serve, package: Any, folder: Path
) -> None:
    server = serve({"sql": package("sql")}, open_admin=True, experts_folder=folder)
    response = server.http().post(
        "/v1/experts", files={"file": ("a", b"x")}, headers={"origin": "http://evil.example"}
    )
    assert response.status_code == 403 and response.json()["error"]["code"] == "other_site"


def test_state_follows_every_change(server: Running, tmp_path: Path) -> None:
    http, file = server.http("root-secret"), tmp_path / "state" / "experts.json"

    def listed() -> dict[str, Any]:
        return {e["name"]: e for e in json.loads(file.read_text())["experts"]}

    http.post("/v1/experts", json={"name": "a", "path": "one"})
    assert listed()["a"]["path"].endswith("/one") and "sql" not in listed()
    http.put("/v1/experts/a", json={"path": "two", "pin": True})
    assert listed()["a"]["path"].endswith("/two") and listed()["a"]["pin"] is True
    http.delete("/v1/experts/a")
    assert listed() == {}
    assert [p.name for p in file.parent.iterdir()] == ["experts.json"]
