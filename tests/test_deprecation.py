"""Deprecated names warn where they are called, for two minor versions, and can't be forgotten."""

from __future__ import annotations

import inspect
import warnings

import pytest

from expertserve import ConfigError, deprecation
from expertserve.deprecation import ExpertServeDeprecationWarning, deprecated, removed_in


@deprecated(since="0.1.0", instead="new()")
def old(a: int, b: int = 2) -> int:
    """Adds."""
    return a + b


@deprecated(since="0.1.0", instead="New")
class Old:
    """A class of the past."""

    def __init__(self, value: int) -> None:
        self.value = value

    @deprecated(since="0.1.0", instead="value")
    def get(self) -> int:
        return self.value


def test_a_call_warns_at_the_callers_line_and_still_works() -> None:
    with pytest.warns(
        ExpertServeDeprecationWarning,
        match=r"old\(\) is deprecated since 0\.1\.0 .* removed in 0\.3\.0; use new\(\)",
    ) as caught:
        assert old(1, b=4) == 5
    assert caught[0].filename == __file__


def test_it_keeps_name_signature_and_docstring() -> None:
    assert (old.__name__, inspect.getdoc(old), list(inspect.signature(old).parameters)) == (
        "old",
        "Adds.",
        ["a", "b"],
    )


def test_classes_stay_classes_and_methods_warn_too() -> None:
    with pytest.warns(ExpertServeDeprecationWarning) as caught:
        made = Old(3)
        assert isinstance(made, Old)
        assert made.get() == 3
    assert [str(w.message).split()[0] for w in caught] == ["Old()", "Old.get()"]


def test_users_see_the_warning_without_asking_for_it() -> None:
    assert issubclass(
        ExpertServeDeprecationWarning, FutureWarning
    )  # DeprecationWarning is hidden outside __main__


def test_defining_it_costs_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        deprecated(since="0.1.0", instead="x")(lambda: None)


@pytest.mark.parametrize(
    ("since", "gone"), [("0.1.0", "0.3.0"), ("0.9.5", "0.11.0"), ("1.0.0", "1.2.0")]
)
def test_it_lasts_two_minor_versions(since: str, gone: str) -> None:
    assert removed_in(since) == gone


@pytest.mark.parametrize("version", ["0.3.0", "0.3.1", "0.10.0", "1.0.0"])
def test_what_should_be_gone_by_now_fails_where_it_is_defined(
    version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deprecation, "__version__", version)
    with pytest.raises(ConfigError, match=r"0\.3\.0 has it no more"):
        deprecated(since="0.1.0", instead="x")


def test_a_version_needs_three_numbers() -> None:
    with pytest.raises(ConfigError, match="no version"):
        deprecated(since="soon", instead="x")
