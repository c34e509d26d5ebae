"""Base models by their names: what is served without any expert's adapter."""

from __future__ import annotations

from collections.abc import Callable

from expertserve.core.entry import Entry
from expertserve.core.options import Options
from expertserve.errors import ExpertNotLoadedError
from expertserve.expert import bare
from expertserve.models import LocalModel, find_given, last_component
from expertserve.package.index import KnownPackage, PackageIndex
from expertserve.register import RegisteredExpert


class BaseEntries:
    """The bare base models that were asked for by name. Safe from several threads.

    Args:
        experts: Everything loaded now.
        index: The cache's.
    """

    def __init__(
        self,
        options: Options,
        experts: Callable[[], list[Entry]],
        index: Callable[[], PackageIndex],
    ) -> None:
        self._options, self._experts, self._index = options, experts, index
        self._known: dict[str, Entry] = {}

    def entries(self) -> list[Entry]:
        return list(self._known.values())

    def find(self, name: str) -> Entry | None:
        """The base model of that name, if it is served. May read its files."""
        wanted = last_component(name).casefold()
        if wanted not in self._known:
            bases = list({id(e.base): e.base for e in self._experts()}.values())
            given = last_component(str(self._options.base_model or "")).casefold()
            if (
                not bases and given and given == wanted
            ):  # looking for a model is slow: not for any name
                bases = [self._given()]
            found = next((b for b in bases if last_component(b.name).casefold() == wanted), None)
            if found is None:
                return None
            package = KnownPackage(found.digest, found.name, "0.0.0", (found.name,))
            expert = RegisteredExpert(package, found, self._index())
            # two threads that ask at once get one entry, which knows all of its requests
            self._known.setdefault(wanted, Entry(found.name, None, expert, bare(found)))
        return self._known[wanted]

    def served(self) -> list[LocalModel]:
        """The base models to start engines for.

        Raises:
            ExpertNotLoadedError: Nothing is loaded, and no base model was given.
        """
        bases = {e.base.digest: e.base for e in self._experts()}
        if not bases and self._options.base_model is not None:
            base = self._given()
            self.find(base.name)
            return [base]
        if not bases:
            raise ExpertNotLoadedError(
                "no expert is loaded", hint="load_expert(name, path) loads one"
            )
        return list(bases.values())

    def _given(self) -> LocalModel:
        options = self._options
        assert options.base_model is not None
        return find_given(
            options.base_model, models_dir=options.models_dir, cache_dir=options.cache_dir
        )
