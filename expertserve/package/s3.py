"""Files in S3 and what speaks like it: `s3://bucket/key`.

Where s3fs is installed, it is asked, with all its ways to log in. Else a request is signed with the
keys of `~/.aws` (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html), or
not at all, for public buckets. It goes to the `endpoint_url` and the region that stand there.
"""

from __future__ import annotations

import configparser
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urlsplit

from expertserve.errors import LoadError
from expertserve.package import remote
from expertserve.package.download import download
from expertserve.package.source import Progress

ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.+)")
EMPTY = hashlib.sha256(b"").hexdigest()
PROFILE = "default"


@dataclass(frozen=True, slots=True)
class AwsProfile:
    """Who asks, and whom; without keys nothing is signed."""

    key: str = ""
    secret: str = ""
    token: str = ""
    region: str = "us-east-1"
    endpoint: str = ""

    @classmethod
    def read(cls, folder: Path) -> AwsProfile:
        """What `credentials` and `config` of a folder say of the default profile."""
        said: dict[str, str] = {}
        for name in ("config", "credentials"):
            parser = configparser.RawConfigParser()
            try:
                parser.read(folder / name, encoding="utf-8")
            except (configparser.Error, UnicodeDecodeError) as error:
                raise LoadError(
                    f"{folder / name} can't be read: {error}", code="download_failed"
                ) from error
            said |= dict(parser[PROFILE]) if PROFILE in parser else {}
        return cls(
            said.get("aws_access_key_id", ""),
            said.get("aws_secret_access_key", ""),
            said.get("aws_session_token", ""),
            said.get("region", "us-east-1"),
            said.get("endpoint_url", ""),
        )

    def url(self, bucket: str, key: str) -> str:
        """A file's URL: the bucket in its path, which works for every name and server."""
        root = self.endpoint.rstrip("/") or f"https://s3.{self.region}.amazonaws.com"
        return f"{root}/{bucket}/{quote(key)}"


def fetch(address: str, cache: Path, progress: Progress | None = None) -> Path:
    """Downloads a file, resumed and checked as from a web server.

    Raises:
        LoadError, IntegrityError: As `expertserve.package.download.fetch`.
    """
    if find_spec("s3fs"):
        return remote.fetch(address, cache, progress)
    found = ADDRESS.fullmatch(address)
    if not found:
        raise LoadError(
            f"{address} is no address of a file in S3",
            hint="s3://bucket/folder/NAME.expert",
            code="download_failed",
        )
    account = AwsProfile.read(Path.home() / ".aws")
    url = account.url(found[1], found[2])
    folder = cache / "downloads" / hashlib.sha256(url.encode()).hexdigest()[:32]
    target = folder / PurePosixPath(found[2]).name
    return download(url, target, None, progress, partial(_headers, account))


def _headers(account: AwsProfile, url: str, challenge: str | None) -> dict[str, str]:
    return signed(account, url, datetime.now(UTC)) if account.key else {}


def signed(
    account: AwsProfile, url: str, now: datetime, more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Headers that sign a GET: AWS's signature, version 4.

    Args:
        more: Headers that are sent, too, and signed.
    """
    parts = urlsplit(url)
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    headers = {"x-amz-content-sha256": EMPTY, "x-amz-date": stamp, **(more or {})}
    headers |= {"x-amz-security-token": account.token} if account.token else {}
    every = dict(sorted({"host": parts.netloc, **headers}.items()))
    names = ";".join(every)
    lines = "".join(f"{name}:{value}\n" for name, value in every.items())
    request = "\n".join(("GET", parts.path, parts.query, lines, names, EMPTY))
    scope = f"{day}/{account.region}/s3/aws4_request"
    hashed = hashlib.sha256(request.encode()).hexdigest()
    key = f"AWS4{account.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}"
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    said = f"Credential={account.key}/{scope},SignedHeaders={names},Signature={signature}"
    return headers | {"authorization": f"AWS4-HMAC-SHA256 {said}"}
