"""Training files as they are common → prompts and answers: chat JSONL, Alpaca, ShareGPT, pairs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from expertserve.decoding.drafts.build import AnsweredPrompt
from expertserve.errors import ConfigError

MAX_LINE = 4 << 20
SPEAKERS = {"gpt", "assistant", "model", "bot"}
PAIRS = (
    ("prompt", "answer"),
    ("prompt", "completion"),
    ("prompt", "response"),
    ("question", "answer"),
    ("input", "output"),
)


def read_examples(path: Path) -> Iterator[AnsweredPrompt]:
    """A file's pairs; of a conversation one for each answer, with what stands before it.

    A line is an object: ``messages`` with roles, ``conversations`` as ShareGPT has them,
    ``instruction``, ``input`` and ``output``, or a pair such as ``prompt`` and ``answer``, beside
    which a ``schema`` may stand.

    Raises:
        ConfigError: `bad_file`, with the line.
    """
    for number, record in read_lines(path):
        found = list(_examples(record))
        if not found:
            raise ConfigError(
                f"{path}, line {number}: no answer is in it",
                hint="a line has messages, conversations, instruction and output, or prompt and"
                " answer",
                code="bad_file",
            )
        yield from found


def read_questions(path: Path) -> Iterator[tuple[str, str]]:
    """A file's prompts, each with its schema or an empty text.

    Raises:
        ConfigError: `bad_file`, with the line.
    """
    for number, record in read_lines(path):
        asked = record.get("prompt") or record.get("question")
        schema = record.get("schema") or ""
        if not isinstance(asked, str) or not isinstance(schema, str):
            raise ConfigError(
                f"{path}, line {number}: no question is in it",
                hint='a line is an object such as {"prompt": "…", "schema": "…"}',
                code="bad_file",
            )
        yield asked, schema


def read_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """A JSON Lines file's objects, with their line numbers.

    Raises:
        ConfigError: `bad_file`.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(MAX_LINE), b""), 1):
                if line.strip():
                    yield number, _object(path, number, line)
    except OSError as error:
        raise ConfigError(
            f"{path} can't be read: {error.strerror or error}", code="bad_file"
        ) from error


def _object(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}, line {number}: not JSON: {error}", code="bad_file") from error
    if not isinstance(record, dict):
        raise ConfigError(f"{path}, line {number}: not an object", code="bad_file")
    return record


def _examples(record: Mapping[str, Any]) -> Iterator[AnsweredPrompt]:
    turns = record.get("messages") or record.get("conversations")
    if isinstance(turns, list):
        said: list[str] = []
        for turn in turns:
            who, text = _turn(turn)
            if who in SPEAKERS and said:
                yield AnsweredPrompt("\n".join(said), text)
            said.append(text)
        return
    if {"instruction", "output"} <= record.keys():
        prompt = f"{record['instruction']}\n{record.get('input') or ''}"
        yield AnsweredPrompt(prompt, str(record["output"]))
        return
    for asked, answered in PAIRS:
        if asked in record and answered in record:
            prompt = f"{record.get('schema') or ''}\n{record[asked]}"
            yield AnsweredPrompt(prompt, str(record[answered]))
            return


def _turn(turn: object) -> tuple[str, str]:
    if not isinstance(turn, dict):
        return "", ""
    who = turn.get("role") or turn.get("from") or ""
    text = turn.get("content") if "content" in turn else turn.get("value")
    return str(who), text if isinstance(text, str) else ""
