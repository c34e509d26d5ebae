"""Every code block of README and docs runs."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import typer
import uvicorn
from fastapi import FastAPI
from typer.testing import CliRunner

from expertserve.cli import app
from expertserve.manager import AsyncExpertManager
from expertserve.server.app import create_app
from tests.conftest import EXPERTS
from tests.docs.blocks import (
    KINDS,
    PROGRAM,
    ROOT,
    Block,
    blocks,
    our_commands,
    pages,
    read_data,
    run_python,
    shell_lines,
)

OFFLINE = (
    "doctor",
    "import",
    "init",
    "pack",
    "inspect",
    "check",
    "prepare",
    "keygen",
    "sign",
    "verify",
    "completion",
    "generate",
    "batch",
    "models list",
)
"""Commands that are run; the engine behind `generate` and `batch` is the fake one. Servers and
downloads are only parsed.
"""


SNIPPET = re.compile(r'--8<-- "([^":]+)')


def parsed(arguments: list[str]) -> None:
    """Checks that the command line accepts these arguments; nothing runs, files need not exist."""
    command, context, args = typer.main.get_command(app), None, list(arguments)
    while hasattr(command, "resolve_command") and args:
        context = command.context_class(command, parent=context)
        name, command, args = command.resolve_command(context, args)
        assert name and command, arguments
    command.make_context(command.name, args, parent=context)


def run_shell(block: Block) -> None:
    """Runs our commands that need no server and parses the others; named scripts have to exist."""
    for line in shell_lines(block.code):
        if found := PROGRAM.match(line):
            assert (ROOT / found[1]).is_file(), f"{block.place}: {found[1]} isn't there"
    for arguments in our_commands(block.code):
        if any(" ".join(arguments).startswith(name) for name in OFFLINE):
            result = CliRunner().invoke(app, expand(arguments), catch_exceptions=False)
            assert result.exit_code == 0, (
                f"{block.place}: expertserve {' '.join(arguments)}: {result.output}"
            )
        else:
            parsed(arguments)


@contextmanager
def served(package: str) -> Iterator[str]:
    """A server in a thread, with one expert as `sql`; its address."""
    app = create_app(AsyncExpertManager(), lifespan=lifespan_with(package))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True
        )
        thread.start()
        end = time.monotonic() + 30
        while not server.started and time.monotonic() < end:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=20)
        assert not thread.is_alive()


def lifespan_with(package: str) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with app.state.parts.service as manager:
            await manager.load_expert("sql", package)
            await manager.start()
            yield

    return lifespan


def expand(arguments: list[str]) -> list[str]:
    """Globs, as a shell does."""
    return [
        name
        for given in arguments
        for name in (
            sorted(map(str, Path().glob(given))) if "*" in given and " " not in given else [given]
        )
    ]


@pytest.mark.parametrize("page", pages(), ids=lambda p: p.relative_to(ROOT).as_posix())
@pytest.mark.timeout(120)
def test_every_block_runs(page: Path, reader: Callable[[], dict[str, object]]) -> None:
    names = reader()
    for block in blocks(page):
        assert block.language in KINDS, (
            f"{block.place}: {block.language} blocks aren't checked by anything"
        )
        if block.mark == "other":
            continue
        if "--8<--" in block.code:
            included = SNIPPET.findall(block.code)
            assert included and all((ROOT / path).is_file() for path in included), block.place
        elif block.mark == "server":
            with served("sql.expert") as url:
                run_python(
                    replace(block, code=block.code.replace("http://127.0.0.1:8000", url)), names
                )
        elif block.language == "python":
            run_python(block, names)
        elif block.language == "sh":
            run_shell(block)
        else:
            read_data(block)


REAL = [block for page in pages() for block in blocks(page) if block.mark == "real"]


@pytest.mark.long
@pytest.mark.engine
@pytest.mark.parametrize("block", REAL, ids=lambda b: b.place)
def test_what_the_docs_print_is_what_the_real_engine_says(
    block: Block, monkeypatch: pytest.MonkeyPatch, demo_base: Path
) -> None:
    monkeypatch.chdir(ROOT)
    assert next(EXPERTS.glob("*.expert"))
    run_python(block, {"__name__": "docs"})


def test_the_readme_shows_real_output() -> None:
    assert any(block.page.name == "README.md" for block in REAL)


def test_a_print_that_says_something_else_is_found(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="prints '2"):
        run_python(Block(ROOT / "README.md", 1, "python", "print(1 + 1)  # 3\n"), {})


def test_an_option_that_is_gone_is_found() -> None:
    with pytest.raises(Exception, match="No such option"):
        parsed(["serve", "--colour", "blue"])
