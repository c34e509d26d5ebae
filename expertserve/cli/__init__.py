"""The command line. The only place that reads the environment, through the options' `envvar`."""

from __future__ import annotations

import atexit
import gc
from typing import Annotated, Literal

import typer

from expertserve._version import __version__
from expertserve.cli import (
    api_keys,
    batch,
    bench,
    cache,
    cases,
    chat,
    doctor,
    drafts,
    generate,
    init,
    install,
    keys,
    models,
    packages,
)
from expertserve.cli.commands import Root, group

COLLECTED = 50_000
"""New objects after which garbage is looked for among them; Python's default is 700."""
app = group(
    name="expertserve",
    cls=Root,
    help=(
        "Serve `.expert` packages: one file that holds adapter, prompt format, grammar and"
        " defaults."
    ),
    epilog=(
        "Exit status: 0 done, 1 findings or failed questions, 2 bad arguments, 3 to 6 the package,"
        " 7 to 9 the request, 10 the grammar, 11 the device, 12 the engine, 130 interrupted."
    ),
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Options that go before every command."""


last = group()


@last.command(epilog="Example: `expertserve completion bash >> ~/.bashrc`")
def completion(
    ctx: typer.Context,
    shell: Annotated[
        Literal["bash", "zsh", "fish", "powershell", "pwsh"], typer.Argument(help="Which shell.")
    ],
) -> None:
    """Print the script that lets a shell complete commands and options."""
    from typer.completion import shell_complete

    shell_complete(
        ctx.find_root().command, {}, "expertserve", "_EXPERTSERVE_COMPLETE", f"source_{shell}"
    )


for part in (generate, chat, batch, init, packages, cases, install, keys, doctor):
    app.add_typer(part.app)
app.add_typer(models.app, name="models")
app.add_typer(cache.app, name="cache")
app.add_typer(drafts.app, name="drafts")
app.add_typer(api_keys.app, name="key")
app.add_typer(install.registries, name="registry")
app.add_typer(bench.app)
app.add_typer(last)


def main() -> None:
    """The entry point of the `expertserve` command.

    Hundreds of thousands of objects stay for as long as the process: garbage is looked for among
    them less often, and not once more, for a second, at the end.
    """
    gc.set_threshold(COLLECTED, 10, 10)
    atexit.register(gc.freeze)
    app()
