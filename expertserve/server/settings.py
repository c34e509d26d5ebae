"""What a server may do, and where its bounds lie."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from expertserve.errors import ConfigError

ROOT_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Settings of one server.

    Args:
        host: Where it listens; beyond this machine only with keys, or where `insecure` says so.
        port: 0 takes a free one.
        keys: A TOML file, see `expertserve.server.auth`; None lets everybody ask, and nobody
            administrate.
        open_admin: Without keys, lets everybody administrate too. Cross-site requests stay refused.
        experts_folder: What administrators may load from, and where uploads go; None refuses both.
        state_folder: Where the list of loaded experts survives a restart; None forgets it.
        uds: A Unix socket to listen on instead of host and port.
        local_folder: Where a socket is left for this user's `generate` and `chat`, without keys
            and certificates alone.
        root_path: The prefix that a proxy serves this server below, whether it strips it or not.
        allowed_origins: Sites whose pages may ask, as globs: `https://*.example.com`.
        ssl_certfile: With ssl_keyfile, serves HTTPS.
        forwarded_allow_ips: Proxies whose `X-Forwarded-For` and `-Proto` are believed.
        insecure: Listens beyond this machine without keys.
        drain: Seconds that running requests get after SIGTERM.
        max_body_bytes: Of any request but an upload.
        max_upload_bytes: Of an uploaded package.
        max_prompt_chars: All messages, schema and grammar together.
        max_pending: Answers being made or waiting, each of `n` counted; more are refused, so that
            no queue grows.
        strict_fields: A field that nobody knows is an error; else it is ignored and named in the
            header `x-expertserve-ignored`.
        beat: Seconds after which a stream without a token yet sends a comment, and again.
        request_timeout: Seconds from accepting a request to its last byte.
        log_prompts: Writes prompts and answers to the log.
        log_json: One JSON object a line; else a short line for people.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    keys: Path | None = None
    open_admin: bool = False
    experts_folder: Path | None = None
    state_folder: Path | None = None
    uds: Path | None = None
    local_folder: Path | None = None
    root_path: str = ""
    allowed_origins: tuple[str, ...] = ()
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None
    forwarded_allow_ips: tuple[str, ...] = ()
    insecure: bool = False
    drain: float = 30.0
    max_body_bytes: int = 4 << 20
    max_upload_bytes: int = 4 << 30
    max_prompt_chars: int = 1_000_000
    max_pending: int = 512
    strict_fields: bool = False
    beat: float = 15.0
    request_timeout: float = 600.0
    log_prompts: bool = False
    log_json: bool = True

    def __post_init__(self) -> None:
        for name in (
            "max_body_bytes",
            "max_upload_bytes",
            "max_prompt_chars",
            "max_pending",
            "request_timeout",
            "beat",
        ):
            if getattr(self, name) <= 0:
                raise ConfigError(
                    f"{name} must be above 0, not {getattr(self, name)!r}", code="bad_setting"
                )
        if not 0 <= self.port <= 65535 or self.drain < 0:
            raise ConfigError(
                f"port must be from 0 to 65535, drain at least 0; got {self.port} and"
                f" {self.drain:g}",
                code="bad_setting",
            )
        self._check_places()
        if not self.local and self.keys is None and not self.insecure:
            raise ConfigError(
                f"{self.host} can be reached by others, and there are no keys",
                hint="pass --keys FILE, or --insecure where the network is trusted",
                code="keys_needed",
            )

    def _check_places(self) -> None:
        if self.root_path and not ROOT_PATH.fullmatch(self.root_path):
            raise ConfigError(
                f"root_path is a path such as /experts, not {self.root_path[:100]!r}",
                code="bad_setting",
            )
        if (self.ssl_certfile is None) != (self.ssl_keyfile is None):
            raise ConfigError(
                "ssl_certfile and ssl_keyfile are needed together", code="bad_setting"
            )
        if self.state_folder is not None and self.state_folder.exists():
            _check_folder("state folder", self.state_folder)
        if self.experts_folder is not None:
            _check_folder("experts folder", self.experts_folder)

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in LOOPBACK or self.uds is not None


def _check_folder(what: str, path: Path) -> None:
    if not path.is_dir():
        raise ConfigError(
            f"the {what} {path} is {'not a folder' if path.exists() else 'not there'}",
            hint="name a folder, or make it first",
            code="bad_folder",
        )
