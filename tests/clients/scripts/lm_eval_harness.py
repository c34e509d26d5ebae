"""lm-evaluation-harness' `local-completions`: one task that scores, one that writes."""

import os
import tempfile
from pathlib import Path

import checks
from lm_eval import simple_evaluate
from lm_eval.tasks import TaskManager

FOLDER = os.environ["EXPERTSERVE_TOKENIZER"]
tasks = Path(tempfile.mkdtemp())
(tasks / "data.jsonl").write_text(
    "".join(f'{{"q": "Question {i}?", "a": 0, "text": "answer {i}"}}\n' for i in range(3))
)
HEAD = f"""
dataset_path: json
dataset_kwargs: {{data_files: {{test: {tasks / "data.jsonl"}}}}}
test_split: test
doc_to_text: "{{{{q}}}}"
"""
(tasks / "scored.yaml").write_text(
    f"task: scored\noutput_type: multiple_choice\n{HEAD}"
    'doc_to_choice: ["yes", "no"]\ndoc_to_target: "{{a}}"\nmetric_list: [{metric: acc}]\n'
)
(tasks / "written.yaml").write_text(
    f"task: written\noutput_type: generate_until\n{HEAD}"
    'doc_to_target: "{{text}}"\ngeneration_kwargs: {until: ["\\n"], max_gen_toks: 8}\n'
    "metric_list: [{metric: exact_match}]\n"
)


def evaluate(task):
    given = {
        "base_url": f"{checks.V1}/completions", "model": checks.MODEL, "tokenizer": FOLDER,
        "num_concurrent": 1, "max_retries": 1, "max_length": 256,
    }  # fmt: skip
    manager = TaskManager(include_path=str(tasks), include_defaults=False)
    made = simple_evaluate(
        "local-completions", model_args=given, tasks=[task], task_manager=manager, bootstrap_iters=0
    )
    return made["results"][task]


def scored():
    assert "acc,none" in evaluate("scored")


def written():
    assert "exact_match,none" in evaluate("written")


checks.run(scored=scored, written=written)
