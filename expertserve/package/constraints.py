"""`requires`, `incompatible_with`, `load_order`: which packages may be loaded together.

A requirement is `name`, `name@*`, `name@1.2.3` or comparisons joined by commas, `name@>=1.0,<2`.
Versions are ordered as semver.org says: a prerelease comes before its release, what follows a `+`
doesn't count.
"""

from __future__ import annotations

import graphlib
import heapq
import operator
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn, Protocol

from expertserve.errors import ConfigError, IncompatibleError
from expertserve.package.manifest import Constraints

MAX_LENGTH: Final = 1000
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VERSION: Final = re.compile(
    r"([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z.-]*))?(?:\+[0-9A-Za-z.+-]*)?"
)
_COMPARISON: Final = re.compile(r"\s*(<=|>=|==|!=|<|>|=)?\s*([^\s,<>=!]+)\s*")
_OPERATORS: Final[Mapping[str, Callable[[Rank, Rank], bool]]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "!=": operator.ne,
    "": operator.eq,
    "=": operator.eq,
    "==": operator.eq,
}

Rank = tuple[object, ...]
"""A version in a form that Python's tuples order as semver does."""


class Ruled(Protocol):
    """A package by name and version, and beside which others it may be loaded."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def constraints(self) -> Constraints: ...


@dataclass(frozen=True, slots=True)
class Comparison:
    """One of a requirement's comparisons.

    Args:
        sign: One of `<= >= < > != = ==`; empty where a version stands alone.
        version: Missing numbers are zeros (`<=1.0` is `<=1.0.0`), except where it stands alone:
            `1.2` is every `1.2.x`.
    """

    sign: str
    version: str

    def holds(self, version: str) -> bool:
        given = self.version.split("+")[0].count(".") + 1
        if not self.sign and given < 3 and "-" not in self.version:
            return rank(version)[:given] == rank(self.version)[:given]
        return _OPERATORS[self.sign](rank(version), rank(self.version))


@dataclass(frozen=True, slots=True)
class Requirement:
    """A package's name and the versions of it that are meant.

    Example:
        >>> Requirement.parse("expert-sql@>=1.0,<2").matches("expert-sql", "1.4.0")
        True
        >>> Requirement.parse("expert-sql").matches("expert-sql", "0.1.0-rc.1")
        True
    """

    text: str
    name: str
    comparisons: tuple[Comparison, ...]

    @classmethod
    def parse(cls, text: str) -> Requirement:
        """Raises ConfigError `bad_requirement`, with the column. Linear in the bounded text."""
        if len(text) > MAX_LENGTH:
            raise ConfigError(
                f"a requirement of {len(text)} characters; {MAX_LENGTH} are read",
                code="bad_requirement",
            )
        name, at, versions = text.partition("@")
        if not _NAME.fullmatch(name.strip()):
            _refuse(text, 0, "a package's name should stand here")
        if not at or versions.strip() == "*":
            return cls(text, name.strip(), ())
        return cls(text, name.strip(), tuple(_comparisons(text, len(name) + 1)))

    def matches(self, name: str, version: str) -> bool:
        """Whether a package of this name and version is meant."""
        return name == self.name and all(c.holds(version) for c in self.comparisons)


def _comparisons(text: str, at: int) -> Iterable[Comparison]:
    for piece in text[at:].split(","):
        found = _COMPARISON.fullmatch(piece)
        if not found or not _VERSION.fullmatch(found[2]):
            _refuse(text, at, "a version such as 1.2.0, >=1.0 or * should stand here")
        yield Comparison(found[1] or "", found[2])
        at += len(piece) + 1


def _refuse(text: str, at: int, said: str) -> NoReturn:
    hint = "write name, name@*, name@1.2.3 or name@>=1.0,<2"
    raise ConfigError(
        f"requirement {text!r}, column {at + 1}: {said}", hint=hint, code="bad_requirement"
    )


def rank(version: str) -> Rank:
    """A version's place in semver's order; missing numbers are zeros.

    Example:
        >>> rank("1.0.0-rc.2") < rank("1.0.0-rc.10") < rank("1.0.0") < rank("1.0.1")
        True

    Raises:
        ConfigError: `bad_requirement`: it isn't a version.
    """
    found = _VERSION.fullmatch(version)
    if not found:
        raise ConfigError(
            f"{version!r} is not a version",
            hint="three numbers, such as 1.2.0",
            code="bad_requirement",
        )
    numbers = tuple(_number(part or "0") for part in found.groups()[:3])
    if found[4] is None:
        return (*numbers, 1)
    return (
        *numbers,
        0,
        tuple((0, *_number(p)) if p.isdigit() else (1, p) for p in found[4].split(".")),
    )


def _number(digits: str) -> tuple[int, str]:
    """Orders as the number does, however long it is: Python refuses to read thousands of digits."""
    digits = digits.lstrip("0")
    return len(digits), digits


def check_constraints(new: Ruled, loaded: Iterable[Ruled]) -> None:
    """Checks whether `new` may be loaded beside `loaded` (without the one it replaces).

    Raises:
        IncompatibleError: `requires`: what one of them requires isn't there, or would no longer be;
            `incompatible_with`: one excludes the other.
        ConfigError: `bad_requirement`: one of the manifests has a malformed pattern.
    """
    others = list(loaded)
    _check_required(new, [*others, new], f"load it before {new.name}")
    for other in others:
        _check_excluded(new, other)
        _check_excluded(other, new)
        _check_required(
            other,
            [*others, new],
            f"{other.name} {other.version} is loaded; unload it first",
            only=new.name,
        )


def _check_required(package: Ruled, present: Sequence[Ruled], hint: str, only: str = "") -> None:
    for wanted in _parsed(package, package.constraints.requires):
        if only and wanted.name != only:
            continue
        if not any(wanted.matches(p.name, p.version) for p in present):
            found = [p.version for p in present if p.name == wanted.name]
            instead = (
                f"{wanted.name} {' and '.join(found)} is there" if found else "it isn't loaded"
            )
            raise IncompatibleError(
                f"{package.name} {package.version} requires {wanted.text}; {instead}",
                hint=hint,
                code="requires",
            )


def _check_excluded(package: Ruled, other: Ruled) -> None:
    for pattern in _parsed(package, package.constraints.incompatible_with):
        if pattern.matches(other.name, other.version):
            raise IncompatibleError(
                f"{package.name} {package.version} is incompatible with {pattern.text}, and so with"
                f" {other.name} {other.version}",
                hint="unload one of them, or serve them from two managers",
                code="incompatible_with",
            )


def _parsed(package: Ruled, patterns: Iterable[str]) -> Iterable[Requirement]:
    for pattern in patterns:
        try:
            yield Requirement.parse(pattern)
        except ConfigError as error:
            raise ConfigError(
                f"constraints of {package.name}: {error.message}", hint=error.hint, code=error.code
            ) from error


def load_order(manifests: Sequence[Ruled]) -> list[int]:
    """The order of loading: requirements first, then `load_order`, then as given.

    Requirements that none of `manifests` meets don't matter here: `check_constraints` refuses them.

    Raises:
        IncompatibleError: `requires`: packages require each other in a circle.
        ConfigError: `bad_requirement`.
    """
    named: dict[str, list[int]] = defaultdict(list)
    for i, manifest in enumerate(manifests):
        named[manifest.name].append(i)
    before = graphlib.TopologicalSorter[int](
        {i: _met_by(i, manifests, named) for i in range(len(manifests))}
    )
    try:
        before.prepare()
    except graphlib.CycleError as error:
        circle = " → ".join(manifests[i].name for i in reversed(error.args[1]))
        raise IncompatibleError(
            f"packages require each other: {circle}",
            hint="none of them can be the first",
            code="requires",
        ) from error
    ready: list[tuple[int, int]] = []
    order: list[int] = []
    while before.is_active():
        for i in before.get_ready():
            heapq.heappush(ready, (manifests[i].constraints.load_order, i))
        order.append(heapq.heappop(ready)[1])
        before.done(order[-1])
    return order


def _met_by(at: int, manifests: Sequence[Ruled], named: Mapping[str, list[int]]) -> list[int]:
    """Whom the package at a position requires."""
    wanted = list(_parsed(manifests[at], manifests[at].constraints.requires))
    return [
        i
        for w in wanted
        for i in named.get(w.name, ())
        if i != at and w.matches(w.name, manifests[i].version)
    ]
