"""Requirement: Documentation."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

import check_docs

import expertserve
from tests.docs.blocks import ROOT, blocks
from tests.docs.conftest import reader as reader
from tests.docs.conftest import world as world
from tests.docs.test_blocks import test_every_block_runs as run_page


def test_api_reference() -> None:
    names = check_docs.public()
    things = [name.thing for name in names]
    for name in expertserve.__all__:
        assert name == "__version__" or getattr(expertserve, name) in things
    assert check_docs.undocumented(names) == []
    assert check_docs.undescribed(names) == []
    assert check_docs.without_example(names) == []
    own = [
        n.thing
        for n in names
        if inspect.isfunction(n.thing) and n.path.split(".")[-2] in expertserve.__all__
    ]
    assert own
    without = [f for f in own if inspect.signature(f).return_annotation is inspect.Signature.empty]
    assert not [f.__qualname__ for f in without], "return types are explained"


def test_migration_guide(reader: Callable[[], dict[str, object]]) -> None:
    guide = ROOT / "docs" / "migration.md"
    text = guide.read_text()
    for origin in ("transformers and PEFT", "vllm serve", "llama.cpp", "Ollama"):
        section = re.search(
            rf"^## From .*{re.escape(origin)}.*?(?=^## )", text, re.MULTILINE | re.DOTALL
        )
        assert section, origin
        assert section[0].count("```") >= 4, f"{origin}: their code, and ours"
        assert "What differs" in section[0]
        assert section[0].count("\n| ") > 5, f"{origin}: common patterns"
    assert "## When answers differ" in text
    assert {block.mark for block in blocks(guide)} == {"", "other", "server", "manifest"}
    run_page(guide, reader)


def test_example_applications() -> None:
    examples = ROOT / "examples"
    listed = (examples / "README.md").read_text()
    for path in ("cli_tool/ask.py", "rest_api/server.py", "rest_api/client.py", "batch_job/job.py"):
        source = (examples / path).read_text()
        compile(source, path, "exec")
        assert path in listed
        assert "/path/to" not in source
        assert (
            'if __name__ == "__main__":' in source
        )  # they run; tests/docs/test_examples.py runs them
