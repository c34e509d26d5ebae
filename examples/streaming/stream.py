"""Text as it comes, and cancelling: from plain code by leaving the `with`, from asyncio by leaving
the `async for`.

python examples/streaming/stream.py
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from expertserve import AsyncExpertManager, Expert, InferenceResult

PACKAGE = next((Path(__file__).parents[1] / "experts").glob("expert-sql-*.expert"))
SCHEMA = (
    "CREATE TABLE lighthouses (id INTEGER PRIMARY KEY, name TEXT, country TEXT, height INTEGER);"
)
QUESTION = "What are the names of the lighthouses in Norway that are taller than 40?"


def whole(expert: Expert) -> InferenceResult:
    """Prints the answer piece by piece."""
    with expert.generate_stream(QUESTION, schema=SCHEMA) as stream:
        for chunk in stream:
            print(chunk.text, end="", flush=True)
    print()
    return stream.result


def cancelled(expert: Expert, chunks: int = 4) -> InferenceResult:
    """Stops reading early: the engine stops working on it, and the part that came is kept."""
    with expert.generate_stream(QUESTION, schema=SCHEMA) as stream:
        for number, chunk in enumerate(stream, 1):
            print(chunk.text, end="", flush=True)
            if number == chunks:
                break
    print(" … cancelled")
    return stream.result


async def first_of_two(manager: AsyncExpertManager, name: str) -> InferenceResult:
    """Two answers race; the slower one is aborted."""
    questions = (QUESTION, "How many lighthouses are there?")
    tasks = [asyncio.create_task(manager.generate(name, q, schema=SCHEMA)) for q in questions]
    done, late = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return done.pop().result()


async def race() -> None:
    async with AsyncExpertManager() as manager:
        await manager.load_expert("sql", PACKAGE)
        print("first:", (await first_of_two(manager, "sql")).text)


def main() -> None:
    with Expert.load(PACKAGE) as expert:
        print(whole(expert).finish_reason)
        print(cancelled(expert).finish_reason)
    asyncio.run(race())


if __name__ == "__main__":
    main()
