"""Which of a package's checkpoints is served, and where its weights lie."""

from __future__ import annotations

import re
from pathlib import Path

from expertserve.errors import LoadError
from expertserve.findings import Finding
from expertserve.package.manifest import (
    Adapter,
    BaseModelSpec,
    Checkpoint,
    Manifest,
    read_manifest,
)
from expertserve.package.members import MLX_WEIGHTS, WEIGHTS, inside, safe_path


def choose_adapter(
    folder: Path, manifest: Manifest, declared: BaseModelSpec, checkpoint: str | None
) -> tuple[Adapter, Path]:
    """The adapter to serve, and its weights: asked for, else packaged, else the only one.

    Args:
        checkpoint: A step, an alternative's name, or the `path` of one of several adapters.

    Raises:
        LoadError: `unknown_checkpoint`, listing those present.
    """
    by_step = {a.checkpoint_step: a for a in declared.adapters if a.checkpoint_step is not None}
    if checkpoint is not None:
        alternative = manifest.training.alternative_checkpoints.get(checkpoint)
        if alternative and _weights(folder, alternative):
            return declared.adapters[0], _weights(folder, alternative) or folder
        step = _step(checkpoint)
        if step in by_step:
            return by_step[step], own_weights(folder, by_step[step])
        for entry in declared.adapters:
            if entry.path == checkpoint:
                return entry, own_weights(folder, entry)
        raise no_checkpoint(manifest, declared, checkpoint)
    packaged = _step(manifest.training.packaging_checkpoint or "")
    if packaged in by_step:
        return by_step[packaged], own_weights(folder, by_step[packaged])
    final = [a for a in declared.adapters if a.checkpoint_step is None]
    chosen = final[0] if final else by_step[max(by_step)]
    return chosen, own_weights(folder, chosen)


def check_choice(declared: BaseModelSpec, chosen: Adapter) -> list[Finding]:
    """A finding where the manifest lists several adapters and doesn't say which is meant.

    One answer takes one adapter; the others don't add to it.
    """
    rest = [a for a in declared.adapters if a is not chosen and a.checkpoint_step is None]
    if chosen.checkpoint_step is not None or not rest:
        return []
    names = ", ".join(a.path or f"the {a.type} adapter at the root" for a in rest)
    return [
        Finding(
            "several_adapters",
            "warning",
            0,
            f"the manifest lists {len(rest) + 1} adapters without a checkpoint_step; the first is"
            f" served, {names} is not",
            "an answer takes one adapter, so what the others learned is missing",
            "make a package of each, or merge them; checkpoint=PATH asks for another",
        )
    ]


def _step(checkpoint: str) -> int:
    """`checkpoint-1250` or `1250` → 1250; −1 for anything else."""
    digits = checkpoint.removeprefix("checkpoint-")
    return int(digits) if re.fullmatch(r"[0-9]{1,18}", digits) else -1


def _weights(folder: Path, checkpoint: Checkpoint) -> Path | None:
    """An alternative checkpoint's weights, if packed; published packages often lack them."""
    path = inside(folder, checkpoint.path)
    for candidate in (path / WEIGHTS, path, folder / path.name / WEIGHTS):
        if candidate.is_file():
            return candidate
    return None


def own_weights(folder: Path, adapter: Adapter) -> Path:
    """Where an adapter's weights lie: its path, its checkpoint's folder, or the package's root."""
    if adapter.path:
        path = inside(folder, adapter.path)
        return _in(path) if path.is_dir() else path
    step = _in(folder / f"checkpoint-{adapter.checkpoint_step}")
    return step if step.is_file() else _in(folder)


def adapter_weights(folder: Path) -> list[str]:
    """Members of an unpacked package that are read once, to be converted: its adapters' weights.

    Raises:
        LoadError, ManifestError: As `read_manifest`.
    """
    manifest = read_manifest(folder)
    soft = [str(safe_path(s.path)) for s in manifest.soft_prompts]
    own = {str(safe_path(a.path)) for b in manifest.base_models for a in b.adapters if a.path}
    found = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.safetensors"))
    return [
        name
        for name in found
        if (name in own or name.rpartition("/")[2] in (WEIGHTS, MLX_WEIGHTS))
        and not any(name == path or name.startswith(f"{path}/") for path in soft)
    ]


def _in(folder: Path) -> Path:
    """A folder's weights: PEFT's, or mlx-lm's where only these are there."""
    own, mlx = folder / WEIGHTS, folder / MLX_WEIGHTS
    return mlx if mlx.is_file() and not own.is_file() else own


def no_checkpoint(manifest: Manifest, declared: BaseModelSpec, checkpoint: str) -> LoadError:
    steps = [
        f"checkpoint-{a.checkpoint_step}"
        for a in declared.adapters
        if a.checkpoint_step is not None
    ]
    paths = [a.path for a in declared.adapters if a.path and a.checkpoint_step is None]
    present = ", ".join([*manifest.training.alternative_checkpoints, *steps, *paths]) or "none"
    return LoadError(
        f"the package has no weights of the checkpoint {checkpoint!r}",
        hint=f"its checkpoints: {present} (an alternative's weights may not be packed)",
        code="unknown_checkpoint",
    )
