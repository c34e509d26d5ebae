"""What a soak run asks of its server: clients that are well behaved and not, an administrator."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import httpx

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
PAUSE = 0.2
"""Seconds between two things that the administrator does."""


@dataclass(slots=True)
class Outcome:
    """What clients saw."""

    answered: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)


def chat(model: str, rng: random.Random, **more: object) -> dict[str, object]:
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


async def client(
    http: httpx.AsyncClient, number: int, over: Callable[[], bool], outcome: Outcome
) -> None:
    """One of many, until it is over."""
    rng = random.Random(number)
    while not over():
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
                    await http.post("/v1/chat/completions", json=chat(model, rng)),
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
                    chat(model, rng, stream=True),
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
        events, done, error = 0, False, dict[str, object]()
        async for line in response.aiter_lines():
            events += line.startswith("data: ")
            done = done or line == "data: [DONE]"
            if line.startswith("data: {"):
                error = json.loads(line[6:]).get("error", error)
            if leave and events >= leave:
                outcome.answered[kind] += 1
                return
        if error and error.get("code") != "unloaded":
            outcome.wrong.append(f"{kind}: {error}"[:200])
        elif not done and not error:
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
    http: httpx.AsyncClient, packages: Sequence[str], over: Callable[[], bool], outcome: Outcome
) -> None:
    """Loads, replaces, pins and unloads the spare name, with one package after the other."""
    rng, turns = random.Random(0), itertools.cycle(packages)
    while not over():
        for method, path, body, expected in (
            ("PUT", f"/v1/experts/{SPARE}", {"path": next(turns)}, (200, 201)),
            ("POST", f"/v1/experts/{SPARE}/pin", {"pinned": True}, (200,)),
            ("PUT", f"/v1/experts/{SPARE}", {"path": next(turns), "pin": False}, (200,)),
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
            await asyncio.sleep(PAUSE)
