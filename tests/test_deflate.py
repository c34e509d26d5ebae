"""Packed archives: an ordinary gzip file, the same bytes each time, and quickly made of weights."""

from __future__ import annotations

import gzip
import io
import random
import subprocess
from pathlib import Path
from shutil import which

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expertserve.package.deflate import BLOCK, GzipWriter


def packed(*parts: bytes) -> bytes:
    file = io.BytesIO()
    with GzipWriter(file) as writer:
        for part in parts:
            assert writer.write(part) == len(part)
    return file.getvalue()


def weights(size: int, seed: int = 0) -> bytes:
    """Bytes as bfloat16 weights have them: a busy low byte, a high byte from a few values."""
    draw = random.Random(seed)
    return bytes(
        draw.randrange(256) if i % 2 else draw.choice(b"\x3b\x3c\xbb\xbc") for i in range(size)
    )


@given(st.lists(st.binary(max_size=3000), max_size=5))
def test_what_was_written_comes_out(parts: list[bytes]) -> None:
    assert gzip.decompress(packed(*parts)) == b"".join(parts)


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5])
def test_blocks_are_one_stream_whose_bytes_depend_on_the_content_alone(size: int) -> None:
    data = (weights(4096) * (size // 4096 + 1))[:size]
    whole = packed(data)
    assert gzip.decompress(whole) == data
    assert packed(*(data[i : i + 99_991] for i in range(0, size, 99_991))) == whole


def wide(data: bytes) -> bytes:
    """bfloat16 weights as float32: every other two bytes are zero."""
    return b"".join(b"\0\0" + data[i : i + 2] for i in range(0, len(data), 2))


@pytest.mark.parametrize("data", [weights(1 << 19), wide(weights(1 << 18))], ids=["bf16", "fp32"])
def test_weights_are_not_larger_than_by_a_search_for_repetitions(data: bytes) -> None:
    assert len(packed(data)) <= 1.02 * len(gzip.compress(data, 1))


def test_a_search_for_repetitions_is_made_where_it_finds_some() -> None:
    text = b"SELECT country FROM lighthouses WHERE height > 12;\n" * 2000
    assert len(packed(text)) < 0.02 * len(text)


@pytest.mark.skipif(which("gzip") is None, reason="gzip itself is asked")
def test_gzip_itself_takes_it(tmp_path: Path) -> None:
    (tmp_path / "x.gz").write_bytes(packed(weights(2 * BLOCK + 17)))
    subprocess.run(["gzip", "-t", str(tmp_path / "x.gz")], check=True)


def test_a_failure_leaves_a_file_that_is_not_taken_for_whole() -> None:
    file = io.BytesIO()
    with pytest.raises(RuntimeError), GzipWriter(file) as writer:
        writer.write(b"x" * (BLOCK + 1))
        raise RuntimeError
    with pytest.raises(EOFError):
        gzip.decompress(file.getvalue())
