"""What an adapter does to its base model's weights, seen while its serving form is made."""

from __future__ import annotations

import math
from dataclasses import dataclass

from expertserve.adapters.layer import ModuleForm, Reader
from expertserve.adapters.places import base_tensor
from expertserve.errors import ExpertError
from expertserve.findings import Finding
from expertserve.models import LocalModel

HUGE = 1e4
FAINT = 1e-5
"""A relative change that bfloat16, with its eight bits, can't hold anywhere."""


@dataclass(slots=True)
class Effect:
    """The largest change of a layer, and the largest factor, of the modules so far.

    Args:
        module: Whose weights change most, by the root of their mean square.
        change: By how much.
        factor: The largest absolute value of any factor.
    """

    module: str = ""
    change: float = 0.0
    factor: float = 0.0

    def add(self, module: str, form: ModuleForm) -> None:
        """Takes a module into account; costs a product of rank by rank."""
        parts = (form.a, form.b, form.scale, form.shift)
        self.factor = max(self.factor, *(float(t.abs().max()) for t in parts if t.numel()), 0.0)
        squares = float(((form.b.T @ form.b).double() * (form.a @ form.a.T).double()).sum())
        change = math.sqrt(max(squares, 0.0) / (form.a.shape[1] * form.b.shape[0]))
        change = max(change, *(float(t.abs().max()) for t in (form.scale, form.shift)))
        if change > self.change:
            self.module, self.change = module, change

    def findings(self, base: LocalModel, read: Reader) -> list[Finding]:
        """What the linter says of it. Reads one layer of the base model."""
        found = []
        if not self.change:
            found.append(
                Finding(
                    "untrained",
                    "warning",
                    0,
                    "the adapter changes nothing: its updates of all layers are zero",
                    "it is as its training began, so the base model answers alone",
                    "pack the weights that training wrote",
                )
            )
        elif self._relative(base, read) < FAINT:
            found.append(
                Finding(
                    "no_effect",
                    "warning",
                    0,
                    f"the adapter changes next to nothing: at most {self._relative(base, read):.0e}"
                    f" of a layer's weights ({self.module})",
                    "no answer will differ from the base model's",
                    "look at alpha and the learning rate, or train longer",
                )
            )
        if self.factor > HUGE:
            found.append(
                Finding(
                    "huge_weights",
                    "warning",
                    0,
                    f"the adapter has values up to {self.factor:.1e}",
                    "training has diverged, or alpha is far too large for half precision",
                    "train again with a smaller learning rate",
                )
            )
        return found

    def _relative(self, base: LocalModel, read: Reader) -> float:
        """The change beside the layer's own weights; as it is where these can't be read."""
        tensor = base_tensor(base, self.module)
        try:
            weight = read(tensor) if tensor else None
        except ExpertError:  # a quantised base
            weight = None
        size = float(weight.square().mean().sqrt()) if weight is not None else 0.0
        return self.change / size if size else self.change
