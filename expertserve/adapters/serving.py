"""The serving form on disk: to vLLM a plain LoRA, made once per package and base model.

Of an adapter that scales or shifts rows, two columns more are written: the first two of each
linear layer's B hold the scale and the shift of each output row, beside two rows of zeros in A. Our
worker extension takes them out, and applies them. They don't count in `r`, and a plain LoRA is
written without them, and served exactly without the extension, too.

Tensors are in the adapter's own precision where that holds them exactly, else in float32.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError

from expertserve.adapters.peft import PeftAdapter
from expertserve.adapters.settings import CONFIG, RESERVED
from expertserve.errors import LoadError
from expertserve.files import file_digest, move_into_place, part_path, remove_stale
from expertserve.findings import Finding
from expertserve.models import LocalModel
from expertserve.package.cache import CacheUse, grew, read_entry
from expertserve.package.members import WEIGHTS

if TYPE_CHECKING:
    import torch

    from expertserve.adapters.layer import ModuleForm

FORMAT = 6
NOTE = "serving.json"
PREFIX = "base_model.model."
"""Before a module's name in the file, as in PEFT's."""
LINEAR, EMBEDDING = ".lora_{}.weight", ".lora_embedding_{}"
"""Behind it, with A or B."""
HEADLESS = ("gemma2", "lm_head")
"""The one type of model whose output layer vLLM gives no slot."""


@dataclass(frozen=True, slots=True)
class ServingAdapter:
    """An adapter ready for an engine.

    Args:
        folder: Holds the two files of a plain LoRA.
        digest: SHA-256 of its weights file: the adapter's identity in the engine.
        type: The author's: `lora`, `dora`, …
        rank: The author's; 0 for IA³.
        width: The serving form's rank, which is what it takes of a slot; at least 1.
        modules: How many layers it changes.
        affine: Whether it scales or shifts rows, so that only our worker extension serves it
            exactly.
        notes: What is odd about its weights.
        use: Keeps it in the cache.
    """

    folder: Path
    digest: str
    type: str
    rank: int
    width: int
    modules: int
    affine: bool
    notes: tuple[Finding, ...] = ()
    use: CacheUse | None = field(default=None, repr=False, compare=False)


def prepare_adapter(
    adapter: PeftAdapter, base: LocalModel, package_digest: str, cache: Path
) -> ServingAdapter:
    """The serving form, cached or made now (about 0.3 s and one layer's memory at 135M).

    Args:
        package_digest: The package's identity.
        cache: The cache's folder of adapters; entries are keyed by package, weights file and base,
            and checked by digest.

    Raises:
        IncompatibleError: See `convert`.
    """
    entry = cache / _key(adapter.config, file_digest(adapter.file), base, package_digest)
    use = CacheUse(entry)
    found = _cached(entry, use)
    if found:
        return found
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        remove_stale(entry.parent)
        part = part_path(entry.parent)
        part.mkdir()
        try:
            _write(adapter, base, part)
            move_into_place(part, entry)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        grew(entry)
        made = _cached(entry, use)
    except (OSError, SafetensorError) as error:
        raise LoadError(
            f"the adapter's serving form can't be written to {entry.parent}: {error}", code="io"
        ) from error
    if made is None:
        raise LoadError(
            f"the serving form in {entry} is damaged and can't be replaced",
            hint="delete that folder",
            code="io",
        )
    return made


def find_adapter(
    config: Mapping[str, object], weights: str, base: LocalModel, package_digest: str, cache: Path
) -> ServingAdapter | None:
    """The serving form that `prepare_adapter` made, without the adapter's weights.

    Args:
        config: As `PeftAdapter.config`.
        weights: The weights file's SHA-256.
    """
    entry = cache / _key(config, weights, base, package_digest)
    return _cached(entry, CacheUse(entry)) if entry.is_dir() else None


def _key(config: Mapping[str, object], weights: str, base: LocalModel, package_digest: str) -> str:
    said = json.dumps(dict(config), sort_keys=True, default=str)
    return hashlib.sha256(
        f"{FORMAT}:{package_digest}:{weights}:{said}:{base.digest}".encode()
    ).hexdigest()


def _cached(entry: Path, use: CacheUse) -> ServingAdapter | None:
    """A cache entry, unless there is none or its weights are not those it was made with."""
    return read_entry(entry, partial(_read, use=use))


def _read(entry: Path, use: CacheUse) -> ServingAdapter | None:
    try:
        note = json.loads((entry / NOTE).read_bytes())
        notes = tuple(Finding(**finding) for finding in note.pop("notes"))
        serving = ServingAdapter(folder=entry, notes=notes, use=use, **note)
        if file_digest(entry / WEIGHTS) == serving.digest:
            return serving
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass  # damaged in some way
    return None


def _left_out(adapter: PeftAdapter, base: LocalModel) -> list[Finding]:
    """What of an adapter no text runs through."""
    from expertserve.adapters.places import is_sense

    left = sorted(m for m in adapter.modules if is_sense(base, m))
    if not left:
        return []
    return [
        Finding(
            "senses_left_out",
            "info",
            0,
            f"{len(left)} of the adapter's modules belong to what the base model sees or hears"
            f" with ({left[0]}, …)",
            "only text is served, which doesn't run through them, so they are left out",
            "nothing, or train the language model alone",
        )
    ]


def _without_slot(base: LocalModel, modules: Collection[str]) -> list[Finding]:
    """What vLLM gives no adapter slot, so that loading would be refused there."""
    found = []
    head = next((m for m in modules if m.endswith(HEADLESS[1])), "")
    if head and base.text_config.get("model_type") == HEADLESS[0]:
        message = f"the adapter changes {head}, for which vLLM has no slot in {HEADLESS[0]} models"
        fix = "serve it with engine='transformers', or train without the output layer"
        found.append(Finding("no_slot", "warning", 0, message, "vLLM refuses to load it", fix))
    expert = next((m for m in sorted(modules) if ".experts." in m), "")
    if expert:
        message = f"the adapter changes a mixture's experts ({expert}, …)"
        reason = "vLLM has slots for them on GPUs only, and transformers keeps them in one piece"
        fix = "serve it on a GPU, or train attention and shared layers alone"
        found.append(Finding("no_slot", "warning", 0, message, reason, fix))
    return found


def _own_types(adapter: PeftAdapter) -> list[torch.dtype]:
    """The 16-bit types that the author's weights have."""
    import torch

    parts = [t for tensors in adapter.modules.values() for t in tensors.values()]
    parts += [t for tensors in adapter.embeddings.values() for t in tensors.values()]
    names = {"BF16": torch.bfloat16, "F16": torch.float16}
    return [names[n] for n in sorted({t.dtype for t in parts} & names.keys())]


def _narrow(tensor: torch.Tensor, types: Iterable[torch.dtype]) -> torch.Tensor:
    """A tensor in the first of the types that holds its values exactly, or as it is."""
    import torch

    for kind in types:
        narrow = tensor.to(kind)
        if torch.equal(narrow.float(), tensor):
            return narrow
    return tensor


def _write(adapter: PeftAdapter, base: LocalModel, folder: Path) -> None:
    import torch
    from safetensors.torch import save_file

    from expertserve.adapters.convert import convert
    from expertserve.adapters.effect import Effect
    from expertserve.adapters.layer import Reader

    halves: dict[str, ModuleForm] = {}
    modules = set[str]()
    effect, read = Effect(), Reader()
    for module, form in convert(adapter, base, read):
        effect.add(module, form)
        halves[f"{PREFIX}{module}{EMBEDDING if form.embedding else LINEAR}"] = form
        modules.add(module)
    affine = any(form.affine for form in halves.values())
    rank, own = max([1, *(len(form.a) for form in halves.values())]), _own_types(adapter)
    tensors: dict[str, torch.Tensor] = {}
    for name, form in halves.items():  # vLLM takes one rank for all: smaller ones are padded
        columns = RESERVED if affine and not form.embedding else 0
        beside = torch.stack([form.scale, form.shift], dim=1)[:, :columns]
        less = rank - len(form.a)
        inputs, outputs = form.a.shape[1], len(form.b)
        a = torch.cat([torch.zeros(columns, inputs), form.a, torch.zeros(less, inputs)])
        b = torch.cat([beside, form.b, torch.zeros(outputs, less)], dim=1)
        tensors[name.format("A")], tensors[name.format("B")] = _narrow(a, own), _narrow(b, own)
    save_file(tensors, folder / WEIGHTS)
    targets = sorted({m.rsplit(".", 1)[-1] for m in modules})
    lora = {
        "peft_type": "LORA",
        "r": rank,
        "lora_alpha": rank,
        "target_modules": targets,
        "bias": "none",
        "task_type": "CAUSAL_LM",
    }
    (folder / CONFIG).write_text(json.dumps(lora))
    notes = (
        *adapter.notes,
        *effect.findings(base, read),
        *_left_out(adapter, base),
        *_without_slot(base, modules),
    )
    digest = file_digest(folder / WEIGHTS)
    serving = ServingAdapter(
        folder, digest, adapter.type, adapter.rank, rank, len(modules), affine, notes
    )
    note = asdict(serving)
    del note["folder"], note["use"]
    (folder / NOTE).write_text(json.dumps(note))
