"""Mixed traffic over HTTP against `expertserve serve`, for a while; at the end, what has grown.

    python scripts/soak.py [--minutes 20] [--clients 8] [--engine real|fake] [--out
    benchmarks/results]

Chats whole and streamed, legacy completions, cancelled streams, bad requests; meanwhile an
administrator loads, replaces, pins and unloads. Writes `soak.json` and a plot, and ends with 1
unless the run was clean: every request answered as it should be; at the end nothing pending or in
flight, no KV cache in use, no expert but the one from the start; memory and file handles that grew
by no more than the bounds below; the server ending with 0 and leaving no process.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
EXPERTS = ROOT / "examples" / "experts"
FAKE = """
import sys
from expertserve.cli import app
from expertserve.cli.options import Seams
from expertserve.engine.fake import FakeEngine
answer = "SELECT COUNT(*) FROM lighthouses WHERE height > 3"
app(sys.argv[1:], obj=Seams(engine=lambda: FakeEngine(lambda prompt: answer, delay=0.005)))
"""
RESULTS, IMAGE = ROOT / "benchmarks" / "results", ROOT / "docs" / "images" / "soak.svg"
EVERY = 5.0
"""Seconds between two looks at the server."""
GROWTH_MIB, GROWTH_SHARE, MORE_HANDLES = 48, 0.03, 8
"""Allowed growth between the middle and the last third: absolute, or a share."""
KV_SHARE = "vllm:kv_cache_usage_perc"
AT_THE_END = {
    "requests still pending": "expertserve_pending",
    "requests still in flight": "expertserve_in_flight",
    "requests still in the engine": "vllm:num_requests_running",
    "share of KV cache still in use": KV_SHARE,
}
"""What has to be nothing once all is answered, by the server's own metrics."""
QUESTIONS = (
    "How many lighthouses are in Norway?",
    "List all lighthouses.",
    "Which are taller than 30?",
    "Extract the name: Ada Lovelace, 36.",
)
SCHEMA = (
    "CREATE TABLE lighthouses (id INTEGER PRIMARY KEY, name TEXT, country TEXT, height INTEGER);"
)
SPARE = "spare"


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at the server: its processes together, and the memory of each."""

    second: float
    rss_mib: float
    rss_by_process: dict[str, float]
    handles: int
    processes: int
    pending: float
    kv_share: float
    answered: int


@dataclass(slots=True)
class Outcome:
    """What clients saw."""

    answered: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)


# ── the server ──────────────────────────────────────────────────────────────────────────────────


class Server:
    """`expertserve serve` in a process of its own."""

    def __init__(self, engine: str, work: Path, log: Path) -> None:
        experts = work / "experts"
        experts.mkdir()
        for package in sorted(EXPERTS.glob("*.expert")):
            shutil.copy(package, experts)
        self.packages = sorted(p.name for p in experts.iterdir())
        program = ["-m", "expertserve.cli"] if engine == "real" else ["-c", FAKE]
        options = [
            "--port",
            "0",
            "--open-admin",
            "--drain",
            "10",
            "--experts-folder",
            str(experts),
            "--state-dir",
            str(work / "state"),
        ]
        options += ["--cache-dir", str(work / "cache")]
        command = [
            sys.executable,
            *program,
            "serve",
            f"sql={experts / self.packages[-1]}",
            *options,
        ]
        self._log = log.open("w")
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        self.tree = psutil.Process(self.process.pid)
        self.url = self._ready()

    def _ready(self) -> str:
        assert self.process.stdout
        for line in self.process.stdout:
            if match := re.match(r"ready at (\S+)", line):
                return match[1]
        raise SystemExit(
            f"the server ended with {self.process.wait()}; see its log {self._log.name}"
        )

    def processes(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            return [self.tree, *self.tree.children(recursive=True)]
        return []

    def look(self, second: float, pending: float, kv_share: float, answered: int) -> Sample:
        rss, handles = dict[str, float](), 0
        found = self.processes()
        for process in found:
            with contextlib.suppress(psutil.Error):
                rss[f"{role(process)} {process.pid}"] = round(process.memory_info().rss / 2**20, 1)
                handles += process.num_fds()
        return Sample(
            round(second, 1),
            round(sum(rss.values()), 1),
            rss,
            handles,
            len(found),
            pending,
            kv_share,
            answered,
        )

    def end(self) -> tuple[int, int]:
        """Its exit code, and how many of its processes live on."""
        family = self.processes()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = -9
        self._log.close()
        _, alive = psutil.wait_procs(family, timeout=10)
        return code, len(alive)


def role(process: psutil.Process) -> str:
    """What a process of the server is for."""
    line = " ".join(process.cmdline())
    if compiles := re.search(r"grammar\.compile (\w+)", line):
        return f"masks, {compiles[1]}"
    named = re.search(r"VLLM::\w+", line)
    return named[0] if named else "server" if " serve " in line else "other"


# ── traffic ─────────────────────────────────────────────────────────────────────────────────────


def _chat(model: str, rng: random.Random, **more: object) -> dict[str, object]:
    messages = [{"role": "user", "content": f"{rng.choice(QUESTIONS)} ({rng.randrange(10_000)})"}]
    return {"model": model, "messages": messages, "schema": SCHEMA, "max_tokens": 24, **more}


BAD: tuple[tuple[str, object, tuple[int, ...]], ...] = (
    ("/v1/chat/completions", b"{", (400, 422)),
    (
        "/v1/chat/completions",
        {"model": "nobody", "messages": [{"role": "user", "content": "x"}]},
        (404,),
    ),
    ("/v1/chat/completions", {"model": "sql", "messages": []}, (400,)),
    (
        "/v1/chat/completions",
        {"model": "sql", "messages": [{"role": "user", "content": "x"}], "temperature": 9},
        (400,),
    ),
    (
        "/v1/chat/completions",
        {"model": "sql", "messages": [{"role": "user", "content": "x"}], "grammar": "root ::= ("},
        (400,),
    ),
    (
        "/v1/chat/completions",
        {"model": "sql", "messages": [{"role": "user", "content": "x"}], "regex": "("},
        (400,),
    ),
    (
        "/v1/chat/completions",
        {"model": "sql", "messages": [{"role": "user", "content": "x" * 200_000}]},
        (400, 413, 503),
    ),
    ("/v1/completions", {"model": "sql", "prompt": "x", "suffix": "y"}, (400,)),
    ("/v1/experts", {"name": "evil", "path": "../../etc"}, (403,)),
    ("/v1/experts", {"name": "evil", "path": "nothing.expert"}, (400,)),
)


async def client(http: httpx.AsyncClient, number: int, end: float, outcome: Outcome) -> None:
    """One of many, until the end."""
    rng = random.Random(number)
    while time.monotonic() < end:
        model = rng.choice(["sql", "sql", "auto", SPARE])
        kind = rng.choices(["whole", "stream", "cancelled", "bad", "legacy"], [45, 20, 12, 15, 8])[
            0
        ]
        fine = (200, 404) if model in (SPARE, "auto") else (200,)
        try:
            if kind == "whole":
                note(
                    outcome,
                    kind,
                    await http.post("/v1/chat/completions", json=_chat(model, rng)),
                    fine,
                )
            elif kind == "legacy":
                body = {"model": model, "prompt": [rng.choice(QUESTIONS)] * 2, "max_tokens": 8}
                note(outcome, kind, await http.post("/v1/completions", json=body), fine)
            elif kind == "bad":
                path, content, expected = rng.choice(BAD)
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                note(
                    outcome,
                    kind,
                    await http.post(
                        path, content=data, headers={"content-type": "application/json"}
                    ),
                    expected,
                )
            else:
                await _stream(
                    http,
                    _chat(model, rng, stream=True),
                    rng.randrange(1, 6) if kind == "cancelled" else 0,
                    outcome,
                    kind,
                    fine,
                )
        except httpx.HTTPError as error:
            outcome.unanswered.append(f"{kind}: {type(error).__name__} {error}"[:200])


async def _stream(
    http: httpx.AsyncClient,
    body: dict[str, object],
    leave: int,
    outcome: Outcome,
    kind: str,
    fine: Sequence[int],
) -> None:
    """Reads events to their end, or leaves after some."""
    async with http.stream("POST", "/v1/chat/completions", json=body) as response:
        if response.status_code != 200:
            await response.aread()
            note(outcome, kind, response, fine)
            return
        events, done, failed = 0, False, ""
        async for line in response.aiter_lines():
            events += line.startswith("data: ")
            done = done or line == "data: [DONE]"
            if '"error"' in line[:20]:
                failed = line[:200]
            if leave and events >= leave:
                outcome.answered[kind] += 1
                return
        if failed and '"code": "unloaded"' not in failed:
            outcome.wrong.append(f"{kind}: {failed}")
        elif not done and not failed:
            outcome.unanswered.append(f"{kind}: the stream broke off after {events} events")
        else:
            outcome.answered[kind] += 1


def note(outcome: Outcome, kind: str, response: httpx.Response, expected: Sequence[int]) -> None:
    if response.status_code in expected:
        outcome.answered[kind] += 1
    elif '"unloaded"' in response.text:
        outcome.answered["unloaded"] += 1
    else:
        outcome.wrong.append(f"{kind}: {response.status_code} {response.text[:200]}")


async def administrator(
    http: httpx.AsyncClient, packages: Sequence[str], end: float, outcome: Outcome
) -> None:
    """Loads, replaces, pins and unloads the spare name, round after round."""
    rng = random.Random(0)
    while time.monotonic() < end:
        for method, path, body, expected in (
            ("PUT", f"/v1/experts/{SPARE}", {"path": rng.choice(packages)}, (200, 201)),
            ("POST", f"/v1/experts/{SPARE}/pin", {"pinned": True}, (200,)),
            ("PUT", f"/v1/experts/{SPARE}", {"path": rng.choice(packages), "pin": False}, (200,)),
            ("GET", f"/v1/experts/{SPARE}", None, (200,)),
            (
                "DELETE",
                f"/v1/experts/{SPARE}?force={'true' if rng.random() < 0.5 else 'false'}",
                None,
                (200,),
            ),
        ):
            try:
                note(
                    outcome, "administration", await http.request(method, path, json=body), expected
                )
            except httpx.HTTPError as error:
                outcome.unanswered.append(f"administration: {type(error).__name__} {error}"[:200])
            await asyncio.sleep(min(2.0, max(0.0, end - time.monotonic())))


async def gauges(http: httpx.AsyncClient, *names: str) -> list[float | None]:
    """Some of the server's own figures, each summed over its labels; None where it has none."""
    text = (await http.get("/metrics")).text
    found = [re.findall(rf"^{name}(?:\{{.*\}})? (\S+)$", text, re.MULTILINE) for name in names]
    return [sum(map(float, values)) if values else None for values in found]


async def drive(
    server: Server, minutes: float, clients: int
) -> tuple[Outcome, list[Sample], dict[str, float | None]]:
    outcome, samples = Outcome(), list[Sample]()
    began = time.monotonic()
    end = began + minutes * 60
    limits = httpx.Limits(max_connections=clients + 4)
    async with httpx.AsyncClient(base_url=server.url, timeout=180, limits=limits) as http:

        async def watch() -> None:
            while time.monotonic() < end:
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

        work = [client(http, i, end, outcome) for i in range(clients)]
        await asyncio.gather(watch(), administrator(http, server.packages, end, outcome), *work)
        await asyncio.sleep(2)
        with contextlib.suppress(httpx.HTTPError):
            await http.delete(f"/v1/experts/{SPARE}")
        note(
            outcome,
            "last",
            await http.post("/v1/chat/completions", json=_chat("sql", random.Random(0))),
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


# ── the report ──────────────────────────────────────────────────────────────────────────────────


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


def main() -> None:
    """Serves, drives, reports."""
    from benchmarks.measure import save

    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--engine", choices=["real", "fake"], default="real")
    parser.add_argument(
        "--out", type=Path, default=RESULTS, help="by default the results that the docs show"
    )
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="soak-") as work:
        server = Server(given.engine, Path(work), given.out / "soak.log")
        try:
            outcome, samples, left = asyncio.run(drive(server, given.minutes, given.clients))
        finally:
            code, alive = server.end()
    rss, handles = growth(samples, "rss_mib"), growth(samples, "handles")
    allowed = max(GROWTH_MIB, GROWTH_SHARE * samples[-1].rss_mib)
    faults = {
        "unanswered requests": len(outcome.unanswered),
        "wrong answers": len(outcome.wrong),
        **{
            what: left[what]
            for what in AT_THE_END
            if given.engine == "real" or not AT_THE_END[what].startswith("vllm")
        },
        "experts that should have gone": left["experts"] and left["experts"] - 1,
        "KV cache never in use": int(
            given.engine == "real" and not any(s.kv_share for s in samples)
        ),
        "memory grows": int(rss > allowed),
        "file handles grow": int(handles > MORE_HANDLES),
        "processes left": alive,
        "exit code": code,
    }
    report = {
        "engine": given.engine,
        "minutes": given.minutes,
        "clients": given.clients,
        "answered": dict(outcome.answered),
        "requests_per_second": round(outcome.answered.total() / (given.minutes * 60), 2),
        "rss_slope_mib_per_hour": slope(samples),
        "rss_growth_mib": rss,
        "handles_growth": handles,
        "rss_growth_allowed_mib": round(allowed, 1),
        "faults": faults,
        "clean": all(value == 0 for value in faults.values()),
        "examples": {"unanswered": outcome.unanswered[:10], "wrong": outcome.wrong[:10]},
    }
    save("soak", given.out, **report, samples=[asdict(s) for s in samples])
    plot(samples, IMAGE if given.out == RESULTS else given.out / "soak.svg")
    print(json.dumps(report, indent=1))
    sys.exit(not report["clean"])


if __name__ == "__main__":
    main()
