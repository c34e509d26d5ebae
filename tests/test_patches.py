"""The list of what we replace in vLLM; the engine's tests check it against vLLM itself."""

from __future__ import annotations

from expertserve.engine.vllm.patches import ADAPTERS, PATCHES


def test_every_patch_says_why_it_is_there_and_when_it_can_go() -> None:
    patches = [*PATCHES, ADAPTERS]
    assert len({p.name for p in patches}) == len(patches)
    for patch in patches:
        assert patch.replaces and patch.processes and patch.reason and patch.until, patch.name
