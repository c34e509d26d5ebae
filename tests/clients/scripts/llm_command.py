"""Simon Willison's `llm`, as people set it up: a file of extra models."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import checks

folder = Path(tempfile.mkdtemp())
(folder / "extra-openai-models.yaml").write_text(
    f"- model_id: expert\n  model_name: {checks.MODEL}\n  api_base: {checks.V1}\n"
    f"- model_id: nobody\n  model_name: no\n  api_base: {checks.V1}\n"
)
environment = {**os.environ, "LLM_USER_PATH": str(folder), "OPENAI_API_KEY": checks.KEY}


def llm(*arguments):
    command = [sys.executable, "-m", "llm", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)


def chat():
    checks.same(llm("-m", "expert", "--no-stream", checks.QUESTION).stdout.strip(), checks.ANSWER)


def stream():
    checks.same(llm("-m", "expert", checks.QUESTION).stdout.strip(), checks.ANSWER)


def error():
    found = llm("-m", "nobody", "x")
    assert found.returncode and "there are sql" in found.stderr, found.stderr[-300:]


checks.run(chat=chat, stream=stream, error=error)
