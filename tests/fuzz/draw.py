"""Inputs that are almost valid, since a parser's faults lie behind its first checks: trees and
texts with something wrong in them.
"""

from __future__ import annotations

import copy
import gzip
import io
import json
import tarfile
import warnings
import zipfile
from typing import Any

from hypothesis import strategies as st

NASTY_NAMES = (
    "../../../../x", "../../../../../../../x", "a/../../../../../../x",
    "manifest.json", "MANIFEST.json", "../x", "/x", "a/../../x", "C:/x", "con", "a/NUL.txt", "x.", "a\\b", "a:b", "", ".", "a/", "./a",
    "a//b", "é", "e\u0301", "a\u202eb", "a\x00b", "n" * 300, "docs", "docs/a", "docs/A", ".hidden", "adapter_model.safetensors",
)  # fmt: skip
NASTY_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1, 1e308, -0.0, 2**63, 10**30, "", "x", "x" * 300, "../x", "\x00", "\u202e", "<|im_end|>", [], {}, [[]],
    [0], {"": 0},    "sha256:" + "0" * 64,
    "0" * 64, "lora", "dora", "ia3", "vera", "lokr", "LORA", "custom", "chatml", "sql", "1.0.0", "a@>=1,<2",
)  # fmt: skip
WORDS = tuple(
    b"\x00 \xff \xed\xa0\x80 \xef\xbb\xbf { } [ ] \" \\ \\u0000 \\ud800 NaN 1e999 -0 null ::= | ( ) * + ? {1,9} {% %} {{ }} for set ~ "
    b"<|im_end|> __class__ range( | root [^a] 99999999999999999999 ../ :A {name} CREATE TABLE (".split(b" ")
)  # fmt: skip


def _json(value: object) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


@st.composite
def trees(draw: st.DrawFn, *samples: Any) -> Any:
    """One of the samples, with up to four of its values exchanged, removed, doubled or renamed."""
    tree = json.loads(json.dumps(draw(st.sampled_from(samples))))
    for _ in range(draw(st.integers(0, 4))):
        spots = list(_spots(tree))
        if not spots:
            break
        holder, key = draw(st.sampled_from(spots))
        match draw(st.integers(0, 3)):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, dict):
                holder[draw(st.sampled_from(["_x", "x", "name", "path", "r", ""]))] = holder[key]
            case 2:
                holder[key] = [holder[key]] * draw(st.sampled_from([1, 2, 50]))
            case _:
                holder[key] = copy.deepcopy(
                    draw(
                        st.sampled_from(NASTY_VALUES)
                        | st.integers()
                        | st.text(max_size=8)
                        | st.floats()
                    )
                )
    return tree


def _spots(tree: Any) -> Any:
    stack = [tree]
    while stack:
        item = stack.pop()
        for key in list(item) if isinstance(item, dict) else range(len(item)):
            yield item, key
            if isinstance(item[key], dict | list):
                stack.append(item[key])


def json_texts(*samples: Any) -> st.SearchStrategy[bytes]:
    return trees(*samples).map(_json)


@st.composite
def damaged(draw: st.DrawFn, samples: st.SearchStrategy[bytes]) -> bytes:
    """Bytes with up to four places changed, cut or doubled."""
    data = bytearray(draw(samples))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.sampled_from([0, 1, 2, 8, 64, 600]))
        match draw(st.integers(0, 3)):
            case 0:
                data[at : at + length] = b""
            case 1:
                data[at:at] = data[at : at + length] * draw(st.sampled_from([1, 3, 100]))
            case 2:
                data[at : at + length] = draw(st.sampled_from(WORDS))
            case _:
                data[at : at + 1] = draw(st.binary(max_size=3))
    return bytes(data)


@st.composite
def tars(draw: st.DrawFn) -> bytes:
    """Tar archives of odd members: the bytes before gzip, or after it."""
    buffer = io.BytesIO()
    with tarfile.open(
        fileobj=buffer,
        mode="w",
        format=draw(st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])),
    ) as archive:
        for _ in range(draw(st.integers(0, 5))):
            member = tarfile.TarInfo(
                draw(st.sampled_from(NASTY_NAMES) | st.text(max_size=12)).replace("\x00", "\x01")
                or "x"
            )
            member.type = draw(
                st.sampled_from(
                    [tarfile.REGTYPE] * 6
                    + [
                        tarfile.DIRTYPE,
                        tarfile.SYMTYPE,
                        tarfile.LNKTYPE,
                        tarfile.CHRTYPE,
                        tarfile.FIFOTYPE,
                        tarfile.GNUTYPE_SPARSE,
                        tarfile.XGLTYPE,
                        b"?",
                    ]
                )
            )
            member.linkname = draw(st.sampled_from(["", "manifest.json", "/etc/passwd", ".."]))
            member.mode = draw(st.sampled_from([0o644, 0o4777, 0]))
            content = draw(st.binary(max_size=40)) * draw(st.sampled_from([1, 30, 40_000]))
            member.size = len(content) if member.isreg() else 0
            if draw(st.booleans()) and draw(st.booleans()):
                pax = {
                    "GNU.sparse.map": "0,1",
                    "size": "99999999999",
                    "path": "../x",
                    "x": "y" * 5000,
                }
                member.pax_headers = {
                    k: pax[k] for k in draw(st.sets(st.sampled_from(sorted(pax)), max_size=2))
                }
            try:
                archive.addfile(member, io.BytesIO(content) if member.isreg() else None)
            except (ValueError, UnicodeEncodeError):
                continue
    data = draw(damaged(st.just(buffer.getvalue())))
    return (
        gzip.compress(data, 1, mtime=0)[: draw(st.sampled_from([None, None, -1, -9, 40]))]
        if draw(st.booleans())
        else data
    )


@st.composite
def zips(draw: st.DrawFn) -> bytes:
    """Zip archives of odd members, some of which lie about their sizes."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(buffer, "w") as archive:
        for _ in range(draw(st.integers(0, 5))):
            member = zipfile.ZipInfo(
                draw(st.sampled_from(NASTY_NAMES) | st.text(max_size=12)) or "x"
            )
            member.compress_type = draw(
                st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
            )
            member.external_attr = (
                draw(st.sampled_from([0o100644, 0o120777, 0o060600, 0o104777, 0])) << 16
            )
            try:
                archive.writestr(
                    member, draw(st.binary(max_size=40)) * draw(st.sampled_from([1, 30, 40_000]))
                )
            except (ValueError, UnicodeEncodeError):
                continue
    data = bytearray(buffer.getvalue())
    for _ in range(draw(st.integers(0, 3))):
        at = data.find(draw(st.sampled_from([b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"])))
        if at >= 0:
            place = at + draw(st.integers(4, 44))
            data[place : place + 4] = draw(
                st.sampled_from(
                    [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x01\0\0\0", b"\xff\xff\xff\x7f"]
                )
            )
    return draw(damaged(st.just(bytes(data))))
