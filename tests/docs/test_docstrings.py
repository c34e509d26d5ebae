"""Every example in a docstring runs."""

from __future__ import annotations

import asyncio
import doctest
import importlib
import random
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import expertserve
from expertserve import Expert
from expertserve.engine.fake import FakeEngine
from expertserve.grammar.gbnf import parse

PACKAGE = Path(expertserve.__file__).parent
MODULES = [
    "expertserve."
    + path.relative_to(PACKAGE)
    .with_suffix("")
    .as_posix()
    .replace("/", ".")
    .removesuffix(".__init__")
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8") and "__main__" not in path.name
]


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_run(
    module: str, world: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may use `base` and `demo` (a base model and a package), `folder` (one unpacked),
    `expert` (one loaded), and a few modules.
    """
    monkeypatch.setattr("expertserve.config.cache_dir", lambda: tmp_path / "cache")
    demo = next(world.experts.glob("expert-sql-*.expert"))
    folder = shutil.copytree(world.folder / "packages" / "sql", tmp_path / "folder")
    loaded = importlib.import_module(module)
    with Expert.load(
        demo,
        base_model=world.base,
        engine=lambda: FakeEngine(lambda prompt: "SELECT 1"),
        start=False,
    ) as expert:
        names = {
            "base": world.base,
            "demo": demo,
            "folder": folder,
            "tmp": tmp_path,
            "expert": expert,
            "manager": expert.manager,
            "FakeEngine": FakeEngine,
            "Path": Path,
            "asyncio": asyncio,
            "parse": parse,
            "random": random,
            **{name: getattr(expertserve, name) for name in expertserve.__all__},
        }
        runner = doctest.DocTestRunner(
            optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
        )
        written: list[str] = []
        for test in doctest.DocTestFinder(exclude_empty=True).find(
            loaded, module, globs={**names, **vars(loaded)}
        ):
            runner.run(test, out=written.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(written)
    sys.stdout.flush()


def test_there_are_examples() -> None:
    assert len(MODULES) > 20
