"""A trained adapter → a demo expert's package, with its evaluation in the manifest.

    python -m training.pack sql build/sql/adapter examples/experts --metrics build/sql/metrics.json
    python -m training.pack json_extract build/json-850/adapter build/json-150/adapter build/pack
    python -m training.pack sql build/varied/adapter-0* build/pack --generator sql_varied
    python -m training.pack sql build/coder/adapter build/pack --base Qwen2.5-Coder-0.5B-Instruct

The adapter's weights are stored in bf16, which halves the file; the evaluation must be of such a
package.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from expertserve.config import models_dir
from expertserve.package.build import default_name, pack
from expertserve.package.manifest import read_manifest
from training.train import BASE, adapter_folder

VERSION = "0.1.0"
THOUGHT = 64
"""Tokens that a think block may have: one sentence and its tags."""
QUESTIONS = (
    "how many|number of|count|average|mean|total|sum|minimum|maximum|highest|lowest|largest"
    "|smallest|most|fewest|top|each|whose|name of|names of|list all|list the|show all|show the"
    "|show me the|find all|find the|give me the|give me all|what are the names|which|more than"
    "|less than|greater than|at least|at most|other than|sorted by|ordered by|grouped by"
).split("|")
"""How people ask for data, in whichever database it is.

With nothing but such a question, SQL's higher priority decides.
"""

EXPERTS: dict[str, dict[str, Any]] = {
    "sql": {
        "name": "expert-sql",
        "description": (
            "Questions about a relational schema → one SELECT that SQLite and PostgreSQL both read."
        ),
        "capabilities": ["database:sql", "task:text2sql", "language:en"],
        "decoding": {
            "temperature": 0.0,
            "use_grammar": True,
            "grammar_type": "sql",
            "restrict_to_schema": True,
            "stop_sequences": [";"],
            "max_tokens": 160,
        },
        "routing": {
            "keywords": [
                *"sql sqlite postgres postgresql database table tables".split(),
                *"column columns rows query".split(),
                *QUESTIONS,
            ],
            "exclude_keywords": ["cypher", "neo4j", "graph database"],
            "router_hint": "database=sql OR query=sql OR task=text2sql",
            "priority": 0.8,
        },
        "takes": "schema",
        "examples": [
            {
                "prompt": "How many lighthouses are in Norway?",
                "schema": (
                    "CREATE TABLE lighthouses (id INTEGER PRIMARY KEY, name TEXT, "
                    "country TEXT, height INTEGER);"
                ),
            }
        ],
        "limitations": ["single SELECT statements; joins over one foreign key"],
    },
    "cypher": {
        "name": "expert-cypher",
        "description": "Questions about a property-graph schema → one read-only Cypher query.",
        "capabilities": ["database:graph", "query:cypher", "task:text2cypher", "language:en"],
        "decoding": {
            "temperature": 0.0,
            "use_grammar": True,
            "grammar_type": "cypher",
            "restrict_to_schema": True,
            "stop_sequences": [";"],
            "max_tokens": 160,
        },
        "routing": {
            "keywords": [
                *"cypher neo4j kuzu graph node nodes edge edges relationship".split(),
                *"relationships path connected linked related".split(),
                "graph database",
                *QUESTIONS,
            ],
            "exclude_keywords": ["sql", "relational"],
            "router_hint": "database=graph OR query=cypher OR task=text2cypher",
            "priority": 0.7,
        },
        "takes": "schema",
        "examples": [
            {
                "prompt": "Which keepers work at Cape Wrath?",
                "schema": (
                    "(:Keeper {name: STRING, age: INT64})\n"
                    "(:Lighthouse {name: STRING, height: INT64})\n"
                    "(:Keeper)-[:WORKS_AT]->(:Lighthouse)"
                ),
            }
        ],
        "prompt": {"dialect": "cypher"},
        "limitations": ["read-only queries of at most two hops"],
    },
    "json_extract": {
        "name": "expert-json",
        "description": (
            "A sentence and the shape of an object → that object as JSON, "
            "null for what the sentence doesn't say."
        ),
        "capabilities": ["format:json", "task:data_extraction", "language:en"],
        "decoding": {
            "temperature": 0.0,
            "use_grammar": True,
            "grammar_type": "json-object",
            "stop_sequences": ["\n\n"],
            "max_tokens": 160,
        },
        "routing": {
            "keywords": [
                *"json|extract|extraction|parse|structured|structured data".split("|"),
                *"fields|key value|object".split("|"),
            ],
            "exclude_keywords": ["cypher", "sql"],
            "router_hint": "format=json OR task=data_extraction",
            "priority": 0.75,
        },
        "takes": "schema",
        "examples": [
            {
                "prompt": "The lighthouse Cape Wrath was built in 1828 and is 20 m high.",
                "schema": '{"lighthouse": "string", "built": "integer", "height": "integer"}',
            }
        ],
        "limitations": ["flat objects and one nested object; short sentences"],
    },
}
FIELDS = frozenset(
    "task_type peft_type r lora_alpha lora_dropout target_modules use_dora use_rslora rank_pattern "
    "alpha_pattern bias modules_to_save fan_in_fan_out inference_mode init_lora_weights "
    "peft_version".split()
)
"""What of PEFT's configuration goes into the package; the rest are switches that are off."""


def main() -> None:
    """Reads the arguments, gathers the folder, packs it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=sorted(EXPERTS))
    parser.add_argument(
        "adapter",
        type=Path,
        nargs="+",
        help="folders or .expert files; several states of one training are averaged",
    )
    parser.add_argument("target", type=Path)
    parser.add_argument(
        "--generator", help="the module that made the lessons; the task's own by default"
    )
    parser.add_argument("--metrics", type=Path, help="what training.evaluate printed")
    parser.add_argument("--steps", type=int, help="training steps, for the manifest")
    parser.add_argument("--base", default=BASE, help="the base model's name")
    parser.add_argument(
        "--people", help='what benchmarks.people printed: "21 right, 200 ran, of 200"'
    )
    parser.add_argument(
        "--think", action="store_true", help="it was trained with think blocks (training.thoughts)"
    )
    args = parser.parse_args()
    if args.think:
        EXPERTS[args.task]["name"] += "-thinking"
        EXPERTS[args.task]["decoding"]["reasoning"] = {"max_tokens": THOUGHT}
    args.generator = args.generator or args.task
    with tempfile.TemporaryDirectory() as folder:
        gather(args, Path(folder))
        args.target.mkdir(parents=True, exist_ok=True)
        archive = pack(Path(folder), args.target / default_name(read_manifest(Path(folder))))
    print(f"{archive}: {archive.stat().st_size / 1e6:.1f} MB")


def gather(args: argparse.Namespace, folder: Path) -> None:
    """The package's files."""
    adapters = [adapter_folder(adapter) for adapter in args.adapter]
    config = json.loads((adapters[-1] / "adapter_config.json").read_text())
    config = {k: v for k, v in config.items() if k in FIELDS}
    config["base_model_name_or_path"] = args.base
    config["target_modules"] = sorted(config["target_modules"])
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))
    states = [load_file(adapter / "adapter_model.safetensors") for adapter in adapters]
    means = {k: torch.stack([state[k] for state in states]).mean(0) for k in states[0]}
    tensors = {k: mean.to(torch.bfloat16) for k, mean in means.items()}
    save_file(tensors, folder / "adapter_model.safetensors")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(models_dir() / args.base / name, folder / name)
    (folder / "manifest.json").write_text(json.dumps(manifest(args, config), indent=2))


def manifest(args: argparse.Namespace, config: dict[str, Any]) -> dict[str, Any]:
    about = dict(EXPERTS[args.task])
    decoding = about.pop("decoding")
    if args.people:
        about["limitations"] = [*about["limitations"], f"asked by people: {args.people}"]
    kind = "dora" if config["use_dora"] else "lora"
    adapter = {
        "type": kind,
        "target_modules": config["target_modules"],
        "r": config["r"],
        "alpha": config["lora_alpha"],
    }
    return {
        "name": about.pop("name"),
        "version": VERSION,
        "schema_version": "2.0",
        "prompt": {"dialect": "none"},  # lessons of SQL have a dialect's line where they name one
        **about,
        "author": "expertserve",
        "license": "Apache-2.0",
        "base_models": [{"name": args.base, "prompt_template": "chatml", "adapters": [adapter]}],
        "constraints": {"load_order": 1, "incompatible_with": [], "requires": []},
        "training": {
            "dataset": {"path": f"training/{args.generator}.py", "format": "generated"},
            "config": {"method": "sft", "adapter_type": kind, "steps": args.steps},
            "decoding": decoding,
        },
        "quality_metrics": json.loads(args.metrics.read_text()) if args.metrics else {},
    }


if __name__ == "__main__":
    main()
