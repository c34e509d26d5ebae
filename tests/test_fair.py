"""Costly steps are shared fairly, refused grammars are remembered, and unwritable ones named."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import pytest

from expertserve.decoding.compile import SECONDS, Masks
from expertserve.decoding.fair import FairThreads
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.decoding.writable import writable
from expertserve.errors import GrammarError
from expertserve.grammar import terms
from expertserve.grammar.gbnf import parse
from expertserve.grammar.recognise import Grammar

COSTLY = "root ::= a a a a a a\na ::= (b | c | b c)*\nb ::= [a-z]* [a-y]*\nc ::= b? b?\n"


def test_one_owners_steps_never_take_every_thread() -> None:
    async def main() -> list[str]:
        threads, gate, done = FairThreads(2, 1), threading.Event(), list[str]()

        async def step(owner: str, wait: bool) -> None:
            await threads.run(owner, (lambda: gate.wait(10)) if wait else (lambda: True))
            done.append(owner)

        slow = [asyncio.create_task(step("slow", True)) for _ in range(3)]
        await asyncio.sleep(0.05)
        await asyncio.gather(*(step("quick", False) for _ in range(5)))
        gate.set()
        await asyncio.gather(*slow)
        return done

    assert asyncio.run(main()) == ["quick"] * 5 + ["slow"] * 3


def test_what_comes_first_is_done_before_the_owners_other_steps() -> None:
    async def main() -> list[int]:
        threads, gate, done = FairThreads(1, 1), threading.Event(), list[int]()
        tasks = [asyncio.create_task(threads.run("me", lambda: gate.wait(10)))]
        await asyncio.sleep(0.05)
        for number, first in ((1, False), (2, False), (3, True)):
            step = threads.run("me", lambda n=number: done.append(n), first=first)  # type: ignore[misc]
            tasks.append(asyncio.create_task(step))
            await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(*tasks)
        return done

    assert asyncio.run(main()) == [3, 1, 2]


def test_a_step_that_fails_fails_where_it_is_waited_for() -> None:
    async def main() -> int:
        threads = FairThreads(1, 1)
        with pytest.raises(ZeroDivisionError):
            await threads.run("me", lambda: 1 // 0)
        return await threads.run("me", lambda: 5)

    assert asyncio.run(main()) == 5


def test_a_grammar_that_was_too_costly_is_refused_from_memory(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    masks, grammar = Masks(), Grammar.from_gbnf(COSTLY)
    monkeypatch.setitem(SECONDS, "quick", 0.01)
    monkeypatch.setitem(SECONDS, "walk", 0.01)
    with pytest.raises(GrammarError, match=r"took 0\.01 s, which is the bound") as first:
        masks.ready(grammar, tiny_base, tmp_path, own=False)
    for late in tmp_path.rglob("*.quick"):  # a process that was ended just before it was done
        late.unlink()
    began = time.perf_counter()
    with pytest.raises(GrammarError) as again:
        Masks().ready(grammar, tiny_base, tmp_path, own=False)
    assert time.perf_counter() - began < 0.25  # and not what starting a process takes
    assert (again.value.code, again.value.message, again.value.hint) == (
        "grammar_too_costly",
        first.value.message,
        first.value.hint,
    )


def test_a_refused_schema_is_refused_from_memory() -> None:
    schema = {"type": "object", "properties": {"a": {"pattern": "a(?=b)"}}, "title": "again"}
    messages = set()
    for _ in range(2):
        began = time.perf_counter()
        with pytest.raises(Exception, match="/properties/a") as caught:
            terms.from_json_schema(schema)
        messages.add(str(caught.value))
    assert time.perf_counter() - began < 0.05 and len(messages) == 1


FEW = Vocabulary({0: b"a", 1: b"b", 2: "é".encode(), 3: b'"'})


def test_a_sentence_that_no_tokens_write_is_refused_with_its_character() -> None:
    with pytest.raises(GrammarError, match=r"can't write U\+0004") as caught:
        writable(parse('root ::= "a" "\\x04"'), FEW)
    assert caught.value.code == "unwritable"
    with pytest.raises(GrammarError, match=r"U\+1F600"):
        writable(parse('root ::= "😀"'), FEW)


def test_a_way_that_no_tokens_write_is_left_out() -> None:
    made = Grammar(writable(parse('root ::= "a" [\\x00-\\x1f] | "b" | [é-ü] | [c-z]'), FEW))
    assert made.accepts("b") and made.accepts("é")
    assert not made.is_prefix("a") and not made.is_prefix("c")


def test_what_can_be_written_stays_as_it_is() -> None:
    rules = parse('root ::= [ab]* "é"')
    assert writable(rules, FEW) is rules
