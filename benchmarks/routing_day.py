"""A day of a large fleet: where should requests go when packages lie in object storage, replicas
die and come back, and demand rises, falls and changes its favourites?

python -m benchmarks.routing_day [REPLICAS …]

Engines are those of `benchmarks.routing_simulation`. A package that a replica's machine hasn't got
is fetched, from another replica or from the store, while its requests wait and others go on. A
replica that dies is noticed later, its requests go on elsewhere, and what comes in its place holds
nothing. The day is pressed into a few minutes, so that demand changes far faster than a real one's.
"""

from __future__ import annotations

import heapq
import json
import random
import sys
import time
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from math import ceil, pi, sin
from typing import Protocol

from benchmarks.measure import RESULTS, save
from benchmarks.routing_simulation import BATCH, SEED, SLOTS, ZIPF, Asked, Simulated, rate
from expertserve.ray.affinity import Affinity

FLEETS = ((16, 1000), (64, 3000), (256, 10_000))
"""Replicas and experts."""
SECONDS = 150.0
LOADS = {"measured": 0.020, "ten times that": 0.200}
STORE, NEIGHBOUR = 2.0, 0.2
"""Seconds that fetching a package takes, the median; a guess, as is what a death costs."""
SPREAD = 0.4
LEAST, PEAK = 0.25, 1.0
"""Demand at night and at noon, over `routing_simulation.rate`."""
SHIFTS = 8
"""How often a day other experts become the popular ones."""
DEATHS = 0.1
"""Of each replica, in a day."""
NOTICED, BACK = 5.0, 30.0
BOUND = 1.25
SPILLS = (2, 8, 16, 32)
VIRTUAL = 64
Row = dict[str, object]
SHARES, TIMES = ("warm", "store", "neighbour"), ("p50", "p99", "first_p99")


class Choice(Protocol):
    """A way to choose a replica: told of each choice, death and return."""

    def choose(self, expert: str, loads: dict[str, int]) -> str:
        """The replica for a request."""
        ...

    def ended(self, replica: str) -> None:
        """A replica is known to be gone."""


class TwoChoices(Choice):
    """The less busy one of two at random: Ray's default."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def choose(self, expert: str, loads: dict[str, int]) -> str:
        return self.of(list(loads), loads)

    def of(self, some: list[str], loads: dict[str, int]) -> str:
        return min(self._rng.sample(some, min(2, len(some))), key=loads.__getitem__)


class Multiplexed(TwoChoices):
    """Ray's for multiplexed models: two choices of those that hold it and have room, else of those
    that hold fewest.
    """

    def __init__(self, rng: random.Random) -> None:
        super().__init__(rng)
        self._held: dict[str, dict[str, None]] = {}

    def choose(self, expert: str, loads: dict[str, int]) -> str:
        there = [r for r, held in self._held.items() if expert in held and r in loads]
        some = [r for r in there if loads[r] < BATCH]
        if not there:
            counts = {r: len(self._held.get(r, ())) for r in loads}
            fewest = min(counts.values())
            some = [r for r, count in counts.items() if count == fewest]
        found = self.of(some or list(loads), loads)
        held = self._held.setdefault(found, {})
        held.pop(expert, None)
        held[expert] = None
        if len(held) > SLOTS:
            del held[next(iter(held))]
        return found

    def ended(self, replica: str) -> None:
        self._held.pop(replica, None)


class Bounded(Choice):
    """Consistent hashing with bounded loads: the first one on the ring that has less than `BOUND`
    times the mean load.
    """

    def __init__(self, replicas: list[str], rng: random.Random) -> None:
        self._ring = sorted((rng.random(), r) for r in replicas for _ in range(VIRTUAL))
        self._points = [point for point, _ in self._ring]
        self._rng, self._places = rng, dict[str, int]()

    def choose(self, expert: str, loads: dict[str, int]) -> str:
        if expert not in self._places:
            self._places[expert] = bisect(self._points, self._rng.random())
        most = ceil(BOUND * (sum(loads.values()) + 1) / len(loads))
        place = self._places[expert]
        for at in range(place, place + len(self._ring)):
            _, replica = self._ring[at % len(self._ring)]
            if loads.get(replica, most) < most:
                return replica
        raise AssertionError("somebody is below the mean")


class Near(Choice):
    """Ours."""

    def __init__(self, spill: int) -> None:
        self._affinity = Affinity(SLOTS, spill)
        self._gone: set[str] = set()

    def choose(self, expert: str, loads: dict[str, int]) -> str:
        if self._gone:
            self._affinity.keep(loads.keys())
            self._gone.clear()
        first = self._affinity.first(expert, loads)
        assert first is not None
        self._affinity.routed(expert, first)
        return first

    def ended(self, replica: str) -> None:
        self._gone.add(replica)


@dataclass(slots=True)
class Fleet:
    """One run of a day."""

    choice: Choice
    replicas: int
    experts: int
    load_seconds: float
    seconds: float
    rng: random.Random
    now: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    done: list[tuple[Asked, float]] = field(default_factory=list)
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: int = 0
    _loads: dict[str, int] = field(default_factory=dict)
    _engines: dict[str, Simulated] = field(default_factory=dict)
    _has: dict[str, set[str]] = field(default_factory=dict)
    _waits: dict[tuple[str, str], list[Asked]] = field(default_factory=dict)
    _weights: list[float] = field(default_factory=list)

    def run(self) -> None:
        """From midnight to midnight, and until all is answered."""
        self._weights = list(accumulate(1 / (i + 1) ** ZIPF for i in range(self.experts)))
        for i in range(self.replicas):
            self._come(f"r{i}")
            if self.rng.random() < DEATHS:
                self._at(self.rng.random() * self.seconds, partial(self._die, f"r{i}"))
        self._at(0.0, self._arrive)
        while self._events:
            self.now, _, happens = heapq.heappop(self._events)
            happens()

    def _at(self, when: float, happens: Callable[[], None]) -> None:
        self._order += 1
        heapq.heappush(self._events, (when, self._order, happens))

    def _come(self, name: str) -> None:
        self._engines[name] = Simulated(self.load_seconds)
        self._loads[name], self._has[name] = 0, set()

    def _arrive(self) -> None:
        share = self.now / self.seconds
        if share >= 1:
            return
        rank = self.rng.choices(range(self.experts), cum_weights=self._weights)[0]
        hour = int(share * SHIFTS) * (self.experts // SHIFTS)
        self._route(Asked(f"e{(rank + hour) % self.experts}", self.now))
        demand = LEAST + (PEAK - LEAST) * (0.5 - 0.5 * sin(2 * pi * (share + 0.25)))
        pause = self.rng.expovariate(rate() * self.replicas * demand)
        self._at(self.now + pause, self._arrive)

    def _route(self, asked: Asked) -> None:
        name = self.choice.choose(asked.expert, self._loads)
        self._loads[name] += 1
        if asked.expert in self._has[name]:
            self._join(name, asked)
            return
        waits = self._waits.setdefault((name, asked.expert), [])
        waits.append(asked)
        if len(waits) == 1:
            near = any(asked.expert in has for has in self._has.values())
            self.counts["from a neighbour" if near else "from the store"] += 1
            took = (NEIGHBOUR if near else STORE) * self.rng.lognormvariate(0, SPREAD)
            engine = self._engines[name]
            self._at(self.now + took, lambda: self._fetched(name, asked.expert, engine))

    def _fetched(self, name: str, expert: str, engine: Simulated) -> None:
        if self._engines.get(name) is not engine:
            return  # it died meanwhile
        self._has[name].add(expert)
        for asked in self._waits.pop((name, expert), []):
            self._join(name, asked)

    def _join(self, name: str, asked: Asked) -> None:
        engine = self._engines[name]
        engine.waiting.append(asked)
        if not engine.busy:
            self._step(name, engine)

    def _step(self, name: str, engine: Simulated) -> None:
        engine.busy = engine.load > 0
        if engine.busy:
            self._at(self.now + engine.step(), lambda: self._stepped(name, engine))

    def _stepped(self, name: str, engine: Simulated) -> None:
        if self._engines.get(name) is not engine:
            return
        for asked in engine.running:
            asked.left -= 1
            asked.first = asked.first or self.now
        ended = [a for a in engine.running if not a.left]
        self.done += [(a, self.now) for a in ended]
        self._loads[name] -= len(ended)
        engine.running = [a for a in engine.running if a.left]
        self._step(name, engine)

    def _die(self, name: str) -> None:
        """What it had goes on elsewhere once that is noticed; until then it gets more."""
        engine = self._engines[name]
        gone = self._engines[name] = Simulated(self.load_seconds)
        gone.busy = True  # it never steps
        gone.waiting.extend([*engine.running, *engine.waiting])
        self._has[name] = set()
        self._at(self.now + NOTICED, lambda: self._noticed(name, gone))

    def _noticed(self, name: str, gone: Simulated) -> None:
        del self._engines[name], self._loads[name], self._has[name]
        self.choice.ended(name)
        left = [*gone.waiting]
        for key in [key for key in self._waits if key[0] == name]:
            left += self._waits.pop(key)
        self.counts["moved"] += len(left)
        for asked in left:
            self._route(asked)
        self._at(self.now + BACK, lambda: self._come(name))

    def figures(self) -> dict[str, float]:
        """Of all but the first tenth, in which everything is cold."""
        counted = [(a, end) for a, end in self.done if a.at > self.seconds / 10]
        total = sorted(end - a.at for a, end in counted)
        first = sorted(a.first - a.at for a, _ in counted)
        return {
            "requests": len(counted),
            "warm": sum(a.warm for a, _ in counted) / len(counted),
            "store": self.counts["from the store"] / len(self.done),
            "neighbour": self.counts["from a neighbour"] / len(self.done),
            "p50": total[len(total) // 2],
            "p99": total[int(len(total) * 0.99)],
            "first_p99": first[int(len(first) * 0.99)],
        }


def choices(replicas: int, rng: random.Random) -> dict[str, Choice]:
    """What is compared."""
    names = [f"r{i}" for i in range(replicas)]
    return {
        "two choices": TwoChoices(rng),
        "Ray's, multiplexed": Multiplexed(rng),
        "bounded hashing": Bounded(names, rng),
        **{f"affinity, spill {spill}": Near(spill) for spill in SPILLS},
    }


def main() -> None:
    """Prints a table and writes `results/routing_day.json`; the last line is the JSON."""
    sizes = {int(given) for given in sys.argv[1:]} or {replicas for replicas, _ in FLEETS}
    began = time.perf_counter()
    print(f"{'load':<15} {'replicas':>8} {'experts':>8}  {'policy':<20}", end="")
    print(*(f"{name:>10}" for name in (*SHARES, *TIMES)))
    for replicas, experts in FLEETS:
        if replicas in sizes:
            keep([row for cost in LOADS for row in compared(cost, replicas, experts)])
    print(json.dumps({"benchmark": "routing_day", "seconds": round(time.perf_counter() - began)}))


def compared(cost: str, replicas: int, experts: int) -> Iterator[Row]:
    """What each policy comes to with one fleet."""
    for policy, choice in choices(replicas, random.Random(SEED)).items():
        fleet = Fleet(choice, replicas, experts, LOADS[cost], SECONDS, random.Random(SEED))
        fleet.run()
        row = fleet.figures()
        shown = [f"{row[n]:>10.1%}" for n in SHARES] + [f"{row[n]:>10.2f}" for n in TIMES]
        print(f"{cost:<15} {replicas:>8} {experts:>8}  {policy:<20}", *shown, flush=True)
        case = {"load": cost, "replicas": replicas, "experts": experts, "policy": policy}
        yield {**case, **{k: round(v, 4) for k, v in row.items()}}


def keep(rows: list[Row]) -> None:
    """Writes one fleet's rows beside those that the results have of others."""
    file, fresh = RESULTS / "routing_day.json", {row["replicas"] for row in rows}
    before = json.loads(file.read_text())["rows"] if file.is_file() else []
    notes = {
        "seconds": SECONDS,
        "loads": LOADS,
        "store": STORE,
        "neighbour": NEIGHBOUR,
        "demand": [LEAST, PEAK],
        "shifts": SHIFTS,
        "deaths": DEATHS,
        "noticed": NOTICED,
        "back": BACK,
        "bound": BOUND,
        "slots": SLOTS,
    }
    rows = [*(row for row in before if row["replicas"] not in fresh), *rows]
    save("routing_day", notes=notes, rows=rows)


if __name__ == "__main__":
    main()
