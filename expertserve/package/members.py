"""Which member names an archive may hold, and how much: checked before a byte is written."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from expertserve.errors import LoadError

WEIGHTS = "adapter_model.safetensors"
"""The member that holds an adapter, as PEFT names it."""
MLX_WEIGHTS = "adapters.safetensors"
"""The same, as mlx-lm names it."""
RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    "conin$",
    "conout$",
    *(f"{port}{n}" for port in ("com", "lpt") for n in "123456789¹²³"),
}
"""Device names that Windows takes before it looks for a file, whatever the extension."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what a package may make us write. Bytes, unless it says otherwise."""

    members: int = 4096
    member_bytes: int = 8 << 30
    total_bytes: int = 16 << 30
    name_bytes: int = 240


class Members:
    """The names taken so far, and what is left of the limits."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.total = 0
        self._claims = 0
        self._files: dict[str, str] = {}
        self._folders: dict[str, str] = {}

    def claim(self, name: str, *, folder: bool = False) -> PurePosixPath:
        """A member's name → its safe relative path, unless unsafe or clashing.

        Raises:
            LoadError: `unsafe_member`, `duplicate_member` or `too_many_members`.
        """
        path = safe_path(name, self.limits)
        self._claims += 1
        if self._claims > self.limits.members:
            raise LoadError(
                f"the archive has more than {self.limits.members} members", code="too_many_members"
            )
        if not path.parts:
            return path
        for parent in (*reversed(path.parents[:-1]), *([path] if folder else [])):
            if self._folders.setdefault(_key(parent), str(parent)) != str(parent):
                raise _clash(self._folders[_key(parent)], name)
            if _key(parent) in self._files:
                raise _clash(self._files[_key(parent)], name)
        if not folder:
            taken = self._files.get(_key(path)) or self._folders.get(_key(path))
            if taken:
                raise _clash(taken, name)
            self._files[_key(path)] = name
        return path

    def count(self, name: str, size: int, written: int) -> None:
        """Accounts for `size` more bytes of a member of which `written` are on disk already."""
        if written + size > self.limits.member_bytes:
            raise LoadError(
                f"{name!r} is larger than {self.limits.member_bytes:,} bytes",
                code="member_too_large",
            )
        self.total += size
        if self.total > self.limits.total_bytes:
            raise LoadError(
                f"the archive unpacks to more than {self.limits.total_bytes:,} bytes",
                code="archive_too_large",
            )


def _key(path: PurePosixPath) -> str:
    """Names that some file system takes for one name have one key."""
    return unicodedata.normalize("NFC", str(path)).casefold()


def _clash(taken: str, name: str) -> LoadError:
    return LoadError(
        f"two members of the archive claim the same place: {taken!r} and {name!r}",
        hint="names must differ by more than upper and lower case",
        code="duplicate_member",
    )


def safe_path(name: str, limits: Limits | None = None) -> PurePosixPath:
    """A relative path that stays inside its folder on every system, or a LoadError.

    Example:
        >>> str(safe_path("./weights/adapter.safetensors"))
        'weights/adapter.safetensors'
    """
    limits = limits or Limits()
    reason = _why_unsafe(name, limits)
    if reason:
        shown = name if len(name) <= 100 else name[:100] + "…"
        raise LoadError(
            f"unsafe member name {shown!r}: {reason}",
            hint="the package was made by something broken or hostile",
            code="unsafe_member",
        )
    return PurePosixPath(*(part for part in name.split("/") if part not in ("", ".")))


def _why_unsafe(name: str, limits: Limits) -> str:
    if len(name.encode("utf-8", "surrogatepass")) > limits.name_bytes:
        return f"longer than {limits.name_bytes} bytes"
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co") for c in name):
        return "it has control or invisible characters"
    if "\\" in name:
        return "it has a backslash"
    if name.startswith("/"):
        return "it is an absolute path"
    for part in name.split("/"):
        if part == "..":
            return "it leaves the package's folder"
        if any(c in part for c in ':*?"<>|'):
            return "it has a character that Windows forbids in names"
        if part not in ("", ".") and part != part.rstrip(". "):
            return "a part ends with a dot or a blank"
        if part.split(".")[0].strip().casefold() in RESERVED:
            return "it is a device name on Windows"
    return ""


def is_inside(folder: Path, path: Path) -> bool:
    """Whether a path stays in the folder, also through links.

    A snapshot of the Hugging Face hub is a folder of links: its files lie in `blobs`, beside the
    `snapshots` that it is one of.
    """
    own, real = folder.resolve(), path.resolve()
    blobs = [own.parent.parent / "blobs"] if own.parent.name == "snapshots" else []
    return any(real.is_relative_to(root) for root in (own, *blobs))


def inside(folder: Path, name: str) -> Path:
    """A path that a manifest names, inside the package's folder, also through links.

    Raises:
        LoadError: `unsafe_member` where it would leave the folder.
    """
    path = folder / safe_path(name)
    if not is_inside(folder, path):
        raise LoadError(f"{name!r} leads out of the package's folder", code="unsafe_member")
    return path
