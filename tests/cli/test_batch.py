"""`expertserve batch`: every line is answered once, whatever broke the run before."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import time
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from expertserve.cli import app
from expertserve.cli.batch import Asker, Line, Tally, answer_all, read_lines
from expertserve.cli.options import Seams
from expertserve.engine.fake import FakeEngine
from expertserve.errors import EngineDeadError, InferenceError
from tests import tiny


@pytest.fixture
def batch(tiny_package: Path, tiny_base: Path, tmp_path: Path) -> Callable[..., Any]:
    """Runs the command on a fake engine that repeats the question's last word."""

    def batch(
        lines: list[Any],
        *options: object,
        engine: FakeEngine | None = None,
        packages: list[Path] | None = None,
    ) -> Any:
        text = "".join(
            (line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines
        )
        (tmp_path / "in.jsonl").write_text(text)
        where = ["--models-dir", tiny_base.parent, "--cache-dir", tmp_path / "cache"]
        chosen = [o for p in packages or [tiny_package] for o in ("-p", p)]
        arguments = [
            "batch",
            tmp_path / "in.jsonl",
            tmp_path / "out.jsonl",
            *chosen,
            *where,
            "--json",
            *options,
        ]
        return CliRunner().invoke(
            app, [str(a) for a in arguments], obj=Seams(engine=lambda: engine or FakeEngine(echo))
        )

    return batch


def echo(prompt: str) -> str:
    return prompt.split("<|im_end|>")[-2].split()[-1]


def output(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]


def test_each_line_is_answered_with_its_number_and_id(batch: Any, tmp_path: Path) -> None:
    messages = [{"role": "user", "content": "say two"}]
    done = batch(
        [
            {"prompt": "say one", "id": "a"},
            "",
            {"messages": messages, "id": 7, "max_tokens": 50},
            {"prompt": "say x y"},
        ]
    )
    assert done.exit_code == 0, done.output
    found = {r["line"]: r for r in output(tmp_path)}
    assert {n: (r.get("id"), r["text"]) for n, r in found.items()} == {
        1: ("a", "one"),
        3: (7, "two"),
        4: (None, "y"),
    }
    assert (
        found[1]["expert"]["name"] == "expert-tiny" and found[1]["usage"]["completion_tokens"] > 0
    )
    facts = json.loads(done.stdout)
    assert (facts["answered"], facts["failed"], facts["skipped"]) == (3, 0, 0) and facts[
        "completion_tokens"
    ] > 0


def test_questions_that_can_be_read_only_once_are_refused(
    tiny_package: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = CliRunner().invoke(
        app, ["batch", str(tmp_path / "pipe"), str(tmp_path / "out.jsonl"), "-p", str(tiny_package)]
    )
    assert done.exit_code == 2
    assert (
        "read again" in (done.stderr + str(done.exception))
        and not (tmp_path / "out.jsonl").exists()
    )


def test_options_of_the_command_are_defaults_and_a_lines_own_go_before(
    batch: Any, tmp_path: Path
) -> None:
    engine = FakeEngine(echo)
    batch(
        [{"prompt": "a"}, {"prompt": "b", "max_tokens": 3}],
        "--max-tokens",
        9,
        "--seed",
        5,
        engine=engine,
    )
    assert sorted((r.sampling.max_tokens, r.sampling.seed) for r in engine.requests) == [
        (3, 5),
        (9, 5),
    ]


def test_failures_are_lines_and_the_others_are_answered(batch: Any, tmp_path: Path) -> None:
    lines: list[Any] = [
        "{",
        "[1]",
        {"prompt": "ok"},
        {"prompt": ""},
        {"prompt": "x", "temperature": 9},
        {"prompt": "x", "temperatur": 1, "id": "t"},
    ]
    done = batch(
        [
            *lines,
            {"prompt": "x", "expert": "nobody", "id": 1},
            {"prompt": "x", "expert": 3, "id": "e"},
            {"prompt": 5},
        ]
    )
    assert done.exit_code == 1
    records = {r["line"]: r for r in output(tmp_path)}
    codes = {
        number: r["error"]["code"] if "error" in r else r["text"] for number, r in records.items()
    }
    assert [records[n]["id"] for n in (6, 7, 8)] == ["t", 1, "e"]
    assert records[6]["error"]["hint"] == "did you mean temperature?"
    assert codes[3] == "ok" and codes[1] == codes[2] == codes[8] == "bad_line"
    assert [codes[n] for n in (4, 5, 6, 7)] == [
        "empty_prompt",
        "bad_sampling",
        "bad_argument",
        "expert_not_loaded",
    ]
    assert json.loads(done.stdout)["failed"] == 8
    assert (
        "4 of 9 lines can't be asked; line 1: the line is not JSON" in done.stderr
    )  # told before the engine starts


def test_a_misspelt_argument_is_told_with_its_nearest_before_the_run(batch: Any) -> None:
    done = batch([{"prompt": "ok"}, {"prompt": "x", "max_token": 5}])
    told = "1 of 2 lines can't be asked; line 2: generate() has no argument 'max_token' (did you mean max_tokens?)"
    assert told in done.stderr


def test_a_second_run_asks_only_what_failed_or_is_new(batch: Any, tmp_path: Path) -> None:
    lines: list[Any] = [{"prompt": "say one"}, {"prompt": "say two", "expert": "later"}]
    assert batch(lines).exit_code == 1
    first = next(r for r in output(tmp_path) if r["line"] == 1)
    engine = FakeEngine(echo)
    done = batch(
        [*lines, {"prompt": "say three"}], "-p", f"later={tmp_path / 'package'}", engine=engine
    )
    assert done.exit_code == 1, "with two experts, and none that fits, auto fails"
    done = batch(
        [*lines, {"prompt": "say three"}],
        "-p",
        f"later={tmp_path / 'package'}",
        "--expert",
        "later",
        engine=engine,
    )
    assert done.exit_code == 0 and json.loads(done.stdout)["skipped"] == 2
    records = {r["line"]: r for r in output(tmp_path)}
    assert (
        len(output(tmp_path)) == 3
        and records[1] == first
        and {records[n]["text"] for n in (2, 3)} == {"two", "three"}
    )
    assert len(engine.requests) == 2


def test_a_torn_last_line_is_asked_again(batch: Any, tmp_path: Path) -> None:
    lines = [{"prompt": f"say w{i}"} for i in range(5)]
    batch(lines)
    whole = (tmp_path / "out.jsonl").read_bytes()
    (tmp_path / "out.jsonl").write_bytes(whole[: len(whole) - 40])
    done = batch(lines)
    assert json.loads(done.stdout) | {"answered": 1, "skipped": 4} == json.loads(done.stdout)
    assert sorted(r["line"] for r in output(tmp_path)) == [1, 2, 3, 4, 5]


def test_an_answer_without_its_end_of_line_counts_and_the_next_has_a_line_of_its_own(
    batch: Any, tmp_path: Path
) -> None:
    lines = [{"prompt": "say w0"}]
    batch(lines)
    (tmp_path / "out.jsonl").write_bytes((tmp_path / "out.jsonl").read_bytes()[:-1])
    done = batch([*lines, {"prompt": "say w1"}])
    assert json.loads(done.stdout)["skipped"] == 1 and [r["text"] for r in output(tmp_path)] == [
        "w0",
        "w1",
    ]


def test_a_line_that_holds_no_text_fails_alone(
    batch: Any, tiny_package: Path, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    other = tiny.package(tmp_path / "other", tiny_lora, tiny_base, name="other")
    wrong: list[Any] = [
        {"prompt": 5},
        {"messages": 5},
        {"messages": [{}]},
        {"prompt": "a", "schema": 5},
        {"prompt": "a", "choice": 5},
    ]
    done = batch(
        [*wrong, '{"id": "\\ud800", "prompt": "say yes", "expert": "other"}'],
        packages=[tiny_package, other],
    )
    found = {r["line"]: r for r in output(tmp_path)}
    assert done.exit_code == 1 and found[6]["text"] == "yes" and found[6]["id"] == "\ud800", (
        done.output
    )
    assert all("error" in found[n] for n in range(1, 6))


def test_questions_are_never_overwritten_by_their_answers(batch: Any, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text("")
    (tmp_path / "out.jsonl").symlink_to(tmp_path / "in.jsonl")
    done = batch([{"prompt": "a"}], "--overwrite")
    assert done.exit_code == 2 and json.loads(done.stdout)["error"]["code"] == "same_file"
    assert (tmp_path / "in.jsonl").read_text() == '{"prompt": "a"}\n'


def test_a_file_that_is_something_else_is_left_alone(batch: Any, tmp_path: Path) -> None:
    for content, code in (("important\nnotes\n", "not_answers"), ('{"line": 1}\n', "not_answers")):
        (tmp_path / "out.jsonl").write_text(content)
        done = batch([{"prompt": "a"}])
        assert done.exit_code == 2 and json.loads(done.stdout)["error"]["code"] == code
        assert (tmp_path / "out.jsonl").read_text() == content
    assert batch([{"prompt": "a"}], "--overwrite").exit_code == 0
    done = batch([{"prompt": "other"}])
    assert json.loads(done.stdout)["error"]["code"] == "other_questions"
    assert batch([{"prompt": "other"}], "--overwrite").exit_code == 0 and len(output(tmp_path)) == 1
    assert not list(tmp_path.glob(".part-*"))


def test_a_dead_engine_ends_the_run_and_leaves_what_was_answered(tmp_path: Path) -> None:
    """Every later line would fail the same way, so none of them is written as failed."""

    class Manager:
        async def generate(self, name: str, prompt: str | None, **args: object) -> Any:
            raise EngineDeadError("gone")

    sink = io.StringIO()
    lines = iter([Line(n, b'{"prompt": "x"}', True) for n in range(1, 9)])
    with pytest.raises(EngineDeadError):
        asyncio.run(
            answer_all(Manager(), Asker("e", {}, array("Q")), lines, sink, 3, Tally(), lambda: None)
        )  # type: ignore[arg-type]
    assert sink.getvalue() == ""


def test_no_more_lines_are_read_than_are_under_way() -> None:
    ahead, read, done = 0, 0, 0

    def lines() -> Iterator[Line]:
        nonlocal read
        for n in range(1, 201):
            read += 1
            yield Line(n, b'{"prompt": "x"}', True)

    class Manager:
        async def generate(self, name: str, prompt: str | None, **args: object) -> Any:
            nonlocal ahead, done
            ahead = max(ahead, read - done)
            await asyncio.sleep(0)
            done += 1
            raise InferenceError("no")

    asyncio.run(
        answer_all(
            Manager(), Asker("e", {}, array("Q")), lines(), io.StringIO(), 4, Tally(), lambda: None
        )
    )  # type: ignore[arg-type]
    assert read == 200 and ahead <= 4


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lines=st.lists(st.binary(max_size=30).filter(lambda b: b"\n" not in b)))
def test_lines_keep_their_numbers_whatever_they_hold(lines: list[bytes], tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"\n".join(lines))
    found = {line.number: line.content for line in read_lines(tmp_path / "f")}
    assert found == {n: line.strip() for n, line in enumerate(lines, 1) if line.strip()}


def test_a_line_that_is_too_long_is_refused_not_read(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"a" * 1000 + b"\nshort\n" + b"b" * 64 + b"\n" + b"c" * 63 + b"\n")
    assert [
        (line.number, line.content and len(line.content)) for line in read_lines(tmp_path / "f", 64)
    ] == [
        (1, None),
        (2, 5),
        (3, None),
        (4, 63),
    ]


SCRIPT = """
import sys
from expertserve.cli import app
from expertserve.cli.options import Seams
from expertserve.engine.fake import FakeEngine
app(sys.argv[1:], obj=Seams(engine=lambda: FakeEngine(lambda prompt: prompt.split("<|im_end|>")[-2].split()[-1], delay=0.01)))
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_is_gone_on_with(
    how: signal.Signals, batch: Any, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    lines = [{"prompt": f"say word{i}"} for i in range(300)]
    package = tiny.package(tmp_path / "package", tiny_lora, tiny_base)
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    where = [
        "-p",
        package,
        "--models-dir",
        tiny_base.parent,
        "--cache-dir",
        tmp_path / "cache",
        "--concurrency",
        4,
    ]
    command = [
        sys.executable,
        "-c",
        SCRIPT,
        "batch",
        tmp_path / "in.jsonl",
        tmp_path / "out.jsonl",
        *where,
    ]
    with subprocess.Popen([str(c) for c in command], stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and (
            not (tmp_path / "out.jsonl").exists() or (tmp_path / "out.jsonl").stat().st_size < 5000
        ):
            time.sleep(0.02)
        process.send_signal(how)
        _, said = process.communicate(timeout=30)
    if how == signal.SIGINT:
        assert process.returncode == 130 and "Traceback" not in said and "interrupted" in said
    before = (tmp_path / "out.jsonl").read_bytes().count(b"\n")
    assert 0 < before < 300
    done = batch(lines)
    assert done.exit_code == 0 and json.loads(done.stdout)["skipped"] == before
    assert {r["line"]: r["text"] for r in output(tmp_path)} == {
        i + 1: f"word{i}" for i in range(300)
    }
