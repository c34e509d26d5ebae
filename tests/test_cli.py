"""The command line on a fake engine: every command but `batch`, errors and exit statuses."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cli_reference
import httpx
import pytest
import typer
from typer.testing import CliRunner

from expertserve import __version__
from expertserve.cli import app
from expertserve.cli.options import Seams
from expertserve.engine.fake import FakeEngine
from expertserve.errors import ExpertError
from tests import tiny

COMMANDS = "serve ray generate chat batch pack inspect check prepare keygen sign verify models bench completion".split()


def run(*arguments: object, seams: Seams | None = None, **options: Any) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments], obj=seams, **options)


@pytest.fixture
def ask(tiny_package: Path, tiny_base: Path, tmp_path: Path) -> Callable[..., Any]:
    """Runs a command that loads packages, on a fake engine."""
    where = ["--models-dir", tiny_base.parent, "--cache-dir", tmp_path / "cache"]

    def ask(*arguments: object, engine: FakeEngine | None = None, **options: Any) -> Any:
        made = engine or FakeEngine(lambda prompt: "SELECT 1")
        return run(*arguments, *where, seams=Seams(engine=lambda: made), **options)

    return ask


def test_help_has_an_example_for_every_command() -> None:
    assert run("--version").stdout.strip() == __version__
    root: Any = typer.main.get_command(app)
    assert root.list_commands(None) == COMMANDS
    for command in (
        *([c] for c in COMMANDS if c != "models"),
        ["models", "list"],
        ["models", "add"],
        ["models", "pull"],
    ):
        shown = run(*command, "--help")
        assert shown.exit_code == 0 and "Example" in shown.stdout, command


def test_the_reference_in_the_docs_is_current() -> None:
    assert cli_reference.PAGE.read_text(encoding="utf-8") == cli_reference.page()


def test_importing_the_command_line_is_light() -> None:
    code = "import expertserve.cli, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    ).stdout.split()
    assert not {
        "fastapi",
        "uvicorn",
        "torch",
        "vllm",
        "transformers",
        "pydantic",
        "httpx",
        "cryptography",
    } & set(loaded)


def test_inspect_tells_what_a_package_is_and_what_would_be_applied(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    facts = json.loads(
        run(
            "inspect",
            tiny_package,
            "--json",
            "--models-dir",
            tiny_base.parent,
            "--cache-dir",
            tmp_path / "c",
        ).stdout
    )
    assert (facts["name"], facts["version"], len(facts["digest"])) == ("expert-tiny", "0.1.0", 64)
    assert (
        facts["applied"]["type"] == "lora"
        and facts["applied"]["modules"] == 12
        and facts["served_on"]["name"] == "tiny"
    )
    assert {f["path"] for f in facts["files"]} >= {"manifest.json", "adapter_model.safetensors"}
    shown = run(
        "inspect", tiny_package, "--models-dir", tiny_base.parent, "--cache-dir", tmp_path / "c"
    ).stdout
    assert "expert-tiny" in shown and "rank=4" in shown


def test_inspect_works_without_the_base_model(tiny_package: Path, tmp_path: Path) -> None:
    done = run(
        "inspect", tiny_package, "--json", "--models-dir", tmp_path, "--cache-dir", tmp_path / "c"
    )
    facts = json.loads(done.stdout)
    assert (
        done.exit_code == 0
        and facts["served_on"] is None
        and "'tiny'" in facts["base_model_missing"]
    )


def test_unknown_keys_are_reported(tiny_base: Path, tiny_lora: Path, tmp_path: Path) -> None:
    package = tiny.package(tmp_path / "p", tiny_lora, tiny_base, novelty=1)
    facts = json.loads(
        run(
            "inspect",
            package,
            "--json",
            "--models-dir",
            tiny_base.parent,
            "--cache-dir",
            tmp_path / "c",
        ).stdout
    )
    assert facts["unknown_keys"] == ["novelty"] and "novelty" in facts["warnings"][0]


def test_pack_writes_an_archive_that_inspects_the_same(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    packed = json.loads(run("pack", tiny_package, "-o", tmp_path / "x.expert", "--json").stdout)
    facts = json.loads(
        run(
            "inspect",
            tmp_path / "x.expert",
            "--json",
            "--models-dir",
            tiny_base.parent,
            "--cache-dir",
            tmp_path / "c",
        ).stdout
    )
    assert facts["digest"] == packed["sha256"] and facts["warnings"] == []


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (None, 3, "there is no package"),
        (b"junk", 3, "neither"),
        ({"manifest.json": b"{"}, 4, "malformed JSON"),
        ({"x": b""}, 3, "no manifest"),
    ],
)
def test_errors_give_message_hint_and_a_status_by_kind(
    content: Any, status: int, said: str, tmp_path: Path
) -> None:
    package = tmp_path / "p.expert"
    if isinstance(content, bytes):
        package.write_bytes(content)
    elif content:
        tiny.tar_gz(package, content)
    done = run("inspect", package, "--cache-dir", tmp_path / "c")
    assert done.exit_code == status
    assert (
        "Error:" in done.stderr
        and said in done.stderr
        and "Traceback" not in done.stderr + done.stdout
    )


def test_models_are_added_and_listed(tiny_base: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    assert "none" in run("models", "list", "--models-dir", models).stdout
    assert run("models", "add", "F:/x/Nice", tiny_base, "--models-dir", models).exit_code == 0
    assert json.loads(run("models", "list", "--models-dir", models, "--json").stdout) == [
        {"name": "Nice", "path": str(tiny_base)}
    ]
    assert run("models", "add", "Bad", tmp_path, "--models-dir", models).exit_code == 2


# ── asking ──────────────────────────────────────────────────────────────────────────────────────


def test_generate_prints_the_answer_alone(ask: Any, tiny_package: Path) -> None:
    done = ask("generate", tiny_package, "How many?")
    assert (done.exit_code, done.stdout) == (0, "SELECT 1\n")
    assert ask("generate", tiny_package, "How many?", "--stream").stdout == "SELECT 1\n"
    facts = json.loads(ask("generate", tiny_package, "-", "--json", input="How many?").stdout)
    assert facts["text"] == "SELECT 1" and facts["expert"]["name"] == "expert-tiny"


def test_generates_options_reach_the_engine(ask: Any, tiny_package: Path, tmp_path: Path) -> None:
    engine = FakeEngine(lambda prompt: "x")
    (tmp_path / "s.sql").write_text("CREATE TABLE t (id INT);")
    options = [
        "--temperature",
        0.5,
        "--top-p",
        0.6,
        "--top-k",
        7,
        "--min-p",
        0.1,
        "--max-tokens",
        8,
        "--seed",
        9,
        "--stop",
        "A",
        "--stop",
        "B",
    ]
    done = ask(
        "generate",
        tiny_package,
        "q",
        *options,
        "--schema",
        tmp_path / "s.sql",
        "--n",
        2,
        engine=engine,
    )
    assert done.stdout == "x\n---\nx\n"
    (request,) = engine.requests
    s = request.sampling
    assert (s.temperature, s.top_p, s.top_k, s.min_p, s.max_tokens, s.seed, s.stop, s.n) == (
        0.5,
        0.6,
        7,
        0.1,
        8,
        9,
        ("A", "B"),
        2,
    )


def test_an_answer_is_held_by_one_thing_alone(ask: Any, tiny_package: Path, tmp_path: Path) -> None:
    (tmp_path / "g.gbnf").write_text('root ::= "x"\n')
    (tmp_path / "list.json").write_text("[]")
    done = ask(
        "generate", tiny_package, "q", "--grammar", tmp_path / "g.gbnf", "--choice", "a", "--json"
    )
    assert (
        done.exit_code == 2
        and "--grammar and --choice" in json.loads(done.stdout)["error"]["message"]
    )
    for option in ("--grammar", "--json-schema", "--schema"):
        assert ask("generate", tiny_package, "q", option, tmp_path / "none").exit_code == 2
    for wrong in ("g.gbnf", "list.json"):
        assert ask("generate", tiny_package, "q", "--json-schema", tmp_path / wrong).exit_code == 2


def test_a_choice_and_a_grammar_of_ones_own_are_followed(
    ask: Any, tiny_package: Path, tmp_path: Path
) -> None:
    (tmp_path / "g.gbnf").write_text('root ::= "yes" | "no"\n')
    for options in (
        ["--choice", "yes", "--choice", "no"],
        ["--grammar", tmp_path / "g.gbnf"],
        ["--regex", "yes|no"],
    ):
        done = ask(
            "generate",
            tiny_package,
            "q",
            *options,
            "--json",
            engine=FakeEngine(lambda prompt: "yes"),
        )
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["text"] == "yes"


def test_a_conversation_goes_on_changes_experts_and_survives_mistakes(
    ask: Any, tiny_package: Path, tmp_path: Path
) -> None:
    engine = FakeEngine(lambda prompt: f"answer {prompt.count('<|im_start|>user')}")
    (tmp_path / "s.sql").write_text("CREATE TABLE t (id INT);")
    said = [
        "one",
        "",
        "two",
        "/expert oth",
        f"/schema {tmp_path / 's.sql'}",
        "three",
        "/expert nobody",
        "/what",
        "/schema none",
    ]
    done = ask(
        "chat",
        tiny_package,
        f"other={tiny_package}",
        engine=engine,
        input="\n".join([*said, "/reset", "four", "/quit", "five", ""]),
    )
    assert done.exit_code == 0, done.output
    answers = [line.rsplit("> ", 1)[-1] for line in done.stdout.splitlines() if "answer" in line]
    assert answers == ["answer 1", "answer 2", "answer 3", "answer 1"]
    assert done.stderr.count("Error:") == 3 and "*other" in done.stderr
    assert ask("chat", tiny_package, input="").exit_code == 0, "the end of the input ends it"


def test_two_packages_of_one_name_need_names(ask: Any, tiny_package: Path) -> None:
    done = ask("chat", tiny_package, tiny_package, input="")
    assert done.exit_code == 2 and "NAME=PATH" in done.stderr


# ── packages ────────────────────────────────────────────────────────────────────────────────────


def test_check_tells_findings_and_fails_on_errors(ask: Any, tiny_package: Path) -> None:
    done = ask("check", tiny_package)
    assert (
        done.exit_code == 0
        and "[no_hashes]" in done.stdout
        and "why:" in done.stdout
        and "fix:" in done.stdout
    )
    assert ask("check", tiny_package, "--strict").exit_code == 1
    manifest = json.loads((tiny_package / "manifest.json").read_text())
    manifest["base_models"][0]["adapters"][0]["r"] = 8
    (tiny_package / "manifest.json").write_text(json.dumps(manifest))
    done = ask("check", tiny_package, "--json")
    facts = json.loads(done.stdout)
    assert done.exit_code == 1 and facts["errors"] == 1
    assert set(facts["findings"][0]) == {
        "package",
        "code",
        "severity",
        "line",
        "message",
        "reason",
        "fix",
        "file",
    }


def test_prepare_does_what_loading_would_do(ask: Any, tiny_package: Path, tmp_path: Path) -> None:
    facts = json.loads(ask("prepare", tiny_package, "--json").stdout)["prepared"][0]
    assert facts["name"] == "expert-tiny" and list((tmp_path / "cache" / "adapters").iterdir())
    assert "expert-tiny 0.1.0 on tiny" in ask("prepare", tiny_package).stdout


def test_packing_other_weights_than_the_manifest_names_is_refused(
    tiny_package: Path, tmp_path: Path
) -> None:
    manifest = json.loads((tiny_package / "manifest.json").read_text())
    manifest["base_models"][0]["adapters"][0]["sha256"] = "0" * 64
    (tiny_package / "manifest.json").write_text(json.dumps(manifest))
    done = run("pack", tiny_package, "-o", tmp_path / "x.expert", "--json")
    assert done.exit_code == 5 and json.loads(done.stdout)["error"]["code"] == "checksum_mismatch"


# ── trust ───────────────────────────────────────────────────────────────────────────────────────


def test_a_publisher_signs_and_a_user_demands_it(
    ask: Any, tiny_package: Path, tmp_path: Path
) -> None:
    pem, archive, cache = (
        tmp_path / "k.pem",
        tmp_path / "x.expert",
        ["--cache-dir", tmp_path / "cache"],
    )
    public = run("keygen", pem).stdout.strip()
    assert public.startswith("ed25519:") and run("keygen", pem).exit_code == 2
    run("pack", tiny_package, "-o", archive)
    assert run("verify", archive, *cache).exit_code == 5
    assert (
        ask("generate", archive, "q", "--trust", "require", "--trusted-key", public).exit_code == 5
    )
    assert "not signed" in ask("generate", archive, "q", "--trust", "warn").stderr
    assert json.loads(run("sign", archive, "--key", pem, "--json").stdout)["status"] == "valid"
    assert run("verify", archive, *cache).exit_code == 0
    facts = json.loads(
        run("verify", archive, "--trusted-key", f"{pem}.pub", "--json", *cache).stdout
    )
    assert (facts["status"], facts["key"], facts["trusted"], facts["uncovered"]) == (
        "valid",
        public,
        True,
        [],
    )
    strangers = "ed25519:" + "ab" * 32
    assert run("verify", archive, "--trusted-key", strangers, *cache).exit_code == 5
    for command in (
        ["generate", archive, "q"],
        ["prepare", archive],
        ["inspect", archive],
        ["bench", archive, "-n", 1],
        ["chat", archive],
    ):
        assert ask(*command, "--trust", "require", "--trusted-key", public).exit_code == 0, command
        assert ask(*command, "--trust", "require", "--trusted-key", strangers).exit_code == 5, (
            command
        )
        assert (
            ask(
                *command,
                env={"EXPERTSERVE_TRUST": "require", "EXPERTSERVE_TRUSTED_KEYS": strangers},
            ).exit_code
            == 5
        ), command
    assert ask("inspect", archive, "--trust", "require").exit_code == 2, "nothing could be trusted"


def test_a_changed_package_is_refused_unless_trust_is_off(
    ask: Any, tiny_package: Path, tmp_path: Path
) -> None:
    run("keygen", tmp_path / "k.pem")
    assert run("sign", tiny_package, "--key", tmp_path / "k.pem").exit_code == 0
    path = tiny_package / "manifest.json"
    path.write_text(path.read_text().replace("a tiny expert", "another"))
    done = ask("generate", tiny_package, "q", "--json")
    assert done.exit_code == 5 and json.loads(done.stdout)["error"]["code"] == "signature_invalid"
    assert ask("generate", tiny_package, "q", "--trust", "off").exit_code == 0
    assert run("pack", tiny_package, "-o", tmp_path / "x.expert").exit_code == 5


def test_protected_keys_need_their_passphrase(tiny_package: Path, tmp_path: Path) -> None:
    pem = tmp_path / "k.pem"
    made = run("keygen", pem, "--encrypt", "--json", input="sesame\nsesame\n")
    assert (
        made.exit_code == 0
        and json.loads(made.stdout.splitlines()[-1])["encrypted"]
        and b"ENCRYPTED" in pem.read_bytes()
    )
    for env, code in (
        ({}, "passphrase_needed"),
        ({"EXPERTSERVE_KEY_PASSPHRASE": "no"}, "wrong_passphrase"),
    ):
        done = run("sign", tiny_package, "--key", pem, "--json", env=env)
        assert (done.exit_code, json.loads(done.stdout)["error"]["code"]) == (2, code)
    assert (
        run(
            "sign", tiny_package, "--key", pem, env={"EXPERTSERVE_KEY_PASSPHRASE": "sesame"}
        ).exit_code
        == 0
    )


# ── bench ───────────────────────────────────────────────────────────────────────────────────────


def test_bench_measures_a_package_in_this_process(ask: Any, tiny_package: Path) -> None:
    engine = FakeEngine(lambda prompt: "SELECT COUNT(*) FROM lighthouses", delay=0.002)
    facts = json.loads(
        ask(
            "bench", tiny_package, "-n", 10, "-c", 3, "--max-tokens", 5, "--json", engine=engine
        ).stdout
    )
    assert len(engine.requests) == 11 and (facts["failed"], facts["completion_tokens"]) == (0, 50)
    assert (
        0 < facts["first_token_p50"] <= facts["first_token_p99"] < facts["total_p99"]
        and facts["tokens_per_second"] > 0
    )


def server(request: httpx.Request) -> httpx.Response:
    """An OpenAI-compatible server of one model and two tokens."""
    if request.headers.get("authorization") != "Bearer secret":
        return httpx.Response(401, text="no key")
    if request.url.path == "/v1/models":
        return httpx.Response(200, json={"data": [{"id": "m"}]})
    assert json.loads(request.content)["model"] == "m"
    events: list[dict[str, Any]] = [{"choices": [{"delta": {"content": w}}]} for w in ("a", "b")]
    events += [{"choices": [], "usage": {"completion_tokens": 2}}]
    lines = "".join(f"data: {json.dumps(e)}\n\n" for e in events) + "data: [DONE]\n\n"
    return httpx.Response(200, text=lines, headers={"content-type": "text/event-stream"})


def test_bench_measures_a_server() -> None:
    seams = Seams(transport=httpx.MockTransport(server))
    done = run(
        "bench",
        "http://host:1/v1/",
        "-n",
        4,
        "-c",
        2,
        "--json",
        seams=seams,
        env={"EXPERTSERVE_API_KEY": "secret"},
    )
    assert (json.loads(done.stdout)["completion_tokens"], json.loads(done.stdout)["failed"]) == (
        8,
        0,
    )
    done = run("bench", "http://host:1", "-n", 4, "--json", seams=seams)
    assert done.exit_code == 7 and "401" in json.loads(done.stdout)["error"]["message"]
    odd = Seams(transport=httpx.MockTransport(lambda request: httpx.Response(200, text="<html>")))
    assert run("bench", "http://host:1", seams=odd).exit_code == 7


# ── manners ─────────────────────────────────────────────────────────────────────────────────────


def test_debug_leaves_the_error_as_it_is_in_subgroups_too(tmp_path: Path) -> None:
    for command in (["inspect", tmp_path / "none"], ["models", "add", "x", tmp_path]):
        assert isinstance(run("--debug", *command).exception, ExpertError)
        assert isinstance(run(*command).exception, SystemExit)


def test_completion_prints_a_script() -> None:
    for shell in ("bash", "zsh", "fish"):
        done = run("completion", shell)
        assert done.exit_code == 0 and "_EXPERTSERVE_COMPLETE" in done.stdout


ENDLESS = """
import sys
from expertserve.cli import app
from expertserve.cli.options import Seams
from expertserve.engine.fake import FakeEngine
from expertserve.errors import ExpertError
app(sys.argv[1:], obj=Seams(engine=lambda: FakeEngine(lambda prompt: "word " * 500, delay=0.05)))
"""


def test_ctrl_c_ends_a_command_cleanly(tiny_package: Path, tiny_base: Path, tmp_path: Path) -> None:
    where = ["--models-dir", str(tiny_base.parent), "--cache-dir", str(tmp_path / "c")]
    command = [
        sys.executable,
        "-c",
        ENDLESS,
        "generate",
        str(tiny_package),
        "q",
        "--stream",
        *where,
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stdout.read(5) == "word "
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130 and "Traceback" not in said and time.monotonic() - started < 5
