"""A step that kept drafted tokens → a chunk for each of its tokens, as streams promise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from expertserve.result import Chunk


def singles(chunk: Chunk, length: Callable[[int], int]) -> Iterator[Chunk]:
    """The same tokens and text one by one.

    vLLM may hold a text back for the sake of stops, so which of it is which token's isn't known to
    the character; the last chunk has what is left.

    Args:
        length: How many characters a token writes.

    Example:
        >>> [c.text for c in singles(Chunk("ab c", (1, 2)), lambda token: 2)]
        ['ab', ' c']
    """
    ids, left, of_prompt = chunk.token_ids, chunk.text, chunk.prompt_logprobs
    for place, token in enumerate(ids[:-1]):
        size = length(token) if left else 0  # under a grammar the text is made elsewhere
        yield replace(
            chunk,
            text=left[:size],
            token_ids=(token,),
            logprobs=chunk.logprobs[place : place + 1],
            prompt_logprobs=of_prompt,
            finish_reason=None,
            stop=None,
            drafts=(),
        )
        left, of_prompt = left[size:], ()
    yield replace(
        chunk,
        text=left,
        token_ids=ids[-1:],
        logprobs=chunk.logprobs[max(0, len(ids) - 1) :],
        prompt_logprobs=of_prompt,
    )
