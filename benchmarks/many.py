"""Two hundred experts behind our server, over `vllm serve` with the same adapters as LoRA modules.

    python -m benchmarks.many [ROUNDS]

Asked as Zipf's law has it, by 32 clients over the OpenAI API, streaming. Ours has its default
settings. Theirs is there twice: with 8 slots, and with one for each adapter, as ours chooses here.
All are up at once, idle while another is asked.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks.manager import packages, zipf
from benchmarks.measure import ROUNDS, Answer, alternate, judge, p99, save
from benchmarks.server import BIND, CLIENTS, OURS, THEIRS, load, start, theirs

EXPERTS, EACH, FEW = 200, 2, 8


def main(rounds: int = ROUNDS) -> None:
    """Prints the answers, and writes them to the results."""
    names, rng = [f"e{n}" for n in range(EXPERTS)], random.Random(5)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        made = packages(folder, EXPERTS)
        named = [f"{name}={path}" for name, path in zip(names, made, strict=True)]
        ours = [str(Path(sys.executable).parent / "expertserve"), "serve", *named]
        ours += ["--port", str(OURS), "--cache-dir", str(folder / "cache")]
        start(stack, ours, OURS, {})
        ports = {"ours": OURS}
        for more, slots in enumerate((FEW, EXPERTS)):
            side = f"vllm serve, {slots} slots"
            ports[side] = port = THEIRS + more
            start(stack, theirs(folder, names, slots, port), port, BIND)
        firsts: dict[str, list[float]] = {side: [] for side in ports}

        def run(side: str) -> float:
            chosen = zipf(CLIENTS * EACH, rng, EXPERTS)
            jobs = [(names[n], f"Question {i}?") for i, n in enumerate(chosen)]
            return load(ports[side], jobs, firsts[side])

        found = alternate({side: partial(run, side) for side in ports}, rounds)
    middle = {side: statistics.median(values) for side, values in found.items()}
    answers = [
        Answer(f"{EXPERTS} experts, {CLIENTS} clients ÷ {side}", middle["ours"] / rate, least=3)
        for side, rate in middle.items()
        if side != "ours"
    ]
    notes = {
        f"first token, 99th percentile, {side}, s": round(p99(own), 2)
        for side, own in firsts.items()
    }
    notes |= {f"tokens a second, {side}": round(rate, 1) for side, rate in middle.items()}
    save("many", rounds=rounds, notes=notes, answers=judge("many", answers))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
