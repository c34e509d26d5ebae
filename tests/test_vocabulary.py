"""What tokens write, for every kind of tokenizer, and the tokens that write a text."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from expertserve import IncompatibleError
from expertserve.decoding.mask import GlrMask, GlrVocabulary, XMask
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.grammar.gbnf import parse
from expertserve.grammar.recognise import Grammar
from expertserve.prompt.tokenizer import Tokenizer
from tests import tiny

TEXTS = ["SELECT name FROM users", " leading blank", "déjà vu 😀", "a\nb\t{}", "½ of 10⁹", ""]


@pytest.fixture(scope="module", params=["byte-level", "sentencepiece"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tokenizer")
    (tiny.tokenizer if request.param == "byte-level" else tiny.sentencepiece)(made)
    return made


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_spelt_by_tokens_that_write_exactly_it(folder: Path, text: str) -> None:
    vocabulary = Vocabulary.read(folder)
    ids = vocabulary.spell(text.encode(), Tokenizer(folder).encode_plain)
    assert b"".join(vocabulary.tokens[i] for i in ids) == text.encode()


def test_half_a_character_can_be_spelt(folder: Path) -> None:
    vocabulary = Vocabulary.read(folder)
    data = "é!".encode()[1:]
    ids = vocabulary.spell(data, Tokenizer(folder).encode_plain)
    assert b"".join(vocabulary.tokens[i] for i in ids) == data


def test_a_byte_that_no_token_writes_is_left_out() -> None:
    assert Vocabulary({4: b"a", 9: b"ab"}).spell(b"ab\xf1a", lambda text: []) == [9, 4]


def test_special_tokens_write_nothing(folder: Path) -> None:
    vocabulary = Vocabulary.read(folder)
    added = json.loads((folder / "tokenizer.json").read_text())["added_tokens"]
    assert added and not {token["id"] for token in added} & set(vocabulary.tokens)


def test_what_tokens_write_is_what_the_tokenizer_decodes(folder: Path) -> None:
    vocabulary, tokenizer = Vocabulary.read(folder), Tokenizer(folder)
    rng = random.Random(3)
    first = tokenizer.encode_plain(
        "x"
    )  # SentencePiece's decoder takes one blank from the beginning
    start = len(tokenizer.decode(first))
    for _ in range(200):
        ids = rng.choices(sorted(vocabulary.tokens), k=6)
        data = b"".join(vocabulary.tokens[i] for i in ids)
        assert (
            tokenizer.decode(first + ids)[start:] == data.decode(errors="replace")
            or b"\xff" in data
            or not _is_text(data)
        )


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_masks_over_it_agree_with_the_recogniser(folder: Path) -> None:
    vocabulary = Vocabulary.read(folder)
    rules = parse(
        'root ::= "SELECT " name (", " name)* " FROM " name ";"?\nname ::= [a-zé😀]{1,12}'
    )
    grammar, size = Grammar(rules), max(vocabulary.tokens) + 1
    for mask in (
        GlrMask.compile(rules, GlrVocabulary(vocabulary)),
        XMask.compile(rules, vocabulary),
    ):
        rng, state, cursor = random.Random(5), mask.start(), grammar.start()
        for _ in range(20):
            wanted = {
                i for i, data in vocabulary.tokens.items() if data and cursor.copy().feed(data)
            }
            assert tiny.allowed(state, size) == wanted
            if not wanted:
                break
            token = rng.choice(sorted(wanted))
            assert state.commit(token) and cursor.feed(vocabulary.tokens[token])


def test_a_tokenizer_without_bytes_is_refused(tmp_path: Path) -> None:
    from tokenizers import Tokenizer as Raw
    from tokenizers import models, pre_tokenizers

    words = Raw(models.WordLevel({"a": 0, "b": 1}, unk_token="a"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(IncompatibleError, match="byte-level or byte-fallback") as caught:
        Vocabulary.read(tmp_path)
    assert caught.value.code == "tokenizer_kind"
