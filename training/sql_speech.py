"""How people type: tidy or in lower case, as a fragment, with a slip, with a please."""

from __future__ import annotations

import random
import re
from typing import Final

from training.sql_filters import SAID

_ASKING: Final = re.compile(r"(how|what|which|who|can|could|do|does|is|are|whose)\b", re.I)
_PLEADING: Final = re.compile(
    r"(show|list|give|get|find|tell|can|i|pull|calculate|count|add|sum|rank|order|sort|look"
    r"|display|do|just|every|what's)\b"
)
_PARTS: Final = re.compile(r"([\x02\x04][^\x03]*\x03)")
_BARE: Final = (
    "of for all is are with show me list get find see about count across among do from up to that"
)
"""What may stand right before "our"."""
_OURS: Final = re.compile(r"".join(rf"(?<!\b{word} )" for word in _BARE.split()) + r"(?<=\w )our ")
"""Where "our" needs "of" before it: "how many of our clients"."""
_SLIPS, _EXTRAS = 0.12, 0.12


def typed(rng: random.Random, marked: str) -> str:
    """A marked question as somebody types it; nothing changes its values but their capitals.

    Example:
        >>> typed(random.Random(4), "how many clients are from \\x04Peru\\x03")
        'how many clients are from Peru'
    """
    marked = _OURS.sub("of our ", marked.replace("the our ", "our "))
    marked = re.sub(r"\ba (?=[aeio])", "an ", marked)
    kind = rng.random()
    if kind < _EXTRAS and not _ASKING.match(marked) and not _PLEADING.match(marked):
        marked = f"{rng.choice(SAID['preface']).rstrip()} {marked}"
    elif kind < 1.5 * _EXTRAS:
        marked += rng.choice(SAID["suffix"])
    lower = rng.random() < 0.55
    parts = _PARTS.split(marked)
    if rng.random() < _SLIPS:
        parts = _slipped(rng, parts)
    small = lower and rng.random() < 0.2
    text = "".join(_plain(part, small) for part in parts)
    if lower:
        return text if rng.random() < 0.85 else text + "?"
    text = text[0].upper() + text[1:]
    end = "?" if _ASKING.match(text) else "."
    return text + (end if rng.random() < 0.75 else "")


def scribbled(rng: random.Random, marked: str) -> str:
    """A marked sentence as a note or a chat has it: in small letters, slips in it, no full stop."""
    parts = _PARTS.split(marked)
    for _ in range(rng.choice([0, 0, 1, 2])):
        parts = _slipped(rng, parts)
    if rng.random() < 0.4:
        parts[0::2] = [part.lower() for part in parts[0::2]]
    text = "".join(_plain(part, False) for part in parts)
    return text.rstrip(".") if rng.random() < 0.5 else text


def _plain(part: str, small: bool) -> str:
    if part[:1] not in ("\x02", "\x04"):
        return part
    text = part[1:-1]
    return text.lower() if small and part[0] == "\x04" else text


def _slipped(rng: random.Random, parts: list[str]) -> list[str]:
    """One of the words loses a letter, doubles one, or swaps two."""
    at = rng.randrange(0, len(parts), 2)
    words = parts[at].split(" ")
    long = [i for i, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if not long:
        return parts
    i = rng.choice(long)
    word = words[i]
    j = rng.randrange(1, len(word) - 1)
    words[i] = rng.choice(
        [
            word[:j] + word[j + 1 :],
            word[:j] + word[j] + word[j:],
            word[:j] + word[j + 1] + word[j] + word[j + 2 :],
        ]
    )
    return [*parts[:at], " ".join(words), *parts[at + 1 :]]
