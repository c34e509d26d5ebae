"""Command groups: errors become a message, a hint and an exit status; lazy imports."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from expertserve.cli.options import JSON
from expertserve.cli.output import messages, report
from expertserve.errors import ExpertError

INTERRUPTED = 130
LAZY = {
    "serve": (
        "expertserve.cli.serve",
        "Examples: `expertserve serve sql.expert`, `expertserve serve experts/ --watch`",
    ),
    "ray": ("expertserve.cli.ray", "Example: `expertserve ray --config examples/ray/serve.yaml`"),
}
"""Commands with heavy dependencies: where each one's function is, and its examples."""


class Commands(TyperGroup):
    """Reports errors; `--debug` before the command leaves the traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ExpertError as error:
            if ctx.find_root().params.get("debug"):
                raise
            report(error, json_wanted=bool(ctx.meta.get(JSON)))
            raise typer.Exit(error.exit_status) from error
        except KeyboardInterrupt as interrupt:
            messages.print("interrupted")
            raise typer.Exit(INTERRUPTED) from interrupt


class Root(Commands):
    """The outermost group, with the lazy commands."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*LAZY, *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in LAZY and cmd_name not in self.commands:
            module, epilog = LAZY[cmd_name]
            holder = group()
            holder.command(cmd_name, epilog=epilog)(getattr(import_module(module), cmd_name))
            self.commands[cmd_name] = typer.main.get_command(holder)
        return super().get_command(ctx, cmd_name)


def group(**settings: Any) -> typer.Typer:
    """A Typer application with this project's manners."""
    return typer.Typer(
        **{
            "cls": Commands,
            "no_args_is_help": True,
            "rich_markup_mode": "markdown",
            "pretty_exceptions_enable": False,
            **settings,
        }
    )
