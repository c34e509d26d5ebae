"""`calibration.json` and `tokenizer_delta.json`, which the format names and doesn't define.

The first recommends scales for logits, the second tokens beside the base model's. What they say is
read and told; nothing of it is applied, and tokens that the base lacks are refused at load.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from expertserve.errors import LoadError
from expertserve.files import read_bounded
from expertserve.findings import Finding
from expertserve.package.archive import Package

CALIBRATION, DELTA = "calibration.json", "tokenizer_delta.json"
MAX_BYTES = 1 << 20
TOKENS = ("added_tokens", "tokens", "special_tokens", "additional_special_tokens", "vocab")
"""Keys under which a delta may list tokens: as texts, as objects with `content`, or with ids."""


@dataclass(frozen=True, slots=True)
class Extras:
    """What the two files say.

    Args:
        calibration: The first one's keys.
        tokens: Those that the second adds.
        rules: Its other keys, with what isn't tokens.
    """

    calibration: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


def read_extras(package: Package) -> Extras:
    """Reads what is there of both files.

    Raises:
        LoadError: `bad_member`: one of them isn't a JSON object of at most a megabyte.
    """
    scales, delta = _read(package, CALIBRATION), _read(package, DELTA)
    tokens = [t for key in TOKENS for t in _tokens(delta.get(key))]
    rules = [key for key, value in delta.items() if key not in TOKENS and _says(key, value)]
    calibration = [key for key, value in scales.items() if _says(key, value)]
    return Extras(tuple(calibration), tuple(dict.fromkeys(tokens)), tuple(rules))


def extra_findings(extras: Extras) -> list[Finding]:
    """What is said in these files and not done."""
    found = []
    if extras.calibration:
        found.append(
            Finding(
                "calibration",
                "warning",
                0,
                f"{CALIBRATION} recommends scales for logits ({_listed(extras.calibration)})",
                "the format doesn't say how they are applied, so they aren't",
                "a temperature can stand in training.decoding",
                CALIBRATION,
            )
        )
    if extras.rules:
        found.append(
            Finding(
                "tokenizer_delta",
                "warning",
                0,
                f"{DELTA} has more than tokens: {_listed(extras.rules)}",
                "the format doesn't define such rules, so the base model's tokenizer reads prompts",
                "look whether the expert needs them",
                DELTA,
            )
        )
    return found


def _read(package: Package, name: str) -> dict[str, object]:
    if name not in package.files:
        return {}
    try:
        value = json.loads(read_bounded(package.folder / name, MAX_BYTES))
    except (ValueError, RecursionError) as error:
        raise _bad(name, f"it isn't JSON: {error}") from error
    if not isinstance(value, dict):
        raise _bad(name, f"it is a {type(value).__name__}")
    return value


def _tokens(value: object) -> list[str]:
    items = list(value) if isinstance(value, list | dict) else []
    named = [item.get("content") if isinstance(item, dict) else item for item in items]
    return [token for token in named if isinstance(token, str) and token]


def _says(key: str, value: object) -> bool:
    return not key.startswith("_") and value not in (None, "", [], {})


def _listed(names: tuple[str, ...]) -> str:
    more = f", … {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(name[:60] for name in names[:5]) + more


def _bad(name: str, why: str) -> LoadError:
    return LoadError(
        f"{name}: {why}; a JSON object is expected",
        hint="correct it, or pack the expert without it",
        code="bad_member",
    )
