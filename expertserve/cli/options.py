"""Options that several commands share, and the manager that they describe."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from expertserve.cli.engine_options import engine_config
from expertserve.config import DType
from expertserve.errors import ConfigError, ExpertError
from expertserve.package.source import NamedPackage, split_name

if TYPE_CHECKING:
    import httpx

    from expertserve.core.options import Options
    from expertserve.engine.base import Engine
    from expertserve.package.signature import TrustPolicy

JSON = "expertserve.json"
"""Where a context notes that `--json` was given; errors then come as JSON too."""


def _note_json(ctx: typer.Context, wanted: bool) -> bool:
    ctx.meta[JSON] = wanted
    return wanted


AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.", callback=_note_json)]
Package = Annotated[Path, typer.Argument(help="A .expert file or an unpacked folder.")]
Packages = Annotated[
    list[str],
    typer.Argument(
        help=(
            "`.expert` files or unpacked folders, each with a name of yours if you like: NAME=PATH."
        )
    ),
]
BaseModel = Annotated[
    str | None, typer.Option(help="A folder, a name or a hub id, instead of what manifests name.")
]
Device = Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1 …")]
Precision = Annotated[DType | None, typer.Option(help="Of the base weights.")]
MaxModelLen = Annotated[
    int | None,
    typer.Option(
        min=1, help="Longest prompt and answer together, in tokens; by default the base model's."
    ),
]
CacheDir = Annotated[
    Path | None,
    typer.Option(envvar="EXPERTSERVE_CACHE_DIR", help="Instead of the user's cache folder."),
]
CacheSize = Annotated[
    str | None,
    typer.Option(
        envvar="EXPERTSERVE_CACHE_SIZE",
        help="What the cache may take, such as 5GB; by default 20GB or a tenth of its disk.",
    ),
]
ModelsDir = Annotated[
    Path | None, typer.Option(envvar="EXPERTSERVE_MODELS_DIR", help="Where base models are.")
]
Checksum = Annotated[
    str | None, typer.Option(help="The archive's SHA-256; a sidecar is checked anyway.")
]
Trust = Annotated[
    Literal["off", "warn", "require"] | None,
    typer.Option(
        envvar="EXPERTSERVE_TRUST",
        help=(
            "Signature policy. By default only a package that was changed after it"
            " was signed is refused."
        ),
    ),
]
TrustedKey = Annotated[
    list[str] | None,
    typer.Option(
        envvar="EXPERTSERVE_TRUSTED_KEYS",
        help=(
            "A publisher's public key (ed25519:…), or a file with one on each line; may be"
            " repeated."
        ),
    ),
]
Temperature = Annotated[float | None, typer.Option(help="0 takes the likeliest token.")]
TopP = Annotated[
    float | None,
    typer.Option(help="Choose among the likeliest tokens with this much probability together."),
]
TopK = Annotated[int | None, typer.Option(help="Choose among this many tokens.")]
MinP = Annotated[
    float | None, typer.Option(help="Leave out what is this much less likely than the likeliest.")
]
MaxTokens = Annotated[int | None, typer.Option(help="Bound on the answer.")]
Seed = Annotated[int | None, typer.Option(help="Makes sampling repeatable.")]
Stop = Annotated[list[str] | None, typer.Option(help="Ends the answer; may be repeated.")]
System = Annotated[str | None, typer.Option(help="A system message of your own.")]
Schema = Annotated[Path | None, typer.Option(help="A file with context, such as DDL.")]
Dialect = Annotated[str | None, typer.Option(help="Stands above the schema.")]
SoftPrompt = Annotated[
    str | None, typer.Option(help="One of the expert's soft prompts; empty: none.")
]
Reasoning = Annotated[
    Literal["strip", "keep", "off"] | None,
    typer.Option(
        help="A think block before the answer: out of the text, in it, or none allowed.",
    ),
]
Ground = Annotated[
    Literal["values", "values-any-case", "off"] | None,
    typer.Option(help="Strings and numbers of the answer are spans of the question's text."),
]
NoGrammar = Annotated[
    bool, typer.Option("--no-grammar", help="Don't hold answers to the expert's grammar.")
]


@dataclass(frozen=True, slots=True)
class Seams:
    """The commands' seams to the outside; tests pass others as `runner.invoke(…, obj=Seams(…))`.

    Args:
        engine: Makes the engine; None takes the one that suits the machine.
        transport: Answers `bench`'s HTTP requests; None is the network.
    """

    engine: Callable[[], Engine] | None = None
    transport: httpx.AsyncBaseTransport | None = None


def seams(ctx: typer.Context) -> Seams:
    return ctx.obj if isinstance(ctx.obj, Seams) else Seams()


def policy(
    trust: Literal["off", "warn", "require"] | None, keys: list[str] | None
) -> TrustPolicy | None:
    """`--trust` and `--trusted-key` → the signature policy; None is the default."""
    from expertserve.package.keys import read_trusted
    from expertserve.package.signature import TrustPolicy

    if trust is None and not keys:
        return None
    return TrustPolicy(trust or "warn", frozenset().union(*map(read_trusted, keys or ())))


def manager_options(ctx: typer.Context) -> Options:
    """A command's options that are a manager's, as one value."""
    from expertserve.core.options import Options

    given = ctx.params
    return Options(
        base_model=given.get("base_model"),
        max_loaded_experts=given.get("max_loaded_experts"),
        allow_multiple_bases=True,
        config=engine_config(given),
        trust=policy(given.get("trust"), given.get("trusted_key")),
        cache_dir=_folder(given.get("cache_dir")),
        models_dir=_folder(given.get("models_dir")),
        cache_size=size(given.get("cache_size")),
        engine=seams(ctx).engine,
    )


CALL = (
    "dialect system soft_prompt reasoning ground temperature top_p top_k min_p max_tokens seed n"
    " restrict_to_schema"
).split()


def call_args(ctx: typer.Context) -> dict[str, object]:
    """A command's options that are arguments of `generate`; the expert's defaults are the rest."""
    given: dict[str, Any] = {name: ctx.params.get(name) for name in CALL}
    given["stop"] = list(ctx.params.get("stop") or ()) or None
    given["schema"] = read_text(Path(s)) if (s := ctx.params.get("schema")) else None
    found = {name: value for name, value in given.items() if value is not None}
    return found | {"grammar": None} if ctx.params.get("no_grammar") else found


UNITS = {"": 1, "b": 1, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}


def size(given: str | None) -> int | None:
    """`5GB` → bytes.

    Raises:
        ConfigError: `bad_argument`.

    Example:
        >>> size("1.5 GB")
        1500000000
    """
    if given is None:
        return None
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)i?(b?)\s*", given.casefold())
    if not match:
        raise ConfigError(
            f"{given!r} is no size", hint="for example 5GB or 500MB", code="bad_argument"
        )
    return int(float(match[1]) * UNITS[match[2]])


def _folder(given: str | Path | None) -> Path | None:
    return Path(given) if given else None


def named(packages: list[str], cache_dir: Path | None) -> list[NamedPackage]:
    """`NAME=PATH` or `PATH` (the manifest's name), in the order of the manifests' `load_order`.

    Raises:
        LoadError: A package can't be read.
        ConfigError: Two have one name.
    """
    from expertserve.package.constraints import load_order
    from expertserve.package.source import local_path
    from expertserve.register import register

    found: dict[str, NamedPackage] = {}
    given = [split_name(one) for one in packages]
    paths = [local_path(source, cache_dir=cache_dir) for _, source in given]
    known = []
    for (own, source), one in zip(given, register(paths, cache_dir=cache_dir), strict=True):
        if isinstance(one, ExpertError):
            raise one
        name = own or one.name
        if name in found:
            raise ConfigError(
                f"two packages are called {name!r}",
                hint="name one yourself: NAME=PATH",
                code="name_taken",
            )
        found[name] = NamedPackage(name, Path(source))
        known.append(one)
    ordered = list(found.values())
    return [ordered[i] for i in load_order(known)]


def read_text(path: Path) -> str:
    """A file that an option names.

    Raises:
        ConfigError: `bad_file`.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} can't be read: {error}",
            hint="a text file in UTF-8 is expected",
            code="bad_file",
        ) from error


def passphrase_for(path: Path, given: str | None) -> str | None:
    """A private key's passphrase: as given, or asked for where a person can answer."""
    if (
        given is not None
        or not os.access(path, os.R_OK)
        or b"ENCRYPTED" not in path.read_bytes()[:200]
    ):
        return given
    return (
        str(typer.prompt(f"Passphrase of {path}", hide_input=True, err=True))
        if sys.stdin.isatty()
        else None
    )
