"""Costly schemas and grammars cost who sends them: they are bounded, in turn, and remembered."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from expertserve.decoding import kept as kept_module
from expertserve.decoding import mask as mask_module
from expertserve.decoding.apply import costly
from expertserve.decoding.compile import Masks, read_fallback, vocabulary_of
from expertserve.decoding.compiler import SECONDS
from expertserve.decoding.fair import caller
from expertserve.decoding.kept import KeptMasks
from expertserve.decoding.mask import XMask, XVocabulary
from expertserve.errors import ConfigError, ExpertError, GrammarError
from expertserve.grammar import schema
from expertserve.grammar.gbnf import parse
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.schema import text_of
from tests.attack.test_constraints import SCHEMA_BOMBS


def nested(depth: int, last: str = '"z"') -> Grammar:
    """Groups that glrmask's regular expressions nest too deeply for it."""
    for i in range(depth):
        last = f'("b" | "a{i}" {last} "c")*'
    return Grammar.from_gbnf(f"root ::= {last}")


def test_what_glrmask_refuses_is_compiled_in_the_bounded_process_and_handed_over(
    tiny_base: Path, tmp_path: Path
) -> None:
    grammar, vocabulary = nested(99), vocabulary_of(tiny_base)
    made = Masks().ready(grammar, tiny_base, tmp_path, own=False)
    assert made.engine == "xgrammar" and made.mask and made.mask.exists() and not made.gbnf
    size = max(vocabulary.tokens) + 1
    state = KeptMasks(tiny_base, size, 4).mask(made).start()
    row, cursor = np.zeros((size + 31) // 32, dtype=np.int32), grammar.start()
    for text in (b"", b"b", b"a", b"9", b"8"):
        if text:
            token = next(i for i, data in vocabulary.tokens.items() if data == text)
            assert state.commit(token) and cursor.feed(text)
        state.fill(row)
        given = {i for i in range(size) if row.view(np.uint32)[i >> 5] >> (i & 31) & 1}
        tokens = vocabulary.tokens.items()
        assert given == {i for i, data in tokens if data and cursor.copy().feed(data)}


def test_a_fallback_that_is_too_costly_is_refused_and_remembered_on_disk(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SECONDS, "fallback", 0.01)
    with pytest.raises(GrammarError) as first:
        Masks().ready(nested(99), tiny_base, tmp_path, own=False)
    monkeypatch.setitem(SECONDS, "fallback", 60)  # time enough, which isn't taken
    with pytest.raises(GrammarError) as again:  # by another process, as after a restart
        Masks().ready(nested(99), tiny_base, tmp_path, own=False)
    assert first.value.code == again.value.code == "grammar_too_costly"
    assert first.value.message == again.value.message


def test_what_an_engine_would_read_too_long_is_not_handed_over(
    tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mask = XMask.compile(parse("root ::= [a-z]{1,50}"), vocabulary_of(tiny_base))
    mask.save()
    monkeypatch.setattr(mask_module, "MOST_HANDED", 1000)
    with pytest.raises(GrammarError) as caught:
        mask.save()
    assert caught.value.code == "grammar_too_costly"


def test_a_damaged_fallback_says_so_and_is_made_anew(tiny_base: Path, tmp_path: Path) -> None:
    made = Masks().ready(nested(99), tiny_base, tmp_path, own=False)
    assert made.mask
    made.mask.write_bytes(b"x" * 200)
    with pytest.raises(GrammarError, match="damaged"):
        KeptMasks(tiny_base, 1000, 4).mask(made)
    again = Masks().ready(nested(99), tiny_base, tmp_path, own=False)
    assert again.mask and KeptMasks(tiny_base, 1000, 4).mask(again)


@pytest.mark.skipif(sys.platform != "linux", reason="priorities are a process's elsewhere")
def test_a_fallback_is_read_where_others_leave_time(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Masks().ready(nested(99), tiny_base, tmp_path, own=False)
    found: list[int] = []

    def read(path: Path, vocabulary: XVocabulary) -> XMask:
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return read_fallback(path, vocabulary)

    monkeypatch.setattr(kept_module, "read_fallback", read)
    before = os.getpriority(os.PRIO_PROCESS, 0)
    assert KeptMasks(tiny_base, 1000, 4).mask(made)
    assert found == [max(before, kept_module.NICE)]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


def test_masks_in_memory_are_bounded_in_bytes(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (
        Masks().ready(Grammar.from_gbnf(f'root ::= "{word}"+'), tiny_base, tmp_path, own=False)
        for word in ("a", "b")
    )
    kept = KeptMasks(tiny_base, 1000, 4)
    first = kept.mask(one)
    assert kept.mask(other) and kept.mask(one) is first
    monkeypatch.setattr(kept_module, "MOST_BYTES", 1)
    last = kept.mask(other)
    assert kept.mask(other) is last and kept.mask(one) is not first


def lowered(masks: Masks, name: str, folder: Path) -> Grammar:
    return masks.lower(text_of(SCHEMA_BOMBS[name]), folder, strict=False, ground="")


def test_lowering_a_schema_is_bounded_and_its_refusal_remembered_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []
    for seconds in (0.01, 60):  # the second has time enough, and takes none
        monkeypatch.setitem(SECONDS, "quick", seconds)
        with pytest.raises(GrammarError) as caught:
            lowered(Masks(), "three thousand properties", tmp_path)
        said.append((caught.value.code, caught.value.message))
    assert said[0] == said[1] and said[0][0] == "grammar_too_costly"


def test_lowering_takes_another_process_the_time_and_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "three thousand properties"
    monkeypatch.delattr(schema, "rules")  # here; the other process has its own
    grammar = lowered(Masks(), name, tmp_path)
    assert grammar.accepts('{"p1": "x", "p2999": "y"}') and not grammar.accepts('{"p1": 1}')
    monkeypatch.setitem(SECONDS, "quick", 0.001)  # no process could do it
    again = lowered(Masks(), name, tmp_path)  # after a restart it is found on disk
    assert again.digest == grammar.digest


def test_a_schema_that_is_refused_names_its_pointer_from_the_other_process(tmp_path: Path) -> None:
    masks = Masks()
    for _ in range(2):
        with pytest.raises(ConfigError, match="nothing is fetched") as caught:
            lowered(masks, "a file of this machine", tmp_path)
        assert caught.value.code == "bad_schema" and "$defs" in caught.value.hint


def test_a_callers_costly_schemas_and_grammars_leave_others_small_ones_quick(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hostile caller asks under many experts' names; the other's go before all that wait."""
    monkeypatch.setitem(SECONDS, "quick", 4.0)
    monkeypatch.setitem(SECONDS, "walk", 1.0)
    masks, left = Masks(), list[int]()

    def bomb(number: int) -> None:
        bombs = [f'root ::= a a a a a a a\na ::= (b | c | b c)*\nb ::= [a-z]* [a-y]* "{number}"?']
        gbnf = bombs[0] + "\nc ::= b? b?\n"
        masks.ready(Grammar.from_gbnf(gbnf), tiny_base, tmp_path, own=False)

    def huge(number: int) -> None:
        schema = {**SCHEMA_BOMBS["three thousand properties"], "title": str(number)}
        masks.lower(text_of(schema), tmp_path, strict=False, ground="")

    async def hostile(number: int) -> None:
        caller.set("hostile")
        with suppress(ExpertError):
            await costly.run(f"e{number}", partial((bomb, huge)[number % 2], number))
        left.remove(number)

    async def other(number: int) -> float:
        caller.set("other")
        grammar = Grammar.from_gbnf(f'root ::= "a" | "b{number}"')
        began = time.monotonic()
        made = await costly.run("e0", lambda: masks.ready(grammar, tiny_base, tmp_path, own=False))
        assert made.mask
        return time.monotonic() - began

    async def main() -> None:
        left.extend(range(40))
        tasks = [asyncio.create_task(hostile(n)) for n in range(40)]
        await asyncio.sleep(0.2)
        took = [await asyncio.create_task(other(n)) for n in range(5)]
        assert len(left) > 20, "the hostile caller's were done too soon to disturb anybody"
        assert sorted(took)[2] < 2, took
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(main())
