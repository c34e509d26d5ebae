"""The table of architectures in docs/bases.md, from what `tests/engine/test_architectures.py` holds
the engine to.

Usage: python scripts/architecture_page.py [--check]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.architectures import ARCHITECTURES, BASE_DIFFERS, NOT_TRIED, REFUSED

PAGE = Path(__file__).resolve().parents[1] / "docs" / "bases.md"
BEGIN, END = "<!-- architectures -->\n", "<!-- /architectures -->\n"


def rows() -> Iterator[str]:
    yield "| transformers' `model_type` | LoRA and DoRA beside the base, float32, against PEFT |"
    yield "|---|---|"
    for one in ARCHITECTURES:
        name = one.model_type
        if name in REFUSED:
            yield f"| `{name}` | refused: “{REFUSED[name]}” |"
        elif name in BASE_DIFFERS:
            far = f"{BASE_DIFFERS[name]:.0e}"
            yield f"| `{name}` | as far as vLLM's own base is from transformers: {far} |"
        else:
            yield f"| `{name}` | within 1e-5 |"
    for name, why in NOT_TRIED.items():
        yield f"| `{name}` | not tried: {why} |"


def page() -> str:
    """The whole page with the table as it should be."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    return before + BEGIN + "\n".join(rows()) + "\n" + END + rest.split(END)[1]


def main() -> int:
    wanted = page()
    if "--check" not in sys.argv:
        PAGE.write_text(wanted, encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != wanted:
        print(f"{PAGE} is not current: run scripts/architecture_page.py", file=sys.stderr)
        return 1
    print("docs/bases.md is current")
    return 0


if __name__ == "__main__":
    sys.exit(main())
