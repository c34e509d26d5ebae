"""Samples answers behind think blocks, and checks every one of them.

    python scripts/think_blocks.py GRAMMAR... [--expert PACKAGE] [--answers 1000]

A grammar is a GBNF file, or a folder with some. The expert answers at temperature 1, and may open a
block first; where it never learned to, `--open` has the prompt open it. A block has to be well
formed and within its budget, the sentence behind it complete, and both together within max_tokens.
Prints a JSON line for each grammar; ends with 1 where an answer fails.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from expertserve import EngineConfig, ExpertManager
from expertserve.grammar.recognise import Grammar
from expertserve.package.archive import open_package
from expertserve.result import Completion

ROOT = Path(__file__).parents[1]
OPEN, CLOSE = "<think>", "</think>"
SCHEMA = "CREATE TABLE lamps (id INTEGER PRIMARY KEY, name TEXT, country TEXT, height INTEGER);"
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "<|im_start|>assistant\n"
)
TOGETHER = 32
CLOSING = 2
"""Newlines around a block, which its budget doesn't count."""


def main() -> None:
    """Reads the arguments, asks, and judges."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("grammars", nargs="+", type=Path)
    parser.add_argument("--expert", type=Path, help="by default the demo SQL expert")
    parser.add_argument("--answers", type=int, default=1000)
    parser.add_argument("--max-tokens", type=int, default=80)
    parser.add_argument("--budget", type=int, default=24)
    parser.add_argument("--open", action="store_true", help="the prompt opens the block")
    parser.add_argument("--engine", default=None)
    args = parser.parse_args()
    files = [f for g in args.grammars for f in (sorted(g.rglob("*.gbnf")) if g.is_dir() else [g])]
    with tempfile.TemporaryDirectory() as folder:
        package = prepared(args, Path(folder) / "package")
        config = EngineConfig(engine=args.engine, max_requests=TOGETHER, max_model_len=1024)
        with ExpertManager(config=config) as manager:
            manager.load_expert("expert", package)
            rows = [sample(manager, file, args) for file in files]
    for row in rows:
        print(json.dumps(row))
    sys.exit(any(row["wrong"] for row in rows))


def prepared(args: argparse.Namespace, folder: Path) -> Path:
    """The expert as a folder, with a rule for blocks and without a grammar of its own."""
    given = args.expert or next((ROOT / "examples" / "experts").glob("expert-sql-*.expert"))
    opened = open_package(given)
    for name in opened.files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((opened.folder / name).read_bytes())
    about = json.loads((folder / "manifest.json").read_bytes())
    about.pop("integrity", None)
    rule = {"open": OPEN, "close": CLOSE, "max_tokens": args.budget}
    about["training"]["decoding"] |= {"reasoning": rule, "stop_sequences": []}
    if args.open:
        about["base_models"][0]["prompt_template"] = "custom"
        (folder / "chat_template.jinja").write_text(f"{TEMPLATE}{OPEN}\n")
    (folder / "manifest.json").write_text(json.dumps(about))
    return folder


def sample(manager: ExpertManager, file: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Answers under one grammar, judged."""
    grammar, began = Grammar.from_gbnf(file.read_bytes()), time.monotonic()
    wanted: dict[str, Any] = {"grammar": file, "temperature": 1.0, "max_tokens": args.max_tokens}
    wanted |= {"schema": SCHEMA, "reasoning": "keep"}
    jobs: list[Any] = [
        ("expert", f"Which lamps are higher than {seed}?", {**wanted, "seed": seed})
        for seed in range(args.answers)
    ]
    found = [c for result in manager.generate_many(jobs) for c in result.completions]
    wrong = [text for c in found for text in faults(c, grammar, args)]
    return {
        "grammar": file.parent.name + "/" + file.name,
        "answers": len(found),
        "with_block": sum(c.reasoning is not None for c in found),
        "forced": sum(bool(c.grammar and c.grammar.forced_suffix) for c in found),
        "wrong": len(wrong),
        "examples": wrong[:3],
        "seconds": round(time.monotonic() - began),
    }


def faults(answer: Completion, grammar: Grammar, args: argparse.Namespace) -> Iterator[str]:
    """What is wrong with one answer."""
    block = answer.kept.removeprefix(OPEN).rstrip("\n")
    if answer.reasoning is not None and (
        not block.endswith(CLOSE) or CLOSE in block.removesuffix(CLOSE)
    ):
        yield f"the block is malformed: {answer.text[:200]!r}"
    if answer.reasoning_tokens > args.budget + CLOSING:
        yield f"the block has {answer.reasoning_tokens} tokens"
    if len(answer.token_ids) > args.max_tokens:
        yield f"the answer has {len(answer.token_ids)} tokens"
    if not answer.grammar or not answer.grammar.complete or not grammar.accepts(answer.answer):
        yield f"the sentence is not complete: {answer.answer[-200:]!r}"


if __name__ == "__main__":
    main()
