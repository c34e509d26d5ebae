"""Requirement: Multiple Expert Management. One test for each scenario, on the real engine with the
demo experts.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from expertserve import ExpertManager, ExpertNotLoadedError
from tests.conftest import EXPERTS, SCHEMA

pytestmark = pytest.mark.engine
GRAPH = "(:User {name: STRING, age: INT64})\n(:User)-[:KNOWS]->(:User)"
SHAPE = '{"name": "string", "age": "integer"}'
ASK = {
    "sql": ("How many lighthouses are in Norway?", {"schema": SCHEMA}),
    "cypher": ("How many users are there?", {"schema": GRAPH, "dialect": "cypher"}),
    "json": ("Ada is 36 years old.", {"schema": SHAPE}),
}


@pytest.fixture
def three(another: Callable[..., ExpertManager]) -> Iterator[ExpertManager]:
    """A manager with the three demo experts loaded."""
    manager = another()
    for name in ASK:
        manager.load_expert(name, package(name))
    yield manager


def package(name: str) -> Path:
    return next(EXPERTS.glob(f"expert-{name}-*.expert"))


def ask(manager: ExpertManager, name: str) -> str:
    prompt, context = ASK[name]
    return manager.generate(name, prompt, **context).text  # type: ignore[arg-type]


def held(manager: ExpertManager) -> set[str]:
    (adapters,) = manager.resident_adapters().values()
    return set(adapters)


def processes() -> set[int]:
    return {p.pid for p in psutil.Process().children(recursive=True)}


def test_load_multiple_experts(another: Callable[..., ExpertManager]) -> None:
    manager = another()
    manager.load_expert("sql", package("sql"))
    manager.load_expert("cypher", package("cypher"))
    assert {i.name for i in manager.list_loaded_experts()} == {"sql", "cypher"}
    assert ask(manager, "sql").upper().startswith("SELECT") and ask(
        manager, "cypher"
    ).upper().startswith("MATCH")


def test_base_model_sharing(three: ExpertManager) -> None:
    before = processes()
    for name in ASK:
        ask(three, name)
    assert processes() == before  # no second engine
    infos = three.list_loaded_experts()
    assert len({i.base_model for i in infos}) == 1 and len(three.info().engines) == 1
    base = three.get("sql").base
    weights = sum(f.stat().st_size for f in base.path.glob("*.safetensors"))
    assert all(
        0 < i.adapter_bytes < 0.1 * weights for i in infos
    )  # so two experts take far less than twice the first


def test_generate_with_different_experts(three: ExpertManager) -> None:
    for name in ASK:
        prompt, context = ASK[name]
        result = three.generate(name, prompt, **context)  # type: ignore[arg-type]
        assert result.expert.name == f"expert-{name}"
        assert result.expert.adapter and result.expert.adapter.digest in held(three)
        assert result.grammar and result.grammar.complete
    assert json.loads(ask(three, "json"))["name"] == "Ada"


def test_list_loaded_experts(three: ExpertManager) -> None:
    ask(three, "sql")
    infos = {i.name: i for i in three.list_loaded_experts()}
    assert list(infos) == ["sql", "cypher", "json"]
    assert all(
        i.base_model == "SmolLM2-135M-Instruct" and i.adapter_bytes > 0 for i in infos.values()
    )
    assert (
        infos["sql"].last_used
        and time.time() - infos["sql"].last_used < 60
        and infos["cypher"].last_used is None
    )


def test_unload_expert(three: ExpertManager) -> None:
    adapter = three.get("sql").adapter
    ask(three, "sql")
    three.unload_expert("sql")
    assert adapter is not None
    with pytest.raises(ExpertNotLoadedError, match=r"'sql'.*loaded: cypher, json"):
        ask(three, "sql")
    assert ask(three, "cypher")  # the base model stays


def test_adapter_hot_swap(three: ExpertManager) -> None:
    for name in ASK:
        ask(three, name)
    before = processes()
    loads = []
    for name in [*ASK] * 3:
        prompt, context = ASK[name]
        loads.append(three.generate(name, prompt, max_tokens=20, **context).timing.load)  # type: ignore[arg-type]
    assert sorted(loads)[len(loads) // 2] < 0.1  # seconds until the adapter is there
    assert processes() == before  # nothing was started anew


def test_lru_eviction(another: Callable[..., ExpertManager], variants: list[Path]) -> None:
    manager = another(max_loaded_experts=3)
    for name, path in zip("abc", variants, strict=False):
        manager.load_expert(name, path)
        manager.generate(name, "x", max_tokens=2)
    manager.load_expert("d", variants[3])
    assert {i.name: i.resident for i in manager.list_loaded_experts()} == {
        "a": False,
        "b": True,
        "c": True,
        "d": True,
    }
    assert len(manager.info().engines) == 1
    assert manager.generate("a", "x", max_tokens=2).expert.name == "expert-0"  # reloaded by its use
    assert {i.name: i.resident for i in manager.list_loaded_experts()} == {
        "a": True,
        "b": False,
        "c": True,
        "d": True,
    }
