"""Archives, manifests, adapters and whole packages."""

from __future__ import annotations

import gzip
import json
import struct
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy
from hypothesis import strategies as st
from safetensors.numpy import save_file

from expertserve.adapters.peft import read_adapter
from expertserve.adapters.serving import prepare_adapter
from expertserve.adapters.settings import CONFIG
from expertserve.check import check_package
from expertserve.core.router import Router
from expertserve.expert import prepare
from expertserve.models import LocalModel
from expertserve.package.archive import open_package
from expertserve.package.constraints import check_constraints, load_order
from expertserve.package.manifest import Adapter, parse_manifest
from expertserve.package.members import WEIGHTS, Limits
from tests import tiny
from tests.fuzz import draw
from tests.fuzz.callers import GRAMMAR, TEMPLATE
from tests.fuzz.guard import Broken

SMALL = Limits(members=64, member_bytes=1 << 19, total_bytes=1 << 20)
CUT = b"\n%%\n"
"""Separates the files of an input that holds several."""


# ── archives and manifests ──────────────────────────────────────────────────────────────────────


def open_archive(data: bytes, root: Path) -> None:
    archive = root / "input"
    archive.write_bytes(data)
    package = open_package(archive, cache_dir=root / "cache", limits=SMALL)
    total = 0
    for path in package.folder.rglob("*"):
        if (
            path.is_symlink()
            or not path.resolve().is_relative_to(package.folder.resolve())
            or path.stat().st_mode & 0o7000
        ):
            raise Broken(f"{path} is not a regular file of the package")
        total += path.stat().st_size if path.is_file() else 0
    if total > SMALL.total_bytes or len(package.files) > SMALL.members:
        raise Broken(f"{len(package.files)} files of {total} bytes")


def tar(data: bytes, root: Path) -> None:
    open_archive(data if data[:2] == b"\x1f\x8b" else gzip.compress(data, 1, mtime=0), root)


def manifest(data: bytes, root: Path) -> None:
    read = parse_manifest(data)
    list(read.unknown())
    Router([(read.name, read)]).route("How many lighthouses are there?")
    load_order([read])
    check_constraints(read, [read])


# ── adapters and packages ───────────────────────────────────────────────────────────────────────


def base(root: Path) -> Path:
    """A base model of a few thousand numbers; only its names and shapes matter here."""
    folder = root / "models" / "tiny"
    if not folder.exists():
        tiny.tokenizer(folder)
        (folder / "config.json").write_text(
            json.dumps({"architectures": ["LlamaForCausalLM"], "max_position_embeddings": 512})
        )
        shapes = {
            "self_attn.q_proj": (16, 16),
            "self_attn.v_proj": (8, 16),
            "mlp.down_proj": (16, 24),
            "mlp.up_proj": (24, 16),
        }
        weights = {
            f"model.layers.0.{n}.weight": numpy.ones(s, numpy.float32) for n, s in shapes.items()
        }
        save_file(weights, folder / "model.safetensors")
    return folder


@cache
def _base_model(folder: Path) -> LocalModel:
    return LocalModel("tiny", folder, folder.parent.parent / "cache")


def tensors(**shapes: tuple[int, ...]) -> bytes:
    """A safetensors file of zeros."""
    at, entries = 0, {}
    for name, shape in shapes.items():
        size = 4
        for d in shape:
            size *= d
        entries[name.replace("__", ".")] = {
            "dtype": "F32",
            "shape": shape,
            "data_offsets": [at, at + size],
        }
        at += size
    return _safetensors(json.dumps(entries).encode(), at)


def _safetensors(header: bytes, size: int) -> bytes:
    return struct.pack("<Q", len(header)) + header + b"\x3f" * size


Q = "base_model__model__model__layers__0__self_attn__q_proj__"
LORA = tensors(**{Q + "lora_A__weight": (2, 16), Q + "lora_B__weight": (16, 2)})
LORA_CONFIG = {
    "peft_type": "LORA",
    "r": 2,
    "lora_alpha": 4,
    "target_modules": ["q_proj"],
    "rank_pattern": {"q.*": 2},
    "alpha_pattern": {},
}
ENTRY = {"type": "lora", "target_modules": ["q_proj"], "r": 2, "alpha": 4}
ADAPTERS: tuple[tuple[dict[str, Any], dict[str, Any], bytes], ...] = (
    (ENTRY, LORA_CONFIG, LORA),
    (
        ENTRY | {"type": "dora"},
        LORA_CONFIG | {"use_dora": True},
        tensors(**{Q + "lora_A__weight": (2, 16), Q + "lora_B__weight": (16, 2), Q + "lora_magnitude_vector__weight": (16,)}),
    ),
    (
        {"type": "ia3", "target_modules": ["q_proj"]},
        {"peft_type": "IA3", "target_modules": ["q_proj"], "feedforward_modules": []},
        tensors(**{Q + "ia3_l": (16, 1)}),
    ),
    (
        ENTRY | {"type": "lokr"},
        {"peft_type": "LOKR", "r": 2, "alpha": 4, "target_modules": ["q_proj"]},
        tensors(**{Q + "lokr_w1": (4, 4), Q + "lokr_w2": (4, 4)}),
    ),
    (
        ENTRY | {"type": "vera", "alpha": 1},
        {"peft_type": "VERA", "r": 2, "target_modules": ["q_proj"], "save_projection": True, "projection_prng_key": 0},
        tensors(
            base_model__vera_A=(2, 16), base_model__vera_B=(16, 2), **{Q + "vera_lambda_b": (16,), Q + "vera_lambda_d": (2,)}
        ),
    ),
)  # fmt: skip


def _rebuilt(weights: bytes) -> bytes:
    """The weights: given as a header alone, or as a whole file."""
    return (
        weights
        if weights[:1] not in (b"{", b"[")
        else _safetensors(weights, max(0, min(1 << 16, _end(weights))))
    )


def _end(header: bytes) -> int:
    """Where the last tensor ends, so that most changes of a header leave a valid file."""
    with suppress(ValueError, TypeError, AttributeError, LookupError, RecursionError):
        return max(
            (
                e["data_offsets"][1]
                for e in json.loads(header).values()
                if type(e["data_offsets"][1]) is int
            ),
            default=0,
        )
    return 0


def adapter(data: bytes, root: Path) -> None:
    """Three parts: the manifest's entry, the configuration, the weights (whole, or a header for
    zeros).
    """
    entry, config, weights = (*data.split(CUT, 2), b"", b"")[:3]
    folder = root / "input"
    folder.mkdir(exist_ok=True)
    (folder / CONFIG).write_bytes(config)
    (folder / WEIGHTS).write_bytes(_rebuilt(weights))
    try:
        declared = Adapter.model_validate_json(entry)
    except ValueError:  # the manifest has its own target
        declared = Adapter.model_validate_json(json.dumps(ENTRY))
    prepare_adapter(
        read_adapter(folder, declared, folder / WEIGHTS),
        _base_model(base(root)),
        "0" * 64,
        root / "cache" / "adapters",
    )


FILES = (
    "manifest.json",
    CONFIG,
    WEIGHTS,
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "grammar.gbnf",
)


def package(data: bytes, root: Path) -> None:
    """A folder of up to seven files, prepared as for serving and linted."""
    folder = root / "input"
    folder.mkdir(exist_ok=True)
    for name, content in zip(FILES, data.split(CUT), strict=False):
        if content:
            (folder / name).write_bytes(_rebuilt(content) if name == WEIGHTS else content)
    try:
        prepare(folder, cache_dir=root / "cache", models_dir=base(root).parent)
    finally:
        check_package(folder, cache_dir=root / "cache", models_dir=base(root).parent)


MANIFEST = tiny.manifest(
    base_models=[{"name": "tiny", "prompt_template": "chatml", "adapters": [ENTRY]}],
    routing={
        "keywords": ["lighthouses", "sql"],
        "exclude_keywords": ["json"],
        "router_hint": "domain=sql",
        "priority": 0.5,
    },
    integrity={
        "files": {CONFIG: "sha256:" + "0" * 64},
        "pubkey": "ed25519:" + "d7" * 32,
        "signature": "00" * 64,
    },
)
CUSTOM = tiny.manifest(
    base_models=[{"name": "tiny", "prompt_template": "custom", "adapters": [ENTRY]}],
    training={
        "decoding": {
            "use_grammar": True,
            "grammar_file": "grammar.gbnf",
            "grammar_type": "sql",
            "stop_sequences": [";"],
        }
    },
)
OLD = {
    "name": "expert-x",
    "version": "1.0.0",
    "base_model": {"name": "tiny"},
    "adapters": [ENTRY],
    "constraints": {"requires": ["expert-x@>=1,<2"]},
}


def joined(*parts: bytes) -> bytes:
    return CUT.join(parts)


@st.composite
def adapters_drawn(draw_: st.DrawFn) -> bytes:
    entry, config, weights = draw_(st.sampled_from(ADAPTERS))
    header = json.loads(weights[8 : 8 + struct.unpack("<Q", weights[:8])[0]])
    whole = (
        draw_(draw.damaged(st.just(weights)))
        if draw_(st.booleans())
        else draw_(draw.json_texts(header))
    )
    return joined(draw_(draw.json_texts(entry)), draw_(draw.json_texts(config)), whole)


@st.composite
def packages_drawn(draw_: st.DrawFn) -> bytes:
    _, config, weights = ADAPTERS[0]
    tokenizer = draw_(
        draw.json_texts(
            {
                "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []},
                "added_tokens": [{"id": 1, "content": "<s>"}],
            }
        )
    )
    return joined(
        draw_(draw.json_texts(MANIFEST, CUSTOM, OLD)),
        json.dumps(config).encode(),
        draw_(st.sampled_from([weights, b"{}", b""])),
        draw_(st.sampled_from([b"", b"", tokenizer])),
        draw_(
            draw.json_texts(
                {"chat_template": TEMPLATE.decode(), "eos_token": {"content": "<|im_end|>"}}
            )
        ),
        draw_(st.sampled_from([b"", TEMPLATE, b"{{ messages[1].content }}"])),
        draw_(draw.damaged(st.just(GRAMMAR))),
    )
