"""Runs inside vLLM's worker processes: what ours do otherwise on CPUs, with adapters or without. Importing installs it."""

from __future__ import annotations

from expertserve.engine import vllm_exit as vllm_exit
from expertserve.engine import vllm_masks as vllm_masks
from expertserve.engine import vllm_seeds as vllm_seeds


class Extension:
    """For an engine without our adapters: vLLM takes a class, and importing its module is what counts."""
