"""The command line. The only place that reads the environment, through the options' `envvar`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup

from expertserve import __version__
from expertserve.errors import ConfigError, ExpertError

INTERRUPTED = 130
errors = Console(stderr=True, highlight=False, soft_wrap=True)


class Commands(TyperGroup):
    """Turns errors into a message, a hint and an exit status; `--debug` leaves the traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ExpertError as error:
            if ctx.params.get("debug"):
                raise
            _report(error, as_json="--json" in sys.argv)
            raise typer.Exit(error.exit_status) from error
        except KeyboardInterrupt as interrupt:
            errors.print("interrupted")
            raise typer.Exit(INTERRUPTED) from interrupt


def _report(error: ExpertError, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"error": {"code": error.code, "message": error.message, "hint": error.hint}}))
        return
    text = str(error).removesuffix(f"\nHint: {error.hint}")
    errors.print("[bold red]Error:[/] ", end="")
    errors.print(_printable(text), markup=False)
    if error.hint:
        errors.print("[bold]Hint:[/] ", end="")
        errors.print(_printable(error.hint), markup=False)


def _printable(text: str) -> str:
    """A package's words can't command the terminal: control characters become visible."""
    return "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in text)


app = typer.Typer(
    name="expertserve",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Serve `.expert` packages: one file that holds adapter, prompt format and defaults.",
    epilog="Exit status: 0 done, 2 bad arguments, 3 to 6 the package, 7 to 9 the request, 10 the grammar, 11 the device, 12 the engine.",
)
models_app = typer.Typer(cls=Commands, no_args_is_help=True, help="The base models on this machine.")
app.add_typer(models_app, name="models")

Package = Annotated[Path, typer.Argument(help="A .expert file or an unpacked folder.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
CacheDir = Annotated[
    Path | None, typer.Option(envvar="EXPERTSERVE_CACHE_DIR", help="Instead of the user's cache folder.", show_default=False)
]
ModelsDir = Annotated[Path | None, typer.Option(envvar="EXPERTSERVE_MODELS_DIR", help="Where base models are.", show_default=False)]
Checksum = Annotated[str | None, typer.Option(help="The archive's SHA-256; a sidecar is checked anyway.", show_default=False)]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Options that go before every command."""


@app.command(epilog='Example: `expertserve generate sql.expert "How many customers are from Spain?" --schema schema.sql`')
def generate(
    package: Package,
    prompt: Annotated[str, typer.Argument(help="The question or instruction; - reads it from standard input.", show_default=False)],
    schema: Annotated[Path | None, typer.Option(help="A file with context, such as DDL.", show_default=False)] = None,
    dialect: Annotated[str | None, typer.Option(help="Stands above the schema.", show_default=False)] = None,
    system: Annotated[str | None, typer.Option(help="A system message of your own.", show_default=False)] = None,
    temperature: Annotated[float | None, typer.Option(help="0 takes the likeliest token.", show_default=False)] = None,
    top_p: Annotated[float | None, typer.Option(show_default=False)] = None,
    top_k: Annotated[int | None, typer.Option(show_default=False)] = None,
    min_p: Annotated[float | None, typer.Option(show_default=False)] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Bound on the answer.", show_default=False)] = None,
    stop: Annotated[list[str] | None, typer.Option(help="Ends the answer; may be repeated.", show_default=False)] = None,
    seed: Annotated[int | None, typer.Option(help="Makes sampling repeatable.", show_default=False)] = None,
    base_model: Annotated[str | None, typer.Option(help="A folder, a name or a hub id.", show_default=False)] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1 …", show_default=False)] = None,
    dtype: Annotated[str | None, typer.Option(help="auto, bfloat16, float16 or float32.", show_default=False)] = None,
    checkpoint: Annotated[str | None, typer.Option(help="One of the package's other checkpoints.", show_default=False)] = None,
    checksum: Checksum = None,
    cache_dir: CacheDir = None,
    models_dir: ModelsDir = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Unpack into a temporary folder.")] = False,
    as_json: AsJson = False,
) -> None:
    """Ask one expert one question."""
    from expertserve.facade import Expert

    wishes = {
        "dialect": dialect,
        "system": system,
        "temperature": temperature,
        "top_p": top_p,
        "top_k": top_k,
        "min_p": min_p,
        "max_tokens": max_tokens,
        "stop": stop or None,
        "seed": seed,
        "schema": _read(schema) if schema else None,
    }
    given: Any = {k: v for k, v in wishes.items() if v is not None}
    load: Any = {"device": device, "dtype": dtype, "base_model": base_model, "cache_dir": cache_dir, "models_dir": models_dir}
    question = sys.stdin.read() if prompt == "-" else prompt
    with errors.status(f"reading {package} …") as status:
        with Expert.load(package, checkpoint=checkpoint, checksum=checksum, cache=not no_cache, start=False, **load) as expert:
            status.update(f"starting {expert.info.base_model} (about half a minute on a CPU) …")
            expert.start()
            status.update("generating …")
            result = expert.generate(question, **given)
        status.update("stopping …")
    typer.echo(json.dumps(result.to_dict(), ensure_ascii=False) if as_json else result.text)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} can't be read: {error}", hint="--schema takes a text file in UTF-8", code="bad_file") from error


@app.command(epilog="Example: `expertserve inspect sql.expert --json`")
def inspect(
    package: Package,
    base_model: Annotated[str | None, typer.Option(help="Check against this base model.", show_default=False)] = None,
    checksum: Checksum = None,
    cache_dir: CacheDir = None,
    models_dir: ModelsDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what a package is, with its checksums verified; needs no engine."""
    from expertserve.expert import describe

    facts = describe(package, base_model=base_model, checksum=checksum, cache_dir=cache_dir, models_dir=models_dir)
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for key, value in facts.items():
        for i, item in enumerate(value if isinstance(value, list) else [value]):
            table.add_row(key if not i else "", _shown(item))
    Console(soft_wrap=True).print(table)


def _shown(value: object) -> str:
    from rich.markup import escape

    if isinstance(value, dict):
        return escape(_printable("  ".join(f"{k}={v}" for k, v in value.items() if v not in (None, [], ""))))
    return escape(_printable("" if value is None else str(value)))


@app.command(epilog="Example: `expertserve pack my-expert/`")
def pack(
    folder: Annotated[Path, typer.Argument(help="Holds manifest.json, the adapter, the tokenizer …", show_default=False)],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The archive to write.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Pack a folder into a .expert archive with checksums; the same folder gives the same bytes."""
    from expertserve.package.archive import file_digest
    from expertserve.package.build import pack as build

    archive = build(folder, output)
    facts = {"archive": str(archive), "bytes": archive.stat().st_size, "sha256": file_digest(archive)}
    typer.echo(json.dumps(facts) if as_json else f"{archive}  {facts['bytes']:,} bytes\nsha256 {facts['sha256']}")


@models_app.command("list", epilog="Example: `expertserve models list`")
def models_list(models_dir: ModelsDir = None, as_json: AsJson = False) -> None:
    """List the base models that manifests can name here."""
    from expertserve import models

    found = [{"name": m.name, "path": str(m.path)} for m in models.installed(models_dir=models_dir)]
    if as_json:
        typer.echo(json.dumps(found))
    elif found:
        typer.echo("\n".join(f"{m['name']}\t{m['path']}" for m in found))
    else:
        typer.echo("none; `expertserve models pull ORGANISATION/NAME` gets one")


@models_app.command("add", epilog="Example: `expertserve models add Qwen3-0.6B /data/models/qwen3`")
def models_add(
    name: Annotated[str, typer.Argument(help="What manifests call it.", show_default=False)],
    path: Annotated[Path, typer.Argument(help="The model's folder.", show_default=False)],
    models_dir: ModelsDir = None,
) -> None:
    """Let a name in manifests mean a model folder of yours."""
    from expertserve import models

    models.add_alias(name, path, models_dir=models_dir)
    typer.echo(f"{models.last_component(name)} is {path.resolve()}")


@models_app.command("pull", epilog="Example: `expertserve models pull Qwen/Qwen3-0.6B`")
def models_pull(
    hub: Annotated[str, typer.Argument(help="ORGANISATION/NAME on the Hugging Face hub.", show_default=False)], models_dir: ModelsDir = None
) -> None:
    """Download a base model from the Hugging Face hub: weights, configuration and tokenizer, no code."""
    from expertserve import models

    path = models.pull(models.HUB_NAMES.get(hub.casefold(), hub))
    models.add_alias(hub, path, models_dir=models_dir)
    typer.echo(f"{models.last_component(hub)} is {path}")


def main() -> None:
    """The entry point of the `expertserve` command."""
    app()


if __name__ == "__main__":
    main()
