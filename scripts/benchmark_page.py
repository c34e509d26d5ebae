"""Writes docs/benchmarks.md from benchmarks/results/*.json: a table and bars for each, with the machine.

python scripts/benchmark_page.py          # writes it
python scripts/benchmark_page.py --check  # fails where it is not current
"""

from __future__ import annotations

import json
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
EXPERTS = ROOT / "examples" / "experts"
PAGE = ROOT / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

```sh
make bench
```

measures again what compares two sides or counts, in over an hour on two cores; other commands stand below their tables. This page is made
from `benchmarks/results/*.json` by `python scripts/benchmark_page.py`. Each table asks one question. Where two sides are compared, they
take turns in one run, so that a slow minute of the machine hits both. Read ratios before absolute figures: the latter are one machine's.

**GPUs: not measured.** There was none. Nothing here says how fast anything is on one.
"""
ABOUT = {
    "routing": """Does `auto` find the expert for a prompt? The three demo experts, {questions} questions each from their test splits, and
{strangers} prompts for none of them.

Read with care. The prompts come from the same generators as the training data, and the manifests' keywords were chosen by people who knew
these; the prompts for none of the experts were **not held out**. A bare question such as “How many designers live in Dublin?” could be for
either database: the SQL expert's higher priority then decides, and so the Cypher expert is hardly ever first without its schema. A sentence
to extract facts from doesn't say that JSON is wanted. Send the schema, or say in the prompt what you want, or name the expert.""",
    "routing_simulation": """Does it pay, on many replicas, to send requests where their expert is warm? **A simulation**, not measured:
engine steps and load times in it are fitted to what was measured on one machine, or guessed where it says so.""",
    "routing_day": """And over a day, in a fleet whose packages lie in object storage, whose replicas die and come back, and whose users change
their favourites? **A simulation** with the same engines; what a fetch, a death and demand are like in it is guessed.""",
    "schemas": """Are JSON schemas held right, and what does it cost? {schemas} schemas of JSONSchemaBench with its valid and invalid
instances, on {base}'s vocabulary, an engine after the other on each. `right` is taken and without a wrong verdict. A compile is cold: the
vocabulary is known, the schema isn't; ours goes through a child process, bounded in time and memory, and a file. Where the folder of schemas
isn't there, nothing is measured.""",
    "grounded": """What values cost that are spans of the user's text: a text's first use, and a token. The recogniser that follows every
answer comes on top of the mask, in another process.""",
    "large": """At the size that people use: a base of 1.4 billion random parameters in bfloat16, adapters of rank 64, 280 MB each. "Plain" is
vLLM's own engine, with a cache of 1 GiB.""",
    "names": """What names that are bound to a schema add to the first token, with a new schema each round whose prompt the engine knows, and how many
of 120 answers to questions over schemas of five tables SQLite runs.""",
    "reasoning": """What a think block before a grammar costs: tokens a second with one beside the grammar alone, in one engine, answers of
one length.""",
    "soft_prompts": """What being ready for soft prompts costs an engine, and what a soft prompt costs a request: tokens a second beside an engine
that isn't ready for any.""",
    "grammar": """What grammars cost: a mask, compiling and loading a grammar, and tokens per second in the engine, with one and without.
Each side decodes the same numbers of tokens. "Decoding" counts from each request's first token, so it leaves prefilling out. The worst
mask of the published SQL grammar comes in a sentence with seventy `NOT` in a row.""",
    "facade": "What the facade costs beside vLLM's `AsyncLLM` with the same worker extension; latencies are in seconds.",
    "parity": """What the library costs beside the same work by hand with transformers and PEFT, on both engines, and how much more
memory it takes than its engine alone. A prompt's figures are seconds a token, a batch's tokens a second.""",
    "llama_cpp": """The SQL expert here and in llama.cpp, with and without its grammar, in tokens a second. llama.cpp runs the published
4-bit file, as its users would, one prompt after the other, and two files that its own quantiser made of it; ours the same weights
unquantised, and an int8 copy of them, with drafts, none of them from earlier answers.""",
    "drafts": """Do [drafts](drafts.md) pay? Tokens a second with drafts over the same without: the demo experts on schemas that neither training
nor habits had, greedy, each in its own grammar. Earlier answers were not drafted from.""",
    "drafts_float32": """The same on a CPU without AVX-512, in float32, where arithmetic is dearer beside memory, so that a wide step is; with the
drafts of that day, which look at how words are written. The table above was measured before that.""",
    "people": """How do the demo's experts (`examples/experts-0.5b`) do on questions by people? 200 on 20 schemas, 100 on 10 graphs, 100 sentences,
written by people who had not seen the generators, and not trained on (`benchmarks/people/`). An answer is right where its rows, or its object,
are. The packages' defaults hold; “unrestricted” leaves names free.""",
    "people_experts": """The same questions to the small experts of `examples/experts`, on SmolLM2-135M-Instruct. The Cypher expert's package leaves
out the line with the dialect, with which it was trained; with it, one more was right in an earlier run.""",
    "fuzz": """Is there an input that breaks a promise? Every door that takes a stranger's bytes, with inputs drawn nearly sound and inputs
mutated towards code that none had reached; what counts as broken is in [the security page](security.md). Not a measure of speed.""",
    "soak": """Does a server stay as it is under mixed traffic, with experts coming and going, a cache that is too small for them, hang-ups and bad requests? Memory and handles
are compared between the middle and the last third; at most the growth that is allowed counts as clean.""",
    "start": """How long until an answer, how fast is one prompt, and what does one expert hold? A LoRA of rank 8 on the demo base, no
drafts, else default settings, a prepared package on a warm disk, each start a process of its own. "Before" is this repository at the commit that the notes name.""",
    "neighbours": """What do others wait while one key sends costly grammars, sixteen at once, no two alike? Two clients of another key
ask short questions. "Stolen" are seconds that the hypervisor gave both cores to others: it does so once compilers take their idle time.""",
    "many": """And many experts behind a server, beside `vllm serve` with the same adapters as plain LoRA modules, asked evenly and as
Zipf's law has it, by streaming clients? Ours has its default settings, which are a slot for each adapter, at most 256; theirs is there with
as many, and for 200 with 8, too. In bfloat16: 200 experts, Zipf, 32 clients, by an earlier form of this benchmark.""",
    "many_float32": """The same in float32 on a CPU without AVX-512, where a step takes some three times as long: 20, 200 and 1,000 experts, asked evenly and by Zipf's law, by 8 clients with three questions each in a round and by 32 with one.""",
    "thousand": """And with a thousand experts, many more than the engine has slots for, asked as Zipf's law has it, beside four that are always
there?""",
    "manager": "What the manager costs: hot swaps, mixed batches, streams.",
    "adapters": """What adapters cost: tokens per second beside the base model alone, beside stock vLLM, and beside transformers with PEFT
doing the same work. "Base" is the same engine asked without an adapter. "Stock" is vLLM's `AsyncLLM` with the same settings and requests,
and nothing of ours in its processes.""",
    "adapters_float32": """The same questions on a CPU without AVX-512, which would emulate bfloat16: all sides compute in
float32 there.""",
    "fleet": """What does a folder of very many experts cost? {packages:,} packages of 3.7 MB on the demo base, each with weights of its own, and
{many:,} tiny ones; the engine is a fake one. Starts are in seconds, and like the memory beyond those with one package. The disk's own cache
is warm. Sharing a tokenizer and being plain LoRAs, these packages are what the cache stores best: a DoRA's form takes twice as much.""",
    "server": """What the server costs: the same four adapters under 32 streaming clients, beside `vllm serve` with them as plain LoRA
modules, and beside our own manager without a server. First token and ready are in seconds.""",
}
TITLES = {
    "first": "it is first",
    "fits": "it is among those that fit",
    "none": "none fits",
    "wrong": "another is first",
}
COMMANDS = {
    "facade": "python -m benchmarks.manager",
    "fuzz": "make fuzz",
    "soak": "make soak",
    "schemas": "python -m benchmarks.schemas FOLDER",
    "adapters_float32": "python -m benchmarks.adapters",
    "drafts_float32": "python -m benchmarks.drafts",
    "many_float32": "python -m benchmarks.many",
    "people_experts": "python -m benchmarks.people --experts examples/experts",
}  # where it isn't the module of that name
WIDTH = 20
MOST_ROWS = 40


def page() -> str:
    """The whole page, as Markdown."""
    results = [
        json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))
    ]
    parts = [HEAD, *demo_experts(), *(part for result in results for part in section(result))]
    missing = [name for name in ABOUT if name not in {r["benchmark"] for r in results}]
    if missing:
        parts.append(
            f"## Not measured yet\n\n{', '.join(f'`{name}`' for name in missing)}: no results lie in `benchmarks/results`.\n"
        )
    return "\n".join(parts).rstrip() + "\n"


def demo_experts() -> Iterator[str]:
    """What the demo packages' manifests say of themselves."""
    yield "## The demo experts\n"
    yield "From the manifests of `examples/experts`, the small set; how they were trained and judged, and what the figures don't say, is in"
    yield "[the demo experts](experts.md).\n"
    yield "| expert | adapter | MB | training steps | questions | right | base model | judged by |\n|---|---|---|---|---|---|---|---|"
    for package in sorted(EXPERTS.glob("*.expert")):
        with tarfile.open(package) as archive:
            member = archive.extractfile("manifest.json")
            assert member
            manifest = json.load(member)
        adapter, said = manifest["base_models"][0]["adapters"][0], manifest["quality_metrics"]
        right, base = (
            f"{100 * said[key]:.1f} %"
            for key in ("execution_accuracy", "base_model_execution_accuracy")
        )
        judged = said["benchmark"].partition(",")[0]
        kind = {"lora": "LoRA", "dora": "DoRA", "ia3": "IA³"}.get(adapter["type"], adapter["type"])
        size = f"{package.stat().st_size / 1e6:.1f}"
        row = (
            manifest["name"],
            f"{kind}, rank {adapter['r']}",
            size,
            said["training_steps"],
            said["test_queries"],
            right,
            base,
            judged,
        )
        yield f"| {' | '.join(map(str, row))} |"
    yield ""


def section(result: Mapping[str, Any]) -> Iterator[str]:
    """One benchmark: what it asks, its tables, its machine, its command."""
    name = result["benchmark"]
    yield f"## {name.replace('_', ' ').capitalize()}\n"
    if name in ABOUT:
        yield ABOUT[name].format(**result) + "\n"
    if "answers" in result:
        yield from answers(result["answers"])
    if "medians" in result:
        yield from bars(result["medians"])
    if name == "routing":
        yield from shares(result["rows"])
        yield "| experts loaded | milliseconds for a prompt |\n|---|---|"
        yield (
            "\n".join(f"| {count} | {value:g} |" for count, value in result["milliseconds"].items())
            + "\n"
        )
    else:
        for key, value in result.items():
            if key not in ("benchmark", "day", "machine", "answers", "medians", "rounds", "notes"):
                yield from anything(key, value)
    image = PAGE.parent / "images" / f"{name.replace('_', '-')}.svg"
    if image.is_file():
        yield f"![{name}: plotted](images/{image.name})\n"
    notes = ", ".join(f"{key} {plain(value)}" for key, value in result.get("notes", {}).items())
    where = f"Measured {result['day']}. " if "day" in result else ""
    where += f"Machine: {machine(result['machine'])}. " if "machine" in result else ""
    yield f"{where}{f'Settings: {notes}. ' if notes else ''}Command: `{COMMANDS.get(name, f'python -m benchmarks.{name}')}`.\n"


def anything(key: str, value: object) -> Iterator[str]:
    """A value of a benchmark that nothing above knows: one figure, or a table. Long tables stay in their file."""
    title = key.replace("_", " ")
    if (
        isinstance(value, dict)
        and value
        and all(isinstance(inner, dict) for inner in value.values())
    ):
        value = [{"": name, **inner} for name, inner in value.items()]
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        if len(value) > MOST_ROWS:
            yield f"{len(value)} {title} are in the results' JSON file.\n"
            return
        columns = list(dict.fromkeys(column for row in value for column in row))
        yield f"{title.capitalize()}:\n\n| {' | '.join(c.replace('_', ' ') for c in columns)} |\n|{'---|' * len(columns)}"
        yield (
            "\n".join(f"| {' | '.join(plain(row.get(c, '–')) for c in columns)} |" for row in value)
            + "\n"
        )
    else:
        yield f"{title.capitalize()}: {plain(value)}.\n"


def plain(value: object) -> str:
    """A figure, or several, in a cell."""
    if isinstance(value, dict):
        return ", ".join(f"{key}: {plain(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    return f"{value:,.4g}" if isinstance(value, float) else str(value).replace("|", "\\|")


def answers(rows: list[Mapping[str, Any]]) -> Iterator[str]:
    """Figures, mostly one side's median over another's; the bar is what they should reach."""
    yield "| question | answer | bar | |\n|---|---|---|---|"
    for row in rows:
        verdict = "" if row["bar"] == "–" else "met" if row["met"] else "**not met**"
        before = (
            f"{verdict and ', '}worse than before: {row['before']:g}" if "before" in row else ""
        )
        yield f"| {row['question']} | {row['value']:g} | {row['bar']} | {verdict}{before} |"
    yield ""


def bars(medians: Mapping[str, float]) -> Iterator[str]:
    """Medians as bars, the longest the largest."""
    largest = max(medians.values())
    yield "| median | | |\n|---|---|---|"
    for side, value in medians.items():
        yield f"| {side} | {value:.4g} | `{bar(value / largest)}` |"
    yield ""


def shares(rows: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """Shares in percent, with a bar for the first column."""
    columns = list(next(iter(rows.values())))
    yield f"| | {' | '.join(TITLES.get(c, c) for c in columns)} | |\n|---|{'---|' * (len(columns) + 1)}"
    for name, values in rows.items():
        cells = " | ".join(f"{100 * values[c]:.1f} %" for c in columns)
        shown = (
            values["none"]
            if values.get("first") == 0 and "none of them" in name
            else values[columns[0]]
        )
        yield f"| {name.replace('json_extract', 'json')} | {cells} | `{bar(shown)}` |"
    yield "\nThe bar is the share that is right: for the prompts for none of them, that none fits.\n"


def bar(share: float) -> str:
    full = round(share * WIDTH)
    return "█" * full + "·" * (WIDTH - full)


def machine(facts: Mapping[str, Any]) -> str:
    versions = [f"{k} {v}" for k, v in facts.items() if k not in ("cpu", "cores", "memory_gib")]
    return f"{facts['cpu']}, {facts['cores']} cores, {facts['memory_gib']} GiB, no GPU; {', '.join(versions)}"


def main() -> None:
    """Writes the page, or with `--check` compares it; exit status 1 where it differs."""
    if "--check" in sys.argv[1:]:
        current = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page()
        print(
            "docs/benchmarks.md is current"
            if current
            else "docs/benchmarks.md is not current: run python scripts/benchmark_page.py"
        )
        sys.exit(not current)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
