"""Runs inside vLLM's worker processes: what ours do otherwise on CPUs, with adapters or without. Importing installs it."""

from __future__ import annotations


class Extension:
    """For an engine without our adapters: vLLM takes a class, and importing its module is what counts."""
