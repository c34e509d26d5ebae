"""HTTP downloads that resume, into a place of the cache that the address names.

A part is kept for the next attempt only where the server says what it is a part of (`ETag`). A
finished file is asked for again with that tag, so that an unchanged one isn't sent twice; where the
network fails, the finished file serves.
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

from expertserve.errors import IntegrityError, LoadError
from expertserve.files import file_digest, move_file, write_whole
from expertserve.package.source import MAX_BYTES, Progress, too_large

if TYPE_CHECKING:
    import httpx

MAX_REDIRECTS = 5
ATTEMPTS = 4
SECONDS = 30.0
"""Without a byte, after which an attempt ends."""
PIECE = 1 << 18
Authorise = Callable[[str, str | None], dict[str, str]]
"""Headers for a URL; after a refusal it is called with the server's `WWW-Authenticate`."""
DIGEST = re.compile(r"#sha256=([0-9a-fA-F]{64})$")


class Interrupted(Exception):
    """The connection or the server failed in a way that another attempt may mend."""


def fetch(address: str, cache: Path, progress: Progress | None = None) -> Path:
    """Downloads a file, checked by `#sha256=`, else by a sidecar `ADDRESS.sha256` if there is one.

    Raises:
        LoadError: `download_failed`; `download_too_large`; `io`, where it can't be stored.
        IntegrityError: `checksum_mismatch`.
    """
    marked = DIGEST.search(address)
    url = DIGEST.sub("", address)
    name = Path(unquote(urlsplit(url).path)).name
    if not re.fullmatch(r"[\w.+-]{1,200}", name):
        name = "package.expert"
    folder = cache / "downloads" / hashlib.sha256(url.encode()).hexdigest()[:32]
    return download(url, folder / name, marked[1].lower() if marked else None, progress)


def download(
    url: str,
    target: Path,
    wanted: str | None,
    progress: Progress | None = None,
    authorise: Authorise | None = None,
) -> Path:
    """Downloads a file to its place, unless it is there.

    Args:
        wanted: The SHA-256 that it must have; a sidecar is asked for without one.
        authorise: Headers that show who asks.

    Raises:
        LoadError, IntegrityError: As `fetch`.
    """
    job, folder = _Download(url, target, wanted, progress, authorise), target.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return job.run()
    except OSError as error:
        if error.errno == errno.ENOSPC:
            job.forget()
        raise LoadError(
            f"{url} can't be stored in {folder}: {error.strerror or error}",
            hint="make room, or pass another cache_dir",
            code="io",
        ) from error


class _Download:
    """One file: the address, its place, the part so far, and what the server said of it."""

    def __init__(
        self,
        url: str,
        target: Path,
        wanted: str | None,
        progress: Progress | None,
        authorise: Authorise | None,
    ) -> None:
        self.url, self.target, self.wanted, self.progress = url, target, wanted, progress
        self.authorise = authorise
        self.part = target.with_name(f"{target.name}.part")
        self.note = target.with_name(f"{target.name}.json")

    def run(self) -> Path:
        if self.wanted and self.target.is_file() and file_digest(self.target) == self.wanted:
            return self.target
        import httpx

        last: Exception | None = None
        with httpx.Client(timeout=httpx.Timeout(SECONDS), follow_redirects=False) as client:
            for attempt in range(ATTEMPTS):
                time.sleep(0.3 * attempt)
                try:
                    self._attempt(client)
                    return self.target
                except Interrupted as error:
                    last = error
        if self.target.is_file() and not self.wanted:
            return self.target  # offline: what was fetched before
        raise LoadError(
            f"{self.url} can't be fetched: {last}",
            hint="try again: what has come is kept" if self.part.exists() else "try again later",
            code="download_failed",
        ) from last

    def forget(self) -> None:
        """Removes the part, which nothing can be made of."""
        for file in (self.part, *([] if self.target.exists() else [self.note])):
            with suppress(OSError):
                file.unlink(missing_ok=True)

    def _attempt(self, client: httpx.Client) -> None:
        digest = self.wanted or self._sidecar(client)
        known = self._known()
        headers = {"accept-encoding": "identity"} | self._login(self.url)
        done = self.part.stat().st_size if self.part.exists() else 0
        if done and known.get("etag"):
            headers |= {"range": f"bytes={done}-", "if-range": str(known["etag"])}
        elif self.target.is_file() and known.get("etag"):
            headers["if-none-match"] = str(known["etag"])
        with _Opened(client, self.url, headers) as response:
            if response.status_code == 304:
                return
            if response.status_code == 416:  # the part is not of this file
                self.forget()
                raise Interrupted("the part that was kept fits no more")
            if response.status_code == 401 and self.authorise:
                self.authorise(self.url, response.headers.get("www-authenticate", ""))
                raise Interrupted("the server answers 401")
            self._check(response)
            self._receive(response, done if response.status_code == 206 else 0)
        self._finish(digest)

    def _login(self, url: str) -> dict[str, str]:
        return self.authorise(url, None) if self.authorise else {}

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        if status >= 500 or status == 429:
            raise Interrupted(f"the server answers {status}")
        if status not in (200, 206):
            self.forget()
            raise LoadError(
                f"{self.url} can't be fetched: the server answers {status}",
                hint="check the address" if status in (404, 410) else "",
                code="download_failed",
            )

    def _receive(self, response: httpx.Response, done: int) -> None:
        import httpx

        length = response.headers.get("content-length")
        total = done + int(length) if length and length.isdigit() else None
        if (total or 0) > MAX_BYTES:
            raise self._too_large()
        free = shutil.disk_usage(self.part.parent).free
        if total and total - done > free:
            raise OSError(errno.ENOSPC, f"{total - done:,} bytes are to come, {free:,} are free")
        etag = response.headers.get("etag", "")
        self._note({"etag": "" if etag.startswith("W/") else etag})
        try:
            with self.part.open("ab" if done else "wb") as file:
                for piece in response.iter_bytes(PIECE):
                    file.write(piece)
                    done += len(piece)
                    if done > MAX_BYTES:
                        raise self._too_large()
                    if self.progress:
                        self.progress(done, total)
        except httpx.HTTPError as error:
            self._keep_or_forget()
            raise Interrupted(f"the connection ended after {done:,} bytes: {error}") from error
        if total is not None and done != total:
            self._keep_or_forget()
            raise Interrupted(f"{done:,} of {total:,} bytes came")

    def _keep_or_forget(self) -> None:
        if not self._known().get("etag"):
            self.forget()

    def _too_large(self) -> LoadError:
        self.forget()
        return too_large(self.url)

    def _finish(self, digest: str | None) -> None:
        found = file_digest(self.part)
        if digest and found != digest:
            self.forget()
            raise IntegrityError(
                f"{self.url}: its SHA-256 is {found}, and should be {digest}",
                hint="the file was changed or damaged; ask its publisher",
                code="checksum_mismatch",
            )
        move_file(self.part, self.target)
        sidecar = self.target.with_name(f"{self.target.name}.sha256")
        write_whole(sidecar, f"{found}  {self.target.name}\n".encode())

    def _sidecar(self, client: httpx.Client) -> str | None:
        """The digest that stands beside the file; None where nothing does."""
        parts = urlsplit(self.url)
        beside = parts._replace(path=f"{parts.path}.sha256").geturl()
        with _Opened(client, beside, self._login(beside)) as response:
            if response.status_code != 200:
                return None
            words = next(response.iter_bytes(4096), b"").decode("utf-8", "replace").split()
        return words[0].lower() if words and re.fullmatch("[0-9a-fA-F]{64}", words[0]) else None

    def _known(self) -> dict[str, Any]:
        try:
            value = json.loads(self.note.read_bytes())
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    def _note(self, known: dict[str, object]) -> None:
        write_whole(self.note, json.dumps(known).encode())


class _Opened:
    """A response, over redirects that don't lead from TLS to plain text."""

    def __init__(self, client: httpx.Client, url: str, headers: dict[str, str]) -> None:
        self._client, self._url, self._headers = client, url, headers
        self._response: httpx.Response | None = None

    def __enter__(self) -> httpx.Response:
        import httpx

        url, headers = self._url, self._headers
        for _ in range(MAX_REDIRECTS + 1):
            try:
                request = self._client.build_request("GET", url, headers=headers)
                response = self._client.send(request, stream=True)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise Interrupted(str(error) or type(error).__name__) from error
            if not response.is_redirect:
                self._response = response
                return response
            response.close()
            after = urljoin(url, response.headers.get("location", ""))
            if urlsplit(after).scheme not in ("https", urlsplit(url).scheme):
                raise _refused(self._url, f"it is redirected to {after[:200]}")
            if urlsplit(after).netloc != urlsplit(url).netloc:
                headers = {k: v for k, v in headers.items() if k != "authorization"}
            url = after
        raise _refused(self._url, f"it is redirected more than {MAX_REDIRECTS} times")

    def __exit__(self, *_: object) -> None:
        if self._response:
            self._response.close()


def _refused(url: str, why: str) -> LoadError:
    return LoadError(f"{url} can't be fetched: {why}", code="download_failed")
