"""What a step costs by its width, measured as it runs; so, how sure a drafted token has to be."""

from __future__ import annotations

import numpy as np

USUAL = np.array([50.0, 4.5, 3.5])
"""A step alone, each request in it and each drafted token: a small model on two cores. The scale
is the first thing that is measured; the proportions hold until a machine shows others."""
KEPT = 0.995
"""Of older steps' weight, from one step to the next."""
TRUSTED = 3.0
"""Steps that each of the usual proportions weighs."""
MARGIN = 1.15
"""A drafted token has to pay this many times over."""
OUTLIER = 3.0
"""Times as long as expected: something else had the machine."""
SLOWER = 1.02
"""What such a step makes of what is expected: if all are so, the machine has become slower."""
LEAST = 0.05


class Costs:
    """Seconds of a step as `a + b · requests + c · drafted tokens`.

    Found by least squares of relative errors: a wide step would outweigh the narrow ones else.
    """

    def __init__(self) -> None:
        self._products = np.zeros((3, 3))
        self._seconds = np.zeros(3)
        self._scale = 0.0
        self._found = USUAL
        self._steps = 0

    def measure(self, requests: int, drafted: int, seconds: float) -> None:
        """Takes a step's time; one that something else held up is left out."""
        row = np.array([1.0, requests, drafted])
        usual = float(row @ USUAL)
        if not self._scale:
            self._scale = seconds / usual
            self._found = USUAL * self._scale
        if seconds > OUTLIER * float(row @ self._found):
            self._scale *= SLOWER
            self._found = self._found * SLOWER
            return
        self._scale += 0.02 * (seconds / usual - self._scale)
        shares = row * USUAL / usual
        self._products = self._products * KEPT + np.outer(shares, shares)
        self._seconds = self._seconds * KEPT + shares * (seconds / usual)
        self._steps += 1
        if self._steps % 8 == 0:
            self._solve()

    def _solve(self) -> None:
        prior = np.full(3, TRUSTED * self._scale)
        found = np.linalg.solve(self._products + TRUSTED * np.eye(3), self._seconds + prior)
        alone, request, token = (max(float(x), 0.0) for x in found * USUAL)
        token = min(max(token, 0.05 * request), 1.5 * max(request, 0.02 * alone))
        self._found = np.array([alone, request, token])

    def bar(self, requests: int) -> float:
        """How likely a drafted token must be so that a step of so many requests gains by it.

        A step without drafts writes `requests` tokens in `a + b · requests` seconds. A token that
        takes `c` seconds more has to bring at least as much a second.
        """
        alone, request, token = self._found
        return max(LEAST, MARGIN * float(token * requests / (alone + request * requests)))
