"""`pack`, `inspect`, `check`, `prepare`: packages without an engine."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from expertserve.cli import options, output
from expertserve.cli.commands import group

if TYPE_CHECKING:
    from expertserve.expert import PreparedExpert
    from expertserve.findings import Finding

app = group()
COLOURS = {"error": "bold red", "warning": "yellow", "info": "cyan"}


@app.command(
    epilog="Examples: `expertserve pack my-expert/`, `expertserve pack my-expert/ -o sql.expert`"
)
def pack(
    folder: Annotated[
        Path, typer.Argument(help="Holds manifest.json, the adapter, the tokenizer …")
    ],
    output_file: Annotated[
        Path | None, typer.Option("--output", "-o", help="The archive to write.")
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Pack a folder into a .expert archive with checksums, reproducibly. Signatures are kept.

    What no machine could load (a Git LFS pointer, pickled weights, an adapter of a kind that isn't
    served) is refused.
    """
    from expertserve.files import file_digest
    from expertserve.package.build import pack as build

    archive = build(folder, output_file)
    size, digest = archive.stat().st_size, file_digest(archive)
    if as_json:
        output.as_json({"archive": str(archive), "bytes": size, "sha256": digest})
    else:
        typer.echo(f"{archive}  {size:,} bytes\nsha256 {digest}")


@app.command(
    epilog=(
        "Examples: `expertserve inspect sql.expert --json`, `expertserve inspect sql.expert"
        ' --prompt "How many users?" --schema schema.sql`'
    )
)
def inspect(
    package: options.Package,
    prompt: Annotated[
        str | None,
        typer.Option(help="Show what the model would read of this question."),
    ] = None,
    schema: options.Schema = None,
    dialect: options.Dialect = None,
    system: options.System = None,
    base_model: Annotated[str | None, typer.Option(help="Check against this base model.")] = None,
    checksum: options.Checksum = None,
    trust: options.Trust = None,
    trusted_key: options.TrustedKey = None,
    cache_dir: options.CacheDir = None,
    models_dir: options.ModelsDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Show what a package is, with its checksums and signature verified; needs no engine."""
    from expertserve import expert

    source = {
        "base_model": base_model,
        "checksum": checksum,
        "cache_dir": cache_dir,
        "models_dir": models_dir,
        "trust": options.policy(trust, trusted_key),
    }
    if prompt is None:
        facts = expert.describe(package, **source)  # type: ignore[arg-type]
        (output.as_json if as_json else output.table)(facts)
        return
    text = expert.prompt_text(
        expert.prepare(package, **source),  # type: ignore[arg-type]
        prompt,
        schema=options.read_text(schema) if schema else None,
        dialect=dialect,
        system=system,
    )
    if as_json:
        output.as_json({"prompt": text})
    else:
        output.answer(text)


@app.command(
    epilog=(
        "Examples: `expertserve check sql.expert`, `expertserve check --strict --json"
        " experts/*.expert`"
    )
)
def check(
    packages: Annotated[list[Path], typer.Argument(help=".expert files or unpacked folders.")],
    strict: Annotated[
        bool, typer.Option("--strict", help="Warnings make the exit status 1, too.")
    ] = False,
    base_model: Annotated[str | None, typer.Option(help="Check against this base model.")] = None,
    cache_dir: options.CacheDir = None,
    models_dir: options.ModelsDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Lint packages: each finding with place, reason and fix. Exit status 1 on errors."""
    from expertserve.check import check_package

    found = []
    for package in packages:
        with output.messages.status(f"checking {package} …"):
            found += [
                (package, finding)
                for finding in check_package(
                    package,
                    base_model=base_model,
                    models_dir=models_dir,
                    cache_dir=cache_dir,
                    compile_grammar=True,
                )
            ]
    counts = Counter(finding.severity for _, finding in found)
    if as_json:
        facts = {"errors": counts["error"], "warnings": counts["warning"], "infos": counts["info"]}
        output.as_json({"findings": [{"package": str(p), **asdict(f)} for p, f in found], **facts})
    else:
        for path, finding in found:
            print_finding(path, finding)
        typer.echo(
            f"errors {counts['error']}, warnings {counts['warning']}, remarks {counts['info']}"
        )
    if counts["error"] or (strict and counts["warning"]):
        raise typer.Exit(1)


def print_finding(package: Path, finding: Finding) -> None:
    """One finding with its place, reason and fix."""
    from rich.console import Console
    from rich.markup import escape

    place = ":".join(
        [
            str(package),
            *([finding.file] if finding.file else []),
            *([str(finding.line)] if finding.line else []),
        ]
    )
    colour = COLOURS[finding.severity]
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"{escape(output.printable(place))}: [{colour}]{finding.severity}[/]"
        f" {escape(output.printable(finding.message))}",
        end="",
    )
    console.print(f"  [dim]{escape('[' + finding.code + ']')}[/]")
    for label, text in (("why", finding.reason), ("fix", finding.fix)):
        if text:
            console.print(f"    [dim]{label}:[/] {escape(output.printable(text))}")


@app.command(
    epilog=(
        "Examples: `expertserve prepare sql.expert`, `expertserve prepare experts/*.expert --trust"
        " require --trusted-key keys.txt`"
    )
)
def prepare(
    packages: Annotated[list[Path], typer.Argument(help=".expert files or unpacked folders.")],
    base_model: options.BaseModel = None,
    checkpoint: Annotated[
        str | None, typer.Option(help="One of the package's other checkpoints.")
    ] = None,
    trust: options.Trust = None,
    trusted_key: options.TrustedKey = None,
    cache_dir: options.CacheDir = None,
    models_dir: options.ModelsDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Verify, unpack, convert and compile ahead of time, such as when building an image."""
    from expertserve import expert
    from expertserve.register import note, register

    policy, done = options.policy(trust, trusted_key), []
    for package in packages:
        started = time.perf_counter()
        with output.messages.status(f"preparing {package} …"):
            ready = expert.prepare(
                package,
                base_model=base_model,
                checkpoint=checkpoint,
                cache_dir=cache_dir,
                models_dir=models_dir,
                trust=policy,
            )
            grammar = _compiled(ready, cache_dir)
            register([package], cache_dir=cache_dir)
            note(ready, cache_dir)
        output.warn(ready.warnings)
        adapter = ready.adapter.digest if ready.adapter else None
        facts = {
            "package": str(package),
            "name": ready.manifest.name,
            "version": ready.manifest.version,
            "digest": ready.package.digest,
        }
        done.append(
            {
                **facts,
                "base_model": ready.base.name,
                "adapter": adapter,
                "grammar": grammar,
                "seconds": round(time.perf_counter() - started, 3),
            }
        )
        if not as_json:
            typer.echo(
                f"{package}  {ready.manifest.name} {ready.manifest.version} on {ready.base.name} "
                f" {done[-1]['seconds']} s"
            )
    if as_json:
        output.as_json({"prepared": done})


def _compiled(ready: PreparedExpert, cache_dir: Path | None) -> str | None:
    """Its grammar's digest. Compiles the mask; without one, slower masks are used."""
    from expertserve.decoding.compile import masks
    from expertserve.decoding.restrict import own_grammars
    from expertserve.errors import GrammarError

    if ready.grammar is None:
        return None
    try:
        for grammar in own_grammars(ready):
            masks.prepare(grammar, ready.base.path, cache_dir)
    except GrammarError as error:
        output.warn([f"the grammar's mask is not compiled: {error.message}"])
    return ready.grammar.digest
