"""Heavy packages are imported quickly, and nothing else is different."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from importlib import metadata

import pytest

from expertserve.engine.imports import Distributions, import_all, quick_imports

REAL = metadata.packages_distributions()
FOUND = Distributions()


@pytest.mark.parametrize("module", sorted(REAL)[:: max(1, len(REAL) // 60)])
def test_modules_belong_to_whom_they_belong(module: str) -> None:
    assert sorted(FOUND[module]) == sorted(REAL[module])
    assert module in FOUND and FOUND.get(module) == FOUND[module]


def test_what_is_not_there_is_not_there() -> None:
    found = Distributions()
    assert found.get("no_such_module") is None and "no_such_module" not in found
    with pytest.raises(KeyError):
        found["no_such_module"]
    assert set(found) == set(REAL) and len(found) == len(REAL)


def test_afterwards_everything_is_as_it_was() -> None:
    real = metadata.packages_distributions
    with pytest.raises(ImportError), quick_imports(), quick_imports():
        assert not gc.isenabled() and metadata.packages_distributions is Distributions
        import_all(["json", "no_such_module"])
    assert gc.isenabled() and metadata.packages_distributions is real
    gc.disable()
    try:
        import_all(["json"])
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_transformers_knows_the_same_versions() -> None:
    ask = """
import json, sys
from expertserve.engine.imports import import_all
if sys.argv[1] == "quick":
    import_all(["transformers"])
from transformers.utils import import_utils
names = ["torch", "PIL", "yaml", "accelerate", "sentencepiece", "no_such_module"]
print(json.dumps([import_utils._is_package_available(n, return_version=True) for n in names]))
"""
    found = [
        json.loads(subprocess.check_output([sys.executable, "-c", ask, how], text=True))
        for how in ("quick", "plainly")
    ]
    assert found[0] == found[1]
