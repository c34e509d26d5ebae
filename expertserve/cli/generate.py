"""`generate`: one question to one expert."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from expertserve.cli import answering, engine_options, options, output
from expertserve.cli.commands import group
from expertserve.errors import ConfigError

if TYPE_CHECKING:
    from expertserve.cli.running import RunningServer
    from expertserve.facade.manager import ExpertManager
    from expertserve.prompt.format import Message
    from expertserve.request import GenerateArgs

app = group()
NAME = "expert"


Prompt = Annotated[
    str, typer.Argument(help="The question or instruction; - reads it from standard input.")
]
N = Annotated[int | None, typer.Option("--n", help="How many answers to sample.")]
Grammar = Annotated[Path | None, typer.Option(help="A GBNF file instead of the expert's grammar.")]
JsonSchema = Annotated[
    Path | None, typer.Option(help="A file with a JSON schema that the answer follows.")
]
Regex = Annotated[str | None, typer.Option(help="The whole answer matches it.")]
Choice = Annotated[
    list[str] | None, typer.Option(help="The answer is one of these; to be repeated.")
]
RestrictToSchema = Annotated[
    bool | None,
    typer.Option(
        "--restrict-to-schema/--any-names",
        help="Only names that --schema has; by default as the package says.",
    ),
]
Stream = Annotated[
    bool | None,
    typer.Option(
        "--stream/--no-stream", help="Print the answer as it comes; the default on a terminal."
    ),
]
Checkpoint = Annotated[str | None, typer.Option(help="One of the package's other checkpoints.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Unpack into a temporary folder.")]


@app.command(
    epilog=(
        "Examples: `expertserve generate sql.expert 'How many lighthouses are in Norway?' --schema"
        " schema.sql`, `expertserve generate json.expert - --json-schema order.json < mail.txt`,"
        " `expertserve generate sql.expert 'Is it a question?' --choice yes --choice no`"
    )
)
def generate(
    ctx: typer.Context,
    package: options.Package,
    prompt: Prompt,
    schema: options.Schema = None,
    dialect: options.Dialect = None,
    system: options.System = None,
    soft_prompt: options.SoftPrompt = None,
    reasoning: options.Reasoning = None,
    ground: options.Ground = None,
    temperature: options.Temperature = None,
    top_p: options.TopP = None,
    top_k: options.TopK = None,
    min_p: options.MinP = None,
    max_tokens: options.MaxTokens = None,
    stop: options.Stop = None,
    seed: options.Seed = None,
    n: N = None,
    grammar: Grammar = None,
    no_grammar: options.NoGrammar = False,
    json_schema: JsonSchema = None,
    regex: Regex = None,
    choice: Choice = None,
    restrict_to_schema: RestrictToSchema = None,
    stream: Stream = None,
    base_model: options.BaseModel = None,
    device: options.Device = None,
    dtype: options.Precision = None,
    max_model_len: options.MaxModelLen = None,
    kv_cache_bytes: engine_options.KvCacheBytes = None,
    threads: engine_options.Threads = None,
    vllm_option: engine_options.VllmOption = None,
    vllm_config: engine_options.VllmConfig = None,
    checkpoint: Checkpoint = None,
    checksum: options.Checksum = None,
    trust: options.Trust = None,
    trusted_key: options.TrustedKey = None,
    cache_dir: options.CacheDir = None,
    cache_size: options.CacheSize = None,
    models_dir: options.ModelsDir = None,
    no_cache: NoCache = False,
    no_server: answering.NoServer = False,
    verbose: answering.Verbose = False,
    as_json: options.AsJson = False,
) -> None:
    """Ask one expert one question.

    A server of yours that runs on this machine and serves the package answers; else an engine is
    started: on a CPU the portable one, which starts soonest.
    """
    args = options.call_args(ctx) | constraint(grammar, no_grammar, json_schema, regex, choice)
    streamed = (sys.stdout.isatty() if stream is None else stream) and not as_json and (n or 1) == 1
    question = sys.stdin.read() if prompt == "-" else prompt
    if server := answering.running_server(ctx, [package]):
        _ask_server(server, question, args, streamed=streamed, as_json=as_json)
        return
    from expertserve.facade.manager import ExpertManager

    with (
        output.waiting(f"reading {package}") as status,
        ExpertManager(options=answering.single(ctx, 1)) as manager,
    ):
        info = manager.load_expert(
            NAME, package, checkpoint=checkpoint, checksum=checksum, cache=not no_cache
        )
        output.warn(info.warnings)
        status.update(f"starting {info.base_model} …")
        manager.start()
        answering.tell_engine(ctx, manager)
        status.update("waiting for the answer …")
        if streamed:
            _stream(manager, question, cast("GenerateArgs", args), status.stop)
            return
        result = manager.generate(NAME, question, **cast("GenerateArgs", args))
    if as_json:
        output.as_json(result.to_dict())
    else:
        output.answer(between(completion.text for completion in result.completions))


def _ask_server(
    server: RunningServer,
    question: str,
    args: dict[str, object],
    *,
    streamed: bool,
    as_json: bool,
) -> None:
    turns: list[Message] = [{"role": "user", "content": question}]
    model = server.models[0]
    with output.waiting("waiting for the server on this machine") as status:
        if streamed:
            with server.generate_stream(model, turns, args) as stream:
                for text in stream:
                    status.stop()
                    output.answer(text, newline=False)
            output.answer("")
            return
        result = server.generate(model, turns, args)
    if as_json:
        output.as_json(result)
        return
    completions = cast("list[dict[str, str]]", result.get("completions") or [result])
    output.answer(between(completion["text"] for completion in completions))


def between(answers: Iterable[str]) -> str:
    """Several answers to one question, with a line between them."""
    return "\n---\n".join(answers)


def _stream(
    manager: ExpertManager, question: str, args: GenerateArgs, begun: Callable[[], None]
) -> None:
    with manager.generate_stream(NAME, question, **args) as stream:
        for chunk in stream:
            begun()
            output.answer(chunk.text, newline=False)
    output.answer("")


def constraint(
    grammar: Path | None,
    no_grammar: bool,
    json_schema: Path | None,
    regex: str | None,
    choice: list[str] | None,
) -> dict[str, object]:
    """What holds the answer, instead of the expert's own grammar.

    Raises:
        ConfigError: More than one was given, or a file can't be read.
    """
    given: dict[str, object] = {
        "--grammar": grammar,
        "--no-grammar": no_grammar or None,
        "--json-schema": json_schema,
        "--regex": regex,
        "--choice": choice or None,
    }
    named = [option for option, value in given.items() if value is not None]
    if len(named) > 1:
        raise ConfigError(
            f"{' and '.join(named)} contradict each other",
            hint="one of them can hold an answer",
            code="bad_argument",
        )
    if no_grammar:
        return {"grammar": None}
    if json_schema:
        return {"json_schema": _read_schema(json_schema)}
    if grammar:
        return {"grammar": options.read_text(grammar)}
    if choice:
        return {"choice": choice}
    return {} if regex is None else {"regex": regex}


def _read_schema(path: Path) -> dict[str, object]:
    try:
        schema = json.loads(options.read_text(path))
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            f"{path} is not JSON: {error}",
            hint="--json-schema takes a JSON schema",
            code="bad_file",
        ) from error
    if not isinstance(schema, dict):
        raise ConfigError(
            f"{path} holds no JSON object",
            hint="--json-schema takes a JSON schema",
            code="bad_file",
        )
    return schema
