"""`drafts`: habits that an expert's package brings, so that its answers take fewer steps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from expertserve.cli import engine_options, options, output
from expertserve.cli.commands import group
from expertserve.package.habits import MAX_BYTES

if TYPE_CHECKING:
    from expertserve.decoding.drafts.build import AnsweredPrompt

app = group(help="An expert's habits: what its answers look like, drafted before the model writes.")
USUAL_BYTES = 64 << 10
Size = Annotated[
    int, typer.Option("--bytes", min=1, max=MAX_BYTES, help="The most that habits may take.")
]


@app.command(epilog="Examples: `expertserve drafts build my-expert/ --from answers.jsonl`")
def build(
    folder: Annotated[
        Path, typer.Argument(help="A package's folder.", exists=True, file_okay=False)
    ],
    source: Annotated[
        list[Path],
        typer.Option(
            "--from",
            help="Prompts and answers: chat JSONL, Alpaca, ShareGPT, or pairs; may be repeated.",
        ),
    ],
    size: Size = USUAL_BYTES,
    base_model: options.BaseModel = None,
    cache_dir: options.CacheDir = None,
    models_dir: options.ModelsDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Write habits.jsonl into a package's folder from answers that the expert was trained on.

    The gain is measured on every tenth pair, which is held back. What is held back never reaches
    the file.
    """
    from expertserve.decoding.drafts.examples import read_examples

    examples = [example for path in source for example in read_examples(path)]
    _write(folder, None, examples, size, base_model, cache_dir, models_dir, as_json)


@app.command(
    epilog=(
        "Examples: `expertserve drafts learn sql.expert --from questions.jsonl`, `expertserve"
        " drafts learn sql.expert --from questions.jsonl -o faster.expert`"
    )
)
def learn(
    ctx: typer.Context,
    package: options.Package,
    source: Annotated[
        Path,
        typer.Option(
            "--from", help="Questions in JSON Lines: a prompt each, and perhaps a schema."
        ),
    ],
    output_file: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The new archive; by default it is replaced."),
    ] = None,
    size: Size = USUAL_BYTES,
    base_model: options.BaseModel = None,
    device: options.Device = None,
    dtype: options.Precision = None,
    max_model_len: options.MaxModelLen = None,
    kv_cache_bytes: engine_options.KvCacheBytes = None,
    threads: engine_options.Threads = None,
    cache_dir: options.CacheDir = None,
    models_dir: options.ModelsDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Ask an expert, and put the habits of its answers into its package."""
    from expertserve.decoding.drafts.build import AnsweredPrompt
    from expertserve.decoding.drafts.examples import read_questions
    from expertserve.facade.manager import ExpertManager

    asked = list(read_questions(source))
    with ExpertManager(options=options.manager_options(ctx)) as manager:
        manager.load_expert("asked", package)
        answers = manager.generate_many(
            ("asked", prompt, {"schema": schema} if schema else {}) for prompt, schema in asked
        )
    examples = [
        AnsweredPrompt(f"{schema}\n{prompt}", answer.text)
        for (prompt, schema), answer in zip(asked, answers, strict=True)
    ]
    _write(package, output_file, examples, size, base_model, cache_dir, models_dir, as_json)


def _write(
    package: Path,
    target: Path | None,
    examples: list[AnsweredPrompt],
    size: int,
    base_model: str | None,
    cache_dir: Path | None,
    models_dir: Path | None,
    as_json: bool,
) -> None:
    """Puts the habits in place, and says what they gain."""
    from expertserve.decoding.drafts.build import gain, shapes_of, split
    from expertserve.decoding.drafts.habits import Habits, from_shapes
    from expertserve.expert import choose_base
    from expertserve.package.archive import open_package
    from expertserve.package.build import put_member
    from expertserve.package.habits import NAME, write_habits
    from expertserve.package.manifest import read_manifest
    from expertserve.prompt.tokenizer import Tokenizer

    built, held = split(examples)
    shapes = shapes_of(built)
    data = write_habits(shapes, size)
    place = put_member(package, NAME, data, target)
    kept = data.count(b"\n")
    facts: dict[str, object] = {"habits": str(place), "bytes": len(data), "shapes": kept}
    if held:
        manifest = read_manifest(open_package(place, cache_dir=cache_dir).folder)
        _, base = choose_base(manifest, base_model, models_dir, cache_dir)
        tokenizer = Tokenizer(base.path)
        habits = from_shapes(shapes[:kept], tokenizer.library)
        facts["tokens_a_step"] = round(gain(habits, held, tokenizer).tokens_a_step, 2)
        facts["without_habits"] = round(gain(Habits(), held, tokenizer).tokens_a_step, 2)
    (output.as_json if as_json else output.table)(facts)
