"""vLLM's workers without our adapters: importing this module there installs the other patches."""

from __future__ import annotations

from expertserve.engine.vllm import patches

patches.install("worker")


class WithoutAdapters:
    """vLLM demands a class (`worker_extension_cls`); importing its module is what counts."""
