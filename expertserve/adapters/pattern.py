"""PEFT's patterns of module names, matched in bounded time.

A key of `rank_pattern` is a regular expression out of a stranger's file. Python's own matcher tries
all ways to match one after the other, which may take forever; this one walks them side by side.
"""

from __future__ import annotations

import re
from functools import lru_cache

from expertserve.errors import ConfigError
from expertserve.grammar.regex import matched
from expertserve.grammar.tree import Alt, Class, Literal, Node, Repeat, Seq, walk

MAX_PATTERN = 300
MAX_TIMES = 32
SELF_CONTAINED = re.compile(r"\\.|\[\^?\]?[^\]]*\]", re.DOTALL)
"""Escapes and classes, whose characters mean nothing else."""
PLAIN = re.compile(r"[\w.]+")


def matches(pattern: str, module: str) -> bool:
    """Whether a pattern names a module as in PEFT: whole, or its end behind a dot.

    Raises:
        ConfigError: `bad_regex`: it is malformed, or beyond what is matched here.

    Example:
        >>> matches(r"layers\\.[01]\\..*(q|v)_proj$", "model.layers.1.self_attn.q_proj")
        True
        >>> matches("proj", "model.layers.1.self_attn.q_proj")
        False
    """
    if pattern == module:
        return True
    if PLAIN.fullmatch(pattern):  # a dot is any character
        return re.fullmatch(rf"(.*\.)?{pattern}", module) is not None
    node, anchored = _read(pattern)
    starts = [0] + ([] if anchored else [i + 1 for i, c in enumerate(module) if c == "."])
    walked = _Walk(module)
    return any(len(module) in walked.ends(node, start) for start in starts)


@lru_cache(maxsize=1024)
def _read(pattern: str) -> tuple[Node, bool]:
    """A pattern's tree, and whether it matches from the name's beginning only."""
    anchored = pattern.startswith("^")
    outer = SELF_CONTAINED.sub("", pattern.removeprefix("^"))
    while (less := re.sub(r"\([^()]*\)", lambda group: "^" * ("^" in group[0]), outer)) != outer:
        outer = less
    if len(pattern) > MAX_PATTERN or "^" in outer or (anchored and "|" in outer):
        raise ConfigError(f"the pattern {pattern[:60]!r} is too long or odd", code="bad_regex")
    node = matched(pattern)
    for item in walk(node):
        if isinstance(item, Repeat) and max(item.low, item.high or 0) > MAX_TIMES:
            raise ConfigError(
                f"the pattern {pattern[:60]!r} repeats more than {MAX_TIMES} times",
                code="bad_regex",
            )
    return node, anchored


class _Walk:
    """Where parts of a pattern end in one text, each part and place once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[tuple[int, int], frozenset[int]] = {}

    def ends(self, node: Node, start: int) -> frozenset[int]:
        key = (id(node), start)
        if key not in self._known:
            self._known[key] = self._find(node, start)
        return self._known[key]

    def _find(self, node: Node, start: int) -> frozenset[int]:
        match node:
            case Literal():
                found = self._text.startswith(node.text, start)
                return frozenset({start + len(node.text)} if found else ())
            case Class():
                code = ord(self._text[start]) if start < len(self._text) else -1
                return frozenset({start + 1} if any(a <= code <= b for a, b in node.ranges) else ())
            case Seq():
                places = frozenset({start})
                for item in node.items:
                    places = self._all(item, places)
                return places
            case Alt():
                return frozenset().union(*(self.ends(option, start) for option in node.options))
            case Repeat():
                return self._repeat(node, start)
        return frozenset()

    def _repeat(self, node: Repeat, start: int) -> frozenset[int]:
        places = frozenset({start})
        for _ in range(node.low):
            places = self._all(node.item, places)
        seen, times = set(places), node.low
        while places and (node.high is None or times < node.high):
            places = self._all(node.item, places) - seen
            seen |= places
            times += 1
        return frozenset(seen)

    def _all(self, node: Node, starts: frozenset[int]) -> frozenset[int]:
        return frozenset().union(*(self.ends(node, start) for start in starts))
