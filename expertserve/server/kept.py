"""Answers that later requests refer to, in memory, bounded, each seen by its own key alone."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from expertserve.server.ask import Json
from expertserve.server.problems import Refusal

MAX_KEPT = 1000
MAX_CHARS = 64_000_000
"""Of all together, for one key; a conversation's items count in each of its answers."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One answer, and the conversation that it ends.

    Args:
        given: The items of its own request.
        items: All of the conversation, the answer's included.
    """

    response: Json
    given: Sequence[dict[str, Any]]
    items: Sequence[dict[str, Any]]
    chars: int


@dataclass(slots=True)
class KeptAnswers:
    """The last answers of each key; the oldest make room.

    Example:
        >>> kept = KeptAnswers()
        >>> kept.put("me", "resp_1", {"output": []}, [], [])
        >>> kept.get("me", "resp_1").response
        {'output': []}
    """

    most: int = MAX_KEPT
    most_chars: int = MAX_CHARS
    _of: dict[str, OrderedDict[str, Kept]] = field(default_factory=dict)
    _chars: dict[str, int] = field(default_factory=dict)

    def put(
        self,
        key: str,
        id: str,
        response: Json,
        given: Sequence[dict[str, Any]],
        items: Sequence[dict[str, Any]],
    ) -> None:
        """Keeps an answer; one that is too large alone is not kept."""
        chars = len(json.dumps(items)) + len(json.dumps(response))
        if chars > self.most_chars:
            return
        mine = self._of.setdefault(key, OrderedDict())
        mine[id] = Kept(response, given, items, chars)
        self._chars[key] = self._chars.get(key, 0) + chars
        while len(mine) > self.most or self._chars[key] > self.most_chars:
            _, oldest = mine.popitem(last=False)
            self._chars[key] -= oldest.chars

    def get(self, key: str, id: str) -> Kept:
        """An answer of this key's.

        Raises:
            Refusal: 404 `response_not_found`.
        """
        mine = self._of.get(key)
        found = mine.get(id) if mine else None
        if found is None:
            raise Refusal(
                f"no response {id[:64]!r} is kept here",
                status=404,
                hint="the last ones are kept in memory, until the server ends; send the whole"
                " conversation instead",
                code="response_not_found",
                param="previous_response_id",
            )
        return found

    def drop(self, key: str, id: str) -> None:
        """Forgets an answer; raises as `get` does."""
        found = self.get(key, id)
        self._chars[key] -= found.chars
        del self._of[key][id]
