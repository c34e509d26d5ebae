"""An environment for the docs: the demo experts' names on tiny models, a fake engine, and separate
user folders.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from expertserve.core import engines
from expertserve.engine.fake import FakeEngine
from expertserve.package.build import pack
from tests import tiny
from tests.conftest import DEMO_BASE, SCHEMA
from tests.docs.blocks import ROOT

ANSWERS = {
    "How many lighthouses are in Norway?": "SELECT COUNT(*) FROM lighthouses WHERE country = 'Norway'",
    "Which lighthouses are in Norway?": "SELECT name FROM lighthouses WHERE country = 'Norway'",
    "List the names of all lighthouses.": "SELECT name FROM lighthouses",
    "How many lighthouses are there?": "SELECT COUNT(*) FROM lighthouses",
    "Is that a question?": "yes",
    "Is this a question?": "yes",
    "The order is for 3 lamps.": '{"item": "lamp", "count": 3}',
    "When is the meeting?": "2026-11-22",
    "My parcel is late.": "shipping",
    "List the designers living in Dublin.": "MATCH (d:Designer) WHERE d.city = 'Dublin' RETURN d.name",
    "The tapestry in the Seville Museum is from the year 497.": '{"museum": "Seville Museum", "exhibit": "tapestry", "dated": 497}',
}
DESCRIPTIONS = {
    "sql": {
        "database": "sql",
        "keywords": ["sql", "how many", "list", "names of", "table"],
        "grammar": "sql",
        "kind": "lora",
    },
    "cypher": {
        "database": "graph",
        "keywords": ["cypher", "graph"],
        "grammar": "cypher",
        "kind": "dora",
    },
    "json": {
        "database": "json",
        "keywords": ["json", "extract"],
        "grammar": "json",
        "kind": "dora",
    },
}


def answer(prompt: str) -> str:
    """What the fake engine says: the answer to the last question that the docs know."""
    last = prompt.rpartition("<|im_start|>user\n")[2]
    return next((said for asked, said in ANSWERS.items() if asked in last), "SELECT 1")


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Models, cache and the three demo experts on the tiny base, once a session."""
    folder = tmp_path_factory.mktemp("docs")
    base = tiny.base_model(folder / "models" / DEMO_BASE)
    experts = folder / "repository" / "examples" / "experts"
    larger = experts.with_name("experts-0.5b")
    experts.mkdir(parents=True)
    larger.mkdir()
    for name, about in DESCRIPTIONS.items():
        kind = str(about["kind"])
        adapter = tiny.peft_adapter(base, folder / "adapters" / name, kind)
        made = tiny.package(
            folder / "packages" / name,
            adapter,
            base,
            name=f"expert-{name}",
            description=f"answers in {name}",
            capabilities=[f"database:{about['database']}"],
            routing={
                "keywords": about["keywords"],
                "router_hint": f"database={about['database']}",
                "priority": 0.5,
            },
            base_models=tiny.base_entry(kind, name=DEMO_BASE),
            training={
                "decoding": {
                    "temperature": 0,
                    "max_tokens": 160,
                    "use_grammar": True,
                    "grammar_type": about["grammar"],
                }
            },
            limitations=[],
        )
        archive = pack(made, experts / f"expert-{name}-smollm2-135m-instruct.v0.1.0.expert")
        shutil.copy(archive, larger / f"expert-{name}-qwen2.5-coder-0.5b-instruct.v0.1.0.expert")
    return SimpleNamespace(
        folder=folder, base=base, experts=experts, models=folder / "models", cache=folder / "cache"
    )


@pytest.fixture
def reader(
    world: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], dict[str, object]]:
    """Sets up what a reader has: the repository's folder, the demo model, and an engine that answers
    as the docs say.

    The engine and the user's folders are what the docs can't name, so they are exchanged where the
    library looks them up.
    """
    home = tmp_path / "repository"
    shutil.copytree(world.experts.parents[1], home)
    shutil.copytree(ROOT / "grammars", home / "grammars")
    experts = home / "examples" / "experts"
    for name in DESCRIPTIONS:
        shutil.copy(next(experts.glob(f"expert-{name}-*.expert")), home / f"{name}.expert")
    shutil.copytree(world.folder / "packages" / "sql", home / "my-expert")
    shutil.copytree(world.folder / "adapters" / "sql", home / "my-adapter")
    (home / "schema.sql").write_text(SCHEMA)
    (home / "in.jsonl").write_text(
        json.dumps({"id": "q1", "prompt": "How many lighthouses are there?"}) + "\n"
    )
    monkeypatch.chdir(home)
    monkeypatch.setattr(engines, "default_engine", lambda config: FakeEngine(answer))
    monkeypatch.setattr("expertserve.config.models_dir", lambda: world.models)
    monkeypatch.setattr("expertserve.config.cache_dir", lambda: world.cache)
    warnings.simplefilter("default")
    return lambda: {"__name__": "docs", "asyncio": asyncio}
