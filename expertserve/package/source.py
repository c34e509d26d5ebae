"""Where a package comes from: a path, or a URL whose scheme another package serves."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

from expertserve import plugins
from expertserve.errors import ConfigError, LoadError

_URL = re.compile(r"([a-z][a-z0-9+.-]+)://.*", re.IGNORECASE | re.DOTALL)
"""A scheme has two characters or more: `C://x` is a drive."""

_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)=(.+)")


class NamedPackage(NamedTuple):
    """A package, and the name that requests will use."""

    name: str
    path: Path


def split_name(given: str) -> tuple[str | None, str]:
    """`NAME=SOURCE` as its two parts; no name where it is left out, or a file is called so.

    Example:
        >>> split_name("sql=experts/a.expert"), split_name("experts/a.expert")
        (('sql', 'experts/a.expert'), (None, 'experts/a.expert'))
    """
    match = None if Path(given).exists() else _NAMED.fullmatch(given)
    return (match[1], match[2]) if match else (None, given)


def local_path(given: str | os.PathLike[str]) -> Path:
    """A file or folder on this machine; a URL is fetched by an entry point in
    ``expertserve.sources`` that is named as its scheme: a callable from URL to path.

    Raises:
        LoadError: `not_found`, for a scheme that nothing installed serves.
        ConfigError: `bad_plugin`, for an entry point that gives no path.
    """
    url = _URL.fullmatch(os.fspath(given))
    if not url or Path(given).exists():
        return Path(given)
    scheme = url[1].lower()
    if scheme not in plugins.names("sources"):
        known = ", ".join(plugins.names("sources")) or "none"
        raise LoadError(
            f"no installed package fetches {scheme}:// addresses",
            hint=f"download it and pass the file; schemes served here: {known}",
            code="not_found",
        )
    fetch = plugins.load("sources", scheme)
    found = fetch(os.fspath(given)) if callable(fetch) else None
    if not isinstance(found, Path):
        raise ConfigError(
            f"the entry point {scheme!r} in expertserve.sources gave no path",
            hint="it takes the URL and returns a pathlib.Path",
            code="bad_plugin",
        )
    return found
