"""`install`, `update`, `uninstall`, `list`, `search`, `registry`: getting experts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from expertserve.cli import options, output
from expertserve.cli.commands import group

if TYPE_CHECKING:
    from expertserve.package.install import ExpertsFolder, Installed
    from expertserve.package.registry import Registry
    from expertserve.package.source import Progress

app = group()
registries = group(help="Registries of experts.")

Folder = Annotated[
    Path | None,
    typer.Option(
        "--experts-dir",
        envvar="EXPERTSERVE_EXPERTS_DIR",
        help="Where experts are installed.",
        show_default=False,
    ),
]
Where = Annotated[
    str | None,
    typer.Option(
        envvar="EXPERTSERVE_REGISTRY",
        help="A registry's file or address, for experts by name; else that of `registry use`.",
        show_default=False,
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Fetch what it requires without asking.")]


@app.command(
    epilog=(
        "Examples: `expertserve install sql.expert`, `expertserve install"
        " git+https://github.com/org/expert-sql@v0.3.0`, `expertserve install expert-sql@0.3"
        " --registry https://example.org/experts/expert-registry.json`"
    )
)
def install(
    expert: Annotated[
        str, typer.Argument(help="A file, an address, or NAME[@VERSION].", show_default=False)
    ],
    registry: Where = None,
    yes: Yes = False,
    experts_dir: Folder = None,
    checksum: options.Checksum = None,
    trust: options.Trust = None,
    trusted_key: options.TrustedKey = None,
    cache_dir: options.CacheDir = None,
    models_dir: options.ModelsDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Fetch, verify and install an expert, and what it requires."""
    from expertserve.package.install import resolve

    known = _registry(registry, cache_dir)
    policy = options.policy(trust, trusted_key)
    home = _home(experts_dir, cache_dir)
    source, digest = resolve(expert, known)
    with _bar() as progress:
        done = [home.install(source, checksum=checksum or digest, trust=policy, progress=progress)]
    todo = list(done[0].missing)
    base = _missing_base(done[0], models_dir, cache_dir)
    if (todo or base) and _agreed([*todo, *base], yes):
        while todo:
            source, digest = resolve(f"registry:{todo.pop()}", known)
            with _bar() as progress:
                more = home.install(source, checksum=digest, trust=policy, progress=progress)
            done.append(more)
            todo += [m for m in more.missing if m not in todo]
        for name in base:
            _pull(name)
    if as_json:
        output.as_json({"installed": [_facts(one) for one in done]})
        return
    for one in done:
        output.warn(one.warnings)
        typer.echo(f"{one.manifest.name} {one.manifest.version}  {one.folder}")


def _missing_base(done: Installed, models_dir: Path | None, cache_dir: Path | None) -> list[str]:
    from expertserve.errors import LoadError
    from expertserve.expert import choose_base

    try:
        choose_base(done.manifest, None, models_dir, cache_dir)
    except LoadError:
        return [done.manifest.base_models[0].name]
    return []


def _pull(name: str) -> None:
    from expertserve.models import HUB_NAMES, last_component, pull

    short = last_component(name)
    hub = HUB_NAMES.get(short.casefold(), name)
    pull(hub)


def _agreed(names: list[str], yes: bool) -> bool:
    import sys

    shown = ", ".join(names)
    if yes:
        return True
    if sys.stdin.isatty():
        return typer.confirm(f"It requires {shown}. Fetch that, too?", default=True, err=True)
    output.warn([f"it requires {shown}, which is not here; --yes fetches it"])
    return False


@app.command(epilog="Examples: `expertserve update`, `expertserve update expert-sql`")
def update(
    name: Annotated[
        str | None, typer.Argument(help="By default every expert.", show_default=False)
    ] = None,
    registry: Where = None,
    experts_dir: Folder = None,
    trust: options.Trust = None,
    trusted_key: options.TrustedKey = None,
    cache_dir: options.CacheDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Install newer versions, from the registry, else from where each expert came from."""
    from expertserve.errors import LoadError
    from expertserve.package.constraints import rank

    known, home = _registry(registry, cache_dir), _home(experts_dir, cache_dir)
    newest = {r.name: r for r in reversed(home.installed()) if name in (None, r.name)}
    if name and not newest:
        raise LoadError(f"{name} is not installed", code="not_found")
    policy, done = options.policy(trust, trusted_key), []
    for one in newest.values():
        source, digest = one.source, None
        offered = [r for r in known.releases if r.name == one.name] if known else []
        if offered:
            if rank(offered[0].version) <= rank(one.version):
                continue
            source, digest = offered[0].source, offered[0].sha256 or None
        with _bar() as progress:
            got = home.install(source, checksum=digest, trust=policy, progress=progress)
        if got.manifest.version != one.version:
            done.append(got)
    if as_json:
        output.as_json({"updated": [_facts(one) for one in done]})
        return
    for got in done:
        typer.echo(f"{got.manifest.name} {got.manifest.version}  {got.folder}")
    typer.echo(f"updated {len(done)} of {len(newest)}")


@app.command(epilog="Examples: `expertserve uninstall expert-sql`, `… expert-sql@0.2.0`")
def uninstall(
    expert: Annotated[str, typer.Argument(help="NAME or NAME@VERSION.", show_default=False)],
    experts_dir: Folder = None,
    cleanup: Annotated[
        bool, typer.Option("--cleanup", help="Empty the cache of downloads, too.")
    ] = False,
    cache_dir: options.CacheDir = None,
) -> None:
    """Remove an installed expert, or one of its versions."""
    import shutil

    from expertserve import config

    name, _, version = expert.partition("@")
    for gone in _home(experts_dir, cache_dir).uninstall(name, version or None):
        typer.echo(f"removed {name} {gone}")
    if cleanup:
        shutil.rmtree((cache_dir or config.cache_dir()) / "downloads", ignore_errors=True)


@app.command("list", epilog="Example: `expertserve list --json`")
def list_experts(
    experts_dir: Folder = None,
    cache_dir: options.CacheDir = None,
    as_json: options.AsJson = False,
) -> None:
    """List the installed experts; a star marks the version in use. What is broken says why."""
    from expertserve.errors import ExpertError
    from expertserve.register import register

    home = _home(experts_dir, cache_dir)
    rows = [(r, home.current(r.name).name == r.version) for r in home.installed()]
    looked = register([home.folder / r.name / r.version for r, _ in rows], cache_dir=cache_dir)
    broken = [one.message if isinstance(one, ExpertError) else None for one in looked]
    if as_json:
        facts = zip(rows, broken, strict=True)
        found = [r.model_dump() | {"current": c, "broken": why} for (r, c), why in facts]
        output.as_json({"experts": found})
        return
    for (release, current), why in zip(rows, broken, strict=True):
        told = f"broken: {why}" if why else release.source
        line = f"{'*' if current else ' '} {release.name} {release.version}  {told}"
        typer.echo(output.printable(line))


@app.command(epilog="Example: `expertserve search sql --registry experts/expert-registry.json`")
def search(
    words: Annotated[str, typer.Argument(help="By default every expert.")] = "",
    registry: Where = None,
    cache_dir: options.CacheDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Search a registry for experts by name, description and capabilities."""
    from expertserve.errors import ConfigError

    known = _registry(registry, cache_dir)
    if known is None:
        raise ConfigError(
            "there is no registry", hint="name one with --registry", code="bad_argument"
        )
    found = known.search(words)
    if as_json:
        output.as_json({"experts": [r.model_dump() for r in found]})
        return
    for release in found:
        line = f"{release.name} {release.version}  {release.description}"
        typer.echo(output.printable(line))


@registries.command(epilog="Example: `expertserve registry build experts/`")
def build(
    folder: Annotated[Path, typer.Argument(help="Holds .expert files.", show_default=False)],
    cache_dir: options.CacheDir = None,
) -> None:
    """Write a folder's expert-registry.json: what is in it, with digests."""
    from expertserve.files import write_whole
    from expertserve.package.registry import FILE, build_registry

    made = build_registry(folder, cache_dir)
    write_whole(folder / FILE, json.dumps(made, indent=2, ensure_ascii=False).encode())
    typer.echo(str(folder / FILE))


@registries.command(epilog="Example: `expertserve registry use https://example.org/experts.json`")
def use(
    place: Annotated[str, typer.Argument(help="A registry's file or address.")],
) -> None:
    """Choose the registry that `registry:NAME@1.2` is looked up in."""
    from expertserve.package.named import choose

    typer.echo(str(choose(place)))


def _home(folder: Path | None, cache_dir: Path | None) -> ExpertsFolder:
    from expertserve import config
    from expertserve.package.install import ExpertsFolder

    return ExpertsFolder(folder or config.experts_dir(), cache_dir)


def _registry(place: str | None, cache_dir: Path | None) -> Registry | None:
    from expertserve.package.named import chosen_or_none
    from expertserve.package.registry import read_registry

    place = place or chosen_or_none()
    return read_registry(place, cache_dir) if place else None


def _facts(one: Installed) -> dict[str, object]:
    return {
        "name": one.manifest.name,
        "version": one.manifest.version,
        "folder": str(one.folder),
        "missing": list(one.missing),
    }


@contextmanager
def _bar() -> Iterator[Progress]:
    """A progress bar on standard error, while something is downloaded."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, visible=False)

        def told(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total, visible=True)

        yield told
