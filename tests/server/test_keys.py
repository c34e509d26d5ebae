"""Keys, limits, and what other sites' pages may not do."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import openai
import pytest

from expertserve.errors import ConfigError
from expertserve.server.auth import Key, Keyring, hash_of, new_key, read_keys
from expertserve.server.limits import Bucket, RateLimits
from expertserve.server.problems import Refusal
from expertserve.server.settings import ServerSettings
from tests.server.conftest import Running, Serve, keys_file, until

ASK: Any = {"model": "sql", "messages": [{"role": "user", "content": "How many lighthouses?"}]}


@pytest.fixture
def guarded(serve: Serve, package: Any, tmp_path: Path) -> Running:
    keys = keys_file(
        tmp_path / "keys.toml",
        all={},
        sql={"experts": ["sql*"]},
        few={"requests_per_minute": 2},
        frugal={"tokens_per_minute": 10},
        single={"concurrent": 1},
        root={"admin": True},
    )
    return serve(
        {"sql": package("sql"), "json": package("json", routing={"keywords": ["json"]})},
        keys=keys,
        delay=0.001,
    )


@pytest.mark.parametrize("path", ["/v1/models", "/metrics", "/v1/experts/sql"])
@pytest.mark.parametrize(
    "header",
    [
        None,
        "Bearer wrong",
        "Bearer",
        "Basic all-secret",
        "Bearer all-secretx",
        "all-secret",
        "Bearer é",
    ],
)
def test_without_a_sound_key_nothing_is_told(
    guarded: Running, path: str, header: str | None
) -> None:
    headers = {"authorization": header.encode()} if header else {}
    response = guarded.http().get(path, headers=headers)
    assert response.status_code == 401 and response.headers["www-authenticate"].startswith("Bearer")
    assert response.json()["error"]["code"] in ("no_key", "invalid_api_key")


def test_the_client_library_raises_what_it_should(guarded: Running) -> None:
    with pytest.raises(openai.AuthenticationError):
        guarded.openai("wrong").chat.completions.create(**ASK)
    assert guarded.openai("all-secret").chat.completions.create(**ASK).choices


def test_health_needs_no_key(guarded: Running) -> None:
    assert guarded.http().get("/health").status_code == 200
    assert guarded.http().get("/ready").status_code == 200
    assert guarded.http().get("/").status_code == 200


def test_a_key_sees_and_asks_its_own_experts_only(guarded: Running) -> None:
    client = guarded.openai("sql-secret")
    assert {m.id for m in client.models.list()} == {"sql", "auto"}
    for model in ("json", "tiny", "TINY", "sql/tiny", "nobody"):
        with pytest.raises(openai.PermissionDeniedError) as caught:
            client.chat.completions.create(**{**ASK, "model": model})
        assert caught.value.code == "model_not_allowed"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("json")
    with pytest.raises(
        openai.NotFoundError
    ):  # routing knows what the key may not use, and doesn't go there
        client.chat.completions.create(
            model="auto", messages=[{"role": "user", "content": "some json"}]
        )


def test_a_key_for_some_may_not_ask_a_base_model_that_nothing_else_names(
    serve: Serve, package: Any, tiny_base: Path, tmp_path: Path
) -> None:
    keys = keys_file(tmp_path / "keys.toml", all={}, sql={"experts": ["sql*"]})
    server = serve({}, keys=keys, manager={"base_model": tiny_base})
    for model in ("sql/tiny", "tiny"):
        with pytest.raises(openai.PermissionDeniedError):
            server.openai("sql-secret").chat.completions.create(**{**ASK, "model": model})
    for model in ("tiny", "sql/tiny", "TINY"):
        assert (
            server.openai("all-secret").chat.completions.create(**{**ASK, "model": model}).choices
        )
    assert 'expert="sql/tiny"' not in server.http("all-secret").get("/metrics").text
    assert "tiny" in {m.id for m in server.openai("all-secret").models.list()}


def test_requests_per_minute_hold_and_say_when_to_come_back(guarded: Running) -> None:
    http = guarded.http("few-secret")
    statuses = [http.post("/v1/chat/completions", json=ASK).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    response = http.post("/v1/chat/completions", json=ASK)
    assert (
        1 <= int(response.headers["retry-after"]) <= 31
        and response.json()["error"]["code"] == "rate_limit_exceeded"
    )
    assert guarded.http("all-secret").post("/v1/chat/completions", json=ASK).status_code == 200


def test_tokens_per_minute_count_what_was_read_and_written(guarded: Running) -> None:
    http = guarded.http("frugal-secret")
    assert http.post("/v1/chat/completions", json=ASK).status_code == 200
    assert (
        http.post("/v1/chat/completions", json=ASK).json()["error"]["code"]
        == "token_limit_exceeded"
    )


def test_concurrent_requests_of_a_key_are_bounded_and_given_back(
    serve: Serve, package: Any, tmp_path: Path
) -> None:
    keys = keys_file(tmp_path / "keys.toml", single={"concurrent": 1}, other={})
    server = serve(
        {"sql": package("sql")}, lambda prompt: "SELECT 1 FROM t WHERE x", delay=0.05, keys=keys
    )
    http = server.http("single-secret")
    thread = threading.Thread(
        target=lambda: server.http("single-secret").post("/v1/chat/completions", json=ASK)
    )
    thread.start()
    until(lambda: len(server.engine.requests) == 1)
    refused = http.post("/v1/chat/completions", json=ASK)
    assert refused.status_code == 429 and refused.json()["error"]["code"] == "too_many_concurrent"
    thread.join()
    assert http.post("/v1/chat/completions", json=ASK).status_code == 200


def test_the_queue_is_bounded(serve: Serve, package: Any) -> None:
    server = serve(
        {"sql": package("sql")}, lambda prompt: "SELECT 1 FROM t", delay=0.1, max_pending=2
    )
    thread = threading.Thread(
        target=lambda: server.http().post(
            "/v1/chat/completions", json={**ASK, "n": 2, "temperature": 1}
        )
    )
    thread.start()
    until(lambda: server.parts.limits.pending == 2)
    response = server.http().post("/v1/chat/completions", json=ASK)
    assert (
        response.status_code == 503
        and response.headers["retry-after"]
        and response.json()["error"]["code"] == "queue_full"
    )
    thread.join()
    until(lambda: server.parts.limits.pending == 0)


def test_bodies_and_prompts_are_bounded(serve: Serve, package: Any) -> None:
    server = serve({"sql": package("sql")}, max_body_bytes=5000, max_prompt_chars=1000)
    long = {**ASK, "messages": [{"role": "user", "content": "x" * 2000}]}
    response = server.http().post("/v1/chat/completions", json=long)
    assert response.status_code == 413 and response.json()["error"]["code"] == "prompt_too_long"
    assert server.http().post("/v1/chat/completions", content=b"x" * 6000).status_code == 413
    chunked = server.http().post(
        "/v1/chat/completions",
        content=iter([b"x" * 1000] * 6),
        headers={"content-type": "application/json"},
    )
    assert chunked.status_code == 413 and chunked.json()["error"]["code"] == "body_too_large"


def test_a_request_that_takes_too_long_ends_and_is_aborted(serve: Serve, package: Any) -> None:
    server = serve(
        {"sql": package("sql")},
        lambda prompt: "SELECT 1 FROM t WHERE x",
        delay=0.2,
        request_timeout=0.3,
    )
    response = server.http().post("/v1/chat/completions", json=ASK)
    assert response.status_code == 504 and response.json()["error"]["code"] == "request_timeout"
    assert (
        'refused_total{status="504"}' not in server.http().get("/metrics").text
    )  # it had reached the expert
    with pytest.raises(openai.APIError, match="longer"):
        list(server.openai().chat.completions.create(**ASK, stream=True))
    until(lambda: len(server.engine.aborted) == 2)


# ── the key file ────────────────────────────────────────────────────────────────────────────────


def test_a_changed_file_counts_within_a_second_and_a_broken_one_changes_nothing(
    tmp_path: Path,
) -> None:
    file = keys_file(tmp_path / "keys.toml", old={})
    ring = Keyring(file)
    assert ring.authenticate("Bearer old-secret").name == "old"
    keys_file(file, new={})
    time.sleep(1.05)
    assert ring.authenticate("Bearer new-secret").name == "new"
    with pytest.raises(Refusal):
        ring.authenticate("Bearer old-secret")
    file.write_text("keys = 3")
    os.utime(file, (1, 1))
    time.sleep(1.05)
    assert ring.authenticate("Bearer new-secret").name == "new"


@pytest.mark.parametrize(
    "text",
    [
        "[[keys]]\nname = 'a'\nsha256 = 'SECRET'",
        "[[keys]]\nname = 'a b'\nsha256 = '" + "0" * 64 + "'",
        "[[keys]]\nname = 'a'\nsha256 = '" + "0" * 64 + "'\nadmim = true",
        "[[keys]]\nname = 'a'\nsha256 = '"
        + "0" * 64
        + "'\n[[keys]]\nname = 'a'\nsha256 = '"
        + "1" * 64
        + "'",
        "[[keys]",
        "\xff",
    ],
)
def test_a_wrong_file_is_refused_without_being_quoted(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys.toml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError) as caught:
        read_keys(file)
    assert caught.value.code == "bad_keys" and "SECRET" not in str(caught.value)


def test_new_keys_are_random_and_match_their_hashes() -> None:
    (key, digest), (other, _) = new_key(), new_key()
    assert key != other and len(key) > 40 and hash_of(key) == digest


def test_a_bucket_refills_evenly_and_may_be_overdrawn() -> None:
    now = [0.0]
    bucket = Bucket(60, lambda: now[0])
    bucket.take(90)
    assert bucket.wait(1) == pytest.approx(31)
    now[0] = 31
    assert bucket.wait(1) == 0
    now[0] = 10_000
    bucket.take(60)
    assert bucket.wait(1) == pytest.approx(1)


def test_a_key_whose_rights_change_keeps_what_it_has_running() -> None:
    limits = RateLimits(10)
    before = Key(name="a", sha256="0" * 64, concurrent=1)
    with (
        limits.admit(before),
        pytest.raises(Refusal),
        limits.admit(before.model_copy(update={"requests_per_minute": 5.0})),
    ):
        pass
    with limits.admit(before):
        pass
    assert limits.pending == 0


def test_it_listens_beyond_this_machine_only_with_keys_or_on_demand(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        ServerSettings(host="0.0.0.0")
    assert caught.value.code == "keys_needed"
    assert not ServerSettings(host="0.0.0.0", insecure=True).local
    assert not ServerSettings(host="::", keys=tmp_path / "k").local


# ── pages of other sites ────────────────────────────────────────────────────────────────────────


def test_other_sites_pages_and_rebound_names_are_refused_where_there_are_no_keys(
    server: Running,
) -> None:
    http = server.http()
    assert (
        http.post(
            "/v1/chat/completions", json=ASK, headers={"origin": "http://evil.example"}
        ).status_code
        == 403
    )
    assert (
        http.post("/v1/chat/completions", json=ASK, headers={"origin": "http://["}).json()["error"][
            "code"
        ]
        == "other_site"
    )
    assert (
        http.get("/v1/models", headers={"host": "evil.example:8000"}).json()["error"]["code"]
        == "other_host"
    )
    assert (
        http.post("/v1/chat/completions", json=ASK, headers={"origin": server.url}).status_code
        == 200
    )
    text = http.post(
        "/v1/chat/completions", content=b'{"model":"sql"}', headers={"content-type": "text/plain"}
    )
    assert text.status_code == 400  # what a page may send without being asked is not read as JSON
    assert (
        "access-control-allow-origin"
        not in http.get("/v1/models", headers={"origin": "http://evil.example"}).headers
    )
