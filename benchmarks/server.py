"""Our server over `vllm serve` with the same adapters as plain LoRA modules, and over our own
manager in a process: throughput, first token, and seconds to ready.

    python -m benchmarks.server [ROUNDS]

All are up at once, idle while another is asked: 32 clients in this process, streaming over the
OpenAI API; for the manager, 32 threads.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import aiohttp
import httpx

from benchmarks.manager import packages
from benchmarks.measure import BASE, Ratio, alternate, dtype, report
from expertserve import ExpertManager
from expertserve.engine.machine import cpus

OURS, THEIRS = 8461, 8462
CLIENTS, EACH, TOKENS = 32, 2, 48
NAMES = [f"e{n}" for n in range(4)]


def start(
    stack: ExitStack,
    command: list[str],
    port: int,
    environment: dict[str, str],
    headers: dict[str, str] | None = None,
) -> float:
    """Starts a server and waits until it answers a model's request; gives the seconds."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def end() -> None:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()

    stack.callback(end)
    while time.perf_counter() - began < 300:
        if process.poll() is not None:
            raise SystemExit(f"{command[0]} ended with {process.returncode}")
        try:
            body = {
                "model": NAMES[0],
                "messages": [{"role": "user", "content": "x"}],
                "max_tokens": 1,
            }
            if (
                httpx.post(
                    f"http://127.0.0.1:{port}/v1/chat/completions",
                    json=body,
                    headers=headers,
                    timeout=60,
                ).status_code
                == 200
            ):
                return time.perf_counter() - began
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise SystemExit("the server did not come up")


async def ask(
    client: aiohttp.ClientSession,
    port: int,
    name: str,
    prompt: str,
    tokens: int,
    headers: dict[str, str] | None = None,
) -> tuple[int, float]:
    """One streamed answer: its tokens, and the seconds to the first. Events between the first and
    the usage are read, not parsed.
    """
    body = {
        "model": name,
        "messages": [{"role": "user", "content": prompt}],
        "max_tokens": tokens,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    began, first, written = time.perf_counter(), 0.0, 0
    async with client.post(url, json=body, headers=headers) as answer:
        answer.raise_for_status()
        async for line in answer.content:
            if (first and b'"usage"' not in line) or not line.startswith(b"data: {"):
                continue
            event = json.loads(line[6:])
            if event.get("usage"):
                written = event["usage"]["completion_tokens"]
            if not first and event["choices"] and event["choices"][0]["delta"].get("content"):
                first = time.perf_counter() - began
    return written, first


def load(
    port: int, jobs: Sequence[tuple[str, str]], firsts: list[float], clients: int = CLIENTS
) -> float:
    """Tokens per second of so many clients that share jobs: an expert and a prompt each."""

    async def run() -> float:
        left = iter(jobs)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=clients)) as client:

            async def one() -> int:
                count = 0
                for name, prompt in left:
                    tokens, first = await ask(client, port, name, prompt, TOKENS)
                    count += tokens
                    firsts.append(first)
                return count

            began = time.perf_counter()
            return sum(await asyncio.gather(*(one() for _ in range(clients)))) / (
                time.perf_counter() - began
            )

    return asyncio.run(run())


def jobs() -> list[tuple[str, str]]:
    """What one side is asked in a round."""
    return [
        (NAMES[n % len(NAMES)], f"Question {n}: tell me something about customers.")
        for n in range(CLIENTS * EACH)
    ]


def theirs(folder: Path, names: Sequence[str], slots: int, port: int = THEIRS) -> list[str]:
    """`vllm serve` with adapters as plain LoRA modules.

    That command itself looks for a distribution called vllm, which builds for CPUs aren't; this is
    what it runs.
    """
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(BASE)]
    command += ["--port", str(port), "--dtype", dtype(), "--max-model-len", "2048"]
    command += ["--enable-lora", "--max-loras", str(slots), "--max-lora-rank", "8"]
    command += ["--max-num-seqs", "64", "--kv-cache-memory-bytes", str(2 << 30)]
    modules = [f"{name}={folder / f'a{n}'}" for n, name in enumerate(names)]
    return [*command, "--lora-modules", *modules]


BIND = {"VLLM_CPU_OMP_THREADS_BIND": ",".join(map(str, cpus())), "VLLM_NO_USAGE_STATS": "1"}


def in_process(manager: ExpertManager) -> float:
    """The same work without a server."""

    def one(job: tuple[str, str]) -> int:
        return manager.generate(*job, max_tokens=TOKENS, temperature=0.0).usage.completion_tokens

    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        return sum(pool.map(one, jobs())) / (time.perf_counter() - began)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        made = packages(folder, len(NAMES))
        bin_ = Path(sys.executable).parent
        named = [f"{name}={path}" for name, path in zip(NAMES, made, strict=True)]
        ours = [
            str(bin_ / "expertserve"),
            "serve",
            *named,
            "--port",
            str(OURS),
            "--max-slots",
            "4",
            "--cache-dir",
            str(folder / "cache"),
        ]
        other = theirs(folder, NAMES, len(NAMES))
        ready = {
            "ours": start(stack, ours, OURS, {}),
            "vllm serve": start(stack, other, THEIRS, BIND),
        }
        manager = stack.enter_context(ExpertManager(max_slots=4, cache_dir=folder / "cache"))
        for name, package in zip(NAMES, made, strict=True):
            manager.load_expert(name, package)
        manager.start()
        firsts: dict[str, list[float]] = {"ours": [], "vllm serve": []}
        figures = alternate(
            {
                "ours": lambda: load(OURS, jobs(), firsts["ours"]),
                "vllm serve": lambda: load(THEIRS, jobs(), firsts["vllm serve"]),
                "manager": lambda: in_process(manager),
            },
            rounds,
        )
        report(
            "server",
            f"{CLIENTS} clients, 4 LoRA experts, {TOKENS} tokens each, streamed: tokens per second",
            figures,
            [
                Ratio("throughput ÷ vllm serve", "ours", "vllm serve", least=2.5),
                Ratio("throughput ÷ our manager in a process", "ours", "manager", least=0.95),
            ],
            {
                "vllm serve": " ".join(
                    w.replace(str(folder), "…").replace(str(BASE), BASE.name) for w in other[1:]
                ),
                "ours": " ".join(w.replace(str(folder), "…") for w in ["expertserve", *ours[1:]]),
                "manager": "max_slots=4",
                "ready_s": {k: round(v, 1) for k, v in ready.items()},
                "first_token_median_s": {
                    k: round(statistics.median(v), 2) for k, v in firsts.items()
                },
            },
        )


if __name__ == "__main__":
    main()
