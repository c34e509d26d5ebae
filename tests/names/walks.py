"""Random queries of a bound grammar, and random schemas with names as people choose them."""

from __future__ import annotations

import random

from expertserve.grammar.marks import NameMark, meaning
from expertserve.grammar.names.choices import Naming
from expertserve.grammar.names.scope import Scope
from expertserve.grammar.recognise import Grammar


def walk(grammar: Grammar, scope: Scope, rng: random.Random, size: int = 200) -> str:
    """A random sentence: of the grammar, and then of the names at each of its marks.

    Wherever a name stands half written, there is a way to its end.
    """
    roles = {mark.text: meaning(mark.what) for mark in grammar.marks}
    written = ""
    for char in grammar.sample(rng, size):
        what = roles.get(char)
        if not isinstance(what, NameMark):
            scope, written = scope.feed(char.encode()), written + char
            continue
        naming = scope.open(what.role)
        choice = naming.threads[0][0]
        name = b""
        while choice.ends is None or (choice.options and rng.random() < 0.5):
            Naming(naming.find, ((choice, b""),)).rest()
            option = rng.choice(sorted(choice.options))
            name, choice = name + option, naming.find(choice.options[option])
        scope, written = scope.after(choice.ends), written + name.decode()
    return written


THINGS = (
    "employee department order customer product book author category invoice payment address city"
    " country student course teacher school flight airport person status supplier ship room ticket"
    " match player team song album artist genre box bus company branch account group user index"
).split()
FIELDS = (
    "name title price qty amount dt created_at status city country email phone notes weight year"
    " rating score kind type start end date value total rank level position active first_name order"
    " group key desc from select count min max user index default check no num description"
).split()


def ddl(rng: random.Random, tables: int | None = None) -> str:
    """A random schema, as SQLite's DDL."""
    style = rng.choice(("snake", "camel", "pascal", "quoted"))
    prefix = rng.choice(("", "", "tbl_", "dim_", "T"))
    plural = rng.random() < 0.5
    things = rng.sample(THINGS, tables or rng.randint(1, 6))
    names = [_styled(prefix + t + ("s" if plural else ""), style) for t in things]
    made = []
    for at, name in enumerate(names):
        key = rng.choice(("id", "{}_id", "{}Id", "ID", "no", "{}_no")).format(things[at])
        columns = {_styled(key, style): "INTEGER PRIMARY KEY"}
        for field in rng.sample(FIELDS, rng.randint(1, 6)):
            columns[_styled(field, style)] = rng.choice(("TEXT", "INTEGER", "REAL"))
        for other in rng.sample(range(at + 1), rng.randint(0, min(at + 1, 2))):
            tie = rng.choice(("{}_id", "{}Id", "fk_{}")).format(things[other])
            named = rng.choice((f" REFERENCES {names[other]}", "", ""))
            columns[_styled(tie, style)] = f"INTEGER{named}"
        kept = {name.strip('"').lower(): (name, kind) for name, kind in columns.items()}
        held = ", ".join(f"{name} {kind}" for name, kind in kept.values())
        made.append(f"CREATE TABLE {name} ({held});")
    return "\n".join(made)


RESERVED = set("order group index default check from select user key desc end".split())


def _styled(name: str, style: str) -> str:
    words = name.replace("T", "t_", 1).split("_") if name[0] == "T" else name.split("_")
    if style == "camel":
        name = words[0].lower() + "".join(w.title() for w in words[1:])
    elif style == "pascal":
        name = "".join(w.title() for w in words)
    elif style == "quoted":
        return '"' + " ".join(w.title() for w in words) + '"' if len(words) < 3 else name
    return f'"{name}"' if name.lower() in RESERVED else name


def big(rng: random.Random, tables: int, columns: int = 3) -> str:
    """A schema of many tables, each with foreign keys to some of those before it."""
    made = []
    for at in range(tables):
        held = ["id INT PRIMARY KEY"]
        held += [f"{field} TEXT" for field in rng.sample(FIELDS[:18], columns)]
        for other in sorted(rng.sample(range(at), min(at, (columns + 1) // 2))):
            held.append(f"{_thing(other)}_id INT REFERENCES {_thing(other)}")
        made.append(f"CREATE TABLE {_thing(at)} ({', '.join(held)});")
    return "\n".join(made)


def _thing(at: int) -> str:
    return THINGS[at % len(THINGS)] + (
        "_" + THINGS[at // len(THINGS)] if at >= len(THINGS) else "s"
    )
