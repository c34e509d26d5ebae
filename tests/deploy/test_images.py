"""What Dockerfiles and compose.yaml say fits the repository and the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from image_steps import instructions, read_only, substituted

from expertserve.cli import app
from tests.conftest import ROOT
from tests.docs.test_blocks import parsed

DOCKER = ROOT / "docker"
FILES = sorted(DOCKER.glob("Dockerfile.*"))
by_file = pytest.mark.parametrize("file", FILES, ids=lambda p: p.name)


def stages(file: Path) -> dict[str, list[tuple[str, str]]]:
    """A Dockerfile's stages by name, each with its instructions."""
    found: dict[str, list[tuple[str, str]]] = {}
    name = ""
    for word, rest in instructions(file.read_text()):
        if word == "FROM":
            name = rest.partition(" AS ")[2]
        found.setdefault(name, []).append((word, rest))
    return found


def last(file: Path, word: str) -> str:
    return [rest for said, rest in instructions(file.read_text()) if said == word][-1]


@by_file
def test_it_runs_as_nobody_in_particular(file: Path) -> None:
    user = last(file, "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)  # a number: runAsNonRoot can check it
    assert f"--uid {user.partition(':')[0]} " in " ".join(r for w, r in stages(file)["server"])


@by_file
def test_what_is_copied_is_there_and_not_left_out(file: Path) -> None:
    kept = [p[1:] for p in (ROOT / ".dockerignore").read_text().split("\n") if p[:1] == "!"]
    defaults = dict(r.partition("=")[::2] for w, r in instructions(file.read_text()) if w == "ARG")
    copied = 0
    for word, rest in instructions(file.read_text()):
        words = substituted(rest, defaults).split()
        if word != "COPY" or any(w.startswith("--from=") for w in words):
            continue
        for source in [w for w in words if not w.startswith("--")][:-1]:
            copied += 1
            assert (ROOT / source).exists(), source
            assert any(f"{source}/".startswith((f"{k}/", f"{k}")) for k in kept), source
    assert copied > 5


@by_file
def test_it_starts_a_command_that_there_is(file: Path) -> None:
    program, *arguments = yaml.safe_load(last(file, "ENTRYPOINT")) + yaml.safe_load(
        last(file, "CMD")
    )
    assert program == "expertserve"
    parsed(arguments)
    healthcheck = last(file, "HEALTHCHECK")
    script = yaml.safe_load(healthcheck[healthcheck.index("[") :])[-1]
    assert (DOCKER / Path(script).name).is_file() and Path(script).parent == Path(
        "/opt/expertserve"
    )


def variables(command: Any) -> Iterator[str]:
    """The environment variables that the command line reads."""
    for parameter in command.params:
        yield from [parameter.envvar] if parameter.envvar else []
    context = command.context_class(command)
    for name in command.list_commands(context) if hasattr(command, "list_commands") else ():
        yield from variables(command.get_command(context, name))


@by_file
def test_the_variables_that_it_sets_are_read(file: Path) -> None:
    named = set(re.findall(r"\b(EXPERTSERVE_[A-Z_]+)=", file.read_text()))
    assert len(named) == 3 and named <= set(variables(typer.main.get_command(app)))


@by_file
def test_its_requirements_are_pinned_hashed_and_those_of_the_project(file: Path) -> None:
    kind = file.suffix[1:]
    names = set(re.findall(r"requirements/\w+\.txt", file.read_text()))
    text = "".join((ROOT / name).read_text() for name in sorted(names))
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert len(pins) > 100
    assert [p for p in pins if not re.match(r"[\w.-]+==\S+.*--hash=sha256:[0-9a-f]{64}", p)] == []
    project = (ROOT / "pyproject.toml").read_text()
    (engine,) = re.findall(rf'^{kind} = \["(\S+)"\]$', project, re.MULTILINE)
    assert any(p.startswith(f"{engine} ") for p in pins) and any(p[:5] == "ray==" for p in pins)


def test_the_images_differ_where_they_have_to() -> None:
    """One Dockerfile each, since their dependencies do; the server's settings are the same."""
    cpu, cuda = (stages(DOCKER / f"Dockerfile.{kind}")["server"] for kind in ("cpu", "cuda"))
    same = ("USER", "HEALTHCHECK", "ENTRYPOINT", "CMD", "EXPOSE", "WORKDIR")
    assert [i for i in cpu if i[0] in same] == [i for i in cuda if i[0] in same]


def test_experts_and_models_go_into_the_cpu_image_prepared() -> None:
    runs = [rest for word, rest in stages(DOCKER / "Dockerfile.cpu")["experts"] if word == "RUN"]
    assert runs == ["expertserve prepare /experts/*.expert"]


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]
    return found


def test_compose_publishes_on_this_machine_alone() -> None:
    ports = [p for service in compose().values() for p in service.get("ports", ())]
    assert len(ports) == 3 and all(p.startswith("127.0.0.1:") for p in ports)


def test_compose_starts_and_mounts_what_there_is() -> None:
    services = compose()
    parsed(services["server"]["command"])
    assert (DOCKER / services["server"]["build"]["context"]).resolve() == ROOT
    mounted = [v for s in services.values() for v in s.get("volumes", ()) if v.startswith(".")]
    assert len(mounted) == 5
    for volume in mounted:
        assert (DOCKER / volume.split(":")[0]).is_file(), volume
    made = next(r for w, r in stages(DOCKER / "Dockerfile.cpu")["server"] if "mkdir" in r)
    for volume in services["server"]["volumes"]:
        assert f" {volume.split(':')[1]} " in made, "a volume gets its owner from the image"
    grace = int(services["server"]["stop_grace_period"].removesuffix("s"))
    assert grace > 30, "longer than --drain"


def test_prometheus_asks_the_server_and_reads_the_alerts() -> None:
    settings = yaml.safe_load((DOCKER / "prometheus.yaml").read_text())
    (job,) = settings["scrape_configs"]
    assert job["static_configs"][0]["targets"] == ["server:8000"] and "server" in compose()
    mounted = {v.split(":")[1] for v in compose()["prometheus"]["volumes"]}
    assert set(settings["rule_files"]) <= mounted


def test_continued_lines_are_one_instruction() -> None:
    text = "# a\nARG A=1\nRUN x \\\n    # why\n    && y\nCOPY --from=a /b ${A}/\n"
    assert list(instructions(text)) == [
        ("ARG", "A=1"),
        ("RUN", "x      && y"),
        ("COPY", "--from=a /b ${A}/"),
    ]
    assert substituted("$A/${B}c", {"A": "1", "B": "2"}) == "1/2c"


def test_what_steps_borrow_of_the_machine_is_read_only() -> None:
    """A package that was installed once wrote into the certificates that were lent to it."""
    assert read_only("/etc/hosts", "/etc/hosts").endswith("mount -o remount,bind,ro $R/etc/hosts")
