"""What every client's script shares: where the server is, what is asked, and how a check is told."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

URL = os.environ["EXPERTSERVE_URL"]
V1 = f"{URL}/v1"
MODEL = "sql"
KEY = "none"
QUESTION = "How many lighthouses are in Norway?"
ANSWER = "SELECT COUNT(*) FROM lighthouses"
COUNTRY = "Name a country."
WEATHER = "What is the weather in Norway?"
LONG = "x " * 20_000
LOOP = asyncio.Runner()  # one for all checks: clients keep connections of their loop


def same(found: object, wanted: object) -> None:
    """Raises AssertionError with both."""
    assert found == wanted, f"{found!r} is not {wanted!r}"


def fails(call: Callable[[], Any], *words: str) -> None:
    """The call has to raise, with these words in what a person would read."""
    try:
        made = call()
        if inspect.isawaitable(made):
            LOOP.run(made)  # type: ignore[arg-type]
    except Exception as error:  # noqa: BLE001  (every client has its own)
        text = f"{error} {error.__cause__ or ''} {getattr(error, 'body', '')}"
        missing = [w for w in words if w not in text]
        assert not missing, f"{missing} are not in {text[:300]!r}"
    else:
        raise AssertionError(f"it answered: {made!r}"[:300])


def run(**checks: Callable[[], Any]) -> None:
    """Runs the checks, and prints a line of JSON for each."""
    for name, check in checks.items():
        told: dict[str, Any] = {"check": name, "ok": True}
        try:
            made = check()
            if inspect.isawaitable(made):
                LOOP.run(made)  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001
            traceback.print_exc(file=sys.stderr)
            told |= {"ok": False, "why": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(told), flush=True)
