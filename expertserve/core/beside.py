"""Which experts may be loaded beside those that are there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from expertserve.core.options import Options
from expertserve.errors import ConfigError, IncompatibleError
from expertserve.models import last_component
from expertserve.package.constraints import check_constraints
from expertserve.package.index import KnownPackage
from expertserve.register import RegisteredExpert


class Beside:
    """What is loaded, as a newcomer sees it. A check looks only at those whom it concerns."""

    def __init__(self, options: Options, loaded: Iterable[RegisteredExpert]) -> None:
        self._options = options
        self._served: RegisteredExpert | None = None
        self._base_names = {last_component(str(options.base_model or "")).casefold()}
        self._meaning: dict[str, list[KnownPackage]] = defaultdict(list)
        self._named: dict[str, list[KnownPackage]] = defaultdict(list)
        for expert in loaded:
            self.add(expert)

    def add(self, expert: RegisteredExpert) -> None:
        """Takes in one that was loaded."""
        self._served = self._served or expert
        self._base_names.add(last_component(expert.base.name).casefold())
        self._named[expert.package.name].append(expert.package)
        for name in _meant(expert.package):
            self._meaning[name].append(expert.package)

    def check(self, expert: RegisteredExpert) -> None:
        """Whether it may be served beside the others.

        Raises:
            IncompatibleError: `other_base`, or its manifest's constraints.
        """
        served, new = (self._served or expert).base, expert.package
        if not self._options.allow_multiple_bases and served.digest != expert.base.digest:
            raise IncompatibleError(
                f"{new.name} is for the base model {expert.base.name};"
                f" {served.name} is served here",
                hint="allow_multiple_bases=True starts a second engine for it",
                code="other_base",
            )
        check_constraints(new, self._concerned(new))

    def _concerned(self, new: KnownPackage) -> list[KnownPackage]:
        """Those whose constraints mean the newcomer, and those that its own may mean."""
        names = {new.name, *_meant(new)}
        named = (package for name in names for package in self._named.get(name, ()))
        found = {id(p): p for p in (*self._meaning.get(new.name, ()), *named)}
        return [package for package in found.values() if package is not new]

    def check_name(self, name: str, expert: RegisteredExpert) -> None:
        """Raises ConfigError `name_taken` where a base model answers by that name."""
        bases = self._base_names | {last_component(expert.base.name).casefold()}
        if last_component(name).casefold() in bases - {""}:
            raise ConfigError(
                f"{name!r} is the base model's name, which the base model answers by",
                hint="load the expert under another name",
                code="name_taken",
            )


def _meant(package: KnownPackage) -> set[str]:
    """The names of packages that its constraints are about."""
    rules = package.constraints
    return {text.partition("@")[0].strip() for text in (*rules.requires, *rules.incompatible_with)}
