"""`batch`: questions → answers in bounded memory; an interrupted run is resumed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, cast

import typer

from expertserve.cli import engine_options, options, output
from expertserve.cli.commands import group
from expertserve.core.jobs import bar, workers
from expertserve.errors import ConfigError, EngineDeadError, ExpertError
from expertserve.files import move_file, part_path
from expertserve.package.source import NamedPackage

if TYPE_CHECKING:
    from expertserve.manager import AsyncExpertManager
    from expertserve.request import GenerateArgs

app = group()
MAX_LINE = 16 << 20
AUTO = "auto"


QuestionsOption = Annotated[
    Path, typer.Argument(metavar="IN.jsonl", help="A JSON object on each line.")
]
AnswersOption = Annotated[
    Path,
    typer.Argument(metavar="OUT.jsonl", help="Lines that it answers already are not asked again."),
]
Package = Annotated[
    list[str],
    typer.Option(
        "--package",
        "-p",
        help=(
            "A .expert file or folder, with a name of yours if you like: NAME=PATH; may be"
            " repeated."
        ),
    ),
]
Expert = Annotated[
    str | None,
    typer.Option(
        help="Who answers lines without `expert`; by default the only one, or whoever fits."
    ),
]
Concurrency = Annotated[
    int, typer.Option(min=1, max=4096, help="Questions under way at the same time.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Begin OUT.jsonl anew.")]


@app.command(
    epilog=(
        "Examples: `expertserve batch in.jsonl out.jsonl -p sql.expert`, "
        "`expertserve batch in.jsonl out.jsonl -p sql.expert -p js=json.expert --max-tokens 200`. "
        'A line: `{"prompt": "How many?", "expert": "js", "id": "q1", "temperature": 0}`'
    )
)
def batch(
    ctx: typer.Context,
    questions: QuestionsOption,
    answers: AnswersOption,
    package: Package,
    expert: Expert = None,
    schema: options.Schema = None,
    system: options.System = None,
    soft_prompt: options.SoftPrompt = None,
    reasoning: options.Reasoning = None,
    ground: options.Ground = None,
    temperature: options.Temperature = None,
    top_p: options.TopP = None,
    top_k: options.TopK = None,
    max_tokens: options.MaxTokens = None,
    seed: options.Seed = None,
    no_grammar: options.NoGrammar = False,
    concurrency: Concurrency = 128,
    overwrite: Overwrite = False,
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
    cache_size: options.CacheSize = None,
    models_dir: options.ModelsDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Answer a file of questions: `prompt` or `messages`, and any option of `generate`, per line.

    Answers come as they are ready, with the line's number and `id`; a question that fails has
    `error` instead, and the exit status is 1 then. Run the same command again after Ctrl-C, a crash
    or failures: it asks what is not answered yet.
    """
    common = options.call_args(ctx)
    _check_files(questions, answers)
    total, hopeless = survey(questions)
    output.warn(hopeless)
    known = array("Q") if overwrite else answered(answers, questions)
    experts = options.named(package, cache_dir)
    default = expert or (experts[0].name if len(experts) == 1 else AUTO)
    tally = Tally(skipped=sum(map(bool, known)))
    started = time.monotonic()
    from expertserve.manager import AsyncExpertManager

    asker = Asker(default, common, known)
    with _append(answers, overwrite) as sink:
        manager = AsyncExpertManager(options=options.manager_options(ctx))
        work = _run(manager, experts, asker, questions, sink, concurrency, total, tally)
        asyncio.run(work)
    facts = tally.facts() | {"seconds": round(time.monotonic() - started, 3)}
    if as_json:
        output.as_json(facts)
    else:
        output.messages.print(
            "  ".join(f"{name} {value}" for name, value in facts.items()), markup=False
        )
    if tally.failed:
        raise typer.Exit(1)


# ── lines ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file.

    Args:
        number: 1-based; blank lines count, but are not given.
        content: Its bytes without the newline; None where it is longer than `MAX_LINE`.
        whole: Whether it ended in a newline: a line that was being written when its writer died
            doesn't.
    """

    number: int
    content: bytes | None
    whole: bool

    @property
    def mark(self) -> int:
        """Tells whether a line is still the one that was answered; never 0."""
        return int.from_bytes(hashlib.sha256(self.content or b"").digest()[:8]) or 1


def _check_files(questions: Path, answers: Path) -> None:
    """Two files, of which the first can be read twice.

    Raises:
        ConfigError: `same_file`, `bad_file`.
    """
    if answers.exists() and questions.exists() and answers.samefile(questions):
        raise ConfigError(
            "questions and answers are the same file",
            hint="name another one for the answers",
            code="same_file",
        )
    if questions.exists() and not questions.is_file():
        raise ConfigError(
            f"{questions} is not a file that can be read again",
            hint="save the questions in a file first",
            code="bad_file",
        )


def read_lines(path: Path, limit: int = MAX_LINE) -> Iterator[Line]:
    """The lines that aren't blank, one in memory at a time, and none of more than `limit` bytes.

    Raises:
        ConfigError: `bad_file`.
    """
    try:
        with path.open("rb") as file:
            number = 0
            while content := file.readline(limit):
                number += 1
                fits = content.endswith(b"\n") or len(content) < limit
                while not content.endswith(b"\n") and (rest := file.readline(limit)):
                    content = rest
                if not fits or content.strip():
                    yield Line(number, content.strip() if fits else None, content.endswith(b"\n"))
    except OSError as error:
        raise ConfigError(
            f"{path} can't be read: {error.strerror or error}", code="bad_file"
        ) from error


def survey(questions: Path) -> tuple[int, list[str]]:
    """Counts the lines, and reports those that are malformed: how many, and the first.

    Raises:
        ConfigError: `bad_file`.
    """
    total, hopeless, first = 0, 0, ""
    for line in read_lines(questions):
        total += 1
        try:
            check(parse(line))
        except ConfigError as error:
            hopeless += 1
            first = first or f"line {line.number}: {error.message}" + f" ({error.hint})" * bool(
                error.hint
            )
    return total, [f"{hopeless} of {total} lines can't be asked; {first}"] if hopeless else []


def answered(answers: Path, questions: Path) -> array[int]:
    """What an earlier run answered, by line number. Removes failures and a torn last line.

    Raises:
        ConfigError: `not_answers`: the file is something else. `other_questions`: it answers other
            questions than these.
    """
    known: array[int] = array("Q")
    if not answers.exists():
        return known
    part = part_path(answers.parent)
    dropped = False
    try:
        with part.open("wb") as kept:
            for line in read_lines(answers):
                number, mark, failed = _record(answers, line)
                if not number or failed:
                    dropped = True
                    continue
                known.extend([0] * (number + 1 - len(known)))
                known[number] = mark
                # Without its line break, the next answer would stand on the same line.
                dropped = dropped or not line.whole
                kept.write((line.content or b"") + b"\n")
        for question in read_lines(questions):
            if question.number < len(known) and known[question.number] not in (0, question.mark):
                raise ConfigError(
                    f"{answers} answers another question than line {question.number} of"
                    f" {questions}",
                    hint="write to another file, or pass --overwrite",
                    code="other_questions",
                )
        if dropped:
            move_file(part, answers)
    finally:
        part.unlink(missing_ok=True)
    return known


def _record(answers: Path, line: Line) -> tuple[int, int, bool]:
    """A line of an earlier run: number and digest of its question, and whether it failed."""
    try:
        value = json.loads(line.content or b"")
        return int(value["line"]), int(value["question"], 16), "error" in value
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        if not line.whole:
            return 0, 0, True
        raise ConfigError(
            f"{answers} holds something else than answers of `batch` (line {line.number})",
            hint="write to another file, or pass --overwrite",
            code="not_answers",
        ) from error


def _append(path: Path, overwrite: bool) -> IO[str]:
    try:
        return path.open("w" if overwrite else "a", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise ConfigError(
            f"{path} can't be written: {error.strerror or error}", code="bad_file"
        ) from error


# ── asking ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Tally:
    """What a run has done."""

    answered: int = 0
    failed: int = 0
    skipped: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def facts(self) -> dict[str, float]:
        names = ("answered", "failed", "skipped", "prompt_tokens", "completion_tokens")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Asker:
    """Turns lines into requests.

    Args:
        default: Who answers a line that names nobody.
        common: Options of every line; the line's own go before them.
        known: The marks of what is answered already, by line number.
    """

    default: str
    common: dict[str, object]
    known: array[int]

    def open(self, line: Line) -> bool:
        return line.number >= len(self.known) or not self.known[line.number]

    async def ask(self, manager: AsyncExpertManager, line: Line, tally: Tally) -> dict[str, object]:
        """One answer, or why there is none.

        Raises:
            EngineDeadError: No later line would fare better.
        """
        record: dict[str, object] = {"line": line.number, "question": f"{line.mark:016x}"}
        try:
            job = parse(line)
            record |= {"id": job["id"]} if "id" in job else {}
            check(job)
            name, prompt = cast("str", job.pop("expert", self.default)), job.pop("prompt", None)
            job.pop("id", None)
            result = await manager.generate(
                name, cast("str | None", prompt), **cast("GenerateArgs", self.common | job)
            )
        except EngineDeadError:
            raise
        except ExpertError as error:
            tally.failed += 1
            return record | {"error": output.error_facts(error)}
        tally.answered += 1
        tally.prompt_tokens += result.usage.prompt_tokens
        tally.completion_tokens += result.usage.completion_tokens
        return record | result.to_dict()


def parse(line: Line) -> dict[str, object]:
    """A line's JSON object.

    Raises:
        ConfigError: `bad_line`.
    """
    if line.content is None:
        raise ConfigError(f"the line is longer than {MAX_LINE:,} bytes", code="bad_line")
    try:
        job = json.loads(line.content)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"the line is not JSON: {error}", code="bad_line") from error
    if not isinstance(job, dict):
        raise ConfigError(
            "the line is not a JSON object",
            hint='such as {"prompt": "How many lighthouses?"}',
            code="bad_line",
        )
    return job


def check(job: Mapping[str, object]) -> None:
    """A line's names.

    Raises:
        ConfigError: `bad_line`, `bad_argument`.
    """
    from expertserve.request import check_names

    if not isinstance(job.get("expert", ""), str):
        raise ConfigError("expert must be a name", code="bad_line")
    check_names(name for name in job if name not in ("expert", "id", "prompt"))


async def _run(
    manager: AsyncExpertManager,
    experts: list[NamedPackage],
    asker: Asker,
    questions: Path,
    sink: IO[str],
    concurrency: int,
    total: int,
    tally: Tally,
) -> None:
    async with manager:
        with output.messages.status("loading …") as status:
            for name, path in experts:
                status.update(f"reading {path} …")
                output.warn((await manager.load_expert(name, path)).warnings)
            status.update("starting the engine (about half a minute on a CPU) …")
            await manager.start()
        with bar(total, output.messages, completed=tally.skipped, transient=True) as advance:
            lines = (line for line in read_lines(questions) if asker.open(line))
            await answer_all(manager, asker, lines, sink, concurrency, tally, advance)


async def answer_all(
    manager: AsyncExpertManager,
    asker: Asker,
    lines: Iterator[Line],
    sink: IO[str],
    concurrency: int,
    tally: Tally,
    advance: Callable[[], None],
) -> None:
    """Runs `concurrency` requests at once; reads lines lazily, writes answers as they come."""

    async def work() -> None:
        for line in lines:
            record = await asker.ask(manager, line, tally)
            sink.write(json.dumps(record, ensure_ascii=False) + "\n")
            sink.flush()
            advance()

    await workers(work, concurrency)
