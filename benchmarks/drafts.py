"""Whether drafts pay: the demo experts with and without, alone and in company, and free text.

    python -m benchmarks.drafts [ROUNDS]

Two engines hold the same base, one drafts. Questions are the test splits' (unseen schemas), asked
greedily in the experts' own grammars; a figure counts the tokens that were written. An answer that
differs is one that bfloat16 decided otherwise at another width of a step; it is counted. Earlier
answers are not drafted from, since every round asks the same. What drafts themselves take is
measured after that, beside no engine.
"""

from __future__ import annotations

import itertools
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module

from benchmarks.drafter import EXPERTS, SEED, Answers, step_seconds
from benchmarks.measure import BASE, ROUNDS, Answer, Ratio, alternate, dtype, report, timed
from expertserve import EngineConfig, ExpertManager, GenerateArgs, Message
from expertserve.server.tools import Tool, describe, schema_of
from training.evaluate import context

CONFIG = EngineConfig(
    dtype=dtype(), max_lora_rank=32, max_model_len=1024, max_requests=64, kv_cache_bytes=768 << 20
)
TASKS = {"sql": "sql", "json": "json_extract", "cypher": "cypher"}
QUESTIONS, SINGLES = 64, 4
WIDTHS = (1, 4, 16, 32, 64)
CROWD = 32
SIDES = ("with", "without")
Job = tuple[str, str | None, GenerateArgs]
TOOLS = [
    Tool(
        "get_weather",
        "The weather forecast of a place.",
        {
            "type": "object",
            "properties": {
                "location": {"type": "string", "maxLength": 40},
                "day": {"enum": ["today", "tomorrow", "weekend", "next_week"]},
                "temperature_unit": {"enum": ["celsius", "fahrenheit"]},
            },
            "required": ["location", "day", "temperature_unit"],
            "additionalProperties": False,
        },
    ),
    Tool(
        "reserve_table",
        "Reserves a table in a restaurant.",
        {
            "type": "object",
            "properties": {
                "restaurant_name": {"type": "string", "maxLength": 40},
                "number_of_guests": {"type": "integer", "minimum": 1, "maximum": 20},
                "time_of_day": {"enum": ["noon", "afternoon", "evening"]},
            },
            "required": ["restaurant_name", "number_of_guests", "time_of_day"],
            "additionalProperties": False,
        },
    ),
    Tool(
        "convert_currency",
        "Converts an amount of money.",
        {
            "type": "object",
            "properties": {
                "amount": {"type": "number"},
                "from_currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
                "to_currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
            },
            "required": ["amount", "from_currency", "to_currency"],
            "additionalProperties": False,
        },
    ),
]


def jobs(name: str) -> list[Job]:
    """Questions on schemas that neither training nor habits had."""
    task = import_module(f"training.{TASKS[name]}")
    lessons = task.lessons("test", SEED)
    asked = ((lesson, pair) for lesson in lessons for pair in lesson.pairs)
    return [
        (name, pair.question, {**context(lesson), "temperature": 0.0})
        for lesson, pair in itertools.islice(asked, QUESTIONS)
    ]


class Asked:
    """Both managers, and what they answered."""

    def __init__(self) -> None:
        self.managers = {
            side: ExpertManager(
                BASE, config=replace(CONFIG, drafts=side == "with", draft_history=False)
            )
            for side in SIDES
        }
        self.same = self.all = 0
        self._said: dict[str, str] = {}
        for manager in self.managers.values():
            for name in TASKS:
                package = next(EXPERTS.glob(f"expert-{name}-*.expert"))
                manager.load_expert(name, package)

    def ask(self, side: str, work: Sequence[Job], width: int) -> int:
        """Asks so many at once, and returns how many tokens were written."""
        written = 0
        for first in range(0, len(work), width):
            results = self.managers[side].generate_many(work[first : first + width])
            for job, result in zip(work[first : first + width], results, strict=True):
                written += result.usage.completion_tokens
                self._compare(repr(job), result.text)
        return written

    def _compare(self, question: str, text: str) -> None:
        before = self._said.setdefault(question, text)
        self.all += 1
        self.same += text == before

    def close(self) -> None:
        for manager in self.managers.values():
            manager.close()


def sides(asked: Asked) -> tuple[dict[str, Callable[[], float]], list[Ratio]]:
    """The work of each row, and the rows."""
    found: dict[str, Callable[[], float]] = {}
    ratios = []

    def row(name: str, work: list[Job], width: int, least: float) -> None:
        for side in SIDES:
            found[f"{name}, {side}"] = partial(timed, partial(asked.ask, side, work, width))
        ratios.append(Ratio(name, f"{name}, with", f"{name}, without", least=least))

    sql = jobs("sql")
    for width, least in zip(WIDTHS, (1.8, 1.6, 1.4, 1.25, 1.1), strict=True):
        count = min(len(sql), max(SINGLES, width))
        row(f"SQL, {width} at once", sql[:count], width, least)
    row("JSON extraction, one request", jobs("json")[:SINGLES], 1, 2.0)
    row("Cypher, one request", jobs("cypher")[:SINGLES], 1, 1.7)
    row("a tool call, one request", calls(), 1, 2.0)
    again = asked.managers["without"].generate_many(sql[8 : 8 + SINGLES])
    given: list[Job] = [
        (name, prompt, {**args, "prediction": changed(result.text)})
        for (name, prompt, args), result in zip(sql[8 : 8 + SINGLES], again, strict=True)
    ]
    row("an answer given again, a word changed, as prediction", given, 1, 3.0)
    free: GenerateArgs = {"max_tokens": 48, "temperature": 0.0, "grammar": None, "ignore_eos": True}
    tales: list[Job] = [
        (BASE.name, f"Tell me a story about {what}.", free)
        for what in ("a lighthouse", "two foxes")
    ]
    row("free text, no grammar, no habits, one request", tales, 1, 0.99)
    return found, ratios


def calls() -> list[Job]:
    """Questions to the base model that must be answered by calling one of three functions."""
    asked = (
        "What will the weather be in Oslo tomorrow?",
        "Book a table for four at Dario's on Friday at seven.",
        "Convert 40 pounds sterling to Swiss francs.",
        "Is it going to rain in Lima on Sunday?",
    )
    system: Message = {"role": "system", "content": describe(TOOLS, must=True)}
    args: GenerateArgs = {"json_schema": schema_of(TOOLS), "max_tokens": 96, "temperature": 0.0}
    return [
        (BASE.name, None, {**args, "messages": [system, {"role": "user", "content": question}]})
        for question in asked
    ]


def changed(text: str) -> str:
    """A text with its middle word replaced."""
    words = text.split(" ")
    words[len(words) // 2] = "other"
    return " ".join(words)


def own_time(speeds: Sequence[float], rounds: int) -> tuple[Answer, float]:
    """What drafts take of a step of a crowd, as a share and in milliseconds.

    Args:
        speeds: Of such a crowd without drafts, in tokens a second.
    """
    answers = Answers(CROWD)
    drafts = statistics.median(step_seconds(answers) for _ in range(rounds))
    share = drafts * statistics.median(speeds) / CROWD
    return Answer(f"drafts' own time ÷ a step's, {CROWD} at once", share, most=0.02), drafts * 1e3


def main(rounds: int = ROUNDS) -> None:
    asked = Asked()
    try:
        work, ratios = sides(asked)
        figures = alternate(work, rounds)
    finally:
        asked.close()
    share, milliseconds = own_time(figures[f"SQL, {CROWD} at once, without"], rounds)
    notes = {
        "dtype": dtype(),
        "answers that were the same": f"{asked.same} of {asked.all}",
        "questions one by one": SINGLES,
        f"ms of drafts in a step of {CROWD}": round(milliseconds, 1),
    }
    title = "Tokens a second, with drafts over without"
    report("drafts", title, figures, ratios, notes=notes, beside=[share])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
