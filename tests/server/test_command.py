"""`expertserve serve`, as people start it."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from expertserve.cli.serve import example, expand
from expertserve.errors import ConfigError
from expertserve.server import watch
from expertserve.server.watch import packages_in, stamp
from tests import tiny
from tests.server.conftest import until

PROGRAM = """
import sys, json
from expertserve.cli import app
from expertserve.cli.options import Seams
from expertserve.engine.fake import FakeEngine
app(json.loads(sys.argv[1]), obj=Seams(engine=lambda: FakeEngine(lambda prompt: "SELECT 1")))
"""


class Command:
    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-c", PROGRAM, json.dumps(["serve", "--port", "0", *arguments])]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.welcome: list[str] = []
        assert self.process.stdout
        for line in self.process.stdout:
            self.welcome.append(line.rstrip())
            if line.startswith(("ready", "waiting")):
                break
        self.url = next(
            (line.split()[0].rstrip("/") for line in self.welcome if line.startswith("  http")), ""
        )

    def stop(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=20)
        return self.process.returncode, errors


def test_it_says_where_it_is_what_it_serves_and_how_to_ask(
    tiny_base: Path, package: Any, tmp_path: Path
) -> None:
    package("sql")
    package("json", description="\x1b[2J evil")
    command = Command(
        str(tmp_path / "packages"),
        "--models-dir",
        str(tiny_base.parent),
        "--cache-dir",
        str(tmp_path / "cache"),
    )
    text = "\n".join(command.welcome)
    assert command.welcome[-1].startswith("ready at http://127.0.0.1:"), text
    assert "expert-sql " in text and "auto" in text and "\\x1b" in text and "\x1b" not in text
    curl = text[text.index("curl ") : text.index("starting")]
    assert (
        "What can you do?" in curl and "lighthouses" not in curl
    )  # no question of a trade that nobody here has
    answer = subprocess.run(["bash", "-c", curl], capture_output=True, text=True, timeout=20)
    assert json.loads(answer.stdout)["choices"][0]["message"]["content"] == "SELECT 1"
    code, errors = command.stop()
    assert code == 0 and all(
        json.loads(line) for line in errors.splitlines() if line.startswith("{")
    )


def test_the_example_is_the_experts_own(tiny_base: Path, package: Any, tmp_path: Path) -> None:
    package("sql", examples=[{"prompt": "What's up?", "schema": "CREATE TABLE t (id INT);"}])
    models, cache = str(tiny_base.parent), str(tmp_path / "cache")
    folder = str(tmp_path / "packages")
    command = Command(folder, "--models-dir", models, "--cache-dir", cache)
    text = "\n".join(command.welcome)
    curl = text[text.index("curl ") : text.index("starting")]
    assert "CREATE TABLE t" in curl
    answer = subprocess.run(["bash", "-c", curl], capture_output=True, text=True, timeout=20)
    assert json.loads(answer.stdout)["choices"][0]["message"]["content"] == "SELECT 1"
    assert command.stop()[0] == 0


def test_watch_replaces_what_changed_and_loads_what_is_new(
    tiny_base: Path, package: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "served"
    tiny.tar_gz(_made(folder) / "sql.expert", tiny.members(package("sql")))
    options = [
        "--watch",
        "--models-dir",
        str(tiny_base.parent),
        "--cache-dir",
        str(tmp_path / "cache"),
    ]
    alone = tiny.tar_gz(tmp_path / "alone.expert", tiny.members(package("alone")))
    command = Command(str(folder), f"named={alone}", *options)

    def versions() -> dict[str, str]:
        data = httpx.get(f"{command.url}/v1/models").json()["data"]
        return {
            m["id"]: m["expertserve"]["version"]
            for m in data
            if m["expertserve"]["kind"] == "expert"
        }

    assert versions() == {"expert-sql": "0.1.0", "named": "0.1.0"}
    tiny.tar_gz(alone, tiny.members(package("alone", tmp_path / "other", version="0.3.0")))
    tiny.tar_gz(
        folder / "sql.expert", tiny.members(package("sql", tmp_path / "other", version="0.2.0"))
    )
    tiny.tar_gz(folder / "json.expert", tiny.members(package("json")))
    until(
        lambda: versions() == {"expert-sql": "0.2.0", "expert-json": "0.1.0", "named": "0.3.0"}, 15
    )
    (folder / "sql.expert").write_bytes(b"broken")
    time.sleep(2.5)
    assert versions()["expert-sql"] == "0.2.0"
    _, errors = command.stop()
    assert "package_refused" in errors


def test_watching_goes_on_after_a_look_that_failed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package, looks, taken = tmp_path / "a.expert", 0, asyncio.Event()

    def look(place: Path) -> Iterator[Path]:
        nonlocal looks
        looks += 1
        if looks < 3:
            raise OSError("too many open files")
        if looks == 3:
            package.write_bytes(b"new")
        yield package

    async def take(parts: object, path: Path) -> None:
        taken.set()

    monkeypatch.setattr(watch, "SECONDS", 0.01)
    monkeypatch.setattr(watch, "packages_in", look)
    monkeypatch.setattr(watch, "take_package", take)

    async def run() -> None:
        watching = asyncio.create_task(watch.watch_packages(None, [tmp_path], []))  # type: ignore[arg-type]
        await asyncio.wait_for(taken.wait(), 10)
        watching.cancel()

    asyncio.run(run())


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--host", "0.0.0.0"], "keys_needed"),
        ([], "no_packages"),
        (["--keys", "/nowhere"], None),
        (["missing.expert"], None),
    ],
)
def test_what_can_not_be_served_is_told_with_a_hint(
    arguments: list[str], code: str | None, tmp_path: Path
) -> None:
    command = Command(*arguments, *(["--experts-folder", str(tmp_path)] if code is None else []))
    _, errors = command.process.communicate(timeout=20)
    assert (
        command.process.returncode in (2, 3) and "Hint" in errors and "Traceback" not in errors
    ), errors


def test_folders_are_read_one_level_deep(tmp_path: Path, package: Any) -> None:
    folder = tmp_path / "packages"
    package("a")
    (folder / "b.expert").write_bytes(b"")
    (folder / ".hidden.expert").write_bytes(b"")
    (folder / "notes.txt").write_text("")
    assert [p.name for p in packages_in(folder)] == ["a", "b.expert"]
    assert [(one.path, one.name) for one in expand([str(folder), "x=y.expert"])] == [
        (folder / "a", None),
        (folder / "b.expert", None),
        (Path("y.expert"), "x"),
    ]
    before = stamp(folder / "a")
    (folder / "a" / "README.md").write_text("new")
    assert stamp(folder / "a") != before
    shutil.rmtree(folder)
    assert stamp(folder) == ()


def test_the_example_asks_for_a_key_where_one_is_needed() -> None:
    assert "Authorization" not in "\n".join(example("http://x", "sql", "Who?", keys=False))
    assert '"Authorization: Bearer $KEY"' in "\n".join(
        example("http://x", "sql", "Who?", keys=True)
    )


def test_settings_out_of_range_are_refused() -> None:
    from expertserve.server.settings import ServerSettings

    for bad in ({"port": 70_000}, {"drain": -1}, {"max_pending": 0}, {"request_timeout": 0}):
        with pytest.raises(ConfigError):
            ServerSettings(**bad)  # type: ignore[arg-type]
