"""A base model's name → its folder on this machine, with digest and weight shapes.

A name in a manifest is never a place: `F:/models/Qwen3-0.6B` is the author's disk, so only
`Qwen3-0.6B` counts, looked up in the alias table, the models folder, and what the Hugging Face
cache already holds. Only a caller (`base_model=`, `models pull`) can point to a folder or cause a
download.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from expertserve import config
from expertserve.errors import ConfigError, IncompatibleError, LoadError
from expertserve.files import check_not_pointer, file_digest, write_whole

MAX_HEADER = 16 << 20
ORIGIN = "expertserve_origin"
"""In a quantised copy's configuration: the digest of the model that it was made from."""
CONTEXT_FIELDS = ("max_position_embeddings", "n_positions", "max_sequence_length", "seq_length")
"""What architectures call their longest input."""
ALIASES = "aliases.json"
HUB_NAMES = {
    "qwen3-0.6b": "Qwen/Qwen3-0.6B",
    "qwen3-1.7b": "Qwen/Qwen3-1.7B",
    "qwen3-4b": "Qwen/Qwen3-4B",
    "qwen2.5-0.5b-instruct": "Qwen/Qwen2.5-0.5B-Instruct",
    "smollm2-135m-instruct": "HuggingFaceTB/SmolLM2-135M-Instruct",
    "smollm2-360m-instruct": "HuggingFaceTB/SmolLM2-360M-Instruct",
    "tinyllama-1.1b-chat-v1.0": "TinyLlama/TinyLlama-1.1B-Chat-v1.0",
}
"""Short names in published experts → the hub's names."""
SECTIONS = ("text_config", "vision_config", "audio_config")
"""Parts of `config.json` that only models have which also see or hear."""
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
TAKEN, LEFT = ["*.safetensors", "*.json", "*.jinja", "tokenizer.model", "*.txt"], ["consolidated*"]
"""Files taken from a hub repository: no code, no pickles, no duplicate weights."""


@dataclass(frozen=True)
class LocalModel:
    """A base model's folder.

    Args:
        name: As it is shown: the folder's name, or the hub's.
        path: Holds `config.json`, safetensors and the tokenizer.
    """

    name: str
    path: Path
    _stamps: Path | None = field(default=None, repr=False)

    @cached_property
    def config(self) -> dict[str, object]:
        """`config.json`, as it is."""
        try:
            value = json.loads((self.path / "config.json").read_bytes())
        except (OSError, ValueError) as error:
            raise LoadError(
                f"{self.path / 'config.json'} can't be read: {error}", code="bad_base_model"
            ) from error
        if not isinstance(value, dict):
            raise LoadError(
                f"{self.path / 'config.json'} is not a JSON object", code="bad_base_model"
            )
        return value

    @cached_property
    def text_config(self) -> dict[str, object]:
        """The part of `config.json` that is about the language model: all of it, or one section.

        Models that also see or hear keep sizes and names of layers under `text_config`.
        """
        section = self.config.get("text_config")
        return section if isinstance(section, dict) else self.config

    @cached_property
    def is_wrapper(self) -> bool:
        """Whether the language model is a part of one that also sees or hears."""
        return any(isinstance(self.config.get(section), dict) for section in SECTIONS)

    @cached_property
    def context_length(self) -> int:
        """The longest prompt and answer that the model was made for, in tokens."""
        config = self.config | self.text_config
        found = [config.get(name) for name in CONTEXT_FIELDS]
        return next((n for n in found if isinstance(n, int) and n > 0), 2048)

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """Every weight's place and shape, from the safetensors headers alone."""
        return {t.name: t for file in weight_files(self.path) for t in read_header(file)}

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the digests of weights, configuration and tokenizer; cached per file."""
        names = [*(f.name for f in weight_files(self.path)), "config.json", "tokenizer.json"]
        lines = [
            f"{n}:{self._digest_of(self.path / n)}"
            for n in sorted(names)
            if (self.path / n).is_file()
        ]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def _digest_of(self, file: Path) -> str:
        """A file's SHA-256, remembered under its size and time of change."""
        real, stat = file.resolve(), file.stat()
        stamp = hashlib.sha256(f"{real}:{stat.st_size}:{stat.st_mtime_ns}".encode()).hexdigest()
        note = (self._stamps or config.cache_dir() / "digests") / stamp
        try:
            known, _, check = note.read_text().partition(" ")
            if check == _check_of(stamp, known):
                return known
        except (OSError, ValueError):
            pass  # there is none, or it is damaged
        digest = file_digest(real)
        try:
            note.parent.mkdir(parents=True, exist_ok=True)
            write_whole(note, f"{digest} {_check_of(stamp, digest)}".encode())
        except OSError:
            pass  # a read-only cache costs time, nothing else
        return digest


def _check_of(stamp: str, digest: str) -> str:
    """Stands behind a remembered digest, so that a damaged note isn't believed."""
    return hashlib.sha256(f"{stamp}:{digest}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Tensor:
    """A weight inside a safetensors file, not read yet.

    Args:
        shape: As it is read.
        transposed: Whether reading exchanges its two axes.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: Path
    transposed: bool = False


def weight_files(folder: Path) -> list[Path]:
    """A model folder's safetensors, shards in order; the index decides where there is one."""
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        try:
            names = set(json.loads(index.read_bytes())["weight_map"].values())
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LoadError(
                f"{index} is not a safetensors index: {error}", code="bad_base_model"
            ) from error
        return [folder / n for n in sorted(names) if Path(n).name == n]
    return sorted(folder.glob("*.safetensors"))


def read_header(file: Path) -> Iterator[Tensor]:
    """Names, types and shapes of a file (https://github.com/huggingface/safetensors).

    Raises:
        LoadError: The header is malformed, or its offsets don't tile the file exactly; or Git LFS
            left a pointer in its place.
    """
    try:
        check_not_pointer(file)
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            size = file.stat().st_size
            if not 2 <= length <= min(MAX_HEADER, size - 8):
                raise ValueError(f"a header of {length:,} bytes in a file of {size:,}")
            header = json.loads(stream.read(length))
        entries = sorted(
            (e["data_offsets"], n, e) for n, e in header.items() if n != "__metadata__"
        )
        at = 0
        for (start, end), _, entry in entries:
            if type(start) is not int or type(end) is not int or start != at or end < start:
                raise ValueError("its tensors overlap or leave gaps")
            if len(entry["shape"]) > 8 or any(
                type(d) is not int or not 0 <= d < 1 << 48 for d in entry["shape"]
            ):
                raise ValueError("a tensor has no sound shape")
            if type(entry["dtype"]) is not str:
                raise ValueError("a tensor has no type")
            at = end
        if at != size - 8 - length:
            raise ValueError(f"its tensors end at byte {at:,} of {size - 8 - length:,}")
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        struct.error,
        RecursionError,
    ) as error:
        raise LoadError(
            f"{file.name} is not a sound safetensors file: {error}", code="bad_safetensors"
        ) from error
    for _, name, entry in entries:
        yield Tensor(name, entry["dtype"], tuple(entry["shape"]), file)


# ── finding ─────────────────────────────────────────────────────────────────────────────────────


def last_component(name: str) -> str:
    r"""What remains of a disk path that somebody took for a name.

    Example:
        >>> last_component("F:/Node/models/Qwen3-0.6B"), last_component("C:\\models\\Qwen3-0.6B\\")
        ('Qwen3-0.6B', 'Qwen3-0.6B')
    """
    return re.split(r"[\\/]", name.rstrip("\\/"))[-1]


def find(name: str, *, models_dir: Path | None = None, cache_dir: Path | None = None) -> LocalModel:
    """A manifest's name → a model on this machine. Never a download, never a path.

    Raises:
        LoadError: `base_model_missing`; the message says where it looked, the hint how to get it.
    """
    folder = models_dir or config.models_dir()
    short = last_component(name)
    stamps = cache_dir / "digests" if cache_dir else None
    looked = [f"the aliases in {folder / ALIASES}", f"the models folder {folder}"]
    alias = _fold(_aliases(folder)).get(short.casefold())
    if alias and is_model(Path(alias)):
        return LocalModel(short, Path(alias), stamps)
    if folder.is_dir() and short not in ("", ".", ".."):
        for path in sorted(folder.iterdir()):
            if path.name.casefold() == short.casefold() and is_model(path):
                return LocalModel(path.name, path, stamps)
    hub = HUB_NAMES.get(short.casefold(), name if HUB_ID.fullmatch(name) else "")
    if hub:
        looked.append(f"the Hugging Face cache ({hub})")
        cached = hub_cache(hub)
        if cached:
            return LocalModel(hub, cached, stamps)
    pull = f"expertserve models pull {hub}" if hub else "expertserve models pull ORGANISATION/NAME"
    raise LoadError(
        f"the base model {short!r} is not on this machine; looked in {', '.join(looked)}",
        hint=(
            f"get it with `{pull}`, or name a folder: `expertserve models add {short} FOLDER`,"
            " base_model=FOLDER"
        ),
        code="base_model_missing",
    )


def find_given(
    given: str | os.PathLike[str], *, models_dir: Path | None = None, cache_dir: Path | None = None
) -> LocalModel:
    """`base_model=`: a folder, a known name, or a hub id, which may be downloaded.

    Raises:
        LoadError: It is none of these.
    """
    path, name, stamps = Path(given), str(given), cache_dir / "digests" if cache_dir else None
    if is_model(path):
        return LocalModel(path.resolve().name, path.resolve(), stamps)
    if path.is_dir():
        raise LoadError(
            f"{path} holds no model",
            hint="a model folder has config.json and *.safetensors",
            code="base_model_missing",
        )
    short = last_component(name)
    if short == name:
        return find(name, models_dir=models_dir, cache_dir=cache_dir)
    if not HUB_ID.fullmatch(name):
        raise LoadError(
            f"there is no folder {path}",
            hint="a model folder has config.json and *.safetensors",
            code="base_model_missing",
        )
    if (
        HUB_NAMES.get(short.casefold()) == name
    ):  # what is here under that name is meant to be the hub's
        with suppress(LoadError):
            return find(name, models_dir=models_dir, cache_dir=cache_dir)
    return LocalModel(name, hub_cache(name) or pull(name), stamps)


def find_first(
    names: Sequence[str],
    given: str | os.PathLike[str] | None,
    *,
    models_dir: Path | None = None,
    cache_dir: Path | None = None,
) -> tuple[int, LocalModel]:
    """The base model that was passed, else the first of these that is on this machine.

    Returns:
        Which of the names it goes by, the first where none is its own; and the model.

    Raises:
        LoadError: None is; the message is about the first.
    """
    if given is not None:
        base = find_given(given, models_dir=models_dir, cache_dir=cache_dir)
        own = last_component(base.name).casefold()
        shorts = [last_component(name).casefold() for name in names]
        return len(names) - 1 - shorts[::-1].index(own) if own in shorts else 0, base
    failure: LoadError | None = None
    for at, name in enumerate(names):
        try:
            return at, find(name, models_dir=models_dir, cache_dir=cache_dir)
        except LoadError as error:
            failure = failure or error
    raise failure or AssertionError


def is_model(path: Path) -> bool:
    """Whether a folder has a configuration and weights."""
    return (path / "config.json").is_file() and bool(list(path.glob("*.safetensors")))


def hub_cache(hub: str) -> Path | None:
    """Where the Hugging Face cache holds a model, all of it, without asking the network."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        found = Path(
            snapshot_download(
                hub, local_files_only=True, allow_patterns=TAKEN, ignore_patterns=LEFT
            )
        )
    except (LocalEntryNotFoundError, HFValidationError, OSError):
        return None
    return found if is_model(found) else None


def pull(hub: str) -> Path:
    """Downloads weights (safetensors), configuration and tokenizer from the hub.

    Raises:
        LoadError: The hub can't be reached or has no such model.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(hub, allow_patterns=TAKEN, ignore_patterns=LEFT))
    except (HfHubHTTPError, LocalEntryNotFoundError, HFValidationError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise LoadError(
            f"{hub} can't be fetched from the Hugging Face hub: {reason}",
            hint=(
                "check the name and the network, or copy the model's folder here and pass"
                " base_model=FOLDER"
            ),
            code="base_model_missing",
        ) from error


# ── the models folder ───────────────────────────────────────────────────────────────────────────


def _aliases(folder: Path) -> dict[str, str]:
    try:
        value = json.loads((folder / ALIASES).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(
            f"{folder / ALIASES} can't be read: {error}",
            hint="mend it, or delete it",
            code="bad_aliases",
        ) from error
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}


def _fold(names: dict[str, str]) -> dict[str, str]:
    return {k.casefold(): v for k, v in names.items()}


def add_alias(name: str, path: Path, *, models_dir: Path | None = None) -> None:
    """Lets `name` in manifests mean the model at `path`.

    Raises:
        ConfigError: `path` holds no model.
    """
    if not is_model(path):
        raise ConfigError(
            f"{path} holds no model",
            hint="a model folder has config.json and *.safetensors",
            code="not_a_model",
        )
    folder = models_dir or config.models_dir()
    known = _aliases(folder) | {last_component(name): str(path.resolve())}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / ALIASES, json.dumps(known, indent=2).encode())
    except OSError as error:
        raise ConfigError(
            f"{folder / ALIASES} can't be written: {error.strerror or error}", code="bad_aliases"
        ) from error


def installed(*, models_dir: Path | None = None) -> list[LocalModel]:
    """The models that manifests can name here, by alias or in the models folder."""
    folder = models_dir or config.models_dir()
    found = [LocalModel(n, Path(p)) for n, p in _aliases(folder).items() if is_model(Path(p))]
    if folder.is_dir():
        found += [LocalModel(p.name, p) for p in sorted(folder.iterdir()) if is_model(p)]
    return found


def check_declared(model: LocalModel, sha256: str, quantization: str | None) -> str:
    """Compares a manifest's `base_models[].sha256` with the model. Returns a warning or "".

    Raises:
        IncompatibleError: It names other weights. Where the manifest declares a quantised base,
            whose file we never serve, or something that is no SHA-256, that is a warning.
    """
    wanted = sha256.strip().lower().removeprefix("sha256:")
    if not wanted:
        return ""
    if not re.fullmatch(r"[0-9a-f]{64}", wanted):
        return f"the manifest's sha256 of the base model is not a SHA-256: {sha256!r}"
    weights = weight_files(model.path)
    if wanted == model.digest or (len(weights) == 1 and wanted == model._digest_of(weights[0])):
        return ""
    if wanted == model.config.get(ORIGIN):
        return f"{model.name} is a quantised copy of the base model that the manifest names"
    if quantization in ("int4", "int8"):
        return (
            f"the manifest's base model is a {quantization} file with another SHA-256 than"
            f" {model.name} here"
        )
    raise IncompatibleError(
        f"the expert was made for base weights with SHA-256 {wanted}; {model.name} here has"
        f" {model.digest}",
        hint="get those weights, or pass base_model= with the folder that holds them",
        code="base_model_differs",
    )
