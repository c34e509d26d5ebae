"""Many experts behind our server, over `vllm serve` with the same adapters as LoRA modules.

    python -m benchmarks.many [ROUNDS] [EXPERTS …]

20, 200 and 1,000 experts, asked evenly and as Zipf's law has it, by 8 and by 32 clients over the
OpenAI API, streaming. Ours has its default settings. Theirs has a slot for each adapter, at most as
many as ours; of 200 experts there is one with 8 slots, too. All servers of as many experts are up
at once, idle while another is asked. Results are written after each number of experts.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import product
from pathlib import Path

from benchmarks.manager import packages, zipf
from benchmarks.measure import ROUNDS, Answer, alternate, judge, p99, save
from benchmarks.server import BIND, OURS, THEIRS, load, start, theirs
from expertserve.engine.machine import MANY_SLOTS

FEW = 8
SLOTS = {20: (20,), 200: (FEW, 200), 1000: (MANY_SLOTS,)}
"""How many experts, and with how many slots `vllm serve` is there."""
EACH = {8: 3, 32: 1}
"""How many clients, and how many questions each has in a round."""
JUDGED = {"experts": 200, "demand": "zipf", "clients": 32}
Row = dict[str, int | float | str]


class Asked:
    """What every side is asked alike, round by round."""

    def __init__(self, demand: str, clients: int, names: Sequence[str]) -> None:
        self.demand, self.clients, self.names = demand, clients, names
        self._rng = random.Random(5)

    def jobs(self) -> list[tuple[str, str]]:
        """The next round's experts and questions."""
        count, among = self.clients * EACH[self.clients], len(self.names)
        if self.demand == "zipf":
            chosen = zipf(count, self._rng, among)
        else:
            chosen = self._rng.choices(range(among), k=count)
        return [(self.names[n], f"Question {i}?") for i, n in enumerate(chosen)]


def main(rounds: int = ROUNDS, *experts: int) -> None:
    """Prints the answers, and writes them to the results."""
    rows: list[Row] = []
    for n in experts or SLOTS:
        rows += measure(n, SLOTS[n], rounds)
        save(
            "many",
            rounds=rounds,
            answers=judge("many", list(answers(rows))),
            tokens_per_second=rows,
        )


def answers(rows: Sequence[Row]) -> Iterator[Answer]:
    """What the bars are about."""
    judged = [row for row in rows if JUDGED.items() <= row.items()]
    question = f"{JUDGED['experts']} experts, {JUDGED['clients']} clients"
    for row in judged:
        over = f"{question} ÷ vllm serve, {row['their slots']} slots"
        yield Answer(over, float(row["ratio"]), least=3)
    for row in judged[:1]:
        yield Answer("… first token, 99th percentile, s", float(row["first p99 s"]), most=2)


def measure(count: int, slots: Sequence[int], rounds: int) -> Iterator[Row]:
    """A row for each demand, number of clients, and other side."""
    names = [f"e{n}" for n in range(count)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        made = packages(folder, count)
        named = [f"{name}={path}" for name, path in zip(names, made, strict=True)]
        ours = [str(Path(sys.executable).parent / "expertserve"), "serve", *named]
        ours += ["--port", str(OURS), "--cache-dir", str(folder / "cache")]
        start(stack, ours, OURS, {})
        ports = {"ours": OURS}
        for more, each in enumerate(slots):
            ports[f"{each} slots"] = port = THEIRS + more
            start(stack, theirs(folder, names, each, port), port, BIND)
        for demand, clients in product(("zipf", "even"), EACH):
            print(f"{count:,} experts, {demand}, {clients} clients")
            firsts: dict[str, list[float]] = {side: [] for side in ports}
            sides = {
                side: partial(ask, port, Asked(demand, clients, names), firsts[side])
                for side, port in ports.items()
            }
            found = alternate(sides, rounds)
            slowest = {side: p99(v[len(v) // (rounds + 1) :]) for side, v in firsts.items()}
            speed = {side: statistics.median(values) for side, values in found.items()}
            for each in slots:
                other = f"{each} slots"
                yield {
                    "experts": count,
                    "demand": demand,
                    "clients": clients,
                    "their slots": each,
                    "ours": round(speed["ours"], 1),
                    "theirs": round(speed[other], 1),
                    "ratio": round(speed["ours"] / speed[other], 3),
                    "first p99 s": round(slowest["ours"], 2),
                    "their first p99 s": round(slowest[other], 2),
                }


def ask(port: int, asked: Asked, firsts: list[float]) -> float:
    """A side's tokens a second for its next questions."""
    return load(port, asked.jobs(), firsts, asked.clients)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
