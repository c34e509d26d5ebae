"""`init`: what a training tool wrote → a package's folder."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from expertserve.cli import options, output
from expertserve.cli.commands import group
from expertserve.cli.packages import print_finding

app = group()
Format = Literal["chatml", "qwen3", "alpaca", "llama2", "vicuna", "custom"]


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
    output_folder: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The folder to make; by default the name.", show_default=False
        ),
    ] = None,
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
    from expertserve.check import check_package
    from expertserve.init import init_package, look

    found, asking = look(folder), sys.stdin.isatty() and not as_json
    if asking:
        base = base or found.base or typer.prompt("Base model")
        if description is None:
            description = typer.prompt("What is it for", default="")
        license = license or found.license or typer.prompt("License", default="")
    target = init_package(
        folder,
        output_folder,
        name=name,
        base=base,
        template=template,
        description=description or "",
        license=license,
        capabilities=tuple(capability or ()),
        models_dir=models_dir,
    )
    with output.messages.status(f"checking {target} …"):
        findings = check_package(target, models_dir=models_dir, cache_dir=cache_dir)
    errors = Counter(f.severity for f in findings)["error"]
    if as_json:
        output.as_json({"folder": str(target), "findings": [asdict(f) for f in findings]})
    else:
        for finding in findings:
            if finding.severity != "info" and finding.code != "no_hashes":  # pack writes these
                print_finding(target, finding)
        typer.echo(f"{target}  {found.kind} from {found.folder}")
        typer.echo(f"next: look at {target / 'manifest.json'}, then expertserve pack {target}")
    if errors:
        raise typer.Exit(1)
