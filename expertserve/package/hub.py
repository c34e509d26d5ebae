"""Packages on the Hugging Face hub: `hf://org/repo[@revision][/file]`."""

from __future__ import annotations

import re
from pathlib import Path

from expertserve.errors import LoadError
from expertserve.package.source import Progress

ADDRESS = re.compile(r"hf://([\w.-]+/[\w.-]+?)(?:@([^/]+))?(?:/(.+))?")
LEFT_OUT = ["*.bin", "*.pt", "*.pth", "*.pkl", "*.py", "*.ckpt"]


def fetch(address: str, cache: Path, progress: Progress | None = None) -> Path:
    """A file of a repository, its only `.expert` file, or the whole of it, without pickles.

    Raises:
        LoadError: `download_failed`.
    """
    from huggingface_hub import HfApi, hf_hub_download, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

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
        if not file:
            names = HfApi().list_repo_files(repo, revision=revision)
            archives = [name for name in names if name.endswith(".expert")]
            file = archives[0] if len(archives) == 1 else None
        if file:
            return Path(hf_hub_download(repo, file, revision=revision, cache_dir=folder))
        return Path(
            snapshot_download(repo, revision=revision, cache_dir=folder, ignore_patterns=LEFT_OUT)
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, HFValidationError, OSError) as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise LoadError(f"{address} can't be fetched: {said}", code="download_failed") from error
