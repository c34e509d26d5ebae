"""What the servers of vLLM and llama.cpp promise of answers, on the real engine: sampling, scores,
biases and grammars, asked for over HTTP. One engine serves all of it.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema
import openai
import pytest

from expertserve import ExpertManager
from expertserve.server.run import DrainingServer
from expertserve.server.settings import ServerSettings
from tests.server.conftest import until

pytestmark = pytest.mark.engine
TEXT = "/v1/completions"
CHAT = "/v1/chat/completions"
BASE = "SmolLM2-135M-Instruct"
ASK = [{"role": "user", "content": "Tell me about the sea."}]
BOOK = "I believe the meaning of life is"


@pytest.fixture(scope="module")
def http(manager: ExpertManager) -> Iterator[httpx.Client]:
    server = DrainingServer(manager.for_asyncio(), ServerSettings())
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    serving = server.serve(sockets=[listener])
    thread = threading.Thread(target=lambda: asyncio.run(serving), daemon=True)
    thread.start()
    until(lambda: server.started)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with httpx.Client(base_url=url, timeout=240) as client:
        yield client
    server.should_exit = True
    thread.join(timeout=20)


def made(http: httpx.Client, route: str, **body: Any) -> Any:
    response = http.post(route, json={"model": BASE, **body})
    assert response.status_code == 200, response.text
    return response.json()


def said(http: httpx.Client, **body: Any) -> str:
    found = made(http, CHAT, **{"messages": ASK, "max_tokens": 16, "temperature": 0, **body})
    return str(found["choices"][0]["message"]["content"])


def tokens_of(http: httpx.Client, text: str) -> list[int]:
    return list(made(http, "/tokenize", prompt=text)["tokens"])


def streamed(http: httpx.Client, route: str, **body: Any) -> list[Any]:
    with http.stream("POST", route, json={"model": BASE, "stream": True, **body}) as stream:
        lines = [x for x in stream.iter_lines() if x.startswith("data: {")]
    return [json.loads(x[6:])["choices"][0] for x in lines]


# ── sampling ────────────────────────────────────────────────────────────────────────────────────


def test_greedy_answers_repeat_alone_and_side_by_side(http: httpx.Client) -> None:
    alone = {said(http) for _ in range(2)}
    prompts = [tokens_of(http, BOOK)] * 4
    batch = made(http, TEXT, prompt=prompts, max_tokens=12, temperature=0)["choices"]
    assert len(alone) == 1 and len({c["text"] for c in batch}) == 1


def test_a_seed_repeats_an_answer_and_another_seed_changes_it(http: httpx.Client) -> None:
    first, again, other = (said(http, temperature=1, seed=s) for s in (42, 42, 43))
    assert first == again != other


def test_three_answers_differ_and_come_numbered(http: httpx.Client) -> None:
    found = made(http, TEXT, prompt=tokens_of(http, BOOK), n=3, temperature=1, seed=7, max_tokens=24)  # fmt: skip
    assert [c["index"] for c in found["choices"]] == [0, 1, 2]
    assert len({c["text"] for c in found["choices"]}) == 3


def test_a_stream_says_what_the_whole_says(http: httpx.Client) -> None:
    choices = streamed(http, CHAT, messages=ASK, max_tokens=16, temperature=0)
    assert "".join(c["delta"].get("content") or "" for c in choices) == said(http)


def test_ignore_eos_goes_on_to_the_bound(http: httpx.Client) -> None:
    pieces = made(http, "/tokenize", messages=ASK, return_token_strs=True)
    end = pieces["tokens"][pieces["token_strs"].index("<|im_end|>")]
    wish = {"prompt": tokens_of(http, BOOK), "temperature": 0, "max_tokens": 12, "logit_bias": {str(end): 100}}  # fmt: skip
    short = made(http, TEXT, **wish)
    assert short["usage"]["completion_tokens"] == 1
    assert short["choices"][0]["finish_reason"] == "stop"
    long = made(http, TEXT, **wish, ignore_eos=True)
    assert long["usage"]["completion_tokens"] == 12
    assert long["choices"][0]["finish_reason"] == "length"
    least = made(http, TEXT, **wish, min_tokens=8)
    assert 8 <= least["usage"]["completion_tokens"] <= 9


def test_a_stop_text_ends_the_answer_and_may_be_shown(http: httpx.Client) -> None:
    whole = said(http, max_tokens=32)
    word = whole.split()[4]
    cut = said(http, max_tokens=32, stop=[word])
    assert cut == whole[: whole.index(word)]
    assert said(http, max_tokens=32, stop=[word], include_stop_str_in_output=True) == cut + word
    choices = streamed(http, CHAT, messages=ASK, max_tokens=32, temperature=0, stop=[word])
    assert "".join(c["delta"].get("content") or "" for c in choices) == cut


def test_emoji_and_letters_of_all_scripts_come_back_whole(http: httpx.Client) -> None:
    text = "媽 🤗 é 🚀"
    wish: Any = {"grammar": f'root ::= "{text}"', "max_tokens": 40}
    assert said(http, **wish) == text
    pieces = [c["delta"].get("content") or "" for c in streamed(http, CHAT, messages=ASK, **wish)]
    assert "".join(pieces) == text and not any("\ufffd" in p for p in pieces)


# ── biases ──────────────────────────────────────────────────────────────────────────────────────


def test_tokens_with_the_lowest_bias_never_come(http: httpx.Client) -> None:
    words = set(re.findall(r"[a-z]+", said(http, max_tokens=24)))
    bias = {str(t): -100 for word in words for t in tokens_of(http, f" {word}")}
    without = said(http, max_tokens=24, logit_bias=bias)
    assert without and not any(f" {word} " in without for word in words)


def test_a_bad_words_tokens_never_come(http: httpx.Client) -> None:
    """The model may spell it by others, as in vLLM itself."""
    wish = {"messages": ASK, "max_tokens": 24, "temperature": 0, "return_token_ids": True}
    plain = made(http, CHAT, **wish)["choices"][0]
    words = sorted(re.findall(r" [a-z]+", plain["message"]["content"]), key=len)
    word = next(w for w in reversed(words) if len(tokens_of(http, w)) == 1)
    assert tokens_of(http, word)[0] in plain["token_ids"]
    ids = made(http, CHAT, **wish, bad_words=[word.strip()])["choices"][0]["token_ids"]
    assert tokens_of(http, word)[0] not in ids


def test_only_allowed_tokens_come(http: httpx.Client) -> None:
    allowed = tokens_of(http, " yes no")
    ids = made(http, CHAT, messages=ASK, max_tokens=5, temperature=0, allowed_token_ids=allowed,
               ignore_eos=True, return_token_ids=True)["choices"][0]["token_ids"]  # fmt: skip
    assert ids and set(ids) <= set(allowed)


def test_a_token_may_end_the_answer(http: httpx.Client) -> None:
    wish = {"messages": ASK, "max_tokens": 12, "temperature": 0, "return_token_ids": True}
    ids = made(http, CHAT, **wish)["choices"][0]["token_ids"]
    end = ids[5]
    choice = made(http, CHAT, **wish, stop_token_ids=[end])["choices"][0]
    assert choice["finish_reason"] == "stop"
    assert choice["token_ids"] in (ids[: ids.index(end)], ids[: ids.index(end) + 1])


# ── log-probabilities ───────────────────────────────────────────────────────────────────────────


def test_an_answer_has_the_score_that_its_text_gets_as_a_prompt(http: httpx.Client) -> None:
    ids = tokens_of(http, BOOK)
    wish = {"temperature": 0, "logprobs": 0}
    written = made(http, TEXT, prompt=ids, max_tokens=8, return_token_ids=True, **wish)["choices"][
        0
    ]
    whole = ids + written["token_ids"]
    scored = made(http, TEXT, prompt=whole, max_tokens=0, echo=True, **wish)["choices"][0]
    tail = scored["logprobs"]["token_logprobs"][len(ids) :]
    assert scored["text"] == BOOK + written["text"]
    assert tail == pytest.approx(written["logprobs"]["token_logprobs"], abs=1e-3)


def test_the_chosen_token_is_the_likeliest_when_greedy(http: httpx.Client) -> None:
    found = made(
        http, CHAT, messages=ASK, max_tokens=8, temperature=0, logprobs=True, top_logprobs=5
    )
    content = found["choices"][0]["logprobs"]["content"]
    for token in content:
        best, *others = token["top_logprobs"]
        assert token["token"] == best["token"] and len(others) == 4
        assert sum(math.exp(t["logprob"]) for t in token["top_logprobs"]) <= 1.001
    assert "".join(t["token"] for t in content) == found["choices"][0]["message"]["content"]


def test_a_prompts_scores_are_there_for_each_token_but_the_first(http: httpx.Client) -> None:
    found = made(http, CHAT, messages=ASK, max_tokens=1, prompt_logprobs=1, return_token_ids=True)
    scores, ids = found["prompt_logprobs"], found["prompt_token_ids"]
    assert scores[0] is None and len(scores) == len(ids)
    for score, token in zip(scores[1:], ids[1:], strict=True):
        own = score[str(token)]
        assert own["logprob"] <= 0 and own["decoded_token"] and 1 <= len(score) <= 2


def test_under_a_grammar_no_score_is_below_openais_least(http: httpx.Client) -> None:
    found = made(http, CHAT, messages=ASK, max_tokens=10, logprobs=True, top_logprobs=5,
                 structured_outputs={"choice": ["Python", "Java", "C"]})  # fmt: skip
    content = found["choices"][0]["logprobs"]["content"]
    assert found["choices"][0]["message"]["content"] in ("Python", "Java", "C")
    assert all(t["logprob"] >= -9999.0 for token in content for t in token["top_logprobs"])


# ── grammars ────────────────────────────────────────────────────────────────────────────────────

PROFILE = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 12},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "skills": {"type": "array", "items": {"type": "string", "maxLength": 8}, "maxItems": 2},
    },
    "required": ["name", "age"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    "wish",
    [
        {"structured_outputs": {"json": PROFILE}},
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "p", "schema": PROFILE},
            }
        },
        {"response_format": {"type": "json_object", "schema": PROFILE}},
        {"guided_json": json.dumps(PROFILE)},
    ],
)
def test_an_answer_follows_the_schema_wherever_it_stands(http: httpx.Client, wish: Any) -> None:
    for temperature in (0, 1):
        answer = said(http, **wish, max_tokens=120, temperature=temperature, seed=3)
        jsonschema.validate(json.loads(answer), PROFILE)


def test_any_object_is_one(http: httpx.Client) -> None:
    answer = said(http, response_format={"type": "json_object"}, max_tokens=60)
    assert isinstance(json.loads(answer), dict)


def test_an_answer_matches_its_expression_whole_and_streamed(http: httpx.Client) -> None:
    octet = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
    address = rf"({octet}\.){{3}}{octet}"
    wish: Any = {"structured_outputs": {"regex": address}, "max_tokens": 20}
    assert re.fullmatch(address, said(http, **wish))
    text = "".join(
        c["delta"].get("content") or "" for c in streamed(http, CHAT, messages=ASK, **wish)
    )
    assert re.fullmatch(address, text)


def test_a_grammar_of_ones_own_is_followed(http: httpx.Client) -> None:
    assert said(http, grammar='root ::= "a"{5,5}') == "aaaaa"
    simple = 'root ::= "SELECT " column " from " table\ncolumn ::= "col_1" | "col_2"\ntable ::= "table_1" | "table_2"'  # fmt: skip
    assert re.fullmatch(
        r"SELECT col_[12] from table_[12]", said(http, grammar=simple, max_tokens=40)
    )
    text = made(http, TEXT, prompt="x", guided_grammar=simple, max_tokens=40)["choices"][0]["text"]
    assert re.fullmatch(r"SELECT col_[12] from table_[12]", text)


def test_a_call_that_must_be_made_is_made_with_arguments_that_fit(http: httpx.Client) -> None:
    parameters = {
        "type": "object", "properties": {"success": {"const": True}}, "required": ["success"],
        "additionalProperties": False,
    }  # fmt: skip
    tool = {"type": "function", "function": {"name": "test", "parameters": parameters}}
    wish = {"messages": ASK, "tools": [tool], "tool_choice": "required", "max_tokens": 64}
    message = made(http, CHAT, **wish)["choices"][0]["message"]
    (call,) = message["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"success": True}
    choices = streamed(http, CHAT, **wish)
    calls = [c for choice in choices for c in choice["delta"].get("tool_calls") or ()]
    assert json.loads("".join(c["function"]["arguments"] for c in calls)) == {"success": True}


# ── prompts ─────────────────────────────────────────────────────────────────────────────────────


def test_what_was_read_before_is_told_as_cached_unless_salted(http: httpx.Client) -> None:
    long = [{"role": "user", "content": "The sea is wide and blue. " * 30}]
    wish = {"messages": long, "max_tokens": 1}
    cached = [
        made(http, CHAT, **wish, **more)["usage"]["prompt_tokens_details"]["cached_tokens"]
        for more in ({"cache_salt": "a"}, {"cache_salt": "a"}, {"cache_salt": "b"})
    ]
    assert cached[0] == 0 < cached[1] and cached[2] == 0


def test_a_begun_answer_is_continued(http: httpx.Client) -> None:
    whole = said(http, max_tokens=12)
    begun = [*ASK, {"role": "assistant", "content": whole[:10]}]
    rest = said(http, messages=begun, continue_final_message=True, add_generation_prompt=False)
    assert rest and not rest.startswith(whole[:10])
    shown = said(http, messages=begun, continue_final_message=True, add_generation_prompt=False, echo=True)  # fmt: skip
    assert shown == whole[:10] + rest


def test_clients_that_give_up_free_the_engine(http: httpx.Client, manager: ExpertManager) -> None:
    body = {"model": BASE, "messages": ASK, "max_tokens": 900, "ignore_eos": True}
    for _ in range(8):
        with pytest.raises(httpx.TimeoutException):
            httpx.post(f"{str(http.base_url).rstrip('/')}{CHAT}", json=body, timeout=0.3)
    until(lambda: manager.info().running == 0, 20)
    assert said(http)


def test_the_client_library_reads_all_of_it(http: httpx.Client) -> None:
    client = openai.OpenAI(
        base_url=f"{str(http.base_url).rstrip('/')}/v1", api_key="none", max_retries=0
    )
    made = client.completions.create(
        model=BASE, prompt=BOOK, max_tokens=5, logprobs=2, temperature=0
    )
    assert made.choices[0].finish_reason == "length" and made.usage
    assert made.usage.completion_tokens == 5 and made.choices[0].logprobs
    client.close()
