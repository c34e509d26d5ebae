"""Carries out a Dockerfile's steps without Docker: each stage in a fresh Debian root, each RUN line
in a chroot; then starts what the image would on a file system that is as read-only as compose.yaml
has it, asks it a question, and runs its health check.

    python scripts/image_steps.py [docker/Dockerfile.cpu] [--work FOLDER] [--bind PATH]…

For machines that have root and debootstrap, and no container engine or no registry of images. What
differs from `docker build`: the base is Debian's minimal system as debootstrap makes it, which the
official image is made from, too; names are resolved and certificates checked as on this machine,
and pip looks where this machine's does (PIP_*, and each --bind). What is lent so is read-only.
Files that .dockerignore leaves out are refused. Prints one JSON line with the seconds of each step.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import re
import shlex
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).parent.parent
SUITES = {"bookworm-slim": "bookworm", "trixie-slim": "trixie"}
LENT = ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf")
CERTIFICATES = "/run/certificates.crt"
"""Where steps find this machine's: not where a package that is installed would write its own."""
PASSED = re.compile(r"PIP_\w+|https?_proxy|no_proxy", re.IGNORECASE)
PORT = 8000
QUESTION = {
    "model": "expert-sql",
    "messages": [{"role": "user", "content": "How many lighthouses are in Norway?"}],
    "schema": "CREATE TABLE lighthouses (id INTEGER PRIMARY KEY, name TEXT, country TEXT);",
}
PATIENCE = 300.0
"""Seconds that the server gets to answer its first question."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage as far as it was carried out.

    Args:
        root: The folder that is its file system.
        settings: ARG and ENV.
        start: ENTRYPOINT, CMD and the health check's, as lists of words.
    """

    root: Path
    settings: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "0:0"
    start: dict[str, list[str]] = field(default_factory=dict)


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """A Dockerfile's instructions: word and rest, continuation lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield word.upper(), rest.strip()


def substituted(text: str, settings: dict[str, str]) -> str:
    """`$NAME` and `${NAME}` replaced."""
    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", lambda m: settings.get(m[1] or m[2], ""), text)


def read_only(path: str, inside: str) -> str:
    """The commands that lend something of this machine, so that no step can write to it."""
    place = f"$R{inside}"
    return f"mount --bind {path} {place} && mount -o remount,bind,ro {place}"


class Builder:
    """Carries out the stages of one Dockerfile.

    Args:
        work: Where roots are made; a whole CPU image takes 9 GB.
        lent: Files and folders of this machine that steps may read, at their own place.
    """

    def __init__(self, work: Path, lent: list[str]) -> None:
        self.work = work
        self.lent = {p: p for p in lent if Path(p).exists()}
        if bundle := ssl.get_default_verify_paths().cafile:
            self.lent[bundle] = CERTIFICATES
        self.stages: dict[str, Stage] = {}
        self.seconds: dict[str, float] = {}
        patterns = (ROOT / ".dockerignore").read_text().split("\n")
        self.kept = [p[1:] for p in patterns if p.startswith("!")]

    def build(self, text: str) -> Stage:
        """Carries out everything, and returns the last stage."""
        common: dict[str, str] = {}
        name, stage = "", None
        for word, rest in instructions(text):
            if word == "FROM":
                image, _, name = (*rest.partition(" AS "),)
                stage = self._begin(substituted(image, common), name)
            elif stage is None:
                key, _, default = rest.partition("=")
                common[key] = default
            else:
                stage = self._step(stage, word, rest, name)
            if stage is not None:
                self.stages[name] = stage
        assert stage is not None, "a Dockerfile has a FROM"
        return stage

    def _begin(self, image: str, name: str) -> Stage:
        root = self.work / name
        with self._timed(f"{name}: FROM {image}"):
            if image == "scratch":
                root.mkdir(parents=True)
                return Stage(root)
            before = self.stages.get(image) or Stage(self._debian(image))
            subprocess.run(["cp", "-a", "--reflink=auto", before.root, root], check=True)
            return replace(before, root=root)

    def _debian(self, image: str) -> Path:
        suite = SUITES[image.partition("@")[0].removeprefix("debian:")]
        root = self.work / f"debian-{suite}"
        if not root.is_dir():
            subprocess.run(
                ["debootstrap", "--variant=minbase", suite, str(root)],
                check=True,
                stdout=subprocess.DEVNULL,
            )
        return root

    def _step(self, stage: Stage, word: str, rest: str, name: str) -> Stage:
        known = stage.settings
        if word in ("ARG", "ENV"):
            pairs = dict(p.partition("=")[::2] for p in shlex.split(rest))
            found = {k: substituted(v, {"PATH": PATH, **known}) for k, v in pairs.items()}
            if word == "ARG":
                found = {k: known.get(k) or os.environ.get(k, v) for k, v in found.items()}
            return replace(stage, settings={**known, **{k: v for k, v in found.items() if v}})
        if word == "WORKDIR":
            (stage.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
            return replace(stage, workdir=rest)
        if word == "USER":
            return replace(stage, user=rest)
        if word in ("ENTRYPOINT", "CMD", "HEALTHCHECK"):
            words = json.loads(rest[rest.index("[") :])
            return replace(stage, start={**stage.start, word: words})
        if word == "COPY":
            with self._timed(f"{name}: COPY {rest}"):
                self._copy(stage, shlex.split(substituted(rest, known)))
        elif word == "RUN":
            with self._timed(f"{name}: RUN {rest}"):
                self.run(stage, ["sh", "-ec", rest])
        elif word != "EXPOSE":
            raise SystemExit(f"{word} isn't known here")
        return stage

    def _copy(self, stage: Stage, words: list[str]) -> None:
        flags = dict(w[2:].split("=", 1) for w in words if w.startswith("--"))
        *sources, target = [w for w in words if not w.startswith("--")]
        source_root = self.stages[flags["from"]].root if "from" in flags else ROOT
        place = stage.root / stage.workdir.lstrip("/") / target
        if target.startswith("/"):
            place = stage.root / target.lstrip("/")
        place.mkdir(parents=True, exist_ok=True)
        for source in sources:
            if "from" not in flags and not any(
                fnmatch.fnmatch(source, f"{k}*") or source.startswith(k) for k in self.kept
            ):
                raise SystemExit(f".dockerignore leaves {source} out")
            path = source_root / source.strip("/")
            what = f"{path}/." if path.is_dir() else str(path)
            command = ["cp", "-a", "--no-preserve=ownership", what, str(place)]
            subprocess.run(command, check=True)
        if owner := flags.get("chown"):
            subprocess.run(["chown", "-R", owner, str(place)], check=True)

    def run(self, stage: Stage, words: list[str]) -> None:
        """Runs a command in a stage; its output goes to standard error."""
        with self.process(stage, words) as process:
            if process.wait():
                raise SystemExit(f"{words[-1]} failed with status {process.returncode}")

    @contextmanager
    def process(
        self, stage: Stage, words: list[str], *, sealed: bool = False
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A command that runs in a stage, in mount and process namespaces of its own, as the
        stage's user; ended at the end.

        Args:
            sealed: Only /tmp, the working directory and /dev/shm can be written to, as compose.yaml
                and the chart have it.
        """
        user = stage.user.partition(":")[0]
        seal = [
            "mount --bind $R $R",
            "mount -o remount,bind,ro $R",
            "mount -t tmpfs tmpfs $R/tmp",
            f"mount -t tmpfs -o uid={user},mode=700 tmpfs $R{stage.workdir}",
        ]
        mounts = [
            *(seal if sealed else []),
            "mount -t proc proc $R/proc",
            "mount -t tmpfs tmpfs $R/dev/shm",
            read_only("/sys", "/sys"),
        ]
        for path, inside in self.lent.items():
            there = stage.root / inside.lstrip("/")
            if Path(path).is_dir():
                there.mkdir(parents=True, exist_ok=True)
            else:
                there.parent.mkdir(parents=True, exist_ok=True)
                there.touch()
            mounts += [read_only(path, inside)]
        for device in ("null", "zero", "urandom", "random"):
            (stage.root / "dev" / device).touch()
            mounts.append(f"mount --bind /dev/{device} $R/dev/{device}")
        (stage.root / "dev" / "shm").mkdir(exist_ok=True)
        script = " && ".join(
            [*mounts, f'exec chroot --userspec={stage.user} $R sh -c \'cd "$0" && exec "$@"\' "$@"']
        )
        environment = {k: v for k, v in os.environ.items() if PASSED.fullmatch(k)}
        environment |= {"PATH": PATH, "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"}
        if CERTIFICATES in self.lent.values():
            environment |= dict.fromkeys(("PIP_CERT", "SSL_CERT_FILE"), CERTIFICATES)
        if stage.user != "0:0":
            environment["HOME"] = stage.workdir
        environment |= {**stage.settings, "R": str(stage.root)}
        process = subprocess.Popen(
            [
                "unshare",
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "sh",
                "-ec",
                script,
                "sh",
                stage.workdir,
                *words,
            ],
            env=environment,
            stdout=sys.stderr,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(60)

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        print(f"# {what}", file=sys.stderr, flush=True)
        yield
        self.seconds[what[:90]] = round(time.monotonic() - began, 1)


PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def ask() -> dict[str, object]:
    """The first answer, as soon as there is one."""
    body = json.dumps(QUESTION).encode()
    url = f"http://127.0.0.1:{PORT}/v1/chat/completions"
    end = time.monotonic() + PATIENCE
    while True:
        try:
            request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                found: dict[str, object] = json.loads(answer.read())
                return found
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{error.code}: {error.read().decode()}") from error
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def main() -> None:
    """Builds, starts, asks, and removes what it made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=ROOT / "docker" / "Dockerfile.cpu")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "image")
    parser.add_argument("--bind", action="append", default=[])
    parser.add_argument("--keep", action="store_true", help="Leave the roots where they are.")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    builder = Builder(given.work.resolve(), [*LENT, *given.bind])
    try:
        image = builder.build(given.file.read_text())
        size = subprocess.run(
            ["du", "-sxm", str(image.root)], capture_output=True, text=True, check=True
        ).stdout.split()[0]
        began = time.monotonic()
        command = [*image.start["ENTRYPOINT"], *image.start["CMD"], "--insecure"]
        with builder.process(image, command, sealed=True):
            answer = ask()
            first = time.monotonic() - began
            builder.run(image, image.start["HEALTHCHECK"])
        print(
            json.dumps(
                {
                    "file": given.file.name,
                    "steps": builder.seconds,
                    "build_seconds": round(sum(builder.seconds.values()), 1),
                    "first_answer_seconds": round(first, 1),
                    "megabytes": int(size),
                    "answer": answer["choices"][0]["message"]["content"],  # type: ignore[index]
                }
            )
        )
    finally:
        for name in [] if given.keep else builder.stages:
            shutil.rmtree(builder.work / name, ignore_errors=True)


if __name__ == "__main__":
    main()
