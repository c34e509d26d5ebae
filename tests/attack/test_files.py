"""Archives, JSON and tensors that lie. More of them, one code each, in tests/test_package.py,
test_manifest.py, test_adapters.py.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import resource
import struct
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from expertserve.adapters.peft import read_adapter
from expertserve.errors import ExpertError, IncompatibleError, LoadError, ManifestError
from expertserve.expert import prepare
from expertserve.models import read_header
from expertserve.package.archive import open_package
from expertserve.package.cache import NOTES
from expertserve.package.keys import read_trusted
from expertserve.package.manifest import Adapter, parse_manifest
from expertserve.package.members import Limits
from tests import tiny

SOUND = {"manifest.json": json.dumps(tiny.manifest()).encode(), "weights": b"w" * 5000}
CENTRAL, LOCAL, END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"


def _patched(target: Path, patches: list[tuple[bytes, int, int]]) -> Path:
    """A zip with 32-bit numbers changed: after which mark, at which offset, to what."""
    tiny.zipped(target, SOUND)
    data = bytearray(target.read_bytes())
    for mark, offset, value in patches:
        at = data.rindex(mark) + offset
        data[at : at + 4] = struct.pack("<I", value)
    target.write_bytes(bytes(data))
    return target


LYING: dict[str, list[tuple[bytes, int, int]]] = {
    "fewer bytes than there are": [(CENTRAL, 24, 10), (LOCAL, 22, 10)],
    "more bytes than there are": [(CENTRAL, 24, 1 << 30), (LOCAL, 22, 1 << 30)],
    "fewer packed bytes": [(CENTRAL, 20, 10), (LOCAL, 18, 10)],
    "more packed bytes": [(CENTRAL, 20, 1 << 30), (LOCAL, 18, 1 << 30)],
    "another member's place": [(CENTRAL, 42, 0)],
    "a place outside": [(CENTRAL, 42, 1 << 30)],
    "a directory before the file's beginning": [(END, 16, 1 << 20)],
}


@pytest.mark.parametrize("name", LYING)
def test_a_zip_that_lies_about_sizes_or_places_is_refused(name: str, tmp_path: Path) -> None:
    """Packed bytes beyond a stored member's own are never looked at: that lie alone changes
    nothing.
    """
    archive = _patched(tmp_path / "lying.expert", LYING[name])
    if name == "more packed bytes":
        opened = open_package(archive, cache_dir=tmp_path / "cache")
        assert {n: (opened.folder / n).read_bytes() for n in opened.files} == SOUND
        return
    with pytest.raises(LoadError) as caught:
        open_package(archive, cache_dir=tmp_path / "cache")
    assert caught.value.code in ("corrupt_archive", "member_too_large", "archive_too_large")
    left = {p.name for p in (tmp_path / "cache").rglob("*")}
    assert left <= {"packages", NOTES}


def test_a_zip_of_a_million_members_costs_no_memory(tmp_path: Path) -> None:
    entry = (
        struct.pack("<4s6H3L5H2L", CENTRAL, 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"x"
    )
    count = 1_000_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(entry) * count, 0, 0)
    archive = tmp_path / "many.expert"
    with archive.open("wb") as file:
        file.write(LOCAL + b"\0" * 26)
        for _ in range(100):
            file.write(entry * (count // 100))
        file.write(end)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(LoadError) as caught:
        open_package(archive, cache_dir=tmp_path / "cache")
    assert caught.value.code == "too_many_members"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 300 << 10


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_a_bomb_inside_a_bomb_stays_a_file(kind: str, tmp_path: Path) -> None:
    """Archives in archives are not opened, so that only the outermost counts."""
    inner = gzip.compress(b"\0" * (64 << 20))
    for _ in range(3):
        inner = gzip.compress(inner)
    make = tiny.tar_gz if kind == "tar" else tiny.zipped
    opened = open_package(
        make(tmp_path / "nested.expert", {**SOUND, "bomb.gz": inner}), cache_dir=tmp_path / "cache"
    )
    assert (opened.folder / "bomb.gz").read_bytes() == inner


@pytest.mark.parametrize("deflate", [False, True])
def test_a_megabyte_never_becomes_a_gigabyte(deflate: bool, tmp_path: Path) -> None:
    archive = tmp_path / "bomb.expert"
    if deflate:
        with (
            zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bomb,
            bomb.open("zeros", "w") as member,
        ):
            for _ in range(600):
                member.write(b"\0" * (1 << 20))
    else:
        with tarfile.open(archive, "w:gz", compresslevel=1) as bomb:
            header = tarfile.TarInfo("zeros")
            header.size = 600 << 20
            bomb.addfile(header, _Zeros(header.size))
    with pytest.raises(LoadError) as caught:
        open_package(archive, cache_dir=tmp_path / "cache")
    assert caught.value.code == "archive_too_large" and not [
        p for p in (tmp_path / "cache").rglob("*") if p.is_file()
    ]


class _Zeros(io.RawIOBase):
    """So many zeros, without the memory."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        given = min(size if size >= 0 else self.left, self.left)
        self.left -= given
        return b"\0" * given


def test_a_name_that_is_cut_by_a_nul_is_refused_or_read_whole(tmp_path: Path) -> None:
    """Python's zipfile ends names at a NUL: what is checked must be what is written."""
    archive = tiny.zipped(tmp_path / "nul.expert", {**SOUND, "good.txtX../evil": b"x"})
    archive.write_bytes(archive.read_bytes().replace(b"good.txtX../evil", b"good.txt\0../evil"))
    try:
        opened = open_package(archive, cache_dir=tmp_path / "cache")
    except LoadError:
        return
    assert set(opened.files) == {*SOUND, "good.txt"}


@pytest.mark.parametrize("limits", [Limits(members=3), Limits(members=4096)])
def test_folders_nested_without_end_are_refused(limits: Limits, tmp_path: Path) -> None:
    with pytest.raises(LoadError):
        open_package(
            tiny.tar_gz(tmp_path / "deep.expert", {**SOUND, "/".join("d" * 500): b"x"}),
            cache_dir=tmp_path / "c",
            limits=limits,
        )


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────

HOSTILE_JSON = {
    "a number of a million digits": b"9" * 1_000_000,
    "a number of 5,000 digits": b"9" * 5_000,
    "a float beyond all floats": b"1e999",
    "minus infinity": b"-Infinity",
    "a hundred thousand lists": b"[" * 100_000 + b"]" * 100_000,
    "a hundred thousand objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "nine hundred lists": b"[" * 900 + b"]" * 900,
    "the same key twice": b'{"a": 1, "a": 2}',
    "the same key twice by an escape": b'{"a": 1, "\\u0061": 2}',
    "half of a surrogate pair": b'"\\ud800"',
    "bytes that are no text": b'"\xff\xfe"',
}


@pytest.mark.parametrize("name", HOSTILE_JSON)
def test_json_that_hurts_is_refused_with_its_place(name: str) -> None:
    text = json.dumps(tiny.manifest(tags="HERE")).encode().replace(b'"HERE"', HOSTILE_JSON[name])
    with pytest.raises(ManifestError) as caught:
        parse_manifest(text)
    assert caught.value.line >= 1 or caught.value.code == "manifest_too_large"


@pytest.mark.parametrize(
    "name", sorted(set(HOSTILE_JSON) - {"the same key twice", "the same key twice by an escape"})
)
@pytest.mark.parametrize("file", ["adapter_config.json", "tokenizer_config.json", "tokenizer.json"])
def test_the_other_json_files_of_a_package_can_not_hurt_either(
    file: str, name: str, tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    known = json.loads((tiny_package / file).read_bytes())
    text = (
        json.dumps({**known, "auto_mapping": "HERE", "model_max_length": "HERE"})
        .encode()
        .replace(b'"HERE"', HOSTILE_JSON[name])
    )
    (tiny_package / file).write_bytes(text)
    try:
        prepare(tiny_package, cache_dir=tmp_path / "cache", models_dir=tiny_base.parent)
    except ExpertError as error:
        assert len(str(error)) < 5000


# ── tensors ─────────────────────────────────────────────────────────────────────────────────────


def _file(entries: object, data: bytes = b"\0" * 64, length: int | None = None) -> bytes:
    header = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def _entry(
    shape: list[object], start: object, end: object, dtype: str = "F32"
) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


BAD_TENSORS: dict[str, bytes] = {
    "overlapping": _file({"a": _entry([8], 0, 32), "b": _entry([8], 16, 48)}, b"\0" * 48),
    "with a gap": _file({"a": _entry([4], 0, 16), "b": _entry([4], 32, 48)}, b"\0" * 48),
    "that end behind the file": _file({"a": _entry([100], 0, 400)}),
    "that end before the file": _file({"a": _entry([4], 0, 16)}),
    "backwards": _file({"a": _entry([4], 64, 0)}),
    "at a negative place": _file({"a": _entry([4], -16, 64)}),
    "at fractions": _file({"a": _entry([16], 0.0, 64.0)}),
    "at true": _file({"a": _entry([16], False, 64)}),
    "of a negative shape": _file({"a": _entry([-4, -4], 0, 64)}),
    "of a shape of huge numbers": _file({"a": _entry([10**4000] * 200, 0, 64)}),
    "of a hundred dimensions": _file({"a": _entry([1] * 100, 0, 64)}),
    "of fractional shape": _file({"a": _entry([4.5], 0, 64)}),
    "in a header longer than the file": _file({"a": _entry([16], 0, 64)}, length=1 << 40),
    "in a header of 2^64 - 1 bytes": _file({"a": _entry([16], 0, 64)}, length=(1 << 64) - 1),
    "in a header nested too deep": _file(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "in a header that is a list": _file([1, 2]),
    "in no header": b"",
    "in a pickle": pickle.dumps({"weights": [1.0] * 100}),
}


@pytest.mark.parametrize("name", BAD_TENSORS)
def test_tensors_are_refused(name: str, tmp_path: Path) -> None:
    file = tmp_path / "adapter_model.safetensors"
    file.write_bytes(BAD_TENSORS[name])
    with pytest.raises(LoadError) as caught:
        list(read_header(file))
    assert caught.value.code == "bad_safetensors" and len(caught.value.message) < 1000


def test_a_shape_that_lies_about_its_bytes_is_refused(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    name = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
    other = name.replace("lora_A", "lora_B")
    entries = {
        name: _entry([4, 128], 0, 32),
        other: _entry([128, 4], 32, 64),
    }  # 512 numbers each, 32 bytes each
    (tiny_package / "adapter_model.safetensors").write_bytes(_file(entries))
    manifest = tiny.manifest(base_models=tiny.base_entry(targets=["q_proj"]))
    (tiny_package / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(LoadError):
        prepare(tiny_package, cache_dir=tmp_path / "cache", models_dir=tiny_base.parent)


class _Loaded:
    """A pickle that would make a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "adapter_model.bin", "weights.pt"])
def test_a_pickle_is_never_run_whatever_it_is_called(
    name: str, tiny_package: Path, tmp_path: Path
) -> None:
    (tiny_package / "adapter_model.safetensors").unlink()
    weights = tiny_package / name
    weights.write_bytes(pickle.dumps(_Loaded(tmp_path / "ran")))
    declared = Adapter.model_validate_json(
        json.dumps({"type": "lora", "target_modules": ["q_proj"], "r": 4, "alpha": 8})
    )
    with pytest.raises((LoadError, IncompatibleError)) as caught:
        read_adapter(tiny_package, declared, weights)
    assert (
        caught.value.code in ("bad_safetensors", "pickled_weights")
        and not (tmp_path / "ran").exists()
    )


# ── keys ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "given",
    ["x" * 5000, "a\x00b", "/dev/zero", "/proc/self/mem", "", "\udc80", "ed25519:" + "x" * 100_000],
)
def test_whatever_is_passed_as_a_key_is_refused_as_one(given: str) -> None:
    with pytest.raises(ExpertError):
        read_trusted(given)


def test_python_does_not_read_endless_numbers() -> None:
    """What the bounds above rely on: nobody raised Python's own limit."""
    assert 0 < sys.get_int_max_str_digits() <= 4300
