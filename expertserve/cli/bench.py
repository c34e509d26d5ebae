"""`bench`: what a server, or a package in this process, gives under a simple load."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from expertserve.cli import engine_options, options, output
from expertserve.cli.commands import group
from expertserve.errors import ExpertError, InferenceError

if TYPE_CHECKING:
    import httpx

app = group()
PROMPT = "Write one sentence about the sea."


@dataclass(frozen=True, slots=True)
class Sample:
    """One request: seconds from its start, and the tokens of its answer.

    Args:
        drafted: Of the tokens, those that were drafted and took no step of their own.
    """

    first_token: float
    total: float
    tokens: int
    drafted: int = 0


Ask = Callable[[], Awaitable[Sample]]


Target = Annotated[
    str,
    typer.Argument(metavar="URL|PACKAGE", help="A server, or a package to run in this process."),
]
Requests = Annotated[int, typer.Option("--requests", "-n", min=1, help="How many in all.")]
Concurrency = Annotated[
    int, typer.Option("--concurrency", "-c", min=1, help="How many at the same time.")
]
Prompt = Annotated[str, typer.Option(help="What every request asks.")]
MaxTokens = Annotated[int, typer.Option(min=1, help="Bound on each answer.")]
Temperature = Annotated[float, typer.Option(help="Above 0 answers differ in length.")]
Model = Annotated[str | None, typer.Option(help="The server's model; by default its first.")]
ApiKey = Annotated[str | None, typer.Option(envvar="EXPERTSERVE_API_KEY", help="For the server.")]
Timeout = Annotated[float, typer.Option(min=1, help="Seconds to wait for an answer.")]


@app.command(
    epilog=(
        "Examples: `expertserve bench http://127.0.0.1:8000 -c 32 -n 256`, `expertserve bench"
        " sql.expert --max-tokens 64`"
    )
)
def bench(
    ctx: typer.Context,
    target: Target,
    requests: Requests = 64,
    concurrency: Concurrency = 8,
    prompt: Prompt = PROMPT,
    max_tokens: MaxTokens = 64,
    temperature: Temperature = 0.0,
    model: Model = None,
    api_key: ApiKey = None,
    timeout: Timeout = 300.0,
    base_model: options.BaseModel = None,
    device: options.Device = None,
    dtype: options.Precision = None,
    max_model_len: options.MaxModelLen = None,
    kv_cache_bytes: engine_options.KvCacheBytes = None,
    threads: engine_options.Threads = None,
    vllm_option: engine_options.VllmOption = None,
    vllm_config: engine_options.VllmConfig = None,
    trust: options.Trust = None,
    trusted_key: options.TrustedKey = None,
    cache_dir: options.CacheDir = None,
    models_dir: options.ModelsDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Measure tokens per second and latency, after one request that isn't measured."""

    async def run() -> dict[str, object]:
        if target.startswith(("http://", "https://")):
            server = Server(target, model, api_key, timeout, options.seams(ctx).transport)
            async with server.asker(prompt, max_tokens, temperature) as ask:
                return await measure(ask, requests, concurrency)
        async with _in_process(ctx, Path(target), prompt, max_tokens, temperature) as ask:
            return await measure(ask, requests, concurrency)

    with output.messages.status(f"measuring {target} …"):
        facts = {
            "target": target,
            "requests": requests,
            "concurrency": concurrency,
            "max_tokens": max_tokens,
        } | asyncio.run(run())
    (output.as_json if as_json else output.table)(facts)


async def measure(ask: Ask, requests: int, concurrency: int) -> dict[str, object]:
    """Runs a load; gives the figures, times in seconds.

    Raises:
        ExpertError: Every request failed; the first one's error.
    """
    await ask()
    samples: list[Sample] = []
    failures: list[ExpertError] = []
    left = iter(range(requests))

    async def work() -> None:
        for _ in left:
            try:
                samples.append(await ask())
            except ExpertError as error:
                failures.append(error)

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(concurrency)))
    seconds = time.perf_counter() - started
    if not samples:
        raise failures[0]
    tokens = sum(s.tokens for s in samples)
    firsts, totals = [s.first_token for s in samples], [s.total for s in samples]
    return {
        "failed": len(failures),
        "seconds": round(seconds, 4),
        "completion_tokens": tokens,
        "tokens_per_second": round(tokens / seconds, 2),
        "tokens_per_step": round(tokens / max(1, tokens - sum(s.drafted for s in samples)), 2),
        "requests_per_second": round(len(samples) / seconds, 3),
        "first_token_p50": round(percentile(firsts, 50), 4),
        "first_token_p99": round(percentile(firsts, 99), 4),
        "total_p50": round(percentile(totals, 50), 4),
        "total_p99": round(percentile(totals, 99), 4),
    }


def percentile(values: list[float], percent: int) -> float:
    """The nearest rank: a value that was measured.

    Example:
        >>> percentile([1.0, 2.0, 3.0, 4.0], 50), percentile([1.0, 2.0, 3.0, 4.0], 99)
        (2.0, 4.0)
    """
    return sorted(values)[max(0, math.ceil(percent / 100 * len(values)) - 1)]


@asynccontextmanager
async def _in_process(
    ctx: typer.Context,
    package: Path,
    prompt: str,
    max_tokens: int,
    temperature: float,
) -> AsyncIterator[Ask]:
    from expertserve.manager import AsyncExpertManager

    async with AsyncExpertManager(options=options.manager_options(ctx)) as manager:
        await manager.load_expert("expert", package)
        await manager.start()

        async def ask() -> Sample:
            started, first = time.perf_counter(), 0.0
            async with manager.generate_stream(
                "expert", prompt, max_tokens=max_tokens, temperature=temperature
            ) as stream:
                async for chunk in stream:
                    if not first and chunk.token_ids:
                        first = time.perf_counter() - started
                total, usage = time.perf_counter() - started, stream.result.usage
                drafted = sum(count.accepted for count in usage.drafts)
                return Sample(first, total, usage.completion_tokens, drafted)

        yield ask


@dataclass(frozen=True, slots=True)
class Server:
    """An OpenAI-compatible server (https://platform.openai.com/docs/api-reference/chat/streaming).

    Args:
        url: With or without `/v1`.
        model: None asks the server for its first.
    """

    url: str
    model: str | None
    api_key: str | None
    timeout: float
    transport: httpx.AsyncBaseTransport | None = None

    @asynccontextmanager
    async def asker(self, prompt: str, max_tokens: int, temperature: float) -> AsyncIterator[Ask]:
        """A client that asks one question again and again."""
        import httpx

        root = self.url.rstrip("/").removesuffix("/v1")
        headers = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(
            base_url=f"{root}/v1",
            headers=headers,
            timeout=self.timeout,
            limits=limits,
            transport=self.transport,
        ) as client:
            body = {
                "model": self.model or await _first_model(client),
                "messages": [{"role": "user", "content": prompt}],
                "max_tokens": max_tokens,
                "temperature": temperature,
                "stream": True,
                "stream_options": {"include_usage": True},
            }
            yield lambda: _stream(client, body)


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """What the HTTP client raises, and answers that are no OpenAI answers → InferenceError."""
    import httpx

    try:
        yield
    except httpx.HTTPError as error:
        raise InferenceError(
            f"the server can't be reached or doesn't answer: {error or type(error).__name__}",
            code="http",
        ) from error
    except httpx.InvalidURL as error:
        raise InferenceError(f"that is no URL: {error}", code="http") from error
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise InferenceError(
            f"the server's answer is not an OpenAI server's: {error}", code="http"
        ) from error


async def _first_model(client: httpx.AsyncClient) -> str:
    async with _translated():
        response = await client.get("/models")
        _check(response.status_code, response.text)
        return str(response.json()["data"][0]["id"])


async def _stream(client: httpx.AsyncClient, body: dict[str, object]) -> Sample:
    started, first, tokens, chunks, drafted = time.perf_counter(), 0.0, 0, 0, 0
    async with _translated(), client.stream("POST", "/chat/completions", json=body) as response:
        if response.status_code != 200:
            _check(response.status_code, (await response.aread()).decode("utf-8", "replace"))
        async for line in response.aiter_lines():
            if not line.startswith("data:") or line == "data: [DONE]":
                continue
            event = json.loads(line.removeprefix("data:"))
            if event.get("error"):
                raise InferenceError(
                    f"the server failed: {json.dumps(event['error'])[:300]}", code="http"
                )
            if any(choice.get("delta", {}).get("content") for choice in event.get("choices") or ()):
                chunks += 1
                first = first or time.perf_counter() - started
            tokens = (event.get("usage") or {}).get("completion_tokens") or tokens
            counts = (event.get("expertserve") or {}).get("drafts") or ()
            drafted = sum(count["accepted"] for count in counts) or drafted
    total = time.perf_counter() - started
    return Sample(first or total, total, tokens or chunks, drafted)


def _check(status: int, text: str) -> None:
    if status != 200:
        raise InferenceError(
            f"the server answered {status}: {text[:300]}", hint="--api-key, --model", code="http"
        )
