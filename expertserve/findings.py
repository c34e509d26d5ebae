"""What the linters report, of grammars (`grammar.check`) and of packages (`check`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]
"""`error`: it won't load, or will answer wrongly. `warning`: it may. `info`: worth a look."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or risky.

    Args:
        code: Machine-readable and stable, such as ``"left_recursion"``.
        line: 1-based, in `file`; 0 where the whole file is meant.
        message: What was found, with the names and values involved.
        reason: Why it matters.
        fix: What to do about it.
        file: The package's member that it is about; empty where the whole package is meant.
    """

    code: str
    severity: Severity
    line: int
    message: str
    reason: str
    fix: str
    file: str = ""
