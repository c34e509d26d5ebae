"""What the servers of vLLM and llama.cpp promise of `/v1/completions`, in our own words."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import httpx
import pytest

from tests.server.conftest import Running, events_of

ROUTE = "/v1/completions"
PROMPT = "say to be or not to be"
IDS = [70, 71, 72, 73, 74, 75, 76, 77]


def post(server: Running, **body: Any) -> httpx.Response:
    return server.http().post(ROUTE, json={"model": "sql", "prompt": PROMPT, **body})


def made(server: Running, **body: Any) -> Any:
    response = post(server, **body)
    assert response.status_code == 200, response.text
    return response.json()


def refused(server: Running, **body: Any) -> Any:
    response = post(server, **body)
    assert response.status_code == 400, response.text
    error = response.json()["error"]
    assert error["type"] == "invalid_request_error" and error["code"]
    return error


# ── one prompt ──────────────────────────────────────────────────────────────────────────────────


def test_a_bound_ends_an_answer_and_the_usage_adds_up(steady: Running) -> None:
    found = made(steady, max_tokens=3)
    (choice,) = found["choices"]
    assert found["id"].startswith("cmpl-") and found["object"] == "text_completion"
    assert choice["finish_reason"] == "length" and choice["text"]
    usage = found["usage"]
    assert usage["completion_tokens"] == 3
    assert usage["total_tokens"] == usage["prompt_tokens"] + 3
    assert usage["prompt_tokens_details"]["cached_tokens"] == 2


def test_n_predict_bounds_too(steady: Running) -> None:
    assert made(steady, n_predict=2)["usage"]["completion_tokens"] == 2
    assert made(steady, n_predict=-1)["choices"][0]["finish_reason"] == "stop"


def test_an_answer_that_ends_of_itself_says_stop(steady: Running) -> None:
    (choice,) = made(steady, max_tokens=90)["choices"]
    assert (choice["text"], choice["finish_reason"]) == ("to be or not to be", "stop")


def test_tokens_are_a_prompt_and_their_scores_come_only_on_demand(steady: Running) -> None:
    (choice,) = made(steady, prompt=IDS)["choices"]
    assert choice["text"] and choice.get("prompt_logprobs") is None
    assert steady.engine.requests[-1].prompt_token_ids == tuple(IDS)


@pytest.mark.parametrize(("side", "kept"), [("right", IDS[:4]), ("left", IDS[-4:])])
def test_a_long_prompt_is_cut_at_the_side_that_is_named(
    steady: Running, side: str, kept: list[int]
) -> None:
    found = made(
        steady, prompt=IDS, truncate_prompt_tokens=4, truncation_side=side, return_token_ids=True
    )
    assert found["choices"][0]["prompt_token_ids"] == kept
    assert found["usage"]["prompt_tokens"] == 4


def test_a_stop_text_is_left_out_whole_and_streamed(steady: Running) -> None:
    assert made(steady, stop=["not"])["choices"][0]["text"] == "to be or "
    events = events_of(steady, ROUTE, prompt=PROMPT, stop=["not"])
    assert "".join(e["choices"][0]["text"] for e in events) == "to be or "
    assert events[-1]["choices"][0]["finish_reason"] == "stop"


def test_emoji_and_letters_of_all_scripts_come_back(steady: Running) -> None:
    said = "媽 🤗 é 🚀"
    assert made(steady, prompt=f"say {said}")["choices"][0]["text"] == said
    events = events_of(steady, ROUTE, prompt=f"say {said}")
    assert "".join(e["choices"][0]["text"] for e in events) == said


# ── log-probabilities ───────────────────────────────────────────────────────────────────────────


def test_log_probabilities_come_only_on_demand(steady: Running) -> None:
    assert made(steady)["choices"][0]["logprobs"] is None
    assert made(steady, logprobs=None)["choices"][0]["logprobs"] is None


@pytest.mark.parametrize(("wanted", "least", "most"), [(0, 1, 1), (1, 1, 2), (5, 5, 6)])
def test_as_many_alternatives_as_were_asked_for(
    steady: Running, wanted: int, least: int, most: int
) -> None:
    logprobs = made(steady, logprobs=wanted)["choices"][0]["logprobs"]
    assert len(logprobs["token_logprobs"]) == len(logprobs["tokens"]) > 3
    assert all(least <= len(top) <= most for top in logprobs["top_logprobs"])


@pytest.mark.parametrize("stream", [False, True])
def test_too_many_alternatives_are_refused_and_the_server_goes_on(
    steady: Running, stream: bool
) -> None:
    assert refused(steady, logprobs=21, stream=stream)["param"] == "logprobs"
    assert made(steady)["choices"][0]["text"]


def test_each_prompts_own_scores(steady: Running) -> None:
    first, second = made(steady, prompt=["say a", "say b c d e"], prompt_logprobs=1)["choices"]
    assert 0 < len(first["prompt_logprobs"]) < len(second["prompt_logprobs"])
    assert refused(steady, prompt_logprobs=-1)["param"] == "prompt_logprobs"


@pytest.mark.parametrize("wanted", [0, 1])
@pytest.mark.parametrize("prompt", [PROMPT, IDS])
def test_an_echo_scores_prompt_and_answer(steady: Running, wanted: int, prompt: Any) -> None:
    (choice,) = made(steady, prompt=prompt, echo=True, logprobs=wanted, max_tokens=3)["choices"]
    logprobs = choice["logprobs"]
    if prompt == PROMPT:
        assert choice["text"].startswith(PROMPT)
    assert "".join(logprobs["tokens"]) == choice["text"]
    assert logprobs["token_logprobs"][0] is None and logprobs["top_logprobs"][0] is None
    assert all(p is not None for p in logprobs["token_logprobs"][1:])
    for top in logprobs["top_logprobs"][1:]:
        assert max(wanted, 1) <= len(top) <= wanted + 1


def test_offsets_say_where_tokens_stand_in_the_text_streamed_too(steady: Running) -> None:
    whole = made(steady, logprobs=0)["choices"][0]
    streamed = defaultdict(list)
    for event in events_of(steady, ROUTE, prompt=PROMPT, logprobs=0):
        for name, values in (event["choices"][0]["logprobs"] or {}).items():
            streamed[name] += values
    for found in (whole["logprobs"], streamed):
        for token, offset in zip(found["tokens"], found["text_offset"], strict=True):
            assert whole["text"][offset : offset + len(token)] == token


# ── several answers, several prompts ────────────────────────────────────────────────────────────


def test_three_answers_are_numbered_and_each_says_how_it_ended(steady: Running) -> None:
    choices = made(steady, n=3, temperature=1, seed=42, logprobs=0)["choices"]
    assert [c["index"] for c in choices] == [0, 1, 2]
    assert all(c["finish_reason"] == "stop" and c["logprobs"]["tokens"] for c in choices)


def test_three_answers_share_a_stream(steady: Running) -> None:
    texts, ends = defaultdict(str), []
    for event in events_of(steady, ROUTE, prompt=PROMPT, n=3, temperature=1):
        (choice,) = event["choices"]
        texts[choice["index"]] += choice["text"]
        ends += [choice["index"]] if choice["finish_reason"] else []
    assert dict(texts) == dict.fromkeys(range(3), "to be or not to be")
    assert sorted(ends) == [0, 1, 2]


@pytest.mark.parametrize("prompts", [[PROMPT, PROMPT], [IDS, IDS]])
def test_a_prompt_that_comes_twice_is_answered_twice_alike(
    steady: Running, prompts: list[Any]
) -> None:
    first, second = made(steady, prompt=prompts)["choices"]
    assert first["text"] == second["text"]
    texts = ["", ""]
    for event in events_of(steady, ROUTE, prompt=prompts):
        (choice,) = event["choices"]
        texts[choice["index"]] += choice["text"]
    assert texts == [first["text"]] * 2


def test_several_answers_of_several_prompts_are_numbered_through(steady: Running) -> None:
    choices = made(steady, prompt=["say a", "say b"], n=2, temperature=1)["choices"]
    assert [(c["index"], c["text"]) for c in choices] == [(0, "a"), (1, "a"), (2, "b"), (3, "b")]


# ── streams ─────────────────────────────────────────────────────────────────────────────────────


def test_a_stream_says_the_same_and_ends_once_at_its_end(steady: Running) -> None:
    events = events_of(steady, ROUTE, prompt=PROMPT)
    assert "".join(e["choices"][0]["text"] for e in events) == "to be or not to be"
    ends = [e["choices"][0]["finish_reason"] for e in events]
    assert ends[-1] == "stop" and not any(ends[:-1])
    assert len({e["id"] for e in events}) == 1


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"include_usage": False},
        {"include_usage": False, "continuous_usage_stats": False},
        {"include_usage": False, "continuous_usage_stats": True},
        {"continuous_usage_stats": True},
    ],
)
def test_usage_that_was_not_asked_for_is_nowhere(steady: Running, options: Any) -> None:
    events = events_of(steady, ROUTE, prompt=PROMPT, stream_options=options)
    assert all(e.get("usage") is None and e["choices"] for e in events)


def test_usage_comes_last_and_alone(steady: Running) -> None:
    *events, last = events_of(steady, ROUTE, prompt=PROMPT, stream_options={"include_usage": True})
    assert all(e["usage"] is None for e in events) and last["choices"] == []
    usage = last["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] > 5


def test_usage_grows_with_each_event(steady: Running) -> None:
    options = {"include_usage": True, "continuous_usage_stats": True}
    events = events_of(steady, ROUTE, prompt=PROMPT, stream_options=options)
    counts = [e["usage"]["completion_tokens"] for e in events]
    assert counts == sorted(counts) and counts[0] == 1 and counts[-1] == counts[-2] > 5
    for usage in (e["usage"] for e in events):
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


@pytest.mark.parametrize(
    "options",
    [
        {"include_usage": None},
        {"include_usage": True},
        {"continuous_usage_stats": None},
        {"continuous_usage_stats": True},
    ],
)
def test_options_of_a_stream_need_one(steady: Running, options: Any) -> None:
    assert refused(steady, stream_options=options)["param"] == "stream_options"


# ── token ids ───────────────────────────────────────────────────────────────────────────────────


def test_token_ids_of_prompt_and_answer_come_on_demand(steady: Running) -> None:
    (choice,) = made(steady, return_token_ids=True)["choices"]
    assert choice["prompt_token_ids"] == list(steady.engine.requests[-1].prompt_token_ids)
    text = steady.http().post("/detokenize", json={"tokens": choice["token_ids"]}).json()
    assert text["content"] == choice["text"]
    (plain,) = made(steady, return_token_ids=False)["choices"]
    assert plain.get("token_ids") is None and plain.get("prompt_token_ids") is None


def test_token_ids_fit_the_log_probabilities(steady: Running) -> None:
    wish = {"return_token_ids": True, "return_tokens_as_token_ids": True, "logprobs": 1}
    (choice,) = made(steady, echo=True, **wish)["choices"]
    ids = [int(t.removeprefix("token_id:")) for t in choice["logprobs"]["tokens"]]
    assert ids[-len(choice["token_ids"]) :] == choice["token_ids"]
    assert ids == choice["prompt_token_ids"] + choice["token_ids"]
    told, scored, prompts = [], [], []
    for event in events_of(steady, ROUTE, prompt=PROMPT, **wish):
        (piece,) = event["choices"]
        told += piece.get("token_ids") or []
        scored += (piece["logprobs"] or {"tokens": []})["tokens"]
        prompts.append(piece.get("prompt_token_ids"))
    assert [f"token_id:{t}" for t in told] == scored
    assert prompts[0] == list(steady.engine.requests[-1].prompt_token_ids)
    assert not any(prompts[1:])


# ── what is refused ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("prompt", [None, "", [], [[]], [""], {"text": "x"}])
def test_a_prompt_has_to_be_there(steady: Running, prompt: Any) -> None:
    assert refused(steady, prompt=prompt)


def test_a_token_that_the_model_does_not_have_is_named(steady: Running) -> None:
    assert "999999" in refused(steady, prompt=[999999])["message"]


@pytest.mark.parametrize(
    "outputs",
    [
        {"json": {"type": "object", "properties": {"brand": {"type": "string"}, "x": "bar"}}},
        {"json": {"type": "hiccup"}},
        {"regex": "[.*"},
        {"grammar": 'root ::= select_statementinvalidsyntax\nother ::= "x"\n'},
        {"regex": {"1": "Python"}},
        {"choice": []},
        {"json": "{"},
    ],
)
def test_what_is_no_grammar_is_refused(steady: Running, outputs: Any) -> None:
    assert refused(steady, structured_outputs=outputs)


def test_a_number_that_is_out_of_its_range_is_refused_by_its_name(steady: Running) -> None:
    wrong = {
        "temperature": -1, "top_p": 0, "min_p": 2, "top_k": -2, "presence_penalty": 3,
        "frequency_penalty": -3, "repetition_penalty": 0, "max_tokens": -1, "min_tokens": 1000,
        "n": 0, "seed": 1 << 63,
    }  # fmt: skip
    for name, value in wrong.items():
        assert name in json.dumps(refused(steady, **{name: value})), name
