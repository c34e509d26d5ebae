"""An ingress's list of experts: what the catalogue says, by the index alone."""

from __future__ import annotations

from collections.abc import Callable

from expertserve.core.registering import Listed
from expertserve.errors import LoadError
from expertserve.manager import AsyncExpertManager
from expertserve.ray.rows import RowReader
from expertserve.ray.versions import Update


class ListedExperts:
    """A manager that lists what the catalogue says and reads no package.

    Args:
        rows: Of packages that this machine's index doesn't know yet.
        told: Told of each update, when the manager has it.
    """

    def __init__(
        self, manager: AsyncExpertManager, rows: RowReader, told: Callable[[Update], None]
    ) -> None:
        self._manager, self._rows, self._told = manager, rows, told

    async def apply(self, update: Update) -> None:
        """Lists what is new and drops what is gone.

        Raises:
            LoadError: The catalogue doesn't know one of the packages either.
        """
        unknown = await self._rows.learn([one.digest for one in update.put])
        if unknown:
            raise LoadError(
                f"the catalogue lists the package {min(unknown)[:12]}… and doesn't know it",
                hint="it may have been replaced just now; try again",
                code="not_found",
            )
        await self._manager.list_known(
            [
                Listed(one.name, one.digest, one.source, one.pin, one.checkpoint)
                for one in update.put
            ],
            None if update.whole else update.gone,
        )
        self._told(update)
