"""Packages on the Hugging Face hub: `hf://org/repo[@revision][/file]`."""

from __future__ import annotations

import re
from glob import escape
from pathlib import Path

from expertserve.errors import LoadError
from expertserve.package.source import Progress

ADDRESS = re.compile(r"hf://([\w.-]+/[\w.-]+?)(?:@([^/]+))?(?:/(.+))?")
LEFT_OUT = (".bin", ".pt", ".pth", ".pkl", ".py", ".ckpt")
SOFT_PROMPTS = "soft_prompts/"
"""Where a package may have pickles of tensors, which are read with care."""


def fetch(address: str, cache: Path, progress: Progress | None = None) -> Path:
    """A file of a repository, its only `.expert` file, or the whole of it, without pickles.

    What was fetched before serves where the network fails.

    Raises:
        LoadError: `download_failed`.
    """
    from httpx2 import HTTPError
    from huggingface_hub import HfApi, hf_hub_download, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    offline = (HfHubHTTPError, LocalEntryNotFoundError, OSError, HTTPError)
    parts = ADDRESS.fullmatch(address)
    if not parts:
        raise LoadError(
            f"{address} is no address on the hub",
            hint="hf://org/repo, hf://org/repo@revision/file.expert",
            code="download_failed",
        )
    repo, revision, file = parts[1], parts[2], parts[3]
    folder = str(cache / "hub")
    try:
        names = [] if file else HfApi().list_repo_files(repo, revision=revision)
        archives = [name for name in names if name.endswith(".expert")]
        file = archives[0] if len(archives) == 1 else file
        if file:
            return Path(hf_hub_download(repo, file, revision=revision, cache_dir=folder))
        kept = [escape(name) for name in names if _wanted(name)]
        return Path(
            snapshot_download(repo, revision=revision, cache_dir=folder, allow_patterns=kept)
        )
    except (*offline, HFValidationError) as error:
        if not file and (found := _fetched(repo, revision, folder)):
            return found
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise LoadError(f"{address} can't be fetched: {said}", code="download_failed") from error


def _wanted(name: str) -> bool:
    """Whether a file of a repository belongs to a package."""
    soft = name.startswith(SOFT_PROMPTS) and name.endswith((".pt", ".bin"))
    return soft or not name.endswith(LEFT_OUT)


def _fetched(repo: str, revision: str | None, folder: str) -> Path | None:
    """What was fetched of a repository before: its only `.expert` file, or all of it."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        there = snapshot_download(
            repo,
            revision=revision,
            cache_dir=folder,
            local_files_only=True,
            ignore_patterns=[f"*{ending}" for ending in LEFT_OUT],
        )
    except (LocalEntryNotFoundError, HFValidationError, OSError):
        return None
    archives = list(Path(there).rglob("*.expert"))
    if len(archives) == 1:
        return archives[0]
    return Path(there) if (Path(there) / "manifest.json").exists() else None
