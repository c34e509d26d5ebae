"""A request's prompt, as vLLM takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expertserve.request import Request

if TYPE_CHECKING:
    from vllm.config import ModelConfig
    from vllm.inputs import EmbedsPrompt, TokensPrompt


def vllm_prompt(request: Request, model: ModelConfig) -> TokensPrompt | EmbedsPrompt:
    """Token ids; behind a soft prompt, places that say which of them are vectors.

    vLLM's keys of the prefix cache then have the vectors themselves. A vector's place has the id
    behind the vocabulary's last, which penalties take for padding and nothing looks up.
    """
    from vllm.inputs import EmbedsPrompt, TokensPrompt

    ids, soft = list(request.prompt_token_ids), request.soft_prompt
    if soft is None:
        return TokensPrompt(prompt_token_ids=ids)
    import torch

    rows = torch.zeros(request.prompt_length, soft.width, dtype=model.dtype)
    rows[: soft.tokens] = soft.vectors()
    return EmbedsPrompt(
        prompt_embeds=rows,
        prompt_token_ids=[model.get_vocab_size()] * soft.tokens + ids,
        prompt_is_token_ids=[False] * soft.tokens + [True] * len(ids),
    )
