"""The code blocks of Markdown pages, and how each kind is run.

A page's blocks run in order, in one folder and one namespace, as a reader would type them. Python
runs; commands that need no server run, all others are parsed; JSON, TOML, GBNF and manifests are
read. `print(x)  # y` must print y. A comment before a block says how it is meant: `<!-- test: real
-->` is also run on the real engine, `<!-- test: server -->` against a running server, `<!-- test:
other -->` is another project's, which isn't installed here.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[\w-]*)(?P<options>[^\n`]*)\n(?P<code>.*?)^(?P=indent)```[ ]*$",
    re.MULTILINE | re.DOTALL,
)
MARK = re.compile(r"<!-- test: (\w+) -->\s*\Z")
KINDS = (
    "python",
    "sh",
    "json",
    "toml",
    "gbnf",
    "text",
    "jsonl",
    "mermaid",
    "modelfile",
    "sql",
    "yaml",
    "",
)
OUR_COMMAND = re.compile(r"^(?:\.venv/bin/)?expertserve (.*)$")
PROGRAM = re.compile(r"^\.venv/bin/python (\S+\.py)")


@dataclass(frozen=True)
class Block:
    """One fenced block: where it begins, what it is written in, and what the comment before it
    says.
    """

    page: Path
    line: int
    language: str
    code: str
    mark: str = ""

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """README, CONTRIBUTING and everything under docs/."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> Iterator[Block]:
    """A page's blocks, in order."""
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        indent = len(found["indent"])
        code = "".join(
            line[indent:] if line.strip() else line
            for line in found["code"].splitlines(keepends=True)
        )
        mark = MARK.search(text[: found.start()])
        yield Block(
            page,
            text.count("\n", 0, found.start()) + 2,
            found["language"],
            code,
            mark[1] if mark else "",
        )


def run_python(block: Block, names: dict[str, object]) -> None:
    """Runs it, and compares what each commented `print` writes with its comment; top-level `await`
    works, as in a notebook.
    """
    import asyncio
    import inspect

    source = "\n" * (block.line - 1) + block.code
    code = compile(
        source, str(block.page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True
    )
    written = io.StringIO()
    with contextlib.redirect_stdout(written):
        result = eval(code, names)
        if inspect.iscoroutine(result):
            asyncio.run(result)
    wanted = expected_output(block.code)
    if any(wanted):
        assert written.getvalue().splitlines() == wanted, (
            f"{block.place} prints {written.getvalue()!r}"
        )


def expected_output(code: str) -> list[str]:
    """What the comments behind `print(…)` promise; empty texts where they promise nothing."""
    prints = [line.strip() for line in code.splitlines() if line.strip().startswith("print(")]
    comments = [line.partition(")  # ")[2] for line in prints]
    assert all(comments) or not any(comments), "either each print says what it prints, or none does"
    return comments


def shell_lines(code: str) -> Iterator[str]:
    """Commands: continued lines joined, comments and prompts left out."""
    for line in code.replace("\\\n", " ").splitlines():
        line = re.sub(r"(^|\s)#.*$", "", line).strip()
        if line:
            yield line


def our_commands(code: str) -> Iterator[list[str]]:
    """The arguments of each `expertserve …` line."""
    for line in shell_lines(code):
        if found := OUR_COMMAND.match(line):
            yield shlex.split(re.split(r" [<>|&]{1,2} ?", found[1])[0])


def read_data(block: Block) -> None:
    """Checks that JSON, TOML, YAML and grammars are valid."""
    if block.language == "json":
        value = json.loads(block.code)
        if isinstance(value, dict) and "base_models" in value:
            from expertserve.package.manifest import parse_manifest

            assert not list(parse_manifest(block.code.encode()).unknown())
    elif block.language == "jsonl":
        assert all(isinstance(json.loads(line), dict) for line in block.code.splitlines())
    elif block.language == "toml":
        value = tomllib.loads(block.code)
        if "keys" in value:
            from expertserve.server.auth import Key

            assert [Key.model_validate(key) for key in value["keys"]]
    elif block.language == "yaml":
        assert isinstance(yaml.safe_load(block.code), dict)
    elif block.language == "gbnf":
        from expertserve.grammar.recognise import Grammar

        Grammar.from_gbnf(block.code)  # raises for a malformed one
