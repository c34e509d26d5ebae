"""Importing is light, and every heavy dependency is imported by one module alone."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
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


def imports(path: Path) -> set[str]:
    """The modules that a file imports anywhere."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


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
