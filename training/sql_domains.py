"""The worlds that SQL questions are asked about: `training/data/sql_train.txt` and `sql_test.txt`.

A table is `plural singular: column …`; the first text column is what "which …" asks for. Columns:
`name@pool` text from a pool, `name#low-high` whole number, `name$low-high` decimal, `name%` date,
`name>table` foreign key. A blank line separates worlds.
"""

from __future__ import annotations

from dataclasses import dataclass

from training.records import DATA, read


@dataclass(frozen=True, slots=True)
class Pool:
    """Values of text columns: separated by blanks, or by bars where they contain blanks."""

    pool: str
    values: str


@dataclass(frozen=True, slots=True)
class Superlative:
    """What English says for a column with words of its own: highest, lowest, above, below."""

    column: str
    phrases: tuple[str, str, str, str]


TRAIN = (DATA / "sql_train.txt").read_text(encoding="utf-8")
TEST = (DATA / "sql_test.txt").read_text(encoding="utf-8")
POOLS = {pool.pool: pool.values for pool in read("sql_pools.jsonl", Pool)}
SUPERLATIVES = {s.column: s.phrases for s in read("sql_superlatives.jsonl", Superlative)}
FIRST = (
    "Ann Bob Carla David Elena Felix Grace Hugo Irene Jonas Karen Liam Marta Nina Oscar Paula Ravi"
    " Sofia Tom Vera".split()
)
LAST = (
    "Lee Smith Garcia Novak Brown Silva Kim Rossi Meyer Clark Patel Lopez Weber Adams Costa Young"
).split()
WORDS = (
    "Silver Golden Hidden Silent Northern Broken Summer Winter Crimson Distant Lost Bright Ancient"
    " Wild Emerald Quiet Lucky Royal Sunny Iron"
).split()
THINGS = (
    "River Garden Star Harbor Road Forest Mirror Castle Bridge Island Storm Valley Letter Moon"
    " Lantern Falcon Crown Tower Echo Dream"
).split()
