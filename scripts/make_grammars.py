"""Writes what no hand should: rules for "a name that is not a keyword", which GBNF has no negation for, and the SQL dialects.

    python scripts/make_grammars.py          # rewrites grammars/*.gbnf in place
    python scripts/make_grammars.py --check  # says whether they are up to date

`sql.gbnf` and `cypher.gbnf` are written by hand but for the part below their mark; `sql-postgres.gbnf` and `sql-sqlite.gbnf` are `sql.gbnf`
with the rules of `scripts/dialects/*.gbnf` in place of its own, or besides them.
"""

from __future__ import annotations

import re
import string
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

GRAMMARS = Path(__file__).parent.parent / "grammars"
DIALECTS = Path(__file__).parent / "dialects"
MARK = "# ---- below: written by scripts/make_grammars.py ----\n"
REST = 32
"""How many characters a name may have beyond the part that it shares with a keyword: it is at most 40 long, or so."""

# Words that can't be a name in every place where the grammars have one, found by trying all keywords in all these places.
SQLITE = """
add all alter and as autoincrement between case cast check collate commit constraint create cross current_date current_time
current_timestamp default deferrable delete distinct drop else end escape except exists false filter foreign from full glob group
having in index indexed inner insert intersect into is isnull join left like limit match natural not nothing notnull null offset on
or order outer over primary raise recursive references regexp returning right select set table then to transaction true union unique
update using values when where window with
"""
POSTGRES = """
all analyse analyze and any array as asc asymmetric authorization between binary both case cast check collate collation column
concurrently constraint create cross current_catalog current_date current_role current_schema current_time current_timestamp
current_user default deferrable desc distinct do else end except exists false fetch filter for foreign freeze from full grant group
having ilike in initially inner intersect interval into is isnull join lateral leading left like limit localtime localtimestamp
natural not notnull null offset on only or order outer over overlaps placing primary recursive references returning right select
session_user similar some symmetric system_user table tablesample then to trailing true union unique user using values variadic
verbose when where window with
"""
SQLGLOT = """
anti asof connect_by_root cube describe if lock partitioned_by qualify revoke rlike rollback rollup semi straight_join uncache xor
"""
"""Words that sqlglot alone stumbles over: the common dialect does without them."""
CYPHER = """
acyclic add all and any as asc ascending by call case cast column commit_skip_checkpoint constraint contains create dbtype default
delete desc descending detach distinct do drop else end ends exists false for glob group headers hint in install is join limit macro
mandatory match merge multi_join none not null of on only optional or order primary profile remove require return
rollback_skip_checkpoint scalar set shortest single skip starts table then trail true union unique unwind when where with wshortest
xor yield
"""
WORDS = {
    "sql": SQLITE + POSTGRES + SQLGLOT,
    "sql-postgres": POSTGRES,
    "sql-sqlite": SQLITE,
    "cypher": CYPHER,
}
HEADS = {
    "sql-postgres": "One SELECT that PostgreSQL parses (libpg_query 17), beyond what SQLite shares with it",
    "sql-sqlite": "One SELECT that SQLite parses (3.39 and later), beyond what PostgreSQL shares with it",
}


@dataclass(slots=True)
class Trie:
    """Keywords by their letters."""

    ends: bool = False
    next: dict[str, Trie] = field(default_factory=dict)


def trie(words: Iterable[str]) -> Trie:
    root = Trie()
    for word in words:
        at = root
        for letter in word:
            at = at.next.setdefault(letter, Trie())
        at.ends = True
    return root


def both_cases(letters: Iterable[str]) -> str:
    """A class of these letters, digits and underscores, letters in both cases: `[0-9A-Ca-c_]`."""
    codes = sorted({ord(c) for letter in letters for c in (letter.lower(), letter.upper())})
    runs = [
        [code for _, code in run]
        for _, run in groupby(enumerate(codes), key=lambda pair: pair[1] - pair[0])
    ]
    return (
        "["
        + "".join(
            chr(run[0]) if len(run) == 1 else f"{chr(run[0])}{'-' * (len(run) > 2)}{chr(run[-1])}"
            for run in runs
        )
        + "]"
    )


LETTERS = string.ascii_lowercase + "_"
LATER = LETTERS + string.digits


def after(node: Trie) -> str:
    """What may follow this beginning of a keyword, so that the whole is none."""
    if not node.next:
        return "name-more"
    options = [
        f"{both_cases(letter)} {after(child)}" for letter, child in sorted(node.next.items())
    ]
    options.append(f"{both_cases(c for c in LATER if c not in node.next)} name-rest")
    return f"({' | '.join(options)})" + ("" if node.ends else "?")


def name_rules(words: Iterable[str]) -> str:
    """Rules for `bare-name`: a name without quotes that is none of the words, in whatever case."""
    root = trie(words)
    lines = [
        f"name-{letter} ::= {both_cases(letter)} {after(child)}"
        for letter, child in sorted(root.next.items())
    ]
    free = both_cases(c for c in LETTERS if c not in root.next)
    names = " | ".join(f"name-{letter}" for letter in sorted(root.next))
    lines.append(f"bare-name ::= {names} | {free} name-rest")
    lines.append(f"name-more ::= [0-9A-Za-z_]{{1,{REST}}}")
    lines.append(f"name-rest ::= [0-9A-Za-z_]{{0,{REST}}}")
    return "\n".join(lines) + "\n"


def keyword_rules(text: str) -> str:
    """A rule for every reference in capitals: `GROUP ::= "GROUP" | "group"`, a dash standing for an underscore."""
    plain = re.sub(r'"(?:[^"\\\n]|\\.)*"|\[(?:[^\]\\]|\\.)*\]|#.*', "", text)
    found = sorted(set(re.findall(r"(?<![\w-])[A-Z]+(?:-[A-Z]+)*(?![\w-])", plain)))
    return "".join(
        f'{word} ::= "{word.replace("-", "_")}" | "{word.replace("-", "_").lower()}"\n'
        for word in found
    )


def with_names(text: str, words: str) -> str:
    head, taken = text.split(MARK)[0], sorted(set(words.split()))
    return f"{head}{MARK}{keyword_rules(head)}\n# A name without quotes is none of {len(taken)} keywords.\n{name_rules(taken)}"


RULE = re.compile(r"^([a-z][a-z0-9-]*) ::= ", re.M)


def rules_of(text: str) -> dict[str, str]:
    """Rules by name as they are written, each with the lines above it that belong to it."""
    starts = list(RULE.finditer(text))
    ends = [m.start() for m in starts[1:]] + [len(text)]
    return {m[1]: text[m.start() : end] for m, end in zip(starts, ends, strict=True)}


def dialect(name: str) -> str:
    """The common SQL with the rules of a dialect."""
    common = (GRAMMARS / "sql.gbnf").read_text().split(MARK)[0]
    head = f"# {HEADS[name]}.\n# Made from sql.gbnf and scripts/dialects/{name}.gbnf by scripts/make_grammars.py: change those."
    own = rules_of((DIALECTS / f"{name}.gbnf").read_text())
    text = head + common[common.index("\n\n") :]
    for rule, old in rules_of(text).items():
        if rule in own:
            trailing = old[len(old.rstrip()) :] if "\n#" not in old else old[old.index("\n#") :]
            text = text.replace(old, own.pop(rule).rstrip() + trailing)
    return (
        text.rstrip()
        + "\n\n# Only here\n"
        + "".join(rule.rstrip() + "\n" for rule in own.values())
        + "\n"
    )


def made(name: str) -> str:
    text = dialect(name) if name in HEADS else (GRAMMARS / f"{name}.gbnf").read_text()
    return with_names(text, WORDS[name])


def main() -> int:
    stale = []
    for name in WORDS:
        path = GRAMMARS / f"{name}.gbnf"
        text = made(name)
        if not path.exists() or path.read_text() != text:
            stale.append(path.name)
            if "--check" not in sys.argv:
                path.write_text(text)
    print("changed:" if stale else "up to date", *stale)
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
