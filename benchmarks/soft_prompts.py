"""What being ready for soft prompts costs an engine, and what a soft prompt costs a request.

    python -m benchmarks.soft_prompts [ROUNDS]

Two engines on the demo base, side by side: one that is ready for soft prompts, and one that isn't.
Both decode the same batch with the demo SQL expert; the first one once more behind soft prompts.
"""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.measure import BASE, Answer, alternate, dtype, judge, save, timed
from expertserve import EngineConfig, ExpertManager
from expertserve.package.archive import open_package

BATCH, TOKENS, PLACES = 16, 64, 48
EXPERTS = Path(__file__).parents[1] / "examples" / "experts"


def package(folder: Path) -> Path:
    """The demo SQL expert with a soft prompt of 48 random vectors."""
    opened = open_package(next(EXPERTS.glob("expert-sql-*.expert")))
    folder.mkdir()
    for name in opened.files:
        (folder / name).write_bytes((opened.folder / name).read_bytes())
    width = json.loads((BASE / "config.json").read_text())["hidden_size"]
    torch.save(torch.randn(PLACES, width) * 0.1, folder / "style.pt")
    about = json.loads((folder / "manifest.json").read_bytes())
    about.pop("integrity", None)
    about["soft_prompts"] = [{"name": "style", "path": "style.pt", "tokens": PLACES}]
    (folder / "manifest.json").write_text(json.dumps(about))
    return folder


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        given = package(Path(folder) / "soft")
        managers = {}
        for ready in (False, True):
            config = EngineConfig(
                max_requests=BATCH,
                max_model_len=1024,
                kv_cache_bytes=256 << 20,
                soft_prompts=ready,
                prefix_caching=False,
            )
            managers[ready] = stack.enter_context(ExpertManager(config=config))
            plain = next(EXPERTS.glob("expert-sql-*.expert"))
            managers[ready].load_expert("sql", given if ready else plain)

        def run(ready: bool, soft_prompt: str) -> int:
            wanted = {"grammar": None, "ignore_eos": True, "max_tokens": TOKENS, "stop": []}
            soft = {"soft_prompt": soft_prompt} if soft_prompt else {}
            jobs: list[Any] = [
                ("sql", f"How many lamps are in room {i}?", wanted | soft) for i in range(BATCH)
            ]
            results = managers[ready].generate_many(jobs)
            assert all((r.expert.soft_prompt is not None) == bool(soft) for r in results)
            return sum(r.usage.completion_tokens for r in results)

        sides = {
            "not ready": lambda: timed(lambda: run(False, "")),
            "ready": lambda: timed(lambda: run(True, "")),
            "soft prompts": lambda: timed(lambda: run(True, "style")),
        }
        figures = alternate(sides, 2 * rounds)
    base = figures["not ready"]
    answers = [
        Answer(f"{what} ÷ not ready, tokens a second", median(map(float.__truediv__, of, base)))
        for what, of in figures.items()
        if what != "not ready"
    ]
    notes = {"engine": f"max_requests {BATCH}, max_model_len 1024, {dtype()}", "tokens": TOKENS}
    save("soft_prompts", notes=notes, answers=judge("soft_prompts", answers), rounds=figures)


if __name__ == "__main__":
    main()
