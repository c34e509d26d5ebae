"""`serve`'s options that are about HTTP alone."""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from expertserve.config import runtime_dir
from expertserve.errors import ConfigError
from expertserve.server.settings import ServerSettings

PATHS = (
    "keys",
    "local_folder",
    "experts_folder",
    "state_folder",
    "uds",
    "ssl_certfile",
    "ssl_keyfile",
)
AllowedOrigin = Annotated[
    list[str] | None,
    typer.Option(
        help="A site whose pages may ask, as a glob: https://*.example.com; may be repeated.",
        show_default=False,
    ),
]
RootPath = Annotated[
    str, typer.Option(help="The prefix that a proxy serves this server below, such as /experts.")
]
Uds = Annotated[
    Path | None,
    typer.Option(help="A Unix socket to listen on, instead of host and port.", show_default=False),
]
SslCertfile = Annotated[
    Path | None, typer.Option(help="A certificate in PEM: serves HTTPS.", show_default=False)
]
SslKeyfile = Annotated[Path | None, typer.Option(help="And its key.", show_default=False)]
ForwardedAllowIps = Annotated[
    list[str] | None,
    typer.Option(
        help="A proxy whose X-Forwarded-For and -Proto are believed; may be repeated.",
        show_default=False,
    ),
]
StrictFields = Annotated[
    bool,
    typer.Option(
        "--strict-fields",
        help="Refuse requests with a field that nobody knows; else it is ignored and named.",
    ),
]


Preload = Annotated[
    str,
    typer.Option(
        metavar="all|none|N",
        help="How many of a folder's experts are prepared before they are asked, in the background"
        " once the engine runs: those used most first.",
    ),
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict", help="A broken package in a folder ends the start; else it is listed."
    ),
]


def preload_of(text: str) -> int | None:
    """`--preload` as a number; None is all.

    Raises:
        ConfigError: `bad_argument`.
    """
    if text in ("all", "none"):
        return None if text == "all" else 0
    if not text.isascii() or not text.isdigit():
        raise ConfigError(f"--preload is all, none or a number, not {text!r}", code="bad_argument")
    return int(text)


def settings_of(ctx: typer.Context) -> ServerSettings:
    """The command's options that are the server's settings, which have their names."""
    given: dict[str, Any] = dict(ctx.params)
    given["state_folder"] = given["state_dir"]
    if given["log_json"] is None:
        given["log_json"] = not sys.stderr.isatty()
    given["local_folder"] = runtime_dir()
    given["allowed_origins"] = given["allowed_origin"] or ()
    given["forwarded_allow_ips"] = given["forwarded_allow_ips"] or ()
    names = {f.name for f in fields(ServerSettings)}
    found: dict[str, Any] = {
        n: tuple(v) if isinstance(v, list) else v for n, v in given.items() if n in names
    }
    for name in PATHS:
        found[name] = Path(found[name]) if found.get(name) else None
    return ServerSettings(**found)
