"""`init`, `import`: what a training tool wrote, or a Modelfile → a package's folder."""

from __future__ import annotations

import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, get_args

import typer

from expertserve.cli import options, output
from expertserve.cli.commands import group
from expertserve.cli.packages import print_finding
from expertserve.errors import ConfigError

app = group()
Format = Literal["chatml", "qwen3", "alpaca", "llama2", "vicuna", "custom"]
OutputFolder = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="The folder to make; by default the name.", show_default=False
    ),
]


@app.command(
    epilog=(
        "Examples: `expertserve init outputs/`, `expertserve init outputs/checkpoint-500 --name"
        " expert-sql --license Apache-2.0 -o sql/`"
    )
)
def init(
    folder: Annotated[
        Path,
        typer.Argument(
            help="What PEFT, TRL, Unsloth, axolotl, LLaMA-Factory, ms-swift, torchtune or mlx-lm"
            " wrote.",
            show_default=False,
        ),
    ],
    output_folder: OutputFolder = None,
    name: Annotated[
        str | None, typer.Option(help="The expert's; by default the folder's.", show_default=False)
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(help="The base model; by default what the adapter names.", show_default=False),
    ] = None,
    template: Annotated[
        Format | None,
        typer.Option(
            help="How prompts were written; by default its chat template's.", show_default=False
        ),
    ] = None,
    description: Annotated[
        str | None, typer.Option(help="What it is for, in a sentence.", show_default=False)
    ] = None,
    license: Annotated[
        str | None,
        typer.Option(help="An SPDX identifier; by default its README's.", show_default=False),
    ] = None,
    capability: Annotated[
        list[str] | None,
        typer.Option(help="A word by which `auto` finds it; repeat it.", show_default=False),
    ] = None,
    cache_dir: options.CacheDir = None,
    models_dir: options.ModelsDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Make a package's folder from a training tool's output, and check it. Overwrites nothing."""
    from expertserve.init.found import look
    from expertserve.init.package import init_package

    found, asking = look(folder), sys.stdin.isatty() and not as_json
    if asking:
        base = base or found.base or typer.prompt("Base model")
        if description is None:
            description = typer.prompt("What is it for", default="")
        license = license or found.license or typer.prompt("License", default="")
    make = partial(
        init_package,
        folder,
        output_folder,
        name=name,
        base=base,
        description=description or "",
        license=license,
        capabilities=tuple(capability or ()),
        models_dir=models_dir,
    )
    try:
        target = make(template=template)
    except ConfigError as error:
        if not asking or error.code != "init_template":
            raise
        asked = f"How were prompts written ({', '.join(get_args(Format))})"
        target = make(template=typer.prompt(asked, value_proc=_format))
    _tell(target, f"{found.kind} from {found.folder}", models_dir, cache_dir, as_json=as_json)


def _format(given: str) -> str:
    if given not in get_args(Format):
        raise typer.BadParameter(f"{given!r} is none of them")
    return given


@app.command(
    "import",
    epilog="Example: `expertserve import Modelfile --base Qwen/Qwen3-0.6B --adapter outputs/`",
)
def import_file(
    modelfile: Annotated[Path, typer.Argument(help="An Ollama Modelfile.", show_default=False)],
    output_folder: OutputFolder = None,
    name: Annotated[
        str | None,
        typer.Option(help="The expert's; by default the Modelfile's folder's.", show_default=False),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(help="The base model; by default what FROM names.", show_default=False),
    ] = None,
    adapter: Annotated[
        Path | None,
        typer.Option(
            help="What training wrote; by default what ADAPTER names.", show_default=False
        ),
    ] = None,
    template: Annotated[
        Format | None,
        typer.Option(help="How prompts were written; by default TEMPLATE.", show_default=False),
    ] = None,
    description: Annotated[
        str, typer.Option(help="What it is for, in a sentence.", show_default=False)
    ] = "",
    cache_dir: options.CacheDir = None,
    models_dir: options.ModelsDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Make a package's folder of what a Modelfile describes, and check it. Overwrites nothing."""
    from expertserve.init.modelfile import import_modelfile

    target, remarks = import_modelfile(
        modelfile,
        output_folder,
        name=name,
        base=base,
        adapter=adapter,
        template=template,
        description=description,
        models_dir=models_dir,
    )
    if not as_json:
        output.warn(remarks)
    _tell(target, f"from {modelfile}", models_dir, cache_dir, as_json=as_json, remarks=remarks)


def _tell(
    target: Path,
    what: str,
    models_dir: Path | None,
    cache_dir: Path | None,
    *,
    as_json: bool,
    remarks: list[str] | None = None,
) -> None:
    """Checks a new folder, and says what was found and what is next."""
    from expertserve.check import check_package

    with output.messages.status(f"checking {target} …"):
        findings = check_package(target, models_dir=models_dir, cache_dir=cache_dir)
    if as_json:
        more = {} if remarks is None else {"remarks": remarks}
        facts = {"folder": str(target), "findings": [asdict(f) for f in findings]}
        output.as_json(facts | more)
    else:
        for finding in findings:
            if finding.severity != "info" and finding.code != "no_hashes":  # pack writes these
                print_finding(target, finding)
        typer.echo(f"{target}  {what}")
        typer.echo(f"next: look at {target / 'manifest.json'}, then expertserve pack {target}")
    if any(f.severity == "error" for f in findings):
        raise typer.Exit(1)
