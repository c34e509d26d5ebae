"""Memory and cores that a container allows (Linux control groups, v1 and v2)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT, OWN = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
MEMORY = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""A limit's file, its use's, and what of that the kernel gives back: pages of files."""


def memory_left() -> float:
    """Bytes; infinite where nothing bounds them."""
    left = float("inf")
    for folder in _folders("memory"):
        for limit, used, idle in MEMORY:
            for most, taken in zip(_numbers(folder / limit), _numbers(folder / used), strict=False):
                left = min(left, most - taken + _counted(folder / "memory.stat", idle))
    return left


def cpu_share() -> float:
    """Cores' worth of time; infinite where nothing bounds it."""
    share = float("inf")
    for folder in _folders("cpu"):
        found = _numbers(folder / "cpu.max") or _numbers(folder / "cpu.cfs_quota_us") + _numbers(
            folder / "cpu.cfs_period_us"
        )
        if len(found) == 2 and min(found) > 0:
            share = min(share, found[0] / found[1])
    return share


def _folders(controller: str) -> Iterator[Path]:
    """This process's groups, innermost first. In a container they often begin at the root."""
    try:
        lines = OWN.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        root = ROOT / controllers if controllers else ROOT
        own = root / path.lstrip("/")
        yield from (
            folder
            for folder in (own, *own.parents)
            if folder.is_relative_to(root) and folder.is_dir()
        )


def _numbers(file: Path) -> tuple[int, ...]:
    """What a file says; nothing where it isn't there, or sets no limit."""
    try:
        return tuple(int(word) for word in file.read_text(encoding="utf-8").split())
    except (OSError, ValueError):  # "max"
        return ()


def _counted(file: Path, name: str) -> int:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name} ")), 0)
