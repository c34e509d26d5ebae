"""Files wherever fsspec reads: `s3://…`, `gs://…`, `az://…`, `memory://…`."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePosixPath

from expertserve.errors import LoadError
from expertserve.files import move_file, part_path
from expertserve.package.source import MAX_BYTES, Progress, too_large, unserved

PIECE = 1 << 20


def fetch(address: str, cache: Path, progress: Progress | None = None) -> Path:
    """Copies a file into the cache; one of the same size and check sum isn't copied again.

    Raises:
        LoadError: `not_found`, for a scheme that fsspec doesn't know; `download_failed`.
    """
    scheme = address.partition("://")[0]
    try:
        import fsspec
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise unserved(scheme) from error
    if scheme not in fsspec.available_protocols():
        raise unserved(scheme)
    part = None
    try:
        system, path = url_to_fs(address)
        size, tag = int(system.size(path) or 0), str(system.checksum(path))
        if size > MAX_BYTES:
            raise too_large(address)
        place = hashlib.sha256(f"{address}\0{size}\0{tag}".encode()).hexdigest()[:32]
        folder = cache / "downloads" / place
        target = folder / PurePosixPath(path).name
        if target.is_file():
            return target
        folder.mkdir(parents=True, exist_ok=True)
        part, done = part_path(folder), 0
        with system.open(path, "rb") as source, part.open("wb") as file:
            while piece := source.read(PIECE):
                done += file.write(piece)
                if progress:
                    progress(done, size)
        move_file(part, target)
        return target
    except ImportError as error:
        raise LoadError(
            f"{scheme}:// needs another package: {error}", code="download_failed"
        ) from error
    except LoadError:
        raise
    except Exception as error:  # each file system has errors of its own
        said = str(error) or type(error).__name__
        raise LoadError(f"{address} can't be fetched: {said}", code="download_failed") from error
    finally:
        if part:
            part.unlink(missing_ok=True)
