"""Writes docs/cli.md from the command line's own help.

python scripts/cli_reference.py          # writes it
python scripts/cli_reference.py --check  # fails where it is not current
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer

from expertserve.cli import app

PAGE = Path(__file__).parent.parent / "docs" / "cli.md"
HEAD = """# The command line

Made by `python scripts/cli_reference.py` from what `--help` says. Some options may also come from the environment variable named with them.
"""
OF_TYPER = ("install_completion", "show_completion", "help")


def page() -> str:
    """The whole page, as Markdown."""
    root: Any = typer.main.get_command(app)
    context = root.context_class(root, info_name="expertserve")
    return "\n".join([HEAD, *section(root, context)]).rstrip() + "\n"


def section(command: Any, context: Any) -> Iterator[str]:
    """A command's heading, help, arguments, options and examples; then those of its own commands."""
    if context.parent:
        yield f"## {context.command_path}\n"
    yield cleandoc(command.help or "") + "\n"
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"    {usage}\n"
    shown = [
        p for p in command.params if p.name not in OF_TYPER and not getattr(p, "hidden", False)
    ]
    yield from rows("argument", [p for p in shown if p.param_type_name == "argument"])
    yield from rows("option", [p for p in shown if p.param_type_name == "option"])
    if command.epilog:
        yield cleandoc(command.epilog) + "\n"
    if hasattr(command, "list_commands"):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            yield from section(child, child.context_class(child, info_name=name, parent=context))


def rows(kind: str, parameters: list[Any]) -> Iterator[str]:
    """A table; nothing where there are none."""
    if not parameters:
        return
    yield f"| {kind} | meaning |\n|---|---|"
    for parameter in parameters:
        yield f"| {name(parameter)} | {cell(meaning(parameter))} |"
    yield ""


def name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return cell(f"`{parameter.metavar or parameter.name.upper()}`")
    return cell(", ".join(f"`{option}`" for option in [*parameter.opts, *parameter.secondary_opts]))


def meaning(parameter: Any) -> str:
    """The help text, then choices, default and environment variable, where there are."""
    notes = []
    kind = parameter.type_descriptor.annotation if hasattr(parameter, "type_descriptor") else None
    if get_origin(kind) is Literal:
        notes.append("one of " + ", ".join(f"`{choice}`" for choice in get_args(kind)))
    if parameter.required and parameter.param_type_name == "option":
        notes.append("required")
    if (
        getattr(parameter, "show_default", True)
        and parameter.default not in (None, False, "", ())
        and not callable(parameter.default)
    ):
        notes.append(f"default `{parameter.default}`")
    if parameter.envvar:
        notes.append(f"environment: `{parameter.envvar}`")
    return (parameter.help or "") + (f" ({'; '.join(notes)})" if notes else "")


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    """Writes the page, or with `--check` compares it; exit status 1 where it differs."""
    if "--check" in sys.argv[1:]:
        current = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page()
        print(
            "docs/cli.md is current"
            if current
            else "docs/cli.md is not current: run python scripts/cli_reference.py"
        )
        sys.exit(not current)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
