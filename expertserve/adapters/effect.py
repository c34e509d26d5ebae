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
        change: By how much, at most.
        factor: The largest absolute value of any factor, where one may be beyond `HUGE`.
    """

    module: str = ""
    change: float = 0.0
    factor: float = 0.0

    def add(self, module: str, form: ModuleForm) -> None:
        """Takes a module into account; reads its factors once.

        The change is bounded from above by the norms of A's rows and B's columns: a product would
        cost several times what the conversion itself does.
        """
        a, b = form.a.norm(dim=1), form.b.norm(dim=0)
        bounds = (form.scale.abs(), form.shift.abs())
        change = float(a @ b) / math.sqrt(form.a.shape[1] * form.b.shape[0])
        change = max(change, *(float(t.max()) for t in bounds))
        largest = max((float(t.max()) for t in (a, b, *bounds) if t.numel()), default=0.0)
        if largest > HUGE:  # a norm may be, where no value of its row is
            parts = (form.a, form.b, form.scale, form.shift)
            self.factor = max(self.factor, *(float(t.abs().max()) for t in parts if t.numel()))
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
