"""What others wait while one key sends costly grammars.

    python -m benchmarks.neighbours [ROUNDS]

Where a hypervisor bounds a machine, compilers that take its idle time make it stop all of it for a
tenth of a second now and then; how much it took is told beside the answers.

One server. Two clients of one key ask short questions, streamed, one after the other; in every
other phase a second key sends grammars that are costly to compile, no two alike, sixteen at once.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import statistics
import sys
import tempfile
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

import aiohttp
import psutil

from benchmarks.manager import packages
from benchmarks.measure import ROUNDS, Answer, alternate, judge, p99, save
from benchmarks.server import OURS, ask, start

EACH, CLIENTS, COSTLY = 60, 2, 16
URL = f"http://127.0.0.1:{OURS}/v1/chat/completions"
QUIET = {"Authorization": "Bearer quiet"}
numbers = itertools.count()


def costly(number: int) -> str:
    """Groups in groups, which a compiler goes through again and again."""
    text = f'"z{number}"'
    for depth in range(40 + number % 60):
        text = f'("b" | "a{depth}" {text} "c")*'
    return f"root ::= {text}"


async def first_token(http: aiohttp.ClientSession) -> float:
    """Seconds to the first text of a short answer."""
    _, first = await ask(http, OURS, "e0", f"Question {next(numbers)}?", 8, QUIET)
    return first


async def disturb(http: aiohttp.ClientSession, sent: list[int]) -> None:
    """One grammar after the other, until it is cancelled."""
    while True:
        body = {
            "model": "e0",
            "messages": [{"role": "user", "content": "x"}],
            "max_tokens": 4,
            "guided_grammar": costly(next(numbers)),
        }
        async with http.post(URL, json=body, headers={"Authorization": "Bearer loud"}) as answer:
            sent.append(answer.status)
            await answer.read()


def phase(loud: bool, firsts: list[float], sent: list[int]) -> float:
    """The median of a phase's first tokens, all of which are noted."""

    async def run() -> list[float]:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            others = [asyncio.create_task(disturb(http, sent)) for _ in range(COSTLY * loud)]
            await asyncio.sleep(3 * loud)

            async def one() -> list[float]:
                return [await first_token(http) for _ in range(EACH // CLIENTS)]

            found = await asyncio.gather(*(one() for _ in range(CLIENTS)))
            for other in others:
                other.cancel()
                with suppress(asyncio.CancelledError):
                    await other
            return [seconds for own in found for seconds in own]

    own = asyncio.run(run())
    firsts.extend(own)
    return statistics.median(own)


def stolen() -> float:
    """Seconds that a hypervisor gave the machine's cores to others."""
    return float(getattr(psutil.cpu_times(), "steal", 0.0))


def main(rounds: int = ROUNDS) -> None:
    """Prints the answers, and writes them to the results."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (package,) = packages(folder, 1)
        hashes = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("quiet", "loud")}
        keys = "".join(f'[[keys]]\nname = "{n}"\nsha256 = "{h}"\n' for n, h in hashes.items())
        (folder / "keys.toml").write_text(keys)
        command = [str(Path(sys.executable).parent / "expertserve"), "serve", f"e0={package}"]
        command += ["--port", str(OURS), "--cache-dir", str(folder / "cache")]
        command += ["--keys", str(folder / "keys.toml")]
        start(stack, command, OURS, {}, QUIET)
        firsts: dict[str, list[float]] = {"undisturbed": [], "disturbed": []}
        sent: list[int] = []
        steal = dict.fromkeys(firsts, 0.0)

        def run(side: str) -> float:
            before = stolen()
            middle = phase(side == "disturbed", firsts[side], sent)
            steal[side] += stolen() - before
            return middle

        alternate({side: partial(run, side) for side in firsts}, rounds)
    ratio = p99(firsts["disturbed"]) / p99(firsts["undisturbed"])
    answers = [
        Answer("others' first token, 99th percentile, disturbed ÷ undisturbed", ratio, most=1.2),
        Answer(
            "… median",
            statistics.median(firsts["disturbed"]) / statistics.median(firsts["undisturbed"]),
        ),
    ]
    notes: dict[str, object] = {
        "answered or refused": len(sent),
        "of them refused": sum(s != 200 for s in sent),
    }
    notes |= {f"seconds stolen, {side}": round(seconds, 1) for side, seconds in steal.items()}
    save("neighbours", rounds=rounds, notes=notes, answers=judge("neighbours", answers))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
