"""Where a package comes from: a path, or an address that is fetched into the cache.

What is fetched is a file or folder like any other: nothing of it is read before `open_package`
verifies it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from expertserve import config, plugins
from expertserve.errors import ConfigError, LoadError

Progress = Callable[[int, int | None], None]
"""Told of the bytes that are there, and of all of them where that is known."""
MAX_BYTES = 16 << 30
"""Of a package, wherever it comes from."""
_URL = re.compile(
    r"([a-z][a-z0-9+.-]+):(/{1,3}(?=[^/])|(?<=registry:))(.*)", re.IGNORECASE | re.DOTALL
)
"""A scheme has two characters or more: `C:/x` is a drive. A `Path` has lost all slashes but one."""
FETCHERS = {
    "http": "download",
    "https": "download",
    "git+http": "git",
    "git+https": "git",
    "git+ssh": "git",
    "git+file": "git",
    "hf": "hub",
    "oci": "oci",
    "s3": "s3",
    "registry": "named",
}
"""Modules of `expertserve.package`, each with a function `fetch`; others are asked of fsspec."""

_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)=(.+)")


def too_large(address: str) -> LoadError:
    """What is refused that is larger than a package may be."""
    return LoadError(f"{address} has more than {MAX_BYTES:,} bytes", code="download_too_large")


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


def is_address(given: str | os.PathLike[str]) -> bool:
    """Whether it is fetched, not read where it is."""
    url = _URL.fullmatch(os.fspath(given))
    return bool(url) and not Path(given).exists()


def local_path(
    given: str | os.PathLike[str],
    *,
    cache_dir: Path | None = None,
    progress: Progress | None = None,
) -> Path:
    """A file or folder on this machine; an address is fetched into the cache first.

    `https://…`, `git+https://…@tag#path`, `hf://org/repo@rev/file`, `oci://host/repo:tag`,
    `registry:NAME@1.2`, and what fsspec knows, such as `s3://…`. An entry point in
    ``expertserve.sources`` that is named as the scheme goes first: a callable from URL to path.

    Raises:
        LoadError: `not_found`, for a scheme that nothing serves; `download_failed`.
        IntegrityError: What was fetched has another SHA-256 than it should have.
        ConfigError: `bad_plugin`, for an entry point that gives no path.
    """
    url = _URL.fullmatch(os.fspath(given))
    if not url or Path(given).exists():
        return Path(given)
    scheme = url[1].lower()
    slashes = "" if not url[2] else "///" if scheme.endswith("file") else "//"
    address = f"{scheme}:{slashes}{url[3]}"
    if scheme in plugins.names("sources"):
        return _plugged(scheme, address)
    if scheme == "file":
        return Path("/" + url[3])
    module = import_module(f"expertserve.package.{FETCHERS.get(scheme, 'remote')}")
    found = module.fetch(address, cache_dir or config.cache_dir(), progress)
    assert isinstance(found, Path)
    return found


def _plugged(scheme: str, address: str) -> Path:
    fetch = plugins.load("sources", scheme)
    found = fetch(address) if callable(fetch) else None
    if not isinstance(found, Path):
        raise ConfigError(
            f"the entry point {scheme!r} in expertserve.sources gave no path",
            hint="it takes the URL and returns a pathlib.Path",
            code="bad_plugin",
        )
    return found


def unserved(scheme: str) -> LoadError:
    """Nothing that is installed fetches a scheme."""
    known = ", ".join(sorted({*FETCHERS, *plugins.names("sources")}))
    return LoadError(
        f"no installed package fetches {scheme}:// addresses",
        hint=f"download it and pass the file; schemes served here: {known}",
        code="not_found",
    )
