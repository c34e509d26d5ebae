"""Importing is light, and every heavy dependency is imported by one module alone."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import expertserve

PACKAGE = Path(expertserve.__file__).parent
ONLY_IN = {
    "vllm": ("engine/vllm/",),
    "peft": ("engine/portable/",),
    "transformers": ("engine/portable/",),
    "ray": ("ray/",),
    "fastapi": ("server/",),
    "uvicorn": ("server/", "cli"),
    "torch": ("adapters/", "engine/"),
}


@cache
def imports(path: Path) -> set[str]:
    """The modules that a file imports anywhere."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


FLOORS = (
    ("_version", "errors"),
    ("plugins", "result", "config", "files", "findings", "models"),
    ("package",),
    ("grammar",),
    ("adapters",),
    ("prompt",),
    ("expert",),
    ("register",),
    ("request",),
    ("decoding",),
    ("check",),
    ("init",),
    ("engine",),
    ("core",),
    ("manager", "facade"),
    ("server",),
    ("ray",),
    ("cli",),
    ("__init__",),
)
"""The rooms of the package from the ground up, as `docs/architecture.md` draws them."""


def modules() -> dict[str, Path]:
    """Dotted names below the package (a folder's own module is its `__init__`) and their files."""
    return {
        path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", "."): path
        for path in PACKAGE.rglob("*.py")
    }


def arrows() -> dict[str, set[str]]:
    """Module → the modules of ours that it imports: at the top, lazily, or for types alone."""
    known = modules()
    found: dict[str, set[str]] = {}
    for name, path in known.items():
        ours = {
            m.removeprefix("expertserve").lstrip(".")
            for m in imports(path)
            if m.startswith("expertserve")
        }
        found[name] = (ours & known.keys()) - {name}
        if "" in ours and not any(
            f"expertserve.{m}" in imports(path) for m in known if "." not in m
        ):
            found[name].add("__init__")
    return found


def test_imports_point_downwards() -> None:
    floor = {room: i for i, rooms in enumerate(FLOORS) for room in rooms}
    rooms = {name.split(".")[0] for name in modules()}
    assert rooms == floor.keys(), "each room has its place"
    upwards = [
        f"{name} imports {target}"
        for name, targets in sorted(arrows().items())
        for target in sorted(targets)
        if floor[target.split(".")[0]] > floor[name.split(".")[0]]
    ]
    assert not upwards


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {name: targets for name, targets in arrows().items() if not name.endswith("__init__")}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def renames(path: Path) -> list[int]:
    """Lines that put a file in another's place: `x.replace(y)`, `x.rename(y)`, `mkstemp`."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            one_path = len(node.args) == 1 and node.func.attr in ("replace", "rename")
            if (one_path and not node.keywords) or node.func.attr in (
                "mkstemp",
                "NamedTemporaryFile",
            ):
                found.append(node.lineno)
    return found


def test_files_are_replaced_in_one_place() -> None:
    users = {p.relative_to(PACKAGE).as_posix(): renames(p) for p in PACKAGE.rglob("*.py")}
    assert [name for name, lines in users.items() if lines] == ["files.py"], users


def python(code: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    ).stdout


def test_importing_loads_no_engine_and_takes_no_time() -> None:
    timed = "import time; t = time.perf_counter(); import expertserve; t = time.perf_counter() - t"
    seconds, modules = min(
        json.loads(
            python(f"{timed}; import sys, json; print(json.dumps([t, sorted(sys.modules)]))")
        )
        for _ in range(3)
    )
    assert not {"torch", "vllm", "transformers", "ray", "fastapi", "pydantic", "outlines"} & set(
        modules
    )
    assert seconds < 0.25


def test_reading_a_package_loads_neither_torch_nor_vllm(tiny_package: Path) -> None:
    read = f"from expertserve.package.manifest import read_manifest; from pathlib import Path; read_manifest(Path({str(tiny_package)!r}))"
    assert not {"torch", "vllm", "transformers"} & set(
        json.loads(python(f"{read}; import sys, json; print(json.dumps(sorted(sys.modules)))"))
    )


def test_each_heavy_dependency_has_its_place() -> None:
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        for module in {m.split(".")[0] for m in imports(path)} & set(ONLY_IN):
            assert name.startswith(ONLY_IN[module]), f"{name} imports {module}"


def test_every_public_name_is_there_and_documented() -> None:
    for name in expertserve.__all__:
        value = getattr(expertserve, name)
        assert name == "__version__" or value.__doc__, name
    assert set(dir(expertserve)) == set(expertserve.__all__)
