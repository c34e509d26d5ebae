"""An adapter's files as PEFT writes them. Format: https://huggingface.co/docs/peft

Whatever would change what the adapter computes and isn't understood here is refused with the
reason, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from expertserve import plugins
from expertserve.adapters.settings import CONFIG, check_config, read_config, refuse
from expertserve.errors import IncompatibleError, LoadError
from expertserve.findings import Finding
from expertserve.models import Tensor, read_header
from expertserve.package.manifest import Adapter

PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")
TYPES = {
    "LORA": "lora",
    "IA3": "ia3",
    "ADALORA": "adalora",
    "LOHA": "loha",
    "LOKR": "lokr",
    "VERA": "vera",
}

NAMES = {
    "lora_A": "lora_A",
    "lora_B": "lora_B",
    "lora_E": "lora_E",
    "lora_magnitude_vector": "magnitude",
    "lora_magnitude": "magnitude",
    "ia3_l": "ia3",
    "ia3_scale": "ia3",
    "hada_w1_a": "hada_w1_a",
    "hada_w1_b": "hada_w1_b",
    "hada_w2_a": "hada_w2_a",
    "hada_w2_b": "hada_w2_b",
    "lokr_w1": "lokr_w1",
    "lokr_w1_a": "lokr_w1_a",
    "lokr_w1_b": "lokr_w1_b",
    "lokr_w2": "lokr_w2",
    "lokr_w2_a": "lokr_w2_a",
    "lokr_w2_b": "lokr_w2_b",
    "vera_lambda_b": "vera_lambda_b",
    "vera_lambda_d": "vera_lambda_d",
    "base_layer": "base",
}
"""Tensor names, PEFT's and the format text's. `base_layer` is a copy of a base weight."""
SHARED = ("vera_A", "vera_B")
KEY = re.compile(
    r"^(?:base_model\.model\.)?(?P<module>.+?)"
    rf"\.(?P<part>{'|'.join(sorted(NAMES, key=len, reverse=True))})"
    r"(?:\.default)?(?:\.weight)?$"
)


@dataclass(frozen=True, slots=True)
class PeftAdapter:
    """An adapter's configuration, and the places of its tensors, which are not read yet.

    Args:
        type: One of the manifest's types, as the files tell it: a LoRA with magnitudes is `dora`.
        config: `adapter_config.json`.
        modules: The base model's module → the adapter's parts for it.
        shared: Tensors that all modules use (VeRA's projections).
        notes: What was odd about the files.
    """

    type: str
    config: Mapping[str, object]
    modules: Mapping[str, Mapping[str, Tensor]]
    shared: Mapping[str, Tensor]
    file: Path
    notes: tuple[Finding, ...] = ()

    def number(self, key: str, default: float | None = None) -> float:
        return _sound(key, self.config.get(key, default))

    def by_pattern(self, key: str, module: str, default: float) -> float:
        """A module's own rank or alpha: pattern keys match as in PEFT, at a dot or the start."""
        patterns = self.config.get(key) or {}
        if not isinstance(patterns, dict):
            raise refuse(f"{CONFIG}: {key} is not an object", "bad_adapter_config")
        for pattern, value in patterns.items():
            if not re.fullmatch(r"[\w.^$\\*+]{1,200}", pattern) or re.search(
                r"[*+]{2}|[*+].*[*+].*[*+]", pattern
            ):
                raise refuse(
                    f"{CONFIG}: the {key} key {pattern[:60]!r} is more than a name with wildcards",
                    "bad_adapter_config",
                )
            try:
                found = pattern == module or re.fullmatch(rf"(.*\.)?({pattern})$", module)
            except re.error as error:
                raise refuse(
                    f"{CONFIG}: the {key} key {pattern!r} is no pattern: {error}",
                    "bad_adapter_config",
                ) from error
            if found:
                return _sound(f"{key}[{pattern!r}]", value)
        return default

    @property
    def rank(self) -> int:
        """The rank that the author gave; 0 for IA³."""
        key, default = ("init_r", 12) if self.type == "adalora" else ("r", 8)  # PEFT's
        return 0 if self.type == "ia3" else int(self.number(key, default))


def read_adapter(folder: Path, declared: Adapter, weights: Path) -> PeftAdapter:
    """Finds out what an adapter is, without reading its weights.

    Args:
        folder: Where `adapter_config.json` lies (beside the weights, or at the package's root).
        declared: What the manifest says; must agree with the files.
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
    named = str(config.get("peft_type", ""))
    kind = TYPES.get(named.upper())
    if kind is None and named.lower() in plugins.names("adapters"):
        kind = named.lower()
    if kind is None:
        raise refuse(
            f"{CONFIG}: the adapter type {config.get('peft_type')!r} is unknown", "adapter_type"
        )
    check_config(config)
    modules, shared = _sort(list(read_header(weights)), kind)
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
    adapter = PeftAdapter(kind, config, modules, shared, weights)
    _check_declared(adapter, declared)
    return adapter


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


def _sort(
    tensors: list[Tensor], kind: str
) -> tuple[dict[str, dict[str, Tensor]], dict[str, Tensor]]:
    """Tensors by module and part; refuses those that belong to something else."""
    modules: dict[str, dict[str, Tensor]] = {}
    shared: dict[str, Tensor] = {}
    for tensor in tensors:
        name = tensor.name.removesuffix(".weight").removesuffix(".default").rsplit(".", 1)[-1]
        if kind == "vera" and name in SHARED:
            shared[name] = tensor
            continue
        match = KEY.match(tensor.name)
        if not match or ".modules_to_save." in tensor.name:
            raise _foreign(tensor.name)
        part = NAMES[match["part"]]
        if modules.setdefault(match["module"], {}).setdefault(part, tensor) is not tensor:
            raise refuse(f"the tensors of {match['module']} hold two {part}", "adapter_tensors")
    if not modules:
        raise refuse("the adapter has no tensors: it would change nothing", "adapter_empty")
    return modules, shared


def _foreign(name: str) -> IncompatibleError:
    if "embed" in name or "lora_embedding" in name:
        return refuse(
            f"the adapter changes token embeddings ({name}), which an adapter slot can't hold",
            "token_embeddings",
        )
    if name.endswith(".bias"):
        return refuse(
            f"the adapter brings trained biases ({name}), which an adapter slot can't hold",
            "trained_bias",
        )
    return refuse(f"the adapter has a tensor that isn't understood: {name}", "adapter_tensors")


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
    wanted = {"lora-fa": "lora"}.get(declared.type, declared.type)
    if wanted != adapter.type:
        yield f"type is {declared.type}, but the files are {adapter.type}", f"type: {adapter.type}"
    if declared.r is not None and declared.r != adapter.rank:
        yield (
            f"r is {declared.r}, but {CONFIG} has {adapter.rank or 'none'}",
            f"r: {adapter.rank}" if adapter.rank else "no r",
        )
    if declared.alpha is not None and adapter.type not in ("ia3", "vera"):
        alpha = adapter.number(
            "lora_alpha" if adapter.type in ("lora", "dora", "adalora") else "alpha", 8
        )
        if alpha != declared.alpha:
            yield f"alpha is {declared.alpha:g}, but {CONFIG} has {alpha:g}", f"alpha: {alpha:g}"
    named = {
        t.rsplit(".", 1)[-1] for t in (*declared.target_modules, *declared.feedforward_modules)
    }
    found = {m.rsplit(".", 1)[-1] for m in adapter.modules}
    if named != found:
        modules = ", ".join(sorted(found))
        yield (
            f"target_modules are {', '.join(sorted(named))}, but the tensors are for {modules}",
            f"target_modules: {modules}",
        )
