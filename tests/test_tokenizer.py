"""A folder's tokenizer, read once: with special tokens, and without."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import tokenizers

from expertserve.prompt.tokenizer import Tokenizer
from tests import tiny

TEXTS = ("", "How many boats?\n", "<|im_start|>user <boat> <|im_end|>", " ünï 漢字 \x00", "<boat>s")


def with_added(folder: Path) -> None:
    """A tokenizer with tokens that were added later, one of them special."""
    tiny.tokenizer(folder)
    made = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    made.add_tokens([tokenizers.AddedToken("<boat>", lstrip=True, normalized=False)])
    made.add_special_tokens(["<|tool|>"])
    made.save(str(folder / "tokenizer.json"))


@pytest.mark.parametrize("write", [tiny.tokenizer, tiny.sentencepiece, with_added])
def test_plain_text_is_read_as_by_a_tokenizer_of_its_own(
    write: Callable[[Path], None], tmp_path: Path
) -> None:
    write(tmp_path)
    ours = Tokenizer(tmp_path)
    whole, plain = (tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json")) for _ in "ab")
    plain.encode_special_tokens = True
    for text in TEXTS:
        assert ours.encode_plain(text) == plain.encode(text, add_special_tokens=False).ids
        assert ours.encode(text) == whole.encode(text, add_special_tokens=False).ids
        assert ours.decode(ours.encode_plain(text)) == plain.decode(ours.encode_plain(text))


def test_numbers_that_a_file_leaves_out_are_the_same_in_both(tmp_path: Path) -> None:
    with_added(tmp_path)
    file = tmp_path / "tokenizer.json"
    content = json.loads(file.read_text())
    for token in content["added_tokens"][-2:]:
        token["id"] += 50
    file.write_text(json.dumps(content))
    ours = Tokenizer(tmp_path)
    assert ours.encode_plain("<boat>") == [ours.id_of("<boat>")]
    assert ours.encode("<|tool|>") == [ours.id_of("<|tool|>")]
    assert len(ours.encode_plain("<|tool|>")) > 1


def test_a_vocabulary_is_read_once(tmp_path: Path) -> None:
    tiny.tokenizer(tmp_path)
    ours, file = Tokenizer(tmp_path), tmp_path / "tokenizer.json"
    ours.encode("x")
    before = file.stat()
    file.write_bytes(b" " * before.st_size)  # which nothing could read again
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert ours.encode_plain("x")
