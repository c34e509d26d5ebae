"""How public names go away: they warn for two minor versions, then they are removed."""

from __future__ import annotations

import functools
import inspect
import re
import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from expertserve._version import __version__
from expertserve.errors import ConfigError

P = ParamSpec("P")
R = TypeVar("R")
WARNED_VERSIONS = 2


class ExpertServeDeprecationWarning(FutureWarning):
    """A name that will be removed. A FutureWarning, so that users see it, not developers of theirs alone."""


def deprecated(*, since: str, instead: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Makes a function, a method or a class warn at each place that calls it.

    Args:
        since: The version that deprecated it, such as ``"0.3.0"``. It stays for two minor versions: until 0.5.0.
        instead: What to use, in words.

    Raises:
        ConfigError: `since` is no version; or, where the function is defined, its time is over and it has to be removed.

    Example:
        >>> @deprecated(since=__version__, instead="generate()")
        ... def ask() -> str:
        ...     return "SELECT 1"
        >>> with warnings.catch_warnings(record=True) as caught:
        ...     warnings.simplefilter("always")
        ...     answer = ask()
        >>> answer, str(caught[0].message).partition(" and")[0]
        ('SELECT 1', 'ask() is deprecated since 0.1.0')
    """
    gone = removed_in(since)
    if numbers(__version__) >= numbers(gone):
        raise ConfigError(
            f"deprecated since {since}, so {gone} has it no more",
            hint="remove it",
            code="deprecated",
        )

    def mark(thing: Callable[P, R]) -> Callable[P, R]:
        said = f"{thing.__qualname__.rpartition('<locals>.')[2]}() is deprecated since {since} and will be removed in {gone}; use {instead}"

        if inspect.isclass(thing):
            made = thing.__init__

            @functools.wraps(made)
            def begin(self: object, *args: object, **options: object) -> None:
                warnings.warn(said, ExpertServeDeprecationWarning, stacklevel=2)
                made(self, *args, **options)

            setattr(thing, "__init__", begin)  # noqa: B010 (mypy knows no other way)
            return cast(Callable[P, R], thing)

        @functools.wraps(thing)
        def call(*args: P.args, **options: P.kwargs) -> R:
            warnings.warn(said, ExpertServeDeprecationWarning, stacklevel=2)
            return thing(*args, **options)

        return call

    return mark


def removed_in(since: str) -> str:
    """The first version without what `since` deprecated.

    Example:
        >>> removed_in("0.3.1")
        '0.5.0'
    """
    major, minor, _ = numbers(since)
    return f"{major}.{minor + WARNED_VERSIONS}.0"


def numbers(version: str) -> tuple[int, int, int]:
    """A version's three numbers; what follows them doesn't count.

    Raises:
        ConfigError: There aren't three.
    """
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    if not found:
        raise ConfigError(f"{version!r} is no version such as 0.3.0", code="deprecated")
    major, minor, patch = map(int, found.groups())
    return major, minor, patch
