"""The server against its own OpenAPI document: whatever is sent, it never fails itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.server.conftest import Serve


def test_the_document_describes_every_route(server: Any) -> None:
    spec = server.http().get("/openapi.json").json()
    assert set(spec["paths"]) == {
        "/v1/models", "/v1/models/{model}", "/v1/chat/completions", "/v1/completions",
        "/v1/responses", "/v1/responses/{id}", "/v1/responses/{id}/input_items",
        "/v1/messages", "/v1/messages/count_tokens", "/v1/embeddings",
        "/tokenize", "/detokenize",
        "/api/chat", "/api/generate", "/api/tags", "/api/ps", "/api/show", "/api/version",
        "/v1/experts", "/v1/experts/{name}", "/v1/experts/{name}/pin",
        "/health", "/ready", "/metrics", "/version",
    }  # fmt: skip


def test_a_few_bodies_of_each_route_never_make_the_server_fail(
    serve: Serve, package: Any, tmp_path: Path
) -> None:
    assert _tried(serve, package, tmp_path, 4) > 100


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_nothing_that_the_document_allows_makes_the_server_fail(
    serve: Serve, package: Any, tmp_path: Path
) -> None:
    assert _tried(serve, package, tmp_path, 60) > 1000


def _tried(serve: Serve, package: Any, tmp_path: Path, examples: int) -> int:
    """Sends what schemathesis makes of the document to every route; gives how many requests."""
    import hypothesis
    import schemathesis

    folder = tmp_path / "served"
    folder.mkdir()
    package("one", folder)
    server = serve(
        {"sql": package("sql")},
        open_admin=True,
        experts_folder=folder,
        state_folder=tmp_path / "state",
    )
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    settings = hypothesis.settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        database=None,
        derandomize=examples < 10,
    )
    operations = [o.ok() for o in schema.get_all_operations()]
    spec = server.http().get("/openapi.json").json()
    assert len(operations) == sum(len(methods) for methods in spec["paths"].values())
    tried = sum(_never_fails(operation, settings) for operation in operations)
    assert server.http().get("/ready").status_code == 200
    assert server.parts.limits.pending == 0
    return tried


def _never_fails(operation: Any, settings: Any) -> int:
    """Sends many bodies to one route; gives how many."""
    import hypothesis

    allowed = (501,) if operation.path == "/v1/embeddings" else ()
    tried = 0

    @settings
    @hypothesis.given(case=operation.as_strategy())
    def check(case: Any) -> None:
        nonlocal tried
        for model in (None, "sql"):
            if isinstance(case.body, dict) and "model" in case.body and model:
                case.body["model"] = model
            made = case.call()
            tried += 1
            assert made.status_code < 500 or made.status_code in allowed, made.text

    check()
    return tried


def test_every_field_has_a_sentence_wherever_it_stands(server: Any) -> None:
    spec = server.http().get("/openapi.json").json()
    inline = [
        content["schema"]
        for methods in spec["paths"].values()
        for operation in methods.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
    ]
    silent = []
    for schema in (*spec["components"]["schemas"].values(), *inline):
        for name, field in schema.get("properties", {}).items():
            if not field.get("description"):
                silent.append(f"{schema.get('title')} {name}")
    assert silent == []


def test_every_route_with_a_body_has_an_example_that_is_true(
    serve: Serve, package: Any, tmp_path: Path
) -> None:
    """It is sent as it stands, and what comes back has what the example's answer has."""
    folder = tmp_path / "served"
    for name in ("sql.expert", "sql-2.expert"):
        package(name, folder)
    server = serve({}, open_admin=True, experts_folder=folder)
    http = server.http()
    spec = http.get("/openapi.json").json()
    tried = 0
    for path, methods in sorted(spec["paths"].items(), key=lambda p: "experts" not in p[0]):
        for method, operation in methods.items():
            assert "422" not in operation["responses"]
            content = operation.get("requestBody", {}).get("content", {})
            if not content and path != "/v1/models":
                continue
            done = next(r for s, r in operation["responses"].items() if s.startswith("2"))
            body = content.get("application/json", {}).get("example")
            answer = done["content"]["application/json"]["example"]
            made = http.request(method, path.format(name="sql"), json=body)
            assert made.is_success, (path, made.text)
            assert _has(made.json(), answer), (path, made.json())
            tried += 1
    assert tried >= 14


def _has(found: Any, example: Any) -> bool:
    """Whether all keys of an example are in an answer, and all of its texts that name a kind."""
    if isinstance(example, dict):
        kinds = ("object", "type", "role", "status", "finish_reason")
        return isinstance(found, dict) and all(
            k in found and (found[k] == v if k in kinds else _has(found[k], v))
            for k, v in example.items()
        )
    if isinstance(example, list) and example and isinstance(example[0], dict):
        return isinstance(found, list) and bool(found) and _has(found[0], example[0])
    return isinstance(found, type(example))
