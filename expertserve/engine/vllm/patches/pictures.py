"""Lets models that also see serve text where torchvision isn't installed.

vLLM's modules of such models import transformers' image and video processors, whose modules need
torchvision. Text needs neither. Where one class is imported, transformers itself puts a placeholder
that fails when it is used; here whole modules have them.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")
PROCESSORS = re.compile(r"transformers\.models\.\w+\.(image|video)_processing_(?!pil_|auto)\w+")


class StandIn(ModuleType):
    """A module all of whose names are classes that can't be used."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)

        def refuse(cls: type, *args: object, **kwargs: object) -> None:
            raise ImportError(f"{name} needs torchvision, which is not installed")

        made = type(name, (), {"__new__": refuse, "__module__": self.__name__})
        setattr(self, name, made)
        return made


class Finder(MetaPathFinder, Loader):
    """Gives stand-ins for the modules of image and video processors."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(name, self) if PROCESSORS.fullmatch(name) else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


def is_absent() -> bool:
    """Whether there is no torchvision, so that stand-ins are needed."""
    return importlib.util.find_spec("torchvision") is None


def install() -> None:
    """For the rest of the process; before the model's module is imported."""
    if is_absent():
        sys.meta_path.insert(0, Finder())


@contextmanager
def meanwhile() -> Iterator[None]:
    """In a process that isn't vLLM's own: while vLLM looks at the model, and not behind it.

    vLLM looks at a model's class in a process of its own first, which takes them along.
    """
    if not is_absent():
        yield
        return
    from vllm.model_executor.models import registry

    finder, theirs = Finder(), registry._run_in_subprocess
    sys.meta_path.insert(0, finder)
    registry._run_in_subprocess = lambda work: theirs(partial(_installed, work))
    try:
        yield
    finally:
        registry._run_in_subprocess = theirs
        sys.meta_path.remove(finder)
        for name in [n for n, module in sys.modules.items() if isinstance(module, StandIn)]:
            del sys.modules[name]


def _installed(work: Callable[[], T]) -> T:
    install()
    return work()
