"""Imports that take seconds, in a quarter less: torch, transformers and vLLM."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from importlib import import_module, metadata
from threading import RLock

UNSHARED = ("torch", "accelerate", "mistral_common")
"""What transformers asks for when it is imported, and what no other distribution has a part of."""

_real = metadata.packages_distributions
_importing = RLock()


@contextmanager
def quick_imports() -> Iterator[None]:
    """Around imports of heavy packages, one thread at a time.

    Garbage isn't collected among the hundred thousand objects that stay; and transformers, which
    reads the file lists of all installed packages when it is imported, half a second, is given what
    looks its names up.
    """
    with _importing:
        collects = gc.isenabled()
        gc.disable()
        metadata.packages_distributions = Distributions
        try:
            yield
        finally:
            metadata.packages_distributions = _real
            if collects:
                gc.enable()


def import_all(names: Sequence[str]) -> None:
    """Imports modules by their dotted names.

    Raises:
        ImportError: Of the first that can't be.
    """
    with quick_imports():
        for name in names:
            import_module(name)


class Distributions(Mapping[str, list[str]]):
    """As `importlib.metadata.packages_distributions()`: module → the distributions that bring it.

    Of modules that no other distribution brings, its own is found without reading all others.

    Example:
        >>> Distributions()["torch"]
        ['torch']
    """

    @cached_property
    def _all(self) -> Mapping[str, list[str]]:
        return _real()

    def __getitem__(self, module: str) -> list[str]:
        if module in UNSHARED:
            with suppress(metadata.PackageNotFoundError):
                found = metadata.distribution(module)
                if module in (found.read_text("top_level.txt") or "").split():
                    return [found.metadata["Name"]]
        return self._all[module]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)
