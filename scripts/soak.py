"""Mixed traffic over HTTP against `expertserve serve`, for a while; at the end, what has grown.

    python scripts/soak.py [--minutes 20] [--evictions 1000] [--clients 8] [--engine real|fake]
    [--out benchmarks/results]

Chats whole and streamed, legacy completions, cancelled streams, bad requests; meanwhile an
administrator loads, replaces, pins and unloads. Where the cache has evicted too few entries by
then, the run goes on until it has, at most three times as long. Writes `soak.json` and a plot, and
ends with 1 unless the run was clean: every request answered as it should be; at the end nothing
pending or in flight, no KV cache in use, no expert but the one from the start; memory and file
handles that grew by no more than the bounds below; a cache that evicted enough; the server ending
with 0 and leaving no process.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import httpx
from soak_server import ROOT, Sample, Server
from soak_traffic import SPARE, Outcome, administrator, chat, client, note

RESULTS, IMAGE = ROOT / "benchmarks" / "results", ROOT / "docs" / "images" / "soak.svg"
EVERY = 5.0
"""Seconds between two looks at the server."""
GROWTH_MIB, GROWTH_SHARE, MORE_HANDLES = 48, 0.03, 8
"""Allowed growth between the middle and the last third: absolute, or a share."""
LONGEST = 3
"""How many times as long a run is at most, where a slow machine evicts too little until then."""
KV_SHARE = "vllm:kv_cache_usage_perc"
AT_THE_END = {
    "requests still pending": "expertserve_pending",
    "requests still in flight": "expertserve_in_flight",
    "requests still in the engine": "vllm:num_requests_running",
    "share of KV cache still in use": KV_SHARE,
}
"""What has to be nothing once all is answered, by the server's own metrics."""


async def gauges(http: httpx.AsyncClient, *names: str) -> list[float | None]:
    """Some of the server's own figures, each summed over its labels; None where it has none."""
    text = (await http.get("/metrics")).text
    found = [re.findall(rf"^{name}(?:\{{.*\}})? (\S+)$", text, re.MULTILINE) for name in names]
    return [sum(map(float, values)) if values else None for values in found]


async def drive(
    server: Server, minutes: float, evictions: int, clients: int
) -> tuple[Outcome, list[Sample], dict[str, float | None]]:
    outcome, samples = Outcome(), list[Sample]()
    began = time.monotonic()

    def over() -> bool:
        spent = (time.monotonic() - began) / (minutes * 60)
        return spent >= LONGEST or (spent >= 1 and server.evicted >= evictions)

    limits = httpx.Limits(max_connections=clients + 4)
    async with httpx.AsyncClient(base_url=server.url, timeout=180, limits=limits) as http:

        async def watch() -> None:
            while not over():
                pending, kv_share = await gauges(http, "expertserve_pending", KV_SHARE)
                samples.append(
                    server.look(
                        time.monotonic() - began,
                        pending or 0.0,
                        kv_share or 0.0,
                        outcome.answered.total(),
                    )
                )
                await asyncio.sleep(EVERY)

        work = [client(http, i, over, outcome) for i in range(clients)]
        await asyncio.gather(watch(), administrator(http, server.packages, over, outcome), *work)
        await asyncio.sleep(2)
        with contextlib.suppress(httpx.HTTPError):
            await http.delete(f"/v1/experts/{SPARE}")
        note(
            outcome,
            "last",
            await http.post("/v1/chat/completions", json=chat("sql", random.Random(0))),
            (200,),
        )
        *values, experts = await gauges(http, *AT_THE_END.values(), "expertserve_experts")
        left = dict(zip(AT_THE_END, values, strict=True)) | {"experts": experts}
        pending, kv_share = (
            left[what] or 0.0
            for what in ("requests still pending", "share of KV cache still in use")
        )
        samples.append(
            server.look(time.monotonic() - began, pending, kv_share, outcome.answered.total())
        )
    return outcome, samples, left


def slope(samples: Sequence[Sample]) -> float:
    """MiB an hour by least squares, without the first third, in which caches fill."""
    later = samples[len(samples) // 3 :]
    if len(later) < 3:
        return 0.0
    per_second = float(
        statistics.linear_regression([s.second for s in later], [s.rss_mib for s in later]).slope
    )
    return round(per_second * 3600, 1)


def growth(samples: Sequence[Sample], name: str) -> float:
    """Of the median between the middle and the last third; 0 in a run that is too short to tell."""
    if len(samples) < 9:
        return 0.0
    third = len(samples) // 3
    middle, last = samples[third : 2 * third], samples[-third:]
    before, after = (
        statistics.median(float(getattr(s, name)) for s in part) for part in (middle, last)
    )
    return round(after - before, 1)


def allowed(samples: Sequence[Sample]) -> float:
    """MiB by which memory may grow."""
    return max(GROWTH_MIB, GROWTH_SHARE * samples[-1].rss_mib)


def plot(samples: Sequence[Sample], file: Path) -> None:
    """Memory, handles and pending requests over time, one curve below the other."""
    width, height, left = 760, 130, 70
    rows = (
        ("rss_mib", "memory, MiB"),
        ("handles", "file handles"),
        ("pending", "pending requests"),
        ("kv_share", "share of KV cache in use"),
    )
    parts = []
    for row, (name, title) in enumerate(rows):
        values = [float(getattr(s, name)) for s in samples]
        low, high = (0.0, max(values) * 1.1 or 1.0)
        base = (row + 1) * (height + 30)
        end = max(samples[-1].second, 1)
        places = [
            (left + width * s.second / end, base - height * (v - low) / (high - low))
            for s, v in zip(samples, values, strict=True)
        ]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(
            f'<text x="{left}" y="{base - height - 8}">{title}: {values[0]:g} at the start,'
            f" {values[-1]:g} at the end</text>"
        )
        parts.append(
            f'<path d="M{left} {base - height}V{base}H{left + width}" fill="none" stroke="#999"/>'
        )
        parts.append(
            f'<text x="{left - 6}" y="{base - height + 5}" text-anchor="end">{high:.3g}</text>'
        )
        parts.append(f'<text x="{left - 6}" y="{base}" text-anchor="end">0</text>')
        parts.append(f'<polyline points="{points}" fill="none" stroke="#0a6" stroke-width="1.5"/>')
    size = (
        f'viewBox="0 0 {left + width + 20} {len(rows) * (height + 30) + 30}"'
        ' font-family="sans-serif" font-size="12"'
    )
    foot = (
        f'<text x="{left}" y="{len(rows) * (height + 30) + 20}">0 to {samples[-1].second / 60:.1f}'
        " minutes</text>"
    )
    file.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(parts)}{foot}</svg>\n'
    )


def first(callbacks: Sequence[tuple[float, float, str]], other: str) -> str:
    """The longest callback of a list, in milliseconds."""
    if not callbacks:
        return "none"
    seconds, beside, what = callbacks[0]
    return f"{seconds * 1e3:.0f} ms ({other} {beside * 1e3:.0f}): {what}"


def faults(
    engine: str,
    evictions: int,
    outcome: Outcome,
    samples: Sequence[Sample],
    left: dict[str, float | None],
) -> dict[str, float | None]:
    """What keeps a run from being clean, each nothing where it is."""
    return {
        "unanswered requests": len(outcome.unanswered),
        "wrong answers": len(outcome.wrong),
        **{
            what: left[what]
            for what in AT_THE_END
            if engine == "real" or not AT_THE_END[what].startswith("vllm")
        },
        "experts that should have gone": left["experts"] and left["experts"] - 1,
        "KV cache never in use": int(engine == "real" and not any(s.kv_share for s in samples)),
        "the cache hardly evicts": int(samples[-1].evicted < evictions),
        "memory grows": int(growth(samples, "rss_mib") > allowed(samples)),
        "file handles grow": int(growth(samples, "handles") > MORE_HANDLES),
    }


def main() -> None:
    """Serves, drives, reports."""
    from benchmarks.measure import save

    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument(
        "--evictions", type=int, default=1000, help="how many entries the cache evicts at least"
    )
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--variations", type=int, default=200, help="packages that take turns")
    parser.add_argument("--engine", choices=["real", "fake"], default="real")
    parser.add_argument(
        "--out", type=Path, default=RESULTS, help="by default the results that the docs show"
    )
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="soak-") as work:
        server = Server(given.engine, Path(work), given.out / "soak.log", given.variations)
        try:
            outcome, samples, left = asyncio.run(
                drive(server, given.minutes, given.evictions, given.clients)
            )
        finally:
            code, alive = server.end()
    found = faults(given.engine, given.evictions, outcome, samples, left)
    found |= {"processes left": alive, "exit code": code}
    seconds = samples[-1].second
    report = {
        "engine": given.engine,
        "minutes": round(seconds / 60, 1),
        "clients": given.clients,
        "answered": dict(outcome.answered),
        "requests_per_second": round(outcome.answered.total() / seconds, 2),
        "entries_evicted_from_the_cache": samples[-1].evicted,
        "rss_slope_mib_per_hour": slope(samples),
        "rss_growth_mib": growth(samples, "rss_mib"),
        "handles_growth": growth(samples, "handles"),
        "callback_that_took_longest": first(server.callbacks.get("took", []), "used"),
        "callback_that_used_most": first(server.callbacks.get("used", []), "took"),
        "rss_growth_allowed_mib": round(allowed(samples), 1),
        "faults": found,
        "clean": all(value == 0 for value in found.values()),
        "examples": {"unanswered": outcome.unanswered[:10], "wrong": outcome.wrong[:10]},
    }
    save("soak", given.out, **report, samples=[asdict(s) for s in samples])
    plot(samples, IMAGE if given.out == RESULTS else given.out / "soak.svg")
    print(json.dumps(report, indent=1))
    sys.exit(not report["clean"])


if __name__ == "__main__":
    main()
