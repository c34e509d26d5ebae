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


@pytest.mark.long
@pytest.mark.timeout(900)
def test_nothing_that_the_document_allows_makes_the_server_fail(
    serve: Serve, package: Any, tmp_path: Path
) -> None:
    import hypothesis
    import schemathesis
    from schemathesis.checks import not_a_server_error

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
        max_examples=60,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        database=None,
    )
    tried = 0
    for operation in schema.get_all_operations():

        @settings
        @hypothesis.given(case=operation.ok().as_strategy())
        def check(case: Any) -> None:
            nonlocal tried
            tried += 1
            for model in ("sql", None):
                if isinstance(case.body, dict) and "model" in case.body and model:
                    case.body["model"] = model
                case.call_and_validate(checks=[not_a_server_error])

        check()
    assert tried > 300 and server.http().get("/ready").status_code == 200


def test_every_field_of_every_body_has_a_sentence(server: Any) -> None:
    """Its own, or that of the object that it is."""
    spec = server.http().get("/openapi.json").json()
    schemas = spec["components"]["schemas"]
    silent = []
    for path, methods in spec["paths"].items():
        for operation in methods.values():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content is None or "$ref" not in content["schema"] or "/experts" in path:
                continue
            body = schemas[content["schema"]["$ref"].rpartition("/")[2]]
            for name, field in body["properties"].items():
                refs = [x["$ref"] for x in (field, *field.get("anyOf", ())) if "$ref" in x]
                told = [schemas[r.rpartition("/")[2]].get("description") for r in refs]
                if not field.get("description") and not any(told):
                    silent.append(f"{path} {name}")
    assert silent == []
