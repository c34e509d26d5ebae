"""The error tree: what every error carries, and that it survives a process border."""

from __future__ import annotations

import pickle

import pytest

from expertserve import errors
from expertserve.errors import ExpertError, ManifestError


def tree() -> list[type[ExpertError]]:
    return [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, ExpertError)
    ]


def test_the_tree_is_the_one_that_is_documented() -> None:
    drawn = errors.__doc__ or ""
    for kind in tree():
        if kind.__name__ != "Located":
            assert kind.__name__ in drawn
    parents = {
        "ManifestError": "LoadError",
        "IntegrityError": "LoadError",
        "IncompatibleError": "LoadError",
        "OutOfMemoryError": "InferenceError",
        "ExpertNotLoadedError": "InferenceError",
    }
    for child, parent in parents.items():
        assert issubclass(getattr(errors, child), getattr(errors, parent))


@pytest.mark.parametrize("kind", tree())
def test_every_error_carries_message_hint_code_and_cause_across_processes(
    kind: type[ExpertError],
) -> None:
    cause = ValueError("inner")
    with pytest.raises(kind) as caught:
        raise kind("what went wrong", hint="what to do", code="special") from cause
    error = caught.value
    assert error.__cause__ is cause
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.message, copy.hint, copy.code, str(copy)) == (
        kind,
        "what went wrong",
        "what to do",
        "special",
        str(error),
    )
    assert kind("x").code == kind.default_code != ""


def test_exit_statuses_differ_by_kind() -> None:
    statuses = [k.exit_status for k in tree() if k.__name__ not in ("Located", "ExpertError")]
    assert len(set(statuses)) == len(statuses)


def test_a_place_is_shown_with_a_caret_even_in_an_endless_line() -> None:
    error = ManifestError("bad", line=3, column=501, source_line="x" * 500 + "!" + "y" * 500)
    place, shown, caret = str(error).splitlines()
    assert place == "line 3, column 501: bad"
    assert shown[caret.index("^")] == "!"
