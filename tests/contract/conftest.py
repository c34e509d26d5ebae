"""One engine of each kind on the same tiny base model, and the same adapters for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from expertserve import EngineConfig
from expertserve.engine.base import Engine
from expertserve.engine.fake import FakeEngine
from expertserve.engine.portable.engine import TransformersEngine
from expertserve.engine.vllm.engine import VLLMEngine
from expertserve.prompt.tokenizer import Tokenizer
from tests import tiny
from tests.contract.driver import Driver
from tests.engine.reference import Reference

FAKE_ANSWER = "SELECT COUNT(*) FROM lighthouses WHERE country = 'España'"
ENGINES: dict[str, Callable[[], Engine]] = {
    "fake": lambda: FakeEngine(lambda prompt: FAKE_ANSWER),
    "transformers": TransformersEngine,
    "vllm": VLLMEngine,
}
KINDS = [
    ("lora", 8),
    ("rslora", 4),
    ("dora", 8),
    ("ia3", 0),
    ("adalora", 6),
    ("dora", 14),
    ("lora", 30),
    ("loha", 3),
]
KINDS += [("lokr", 4), ("vera", 16), ("pissa", 4), ("lora_bias", 4)]


@dataclass(frozen=True)
class Trained:
    """An adapter as PEFT wrote it."""

    folder: Path
    kind: str
    rank: int


@pytest.fixture(scope="session")
def trained(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Trained]:
    """One of each type and several ranks, with random weights."""
    root = tmp_path_factory.mktemp("contract")
    return [
        make(tiny_base, root / f"{i}-{kind}", kind, rank, seed=i)
        for i, (kind, rank) in enumerate(KINDS)
    ]


def make(base: Path, folder: Path, kind: str, rank: int, seed: int) -> Trained:
    return Trained(
        tiny.peft_adapter(
            base, folder, kind, rank=rank or 4, seed=seed, strength=tiny.spread(kind, rank, 0.1)
        ),
        kind,
        rank,
    )


@pytest.fixture(scope="session")
def references(tiny_base: Path, trained: list[Trained]) -> list[Reference]:
    """PEFT with each adapter, and without one at the end."""
    return [Reference(tiny_base, t.folder) for t in trained] + [Reference(tiny_base, None)]


def drive(name: str, base: Path, cache: Path, *, rank: int = 64) -> Driver:
    config = EngineConfig(
        dtype="float32",
        max_slots=12,
        max_requests=16,
        max_model_len=512,
        kv_cache_bytes=64 << 20,
        device="cpu",
    )
    return Driver(ENGINES[name](), base, cache, config, rank)


def _driven(name: str, base: Path, folders: pytest.TempPathFactory) -> Iterator[Driver]:
    made = drive(name, base, folders.mktemp("cache"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def fake_driver(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    yield from _driven("fake", tiny_base, tmp_path_factory)


@pytest.fixture(scope="session")
def transformers_driver(
    tiny_base: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Driver]:
    yield from _driven("transformers", tiny_base, tmp_path_factory)


@pytest.fixture(scope="session")
def vllm_driver(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    yield from _driven("vllm", tiny_base, tmp_path_factory)


VLLM = pytest.param("vllm", marks=pytest.mark.engine)
LONG_VLLM = pytest.param("vllm", marks=[pytest.mark.engine, pytest.mark.long])


@pytest.fixture(params=["transformers", VLLM])
def driver(request: pytest.FixtureRequest) -> Driver:
    """An engine that computes."""
    made: Driver = request.getfixturevalue(f"{request.param}_driver")
    return made


@pytest.fixture(params=["fake", "transformers", VLLM])
def any_driver(request: pytest.FixtureRequest) -> Driver:
    """Any engine, for what doesn't depend on what it answers."""
    made: Driver = request.getfixturevalue(f"{request.param}_driver")
    return made


@pytest.fixture(scope="session")
def tokenizer(tiny_base: Path) -> Tokenizer:
    return Tokenizer(tiny_base)
