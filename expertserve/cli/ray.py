"""`expertserve ray`: runs the application of a Ray Serve configuration file."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from expertserve.errors import ConfigError

BUILDER = "expertserve.ray.serve:build_app"


def ray(
    config: Annotated[Path, typer.Option(help="The file that `serve deploy` takes too.")],
    address: Annotated[
        str | None,
        typer.Option(
            envvar="RAY_ADDRESS",
            help="Of a running cluster; by default Ray is started on this machine.",
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether the file is right.")
    ] = False,
) -> None:
    """Serve experts on Ray Serve with OpenAI's API: replicas, autoscaling, affinity routing."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    from expertserve.ray.config import read_config
    from expertserve.ray.serve import cluster, deploy

    file = read_file(config)
    app = application_of(file, config)
    read_config(app["args"])
    if check:
        typer.echo(f"{config} is right")
        return
    http = {"host": "127.0.0.1", "port": 8000, **file.get("http_options", {})}
    stop = threading.Event()
    with cluster(address, http):
        prefix = app.get("route_prefix", "/")
        deploy(app["args"], name=app.get("name", "expertserve"), route_prefix=prefix)
        for number in (
            signal.SIGINT,
            signal.SIGTERM,
        ):  # before this, Ctrl-C ends a start that takes too long
            signal.signal(number, lambda *_: stop.set())
        typer.echo(
            f"ready at http://{http['host']}:{http['port']}{prefix.rstrip('/')}  (Ctrl-C stops)"
        )
        stop.wait()


def read_file(path: Path) -> dict[str, Any]:
    """A Serve configuration file.

    Raises:
        ConfigError: `bad_file`.
    """
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(
            f"{path} can't be read: {error}", hint="examples/ray/serve.yaml is one", code="bad_file"
        ) from error
    if not isinstance(found, dict) or not isinstance(found.get("http_options", {}), dict):
        raise ConfigError(
            f"{path} is no Serve configuration file",
            hint="examples/ray/serve.yaml is one",
            code="bad_file",
        )
    return found


def application_of(file: dict[str, Any], path: Path) -> dict[str, Any]:
    """The one application of ours in it.

    Raises:
        ConfigError: There is none, or there are several.
    """
    apps = file.get("applications", [])
    ours = (
        [a for a in apps if isinstance(a, dict) and a.get("import_path") == BUILDER]
        if isinstance(apps, list)
        else []
    )
    if len(ours) != 1:
        hint = (
            "`serve deploy` takes files with several" if ours else "examples/ray/serve.yaml is one"
        )
        raise ConfigError(
            f"{path} has {len(ours)} applications with import_path {BUILDER}",
            hint=hint,
            code="bad_file",
        )
    return {"args": {}, **ours[0]}
