"""A step's mixed tokens on a CPU, by the group that their adapter's weights are in."""

from __future__ import annotations

from collections.abc import Sequence

import torch


class Layout:
    """A region's tokens in groups, each as long as the longest.

    Args:
        places: Each token's place, −1 for base-only tokens.
        each: Places of a group.
    """

    def __init__(self, places: Sequence[int], each: int, dtype: torch.dtype) -> None:
        of_group = [place // each for place in places if place >= 0]
        self.first, last = min(of_group), max(of_group)
        members: list[list[int]] = [[] for _ in range(self.first, last + 1)]
        for token, place in enumerate(places):
            if place >= 0:
                members[place // each - self.first].append(token)
        for token, place in enumerate(places):
            if place < 0:  # where there is most room: its products count for nothing
                min(members, key=len).append(token)
        tokens = max(map(len, members))
        self.groups = len(members)
        """So many from the first on have tokens."""
        self.take: torch.Tensor | None = None
        """Which token each of the groups' rows holds, shape [groups · tokens]; None for one group.
        """
        self.back: torch.Tensor | None = None
        """Which row each token is in."""
        self._own = torch.zeros(self.groups, tokens, each, dtype=dtype)
        if self.groups == 1:
            members = [list(range(len(places)))]
        take, back = torch.zeros(self.groups, tokens, dtype=torch.long), [0] * len(places)
        for group, held in enumerate(members):
            take[group, : len(held)] = torch.tensor(held, dtype=torch.long)
            for row, token in enumerate(held):
                back[token] = group * tokens + row
                if places[token] >= 0:
                    self._own[group, row, places[token] % each] = 1
        if self.groups > 1:
            self.take, self.back = take.view(-1), torch.tensor(back)
        self._masks: dict[tuple[int, int], torch.Tensor] = {}

    def mask(self, slices: int, width: int) -> torch.Tensor:
        """Which products with A are a row's own, shape [groups, tokens, slices · each · width]."""
        found = self._masks.get((slices, width))
        if found is None:
            groups, tokens, each = self._own.shape
            wide = self._own[:, :, None, :, None].expand(-1, -1, slices, -1, width)
            found = wide.reshape(groups, tokens, slices * each * width)
            self._masks[slices, width] = found
        return found
