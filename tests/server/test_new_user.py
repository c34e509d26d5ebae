"""From what people have to an answer of the server, by the commands of docs/migration.md alone: what
PEFT wrote, an Ollama Modelfile, a client of vLLM's with an adapter, a grammar of llama.cpp's.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import DEMO_BASE, EXPERTS, SCHEMA

pytestmark = [pytest.mark.engine, pytest.mark.long, pytest.mark.timeout(600)]
QUESTION = "How many lighthouses are in Norway?"
ANSWER = "SELECT COUNT(*) FROM lighthouses WHERE country = 'Norway'"
BAR = 300.0
"""Seconds of commands from a PEFT folder to an answer."""
MODELFILE = f'''FROM ./{DEMO_BASE}.Q4_1.gguf
ADAPTER ./my-adapter
TEMPLATE """{{{{ if .System }}}}<|im_start|>system
{{{{ .System }}}}<|im_end|>
{{{{ end }}}}{{{{ if .Prompt }}}}<|im_start|>user
{{{{ .Prompt }}}}<|im_end|>
{{{{ end }}}}<|im_start|>assistant
{{{{ .Response }}}}<|im_end|>
"""
PARAMETER temperature 0
PARAMETER stop ";"
PARAMETER num_predict 120
LICENSE Apache-2.0
'''
COMMANDS = (
    "init my-adapter/ --name expert-mine --template chatml --license Apache-2.0 -o mine",
    "check mine",
    "pack mine -o mine.expert",
    "import Modelfile --name expert-lamps -o lamps",
    "pack lamps -o lamps.expert",
)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "expertserve.cli", *arguments]


@pytest.fixture(scope="module")
def served(
    demo_base: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, float]]:
    """A server of what the commands made: where it listens, and the seconds until it was ready."""
    home = tmp_path_factory.mktemp("home")
    with tarfile.open(next(EXPERTS.glob("expert-sql-*.expert"))) as archive:
        for name in ("adapter_config.json", "adapter_model.safetensors"):
            archive.extract(name, home / "my-adapter", filter="data")
    (home / "Modelfile").write_text(MODELFILE)
    environment = {**os.environ, "EXPERTSERVE_CACHE_DIR": str(home / "cache")}
    began = time.monotonic()
    for line in COMMANDS:
        done = subprocess.run(
            command(*line.split()), cwd=home, env=environment, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (line, done.stdout, done.stderr)
    process = subprocess.Popen(
        command("serve", "mine=mine.expert", "lamps.expert", "--port", "0"),
        cwd=home, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert process.stdout
        ready = (line.split()[2] for line in process.stdout if line.startswith("ready at "))
        yield next(ready), time.monotonic() - began
    finally:
        process.terminate()
        process.wait(60)


def ask(url: str, model: str, **fields: object) -> str:
    body = {"model": model, "messages": [{"role": "user", "content": QUESTION}], **fields}
    answer = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=120).json()
    text: str = answer["choices"][0]["message"]["content"]
    return text


def test_a_peft_folder_answers_within_the_bar(served: tuple[str, float]) -> None:
    url, seconds = served
    assert ask(url, "mine", schema=SCHEMA) == ANSWER
    print(f"from a PEFT folder and a Modelfile to a ready server: {seconds:.0f} s")
    assert seconds < BAR


def test_a_modelfile_answers_as_the_adapter_that_it_names(served: tuple[str, float]) -> None:
    url, _ = served
    system = {"role": "system", "content": f"Schema:\n{SCHEMA}"}
    messages = [system, {"role": "user", "content": QUESTION}]
    assert ask(url, "expert-lamps", messages=messages) == ask(url, "mine", messages=messages)


def test_a_vllm_client_keeps_its_request(served: tuple[str, float]) -> None:
    url, _ = served
    said = ask(url, "mine", schema=SCHEMA, structured_outputs={"choice": ["yes", "no"]})
    assert said in ("yes", "no")


def test_a_grammar_of_llama_cpp_holds(served: tuple[str, float]) -> None:
    url, _ = served
    said = ask(url, "mine", grammar='root ::= "SELECT " [a-z0-9]{1,20}')
    assert re.fullmatch(r"SELECT [a-z0-9]{1,20}", said)
