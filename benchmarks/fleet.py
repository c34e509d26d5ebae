"""What a folder of very many experts costs a server and an application on Ray.

    python -m benchmarks.fleet [PACKAGES MANY] [real|many|ray|limits|ingress …]

Without names, all parts are run. What is measured takes the place of what the results had of it.
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
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from benchmarks import fleet_ray
from benchmarks.measure import BASE, RESULTS, Answer, judge, save
from benchmarks.variations import write
from expertserve.core.registering import Registration
from expertserve.engine.fake import FakeEngine
from expertserve.manager import AsyncExpertManager
from expertserve.package.archive import open_package
from expertserve.server.app import create_app
from expertserve.server.models import Page, list_models
from expertserve.server.parts import Parts
from expertserve.server.run import load_all
from expertserve.server.settings import ServerSettings
from tests import tiny

DEMO = "examples/experts/expert-sql-smollm2-135m-instruct.v0.1.0.expert"
PACKAGES, MANY, ASKED = 1000, 10_000, 40


def main(packages: int = PACKAGES, many: int = MANY, parts: Sequence[str] = ()) -> None:
    """Prints the answers, and writes them to the results."""
    answers = []
    with tempfile.TemporaryDirectory(prefix="fleet-") as name:
        for part, measure in MEASURED.items():
            if not parts or part in parts:
                folder = Path(name) / part
                folder.mkdir()
                answers += measure(folder, packages, many)
    rows = judge("fleet", answers)
    save("fleet", packages=packages, many=many, answers=[*others(rows), *rows])


def others(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """What the results have of questions that weren't asked this time."""
    file, asked = RESULTS / "fleet.json", {row["question"] for row in rows}
    before = json.loads(file.read_text())["answers"] if file.is_file() else []
    return [row for row in before if row["question"] not in asked]


def of_real(folder: Path, packages: int, many: int) -> list[Answer]:
    """Starts with packages of the demo expert's size, and its first answers."""
    source = open_package(DEMO, cache_dir=folder / "unpacked").folder
    real = write(source, folder / "real", packages)
    one = starts(write(source, folder / "one", 1), BASE, folder / "cache-one")
    first, again = starts(real, BASE, folder / "cache")
    share, wait = asyncio.run(asked(sorted(real.glob("*.expert")), folder / "cache"))
    return [
        Answer(f"{packages:,} packages, first start, seconds", first[0] - one[0][0], most=15),
        Answer(f"{packages:,} packages, started again, seconds", again[0] - one[1][0], most=2),
        Answer(f"{packages:,} packages, GET /v1/models, seconds", again[2]),
        Answer(f"{ASKED} asked once, cache over packages", share, most=1.3),
        Answer("an expert's first answer over its second, seconds more", wait, most=0.5),
    ]


def of_many(folder: Path, packages: int, many: int) -> list[Answer]:
    """Starts with more of a tiny one."""
    made, base = small(folder)
    few = starts(write(made, folder / "few", 1), base, folder / "cache-few")
    _, last = starts(write(made, folder / "many", many), base, folder / "cache-many")
    memory = (last[1] - few[1][1]) / 1e6
    return [
        Answer(f"{many:,} packages, started again, seconds", last[0] - few[1][0], most=5),
        Answer(f"{many:,} packages, MB beyond one's", memory, most=300),
        Answer(f"{many:,} packages, GET /v1/models, seconds", last[2]),
    ]


def of_ray(folder: Path, packages: int, many: int) -> list[Answer]:
    """Starts of an application with either number of tiny packages."""
    made, base = small(folder)
    answers = []
    for count, most in ((packages, 20), (many, 30)):
        written = write(made, folder / f"of-{count}", count)
        answers += fleet_ray.ready(written, base, folder / f"cache-{count}", most)
    return answers


def of_limits(folder: Path, packages: int, many: int) -> list[Answer]:
    made, base = small(folder)
    return fleet_ray.limits(write(made, folder / "few", 1), base, folder / "cache")


def of_ingress(folder: Path, packages: int, many: int) -> list[Answer]:
    made, base = small(folder)
    return fleet_ray.ingress(write(made, folder / "some", ASKED), base, folder / "cache")


MEASURED = {
    "real": of_real,
    "many": of_many,
    "ray": of_ray,
    "limits": of_limits,
    "ingress": of_ingress,
}


def small(folder: Path) -> tuple[Path, Path]:
    """A tiny package's folder, and its base model."""
    base = tiny.base_model(folder / "models" / "tiny")
    adapter = tiny.peft_adapter(base, folder / "adapter", "lora")
    return tiny.package(folder / "tiny", adapter, base, base_models=tiny.base_entry()), base


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
        numbers = [int(given) for given in sys.argv[1:] if given.isdecimal()]
        names = [given for given in sys.argv[1:] if not given.isdecimal()]
        if unknown := set(names) - MEASURED.keys():
            sys.exit(f"{min(unknown)} is none of {', '.join(MEASURED)}")
        packages, many, *_ = [*numbers, *(PACKAGES, MANY)[len(numbers) :]]
        main(packages, many, names)
