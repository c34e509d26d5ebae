"""Tiny random models of every architecture that transformers can make and vLLM gives adapters to."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import tiny

ABSENT = object()
"""Stands for a size that an architecture doesn't take."""
SIZES: dict[str, Any] = {
    "hidden_size": 128,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "vocab_size": 512,
    "max_position_embeddings": 1024,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 2,
}
EXPERTS: dict[str, Any] = {
    "num_experts": 4,
    "num_local_experts": 4,
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 64,
    "shared_expert_intermediate_size": 64,
    "n_shared_experts": 1,
    "moe_layer_start_index": 0,
    "first_k_dense_replace": 1,
    "n_group": 1,
    "topk_group": 1,
}


@dataclass(frozen=True, slots=True)
class Architecture:
    """A configuration's type, and what differs from the sizes above.

    Args:
        model_type: As `AutoConfig.for_model` takes it.
    """

    model_type: str
    options: dict[str, Any] = field(default_factory=dict)


WITHOUT_HEAD_DIM = {"head_dim": ABSENT}
WITHOUT_GROUPS = {"num_key_value_heads": ABSENT}
ROUTED = {"num_experts_per_tok": 2, "moe_intermediate_size": 64}
TIED = {"tie_word_embeddings": True}
SLIDING = {"sliding_window": 64}
LFM2: dict[str, Any] = {
    "layer_types": ["conv", "full_attention"],
    "block_ff_dim": 96,
    "block_dim": 128,
    "block_auto_adjust_ff_dim": False,
    "conv_dim": 128,
    "conv_L_cache": 3,
}
OPTIONS: dict[str, dict[str, Any]] = {
    "apertus": {},
    "arcee": {},
    "cohere": TIED,
    "cohere2": SLIDING | TIED,
    "ernie4_5": {},
    "exaone4": SLIDING,
    "falcon": WITHOUT_HEAD_DIM | {"new_decoder_architecture": False, "multi_query": True},
    "gemma": TIED,
    "gemma2": TIED | SLIDING | {"query_pre_attn_scalar": 32},
    "gemma3_text": SLIDING | {"query_pre_attn_scalar": 32},
    "glm": {},
    "glm4": {},
    "glm4_moe": EXPERTS,
    "gpt2": {"n_embd": 128, "n_head": 4, "n_layer": 2, "n_positions": 1024, "n_inner": 96},
    "gpt_bigcode": WITHOUT_GROUPS
    | WITHOUT_HEAD_DIM
    | {"n_embd": 128, "n_head": 4, "n_layer": 2, "n_positions": 1024},
    "gpt_neox": WITHOUT_GROUPS,
    "gptj": {"n_embd": 128, "n_head": 4, "n_layer": 2, "rotary_dim": 32, "n_positions": 1024},
    "granite": {},
    "granitemoe": EXPERTS,
    "lfm2": TIED | LFM2,
    "llama": {},
    "mistral": {"sliding_window": None},
    "mixtral": EXPERTS | {"sliding_window": None},
    "nemotron": {},
    "olmo": {},
    "olmo2": {},
    "olmoe": EXPERTS,
    "opt": {"ffn_dim": 96, "word_embed_proj_dim": 128, "do_layer_norm_before": True},
    "phi": {},
    "phi3": {"original_max_position_embeddings": 1024, "sliding_window": None},
    "qwen2": {},
    "qwen2_moe": EXPERTS,
    "qwen3": {},
    "qwen3_moe": ROUTED | {"num_experts": 4, "norm_topk_prob": True},
    "seed_oss": {},
    "smollm3": {},
    "stablelm": {},
    "starcoder2": {"sliding_window": None},
}
ARCHITECTURES = tuple(Architecture(name, options) for name, options in OPTIONS.items())


def make(folder: Path, architecture: Architecture, *, seed: int = 0) -> Path:
    """A random model with the tiny tokenizer, saved in float32."""
    import torch
    import transformers

    tiny.tokenizer(folder)
    torch.manual_seed(seed)
    sizes = SIZES | {"tie_word_embeddings": False} | architecture.options
    config = transformers.AutoConfig.for_model(
        architecture.model_type, **{name: v for name, v in sizes.items() if v is not ABSENT}
    )
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() >= 2:
                parameter.normal_(std=0.08)
            elif name.endswith("bias"):
                parameter.normal_(std=0.1)
    model.save_pretrained(folder)
    return folder


REFUSED = {
    "falcon": "FalconForCausalLM does not support LoRA",
    "gpt2": "GPT2LMHeadModel does not support LoRA",
    "gpt_bigcode": "no adapter slot for 2 of the adapter's 8 modules",
    "gptj": "GPTJForCausalLM does not support LoRA",
    "stablelm": "StablelmForCausalLM does not support LoRA",
}
"""What isn't served on vLLM 0.32 on a CPU, and what the error says."""
NOT_TRIED = {
    "deepseek_v2": "no tiny model that vLLM's latent attention takes on a CPU was found",
    "phimoe": "vLLM doesn't read the tiny model's configuration",
}
BASE_DIFFERS = {"apertus": 1e-3}
"""Where the base model alone is as far from transformers: vLLM keeps xIELU's parameters in bfloat16."""
