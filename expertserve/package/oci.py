"""Packages in OCI registries: `oci://host/repo:tag`, as `oras push` and the like put them there.

Protocol: https://github.com/opencontainers/distribution-spec. The manifest and the blob are checked
against their digests; a tag's digest is noted, so that what was fetched serves offline. On this
machine (localhost) a registry is asked over plain HTTP, as other tools do.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pydantic import Field, ValidationError

from expertserve.errors import IntegrityError, LoadError
from expertserve.files import read_bounded, write_whole
from expertserve.package.download import SECONDS, Interrupted, download
from expertserve.package.section import Lenient
from expertserve.package.source import MAX_BYTES, Progress, too_large

if TYPE_CHECKING:
    import httpx

ADDRESS = re.compile(
    r"oci://([\w.-]+(?::\d+)?)/([a-z0-9._/-]+?)(?::([\w.-]{1,128}))?(?:@(sha256:[0-9a-f]{64}))?"
)
SHA256 = re.compile(r"sha256:([0-9a-f]{64})")
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
ACCEPT = f"{MANIFEST}, application/vnd.docker.distribution.manifest.v2+json"
TITLE = "org.opencontainers.image.title"
LOCAL = ("localhost", "127.0.0.1")
MAX_MANIFEST = 4 << 20
CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


class Blob(Lenient):
    """A blob of an image: a file."""

    digest: str = Field(pattern=SHA256.pattern)
    size: int = Field(ge=0)
    annotations: dict[str, str] = Field(default_factory=dict)

    @property
    def title(self) -> str:
        """The file's name, as who pushed it gave it."""
        return Path(self.annotations.get(TITLE, "")).name


class ImageManifest(Lenient):
    """What an image consists of."""

    layers: tuple[Blob, ...] = Field(max_length=1000)


class Repository(NamedTuple):
    """A repository in a registry, and what of it is wanted: a tag or a digest."""

    host: str
    repository: str
    reference: str

    @property
    def url(self) -> str:
        scheme = "http" if self.host.partition(":")[0] in LOCAL else "https"
        return f"{scheme}://{self.host}/v2/{self.repository}"


def split(address: str) -> Repository:
    """Registry, repository and reference; `latest` where none is named.

    Raises:
        LoadError: `download_failed`.

    Example:
        >>> split("oci://ghcr.io/org/expert-sql:0.3")
        Repository(host='ghcr.io', repository='org/expert-sql', reference='0.3')
    """
    found = ADDRESS.fullmatch(address)
    if not found:
        raise LoadError(
            f"{address} is no address in an OCI registry",
            hint="oci://registry/repo:tag, oci://registry/repo@sha256:…",
            code="download_failed",
        )
    return Repository(found[1], found[2], found[4] or found[3] or "latest")


def fetch(address: str, cache: Path, progress: Progress | None = None) -> Path:
    """An image's `.expert` file: its only layer, or the only one with such a title.

    Raises:
        LoadError: `download_failed`; `not_found`: there is no such file in it.
        IntegrityError: `checksum_mismatch`.
    """
    place = split(address)
    folder = cache / "oci" / hashlib.sha256(place.url.encode()).hexdigest()[:32]
    session = _Session(place)
    data = _manifest(session, folder)
    try:
        layers = ImageManifest.model_validate_json(data).layers
    except ValidationError as error:
        raise LoadError(
            f"{address} is no image with layers: {str(error).splitlines()[0]}",
            code="download_failed",
        ) from error
    layer = _chosen(layers, address)
    if layer.size > MAX_BYTES:
        raise too_large(address)
    wanted = layer.digest.removeprefix("sha256:")
    name = layer.title if layer.title.endswith(".expert") else "package.expert"
    return download(
        f"{place.url}/blobs/{layer.digest}",
        folder / wanted / name,
        wanted,
        progress,
        session.authorise,
    )


def _chosen(layers: tuple[Blob, ...], address: str) -> Blob:
    named = [layer for layer in layers if layer.title.endswith(".expert")]
    found = named or list(layers)
    if len(found) == 1:
        return found[0]
    names = ", ".join(layer.title or layer.digest[:19] for layer in found[:10]) or "none"
    raise LoadError(
        f"{address} has not one .expert file but {names}",
        hint="push one package a tag",
        code="not_found",
    )


def _manifest(session: _Session, folder: Path) -> bytes:
    """The image's manifest, or the one that was fetched last, where the network fails.

    Raises:
        IntegrityError: It isn't the one whose digest was asked for.
    """
    reference = session.place.reference
    note = folder / f"{hashlib.sha256(reference.encode()).hexdigest()[:16]}.json"
    by_digest = SHA256.fullmatch(reference)
    if by_digest and note.is_file():
        known = read_bounded(note, MAX_MANIFEST)
        if hashlib.sha256(known).hexdigest() == by_digest[1]:
            return known
    try:
        data = session.manifest()
    except Interrupted as error:
        if note.is_file():
            return read_bounded(note, MAX_MANIFEST)
        raise LoadError(
            f"{session.place.url} can't be reached: {error}",
            hint="try again later",
            code="download_failed",
        ) from error
    found = hashlib.sha256(data).hexdigest()
    if by_digest and found != by_digest[1]:
        raise IntegrityError(
            f"{session.place.url}: the manifest's SHA-256 is {found}, and should be {by_digest[1]}",
            hint="the registry is damaged, or somebody answers in its place",
            code="checksum_mismatch",
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(note, data)
    return data


class _Session:
    """Requests to one repository, with a token where the registry wants one."""

    def __init__(self, place: Repository) -> None:
        self.place = place
        self._login: dict[str, str] = {}

    def manifest(self) -> bytes:
        """The manifest's bytes, bounded.

        Raises:
            LoadError: The registry refuses.
        """
        url = f"{self.place.url}/manifests/{self.place.reference}"
        return self._get(url, {"accept": ACCEPT} | self.authorise(url, None), first=True)

    def authorise(self, url: str, challenge: str | None) -> dict[str, str]:
        """Headers of a request; after a refusal with a challenge, with a token that answers it."""
        if challenge and challenge.lower().startswith("basic"):
            self._login = basic(self.place.host)
        elif challenge:
            token = self._ask(dict(CHALLENGE.findall(challenge)))
            self._login = {"authorization": f"Bearer {token}"}
        return self._login

    def _ask(self, said: dict[str, str]) -> str:
        realm = said.get("realm", "")
        if not realm.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise self._refused(f"it sends for a token to {realm[:200] or 'nowhere'}")
        wanted = {k: said[k] for k in ("service", "scope") if k in said}
        import httpx

        url = str(httpx.URL(realm, params=wanted))
        try:
            answer = json.loads(self._get(url, basic(self.place.host)))
        except ValueError as error:
            raise self._refused("it gave no token") from error
        given = answer if isinstance(answer, dict) else {}
        token = given.get("token") or given.get("access_token")
        if not isinstance(token, str) or not token or not token.isascii():
            raise self._refused("it gave no token")
        return token

    def _get(self, url: str, headers: dict[str, str], first: bool = False) -> bytes:
        import httpx

        try:
            with (
                httpx.Client(timeout=SECONDS) as client,
                client.stream("GET", url, headers=headers) as response,
            ):
                if response.status_code == 401 and first:
                    challenge = response.headers.get("www-authenticate", "")
                    return self._get(url, headers | self.authorise(url, challenge))
                self._check(response)
                return self._read(response)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Interrupted(str(error) or type(error).__name__) from error

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        if status >= 500 or status == 429:
            raise Interrupted(f"it answers {status}")
        if status != 200:
            raise self._refused(f"the registry answers {status}")

    def _read(self, response: httpx.Response) -> bytes:
        data = b""
        for piece in response.iter_bytes():
            data += piece
            if len(data) > MAX_MANIFEST:
                raise self._refused(f"its manifest has more than {MAX_MANIFEST:,} bytes")
        return data

    def _refused(self, why: str) -> LoadError:
        return LoadError(
            f"oci://{self.place.host}/{self.place.repository}:{self.place.reference} can't be"
            f" fetched: {why}",
            hint="check the address; `docker login` or `oras login` gives access to private ones",
            code="download_failed",
        )


def basic(host: str, config: Path | None = None) -> dict[str, str]:
    """What `docker login` noted for a registry, as a header; nothing where it noted none."""
    file = config or Path.home() / ".docker" / "config.json"
    try:
        noted = json.loads(read_bounded(file, MAX_MANIFEST))["auths"][host]["auth"]
        base64.b64decode(noted, validate=True)
    except (OSError, ValueError, KeyError, TypeError, LoadError):
        return {}
    return {"authorization": f"Basic {noted}"}
