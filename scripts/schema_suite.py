"""Runs the JSON-Schema-Test-Suite, and writes what deviates into docs/json-schema-suite.md.

An instance counts as let through where some order of its properties is: an answer's properties come
in the schema's order. A value that may be spelt in several ways is spelt in ours.

python scripts/schema_suite.py SUITE [--check]
"""

from __future__ import annotations

import itertools
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from expertserve.errors import ConfigError
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.schema import rules

PAGE = Path(__file__).parent.parent / "docs" / "json-schema-suite.md"
DRAFTS = ("draft7", "draft2020-12")
MOST_ORDERS = 1_000
HEAD = """# The JSON-Schema-Test-Suite

What `scripts/schema_suite.py` finds, run by the tests. Schemas that are refused let nothing wrong
through; the others are compared instance by instance. [JSON schemas](json-schema.md) says what is
read.

"""


@dataclass(slots=True)
class Outcome:
    """What one draft's files showed.

    Args:
        lets: Invalid instances that are let through.
        forbids: Valid ones that aren't.
        refused: Reason → how many schemas.
    """

    tests: int = 0
    schemas: int = 0
    lets: list[str] = field(default_factory=list)
    forbids: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)


def run(folder: Path) -> Outcome:
    """Runs one draft's files."""
    outcome = Outcome()
    for file in sorted(folder.glob("*.json")):
        for group in json.loads(file.read_text(encoding="utf-8")):
            outcome.schemas += 1
            outcome.tests += len(group["tests"])
            place = f"{file.stem}: {group['description']}"
            grammar = _grammar(group["schema"], outcome, group["tests"])
            if grammar is None:
                continue
            for test in group["tests"]:
                taken = any(grammar.accepts(text) for text in spellings(test["data"]))
                if taken and not test["valid"]:
                    outcome.lets.append(f"{place}: {test['description']}")
                if test["valid"] and not taken:
                    outcome.forbids.append(f"{place}: {test['description']}")
    return outcome


def _grammar(schema: object, outcome: Outcome, tests: list[dict[str, object]]) -> Grammar | None:
    whole = {"allOf": [schema]} if isinstance(schema, bool) else schema
    assert isinstance(whole, dict)
    try:
        return Grammar(rules(whole))
    except ConfigError as error:
        if "lets no value through" in error.message and not any(t["valid"] for t in tests):
            return None
        message = re.sub(r"refers to '[^']*'", "refers to an address", error.message)
        reason = message.partition(": ")[2].split("; ")[0].split(": ")[0]
        outcome.refused[reason if len(reason) < 90 else reason[:90]] += 1
        return None


def spellings(value: object) -> Iterator[str]:
    """The value's texts, in every order of its properties up to a bound."""
    return itertools.islice(_spelt(value), MOST_ORDERS)


def _spelt(value: object) -> Iterator[str]:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        yield from (str(int(value)), json.dumps(value))
    elif isinstance(value, int) and not isinstance(value, bool):
        yield from (str(value), f"{value}.0", json.dumps(float(value)))
    elif isinstance(value, list):
        for items in itertools.product(*([*itertools.islice(_spelt(v), 24)] for v in value)):
            yield f"[{', '.join(items)}]"
    elif isinstance(value, dict):
        for order in itertools.permutations(value):
            each = ([*itertools.islice(_spelt(value[name]), 24)] for name in order)
            for texts in itertools.product(*each):
                names = (json.dumps(name, ensure_ascii=False) for name in order)
                pairs = (f"{n}: {t}" for n, t in zip(names, texts, strict=True))
                yield f"{{{', '.join(pairs)}}}"
    else:
        yield json.dumps(value, ensure_ascii=False)


def page(suite: Path) -> str:
    """The page, from a run."""
    text = HEAD
    for draft in DRAFTS:
        found = run(suite / draft)
        refused = sum(found.refused.values())
        text += f"## {draft}\n\n{found.schemas} schemas with {found.tests} instances; "
        text += f"{refused} schemas are refused.\n\n| what | where |\n|---|---|\n"
        text += "".join(f"| invalid, and let through | {_cell(x)} |\n" for x in found.lets)
        text += "".join(f"| valid, and forbidden | {_cell(x)} |\n" for x in found.forbids)
        for reason, count in sorted(found.refused.items(), key=lambda pair: (-pair[1], pair[0])):
            text += f"| refused, {count} × | {_cell(reason)} |\n"
        text += "\n"
    return text.rstrip() + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def main() -> None:
    """Writes the page, or with --check compares it."""
    suite = Path(sys.argv[1])
    made = page(suite)
    if "--check" in sys.argv:
        sys.exit(made != PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
