"""Whether an engine makes drafts where nobody said."""

from __future__ import annotations

from importlib.metadata import entry_points

from expertserve.config import EngineConfig, option_names
from expertserve.engine.portable.kinds import KEYS
from expertserve.engine.vllm.options import parallel
from expertserve.models import LocalModel

STATES = ("mamba", "ssm", "rwkv", "conv_L", "linear_", "attn_type", "hybrid")
"""What the fields are called that size a memory of other things than keys and values."""
OTHERS = ("logits_processors", "async_scheduling")
"""Options of vLLM's that drafts of ours don't go with."""


def drafts(base: LocalModel, config: EngineConfig, device: str) -> bool:
    """Whether to draft: as the user says, else where that was measured to pay and changes nothing.

    That is one CPU, a base that remembers keys and values alone, no soft prompts, and nothing of
    the user's that vLLM leaves out while it speculates. Reads `config.json` alone.

    Args:
        device: vLLM's device type.
    """
    options = option_names(config.vllm)
    if options.get("speculative_config"):
        return False
    if config.drafts is not None:
        return config.drafts
    return (
        device == "cpu"
        and parallel(config.vllm) == 1
        and not config.soft_prompts
        and not any(options.get(name) for name in OTHERS)
        and not entry_points(group="vllm.logits_processors")
        and not keeps_states(base)
    )


def keeps_states(base: LocalModel) -> bool:
    """Whether some layers remember a state, which can't go back by a token."""
    kinds = base.text_config.get("layer_types")
    odd = isinstance(kinds, list) and not KEYS.issuperset(map(str, kinds))
    return odd or any(part in name for name in base.text_config for part in STATES)
