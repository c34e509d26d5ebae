"""The SQL expert here and in llama.cpp, with and without its grammar.

    python -m benchmarks.llama_cpp [ROUNDS]

The first run builds llama.cpp in an environment of its own, which takes ten minutes. It runs as its
users run it: a quantised file, the adapter converted to GGUF, one prompt after the other (its
Python binding has no batches), the same number of threads. Ours runs the same weights unquantised,
and an int8 copy of them, with drafts; not from earlier answers, since every round asks the same.
Beside the published 4-bit file stand two that llama.cpp's own quantiser makes of it: what they
answer isn't looked at, only how fast. All write greedily, at most 48 tokens, to the same prompts; a
figure counts the tokens that were written.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import BASE, ROUNDS, Ratio, alternate, dtype, report, timed
from expertserve import EngineConfig, Expert, GenerateArgs
from expertserve.adapters.int8 import quantise
from expertserve.engine.machine import cpus
from expertserve.models import find_given
from expertserve.package.archive import open_package
from scripts.demo_base import SOURCES, fetch

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
FILES = {"Q4_1": None, "Q4_K_M": 15, "Q8_0": 7}
"""llama.cpp's models, and the number that its quantiser knows them by; the first is published."""
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


QUANTISE = """
import sys
import llama_cpp
source, target, kind = sys.argv[1:]
params = llama_cpp.llama_model_quantize_default_params()
params.ftype, params.allow_requantize = int(kind), True
sys.exit(llama_cpp.llama_model_quantize(source.encode(), target.encode(), params))
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


def models(python: Path, scratch: Path) -> dict[str, Path]:
    """The published file, and those made of it."""
    published = fetch(SOURCES["smollm2"], scratch)
    found = {}
    for name, kind in FILES.items():
        found[name] = published if kind is None else scratch / f"{name}.gguf"
        if kind is not None:
            command = [str(python), "-c", QUANTISE, str(published), str(found[name]), str(kind)]
            subprocess.run(command, check=True, capture_output=True)
    return found


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


MESSAGES = [
    f"<|im_start|>system\nSchema:\n{SCHEMA}<|im_end|>\n<|im_start|>user\n{prompt}<|im_end|>\n"
    "<|im_start|>assistant\n"
    for prompt in PROMPTS
]


def ours(expert: Expert, count: int, grammar: bool) -> tuple[list[str], int]:
    """The answers, and how many tokens they have."""
    args: GenerateArgs = {"max_tokens": TOKENS, "temperature": 0.0, "schema": SCHEMA}
    if not grammar:
        args["grammar"] = None
    results = expert.generate_batch(PROMPTS[:count], **args)
    return [r.text for r in results], sum(r.usage.completion_tokens for r in results)


def main(rounds: int = ROUNDS) -> None:
    """All resident, in turn."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        python, lora = interpreter(), converted(PACKAGE, scratch / "lora.gguf")
        theirs = {
            name: stack.enter_context(closing(LlamaCpp(python, model, lora)))
            for name, model in models(python, scratch).items()
        }
        quantise(find_given(BASE), scratch / "int8")
        config = EngineConfig(max_model_len=1024, max_requests=16, draft_history=False)
        own = {
            name: stack.enter_context(Expert.load(PACKAGE, base_model=base, config=config))
            for name, base in ((dtype(), BASE), ("int8", scratch / "int8"))
        }
        same = sum(
            a.strip() == b.strip()
            for a, b in zip(
                ours(own[dtype()], len(PROMPTS), True)[0],
                theirs["Q4_1"].ask(MESSAGES, True)[0],
                strict=True,
            )
        )
        figures = alternate(sides(own, theirs), rounds)
        version = theirs["Q4_1"].version
    notes = {
        "llama-cpp-python": version,
        "ours": "drafts on, none from earlier answers",
        "threads": len(cpus()),
        "same answers": f"{same} of 10",
    }
    report("llama_cpp", "Beside llama.cpp", figures, ratios(), notes)


def sides(
    own: Mapping[str, Expert], theirs: Mapping[str, LlamaCpp]
) -> dict[str, Callable[[], float]]:
    """Every engine with one prompt; with ten, and with a grammar, the first of either."""
    found: dict[str, Callable[[], float]] = {}

    def side(name: str, work: Callable[[], tuple[list[str], int]]) -> None:
        found[name] = partial(timed, lambda: work()[1])

    for size, count, what, grammar in CASES:
        for name, expert in own.items():
            side(f"ours {name}, {size}, {what}", partial(ours, expert, count, grammar))
        for name, llama in theirs.items():
            if name == "Q4_1" or (count == 1 and not grammar):
                ask = partial(llama.ask, MESSAGES[:count], grammar)
                side(f"llama.cpp {name}, {size}, {what}", ask)
    return found


CASES = [
    (size, count, what, grammar)
    for size, count in (("one prompt", 1), ("10 prompts", 10))
    for what, grammar in (("free", False), ("with grammar", True))
]


def ratios() -> list[Ratio]:
    """Tokens a second of ours over llama.cpp's."""
    pairs: list[tuple[str, str, str, str, float | None]] = [
        (dtype(), "Q4_1", size, what, None) for size, _, what, _ in CASES
    ]
    pairs += [("int8", "Q4_K_M", "one prompt", "free", 1.3)]
    pairs += [("int8", "Q8_0", "one prompt", "free", 1.0)]
    pairs += [("int8", "Q4_1", "one prompt", "with grammar", None)]
    return [
        Ratio(
            f"{size}, {what}: ours in {mine} ÷ llama.cpp's {other}",
            f"ours {mine}, {size}, {what}",
            f"llama.cpp {other}, {size}, {what}",
            least=least,
        )
        for mine, other, size, what, least in pairs
    ]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
