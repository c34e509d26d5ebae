"""`constraints`: version patterns, who may be loaded beside whom, and in which order."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expertserve.core import beside
from expertserve.core.beside import Beside
from expertserve.core.options import Options
from expertserve.errors import ConfigError, IncompatibleError
from expertserve.models import LocalModel
from expertserve.package.constraints import (
    MAX_LENGTH,
    Requirement,
    check_constraints,
    load_order,
    rank,
)
from expertserve.package.index import KnownPackage, PackageIndex
from expertserve.package.manifest import BaseModelSpec, Constraints, Manifest
from expertserve.register import RegisteredExpert

IN_ORDER = (  # semver.org's own example, and its neighbours
    "0.9.9 1.0.0-0 1.0.0-9 1.0.0-10 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 "
    "1.0.1 1.1.0-rc 1.1.0 1.2.0 1.10.0 2.0.0"
).split()
identifiers = st.from_regex(r"[0-9A-Za-z-]{1,6}", fullmatch=True)
numbers = st.integers(0, 10**25)
versions = st.builds(
    lambda n, pre: ".".join(map(str, n)) + ("-" + ".".join(pre) if pre else ""),
    st.tuples(numbers, numbers, numbers),
    st.lists(identifiers),
)


def package(
    name: str, version: str = "1.0.0", requires: str = "", excludes: str = "", order: int = 0
) -> Manifest:
    constraints = Constraints(
        requires=tuple(requires.split()),
        incompatible_with=tuple(excludes.split()),
        load_order=order,
    )
    return Manifest(
        name=name,
        version=version,
        schema_version="2.0",
        base_models=(BaseModelSpec(name="base"),),
        constraints=constraints,
    )


def test_versions_are_ordered_as_semver_orders_them() -> None:
    assert sorted(random.Random(1).sample(IN_ORDER, len(IN_ORDER)), key=rank) == IN_ORDER
    assert all(rank(a) < rank(b) for a, b in itertools.combinations(IN_ORDER, 2))


def test_what_follows_a_plus_does_not_count() -> None:
    assert rank("1.0.0+a") == rank("1.0.0+b.2") == rank("1.0.0")
    assert rank("1.0.0-rc+a") == rank("1.0.0-rc")


@given(versions, versions)
def test_any_two_versions_compare(one: str, other: str) -> None:
    assert (rank(one) < rank(other)) + (rank(one) > rank(other)) + (rank(one) == rank(other)) == 1
    assert Requirement.parse(f"x@<{other}").matches("x", one) is not Requirement.parse(
        f"x@>={other}"
    ).matches("x", one)


def test_numbers_of_thousands_of_digits_compare() -> None:
    assert rank("1.0." + "9" * 5000) < rank("1.0.1" + "0" * 5000)


@pytest.mark.parametrize(
    ("pattern", "met", "unmet"),
    [
        ("x", "0.0.1 9.9.9 1.0.0-rc", ""),
        ("x@*", "0.0.1 9.9.9 1.0.0-rc", ""),
        ("x@1.2.3", "1.2.3 1.2.3+build", "1.2.4 1.2.3-rc"),
        ("x@=1.2.3", "1.2.3", "1.2.4"),
        ("x@!=1.2.3", "1.2.4", "1.2.3"),
        ("x@1.2", "1.2.0 1.2.9 1.2.0-rc", "1.20.0 1.3.0 2.1.2"),
        ("x@1", "1.0.0 1.9.9", "2.0.0 10.0.0"),
        ("x@<=1.0.0", "0.9.0 1.0.0 1.0.0-rc", "1.0.1"),
        ("x@<=1.0", "1.0.0", "1.0.1"),
        ("x@>=1.0,<2", "1.0.0 1.9.9 2.0.0-rc.1", "0.9.9 2.0.0 1.0.0-rc"),
        ("x@ >= 1.0 , < 2 , != 1.5.0", "1.4.0", "1.5.0 2.0.0"),
        ("x@1.0.0-rc.1", "1.0.0-rc.1", "1.0.0 1.0.0-rc.2"),
    ],
)
def test_a_requirement_matches_the_versions_it_means(pattern: str, met: str, unmet: str) -> None:
    requirement = Requirement.parse(pattern)
    assert [v for v in met.split() if not requirement.matches("x", v)] == []
    assert [v for v in unmet.split() if requirement.matches("x", v)] == []
    assert not requirement.matches("y", "1.2.3")


@pytest.mark.parametrize(
    ("pattern", "column"),
    [
        ("", 1),
        ("@1.0", 1),
        ("a b", 1),
        ("x@", 3),
        ("x@>=", 3),
        ("x@>=1,", 7),
        ("x@~1.0", 3),
        ("x@1.*", 3),
        ("x@1@2", 3),
    ],
)
def test_a_malformed_requirement_is_refused_with_its_column(pattern: str, column: int) -> None:
    with pytest.raises(ConfigError, match=f"column {column}:") as caught:
        Requirement.parse(pattern)
    assert caught.value.code == "bad_requirement"


@given(st.text(max_size=40) | st.from_regex(r"[a-z@<>=!., 0-9*-]{0,30}", fullmatch=True))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        parsed = Requirement.parse(text)
    except ConfigError as error:
        assert error.code == "bad_requirement"
    else:
        assert Requirement.parse(parsed.text) == parsed
        assert isinstance(parsed.matches(parsed.name, "1.0.0"), bool)


def test_an_endless_requirement_is_refused() -> None:
    with pytest.raises(ConfigError, match="1000 are read"):
        Requirement.parse("x@" + "1," * MAX_LENGTH)


def test_a_package_whose_requirement_is_not_loaded_is_refused_by_name() -> None:
    with pytest.raises(
        IncompatibleError, match=r"expert-a 1\.0\.0 requires expert-b@>=2; it isn't loaded"
    ) as caught:
        check_constraints(package("expert-a", requires="expert-b@>=2"), [package("expert-c")])
    assert caught.value.code == "requires"
    with pytest.raises(IncompatibleError, match=r"expert-b 1\.9\.0 is there"):
        check_constraints(
            package("expert-a", requires="expert-b@>=2"), [package("expert-b", "1.9.0")]
        )
    check_constraints(
        package("expert-a", requires="expert-b@>=2"),
        [package("expert-b", "1.9.0"), package("expert-b", "2.1.0")],
    )


def test_a_replacement_that_others_could_not_live_with_is_refused() -> None:
    needs = package("expert-a", requires="expert-b@<2 expert-gone")
    with pytest.raises(
        IncompatibleError, match=r"expert-a 1\.0\.0 requires expert-b@<2; expert-b 2\.0\.0 is there"
    ):
        check_constraints(package("expert-b", "2.0.0"), [needs])
    check_constraints(package("expert-b", "1.5.0"), [needs])
    check_constraints(package("expert-c"), [needs])


@pytest.mark.parametrize("turned", [False, True])
def test_incompatibility_holds_whichever_comes_first(turned: bool) -> None:
    new, old = package("expert-a", excludes="expert-b@<=1.0.0"), package("expert-b")
    new, old = (old, new) if turned else (new, old)
    with pytest.raises(
        IncompatibleError,
        match=r"expert-a 1\.0\.0 is incompatible with expert-b@<=1\.0\.0, and so with expert-b",
    ) as caught:
        check_constraints(new, [package("expert-c"), old])
    assert caught.value.code == "incompatible_with"


def test_other_versions_of_an_excluded_package_are_welcome() -> None:
    check_constraints(
        package("expert-a", excludes="expert-b@<=1.0.0"), [package("expert-b", "1.0.1")]
    )


def test_a_malformed_pattern_names_its_package() -> None:
    with pytest.raises(
        ConfigError, match=r"constraints of expert-a: requirement 'x@~1', column 3"
    ) as caught:
        check_constraints(package("expert-a", requires="x@~1"), [])
    assert caught.value.code == "bad_requirement"


def test_packages_load_by_load_order_then_as_given() -> None:
    packages = [package("a", order=5), package("b", order=1), package("c", order=5), package("d")]
    assert load_order(packages) == [3, 1, 0, 2]


def test_what_is_required_loads_first_whatever_its_load_order() -> None:
    packages = [
        package("a", requires="b@1", order=0),
        package("b", requires="c", order=9),
        package("c", order=99),
        package("d", order=50),
    ]
    assert load_order(packages) == [3, 2, 1, 0]


def test_unmet_and_own_requirements_do_not_disturb_the_order() -> None:
    assert load_order([package("a", requires="gone a b@>=2"), package("b")]) == [0, 1]
    assert load_order([]) == []


def test_a_circle_of_requirements_is_refused_by_names() -> None:
    with pytest.raises(IncompatibleError, match=r"a → b → a|b → a → b") as caught:
        load_order([package("a", requires="b"), package("b", requires="a"), package("c")])
    assert caught.value.code == "requires"


@given(st.lists(st.tuples(st.integers(0, 3), st.sets(st.integers(0, 9), max_size=3)), max_size=10))
def test_every_order_keeps_requirements_and_can_be_loaded(
    drawn: list[tuple[int, set[int]]],
) -> None:
    packages = [  # each may require only those before it: no circles
        package(f"p{i}", requires=" ".join(f"p{j}" for j in sorted(wanted) if j < i), order=order)
        for i, (order, wanted) in enumerate(drawn)
    ]
    order = load_order(packages)
    assert sorted(order) == list(range(len(packages)))
    for at, i in enumerate(order):
        check_constraints(packages[i], [packages[j] for j in order[:at]])


def registered(manifest: Manifest) -> RegisteredExpert:
    known = KnownPackage(
        f"{manifest.name} {manifest.version}",
        manifest.name,
        manifest.version,
        ("base",),
        constraints=manifest.constraints,
    )
    return RegisteredExpert(known, LocalModel("base", Path("base")), cast(PackageIndex, None))


rules = st.lists(st.sampled_from(["a", "b", "c@1", "c@>=2", "d", "e@<2"]), max_size=2).map(" ".join)
manifests = st.builds(
    package, st.sampled_from("abcde"), st.sampled_from("1.0.0 2.0.0".split()), rules, rules
)


@given(st.lists(manifests, max_size=6), manifests)
def test_a_newcomer_is_judged_as_beside_all_that_are_loaded(
    loaded: list[Manifest], new: Manifest
) -> None:
    def outcome(check: Callable[[], None]) -> str | None:
        try:
            check()
        except IncompatibleError as error:
            return error.code
        return None

    there = Beside(Options(allow_multiple_bases=True), map(registered, loaded))
    assert outcome(lambda: there.check(registered(new))) == outcome(
        lambda: check_constraints(new, loaded)
    )


def test_a_newcomer_is_compared_with_those_alone_whom_it_concerns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every published package has constraints: a place in the order of loading, if nothing else."""
    seen: list[list[str]] = []
    monkeypatch.setattr(
        beside, "check_constraints", lambda new, others: seen.append([o.name for o in others])
    )
    many = [package(f"p{i}", order=6) for i in range(50)]
    some = [package("rival", excludes="new"), package("needed"), package("new", "0.9.0")]
    there = Beside(Options(allow_multiple_bases=True), map(registered, [*many, *some]))
    there.check(registered(package("new", requires="needed@1", order=6)))
    there.check(registered(package("other", order=6)))
    assert [sorted(names) for names in seen] == [["needed", "new", "rival"], []]
