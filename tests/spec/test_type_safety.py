"""Requirement: Type Safety (Rust Only). What the specification asks of Rust's compiler, Python's
type checkers do: mypy here, pyright beside it in `make check`.
"""

from __future__ import annotations

import check_types
import pytest


@pytest.fixture(scope="module")
def found() -> check_types.Findings:
    """What mypy finds in the snippets; half a minute without its cache."""
    return check_types.mypy()


def mistakes(found: check_types.Findings) -> dict[str, set[str]]:
    """Function of `rejected.py` → codes of the errors in it."""
    made: dict[str, set[str]] = {}
    lines = (check_types.FOLDER / "rejected.py").read_text(encoding="utf-8").splitlines()
    for (file, line), codes in found.items():
        if file == "rejected.py":
            name = next(text for text in reversed(lines[:line]) if text.startswith("def "))
            made[name.removeprefix("def ").split("(")[0]] = codes
    return made


def test_typed_inference_result(found: check_types.Findings) -> None:
    assert not [place for place in found if place[0] == "accepted.py"]
    assert mistakes(found)["takes_a_result_for_text"] == {"return-value"}
    unhandled = (
        "forgets_that_a_batch_may_hold_failures",
        "forgets_a_kind_of_outcome",
        "forgets_a_finish_reason",
    )
    assert all(mistakes(found).get(name) for name in unhandled), (
        "a failure that isn't handled is an error before running"
    )


def test_builder_pattern_for_configuration(found: check_types.Findings) -> None:
    assert not check_types.differences("mypy", found)
    wrong = (
        "names_a_device_that_is_none",
        "puts_vllm_on_apples_gpu",
        "wants_slots_of_the_portable_engine",
        "gives_a_count_as_text",
    )
    assert all(mistakes(found).get(name) for name in wrong)
