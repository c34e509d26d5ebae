"""Checks that every relative link and image in Markdown leads to a file that exists, and every
anchor to a heading.

python scripts/check_links.py

Nothing is fetched: links to other sites are not followed. Anchors are those that the site's
headings get.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"\]\(([^)\s]+)[^)]*\)")
REFERENCE = re.compile(r"^\[[^\]]+\]: (\S+)", re.MULTILINE)
CODE = re.compile(r"^( *)```.*?^\1```|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    """Everything in Markdown that people read here."""
    return [
        *sorted(ROOT.glob("*.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted((ROOT / "examples").rglob("*.md")),
    ]


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors of a page's headings, as Python-Markdown makes them."""
    found: dict[str, int] = {}
    text = re.sub(
        r"^( *)```.*?^\1```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        slug = re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower())
        found[slug] = found.get(slug, -1) + 1
    return frozenset(
        slug if not n else f"{slug}_{n}" for slug, most in found.items() for n in range(most + 1)
    )


def links(page: Path) -> list[str]:
    """A page's links, outside of code."""
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    return [*LINK.findall(text), *REFERENCE.findall(text)]


def broken(page: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    found = []
    for link in links(page):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            found.append(f"{page.relative_to(ROOT)}: {link}: nothing is there")
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            found.append(f"{page.relative_to(ROOT)}: {link}: no such heading")
    return found


def main() -> None:
    """Prints the broken links; exit status 1 where there are any."""
    wrong = [line for page in pages() for line in broken(page)]
    print(
        "\n".join(wrong)
        or f"{len(pages())} pages, {sum(len(links(p)) for p in pages())} links, none broken"
    )
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
