"""`expertserve generate` and `chat`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from expertserve.engine.fake import FakeEngine


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


def test_generate_grounds_values_in_the_question(
    ask: Any, tiny_package: Path, tmp_path: Path
) -> None:
    engine = FakeEngine(lambda prompt: '{"who": "Delgado"}')
    (tmp_path / "s.json").write_text(
        '{"type": "object", "properties": {"who": {"type": "string"}}}'
    )
    options = ["--json-schema", tmp_path / "s.json", "--ground", "values"]
    done = ask("generate", tiny_package, "Ask Ms Delgado", *options, engine=engine)
    assert (done.exit_code, done.stdout) == (0, '{"who": "Delgado"}\n')
    (request,) = engine.requests
    assert request.constraint and request.constraint.source == "Ask Ms Delgado"
