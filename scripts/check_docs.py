"""Measures how much of the public API is documented, and fails below 100 %.

Public is what `expertserve.__all__` names, and every class, method and function that docs/api
shows. Each needs a docstring. Arguments of the classes in `__all__` have to be described by name:
in the method, its class, or where either points (“See `X`”). Each of these classes has an example.

python scripts/check_docs.py
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import expertserve

ROOT = Path(__file__).parent.parent
SHOWN = re.compile(r"^::: (\S+)$", re.MULTILINE)
SEE = re.compile(r"`(\w+(?:\.\w+)*)`")
PLAIN = ("self", "cls", "args", "kind", "error", "trace")
"""Arguments that need no words: Python's own, and those of context managers."""


@dataclass(frozen=True)
class Name:
    """One public name: where it stands, and what it is."""

    path: str
    thing: object

    @property
    def doc(self) -> str:
        """Its own docstring; a dataclass's generated one doesn't count."""
        doc = (self.thing.fget if isinstance(self.thing, property) else self.thing).__doc__ or ""
        return "" if doc.startswith(f"{self.path.rpartition('.')[2]}(") else doc


def shown() -> list[Name]:
    """What docs/api names: modules, classes and functions."""
    paths = [
        path
        for page in sorted((ROOT / "docs" / "api").glob("*.md"))
        for path in SHOWN.findall(page.read_text(encoding="utf-8"))
    ]
    return [Name(path, found(path)) for path in paths]


def found(path: str) -> object:
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError:
        home, _, name = path.rpartition(".")
        return getattr(importlib.import_module(home), name)


def members(name: Name) -> Iterator[Name]:
    """The name itself, and what is public in it."""
    thing = name.thing
    if inspect.ismodule(thing):
        for key, value in vars(thing).items():
            if (
                not key.startswith("_")
                and getattr(value, "__module__", None) == thing.__name__
                and (isinstance(value, type) or inspect.isfunction(value))
            ):
                yield from members(Name(f"{name.path}.{key}", value))
        return
    yield name
    if isinstance(thing, type):
        for key, value in vars(thing).items():
            inner = value.__func__ if isinstance(value, classmethod | staticmethod) else value
            if not key.startswith("_") and (
                inspect.isfunction(inner) or isinstance(inner, property)
            ):
                yield Name(f"{name.path}.{key}", inner)


def public() -> list[Name]:
    """Every public name once."""
    return list({name.path: name for one in shown() for name in members(one)}.values())


def undocumented(names: list[Name]) -> list[str]:
    return [name.path for name in names if not name.doc.strip()]


def not_shown(names: list[Name]) -> list[str]:
    """Names of `__all__` that no page shows."""
    things = [name.thing for name in names]
    return [
        name
        for name in expertserve.__all__
        if name != "__version__" and getattr(expertserve, name) not in things
    ]


def undescribed(names: list[Name]) -> list[str]:
    """Arguments of the classes in `__all__` that no docstring names."""
    by_end = {".".join(n.path.split(".")[-2:]): n for n in names} | {
        n.path.split(".")[-1]: n for n in names if isinstance(n.thing, type)
    }
    found = []
    for name in names:
        owner = by_end.get(name.path.split(".")[-2])
        own = (
            owner is not None
            and owner.path.split(".")[-1] in expertserve.__all__
            and name.path.startswith(owner.path)
        )
        if not own or not inspect.isfunction(name.thing) or owner is None:
            continue
        said = described(name, owner, by_end)
        found += [
            f"{name.path}({p})"
            for p in inspect.signature(name.thing).parameters
            if p not in PLAIN and not re.search(rf"\b{p}\b", said)
        ]
    return found


def described(name: Name, owner: Name, by_end: dict[str, Name]) -> str:
    """A method's docstring, its class's, and those that they point to."""
    own = name.doc + owner.doc
    pointed = [by_end[ref] for ref in SEE.findall(own) if ref in by_end]
    twins = (
        [by_end[f"ExpertManager.{name.path.split('.')[-1]}"]]
        if f"ExpertManager.{name.path.split('.')[-1]}" in by_end
        else []
    )
    return own + "".join(p.doc for p in [*pointed, *twins])


def without_example(names: list[Name]) -> list[str]:
    """Classes of `__all__` without one; errors share their root's."""
    classes = [
        n
        for n in names
        if n.path.split(".")[-1] in expertserve.__all__ and isinstance(n.thing, type)
    ]
    return [
        n.path
        for n in classes
        if ">>> " not in n.doc and not issubclass(n.thing, expertserve.ExpertError | dict)  # type: ignore[arg-type]
    ]


def main() -> None:
    """Prints what is missing, and the share that isn't; exit status 1 below 100 %."""
    names = public()
    wrong = {
        "has no docstring": undocumented(names),
        "is on no page of docs/api": not_shown(names),
        "is described nowhere": undescribed(names),
        "has no example": without_example(names),
    }
    for what, paths in wrong.items():
        for path in paths:
            print(f"{path} {what}")
    bare = {path.partition("(")[0] for paths in wrong.values() for path in paths}
    print(f"{len(names)} public names, {100 * (1 - len(bare) / len(names)):.1f} % documented")
    sys.exit(bool(bare))


if __name__ == "__main__":
    main()
