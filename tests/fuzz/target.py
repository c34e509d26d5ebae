"""A fuzz target: accepts any bytes, and returns unless an invariant is broken."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

from expertserve.errors import ExpertError
from tests.fuzz.guard import watched

KEPT = ("models", "served", "sound", "state")


@dataclass(frozen=True, slots=True)
class Target:
    """A fuzz target.

    Args:
        run: Takes an input and its own folder.
        drawn: Inputs that are almost valid.
        seeds: Valid inputs, from which mutation starts.
        warm: Creates what all inputs share; not watched.
        writes: Folders beside its cache and its input that it may write to.
    """

    name: str
    run: Callable[[bytes, Path], None]
    drawn: st.SearchStrategy[bytes]
    seeds: tuple[bytes, ...]
    warm: Callable[[Path], object] = lambda root: None
    writes: tuple[str, ...] = ()

    @staticmethod
    def tidy(root: Path) -> None:
        """Removes what the previous input left."""
        for path in root.iterdir():
            if path.is_symlink() or not path.is_dir():
                path.unlink()
            elif path.name not in KEPT:
                shutil.rmtree(path)

    def begin(self, root: Path) -> None:
        """Creates the folder and runs the seeds once unwatched, so that libraries are loaded."""
        root.mkdir(parents=True, exist_ok=True)
        self.warm(root)
        for data in self.seeds:
            self.tidy(root)
            with suppress(ExpertError):
                self.run(data, root)
        gc.collect()  # what other targets left notes its end in their caches

    def check(self, data: bytes, root: Path) -> None:
        """Runs one input, watched.

        Raises:
            Broken: Or whatever the target let out that isn't an error of our tree.
        """
        self.tidy(root)
        with (
            watched(root, writable=("cache", "input", *self.writes), kept=KEPT),
            suppress(ExpertError),
        ):
            self.run(data, root)
