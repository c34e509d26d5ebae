"""Does it pay to send requests where their expert is warm? Random, round-robin, two choices and
affinity, from 1 to 64 replicas.

python -m benchmarks.routing_simulation [REQUESTS]

A simulation of engine steps: a replica decodes one token of each running request a step, new
requests join at the next step, and a cold adapter stalls its replica while it loads. The affinity
router is the one that serves. What is measured and what is guessed: see LOADS.
"""

from __future__ import annotations

import heapq
import json
import random
import sys
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import log2
from pathlib import Path

from benchmarks.measure import save
from expertserve.ray.affinity import Affinity

STEP_BASE, STEP_REQUEST = 0.048, 0.0015
"""Seconds of a decode step, and for each request in it: fitted to `benchmarks.adapters` on 2 cores
with the demo base model and LoRA, where 1, 32 and 64 requests took 48, 89 and 147 ms a step.
"""

LOADS = {"measured": 0.020, "ten times that": 0.200}
"""Seconds that a cold adapter takes: 7.8 MB from the page cache, measured; and a guess of what
larger ones take, which is not.
"""

MIXED = {
    1: 1.0,
    4: 1.03,
    16: 0.874,
    64: 0.539,
}  # speed with so many adapters in one batch of 64, over one adapter
REPLICAS = (1, 2, 4, 8, 16, 32, 64)
EXPERTS = (1, 10, 100, 500, 2000)
SHOWN = (100, 500, 2000)
SLOTS = 32
TOKENS = 32
BATCH = 64
SPILL = 8
ZIPF = 1.0
LOAD = 0.6
SEED = 7
IMAGE = Path(__file__).parent.parent / "docs" / "images" / "routing-simulation.svg"
Router = Callable[[str, dict[str, int]], str]


@dataclass(slots=True, eq=False)
class Asked:
    """A request on its way."""

    expert: str
    at: float
    left: int = TOKENS
    first: float = 0.0
    warm: bool = False


@dataclass(slots=True)
class Simulated:
    """One engine."""

    load_seconds: float
    waiting: deque[Asked] = field(default_factory=deque)
    running: list[Asked] = field(default_factory=list)
    held: OrderedDict[str, None] = field(default_factory=OrderedDict)
    busy: bool = False

    @property
    def load(self) -> int:
        return len(self.waiting) + len(self.running)

    def step(self) -> float:
        """Lets waiting requests in and returns how many seconds the step takes."""
        stall = 0.0
        while self.waiting and len(self.running) < BATCH:
            asked = self.waiting.popleft()
            asked.warm = asked.expert in self.held
            stall += 0.0 if asked.warm else self.load_seconds
            self.held[asked.expert] = None
            self.held.move_to_end(asked.expert)
            if len(self.held) > SLOTS:
                self.held.popitem(last=False)
            self.running.append(asked)
        seconds = STEP_BASE + STEP_REQUEST * len(self.running)
        return stall + seconds / mixed(len({a.expert for a in self.running}))


def mixed(adapters: int) -> float:
    """The measured slowdown of many adapters in a batch, between its points in proportion to the
    logarithm.
    """
    low = max(n for n in MIXED if n <= max(1, adapters))
    high = min((n for n in MIXED if n >= adapters), default=low)
    if high == low:
        return MIXED[low]
    share = (log2(adapters) - log2(low)) / (log2(high) - log2(low))
    return MIXED[low] + share * (MIXED[high] - MIXED[low])


def routers(rng: random.Random) -> dict[str, Callable[[], Router]]:
    """Ways to choose a replica: of an expert's name and each replica's load."""

    def at_random() -> Router:
        return lambda expert, loads: rng.choice(list(loads))

    def in_turn() -> Router:
        turn = iter(range(sys.maxsize))
        return lambda expert, loads: list(loads)[next(turn) % len(loads)]

    def of_two() -> Router:
        return lambda expert, loads: min(
            rng.sample(list(loads), min(2, len(loads))), key=loads.__getitem__
        )

    def near() -> Router:
        affinity = Affinity(SLOTS, SPILL)

        def choose(expert: str, loads: dict[str, int]) -> str:
            first = affinity.order(expert, loads)[0]
            affinity.routed(expert, first)
            return first

        return choose

    return {"random": at_random, "round robin": in_turn, "two choices": of_two, "affinity": near}


def rate() -> float:
    """Requests a second that a replica gets: `LOAD` of what it does with half a batch of one
    expert.
    """
    half = BATCH // 2
    return LOAD * half / (STEP_BASE + STEP_REQUEST * half) / TOKENS


def simulate(
    route: Router,
    replicas: int,
    experts: int,
    requests: int,
    load_seconds: float,
    rng: random.Random,
) -> dict[str, float]:
    """Warm-hit rate, and the seconds that half and 99 % of the requests took; the first tenth, when
    everything is cold, isn't counted.
    """
    engines = {f"r{i}": Simulated(load_seconds) for i in range(replicas)}
    loads = dict.fromkeys(engines, 0)
    weights = [1 / (i + 1) ** ZIPF for i in range(experts)]
    names = rng.choices([f"e{i}" for i in range(experts)], weights, k=requests)
    events: list[tuple[float, int, str]] = []
    at, order, done = 0.0, 0, list[tuple[Asked, float]]()
    arrivals = deque[Asked]()
    for name in names:
        at += rng.expovariate(rate() * replicas)
        arrivals.append(Asked(name, at))

    def begin(name: str, now: float) -> None:
        nonlocal order
        engine = engines[name]
        engine.busy = engine.load > 0
        if engine.busy:
            order += 1
            heapq.heappush(events, (now + engine.step(), order, name))

    while arrivals or events:
        if arrivals and (not events or arrivals[0].at <= events[0][0]):
            asked = arrivals.popleft()
            name = route(asked.expert, loads)
            engines[name].waiting.append(asked)
            loads[name] += 1
            if not engines[name].busy:
                begin(name, asked.at)
            continue
        now, _, name = heapq.heappop(events)
        engine = engines[name]
        for asked in engine.running:
            asked.left -= 1
            asked.first = asked.first or now
        ended = [a for a in engine.running if not a.left]
        done += [(a, now) for a in ended]
        loads[name] -= len(ended)
        engine.running = [a for a in engine.running if a.left]
        begin(name, now)
    counted = sorted(done, key=lambda d: d[0].at)[requests // 10 :]
    total = sorted(end - a.at for a, end in counted)
    first = sorted(a.first - a.at for a, _ in counted)
    return {
        "warm": sum(a.warm for a, _ in counted) / len(counted),
        "p50": total[len(total) // 2],
        "p99": total[int(len(total) * 0.99)],
        "first_p99": first[int(len(first) * 0.99)],
    }


def plot(rows: list[dict[str, object]]) -> None:
    """Warm hits and p99 over the number of replicas, for the middle and the largest number of
    experts.
    """
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "expertserve"  # the same figures give the same file
    matplotlib.rcParams["svg.fonttype"] = "none"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        3, len(SHOWN), figsize=(10, 8), sharex=True, sharey="row", layout="constrained"
    )
    colours = {
        "random": "#999999",
        "round robin": "#56b4e9",
        "two choices": "#e69f00",
        "affinity": "#009e73",
    }
    kinds = [("warm", "measured", "warm hits")] + [
        ("p99", cost, f"99 % answered in, s\nload: {cost}") for cost in LOADS
    ]
    for column, experts in enumerate(SHOWN):
        for row, (key, cost, label) in enumerate(kinds):
            axis = axes[row][column]
            for policy, colour in colours.items():
                points = [
                    (r["replicas"], r[key])
                    for r in rows
                    if (r["policy"], r["experts"], r["load"]) == (policy, experts, cost)
                ]
                axis.plot(
                    *zip(*points, strict=True), marker="o", markersize=3, color=colour, label=policy
                )
            axis.set_xscale("log", base=2)
            axis.set_xticks(REPLICAS, [str(r) for r in REPLICAS])
            axis.grid(alpha=0.3)
            if cost != "measured":
                axis.set_yscale("log")
            if column == 0:
                axis.set_ylabel(label)
            if row == 0:
                axis.set_title(f"{experts:,} experts")
            if row == len(kinds) - 1:
                axis.set_xlabel("replicas")
    for row in (0, 1):
        axes[row][0].set_ylim(bottom=0)
    axes[0][0].legend(fontsize=8)
    IMAGE.parent.mkdir(exist_ok=True)
    figure.savefig(IMAGE, metadata={"Date": None})


def main() -> None:
    """Prints a table, draws the plot and writes `results/routing_simulation.json`; the last line is
    the JSON.
    """
    least = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rows: list[dict[str, object]] = []
    began = time.perf_counter()
    print(
        f"{'load':<15} {'experts':>8} {'replicas':>8}  {'policy':<12} {'warm':>7} {'p50 s':>7}"
        f" {'p99 s':>7} {'first p99':>10}"
    )
    cases = [
        (cost, e, r)
        for cost in LOADS
        for e in EXPERTS
        for r in REPLICAS
        if cost == "measured" or e in SHOWN
    ]
    for cost, experts, replicas in cases:
        for policy, make in routers(random.Random(SEED)).items():
            requests = max(least, 400 * replicas)
            row = simulate(make(), replicas, experts, requests, LOADS[cost], random.Random(SEED))
            case = {"load": cost, "experts": experts, "replicas": replicas, "policy": policy}
            rows.append({**case, **{k: round(v, 4) for k, v in row.items()}})
            figures = (
                f"{row['warm']:>7.1%} {row['p50']:>7.2f} {row['p99']:>7.2f}"
                f" {row['first_p99']:>10.3f}"
            )
            print(f"{cost:<15} {experts:>8} {replicas:>8}  {policy:<12} {figures}", flush=True)
    plot(rows)
    step = {"seconds": STEP_BASE, "seconds_a_request": STEP_REQUEST}
    notes = {
        "step": step,
        "loads": LOADS,
        "mixed": MIXED,
        "slots": SLOTS,
        "tokens": TOKENS,
        "batch": BATCH,
        "spill": SPILL,
        "zipf": ZIPF,
        "load": LOAD,
    }
    save("routing_simulation", least_requests=least, notes=notes, rows=rows)
    print(
        json.dumps(
            {
                "benchmark": "routing_simulation",
                "seconds": round(time.perf_counter() - began, 1),
                "rows": len(rows),
            }
        )
    )


if __name__ == "__main__":
    main()
