"""guidellm, Red Hat's load tool."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import checks

FOLDER = os.environ["EXPERTSERVE_TOKENIZER"]


def bench(route):
    out = Path(tempfile.mkdtemp()) / "result.json"
    command = [
        str(Path(sys.executable).with_name("guidellm")), "run", "--disable-progress",
        "--backend", f"kind=openai_http,target={checks.URL},model={checks.MODEL},request_format={route}",
        "--tokenizer", f"kind=hf_auto,model={FOLDER}",
        "--data", "kind=synthetic_text,prompt_tokens=20,output_tokens=8",
        "--profile", "kind=synchronous", "--constraint", "kind=max_requests,count=3",
        "--output", f"kind=json,path={out}",
    ]  # fmt: skip
    made = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert made.returncode == 0, (made.stderr or made.stdout)[-500:]
    requests = json.loads(out.read_text())["benchmarks"][0]["requests"]
    checks.same((len(requests["successful"]), len(requests["errored"])), (3, 0))


def chat():
    bench("/v1/chat/completions")


def completions():
    bench("/v1/completions")


checks.run(chat=chat, completions=completions)
