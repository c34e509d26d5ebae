"""Engines of their own: scripts without a guard, standard input, the command line, and nothing left
behind.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from expertserve import (
    EngineConfig,
    EngineDeadError,
    Expert,
    ExpertManager,
    IncompatibleError,
    OutOfMemoryError,
)
from expertserve.prompt.format import build_messages
from tests import tiny
from tests.conftest import SCHEMA
from tests.engine.reference import Reference

pytestmark = pytest.mark.engine

CACHES = ("torchinductor_",)
"""What torch means to leave."""
SCRIPT = """
from expertserve import Expert
e = Expert.load({package!r})
import json
print(json.dumps(e.generate("How many lighthouses are in Norway?", schema={schema!r}).to_dict()))
e.close()
"""


def run_alone(
    command: list[str], stdin: str = "", cwd: Path | None = None
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Runs a command in its own session; returns the result, and what it left running or as a
    temporary file.
    """
    with tempfile.TemporaryDirectory() as temporary:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
            env={**os.environ, "TMPDIR": temporary},
            start_new_session=True,
        )
        out, err = process.communicate(stdin, timeout=240)
        session = [p for p in psutil.process_iter() if _session(p.pid) == process.pid]
        _, left = psutil.wait_procs([p for p in session if p.pid != process.pid], timeout=5)
        names = [p.name() for p in left if p.status() != psutil.STATUS_ZOMBIE]
        names += [f.name for f in Path(temporary).iterdir() if not f.name.startswith(CACHES)]
    return subprocess.CompletedProcess(command, process.returncode, out, err), names


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0


@pytest.mark.long
def test_an_unguarded_script_from_standard_input_works_anywhere_and_leaves_no_process(
    sql_package: Path, tmp_path: Path
) -> None:
    done, left = run_alone(
        [sys.executable, "-"], SCRIPT.format(package=str(sql_package), schema=SCHEMA), tmp_path
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.strip().splitlines()[-1])
    assert "COUNT" in result["text"] and result["expert"]["name"] == "expert-sql"
    assert left == [] and "ERROR" not in done.stderr  # vLLM's log takes an end for a crash


@pytest.mark.long
def test_the_command_prints_one_json_object_whose_sql_runs(
    sql_package: Path, tmp_path: Path
) -> None:
    (tmp_path / "schema.sql").write_text(SCHEMA)
    command = [
        sys.executable,
        "-m",
        "expertserve.cli",
        "generate",
        str(sql_package),
        "How many lighthouses are in Norway?",
    ]
    done, left = run_alone([*command, "--schema", "schema.sql", "--json"], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    database = sqlite3.connect(":memory:")
    database.executescript(SCHEMA)
    assert database.execute(json.loads(done.stdout)["text"]).fetchall() == [(0,)]
    assert left == []


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a command as a terminal does: in its own process group, all of which gets Ctrl-C."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "expertserve.cli", *map(str, arguments)]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def loading(process: psutil.Process) -> bool:
    """Whether it imports vLLM: it is starting, and the engine's process is not yet running."""
    return any("/torch/lib/" in mapped.path for mapped in process.memory_maps())


def engines(process: psutil.Process) -> list[psutil.Process]:
    return [
        child
        for child in process.children(recursive=True)
        if "spawn_main" in " ".join(child.cmdline())
    ]


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX's")
@pytest.mark.parametrize("when", [loading, engines])
def test_ctrl_c_while_the_engine_starts_ends_it_without_a_trace(
    when: Callable[[psutil.Process], object],
    terminal: Callable[..., subprocess.Popen[str]],
    sql_package: Path,
) -> None:
    process = terminal("generate", sql_package, "How many?", "--vllm", "block_size=128")
    tree, deadline = psutil.Process(process.pid), time.monotonic() + 120
    while not when(tree):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    family = tree.children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130 and "interrupted" in err and "Traceback" not in err
    assert not psutil.wait_procs(family, timeout=10)[1]


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX's")
def test_ctrl_c_in_a_servers_terminal_lets_a_stream_finish(
    terminal: Callable[..., subprocess.Popen[str]], sql_package: Path
) -> None:
    process = terminal("serve", f"sql={sql_package}", "--port", "0")
    assert process.stdout
    url = next(line.split()[2] for line in process.stdout if line.startswith("ready at "))
    family = psutil.Process(process.pid).children(recursive=True)
    asked = {
        "messages": [{"role": "user", "content": "Tell me a very long story."}],
        "stream": True,
        "max_tokens": 200,
    }
    with httpx.stream(
        "POST",
        f"{url}/v1/chat/completions",
        json=asked | {"model": "SmolLM2-135M-Instruct"},
        timeout=120,
    ) as response:
        lines = response.iter_lines()
        first = next(line for line in lines if line.startswith("data: "))
        os.killpg(process.pid, signal.SIGINT)
        rest = [line for line in lines if line]
    assert first and rest[-1] == "data: [DONE]" and not any('"error"' in line[:20] for line in rest)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0 and "draining" in err and "Traceback" not in err
    assert not psutil.wait_procs(family, timeout=10)[1]


Own = Callable[..., ExpertManager]


@pytest.fixture
def tiny_manager(tiny_base: Path, tmp_path: Path) -> Own:
    def make(**config: object) -> ExpertManager:
        given = {"kv_cache_bytes": 64 << 20, "max_requests": 8, "dtype": "float32"} | config
        settings = EngineConfig(**given)  # type: ignore[arg-type]
        return ExpertManager(
            config=settings, models_dir=tiny_base.parent, cache_dir=tmp_path / "cache"
        )

    return make


@pytest.mark.long
def test_without_the_extension_plain_lora_is_the_same_and_dora_is_refused(
    tiny_manager: Own, tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    adapter = tiny.peft_adapter(tiny_base, tmp_path / "dora", "dora")
    dora = tiny.package(tmp_path / "p", adapter, tiny_base, base_models=tiny.base_entry("dora"))
    asked = {"max_tokens": 24, "temperature": 0.0, "stop": []}
    with tiny_manager(row_scale=False) as manager:
        manager.load_expert("lora", tiny_package)
        manager.load_expert("dora", dora)
        result = manager.generate("lora", "How many lighthouses?", **asked)  # type: ignore[arg-type]
        expert = manager.get("lora")
        reference = Reference(tiny_base, tiny_package)
        likeliest, _ = reference.judge(
            expert.prompt.render(build_messages("How many lighthouses?", defaults=expert.system)),
            result.token_ids,
        )
        assert list(result.token_ids) == likeliest
        with pytest.raises(IncompatibleError) as caught:
            manager.generate("dora", "How many lighthouses?", **asked)  # type: ignore[arg-type]
        assert caught.value.code == "extension_off"


@pytest.mark.long
def test_a_wider_adapter_restarts_an_idle_engine_with_what_was_loaded(
    tiny_manager: Own, tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    wide = tiny.peft_adapter(tiny_base, tmp_path / "wide", "lora", rank=20)
    package = tiny.package(tmp_path / "p", wide, tiny_base, base_models=tiny.base_entry("lora", 20))
    asked = {"max_tokens": 8, "temperature": 0.0, "stop": []}
    with tiny_manager() as manager:
        manager.load_expert("narrow", tiny_package)
        before = manager.generate("narrow", "Hello", **asked)  # type: ignore[arg-type]
        assert manager.start().max_lora_rank == 8
        manager.load_expert("wide", package)
        results = manager.generate_many([("wide", "Hello", asked), ("narrow", "Hello", asked)])  # type: ignore[list-item]
        assert manager.start().max_lora_rank == 32
        assert results[1].token_ids == before.token_ids and results[0].token_ids != before.token_ids


def newer(before: Sequence[psutil.Process] = ()) -> list[psutil.Process]:
    """The processes that live and were started since: other tests' engines are there, too."""
    children = psutil.Process().children(recursive=True)
    return [c for c in children if c not in before and c.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems show no single mappings")
def test_the_cache_takes_memory_as_it_is_used(tiny_manager: Own, tiny_package: Path) -> None:
    size, before = 2 << 30, newer()
    with tiny_manager(engine="vllm", kv_cache_bytes=size) as manager:
        manager.load_expert("narrow", tiny_package)
        assert manager.generate("narrow", "Hello", max_tokens=4, stop=[]).usage.completion_tokens
        maps = [m for child in newer(before) for m in child.memory_maps(grouped=False)]
    caches = [m for m in maps if m.size >= size / 2 and m.path == "[anon]"]
    assert caches and all(m.rss < m.size / 4 for m in caches), caches


@pytest.mark.skipif(sys.platform != "linux", reason="other systems show no threads' names")
def test_an_idle_engine_has_one_thread_for_its_process_groups(
    tiny_manager: Own, tiny_package: Path
) -> None:
    before = newer()
    with tiny_manager(engine="vllm") as manager:
        manager.load_expert("narrow", tiny_package)
        manager.start()
        folders = [Path(f"/proc/{child.pid}/task") for child in newer(before)]
        named = [t.read_text().strip() for folder in folders for t in folder.glob("*/comm")]
    assert sum(name.startswith("gloo") for name in named) == 1, named


def test_a_vllm_that_can_not_be_imported_is_an_error(
    tiny_manager: Own, tiny_package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "vllm.v1.engine.async_llm", None)
    with tiny_manager(engine="vllm") as manager:
        manager.load_expert("narrow", tiny_package)
        with pytest.raises(EngineDeadError, match=r"vllm\.v1\.engine\.async_llm") as caught:
            manager.start()
    assert caught.value.code == "engine_unfit" and "pip check" in caught.value.hint


def test_an_engine_that_cannot_fit_is_refused_before_it_starts(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    with pytest.raises(OutOfMemoryError) as caught:
        Expert.load(
            tiny_package,
            models_dir=tiny_base.parent,
            cache_dir=tmp_path / "c",
            config=EngineConfig(kv_cache_bytes=100_000),
        )
    assert "max_model_len" in caught.value.hint and "MiB" in caught.value.message
