"""A thousand experts, more than an engine has slots for, over 4 that are always there.

    python -m benchmarks.thousand [ROUNDS]

As the manager's benchmark of 200: LoRA of rank 8, asked as Zipf's law has it, each client its next
question when it has its answer. An adapter comes into the engine when its expert is asked.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.manager import ARGS, packages, with_clients
from benchmarks.measure import ROUNDS, Answer, judge, save
from expertserve import EngineConfig, ExpertManager

EXPERTS, CLIENTS = 1000, 16


def main(rounds: int = ROUNDS) -> None:
    """Prints the answers, and writes them to the results."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        paths = packages(folder, EXPERTS)
        config = EngineConfig(max_requests=64, max_model_len=1024, drafts=False)
        with ExpertManager(config=config, cache_dir=folder / "cache") as manager:
            for n, path in enumerate(paths):
                manager.load_expert(f"e{n}", path)
            manager.generate("e0", "x", **ARGS)
            row, slots = with_clients(manager, rounds, CLIENTS, EXPERTS), manager.info().max_slots
    question = f"{EXPERTS} experts ÷ 4 experts, {CLIENTS} clients"
    answers = [Answer(question, row["ratio"], least=0.75)]
    notes = {"slots": slots, "max_requests": 64, "max_model_len": 1024}
    save("thousand", notes=notes, answers=judge("thousand", answers), many_experts={question: row})


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
