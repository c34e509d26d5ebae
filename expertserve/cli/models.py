"""`models …`: the base models on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from expertserve.cli import options, output
from expertserve.cli.commands import group

app = group(name="models", help="The base models on this machine.")


@app.command("list", epilog="Example: `expertserve models list`")
def models_list(models_dir: options.ModelsDir = None, as_json: options.AsJson = False) -> None:
    """List the base models that manifests can name here."""
    from expertserve import models

    found = [{"name": m.name, "path": str(m.path)} for m in models.installed(models_dir=models_dir)]
    if as_json:
        output.as_json(found)
    elif found:
        typer.echo("\n".join(f"{m['name']}\t{m['path']}" for m in found))
    else:
        typer.echo("none; `expertserve models pull ORGANISATION/NAME` gets one")


@app.command("add", epilog="Example: `expertserve models add Qwen3-0.6B /data/models/qwen3`")
def models_add(
    name: Annotated[str, typer.Argument(help="What manifests call it.")],
    path: Annotated[Path, typer.Argument(help="The model's folder.")],
    models_dir: options.ModelsDir = None,
) -> None:
    """Let a name in manifests mean a model folder of yours."""
    from expertserve import models

    models.add_alias(name, path, models_dir=models_dir)
    typer.echo(f"{models.last_component(name)} is {path.resolve()}")


@app.command("pull", epilog="Example: `expertserve models pull Qwen/Qwen3-0.6B`")
def models_pull(
    hub: Annotated[str, typer.Argument(help="ORGANISATION/NAME on the Hugging Face hub.")],
    models_dir: options.ModelsDir = None,
) -> None:
    """Download a base model from the Hugging Face hub: weights, configuration, tokenizer."""
    from expertserve import models

    path = models.pull(models.HUB_NAMES.get(hub.casefold(), hub))
    models.add_alias(hub, path, models_dir=models_dir)
    typer.echo(f"{models.last_component(hub)} is {path}")


@app.command(
    "quantize", epilog="Example: `expertserve models quantize SmolLM2-135M-Instruct --to int8`"
)
def models_quantize(
    name: Annotated[str, typer.Argument(help="A name, a hub id or a folder.")],
    to: Annotated[Literal["int8"], typer.Option(help="The weights' new type.")] = "int8",
    output_folder: Annotated[
        Path | None,
        typer.Option(
            "--output", help="By default NAME-int8 in the models folder.", show_default=False
        ),
    ] = None,
    models_dir: options.ModelsDir = None,
) -> None:
    """Make a smaller and faster copy of a base model: W8A8, in compressed-tensors' form.

    Serve experts on it with --base-model; LoRA, DoRA and IA³ are exact with respect to the copy.
    """
    from expertserve import config, models
    from expertserve.adapters.int8 import quantise

    base = models.find_given(name, models_dir=models_dir)
    short = models.last_component(base.name)
    target = output_folder or (models_dir or config.models_dir()) / f"{short}-{to}"
    with output.messages.status(f"quantising {base.name} …") as status:
        quantise(base, target, lambda file: status.update(f"wrote {file} …"))
    typer.echo(str(target))
