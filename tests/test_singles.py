"""A chunk of several tokens, one by one."""

from __future__ import annotations

from expertserve.engine.vllm.singles import singles
from expertserve.result import Chunk, DraftCount, TokenLogprob

PROBS = tuple(TokenLogprob(token, -float(token), ()) for token in (1, 2, 3))
DRAFTS = (DraftCount("habits", 2, 2),)


def test_tokens_come_one_by_one_and_the_end_is_the_lasts() -> None:
    whole = Chunk("one two", (1, 2, 3), 1, PROBS, "stop", stop=";", drafts=DRAFTS)
    found = list(singles(whole, {1: 3, 2: 2, 3: 9}.__getitem__))
    assert [c.text for c in found] == ["one", " t", "wo"]
    assert [(c.token_ids, c.logprobs) for c in found] == [((p.token_id,), (p,)) for p in PROBS]
    assert [(c.finish_reason, c.stop, c.drafts) for c in found[:-1]] == [(None, None, ())] * 2
    assert (found[-1].finish_reason, found[-1].stop, found[-1].drafts) == ("stop", ";", DRAFTS)
    assert {c.index for c in found} == {1}


def test_a_prompts_logprobs_are_told_once() -> None:
    whole = Chunk("ab", (1, 2), prompt_logprobs=PROBS)
    assert [c.prompt_logprobs for c in singles(whole, lambda token: 1)] == [PROBS, ()]


def test_what_has_no_token_or_one_stays() -> None:
    for chunk in (Chunk("", (), finish_reason="cancelled"), Chunk("x", (1,), logprobs=PROBS[:1])):
        assert list(singles(chunk, lambda token: 1)) == [chunk]
