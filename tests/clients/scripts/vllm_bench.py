"""`vllm bench serve`: vLLM's own load tool, over chat and completions."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import checks

SERVE = """
import argparse
from vllm.benchmarks.serve import add_cli_args, main
parser = argparse.ArgumentParser()
add_cli_args(parser)
main(parser.parse_args())
"""
"""`vllm bench serve`, without the command, which the build for CPUs lacks the metadata for."""
FOLDER = Path(os.environ["EXPERTSERVE_TOKENIZER"])


def bench(backend, endpoint):
    out = Path(tempfile.mkdtemp())
    command = [
        sys.executable, "-c", SERVE, "--backend", backend,
        "--base-url", checks.URL, "--endpoint", endpoint, "--model", checks.MODEL,
        "--tokenizer", str(FOLDER), "--dataset-name", "random", "--random-input-len", "20",
        "--random-output-len", "8", "--num-prompts", "4", "--ignore-eos", "--save-result",
        "--result-dir", str(out), "--result-filename", "result.json",
    ]  # fmt: skip
    made = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert made.returncode == 0, made.stderr[-500:]
    result = json.loads((out / "result.json").read_text())
    checks.same((result["completed"], result["total_output_tokens"] > 0), (4, True))


def chat():
    bench("openai-chat", "/v1/chat/completions")


def completions():
    bench("openai", "/v1/completions")


checks.run(chat=chat, completions=completions)
