"""Where packages come from: folders, addresses, and whatever fsspec reads (`s3://`, `gs://` …).

https://filesystem-spec.readthedocs.io. A package fetched from elsewhere lies in the cache under its
own digest, so that it is fetched once a machine, and every replica verifies it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from expertserve import config
from expertserve.errors import ExpertError, IntegrityError, LoadError
from expertserve.files import file_digest, move_file, part_path, remove_stale, write_whole
from expertserve.package.cache import grew
from expertserve.package.source import FETCHERS, MAX_BYTES, local_path, too_large

REMOTE = re.compile(r"[a-z][a-z0-9+.-]*(::|://)|registry:", re.IGNORECASE)
SUFFIX = ".expert"
FETCHED = "fetched"
"""The cache's folder for them."""


def is_remote(source: str) -> bool:
    """`s3://bucket/a.expert` is, `/srv/a.expert` and `file:///srv/a.expert` are not."""
    return bool(REMOTE.match(source)) and not source.startswith("file://")


def absolute(source: str) -> str:
    """A path that means the same in every process; a URL as it is."""
    return source if is_remote(source) else str(local_file(source).resolve())


def local_file(source: str) -> Path:
    """Where a source that isn't remote lies."""
    return Path(source.removeprefix("file://"))


def packages_at(source: str) -> list[str]:
    """The packages that a path or URL means: itself, or what a folder holds.

    Raises:
        LoadError: It can't be read.
    """
    if not is_remote(source):
        from expertserve.server.watch import packages_in

        return [str(p) for p in packages_in(local_file(source))]
    scheme = source.partition(":")[0]
    if source.endswith(SUFFIX) or (scheme in FETCHERS and scheme != "s3"):  # fsspec lists buckets
        return [source]
    with _reading(source):
        import fsspec

        files, path = fsspec.core.url_to_fs(source)
        return sorted(
            files.unstrip_protocol(str(p))
            for p in files.ls(path, detail=False)
            if str(p).endswith(SUFFIX)
        )


def copied(digest: str, cache_dir: Path | None) -> Path | None:
    """The copy of a package that was fetched before, if it is there and whole."""
    known = fetched_folder(cache_dir) / f"{digest}{SUFFIX}"
    return known if known.is_file() and file_digest(known) == digest else None


def keep(part: Path, digest: str) -> Path:
    """Gives what was fetched its place, beside where it was written."""
    final = part.with_name(f"{digest}{SUFFIX}")
    move_file(part, final)
    grew(final)
    return final


def fetched_folder(cache_dir: Path | None) -> Path:
    """Where copies lie."""
    return (cache_dir or config.cache_dir()) / FETCHED


def part_in(folder: Path) -> Path:
    """A place to write a copy to, once the rests of broken writes are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    remove_stale(folder)
    return part_path(folder)


def fetch(source: str, cache_dir: Path | None, digest: str | None = None) -> Path:
    """A package as a path of this machine; one that lies elsewhere is copied into the cache.

    Args:
        digest: What it must have. A copy with that digest in the cache is taken without asking
            anybody.

    Raises:
        LoadError: It can't be read.
        IntegrityError: It is another one.
    """
    if not is_remote(source):
        return local_file(source)
    if source.partition(":")[0] in FETCHERS:
        return local_path(source, cache_dir=cache_dir)
    if digest and (known := copied(digest, cache_dir)):
        return known
    part = part_in(fetched_folder(cache_dir))
    try:
        with _reading(source):
            import fsspec

            files, path = fsspec.core.url_to_fs(source)
            if int(files.size(path) or 0) > MAX_BYTES:
                raise too_large(source)
            files.get_file(path, str(part))
            sidecar = f"{path}.sha256"
            declared = (
                files.cat_file(sidecar).decode("utf-8", "replace").split()[:1]
                if files.exists(sidecar)
                else []
            )
        found = file_digest(part)
        for wanted in [digest, *declared]:
            if wanted and wanted.lower() != found:
                raise IntegrityError(
                    f"{source} has the digest {found}, not {wanted}",
                    hint="publish it again",
                    code="digest",
                )
        return keep(part, found)
    finally:
        part.unlink(missing_ok=True)


def publish(path: Path, store: str) -> str:
    """Stores a package under its digest where all machines can read it; returns the place.

    Raises:
        LoadError: The store can't be written.
    """
    if path.is_dir():
        return str(path)
    target = f"{absolute(store).rstrip('/')}/{file_digest(path)}{SUFFIX}"
    with _reading(target):
        import fsspec

        files, place = fsspec.core.url_to_fs(target)
        if not files.exists(place):
            files.makedirs(place.rpartition("/")[0], exist_ok=True)
            part = f"{place}.{os.urandom(4).hex()}"
            try:
                files.put_file(str(path), part)
                files.mv(part, place)
            except BaseException:
                with suppress(Exception):
                    files.rm_file(part)
                raise
    return target


def read_text(place: str) -> str | None:
    """A file's text; None where there is none."""
    with _reading(place):
        import fsspec

        files, path = fsspec.core.url_to_fs(place)
        return str(files.cat_file(path).decode()) if files.exists(path) else None


def write_text(place: str, text: str) -> None:
    """Replaces a file: a local one in one step, elsewhere as the store does it."""
    with _reading(place):
        import fsspec

        files, path = fsspec.core.url_to_fs(place)
        files.makedirs(path.rpartition("/")[0], exist_ok=True)
        if is_remote(place):
            files.pipe_file(path, text.encode())
            return
        write_whole(Path(path), text.encode())


@contextmanager
def _reading(source: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        hint = (
            f"pip install the package that reads {source.partition(':')[0]}:// for fsspec, on every"
            " machine"
        )
        raise LoadError(
            f"{source} can't be read: {error}", hint=hint, code="no_filesystem"
        ) from error
    except FileNotFoundError as error:
        raise LoadError(f"{source} isn't there", code="not_found") from error
    except ExpertError:
        raise
    except Exception as error:  # a store's own library has errors of its own
        raise LoadError(f"{source} can't be read: {error}", code="unreadable") from error
