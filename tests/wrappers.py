"""Tiny random models that also see, whose language model's layers lie inside another model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import tiny

TEXT: dict[str, Any] = {
    "hidden_size": 128,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 512,
    "max_position_embeddings": 1024,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
SIGHT: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 64,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "image_size": 28,
    "patch_size": 14,
}
QWENS_SIGHT = {
    "depth": 1,
    "hidden_size": 64,
    "intermediate_size": 64,
    "num_heads": 2,
    "out_hidden_size": 128,
}
QWENS_TOKENS = {
    "image_token_id": 500,
    "video_token_id": 501,
    "vision_start_token_id": 502,
    "vision_end_token_id": 503,
}
NETS = {
    "layer_types": ["linear_attention", "full_attention"],
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 32,
    "linear_value_head_dim": 32,
    "partial_rotary_factor": 0.25,
}
GEMMA4 = {
    "head_dim": 32,
    "global_head_dim": 32,
    "layer_types": ["sliding_attention", "full_attention"],
    "sliding_window": 64,
    "vocab_size_per_layer_input": 512,
    "hidden_size_per_layer_input": 32,
}
MROPE = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [4, 6, 6]}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "gemma3": (
        "Gemma3ForConditionalGeneration",
        {
            "text_config": {"head_dim": 32, "query_pre_attn_scalar": 32},
            "vision_config": SIGHT,
            "mm_tokens_per_image": 4,
            "image_token_index": 500,
            "boi_token_index": 501,
            "eoi_token_index": 502,
        },
    ),
    "gemma4": (
        "Gemma4ForConditionalGeneration",
        {
            "text_config": GEMMA4,
            "vision_config": SIGHT | {"head_dim": 32, "num_key_value_heads": 2},
            "audio_config": None,
            "image_token_id": 500,
        },
    ),
    "qwen2_5_vl": (
        "Qwen2_5_VLForConditionalGeneration",
        {
            "text_config": {"rope_parameters": MROPE, "use_sliding_window": False},
            "vision_config": QWENS_SIGHT,
            **QWENS_TOKENS,
        },
    ),
    "qwen3_5": (
        "Qwen3_5ForConditionalGeneration",
        {
            "text_config": {"head_dim": 32, "tie_word_embeddings": False, **NETS},
            "vision_config": QWENS_SIGHT,
            **QWENS_TOKENS,
        },
    ),
    "mistral3": (
        "Mistral3ForConditionalGeneration",
        {
            "text_config": {"head_dim": 32, "model_type": "mistral", "sliding_window": None},
            "vision_config": SIGHT | {"head_dim": 32, "model_type": "pixtral"},
            "image_token_index": 500,
        },
    ),
}
"""Each architecture's class in transformers, and its configuration."""


def make(folder: Path, kind: str) -> Path:
    """A random model with the tiny tokenizer, saved in float32 under the names of its own hub."""
    import torch
    import transformers

    tiny.tokenizer(folder)
    torch.manual_seed(0)
    name, options = KINDS[kind]
    text = TEXT | options["text_config"]
    config = transformers.AutoConfig.for_model(kind, **options | {"text_config": text})
    model = getattr(transformers, name)(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter.mul_(4.0)
    model.save_pretrained(folder)
    return folder
