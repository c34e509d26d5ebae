"""Who answers a command's question: a server on this machine, or an engine started for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from expertserve.cli import options, output

if TYPE_CHECKING:
    from expertserve.cli.running import RunningServer
    from expertserve.core.options import Options
    from expertserve.facade.manager import ExpertManager

NoServer = Annotated[
    bool,
    typer.Option(
        "--no-server", help="Start an engine, also where a server on this machine has the expert."
    ),
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Say who answers, on standard error.")
]
DECIDING = (
    "base_model", "device", "dtype", "max_model_len", "kv_cache_bytes", "threads", "vllm_option",
    "vllm_config", "checkpoint", "checksum", "trust", "trusted_key", "no_cache", "no_server",
)  # fmt: skip
"""Options that a server which runs already can't be held to."""


def running_server(ctx: typer.Context, packages: Sequence[Path]) -> RunningServer | None:
    """A server on this machine that serves the packages, unless an option speaks against it."""
    if any(ctx.params.get(name) for name in DECIDING):
        return None
    from expertserve.cli.running import find_server

    found = find_server(packages)
    if found and ctx.params.get("verbose"):
        names = ", ".join(found.models)
        say(f"answered by the server at {found.path}, which serves {names} on {found.base}")
    return found


def single(ctx: typer.Context, experts: int) -> Options:
    """A manager's options for questions that come one at a time.

    Args:
        experts: How many adapters may be wanted, which is how many slots there are.
    """
    made = options.manager_options(ctx)
    return replace(made, config=replace(made.config, single=True, max_slots=experts))


def tell_engine(ctx: typer.Context, manager: ExpertManager) -> None:
    """With `--verbose`, says which engine answers."""
    if not ctx.params.get("verbose"):
        return
    for engine in manager.info().engines:
        why = "it starts sooner than vLLM" if engine.name == "transformers" else engine.reason
        where = f"on {engine.device} in {engine.dtype}"
        say(f"answered by {engine.name} in this process, {where}: {why}")


def say(line: str) -> None:
    output.messages.print(output.printable(line), markup=False)
