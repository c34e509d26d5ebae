"""One fuzz target for each place where untrusted bytes are read. A target accepts any bytes, and
returns unless an invariant is broken.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import random
import shutil
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy
from hypothesis import strategies as st
from safetensors.numpy import save_file

from expertserve.adapters.peft import CONFIG, read_adapter
from expertserve.adapters.serving import prepare_adapter
from expertserve.check import check_package
from expertserve.core.router import Router
from expertserve.decoding import restrict
from expertserve.errors import ExpertError
from expertserve.expert import prepare
from expertserve.grammar import gbnf, terms
from expertserve.grammar.check import check as check_grammar
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.write import write
from expertserve.models import LocalModel
from expertserve.package import keys
from expertserve.package.archive import open_package
from expertserve.package.constraints import check_constraints, load_order
from expertserve.package.manifest import Adapter, parse_manifest, read_manifest
from expertserve.package.members import WEIGHTS, Limits
from expertserve.package.signature import canonical_hash, sign, verify_signature
from expertserve.prompt import template
from tests import tiny
from tests.fuzz import draw
from tests.fuzz.guard import Broken, watched

SMALL = Limits(members=64, member_bytes=1 << 19, total_bytes=1 << 20)
CUT = b"\n%%\n"
"""Separates the files of an input that holds several."""
MESSAGES = [
    {"role": "system", "content": "Schema: t(id)"},
    {"role": "user", "content": "How many?"},
]
GRAMMAR = (
    b'root ::= "SELECT " name ("," name)* where?\nwhere ::= " WHERE " name "=" [0-9]{1,3} # a comment\n'
    b'name ::= [a-z_]+ | "\\"" [^"\\n]* "\\""\n'
)
TEMPLATE = (
    b"{% set n = namespace(x='') %}{% for m in messages %}{% if m.role == 'user' and loop.first %}{{ raise_exception('no') }}"
    b"{% else %}{% set n.x = n.x ~ m['content'] | trim %}{% endif %}{{ n.x.split('a')[1:] | join(',') }}{% endfor %}"
    b"{% macro f(a, b=1) %}{{ a | upper | replace('A', 'B') | tojson }}{% endmacro %}{{ f(messages) }}"
    b"{{ messages | map(attribute='role') | list }}"
)
DDL = b"CREATE TABLE users (id INT PRIMARY KEY, \"full name\" TEXT DEFAULT 'x', FOREIGN KEY (id) REFERENCES t(id));CREATE VIEW v AS SELECT 1;"
GRAPH = b"(:Person {name: STRING, age: INT})-[:KNOWS|LIKES {since: DATE}]->(p:City:Place)"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "a": {"type": "integer", "minimum": 1},
        "b": {"type": "array", "items": {"$ref": "#/$defs/s"}, "minItems": 1},
    },
    "required": ["a"],
    "additionalProperties": False,
    "$defs": {"s": {"type": "string", "pattern": "[a-z]{1,3}", "maxLength": 9, "enum": ["x"]}},
}
REGEX = b"(?:[a-z]+|\\d{2,4})(-[^x]*)?\\.(com|org)"


@dataclass(frozen=True, slots=True)
class Target:
    """A fuzz target.

    Args:
        run: Takes an input and a folder of its own.
        drawn: Inputs that are nearly sound.
        seeds: Sound ones, to begin mutating with.
        warm: Makes what all inputs share; not watched.
        writes: Folders beside its cache and its input that it may write to.
    """

    name: str
    run: Callable[[bytes, Path], None]
    drawn: st.SearchStrategy[bytes]
    seeds: tuple[bytes, ...]
    warm: Callable[[Path], object] = lambda root: None
    writes: tuple[str, ...] = ()

    @staticmethod
    def tidy(root: Path) -> None:
        """Removes what the previous input left."""
        for path in root.iterdir():
            if path.is_symlink() or not path.is_dir():
                path.unlink()
            elif path.name not in KEPT:
                shutil.rmtree(path)

    def begin(self, root: Path) -> None:
        """Creates the folder and runs the seeds once unwatched, so that libraries are loaded."""
        root.mkdir(parents=True, exist_ok=True)
        self.warm(root)
        for data in self.seeds:
            self.tidy(root)
            with suppress(ExpertError):
                self.run(data, root)

    def check(self, data: bytes, root: Path) -> None:
        """Runs one input, watched.

        Raises:
            Broken: Or whatever the target let out that isn't an error of our tree.
        """
        self.tidy(root)
        with (
            watched(root, writable=("cache", "input", *self.writes), kept=KEPT),
            suppress(ExpertError),
        ):
            self.run(data, root)


KEPT = ("models", "served", "sound", "state")


# ── archives and manifests ──────────────────────────────────────────────────────────────────────


def _open(data: bytes, root: Path) -> None:
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
            raise Broken(f"{path} is no plain file of the package")
        total += path.stat().st_size if path.is_file() else 0
    if total > SMALL.total_bytes or len(package.files) > SMALL.members:
        raise Broken(f"{len(package.files)} files of {total} bytes")


def tar(data: bytes, root: Path) -> None:
    _open(data if data[:2] == b"\x1f\x8b" else gzip.compress(data, 1, mtime=0), root)


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
    except ValueError:  # the manifest's own door
        declared = Adapter.model_validate_json(json.dumps(ENTRY))
    prepare_adapter(
        read_adapter(folder, declared, folder / WEIGHTS),
        _base_model(base(root)),
        "0" * 64,
        root / "cache",
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


def _parts(*parts: bytes) -> bytes:
    return CUT.join(parts)


@st.composite
def _adapters(draw_: st.DrawFn) -> bytes:
    entry, config, weights = draw_(st.sampled_from(ADAPTERS))
    header = json.loads(weights[8 : 8 + struct.unpack("<Q", weights[:8])[0]])
    whole = (
        draw_(draw.damaged(st.just(weights)))
        if draw_(st.booleans())
        else draw_(draw.json_texts(header))
    )
    return _parts(draw_(draw.json_texts(entry)), draw_(draw.json_texts(config)), whole)


@st.composite
def _packages(draw_: st.DrawFn) -> bytes:
    _, config, weights = ADAPTERS[0]
    tokenizer = draw_(
        draw.json_texts(
            {
                "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []},
                "added_tokens": [{"id": 1, "content": "<s>"}],
            }
        )
    )
    return _parts(
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


# ── signatures and keys ─────────────────────────────────────────────────────────────────────────


@cache
def _signed(root: Path) -> tuple[bytes, str, frozenset[str]]:
    """A signed folder; its manifest, that manifest's canonical hash, and the key that is trusted."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
    folder = root / "sound"
    folder.mkdir(exist_ok=True)
    (folder / CONFIG).write_text("{}")
    (folder / "manifest.json").write_text(json.dumps(MANIFEST | {"integrity": {}}))
    sign(folder, key)
    data = (folder / "manifest.json").read_bytes()
    return data, canonical_hash(json.loads(data)), frozenset({keys.public_key(key)})


def signature(data: bytes, root: Path) -> None:
    """A manifest beside members that were signed: nothing but the signed one is ever valid under
    the trusted key.
    """
    good, canonical, trusted = _signed(root)
    folder = root / "sound"
    if (
        data[:1] != b"{"
    ):  # as a patch of the signed manifest: place, length, what stands there instead
        place, cut = int.from_bytes(data[:2], "big") % len(good), data[2:3] and data[2] % 8
        data = good[:place] + data[3:] + good[place + (cut or 0) :]
    (folder / "manifest.json").write_bytes(data)
    read = read_manifest(folder)
    verdict = verify_signature(open_package(folder), read, trusted)
    if (
        verdict.trusted
        and verdict.status.startswith("valid")
        and canonical_hash(json.loads(data.decode("utf-8-sig"))) != canonical
    ):
        raise Broken(f"{verdict} for a manifest that was never signed")


KEYS = b"""[[keys]]
name = "reports"
sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
experts = ["sql", "json-*"]
requests_per_minute = 60
concurrent = 8
admin = false
"""


def key_file(data: bytes, root: Path) -> None:
    """The same bytes as a file of server keys, of trusted keys, as a private key, and as a key
    itself.
    """
    from expertserve.server.auth import Keyring, read_keys

    file = root / "input"
    file.write_bytes(data)
    with suppress(ExpertError):
        keys.read_trusted(str(file))
    with suppress(ExpertError):
        keys.read_trusted(data.decode("utf-8", "surrogateescape"))
    with suppress(ExpertError):
        keys.read_private(file, "secret" if data[:1] > b"P" else None)
    for key in read_keys(file):
        key.allows("sql")
    Keyring(file).authenticate("Bearer " + data[:20].decode("latin-1"))


@cache
def _pems() -> tuple[bytes, ...]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return plain, keys.public_key(key).encode() + b" # ours\n"


# ── what callers write ──────────────────────────────────────────────────────────────────────────


def grammar(data: bytes, root: Path) -> None:
    rules = gbnf.parse(data)
    again = gbnf.parse(write(rules))
    if again.rules != rules.rules:
        raise Broken("writing and reading changed the grammar")
    with suppress(ExpertError):
        check_grammar(data)
    read = Grammar(rules)
    if read.min_chars <= 200:
        text = read.shortest_completion("")
        if (
            text is None
            or not read.accepts(text)
            or not read.accepts(read.sample(random.Random(0)))
        ):
            raise Broken("its own sentence is none of it")


def constraint(data: bytes, root: Path) -> None:
    """The first byte says what the rest is: a regular expression, a JSON schema, DDL, a graph's
    schema.
    """
    text = data[1:].decode("utf-8", "replace")
    match data[:1]:
        case b"r":
            read = terms.from_regex(text)
        case b"j":
            try:
                schema = json.loads(text)
            except (ValueError, RecursionError):
                return
            read = terms.from_json_schema(schema)
        case b"d":
            restrict.sql_names(text, "sql")
            return
        case _:
            restrict.graph_names(text)
            return
    if read.min_chars <= 200 and not read.accepts(read.shortest_completion("") or ""):
        raise Broken("its own sentence is none of it")


def jinja(data: bytes, root: Path) -> None:
    text = template.render(
        data.decode("utf-8", "replace"),
        messages=MESSAGES,
        add_generation_prompt=True,
        bos_token="<s>",
        eos_token="</s>",
    )
    if len(text) > template.MAX_TEXT:
        raise Broken(f"{len(text)} characters")


# ── HTTP ────────────────────────────────────────────────────────────────────────────────────────


class _Site:
    """A server without a socket: requests go to the application itself."""

    def __init__(self, root: Path) -> None:
        import httpx

        from expertserve.engine.fake import FakeEngine
        from expertserve.manager import AsyncExpertManager
        from expertserve.server.app import create_app
        from expertserve.server.settings import ServerSettings

        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        _, config, weights = ADAPTERS[0]
        made = {
            "manifest.json": json.dumps(MANIFEST | {"integrity": {}}).encode(),
            CONFIG: json.dumps(config).encode(),
            WEIGHTS: weights,
        }
        self.folder = root / "served"
        for name in ("one", "two"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
            for file, content in made.items():
                (self.folder / name / file).write_bytes(content)
        self.root = root
        self.manager = AsyncExpertManager(
            engine=lambda: FakeEngine(lambda prompt: "SELECT 1"),
            cache_dir=root / "state",
            models_dir=base(root).parent,
        )
        settings = ServerSettings(
            open_admin=True,
            experts_folder=self.folder,
            max_upload_bytes=1 << 20,
            request_timeout=20,
        )
        self.app = create_app(self.manager, settings)
        self.loop = asyncio.new_event_loop()
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://127.0.0.1"
        )
        self.loop.run_until_complete(self.reset())

    async def reset(self) -> None:
        """Back to one expert."""
        for info in await self.manager.list_loaded_experts():
            if info.name != "sql":
                await self.manager.unload_expert(info.name, force=True)
        await self.manager.load_expert("sql", self.folder / "one")
        await self.manager.start()

    async def ask(self, method: str, path: str, kind: str, body: bytes) -> None:
        import httpx

        try:
            response = await self.client.request(
                method, path, content=body, headers={"content-type": kind}
            )
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError, ValueError):
            return  # no request at all
        if response.status_code >= 500 and response.status_code not in (503, 504):
            raise Broken(f"{method} {path}: {response.status_code} {response.text[:300]}")
        if (
            response.status_code >= 400
            and method != "HEAD"
            and "message" not in response.json().get("error", {})
        ):
            raise Broken(f"{response.status_code} without an error: {response.text[:300]}")
        parts = self.app.state.parts
        if parts.limits.pending or self.manager.info().running:
            raise Broken("a request goes on without its client")
        if [i.name for i in await self.manager.list_loaded_experts()] != ["sql"]:
            await self.reset()


@cache
def _site(root: Path) -> _Site:
    return _Site(root)


def http(data: bytes, root: Path) -> None:
    """A first line `METHOD PATH CONTENT-TYPE`, then the body."""
    line, _, body = data.partition(b"\n")
    words = line.decode("latin-1").split(" ")
    method, path, kind = (*words, "", "", "")[:3]
    if (
        method not in ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS")
        or not path.startswith("/")
        or not kind.isprintable()
    ):
        return
    site = _site(root)
    site.loop.run_until_complete(site.ask(method, path, kind, body))


CHAT: dict[str, Any] = {
    "model": "sql", "messages": [{"role": "user", "content": "How many?"}], "max_tokens": 5, "temperature": 0.5, "top_p": 0.9, "n": 2,
    "stop": [";"], "seed": 1, "stream": False, "schema": "CREATE TABLE t (id INT)", "thinking": False, "logprobs": True, "top_logprobs": 1,
}  # fmt: skip
PARTS: dict[str, Any] = {
    "model": "auto", "messages": [{"role": "system", "content": [{"type": "text", "text": "x"}]}, {"role": "tool", "content": "1"}],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}], "stream": True,
    "stream_options": {"include_usage": True}, "response_format": {"type": "text"},
}  # fmt: skip
TEXT = {"model": "tiny", "prompt": ["a", "b"], "logprobs": 1, "max_tokens": 3, "echo": False}


def _request(line: str) -> Callable[[bytes], bytes]:
    return lambda body: line.encode() + b"\n" + body


HTTP = st.one_of(
    draw.json_texts(CHAT, PARTS).map(_request("POST /v1/chat/completions application/json")),
    draw.json_texts(TEXT).map(_request("POST /v1/completions application/json")),
    draw.json_texts({"name": "x", "path": "two", "pin": True, "checksum": None}).map(
        _request("POST /v1/experts application/json")
    ),
    draw.json_texts({"path": "two"}).map(_request("PUT /v1/experts/sql application/json")),
    draw.damaged(draw.zips()).map(_request("POST /v1/experts?name=up application/octet-stream")),
    draw.damaged(draw.json_texts(CHAT)).map(_request("POST /v1/chat/completions application/json")),
    st.sampled_from(
        ["/v1/models", "/v1/models/%2e%2e", "/metrics", "/v1/experts/sql", "/ready", "/x"]
    ).map(lambda p: f"GET {p} -\n".encode()),
)

TARGETS = {
    target.name: target
    for target in (
        Target("tar", tar, draw.tars(), (gzip.compress(b""), b"")),
        Target("zip", _open, draw.zips(), ()),
        Target("manifest", manifest, draw.damaged(draw.json_texts(MANIFEST, CUSTOM, OLD)) | draw.json_texts(MANIFEST, CUSTOM, OLD),
               tuple(json.dumps(m).encode() for m in (MANIFEST, CUSTOM, OLD))),
        Target("adapter", adapter, _adapters(),
               tuple(_parts(json.dumps(e).encode(), json.dumps(c).encode(), w) for e, c, w in ADAPTERS), base),
        Target("package", package, _packages(), 
               (_parts(json.dumps(CUSTOM).encode(), json.dumps(LORA_CONFIG).encode(), LORA, b"", b"{}", TEMPLATE, GRAMMAR),), base),
        Target("signature", signature, draw.damaged(draw.json_texts(MANIFEST)) | st.binary(max_size=12), (b"\0\0\1x",), _signed,
               ("sound",)),
        Target("keys", key_file, draw.damaged(st.sampled_from([KEYS, *_pems()])), (KEYS, *_pems())),
        Target("grammar", grammar, draw.damaged(st.just(GRAMMAR)), (GRAMMAR,)),
        Target("constraint", constraint,
               st.one_of(draw.damaged(st.just(REGEX)).map(lambda d: b"r" + d), draw.json_texts(SCHEMA).map(lambda d: b"j" + d),
                         draw.damaged(st.just(DDL)).map(lambda d: b"d" + d), draw.damaged(st.just(GRAPH)).map(lambda d: b"g" + d)),
               (b"r" + REGEX, b"j" + json.dumps(SCHEMA).encode(), b"d" + DDL, b"g" + GRAPH)),
        Target("template", jinja, draw.damaged(st.just(TEMPLATE)), (TEMPLATE,)),
        Target("http", http, HTTP, 
               tuple(_request("POST /v1/chat/completions application/json")(json.dumps(b).encode()) for b in (CHAT, PARTS)), _site,
               ("served", "state")),
    )
}  # fmt: skip
