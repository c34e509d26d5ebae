"""What a think block before a grammar costs: tokens a second with one ÷ without, in one engine.

    python -m benchmarks.reasoning [ROUNDS]

Every answer has the same number of tokens on both sides: the grammar's sentences can always go on,
and a bias keeps each from ending earlier. The prompt opens the block, the model writes into it
until its budget is spent, and it is closed by force.
"""

from __future__ import annotations

import json
import sys
import tempfile
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measure import BASE, Answer, alternate, dtype, judge, save, timed
from expertserve import EngineConfig, ExpertManager

BATCH, TOKENS, BUDGET = 16, 64, 24
GRAMMAR = "root ::= [a-z ,]*"
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "<|im_start|>assistant\n<think>\n"
)


def package(folder: Path) -> Path:
    """The demo base alone, with a template that opens the block and a rule for it."""
    manifest = {
        "name": "thinker",
        "version": "0.0.1",
        "base_models": [{"name": BASE.name, "prompt_template": "custom", "adapters": []}],
        "training": {"decoding": {"reasoning": {"max_tokens": BUDGET}}},
    }
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    (folder / "grammar.gbnf").write_text(GRAMMAR)
    return folder


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    config = EngineConfig(max_requests=BATCH, max_model_len=1024, drafts=False)
    with tempfile.TemporaryDirectory() as folder, ExpertManager(config=config) as manager:
        manager.load_expert("thinker", package(Path(folder) / "thinker"))

        def run(mode: str) -> int:
            ends = manager.get("thinker").prompt.stop_token_ids()
            never = dict.fromkeys(ends, -100.0)
            wanted = {"temperature": 1.0, "logit_bias": never, "max_tokens": TOKENS}
            jobs: list[Any] = [
                ("thinker", f"Name {10 + i} lamps.", {**wanted, "seed": i, "reasoning": mode})
                for i in range(BATCH)
            ]
            results = manager.generate_many(jobs)
            assert all((r.usage.reasoning_tokens > 0) == (mode == "strip") for r in results)
            tokens = sum(r.usage.completion_tokens for r in results)
            assert tokens >= 0.95 * BATCH * TOKENS, tokens
            return tokens

        sides = {mode: partial(timed, partial(run, mode)) for mode in ("strip", "off")}
        figures = alternate(sides, 4 * rounds)
    ratio = median(a / b for a, b in zip(figures["strip"], figures["off"], strict=True))
    answers = [Answer("grammar behind a block ÷ grammar alone, tokens a second", ratio, least=0.97)]
    notes = {"engine": f"max_requests {BATCH}, max_model_len 1024, {dtype()}", "tokens": TOKENS}
    save("reasoning", notes=notes, answers=judge("reasoning", answers), rounds=figures)


if __name__ == "__main__":
    main()
