"""An adapter's files as PEFT writes them. Format: https://huggingface.co/docs/peft

Whatever would change what the adapter computes and isn't understood here is refused with the
reason, never dropped.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from expertserve import plugins
from expertserve.adapters.mlx import as_peft, is_config, sort_mlx
from expertserve.adapters.pattern import matches
from expertserve.adapters.settings import CONFIG, check_config, read_config, refuse
from expertserve.adapters.tensors import sort_tensors
from expertserve.errors import ConfigError, IncompatibleError, LoadError
from expertserve.files import check_not_pointer
from expertserve.findings import Finding
from expertserve.models import Tensor, read_header
from expertserve.package.archive import open_package
from expertserve.package.checkpoints import choose_adapter
from expertserve.package.manifest import ALPHALESS, RANKLESS, Adapter, read_manifest

PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")
TYPES = {
    "LORA": "lora",
    "IA3": "ia3",
    "ADALORA": "adalora",
    "LOHA": "loha",
    "LOKR": "lokr",
    "VERA": "vera",
    "PVERA": "pvera",
    "MISS": "miss",
    "BONE": "miss",
    "DELORA": "delora",
    "HRA": "hra",
    "VBLORA": "vblora",
    "GRALORA": "gralora",
    "TINYLORA": "tinylora",
    "DEFT": "deft",
    "PEANUT": "peanut",
    "BEFT": "beft",
}
"""PEFT's types that are served; Bone is what MiSS was called before."""
FULL = "its update of a layer has full rank, and a slot holds low ranks"
TOKENS = "it puts trained vectors before the prompt, which aren't weights of layers"
SOFT = "it is a soft prompt, which a manifest names in soft_prompts and not in adapters"
UNSERVED = {
    **dict.fromkeys(("OFT", "BOFT", "ROAD", "PSOFT"), "it rotates a layer's weights or outputs"),
    **dict.fromkeys(("PROMPT_TUNING", "P_TUNING"), SOFT),
    **dict.fromkeys(("PREFIX_TUNING", "CPT", "CARTRIDGE"), TOKENS),
    **dict.fromkeys(("MULTITASK_PROMPT_TUNING", "ADAPTION_PROMPT"), TOKENS),
    **dict.fromkeys(("FOURIERFT", "WAVEFT", "C3A", "RANDLORA", "HIRA", "OSF", "FROD"), FULL),
    **dict.fromkeys(("SHIRA", "SUPERTUNING"), "it changes scattered entries of a layer's weights"),
    "GLORA": "it multiplies a layer's weights entry by entry, which has full rank",
    "ADAMSS": "it works in clusters of the base's singular vectors, which its file doesn't say",
    "UNILORA": "which of its values a layer takes is drawn anew in the order of PEFT's modules",
    "SHADOW": "it runs a second network beside the base model",
    **dict.fromkeys(("XLORA", "POLY", "LILY"), "it mixes several adapters anew for each input"),
    "TRAINABLE_TOKENS": "it trained embeddings alone; beside a LoRA they are served",
    "LN_TUNING": "it trained the norms between layers, not the layers",
}
"""PEFT's types that aren't, and why."""


@dataclass(frozen=True, slots=True)
class PeftAdapter:
    """An adapter's configuration, and the places of its tensors, which are not read yet.

    Args:
        type: One of the manifest's types, as the files tell it: a LoRA with magnitudes is `dora`.
        config: `adapter_config.json`.
        modules: The base model's module → the adapter's parts for it.
        shared: Tensors that all modules use (VeRA's projections).
        embeddings: As `modules`, for those that are embeddings.
        copies: Whole weights that it brings, by module.
        biases: Whole biases that it brings, by module.
        notes: What was odd about the files.
    """

    type: str
    config: Mapping[str, object]
    modules: Mapping[str, Mapping[str, Tensor]]
    shared: Mapping[str, Tensor]
    file: Path
    embeddings: Mapping[str, dict[str, Tensor]] = field(default_factory=dict)
    copies: Mapping[str, Tensor] = field(default_factory=dict)
    biases: Mapping[str, Tensor] = field(default_factory=dict)
    notes: tuple[Finding, ...] = ()

    def number(self, key: str, default: float | None = None) -> float:
        return _sound(key, self.config.get(key, default))

    def by_pattern(self, key: str, module: str, default: float) -> float:
        """A module's own rank or alpha: pattern keys match as in PEFT, at a dot or the start."""
        patterns = self.config.get(key) or {}
        if not isinstance(patterns, dict):
            raise refuse(f"{CONFIG}: {key} is not an object", "bad_adapter_config")
        for pattern, value in patterns.items():
            try:
                found = matches(pattern, module)
            except ConfigError as error:
                raise refuse(
                    f"{CONFIG}: the {key} key {pattern[:60]!r} can't be read: {error.message}",
                    "bad_adapter_config",
                ) from error
            if found:
                return _sound(f"{key}[{pattern[:60]!r}]", value)
        return default

    @property
    def targets(self) -> list[str]:
        """Last names of the modules that it changes, as a manifest lists them."""
        embedded = [m for m, parts in self.embeddings.items() if "tokens" not in parts]
        return sorted({m.rsplit(".", 1)[-1] for m in (*self.modules, *embedded)})

    @property
    def alpha(self) -> float:
        """The alpha that the author gave, for types that have one."""
        key = "lora_alpha" if self.type in ("lora", "dora", "adalora") else "alpha"
        return self.number(key, 8)

    def scaling(self, module: str) -> tuple[int, float]:
        """A module's rank in a LoRA, and what its product is multiplied by."""
        rank = int(self.by_pattern("rank_pattern", module, self.rank))
        alpha = self.by_pattern("alpha_pattern", module, self.alpha)
        return rank, alpha / (math.sqrt(rank) if self.config.get("use_rslora") else rank)

    @property
    def rank(self) -> int:
        """The rank that the author gave; 0 for types that have none."""
        key, default = ("init_r", 12) if self.type == "adalora" else ("r", 8)  # PEFT's
        return 0 if self.type in RANKLESS else int(self.number(key, default))


def read_adapter(folder: Path, declared: Adapter | None, weights: Path) -> PeftAdapter:
    """Finds out what an adapter is, without reading its weights.

    Args:
        folder: Where `adapter_config.json` lies (beside the weights, or at the package's root).
        declared: What the manifest says; must agree with the files. None: there is no manifest.
        weights: The safetensors file.

    Raises:
        LoadError: There are no weights, or only pickled ones.
        IncompatibleError: The files say another thing than the manifest, or something that can't be
            served exactly.
    """
    if not weights.is_file():
        raise _missing(weights)
    if weights.suffix in PICKLES:
        raise _pickled(weights.name)
    config = read_config(folder / CONFIG, declared)
    mlx = is_config(config)
    config = as_peft(config) if mlx else config
    named = str(config.get("peft_type") or "")
    kind = TYPES.get(named.upper())
    if kind is None and named.lower() in plugins.names("adapters"):
        kind = named.lower()
    if kind is None:
        raise _unserved(named)
    check_config(config, kind)
    found = (sort_mlx if mlx else sort_tensors)(read_header(weights))
    modules = found.modules
    has_magnitude = any("magnitude" in parts for parts in modules.values())
    if kind == "lora" and (has_magnitude or config.get("use_dora")):
        bare = [m for m, parts in modules.items() if "magnitude" not in parts]
        if bare or not config.get("use_dora"):
            what = f"{len(bare)} modules have none" if bare else "use_dora is not set"
            raise refuse(
                f"{CONFIG} and the tensors disagree about DoRA magnitudes: {what}",
                "adapter_disagrees",
            )
        kind = "dora"
    adapter = PeftAdapter(
        kind,
        config,
        modules,
        found.shared,
        weights,
        found.embeddings,
        found.copies,
        found.biases,
        tuple(found.notes),
    )
    _check_saved(adapter)
    if declared is not None:
        _check_declared(adapter, declared)
    return adapter


def peft_config(path: Path, declared: Adapter | None) -> dict[str, object]:
    """`adapter_config.json` in PEFT's words, as `read_adapter` reads it."""
    config = read_config(path, declared)
    return as_peft(config) if is_config(config) else config


def _unserved(named: str) -> IncompatibleError:
    if not named:
        return refuse(
            f"{CONFIG} names no peft_type",
            "adapter_type",
            "write the one that it was trained as, LORA mostly",
        )
    why = UNSERVED.get(named.upper(), "its layers aren't known here")
    return refuse(
        f"{CONFIG}: the adapter type {named[:60]!r} is not served: {why}",
        "adapter_type",
        f"served are {', '.join(sorted(TYPES))}",
    )


def _sound(name: str, value: object) -> float:
    """A rank, an alpha: a finite number above zero."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1_000_000:
        shown = "a number out of range" if isinstance(value, int | float) else repr(value)[:60]
        raise refuse(
            f"{CONFIG}: {name} is {shown}, a number from 0 to 1,000,000 is needed",
            "bad_adapter_config",
        )
    return float(value)


def _missing(weights: Path) -> LoadError:
    pickles = (
        [
            p.name
            for p in weights.parent.glob("*")
            if p.suffix in PICKLES and p.stem.startswith("adapter")
        ]
        if weights.parent.is_dir()
        else []
    )
    if pickles:
        return _pickled(pickles[0])
    beside = {p.name for p in weights.parent.glob("*")} if weights.parent.is_dir() else set()
    hint = "PEFT's save_pretrained writes one"
    if any(name.startswith("model") and name.endswith(".safetensors") for name in beside):
        hint = "it has a whole model's weights; an expert is an adapter on a base model"
    elif any(name.endswith(".gguf") for name in beside):
        hint = "it has llama.cpp's GGUF; pack the PEFT adapter that it was made from"
    return LoadError(f"the package has no {weights.name}", hint=hint, code="adapter_missing")


def _pickled(name: str) -> IncompatibleError:
    return refuse(
        f"the adapter's weights are pickled ({name}); unpickling a stranger's file can run code",
        "pickled_weights",
        "save it again with model.save_pretrained(folder, safe_serialization=True)",
    )


def _check_saved(adapter: PeftAdapter) -> None:
    """Refuses an adapter whose trained modules aren't in its file."""
    saved = adapter.config.get("modules_to_save")
    for name in saved if isinstance(saved, list) else []:
        if not any(m == name or m.endswith(f".{name}") for m in (*adapter.copies, *adapter.biases)):
            raise refuse(
                f"{CONFIG}: modules_to_save names {str(name)[:60]!r}, which the file doesn't hold",
                "modules_to_save",
            )


def _check_declared(adapter: PeftAdapter, declared: Adapter) -> None:
    """Checks the manifest against the files, which are the truth; reports all differences."""
    found = list(_differences(adapter, declared))
    if found:
        said, right = ("; ".join(parts) for parts in zip(*found, strict=True))
        raise refuse(
            f"the manifest and the adapter's files disagree: {said}",
            "adapter_disagrees",
            f"in adapters[], {right}",
        )


def _differences(adapter: PeftAdapter, declared: Adapter) -> Iterator[tuple[str, str]]:
    """What the manifest says against what the files say, and how to correct it."""
    wanted = {"lora-fa": "lora", "bone": "miss"}.get(declared.type, declared.type)
    if wanted != adapter.type:
        yield f"type is {declared.type}, but the files are {adapter.type}", f"type: {adapter.type}"
    if declared.r is not None and declared.r != adapter.rank:
        yield (
            f"r is {declared.r}, but {CONFIG} has {adapter.rank or 'none'}",
            f"r: {adapter.rank}" if adapter.rank else "no r",
        )
    if declared.alpha is not None and adapter.type not in (*RANKLESS, *ALPHALESS):
        alpha = adapter.alpha
        if alpha != declared.alpha:
            yield f"alpha is {declared.alpha:g}, but {CONFIG} has {alpha:g}", f"alpha: {alpha:g}"
    named = {
        t.rsplit(".", 1)[-1] for t in (*declared.target_modules, *declared.feedforward_modules)
    }
    if named != set(adapter.targets):
        modules = ", ".join(adapter.targets)
        yield (
            f"target_modules are {', '.join(sorted(named))}, but the tensors are for {modules}",
            f"target_modules: {modules}",
        )


def refuse_unloadable(folder: Path) -> None:
    """Refuses a folder that no machine could load, whatever base models it has.

    Raises:
        LoadError: As loading the package would.
    """
    package = open_package(folder)
    for name in package.files:
        check_not_pointer(package.folder / name)
    manifest = read_manifest(package.folder)
    for declared in manifest.base_models:
        if declared.adapters:
            entry, weights = choose_adapter(package.folder, manifest, declared, None)
            beside = (weights.parent / CONFIG).is_file()
            read_adapter(weights.parent if beside else package.folder, entry, weights)
