"""What a folder of very many experts costs a server: its start, its memory, its cache.

    python -m benchmarks.fleet [PACKAGES MANY]

The packages are written here: copies of the SQL demo expert with other weights, 3.7 MB each, and
for the second figure more of a tiny one. All share their base model's tokenizer. The engine is a
fake one, so that a start is what the packages cost; each start is a process of its own, and the
seconds and memory of a start with one package are taken off.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import torch
from safetensors.torch import load_file, save_file

from benchmarks.measure import BASE, Answer, judge, save
from expertserve.core.registering import Registration
from expertserve.engine.fake import FakeEngine
from expertserve.manager import AsyncExpertManager
from expertserve.package.archive import open_package
from expertserve.package.build import write_archive
from expertserve.server.app import create_app
from expertserve.server.models import Page, list_models
from expertserve.server.parts import Parts
from expertserve.server.run import load_all
from expertserve.server.settings import ServerSettings
from tests import tiny

DEMO = "examples/experts/expert-sql-smollm2-135m-instruct.v0.1.0.expert"
WEIGHTS = "adapter_model.safetensors"
PACKAGES, MANY, ASKED = 1000, 10_000, 40
NOISE = 0.02


def main(packages: int = PACKAGES, many: int = MANY) -> None:
    """Prints the answers, and writes them to the results."""
    with tempfile.TemporaryDirectory(prefix="fleet-") as name:
        folder = Path(name)
        source = open_package(DEMO, cache_dir=folder / "unpacked").folder
        real = write(source, folder / "real", packages)
        one = starts(write(source, folder / "one", 1), BASE, folder / "cache-one")
        first, again = starts(real, BASE, folder / "cache")
        answers = [
            Answer(f"{packages:,} packages, first start, seconds", first[0] - one[0][0], most=15),
            Answer(f"{packages:,} packages, started again, seconds", again[0] - one[1][0], most=2),
            Answer(f"{packages:,} packages, GET /v1/models, seconds", again[2]),
        ]
        share, wait = asyncio.run(asked(sorted(real.glob("*.expert")), folder / "cache"))
        answers += [
            Answer(f"{ASKED} asked once, cache over packages", share, most=1.3),
            Answer("an expert's first answer over its second, seconds more", wait, most=0.5),
        ]
        base = tiny.base_model(folder / "models" / "tiny")
        adapter = tiny.peft_adapter(base, folder / "adapter", "lora")
        made = tiny.package(folder / "tiny", adapter, base, base_models=tiny.base_entry())
        few = starts(write(made, folder / "few", 1), base, folder / "cache-few")
        _, last = starts(write(made, folder / "many", many), base, folder / "cache-many")
        memory = (last[1] - few[1][1]) / 1e6
        answers += [
            Answer(f"{many:,} packages, started again, seconds", last[0] - few[1][0], most=5),
            Answer(f"{many:,} packages, MB beyond one's", memory, most=300),
            Answer(f"{many:,} packages, GET /v1/models, seconds", last[2]),
        ]
    save("fleet", packages=packages, many=many, answers=judge("fleet", answers))


def write(source: Path, target: Path, count: int) -> Path:
    """Packs copies of an unpacked package, each with other weights and another name."""
    target.mkdir()
    copy = target.with_name(f"{target.name}-copy")
    copy.mkdir()
    for file in source.iterdir():
        if file.name not in (WEIGHTS, "manifest.json"):
            (copy / file.name).write_bytes(file.read_bytes())
    manifest, tensors = (
        json.loads((source / "manifest.json").read_bytes()),
        load_file(source / WEIGHTS),
    )
    manifest.pop("integrity", None)
    for i in range(count):
        torch.manual_seed(i)
        changed = {n: t * (1 + NOISE * torch.randn_like(t)) for n, t in tensors.items()}
        save_file(changed, copy / WEIGHTS)
        own = manifest | {"name": f"expert-{i:05}", "description": f"number {i}"}
        (copy / "manifest.json").write_text(json.dumps(own))
        write_archive(copy, target / f"{i:05}.expert")
    return target


Start = tuple[float, int, float]
"""Seconds until it was ready, bytes of its memory then, seconds of a list of all models."""


def starts(packages: Path, base: Path, cache: Path) -> tuple[Start, Start]:
    """A first start of a server on a folder of packages, and another one."""
    command = [sys.executable, "-m", "benchmarks.fleet", "--start", packages, base, cache]
    done = [
        json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        for _ in range(2)
    ]
    print(f"  {packages.name}: {done}", flush=True)
    return tuple(done[0]), tuple(done[1])


async def start(packages: Path, base: Path, cache: Path) -> Start:
    """One start, in this process."""
    began = time.perf_counter()
    async with manager_of(base, cache) as manager:
        parts: Parts = create_app(manager, ServerSettings(port=0)).state.parts
        await load_all(parts, [Registration(p, found=True) for p in found_in(packages)])
        await manager.start()
        ready = time.perf_counter() - began
        memory = psutil.Process().memory_info().rss
        began = time.perf_counter()
        await list_models(parts, parts.keys.authenticate(None), Page())
        return ready, memory, time.perf_counter() - began


def found_in(folder: Path) -> Iterator[Path]:
    from expertserve.server.watch import packages_in

    return packages_in(folder)


def manager_of(base: Path, cache: Path) -> AsyncExpertManager:
    engine = FakeEngine(lambda prompt: "SELECT 1")
    return AsyncExpertManager(base, engine=lambda: engine, cache_dir=cache)


async def asked(packages: list[Path], cache: Path) -> tuple[float, float]:
    """Asks some experts twice: what the cache takes of the packages' size, and how much longer a
    first answer takes, the median.
    """
    more = []
    async with manager_of(BASE, cache) as manager:
        some = packages[:ASKED]
        await manager.register_experts([Registration(p, found=True) for p in some])
        names = [info.name for info in await manager.list_loaded_experts()]
        for name in names:
            seconds = []
            for _ in range(2):
                began = time.perf_counter()
                await manager.generate(name, "How many?", max_tokens=8, grammar=None)
                seconds.append(time.perf_counter() - began)
            more.append(seconds[0] - seconds[1])
        taken = sum(on_disk(cache / kind) for kind in ("packages", "adapters", "members"))
    return taken / sum(p.stat().st_size for p in some), statistics.median(more)


def on_disk(folder: Path) -> int:
    """Bytes of a folder's blocks, each file once: `packages` links to what `members` has."""
    files = [p.lstat() for p in folder.rglob("*") if p.is_file()]
    shared = folder.name == "members"
    return sum(f.st_blocks * 512 for f in files if shared or f.st_nlink == 1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--start"]:
        print(json.dumps(asyncio.run(start(*map(Path, sys.argv[2:5])))))
    else:
        main(*map(int, sys.argv[1:]))
