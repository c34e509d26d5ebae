"""Does a prompt find its expert? The demo experts' test questions, alone and with what the user
passes beside them, and prompts for none.

python -m benchmarks.routing [QUESTIONS]
"""

from __future__ import annotations

import importlib
import itertools
import json
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from benchmarks.measure import Answer, judge, save
from expertserve.core.router import Candidate, Router
from expertserve.package.manifest import Routing

sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))
SEED = 7
TASKS = ("sql", "cypher", "json_extract")
Question = tuple[str, str]
"""A prompt, and the schema beside it."""

WISHES = {  # how a user without a schema says what is wanted
    "sql": ("Write an SQL query: {}", "{} Answer in SQL.", "I have a Postgres database. {}"),
    "cypher": ("Write a Cypher query: {}", "{} Answer in Cypher.", "I have a Neo4j graph. {}"),
    "json_extract": (
        "Extract the facts as JSON: {}",
        "Turn this into a JSON object: {}",
        "{} Give me that as JSON.",
    ),
}
STRANGERS = """
Good morning!
Hello, who are you?
Write a poem about the sea.
Translate "good night" into French.
What is the capital of France?
What is the meaning of life?
Why is the sky blue?
Tell me a joke.
Explain quantum entanglement to a child.
Summarise the following article in three sentences.
How do I bake sourdough bread?
Which programming language should I learn first?
Write a Python function that reverses a string.
Fix the bug in this TypeScript code: const x: number = "a";
What should I wear to a wedding in July?
Who won the world cup in 1998?
Give me ideas for a birthday party.
How far is the moon from the earth?
Write an email to my landlord about the broken heating.
Can you recommend a good book about history?
How many planets are in the solar system?
List the ingredients of a carbonara.
Which is better, tea or coffee?
Show me how to tie a tie.
What is 17 times 23?
Correct the grammar: he go to school yesterday.
Where should we go on holiday?
What time is it in Tokyo?
Compose a short story about a lighthouse keeper.
Is it safe to eat raw eggs?
How can I improve my running?
What are the symptoms of a cold?
Describe the colour blue to a blind person.
Give me a regular expression for dates.
Who wrote Don Quixote?
Plan a three-day trip to Lisbon.
What is the difference between a fruit and a vegetable?
Turn this paragraph into bullet points.
Suggest names for my cat.
How old is the universe?
Please rewrite this sentence more politely.
When was the printing press invented?
Draft a cover letter for a nursing job.
How do magnets work?
What does "serendipity" mean?
My washing machine makes a strange noise.
Let's talk about football.
I feel sad today.
How many calories does an apple have?
Find a rhyme for orange.
""".strip().splitlines()


def main() -> None:
    """Prints the table and, last, the JSON."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    router = Router(entries())
    rows: dict[str, dict[str, float]] = {}
    for task in TASKS:
        asked = questions(task, count)
        rng = random.Random(SEED)
        rows[f"{task}: the prompt alone"] = outcome(
            router, task, ((prompt, "") for prompt, _ in asked)
        )
        rows[f"{task}: the prompt says what is wanted"] = outcome(
            router, task, ((rng.choice(WISHES[task]).format(prompt), "") for prompt, _ in asked)
        )
        rows[f"{task}: with its schema"] = outcome(router, task, asked)
    rows["prompts for none of them"] = outcome(router, "", ((prompt, "") for prompt in STRANGERS))
    print(f"\n{'':<46}{'first':>8}{'fits':>8}{'none':>8}{'wrong':>8}\n")
    for name, row in rows.items():
        print(
            f"{name:<46}" + "".join(f"{row[k]:>8.1%}" for k in ("first", "fits", "none", "wrong"))
        )
    times = {str(experts): round(milliseconds(experts), 3) for experts in (3, 20, 200)}
    print(f"\nmilliseconds a call, by experts: {times}")
    answers = judge(
        "routing", [Answer("routing a prompt among 200 experts, ms", times["200"], most=1)]
    )
    save(
        "routing",
        answers=answers,
        questions=count,
        strangers=len(STRANGERS),
        rows=rows,
        milliseconds=times,
    )


def entries() -> list[Candidate]:
    """The demo experts as their manifests describe them, under their tasks' names."""
    about = importlib.import_module("training.pack").EXPERTS
    return [
        Candidate(
            task,
            Routing.model_validate_json(json.dumps(about[task]["routing"])),
            tuple(about[task]["capabilities"]),
        )
        for task in TASKS
    ]


def questions(task: str, count: int) -> list[Question]:
    """Of the test split: domains that neither training nor the choice of keywords has seen."""
    lessons = importlib.import_module(f"training.{task}").lessons("test", SEED)
    return list(
        itertools.islice(
            (
                (pair.question, f"Schema:\n{lesson.schema}")
                for lesson in lessons
                for pair in lesson.pairs
            ),
            count,
        )
    )


def outcome(router: Router, task: str, asked: Iterable[Question]) -> dict[str, float]:
    """Shares: the expert came first, was among those that fit, no expert fitted, another came
    first.
    """
    counts: Counter[str] = Counter()
    for prompt, context in asked:
        names = [route.name for route in router.route(prompt, context)]
        counts["all"] += 1
        counts["fits"] += task in names
        counts["first" if names[:1] == [task] else "wrong" if names else "none"] += 1
    return {
        key: round(counts[key] / counts["all"], 4) for key in ("first", "fits", "none", "wrong")
    }


def milliseconds(experts: int) -> float:
    """The median time of a call with the demo experts' routing over and over, each with a hint of
    its own, for a question with schema.
    """
    base = entries()
    copies = [
        Candidate(
            f"{one.name}-{i}",
            one.routing.model_copy(
                update={"router_hint": f"{one.routing.router_hint} OR task=t{i}"}
            ),
            one.capabilities,
        )
        for i, one in zip(range(experts), itertools.cycle(base))
    ]
    router, asked = Router(copies), questions("sql", 100)
    times = []
    for prompt, context in asked * 3:
        began = time.perf_counter()
        router.route(prompt, context)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


if __name__ == "__main__":
    main()
