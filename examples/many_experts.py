"""Several experts on one base model, mixed in one batch; then `auto`, which finds the expert that
fits.

python examples/many_experts.py
"""

from __future__ import annotations

from pathlib import Path

from expertserve import ExpertManager, GenerateArgs

EXPERTS = Path(__file__).parent / "experts"
Job = tuple[str, str | None, GenerateArgs]
JOBS: tuple[Job, ...] = (
    (
        "sql",
        "How many lighthouses are in Norway?",
        {"schema": "CREATE TABLE lighthouses (id INTEGER PRIMARY KEY, name TEXT, country TEXT);"},
    ),
    (
        "cypher",
        "List the designers living in Dublin.",
        {
            "schema": (
                "(:Designer {name: STRING, city: STRING})\n(:Garment {name:"
                " STRING})\n(:Designer)-[:DESIGNED]->(:Garment)"
            )
        },
    ),
    (
        "json",
        "The tapestry in the Seville Museum is from the year 497.",
        {"schema": '{"museum": "string", "exhibit": "string", "dated": "integer"}'},
    ),
    (
        "sql",
        "List the titles of books by Ana.",
        {"schema": "CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT, author TEXT);"},
    ),
)


def load_all(manager: ExpertManager, folder: Path = EXPERTS) -> list[str]:
    """Loads every package of a folder: `expert-sql-….expert` as `sql`."""
    return [
        manager.load_expert(path.name.split("-")[1], path).name
        for path in sorted(folder.glob("*.expert"))
    ]


def ask_all(manager: ExpertManager, names: list[str]) -> list[tuple[str, str]]:
    """One batch over the experts that are loaded: who answered, and what."""
    jobs = [job for job in JOBS if job[0] in names]
    return [
        (f"{r.expert.name} {r.expert.digest[:12]}", r.text) for r in manager.generate_many(jobs)
    ]


def main() -> None:
    with ExpertManager() as manager:
        names = load_all(manager)
        for who, text in ask_all(manager, names):
            print(f"{who:28}{text}")
        for info in manager.list_loaded_experts():
            print(
                f"{info.name:8}{info.adapter_type} of rank {info.adapter_rank},"
                f" {info.adapter_bytes / 1e6:.1f} MB, in a {info.state}"
            )
        question = "Write an SQL query: how many orders are there?"
        for route in manager.route(question):
            print(f"{route.name:24}fits with {route.score:.2f} ({route.why})")
        print(f"{'auto':24}{manager.generate('auto', question).text}")


if __name__ == "__main__":
    main()
