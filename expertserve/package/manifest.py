"""`manifest.json`, versions 1.0 and 2.0, read into one model.

Pydantic checks what the published schema demands and tolerates exactly what published files do:
keys that begin with `_`, empty hashes, `size_bytes: 0`, free metrics, templates outside the
schema's list that we know. Unknown keys are kept and reported.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
)

from expertserve import plugins
from expertserve.errors import LoadError, ManifestError
from expertserve.files import read_bounded
from expertserve.package import positions
from expertserve.package.asking import Example, Prompt, ReasoningSpec, SoftPromptSpec
from expertserve.package.section import Free, Section

NAME = "manifest.json"
AdapterType = Literal[
    "lora",
    "dora",
    "ia3",
    "adalora",
    "lokr",
    "loha",
    "vera",
    "lora-fa",
    "pvera",
    "miss",
    "bone",
    "delora",
    "hra",
    "vblora",
    "gralora",
    "tinylora",
    "deft",
    "peanut",
    "beft",
]
Template = Literal["chatml", "qwen3", "alpaca", "llama2", "vicuna", "custom"]
Sha256 = Annotated[str, Field(max_length=100)]
ALPHALESS = (
    *("vera", "pvera", "miss", "bone", "delora", "hra", "vblora"),
    *("tinylora", "deft", "peanut"),
)
"""Types with a rank and no alpha, or none that they need."""
RANKLESS = ("ia3", "beft")
"""Types that scale or shift rows alone."""
RANKED = ("lora", "dora", "adalora", "lokr", "loha", "lora-fa", "gralora", *ALPHALESS)


def _or_offered(value: object, handler: ValidatorFunctionWrapHandler) -> object:
    """One of our types, or one that another package offers."""
    if isinstance(value, str) and value in plugins.names("adapters"):
        return value
    return handler(value)


class Adapter(Section):
    """An adapter as the manifest describes it; `adapter_config.json` is the truth."""

    type: Annotated[AdapterType, WrapValidator(_or_offered)]
    target_modules: tuple[str, ...] = ()
    feedforward_modules: tuple[str, ...] = ()
    r: Annotated[int, Field(ge=1, le=4096)] | None = None
    alpha: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    scaling: str | None = None
    dropout: Annotated[float, Field(ge=0, le=1)] | None = None
    use_dora: bool | None = None
    checkpoint_step: Annotated[int, Field(ge=0, lt=1 << 63)] | None = None
    path: str | None = None
    size_bytes: Annotated[int, Field(ge=0)] | None = None
    sha256: Sha256 = ""

    @property
    def ranked(self) -> bool:
        """Whether its type has a rank: all but IA³."""
        return self.type in RANKED


class BaseModelSpec(Section):
    """A base model by name. The name is never a place: see `expertserve.models`."""

    name: Annotated[str, Field(min_length=1, max_length=1000)]
    sha256: Sha256 = ""
    quantization: str | None = None
    rope_scaling: str | dict[str, object] | None = None
    prompt_template: Template | None = None
    adapters: tuple[Adapter, ...] = ()


class Routing(Section):
    """When the expert is chosen by `auto`; see `expertserve.core.router`."""

    keywords: tuple[str, ...] = ()
    exclude_keywords: tuple[str, ...] = ()
    router_hint: str = ""
    priority: Annotated[float, Field(ge=0, le=1)] = 0.5


class Constraints(Section):
    """Beside which packages it may be loaded; see `expertserve.package.constraints`."""

    max_chain: Annotated[int, Field(ge=1)] | None = None
    load_order: Annotated[int, Field(ge=0)] = 0
    incompatible_with: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()


class Decoding(Section):
    """Defaults of every request to this expert; a call's own arguments go before them."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    top_k: Annotated[int, Field(ge=-1)] | None = None
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    repetition_penalty: Annotated[float, Field(gt=0, le=100)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_new_tokens: Annotated[int, Field(ge=1)] | None = None
    stop_sequences: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=1000)], ...], Field(max_length=64)
    ] = ()
    use_grammar: bool | None = None
    grammar_type: str | None = None
    grammar_file: str | None = None
    grammar_fix: Literal["word-boundaries"] | None = None
    ground: Literal["values", "values-any-case", "off"] | None = None
    restrict_to_schema: bool = False
    schema_rules: dict[str, str] = Field(default_factory=dict)
    reasoning: ReasoningSpec | Literal["optional", "off"] | None = None
    validation: str | None = None
    validation_cmd: str | None = None

    @property
    def limit(self) -> int | None:
        """`max_tokens`, which some authors call `max_new_tokens`."""
        return self.max_tokens or self.max_new_tokens

    @property
    def judged(self) -> bool:
        """Whether parsers are to judge the answers."""
        return self.validation in ("parser-strict", "schema-strict")


class Checkpoint(Section):
    """Another state of the training, and where its weights lie."""

    path: str
    step: Annotated[int, Field(ge=0)] | None = None


class Training(Section):
    """How the expert was trained, and how it wants to be asked."""

    dataset: Free | None = None
    config: Free | None = None
    decoding: Decoding = Decoding()
    checkpoint: str | None = None
    packaging_checkpoint: str | None = None
    alternative_checkpoints: dict[str, Checkpoint] = Field(default_factory=dict)
    trained_on: str | None = None
    base_model_version: str | None = None
    quality_score: float | None = None
    test_scenarios: object = None


class Integrity(Section):
    """Hashes of the members, and a signature over them."""

    created_at: str | None = None
    timestamp: object = None
    publisher: str | None = None
    pubkey: str | None = None
    public_key: str | None = None
    signature_algorithm: str | None = None
    signature: str | None = None
    files: dict[str, str] = Field(default_factory=dict)


class Manifest(Section):
    """A manifest of either version, in version 2's shape."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    version: str
    schema_version: Literal["1.0", "2.0"]
    description: str = ""
    author: str | None = None
    homepage: str | None = None
    repository: Free | None = None
    base_models: Annotated[tuple[BaseModelSpec, ...], Field(min_length=1, max_length=64)]
    soft_prompts: Annotated[tuple[SoftPromptSpec, ...], Field(max_length=16)] = ()
    capabilities: tuple[str, ...] = ()
    limitations: tuple[str | Free, ...] = ()
    routing: Routing = Routing()
    constraints: Constraints = Constraints()
    perf: Free | None = None
    runtime: Free | None = None
    prompt: Prompt = Prompt()
    training: Training = Training()
    evaluation: Free | None = None
    integrity: Integrity | None = None
    license: str | None = None
    tags: tuple[str, ...] = ()
    takes: Literal["schema"] | None = None
    """What a question needs beside it: `schema` stands for `schema=` of `generate`."""
    examples: Annotated[tuple[Example, ...], Field(max_length=20)] = ()
    quality_metrics: Free | None = None

    @field_validator("name")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
            raise ValueError("a name is letters, digits, '.', '_' and '-', such as expert-sql")
        return name

    @field_validator("soft_prompts")
    @classmethod
    def _differ(cls, prompts: tuple[SoftPromptSpec, ...]) -> tuple[SoftPromptSpec, ...]:
        if len({p.name for p in prompts}) < len(prompts):
            raise ValueError("two soft prompts have one name")
        return prompts

    @field_validator("version")
    @classmethod
    def _semantic(cls, version: str) -> str:
        if not re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?", version):
            raise ValueError("a version is three numbers, such as 0.3.0")
        return version

    @property
    def decoding(self) -> Decoding:
        """Defaults of requests, from `training`."""
        return self.training.decoding


def read_manifest(folder: Path) -> Manifest:
    """Reads `manifest.json` of an unpacked package.

    Raises:
        LoadError: `manifest_missing`.
        ManifestError: With line, column and the line.
    """
    path = folder / NAME
    if not path.is_file():
        nested = sorted(p.parent.relative_to(folder).as_posix() for p in folder.glob(f"*/{NAME}"))
        hint = (
            f"it is in {nested[0]!r}: members must lie at the archive's root"
            if nested
            else "a package needs one at its root"
        )
        raise LoadError("the package has no manifest.json", hint=hint, code="manifest_missing")
    return parse_manifest(read_bounded(path, positions.MAX_BYTES))


def parse_manifest(data: bytes) -> Manifest:
    """JSON text → a manifest; see `read_manifest` for what it raises.

    Example:
        >>> bases = b'[{"name": "m", "adapters": []}]'
        >>> text = b'{"name": "x", "version": "1.0.0", "base_models": ' + bases + b"}"
        >>> parse_manifest(text).base_models[0].name
        'm'
        >>> parse_manifest(b'{"name": "expert-x"}')
        Traceback (most recent call last):
        expertserve.errors.ManifestError: line 1, column 1: manifest.json: it names no base model
          {"name": "expert-x"}
          ^
        Hint: add base_models (schema 2.0) or base_model (1.0)
    """
    source = positions.locate(data)
    if not isinstance(source.value, dict):
        source.fail((), "a manifest is a JSON object", code="invalid_manifest")
    shaped, moved = _second_version(source, dict(source.value))
    try:
        manifest = Manifest.model_validate_json(
            json.dumps(shaped)
        )  # from text: strict mode takes arrays for tuples only there
    except ValidationError as error:
        _report(source, error, moved)
    _check_adapters(source, manifest, moved)
    return manifest


def _second_version(
    source: positions.LocatedJson, raw: dict[str, object]
) -> tuple[dict[str, object], bool]:
    """1.0's `base_model` and `adapters` → 2.0's `base_models`. Says whether it moved them."""
    one, many = "base_model" in raw, "base_models" in raw
    if one and many:
        source.fail(
            ("base_model",),
            "base_model and base_models are both here",
            hint="keep base_models (schema 2.0)",
            code="invalid_manifest",
        )
    if not one and not many:
        source.fail(
            (),
            "it names no base model",
            hint="add base_models (schema 2.0) or base_model (1.0)",
            code="invalid_manifest",
        )
    declared = raw.get("schema_version", "1.0" if one else "2.0")
    if declared not in ("1.0", "2.0"):
        source.fail(
            ("schema_version",),
            f"schema_version {declared!r} is unknown",
            hint="1.0 and 2.0 are read",
            code="invalid_manifest",
        )
    if many:
        if raw.get("adapters"):
            source.fail(
                ("adapters",),
                "adapters stand beside base_models",
                hint="in schema 2.0 each base model holds its own",
                code="invalid_manifest",
            )
        raw.pop("adapters", None)
        return raw | {"schema_version": "2.0"}, False
    base = raw.pop("base_model")
    adapters = raw.pop("adapters", [])
    base = {**base, "adapters": adapters} if isinstance(base, dict) else base
    return raw | {"schema_version": "1.0", "base_models": [base]}, True


def _place(path: tuple[int | str, ...], moved: bool) -> positions.Path:
    """Where the author wrote what stands at `path` of the model."""
    if moved and path[:3] == ("base_models", 0, "adapters"):
        return path[2:]
    if moved and path[:2] == ("base_models", 0):
        return ("base_model", *path[2:])
    return path


def _report(source: positions.LocatedJson, error: ValidationError, moved: bool) -> None:
    """The first error becomes the message; the others are counted, and named in the hint."""
    found = [(_place(p["loc"], moved), p) for p in error.errors(include_url=False)[:50]]
    first, *others = [
        (p, q) for p, q in found if not any(len(p) < len(o) and o[: len(p)] == p for o, _ in found)
    ]
    path, problem = first
    missing = problem["type"] == "missing"
    name = _dotted(path)
    said = (
        f"{name} is missing"
        if missing
        else (
            f"{name}: {problem['msg'].removeprefix('Value error, ')}, not"
            f" {_short(problem['input'])}"
        )
    )
    hint = (
        "also wrong: "
        + "; ".join(
            f"{_dotted(p)}: {q['msg'].removeprefix('Value error, ')}" for p, q in others[:5]
        )
        if others
        else ""
    )
    try:
        source.fail(path[:-1] if missing else path, said, hint=hint, code="invalid_manifest")
    except ManifestError as located:
        raise located from error


def _dotted(path: positions.Path) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.lstrip(".") or "the manifest"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"


def _check_adapters(source: positions.LocatedJson, manifest: Manifest, moved: bool) -> None:
    """What the schema's conditions demand of each adapter."""
    for i, base in enumerate(manifest.base_models):
        for j, adapter in enumerate(base.adapters):
            place = _place(("base_models", i, "adapters", j), moved)
            if not adapter.target_modules and not adapter.feedforward_modules:
                source.fail(place, "the adapter names no target_modules", code="invalid_manifest")
            if adapter.type == "ia3" and (adapter.r is not None or adapter.alpha is not None):
                source.fail(
                    (*place, "r"),
                    "an ia3 adapter has neither r nor alpha",
                    hint="remove them, or correct the type",
                    code="invalid_manifest",
                )
            bare = adapter.alpha is None and adapter.type not in ALPHALESS
            if adapter.ranked and (adapter.r is None or bare):
                needed = "r" if adapter.type in ALPHALESS else "r and alpha"
                source.fail(
                    place, f"a {adapter.type} adapter needs {needed}", code="invalid_manifest"
                )
            if adapter.use_dora is True and adapter.type != "dora":
                source.fail(
                    (*place, "use_dora"),
                    f"use_dora contradicts the type {adapter.type!r}",
                    code="invalid_manifest",
                )
            if adapter.use_dora is False and adapter.type == "dora":
                source.fail(
                    (*place, "use_dora"),
                    "use_dora is false, but the type is 'dora'",
                    code="invalid_manifest",
                )
