"""Costly steps are shared fairly, refused grammars are remembered, and unwritable ones named."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from expertserve.core.loop import Loop
from expertserve.decoding import compiler
from expertserve.decoding.compile import Masks
from expertserve.decoding.compiler import SECONDS
from expertserve.decoding.fair import FairThreads, caller
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.decoding.writable import writable
from expertserve.errors import GrammarError, InferenceError
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
    for strategy in ("quick", "walk"):  # time enough, which isn't taken
        monkeypatch.setitem(SECONDS, strategy, 60)
    with pytest.raises(GrammarError) as again:
        Masks().ready(grammar, tiny_base, tmp_path, own=False)
    assert (again.value.code, again.value.message, again.value.hint) == (
        "grammar_too_costly",
        first.value.message,
        first.value.hint,
    )


def test_a_refused_schema_is_refused_in_the_same_words() -> None:
    schema = {"type": "object", "properties": {"a": {"pattern": "a(?=b)"}}, "title": "again"}
    messages = set()
    for _ in range(2):
        with pytest.raises(Exception, match="/properties/a") as caught:
            terms.from_json_schema(schema)
        messages.add(str(caught.value))
    assert len(messages) == 1


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


def test_one_key_with_many_experts_leaves_threads_and_turns_to_others() -> None:
    async def main() -> list[str]:
        threads, gate, done = FairThreads(3, 2), threading.Event(), list[str]()

        async def step(who: str, owner: str, wait: bool) -> None:
            caller.set(who)
            await threads.run(owner, (lambda: gate.wait(10)) if wait else (lambda: True))
            done.append(who)

        greedy = [asyncio.create_task(step("greedy", f"e{i}", True)) for i in range(50)]
        await asyncio.sleep(0.05)
        await asyncio.gather(*(step("other", "e1", False) for _ in range(5)))
        gate.set()
        await asyncio.gather(*greedy)
        return done

    assert asyncio.run(main())[:5] == ["other"] * 5


def test_callers_take_turns_whatever_they_have_waiting() -> None:
    async def main() -> list[str]:
        threads, gate, done = FairThreads(1, 1), threading.Event(), list[str]()

        async def step(who: str, owner: str) -> None:
            caller.set(who)
            await threads.run(owner, lambda: done.append(who))

        first = asyncio.create_task(threads.run("x", lambda: gate.wait(10)))
        await asyncio.sleep(0.05)
        steps = [asyncio.create_task(step("greedy", f"e{i}")) for i in range(20)]
        await asyncio.sleep(0)
        steps += [asyncio.create_task(step("other", "e0")) for _ in range(3)]
        await asyncio.sleep(0.01)
        gate.set()
        await asyncio.gather(first, *steps)
        return done

    order = asyncio.run(main())
    assert order[:6].count("other") == 3, "one by one, though greedy came first"


def test_a_callers_queue_has_a_bound_and_others_are_let_in() -> None:
    async def main() -> None:
        threads, gate = FairThreads(1, 1, waiting=3), threading.Event()
        first = asyncio.create_task(threads.run("me", lambda: gate.wait(10)))
        await asyncio.sleep(0.05)
        waiting = [asyncio.create_task(threads.run("me", lambda: 1)) for _ in range(3)]
        await asyncio.sleep(0.01)
        with pytest.raises(InferenceError) as refused:
            await threads.run("me", lambda: 1)
        assert refused.value.code == "too_many_waiting"
        other = asyncio.create_task(threads.run("you", lambda: 2))
        gate.set()
        assert await asyncio.gather(first, *waiting, other) == [True, 1, 1, 1, 2]

    asyncio.run(main())


def test_who_asks_is_known_on_another_loop() -> None:
    loop = Loop()

    async def known() -> str:
        return caller.get()

    async def ask(key: str) -> str:
        caller.set(key)
        return await asyncio.wrap_future(loop.submit(known()))

    async def main() -> list[str]:
        return await asyncio.gather(*(asyncio.create_task(ask(key)) for key in ("a", "b")))

    assert asyncio.run(main()) == ["a", "b"]
    loop.stop()


@pytest.mark.skipif(sys.platform == "win32", reason="processes are stopped by a signal")
def test_a_compiler_that_gets_no_processor_is_not_taken_for_a_costly_grammar(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is stopped while it should compile, as if others had every core."""
    started: list[subprocess.Popen[str]] = []
    start = compiler.start_process

    def stopped(*args: Any, **named: Any) -> subprocess.Popen[str]:
        process = start(*args, **named)
        started.append(process)
        process.send_signal(signal.SIGSTOP)
        threading.Timer(5.0, process.send_signal, [signal.SIGCONT]).start()
        return process

    monkeypatch.setattr(compiler, "start_process", stopped)
    monkeypatch.setitem(SECONDS, "quick", 4.0)
    monkeypatch.setattr(compiler, "PATIENCE", 30)
    made = compiler.Compiler("quick")
    made.compile(parse('root ::= "a" | "b"\n'), tiny_base, tmp_path / "mask")
    assert (tmp_path / "mask").exists() and len(started) == 1
    made.end()
