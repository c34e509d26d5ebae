"""Soft prompts: trained vectors before a prompt's tokens (https://arxiv.org/abs/2104.08691).

Read from what `torch.save` writes, from safetensors, and from PEFT's prompt tuning and P-tuning,
which save the vectors alike. A pickle is read with `weights_only=True`, after its archive's sizes
and the names in it were looked at.
"""

from __future__ import annotations

import hashlib
import pickletools
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from expertserve.adapters.settings import CONFIG, read_config
from expertserve.errors import ConfigError, IncompatibleError, LoadError
from expertserve.files import check_not_pointer
from expertserve.findings import Finding
from expertserve.models import LocalModel
from expertserve.package.archive import Package, compare_digest
from expertserve.package.asking import MAX_SOFT_TOKENS, SoftPromptSpec
from expertserve.package.manifest import Manifest
from expertserve.package.members import WEIGHTS, inside

if TYPE_CHECKING:
    import torch

KEY = "prompt_embeddings"
"""What PEFT calls the vectors."""
PICKLES = (".pt", ".bin", ".pth")
SLACK = 1 << 20
"""Bytes that a file may have beside its vectors: names, headers, padding."""
KINDS = ("PROMPT_TUNING", "P_TUNING")
"""PEFT's types whose vectors stand before the prompt and nowhere else."""
NAMES = frozenset(
    {
        "collections OrderedDict",
        "torch._utils _rebuild_tensor_v2",
        "torch._utils _rebuild_parameter",
        *(f"torch {kind}Storage" for kind in "Float Half BFloat16 Double Long Int".split()),
    }
)
"""What a pickle of tensors needs; `weights_only=True` alone admits more, such as huge buffers."""


@dataclass(frozen=True, slots=True)
class SoftPrompt:
    """A soft prompt in memory.

    Args:
        digest: SHA-256 of its vectors: its identity.
        data: The vectors, float32, shape [tokens, width].
    """

    name: str
    tokens: int
    width: int
    digest: str
    data: bytes = field(repr=False)

    def vectors(self) -> torch.Tensor:
        """The vectors, float32, shape [tokens, width]."""
        import torch

        flat = torch.frombuffer(bytearray(self.data), dtype=torch.float32)
        return flat.view(self.tokens, self.width)


def read_soft_prompts(
    package: Package, manifest: Manifest, base: LocalModel
) -> tuple[dict[str, SoftPrompt], list[Finding]]:
    """A package's soft prompts by name, and what is missing.

    Raises:
        IntegrityError: `checksum_mismatch`, for another file than the manifest's.
        LoadError: `bad_soft_prompt`, for a file that can't be read safely; `soft_prompt_missing`,
            for the default one.
        IncompatibleError: `soft_prompt`, for vectors of another width or number.
    """
    found: dict[str, SoftPrompt] = {}
    missing: list[Finding] = []
    for spec in manifest.soft_prompts:
        file = inside(package.folder, spec.path)
        file = file / WEIGHTS if file.is_dir() else file
        name = file.relative_to(package.folder).as_posix()
        if name in package.files:
            if spec.sha256:
                compare_digest(name, package.files[name], spec.sha256, "soft_prompts[].sha256")
            found[spec.name] = read_soft_prompt(file, spec, base)
        else:
            missing.append(_missing(spec))
    if (default := manifest.prompt.soft_prompt) and default not in found:
        raise LoadError(
            f"the manifest's default soft prompt, {default!r}, isn't in the package",
            hint="pack its file, and name it in soft_prompts",
            code="soft_prompt_missing",
        )
    return found, missing


def choose_soft_prompt(
    prompts: Mapping[str, SoftPrompt], default: str | None, wanted: str | None
) -> SoftPrompt | None:
    """The soft prompt of a call: by name, none for "", else the manifest's default.

    Raises:
        ConfigError: `no_soft_prompt`: the expert brings none of that name.
    """
    name = default if wanted is None else wanted
    if name == "" or name is None:
        return None
    if not isinstance(name, str) or name not in prompts:
        raise ConfigError(
            f"the expert has no soft prompt {str(name)[:60]!r}",
            hint=f"it has {', '.join(sorted(prompts)) or 'none'}",
            code="no_soft_prompt",
            param="soft_prompt",
        )
    return prompts[name]


def read_soft_prompt(file: Path, spec: SoftPromptSpec, base: LocalModel) -> SoftPrompt:
    """One file's vectors. Costs its size, which is bounded by the base model's width.

    Raises:
        LoadError, IncompatibleError: As `read_soft_prompts`.
    """
    import torch

    width = _width(base)
    limit = MAX_SOFT_TOKENS * width * 8 + SLACK
    check_not_pointer(file)
    if file.stat().st_size > limit:
        raise _bad(file, f"it has {file.stat().st_size:,} bytes, at most {limit:,} are read")
    _check_kind(file)
    tensor = _from_pickle(file, limit) if file.suffix in PICKLES else _from_safetensors(file)
    shape = tuple(tensor.shape)
    shape = shape[1:] if len(shape) == 3 and shape[0] == 1 else shape
    wanted = spec.count
    if len(shape) != 2 or shape[1] != width or not 1 <= shape[0] <= MAX_SOFT_TOKENS:
        raise _unfit(file, f"its shape is {shape}, [1 to {MAX_SOFT_TOKENS}, {width}] is needed")
    if wanted is not None and shape[0] != wanted:
        raise _unfit(file, f"it has {shape[0]} vectors, and the manifest says {wanted}")
    flat = tensor.detach().reshape(shape).to(torch.float32).contiguous()
    if not torch.isfinite(flat).all():
        raise _unfit(file, "it has values that are not finite")
    data = flat.numpy().tobytes()
    return SoftPrompt(spec.name, shape[0], width, hashlib.sha256(data).hexdigest(), data)


def _width(base: LocalModel) -> int:
    width = base.text_config.get("hidden_size")
    if not isinstance(width, int) or width < 1:
        raise LoadError(f"{base.name}'s config.json has no hidden_size", code="bad_base_model")
    return width


def _check_kind(file: Path) -> None:
    """Refuses what PEFT trained in another way, where its configuration lies beside."""
    if file.name != WEIGHTS or not (file.parent / CONFIG).is_file():
        return
    kind = str(read_config(file.parent / CONFIG, None).get("peft_type", "")).upper()
    if not is_soft_prompt(file.parent):
        raise IncompatibleError(
            f"{file.parent.name}/{CONFIG}: {kind[:60] or 'this type'} is not a soft prompt that is"
            " served",
            hint=f"served are {' and '.join(KINDS)}, whose vectors stand before the prompt alone",
            code="soft_prompt",
        )


def is_soft_prompt(folder: Path) -> bool:
    """Whether a folder's configuration is PEFT's of a soft prompt.

    Raises:
        LoadError: `bad_adapter_config`.
    """
    if not (folder / CONFIG).is_file():
        return False
    return str(read_config(folder / CONFIG, None).get("peft_type", "")).upper() in KINDS


def _from_safetensors(file: Path) -> torch.Tensor:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return _only(file, load_file(file))
    except (OSError, ValueError, SafetensorError) as error:
        raise _bad(file, f"it can't be read: {error}") from error


def _from_pickle(file: Path, limit: int) -> torch.Tensor:
    """What `torch.save` wrote: a tensor, or a dictionary of tensors."""
    import torch

    try:
        _check_archive(file, limit)
        loaded = torch.load(file, map_location="cpu", weights_only=True)
    except (LoadError, MemoryError):
        raise
    except Exception as error:  # a malformed pickle fails anywhere in torch's reader
        raise _bad(file, f"it can't be read: {str(error)[:200]}") from error
    return loaded if isinstance(loaded, torch.Tensor) else _only(file, loaded)


def _check_archive(file: Path, limit: int) -> None:
    """Checks an archive before torch reads it: what it unpacks to, and what its pickle names.

    Raises:
        LoadError: `bad_soft_prompt`.
    """
    if not zipfile.is_zipfile(file):
        raise _bad(file, "it isn't in torch's present format, which is a zip")
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        stored = all(e.compress_type == zipfile.ZIP_STORED for e in entries)
        if not stored or sum(e.file_size for e in entries) > limit:
            raise _bad(file, f"it is compressed, or unpacks to more than {limit:,} bytes")
        for entry in entries:
            if not entry.filename.lower().endswith(".pkl"):
                continue
            if entry.file_size > SLACK:
                raise _bad(file, f"its pickle has {entry.file_size:,} bytes")
            _check_names(file, archive.read(entry))


def _check_names(file: Path, pickled: bytes) -> None:
    for code, argument, _ in pickletools.genops(pickled):
        named = code.name == "GLOBAL" and argument not in NAMES
        if named or code.name in ("STACK_GLOBAL", "INST", "OBJ", "EXT1", "EXT2", "EXT4"):
            raise _bad(file, f"its pickle names {str(argument or code.name)[:60]!r}")


def _only(file: Path, loaded: object) -> torch.Tensor:
    """The vectors of a dictionary: PEFT's, or its only tensor."""
    import torch

    tensors = loaded if isinstance(loaded, Mapping) else {}
    own = next(iter(tensors.values())) if len(tensors) == 1 else tensors.get(KEY)
    if not isinstance(own, torch.Tensor):
        raise _bad(file, f"it holds neither one tensor nor one that is called {KEY}")
    return own


def _missing(spec: SoftPromptSpec) -> Finding:
    return Finding(
        "soft_prompt_missing",
        "warning",
        0,
        f"the manifest names the soft prompt {spec.name!r}, and the package has no {spec.path}",
        "it can't be asked for",
        "pack the file, or take it out of soft_prompts",
    )


def _bad(file: Path, why: str) -> LoadError:
    return LoadError(
        f"the soft prompt {file.name}: {why}",
        hint="save the one tensor with torch.save, or with safetensors",
        code="bad_soft_prompt",
    )


def _unfit(file: Path, why: str) -> IncompatibleError:
    return IncompatibleError(
        f"the soft prompt {file.name}: {why}",
        hint="it was trained for another model, or the manifest is wrong",
        code="soft_prompt",
    )
