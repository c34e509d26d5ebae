"""vLLM's front end takes a process that runs already for its engine core: `engine.vllm.early`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from expertserve.engine.vllm.early import EarlyCore

_offered: list[EarlyCore] = []


def install() -> None:
    """vLLM starts everything itself where no process is offered."""
    from vllm.v1.engine import utils

    theirs = utils.get_mp_context
    if theirs.__module__ != __name__:

        def get_mp_context() -> object:
            return _Context(theirs(), _offered[0]) if _offered else theirs()

        utils.get_mp_context = get_mp_context


@contextmanager
def offered(early: EarlyCore | None) -> Iterator[None]:
    """vLLM takes this process for the first core that it starts meanwhile; one start at a time."""
    if early is None:
        yield
        return
    install()
    _offered.append(early)
    try:
        yield
    finally:
        _offered.clear()


class _Context:
    """vLLM's multiprocessing context, whose first process runs already."""

    def __init__(self, theirs: Any, early: EarlyCore) -> None:
        self._theirs = theirs
        self._early = early

    def __getattr__(self, name: str) -> object:
        return getattr(self._theirs, name)

    def Process(
        self, *, target: Callable[..., None], name: str, kwargs: Mapping[str, object]
    ) -> object:
        if not self._early.suits(kwargs):
            return self._theirs.Process(target=target, name=name, kwargs=kwargs)
        self._early.take(name, target, kwargs)
        return self._early
