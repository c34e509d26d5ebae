"""What people who run a server, and their routers, read: errors, keys, models, metrics."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
import tomllib
from pathlib import Path
from typing import Any

import openai
import pytest
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from expertserve.cli import app
from expertserve.errors import ConfigError
from expertserve.server.auth import hash_of, read_keys
from expertserve.server.watch import watch_packages
from tests.server.conftest import Running, Serve, until

ASK: Any = [{"role": "user", "content": "How many lighthouses are in Norway?"}]
ROUTE = "/v1/chat/completions"


def error_of(server: Running, route: str = ROUTE, **body: Any) -> Any:
    return server.http().post(route, json={"model": "sql", "messages": ASK, **body}).json()["error"]


def test_a_message_says_what_was_asked_what_there_is_and_what_to_do(server: Running) -> None:
    error = error_of(server, model="sqk")
    assert error["message"] == (
        "the model 'sqk' is not loaded here; there are sql, json, tiny. Did you mean sql?"
    )
    assert error["param"] == "model" and error["code"] == "expert_not_loaded"
    with pytest.raises(openai.NotFoundError, match="GET /v1/models lists"):
        server.openai().models.retrieve("weather")


def test_a_prompt_that_is_too_long_is_told_as_openai_tells_it(server: Running) -> None:
    error = error_of(server, max_tokens=100_000)
    assert error["code"] == "context_length_exceeded" and error["param"] == "max_tokens"
    assert "maximum context length is " in error["message"]
    long = error_of(server, messages=[{"role": "user", "content": "x " * 9000}])
    assert long["code"] == "context_length_exceeded" and long["param"] == "messages"


@pytest.mark.parametrize(
    ("body", "param", "said"),
    [
        ({"temperature": 9}, "temperature", "temperature must be a number from 0 to 2, not 9"),
        ({"temperature": "hot"}, "temperature", "temperature: a number is expected"),
        ({"messages": 5}, "messages", "messages: a list is expected"),
        ({"messages": [{"content": "x"}]}, "messages.0.role", "it is required"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages.0.content", "a text or a list is expected"),
        ({"messages": [{"role": "user", "content": [{"type": 5}]}]}, "messages.0.content.0.type", "a text is expected"),
        ({"messages": [{"role": "boss", "content": "x"}]}, "messages.0.role", "'system', 'developer'"),
        ({"n": 0}, "n", "it must be greater than or equal to 1"),
        ({"stop": {"a": 1}}, "stop", "a text or a list is expected"),
        ({"tool_choice": 5}, "tool_choice", "expected"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_and_explained(
    server: Running, body: Any, param: str, said: str
) -> None:
    error = error_of(server, **body)
    assert error["param"] == param and said in error["message"], error


def test_administrators_are_told_in_http(serve: Serve, package: Any, tmp_path: Path) -> None:
    folder = tmp_path / "served"
    folder.mkdir()
    for name in ("a", "b"):
        package(name, folder)
    server = serve({"sql": package("sql")}, open_admin=True, experts_folder=folder)
    http = server.http()
    assert http.post("/v1/experts", json={"name": "x", "path": "a"}).status_code == 201
    taken = http.post("/v1/experts", json={"name": "x", "path": "b"})
    assert taken.status_code == 409
    assert "PUT /v1/experts/NAME" in taken.json()["error"]["message"]
    for answer in (taken, http.delete("/v1/experts/nobody"), http.post("/v1/experts/no/pin")):
        assert "(name" not in answer.text, answer.text


@pytest.mark.parametrize("name", ["tiny", "TINY"])
def test_an_expert_can_not_take_a_base_models_name(
    serve: Serve, package: Any, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "served"
    folder.mkdir()
    package("a", folder)
    server = serve({"sql": package("sql")}, open_admin=True, experts_folder=folder)
    made = server.http().post("/v1/experts", json={"name": name, "path": "a"})
    assert made.status_code == 409 and made.json()["error"]["code"] == "name_taken"
    answer = server.openai().chat.completions.create(model="tiny", messages=ASK)
    assert answer.model == "tiny" and server.engine.requests[-1].adapter is None


# ── keys ────────────────────────────────────────────────────────────────────────────────────────


def test_a_key_file_without_a_key_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    for text in ("", "# nothing yet\n", "keys = []\n"):
        file.write_text(text)
        with pytest.raises(ConfigError, match="no key") as caught:
            read_keys(file)
        assert caught.value.code == "bad_keys" and "key new" in caught.value.hint


def test_keys_are_made_and_hashed_for_the_file(tmp_path: Path) -> None:
    runner = CliRunner()
    made = runner.invoke(app, ["key", "new", "reports", "--admin"])
    assert made.exit_code == 0, made.output
    key = made.stderr.strip().rpartition(" ")[2]
    (entry,) = tomllib.loads(made.stdout)["keys"]
    assert entry == {"name": "reports", "sha256": hash_of(key), "admin": True}
    assert key not in made.stdout and len(key) > 40
    (tmp_path / "keys.toml").write_text(made.stdout)
    assert read_keys(tmp_path / "keys.toml")[0].admin
    hashed = runner.invoke(app, ["key", "hash"], input=f"{key}\n")
    assert hashed.stdout.strip() == entry["sha256"]
    assert runner.invoke(app, ["key", "new", "a b"]).exit_code == 2
    assert runner.invoke(app, ["key", "hash"], input="").exit_code == 2


# ── models, metrics ─────────────────────────────────────────────────────────────────────────────


def test_models_say_what_vllms_do(server: Running) -> None:
    found = {m["id"]: m for m in server.http().get("/v1/models").json()["data"]}
    assert (found["sql"]["parent"], found["sql"]["root"]) == ("tiny", "expert-sql")
    assert (found["tiny"]["parent"], found["tiny"]["root"]) == (None, "tiny")
    assert found["sql"]["max_model_len"] == found["tiny"]["max_model_len"] > 100
    assert found["auto"]["max_model_len"] is None


def metrics_of(server: Running) -> dict[tuple[str, tuple[str, ...]], float]:
    text = server.http().get("/metrics").text
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_routers_read_experts_by_their_names(serve: Serve, package: Any) -> None:
    server = serve({"sql": package("sql"), "json": package("json")}, lambda p: "a b c d", delay=0.2)
    stream = server.openai().chat.completions.create(model="sql", messages=ASK, stream=True)
    next(iter(stream))
    infos = [k for k in metrics_of(server) if k[0] == "vllm:lora_requests_info"]
    assert infos == [("vllm:lora_requests_info", ("8", "sql", ""))]
    stream.close()
    until(lambda: not server.parts.running)
    found = metrics_of(server)
    assert ("vllm:lora_requests_info", ("8", "", "")) in found
    assert found["expertserve_adapter_resident", ("sql",)] == 1


def test_adapters_that_were_there_and_those_that_were_not_are_counted(server: Running) -> None:
    for name in ("sql", "sql", "tiny", "sql"):
        server.openai().chat.completions.create(model=name, messages=ASK)
    found = metrics_of(server)
    lookups = {k[1]: v for k, v in found.items() if k[0] == "expertserve_adapter_lookups_total"}
    assert lookups == {("sql", "miss"): 1, ("sql", "hit"): 2}


def test_a_deleted_package_is_told_and_its_expert_stays(
    serve: Serve, package: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "watched"
    found = package("sql", folder)
    server = serve({"sql": found})
    with caplog.at_level(logging.WARNING, "expertserve.server"):
        logging.getLogger("expertserve").propagate = True
        work = watch_packages(server.parts, [folder], [found])
        watching = asyncio.run_coroutine_threadsafe(work, server.loop)
        time.sleep(1.5)  # it looks once a second
        shutil.rmtree(found)
        until(lambda: any(r.getMessage() == "package_gone" for r in caplog.records), 10)
        watching.cancel()
    assert server.openai().chat.completions.create(model="sql", messages=ASK).choices
