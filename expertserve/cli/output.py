"""Output of commands: results to standard output, all else to standard error, escaped."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table

from expertserve.config import PROGRESS
from expertserve.errors import ExpertError

PIPED = 1000
"""Columns into a file or pipe, where nothing should be wrapped."""
messages = Console(stderr=True, highlight=False, soft_wrap=True)
"""Standard error: progress, warnings, errors."""


def printable(text: str, *, keep: str = "\n\t") -> str:
    """Makes control characters visible: foreign text must not command the terminal."""
    return "".join(c if c.isprintable() or c in keep else f"\\x{ord(c):02x}" for c in text)


def answer(text: str, *, newline: bool = True) -> None:
    """Writes a model's text to standard output: verbatim to a file or pipe, else escaped."""
    typer.echo(printable(text) if sys.stdout.isatty() else text, nl=newline)


def as_json(value: object) -> None:
    """One JSON object on one line."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def warn(lines: Iterable[str]) -> None:
    for line in lines:
        messages.print("[yellow]Warning:[/] ", end="")
        messages.print(printable(line), markup=False)


class _Shown(logging.Handler):
    """Shows a log's lines in a status line."""

    def __init__(self, status: Status) -> None:
        super().__init__(logging.INFO)
        self._status = status

    def emit(self, record: logging.LogRecord) -> None:
        self._status.update(f"{escape(record.getMessage())} …")


@contextmanager
def waiting(text: str) -> Iterator[Status]:
    """A line that says what is waited for: the text, then what engines log as their progress."""
    log = logging.getLogger(PROGRESS)
    before = log.level
    with messages.status(f"{escape(text)} …") as status:
        shown = _Shown(status)
        log.addHandler(shown)
        log.setLevel(logging.INFO)
        try:
            yield status
        finally:
            log.removeHandler(shown)
            log.setLevel(before)


def report(error: ExpertError, *, json_wanted: bool) -> None:
    """An error's message and hint; with `--json` one object on standard output."""
    if json_wanted:
        as_json({"error": error_facts(error)})
        return
    messages.print("[bold red]Error:[/] ", end="")
    messages.print(printable(str(error).removesuffix(f"\nHint: {error.hint}")), markup=False)
    if error.hint:
        messages.print("[bold]Hint:[/] ", end="")
        messages.print(printable(error.hint), markup=False)


def error_facts(error: ExpertError) -> dict[str, str]:
    return {"code": error.code, "message": error.message, "hint": error.hint}


def table(facts: Mapping[str, object]) -> None:
    """Names and values in two columns; a list takes a line for each item."""
    shown = Table(show_header=False, box=None, pad_edge=False)
    shown.add_column(overflow="fold")
    shown.add_column(overflow="fold")
    for key, value in facts.items():
        for i, item in enumerate(value if isinstance(value, list) else [value]):
            shown.add_row("" if i else key, _cell(item))
    Console(soft_wrap=True, width=None if sys.stdout.isatty() else PIPED).print(shown)


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return "  ".join(
            f"{_cell(k)}={_cell(v)}" for k, v in value.items() if v not in (None, [], (), "")
        )
    if isinstance(value, tuple | list):
        return ", ".join(map(_cell, value))
    return escape(printable("" if value is None else str(value)))
