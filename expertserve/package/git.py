"""Packages in git repositories: `git+https://host/org/repo@tag#path`, by the git command.

Only the wanted commit is fetched. Hooks, submodules and helpers of the repository never run.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from expertserve.errors import LoadError
from expertserve.files import move_into_place, part_path, remove_stale
from expertserve.package.source import Progress

SECONDS = 600
SAFE = [
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "protocol.ext.allow=never"),
    *("-c", "protocol.file.allow=user"),
    *("-c", "submodule.recurse=false"),
    *("-c", "core.symlinks=false"),
]
COMMIT = re.compile("[0-9a-f]{40,64}")


def fetch(address: str, cache: Path, progress: Progress | None = None) -> Path:
    """The package in a repository, at a tag, branch or commit.

    After `#` stands a path in the repository or, as the format's own tool writes it, a tag. Without
    a path it is the root, where that has a manifest, else its only `.expert` file.

    Raises:
        LoadError: `download_failed`; `not_found`: there is no such package in it.
    """
    url, revision, path = split(address)
    folder = cache / "git" / hashlib.sha256(url.encode()).hexdigest()[:32]
    commit = _resolve(url, revision, folder)
    entry = folder / commit
    if not entry.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        remove_stale(folder)
        _clone(url, commit, entry)
    return _inside(entry, path, address)


def split(address: str) -> tuple[str, str, str]:
    """Repository, revision and path.

    Example:
        >>> split("git+https://host/org/repo@v1#sub/x.expert")
        ('https://host/org/repo', 'v1', 'sub/x.expert')
        >>> split("git+https://host/org/repo#v1")
        ('https://host/org/repo', 'v1', '')
    """
    body, _, after = address.removeprefix("git+").partition("#")
    scheme, _, rest = body.partition("://")
    host, slash, path = rest.partition("/")
    path, at, revision = path.rpartition("@") if "@" in path else (path, "", "")
    url = f"{scheme}://{host}{slash}{path}"
    if not at and after and not after.endswith(".expert") and "/" not in after:
        return url, after, ""
    return url, revision, after


def _resolve(url: str, revision: str, folder: Path) -> str:
    """A revision's commit; the one that was fetched before, where the network fails."""
    if COMMIT.fullmatch(revision):
        return revision
    note = folder / hashlib.sha256((revision or "HEAD").encode()).hexdigest()[:16]
    wanted = revision or "HEAD"
    try:
        listed = _git("ls-remote", "--", url, wanted, f"{wanted}^{{}}")
    except LoadError:
        if note.is_file() and (folder / note.read_text(encoding="utf-8")).is_dir():
            return note.read_text(encoding="utf-8")
        raise
    commits = dict(line.split("\t")[::-1] for line in listed.splitlines() if "\t" in line)
    names = (f"refs/tags/{wanted}^{{}}", f"refs/tags/{wanted}", f"refs/heads/{wanted}", wanted)
    commit = next((commits[name] for name in names if name in commits), "")
    if not COMMIT.fullmatch(commit):
        raise LoadError(f"{url} has no tag or branch {wanted!r}", code="download_failed")
    folder.mkdir(parents=True, exist_ok=True)
    note.write_text(commit, encoding="utf-8")
    return commit


def _clone(url: str, commit: str, entry: Path) -> None:
    part = part_path(entry.parent)
    try:
        part.mkdir()
        _git("init", "--quiet", str(part))
        _git("-C", str(part), "fetch", "--quiet", "--depth", "1", "--no-tags", "--", url, commit)
        _git("-C", str(part), "checkout", "--quiet", "--detach", commit)
        shutil.rmtree(part / ".git")
        move_into_place(part, entry)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _inside(entry: Path, path: str, address: str) -> Path:
    root = entry.resolve()
    found = (root / path).resolve()
    if not found.is_relative_to(root) or not found.exists():
        raise LoadError(f"{address}: the repository has no {path!r}", code="not_found")
    if path or (found / "manifest.json").is_file():
        return found
    archives = sorted(found.glob("*.expert"))
    if len(archives) == 1:
        return archives[0]
    names = ", ".join(a.name for a in archives) or "none"
    raise LoadError(
        f"{address}: its root is no package, and has not one .expert file but {names}",
        hint="name the path: …#folder/NAME.expert",
        code="not_found",
    )


def _git(*arguments: str) -> str:
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "0"}
    try:
        done = subprocess.run(
            ["git", *SAFE, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError as error:
        raise LoadError(
            "git addresses need the git command", hint="install git", code="download_failed"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise LoadError(
            f"git took more than {SECONDS} s", hint="try again later", code="download_failed"
        ) from error
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise LoadError(f"git failed: {said[:300]}", code="download_failed")
    return done.stdout
