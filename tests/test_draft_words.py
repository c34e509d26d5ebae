"""Drafts that look at how words are written: the rest of a word, of a name, and a value's start."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import tokenizers
from tokenizers import models

from expertserve.decoding.drafts.drafter import SOURCES
from expertserve.decoding.drafts.habits import COPIED, END, START, Habits
from expertserve.decoding.drafts.words import Words
from expertserve.decoding.drafts.writing import Known, Writing
from expertserve.prompt.tokenizer import Tokenizer

PIECES = [
    *('"', "_who", "Ċ", "ĠWhere", "Where", "Ġlives", "ĠMagda", "Magda", "ĠDel", "Del", "gado"),
    *("ĠRuiz", "Ġsince", "Ġ", "1", "9", "Ġ4", "4", ".", "Ä", "ĉ", "<0x0A>", "▁Oslo", "Oslo"),
]
TEXT = [
    "ĠWhere",
    "Ċ",
    "Where",
    "Ġlives",
    "ĠMagda",
    "Ġ",
    "1",
    "9",
    "ĠDel",
    "gado",
    "ĠRuiz",
    "Ġsince",
]


@pytest.fixture
def tokenizer(tmp_path: Path) -> Tokenizer:
    made = tokenizers.Tokenizer(models.WordLevel({p: i for i, p in enumerate(PIECES)}, "."))
    made.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({}))
    return Tokenizer(tmp_path)


def ids(pieces: Sequence[str]) -> list[int]:
    return [PIECES.index(piece) for piece in pieces]


def answering(tokenizer: Tokenizer | None, *said: str) -> Writing:
    """An answer about `TEXT` by an expert that says one value in quotation marks after another."""
    habits, quote = Habits(ids(['"'])), ids(['"'])[0]
    for _ in range(9):
        habits.learn([START, quote, COPIED, quote, quote, COPIED, quote, END])
    one = Writing(ids(TEXT), Known(habits=habits), ends=[99], words=Words(tokenizer))
    for token in ids(said):
        one.add(token)
    return one


def proposed(one: Writing, source: str) -> str | None:
    found = SOURCES[source](one)
    return PIECES[found[0]] if found else None


def test_how_tokens_are_written(tokenizer: Tokenizer) -> None:
    words = Words(tokenizer)

    def those(question: str) -> set[str]:
        return {p for i, p in enumerate(PIECES) if getattr(words, question)(i)}

    capital = {"Where", "Magda", "Del", "Oslo"}
    spaced = {"ĠWhere", "Ġlives", "ĠMagda", "ĠDel", "ĠRuiz", "Ġsince", "Ġ4", "▁Oslo"}
    assert those("goes_on") == {"_who", "gado", "1", "9", "4", "Ä", *capital}
    assert those("is_spaced") == spaced
    assert those("is_named") == {*spaced, *capital, "1", "9", "4", "Ä"} - {"Ġlives", "Ġsince"}
    assert those("is_number") == {"1", "9", "4"}
    assert those("is_blank") == {"Ċ", "Ġ", "ĉ"}
    assert those("breaks") == {"Ċ", "<0x0A>"}
    assert not those("ends_word") & {'"', "Ċ", "Ġ", "ĉ", ".", "<0x0A>"}
    bare = {PIECES[i]: words.bare(i) for i in range(len(PIECES)) if words.bare(i) is not None}
    assert bare == {f"Ġ{p}": PIECES.index(p) for p in ("Where", "Magda", "Del", "4")} | {
        "▁Oslo": PIECES.index("Oslo")
    }


def test_a_word_and_a_name_are_finished_before_habits_go_on(tokenizer: Tokenizer) -> None:
    """Behind a quotation mark the word has no blank, as it has in the prompt."""
    one = answering(tokenizer, '"', "Del")
    assert proposed(one, "prompt") == "gado" and proposed(one, "habits") is None
    one.add(PIECES.index("gado"))
    assert proposed(one, "prompt") == "ĠRuiz" and proposed(one, "habits") is None
    one.add(PIECES.index("ĠRuiz"))
    assert proposed(one, "habits") == '"', "`since` is not written as names are"


def test_a_word_in_small_letters_may_end_a_value(tokenizer: Tokenizer) -> None:
    one = answering(tokenizer, '"', "Ġlives")
    assert proposed(one, "habits") == '"' and proposed(one, "prompt") == "ĠMagda"


def test_a_value_begins_with_the_first_name_or_number_that_was_not_said(
    tokenizer: Tokenizer,
) -> None:
    said = ['"']
    for expected, rest in (("Magda", []), ("1", ["9"]), ("Del", ["gado", "ĠRuiz"])):
        assert proposed(answering(tokenizer, *said), "value") == expected
        said += [expected, *rest, '"', '"']
    assert proposed(answering(tokenizer, *said), "value") is None
    assert proposed(answering(tokenizer), "value") is None, "habits say a quotation mark"
    assert proposed(answering(tokenizer, '"', "Del"), "value") is None, "one has begun"


def test_the_usual_place_of_a_name_goes_first_and_may_be_a_line_of_its_own(
    tokenizer: Tokenizer,
) -> None:
    """Names stand after a full stop, mostly, and after a 9."""
    quote, stop, nine = ids(['"', ".", "9"])
    habits = Habits([quote])
    for _ in range(9):
        habits.learn([START, quote, COPIED, quote, END])
    habits.learn_place([START, quote], (nine,), 2)
    habits.learn_place([START, quote], (stop,), 7)
    prompt = ["9", "ĠRuiz", "gado", ".", "Ċ", "Ġ", "ĠDel", "gado", "Ċ", "Where", "ĠDel", "ĠRuiz"]
    one = Writing(ids(prompt), Known(habits=habits), ends=[99], words=Words(tokenizer))
    one.add(quote)
    assert proposed(one, "place") == "ĠDel"


def test_without_a_tokenizer_words_tell_nothing() -> None:
    one = answering(None, '"', "Del")
    assert proposed(one, "prompt") is None and proposed(one, "habits") == '"'
    assert proposed(answering(None, '"'), "value") is None
