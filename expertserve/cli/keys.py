"""`keygen`, `sign`, `verify`: who vouches for a package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from expertserve.cli import options, output
from expertserve.cli.commands import group
from expertserve.errors import IntegrityError

app = group()

Passphrase = Annotated[
    str | None,
    typer.Option(
        envvar="EXPERTSERVE_KEY_PASSPHRASE",
        help=(
            "Of the private key; asked for where it is needed. Other users can see arguments, not"
            " the variable."
        ),
    ),
]


@app.command(
    epilog=(
        "Examples: `expertserve keygen publisher.pem`, `expertserve keygen publisher.pem --encrypt`"
    )
)
def keygen(
    file: Annotated[
        Path,
        typer.Argument(
            help="Where the private key goes; the public one goes beside it, into FILE.pub."
        ),
    ],
    encrypt: Annotated[bool, typer.Option("--encrypt", help="Ask for a passphrase.")] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="Write 32 bytes, for the format's own tool, not PEM.")
    ] = False,
    passphrase: Passphrase = None,
    as_json: options.AsJson = False,
) -> None:
    """Make a key pair to sign packages with. An existing file is never overwritten."""
    from expertserve.package import keys

    if encrypt and passphrase is None:
        passphrase = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
    public = keys.create(file, passphrase, raw=raw)
    if as_json:
        output.as_json(
            {"private_key": str(file), "public_key": public, "encrypted": bool(passphrase)}
        )
    else:
        typer.echo(public)


@app.command(
    epilog=(
        "Examples: `expertserve sign sql.expert --key publisher.pem`, `expertserve sign my-expert/"
        " --key publisher.pem`"
    )
)
def sign(
    package: options.Package,
    key: Annotated[
        Path,
        typer.Option(
            envvar="EXPERTSERVE_KEY",
            help="The private key's file: PEM, or 32 raw bytes.",
        ),
    ],
    output_file: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The signed archive, instead of replacing the package."
        ),
    ] = None,
    publisher: Annotated[
        str | None, typer.Option(help="A name to show; what vouches is the key.")
    ] = None,
    passphrase: Passphrase = None,
    as_json: options.AsJson = False,
) -> None:
    """Sign an archive or a folder: every member, the manifest included."""
    from expertserve.package import keys
    from expertserve.package.build import sign_package

    private = keys.read_private(key, options.passphrase_for(key, passphrase))
    verdict = sign_package(package, private, output_file, publisher=publisher)
    if as_json:
        output.as_json(
            {"package": str(output_file or package), "key": verdict.key, "status": verdict.status}
        )
    else:
        typer.echo(f"{output_file or package} is signed with {verdict.key}")


@app.command(
    epilog=(
        "Examples: `expertserve verify sql.expert`, `expertserve verify sql.expert --trust require"
        " --trusted-key publisher.pem.pub`"
    )
)
def verify(
    package: options.Package,
    trust: options.Trust = None,
    trusted_key: options.TrustedKey = None,
    checksum: options.Checksum = None,
    cache_dir: options.CacheDir = None,
    as_json: options.AsJson = False,
) -> None:
    """Verify a package's checksums and signature. Exit status 5 on mismatch or no signature."""
    from expertserve.package.archive import open_package, verify_files
    from expertserve.package.manifest import read_manifest
    from expertserve.package.signature import enforce, verify_signature

    policy = options.policy(trust, trusted_key)
    opened = open_package(package, checksum=checksum, cache_dir=cache_dir)
    with opened.judged():
        manifest = read_manifest(opened.folder)
        listed = manifest.integrity.files if manifest.integrity else {}
        verify_files(opened, listed, "integrity.files")
        warnings = enforce(opened, manifest, policy)
    verdict = verify_signature(opened, manifest, policy.keys if policy else frozenset())
    if not verdict.status.startswith("valid"):
        why = f": {verdict.reason}" if verdict.reason else ""
        raise IntegrityError(
            f"{package} has no signature that can be verified ({verdict.status}{why})",
            code="unsigned",
        )
    if policy and policy.keys and not verdict.trusted:
        raise IntegrityError(
            f"{package} is signed with {verdict.key}, which is not among the keys you passed",
            code="untrusted_key",
        )
    if as_json:
        facts = {
            "status": verdict.status,
            "key": verdict.key,
            "trusted": verdict.trusted,
            "uncovered": list(verdict.uncovered),
        }
        output.as_json({"package": str(package), "digest": opened.digest, **facts})
        return
    output.warn(warnings)
    typer.echo(
        f"{package} is signed with {verdict.key}{', which you trust' if verdict.trusted else ''}"
    )
