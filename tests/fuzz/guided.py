"""One target in a process of its own: half of its inputs drawn nearly sound, half mutated towards
code that no input reached before.

    python -m tests.fuzz.guided NAME INPUTS FOLDER

Ends with a line of JSON. Inputs that broke an invariant lie in FOLDER/NAME/found. The
coverage-guided half needs atheris (Linux and macOS); without it, all inputs are drawn.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import time
import traceback
from pathlib import Path
from typing import Any, NoReturn

MEMORY = 8 << 30
SEED = 20260101
CORPUS = Path(__file__).parent / "corpus"


class Run:
    """Counts inputs, and keeps those that broke something."""

    def __init__(self, target: Any, root: Path, found: Path) -> None:
        self.target, self.root, self.found = target, root, found
        self.counts = {"drawn": 0, "mutated": 0, "broken": 0}
        self.slowest = 0.0
        self.began = time.monotonic()
        self.broken: set[str] = set()

    def one(self, data: bytes, kind: str) -> None:
        self.counts[kind] += 1
        began = time.process_time()
        try:
            self.target.check(data, self.root)
        except Exception as error:  # noqa: BLE001  whatever it is, it is a finding
            self._keep(data, error)
        self.slowest = max(self.slowest, time.process_time() - began)

    def _keep(self, data: bytes, error: Exception) -> None:
        self.counts["broken"] += 1
        trace = traceback.extract_tb(error.__traceback__)
        place = f"{type(error).__name__} {trace[-1].filename}:{trace[-1].lineno} {str(error)[:120]}"
        if place in self.broken:
            return
        self.broken.add(place)
        self.found.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(data).hexdigest()[:16]
        (self.found / name).write_bytes(data)
        (self.found / f"{name}.txt").write_text("".join(traceback.format_exception(error)))

    def end(self) -> None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        line = {
            "target": self.target.name,
            **self.counts,
            "findings": sorted(self.broken),
            "seconds": round(time.monotonic() - self.began),
        }
        print(
            "\n"
            + json.dumps(line | {"slowest_cpu_seconds": round(self.slowest, 2), "peak_mib": peak}),
            flush=True,
        )


def main() -> NoReturn:
    """Draws, then mutates; atheris ends the process itself."""
    name, inputs, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]).resolve()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.dont_write_bytecode = True
    try:
        import atheris
    except ImportError:
        atheris = None
    if atheris:
        with atheris.instrument_imports(include=["expertserve"]):
            from tests.fuzz.targets import TARGETS
    else:
        from tests.fuzz.targets import TARGETS

    root, corpus = folder / name / "root", folder / name / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    target = TARGETS[name]
    target.begin(root)
    run = Run(target, root, folder / name / "found")
    for i, seed in enumerate(target.seeds):
        (corpus / f"seed-{i}").write_bytes(seed)
    mutated = inputs // 2 if atheris else 0
    _draw(run, inputs - mutated, corpus)
    if not atheris:
        run.end()
        sys.exit(0)

    def one(data: bytes) -> None:
        run.one(data, "mutated")
        if run.counts["mutated"] == mutated:
            run.end()

    kept = [str(CORPUS / name)] if (CORPUS / name).is_dir() else []
    flags = [
        f"-runs={mutated}",
        "-max_len=16384",
        "-timeout=300",
        "-rss_limit_mb=0",
        f"-seed={SEED}",
        "-verbosity=0",
        "-print_final_stats=0",
    ]
    atheris.Setup(
        [sys.argv[0], *flags, f"-artifact_prefix={folder / name}/", str(corpus), *kept], one
    )
    atheris.Fuzz()
    sys.exit(0)


def _draw(run: Run, inputs: int, corpus: Path) -> None:
    """Inputs from the target's strategy; every hundredth is a seed for mutation."""
    import warnings

    from hypothesis import HealthCheck, Phase, given, seed, settings

    warnings.simplefilter("ignore")

    @seed(SEED)
    @settings(
        max_examples=inputs,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(run.target.drawn)
    def draw(data: bytes) -> None:
        if run.counts["drawn"] >= inputs:
            return
        run.one(data, "drawn")
        if run.counts["drawn"] % 100 == 0 and len(data) < 1 << 14:
            (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)

    while run.counts["drawn"] < inputs:
        before = run.counts["drawn"]
        draw()
        if run.counts["drawn"] == before:
            break


if __name__ == "__main__":
    main()
