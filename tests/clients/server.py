"""A server for the clients: a tiny package and an engine that answers by rules.

python -m tests.clients.server FOLDER, which prints the address once it answers.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from expertserve.engine.fake import FakeEngine
from expertserve.manager import AsyncExpertManager
from expertserve.server.run import NamedPackage, serve
from expertserve.server.settings import ServerSettings
from tests import tiny

ANSWER = "SELECT COUNT(*) FROM lighthouses WHERE country = 'Norway'"
COUNTRY = {"name": "Norway", "people": 5}
TOOL = re.compile(r'^\{"name": .*\}$', re.MULTILINE)


def answer(prompt: str) -> str:
    """A call where one must be made or the weather is asked for, JSON for a country, else SQL."""
    system, _, turns = prompt.partition("<|im_start|>user")
    tools = [json.loads(line) for line in TOOL.findall(system)]
    asked = turns.rpartition("<|im_start|>user")[2] or turns
    if tools and "<|im_start|>tool" not in asked:
        must = "Call one by answering" in system
        if must or "weather" in asked:
            tool = tools[0]
            return json.dumps({"name": tool["name"], "arguments": example(tool["parameters"])})
    return json.dumps(COUNTRY) if "country" in asked.lower() else ANSWER


def example(schema: dict[str, Any], whole: dict[str, Any] | None = None) -> Any:
    """A small instance of a schema."""
    whole = whole or schema
    if "$ref" in schema:
        return example(whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        return {k: example(v, whole) for k, v in schema.get("properties", {}).items()}
    if kind == "array":
        return [example(schema.get("items", {}), whole)]
    return {"integer": 5, "number": 5.0, "boolean": True, "null": None}.get(str(kind), "Norway")


def main(folder: Path) -> None:
    """Serves the expert `sql` on the base model `tiny`."""
    base = tiny.base_model(folder / "models" / "tiny")
    adapter = tiny.peft_adapter(base, folder / "adapter", "lora", rank=4, seed=0)
    sound = {"name": "expert-sql", "training": {"decoding": {"temperature": 0}}}
    package = tiny.package(folder / "sql", adapter, base, **sound)

    def make() -> AsyncExpertManager:
        return AsyncExpertManager(
            engine=lambda: FakeEngine(answer),
            cache_dir=folder / "cache",
            models_dir=folder / "models",
        )

    settings = ServerSettings(port=0, log_json=True)
    named = [NamedPackage("sql", package)]
    serve(make, settings, named, ready=lambda url, parts: print(url, flush=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
