"""Which experts may be loaded beside those that are there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from expertserve.core.options import Options
from expertserve.errors import ConfigError, IncompatibleError
from expertserve.models import last_component
from expertserve.package.constraints import check_constraints
from expertserve.package.index import UNCONSTRAINED, KnownPackage
from expertserve.register import RegisteredExpert


class Beside:
    """What is loaded, as a newcomer sees it. A check costs nothing where nobody has constraints."""

    def __init__(self, options: Options, loaded: Iterable[RegisteredExpert]) -> None:
        self._options = options
        self._served: RegisteredExpert | None = None
        self._base_names = {last_component(str(options.base_model or "")).casefold()}
        self._ruled: list[KnownPackage] = []
        self._named: dict[str, list[KnownPackage]] = defaultdict(list)
        for expert in loaded:
            self.add(expert)

    def add(self, expert: RegisteredExpert) -> None:
        """Takes in one that was loaded."""
        self._served = self._served or expert
        self._base_names.add(last_component(expert.base.name).casefold())
        self._named[expert.package.name].append(expert.package)
        if expert.package.constraints != UNCONSTRAINED:
            self._ruled.append(expert.package)

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
        if self._ruled or new.constraints != UNCONSTRAINED:
            check_constraints(new, self._concerned(new))

    def _concerned(self, new: KnownPackage) -> list[KnownPackage]:
        """Those with constraints, and those that constraints may mean."""
        ruled = [p for p in self._ruled if p is not new]
        meant = [*new.constraints.requires, *new.constraints.incompatible_with]
        names = {new.name, *(text.partition("@")[0].strip() for text in meant)}
        others = (p for name in names for p in self._named.get(name, ()))
        return [*ruled, *(p for p in others if p.constraints == UNCONSTRAINED)]

    def check_name(self, name: str, expert: RegisteredExpert) -> None:
        """Raises ConfigError `name_taken` where a base model answers by that name."""
        bases = self._base_names | {last_component(expert.base.name).casefold()}
        if last_component(name).casefold() in bases - {""}:
            raise ConfigError(
                f"{name!r} is the base model's name, which the base model answers by",
                hint="load the expert under another name",
                code="name_taken",
            )
