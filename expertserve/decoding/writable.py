"""Grammars without characters that a tokenizer has no token for: no mask could go on there."""

from __future__ import annotations

from expertserve.decoding.vocabulary import Vocabulary
from expertserve.errors import GrammarError
from expertserve.grammar.lower import productive
from expertserve.grammar.scan import class_of
from expertserve.grammar.tree import (
    MAX_CODE,
    Alt,
    Class,
    Literal,
    Mark,
    Node,
    Repeat,
    Rules,
    Seq,
    walk,
)

FORMS = (
    (0xC2, 0xE0, 0xC0, 6, 0x80),
    (0xE0, 0xF0, 0xE0, 12, 0x800),
    (0xF0, 0xF5, 0xF0, 18, 1 << 16),
)
"""UTF-8's longer forms: first bytes from and to, what is taken from one, its bits' place, and the
form's first character.
"""


def writable(rules: Rules, vocabulary: Vocabulary) -> Rules:
    """The sentences that the tokenizer can write; the same rules where it can write all.

    Raises:
        GrammarError: `unwritable`: none is left; with a character that is missing.
    """
    missing = _missing(vocabulary)
    if not missing:
        return rules
    found = {c for node in rules.rules.values() for c in _needed(node, missing)}
    if not found:
        return rules
    kept = {name: _without(node, missing) for name, node in rules.rules.items()}
    made = productive(Rules(kept, rules.lines, rules.root))
    if rules.root not in made.rules:
        code = min(found)
        raise GrammarError(
            f"this model's tokenizer can't write U+{code:04X}, and every sentence needs it",
            hint="leave the character out of the grammar, or give another one beside it",
            code="unwritable",
        )
    return Rules(made.rules, made.lines, made.root, rules.words)


def _missing(vocabulary: Vocabulary) -> Class:
    """Characters of which some byte is in no token."""
    there = vocabulary.bytes_written
    ranges = [(byte, byte) for byte in range(0x80) if byte not in there]
    for begin, end, base, shift, least in FORMS:
        for lead in set(range(begin, end)) - there:
            first = (lead - base) << shift
            ranges.append((max(first, least), min(first + (1 << shift) - 1, MAX_CODE)))
    return class_of(ranges)


def _needed(node: Node, missing: Class) -> set[int]:
    """Characters that the node may write and no token does."""
    found: set[int] = set()
    for part in walk(node):
        if isinstance(part, Mark):
            continue
        if isinstance(part, Literal):
            found |= {ord(c) for c in part.text if _meets(ord(c), missing)}
        elif isinstance(part, Class):
            both = [
                max(low, first)
                for low, high in part.ranges
                for first, last in missing.ranges
                if max(low, first) <= min(high, last)
            ]
            found |= set(both)
    return found


def _meets(code: int, missing: Class) -> bool:
    return any(low <= code <= high for low, high in missing.ranges)


def _without(node: Node, missing: Class) -> Node:
    match node:
        case Mark():
            return node
        case Literal(text):
            return Class(()) if any(_meets(ord(c), missing) for c in text) else node
        case Class(ranges):
            opposite = class_of(list(missing.ranges), negated=True).ranges
            both = [
                (max(a, c), min(b, d))
                for a, b in ranges
                for c, d in opposite
                if max(a, c) <= min(b, d)
            ]
            return Class(tuple(both))
        case Seq(items):
            return Seq(tuple(_without(item, missing) for item in items))
        case Alt(options):
            return Alt(tuple(_without(option, missing) for option in options))
        case Repeat(item, low, high):
            return Repeat(_without(item, missing), low, high)
    return node
