"""curl, with no header but its own."""

import json
import subprocess

import checks


def curl(route, body, *more):
    command = ["curl", "-sS", checks.URL + route, "-d", json.dumps(body), *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


ask = {"model": checks.MODEL, "messages": [{"role": "user", "content": checks.QUESTION}]}


def chat():
    made = json.loads(curl("/v1/chat/completions", ask))
    checks.same(made["choices"][0]["message"]["content"], checks.ANSWER)


def stream():
    lines = curl("/v1/chat/completions", {**ask, "stream": True}, "-N").splitlines()
    events = [json.loads(x[6:]) for x in lines if x.startswith("data: {")]
    text = "".join(e["choices"][0]["delta"].get("content") or "" for e in events)
    checks.same((text, lines[-2]), (checks.ANSWER, "data: [DONE]"))


def error():
    assert "there are sql" in curl("/v1/chat/completions", ask | {"model": "no"})


checks.run(chat=chat, stream=stream, error=error)
