"""The OpenAPI document: what FastAPI writes of the routes, with examples, in people's words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI

EXAMPLES = Path(__file__).parent / "pages" / "examples.json"
NEVER = ("HTTPValidationError", "ValidationError")
"""FastAPI's own errors: those of this server have OpenAI's form, and status 400."""


class DescribedApp(FastAPI):
    """FastAPI, whose document has an example for each route."""

    def openapi(self) -> dict[str, Any]:
        """The document; made once."""
        if self.openapi_schema is None:
            found = super().openapi()
            examples = json.loads(EXAMPLES.read_text(encoding="utf-8"))
            for path, methods in found["paths"].items():
                for method, operation in methods.items():
                    operation["responses"].pop("422", None)
                    _add(operation, examples.get(f"{method.upper()} {path}", {}))
            for name in NEVER:
                found["components"]["schemas"].pop(name, None)
        assert self.openapi_schema is not None
        return self.openapi_schema


def _add(operation: dict[str, Any], example: dict[str, Any]) -> None:
    """Puts an example's two sides where tools look for them."""
    if "body" in example:
        content = operation["requestBody"]["content"]
        content["application/json"]["example"] = example["body"]
    if "answer" in example:
        done = next(r for status, r in operation["responses"].items() if status.startswith("2"))
        done.setdefault("content", {}).setdefault("application/json", {})["example"] = example[
            "answer"
        ]
