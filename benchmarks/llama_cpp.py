"""The SQL expert here and in llama.cpp, with and without its grammar.

    python -m benchmarks.llama_cpp [ROUNDS]

The first run builds llama.cpp in an environment of its own, which takes ten minutes. It runs as its
users run it: the published 4-bit file, the adapter converted to GGUF, one prompt after the other
(its Python binding has no batches), the same number of threads. Ours runs the same weights
unquantised. Both write greedily, at most 48 tokens, to the same prompts; a figure counts the tokens
that were written.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import BASE, ROUNDS, Ratio, alternate, dtype, report, timed
from expertserve import EngineConfig, Expert, GenerateArgs
from expertserve.engine.machine import cpus
from expertserve.package.archive import open_package
from scripts.demo_base import fetch

ROOT = Path(__file__).parents[1]
HOME, BINDING, PATIENCE = ROOT / "build" / "llama", "llama-cpp-python==0.3.36", 20 * 60
"""Where llama.cpp lives, what is built, and after how many seconds that is given up."""
PACKAGE = next((ROOT / "examples" / "experts").glob("expert-sql-*.expert"))
GRAMMAR = ROOT / "grammars" / "sql.gbnf"
SCHEMA = "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, country TEXT, age INTEGER);"
PROMPTS = [
    f"What are the names of the customers from Spain who are older than {age}?"
    for age in range(20, 30)
]
TOKENS = 48
NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
CHILD = """
import json, os, sys, time
from llama_cpp import Llama, LlamaGrammar, __version__
model, lora, grammar, threads = sys.argv[1:]
count = int(threads)
llama = Llama(model_path=model, lora_path=lora, n_ctx=1024, n_threads=count,
              n_threads_batch=count, verbose=False)
grammar = LlamaGrammar.from_string(open(grammar).read(), verbose=False)
print(json.dumps(__version__), flush=True)
for line in sys.stdin:
    ask, texts, tokens, began = json.loads(line), [], 0, time.perf_counter()
    for prompt in ask["prompts"]:
        options = {"grammar": grammar} if ask["grammar"] else {}
        options |= {"max_tokens": ask["tokens"], "temperature": 0, "stop": ["<|im_end|>"]}
        said = llama.create_completion(prompt, **options)
        texts.append(said["choices"][0]["text"])
        tokens += said["usage"]["completion_tokens"]
    seconds = time.perf_counter() - began
    print(json.dumps({"texts": texts, "tokens": tokens, "seconds": seconds}), flush=True)
"""


def interpreter() -> Path:
    """A Python that has llama.cpp, built from source where there is none yet."""
    python = HOME / "bin" / "python"
    built = (
        python.exists()
        and not subprocess.run(
            [python, "-c", "import llama_cpp"], check=False, capture_output=True
        ).returncode
    )
    if not built:
        print(f"building {BINDING} in {HOME} …", flush=True)
        venv.create(HOME, with_pip=True, clear=True)
        try:
            subprocess.run(
                [python, "-m", "pip", "install", "--quiet", BINDING], check=True, timeout=PATIENCE
            )
        except subprocess.SubprocessError as error:
            raise SystemExit(f"llama.cpp could not be built: {error}") from error
    return python


def converted(package: Path, target: Path) -> Path:
    """The package's LoRA as a GGUF adapter for llama.cpp.

    llama.cpp turns a head's halves together where transformers rotates them apart: the rows of q
    and k are put into its order.
    """
    import gguf
    from safetensors.torch import load_file

    folder = open_package(package).folder
    config = json.loads((folder / "adapter_config.json").read_text())
    base = json.loads((BASE / "config.json").read_text())
    heads = {"attn_q": base["num_attention_heads"], "attn_k": base["num_key_value_heads"]}
    writer: Any = gguf.GGUFWriter(target, "llama")
    writer.add_string("general.type", "adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(config["lora_alpha"]))
    for name, tensor in load_file(folder / "adapter_model.safetensors").items():
        _, _, rest = name.partition("layers.")
        layer, _, rest = rest.partition(".")
        module, _, side = rest.partition(".lora_")
        new = NAMES[module]
        values = tensor.float().numpy()
        if side.startswith("B") and new in heads:
            rows = values.reshape(heads[new], 2, -1, values.shape[1])
            values = np.ascontiguousarray(rows.swapaxes(1, 2).reshape(values.shape))
        writer.add_tensor(f"blk.{layer}.{new}.weight.lora_{side[0].lower()}", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


class LlamaCpp:
    """A process of the other interpreter that answers lines of JSON."""

    def __init__(self, python: Path, model: Path, lora: Path) -> None:
        command = [str(python), "-c", CHILD, str(model), str(lora), str(GRAMMAR), str(len(cpus()))]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.version = self._read()

    def _read(self) -> Any:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"llama.cpp's process ended with {self.process.wait()}")
        return json.loads(line)

    def ask(self, prompts: list[str], grammar: bool) -> tuple[list[str], int]:
        assert self.process.stdin
        self.process.stdin.write(
            json.dumps({"prompts": prompts, "grammar": grammar, "tokens": TOKENS}) + "\n"
        )
        self.process.stdin.flush()
        said = self._read()
        return said["texts"], said["tokens"]

    def close(self) -> None:
        self.process.communicate()


def main() -> None:
    """Both resident, in turn."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as scratch:
        theirs = LlamaCpp(
            interpreter(), fetch(Path(scratch)), converted(PACKAGE, Path(scratch) / "lora.gguf")
        )
        with Expert.load(
            PACKAGE, config=EngineConfig(max_model_len=1024, max_requests=16)
        ) as expert:
            messages = [
                [
                    {"role": "system", "content": f"Schema:\n{SCHEMA}"},
                    {"role": "user", "content": p},
                ]
                for p in PROMPTS
            ]
            written = [
                "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in one)
                for one in messages
            ]
            texts = [text + "<|im_start|>assistant\n" for text in written]

            def ours(prompts: list[str], grammar: bool) -> tuple[list[str], int]:
                args: GenerateArgs = {"max_tokens": TOKENS, "temperature": 0.0, "schema": SCHEMA}
                if not grammar:
                    args["grammar"] = None
                results = expert.generate_batch(prompts, **args)
                return [r.text for r in results], sum(r.usage.completion_tokens for r in results)

            same = sum(
                a.strip() == b.strip()
                for a, b in zip(ours(PROMPTS, True)[0], theirs.ask(texts, True)[0], strict=True)
            )
            sides: dict[str, Callable[[], float]] = {}
            for grammar in (False, True):
                what = "with grammar" if grammar else "free"
                for count in (1, 10):
                    size = "one prompt" if count == 1 else "10 prompts"
                    sides[f"ours, {size}, {what}"] = lambda n=count, g=grammar: timed(
                        lambda: ours(PROMPTS[:n], g)[1]
                    )  # type: ignore[misc]
                    sides[f"llama.cpp, {size}, {what}"] = lambda n=count, g=grammar: timed(
                        lambda: theirs.ask(texts[:n], g)[1]
                    )  # type: ignore[misc]
            figures = alternate(sides, rounds)
        theirs.close()
    ratios = [
        Ratio(
            f"{size}, {what}: tokens a second ÷ llama.cpp",
            f"ours, {size}, {what}",
            f"llama.cpp, {size}, {what}",
        )
        for size in ("one prompt", "10 prompts")
        for what in ("free", "with grammar")
    ]
    notes = {
        "llama-cpp-python": theirs.version,
        "model": f"Q4_1 there, {dtype()} here",
        "threads": len(cpus()),
        "same answers": f"{same} of 10",
    }
    report("llama_cpp", "Beside llama.cpp", figures, ratios, notes)


if __name__ == "__main__":
    main()
