"""`key new`, `key hash`: keys that clients send, for the file that `serve --keys` reads."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from expertserve.cli import options, output
from expertserve.cli.commands import group
from expertserve.errors import ConfigError

app = group(help="Make API keys, and the hashes that a server keeps of them.")


@app.command(
    epilog="Examples: `expertserve key new reports >> keys.toml`, `expertserve key new ops --admin`"
)
def new(
    name: Annotated[str, typer.Argument(help="Whose key it is, for the log.", show_default=False)],
    admin: Annotated[bool, typer.Option("--admin", help="It may load and unload experts.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Make a key. Its entry for the key file is printed; the key itself goes to standard error."""
    from expertserve.server.auth import entry_of, new_key

    key, digest = new_key()
    entry = entry_of(name, digest, admin=admin)
    if as_json:
        output.as_json({"key": key, "name": name, "sha256": digest, "admin": admin})
        return
    typer.echo(entry)
    typer.echo(f"The key, which is shown once: {key}", err=True)


@app.command(name="hash", epilog='Example: `printf %s "$KEY" | expertserve key hash`')
def hash_key(as_json: options.AsJson = False) -> None:
    """Print the hash of a key, which is read from standard input."""
    from expertserve.server.auth import hash_of

    key = sys.stdin.read().strip()
    if not key:
        raise ConfigError(
            "there is no key on standard input",
            hint='printf %s "$KEY" | expertserve key hash',
            code="bad_keys",
        )
    if as_json:
        output.as_json({"sha256": hash_of(key)})
    else:
        typer.echo(hash_of(key))
