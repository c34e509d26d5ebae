"""Whether a text is a sentence of a grammar, can become one, and by which shortest ending.

The recogniser knows nothing of mask engines: it is what they are tested against, and what
completion follows every generated text with.
"""

from __future__ import annotations

import hashlib
import random
import threading
import weakref
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from functools import cached_property

from expertserve.errors import GrammarError
from expertserve.grammar.earley import Automaton, Set
from expertserve.grammar.gbnf import parse
from expertserve.grammar.marks import apart, marks_of
from expertserve.grammar.program import Program
from expertserve.grammar.tree import MAX_CODE, Mark, Node, Rules, references
from expertserve.grammar.write import write

MAX_SETS, ALL_SETS = 50_000, 200_000
"""Sets that a grammar remembers for later texts, and all of them together; past that, memory starts
afresh."""


class _Remembering:
    """Which grammars remember sets, in the order of their last use: callers bring many."""

    def __init__(self) -> None:
        self._grammars: OrderedDict[int, weakref.ref[Grammar]] = OrderedDict()
        self._lock = threading.Lock()

    def used(self, grammar: Grammar) -> None:
        """Records a use, and lets the least recently used forget while all exceed `ALL_SETS`."""
        with self._lock:
            self._grammars[id(grammar)] = weakref.ref(grammar)
            self._grammars.move_to_end(id(grammar))
            alive = {key: found for key, ref in self._grammars.items() if (found := ref())}
            total = sum(found.sets for found in alive.values())
            for key in list(self._grammars):
                if key in alive and total <= ALL_SETS:
                    continue
                if key in alive and key != id(grammar):
                    total -= alive[key].sets
                    alive[key]._forget()
                if key != id(grammar):
                    del self._grammars[key]


_remembering = _Remembering()


class Grammar:
    """A grammar to recognise by. Lazy, so cheap to make; thread-safe.

    Args:
        rules: As `gbnf.parse` gives them.

    Raises:
        GrammarError: `derives_nothing`: no text at all is a sentence.

    Example:
        >>> grammar = Grammar.from_gbnf('root ::= "[" [0-9]+ ("," [0-9]+)* "]"')
        >>> grammar.accepts("[1,23]"), grammar.is_prefix("[1,"), grammar.shortest_completion("[1,")
        (True, True, '0]')
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.program = Program(rules)
        self._automaton = Automaton(self.program)

    @classmethod
    def from_gbnf(cls, text: str | bytes) -> Grammar:
        """Raises `GrammarError` with the place, if the text is malformed, and as the class does."""
        return cls(parse(text))

    def __reduce__(self) -> tuple[type[Grammar], tuple[Rules]]:
        return Grammar, (self.rules,)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical spelling: comments, blanks and escapes don't count."""
        return hashlib.sha256(write(self.rules).encode()).hexdigest()

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        """Terminals that are no characters. Looks at every node, once."""
        return tuple(marks_of(self.rules))

    @property
    def min_chars(self) -> int:
        """Characters of the shortest sentence; astronomic lengths are cut off at 2**60."""
        return self.program.cost(self.program.bodies[self.program.whole])

    def replace_rules(self, replaced: Mapping[str, Node]) -> Grammar:
        """The same grammar with other right sides for some rules, or with rules added."""
        rules = {**self.rules.rules, **replaced}
        defined = rules.keys()
        for name, node in replaced.items():
            for missing in set(references(node)) - defined:
                raise GrammarError(
                    f"the rule `{missing}`, which `{name}` refers to, is not defined",
                    code="undefined_rule",
                )
        return Grammar(apart(Rules(rules, self.rules.lines, self.rules.root)))

    def start(self) -> Cursor:
        """A cursor before the first character."""
        if self._automaton.size > MAX_SETS:
            self._forget()
        _remembering.used(self)
        return Cursor(self._automaton, self._automaton.first)

    @property
    def sets(self) -> int:
        """How many sets it remembers."""
        return self._automaton.size

    def _forget(self) -> None:
        self._automaton = Automaton(self.program)  # cursors under way keep the old one

    def accepts(self, text: str) -> bool:
        """Whether the text is a sentence."""
        found = self._after(text)
        return found is not None and found.complete

    def is_prefix(self, text: str) -> bool:
        """Whether some sentence begins with the text; a sentence itself counts."""
        return self._after(text) is not None

    def shortest_completion(self, prefix: str) -> str | None:
        """The shortest completion of a prefix to a sentence; None if there is none.

        Among equally short ones always the same, letters and digits first.

        Raises:
            GrammarError: `ending_too_long`: it has more than `MAX_ENDING` characters.
        """
        found = self._after(prefix)
        return None if found is None else found.automaton.ending(found)

    def sample(self, rng: random.Random, max_chars: int = 400) -> str:
        """A random sentence; from about `max_chars` on, open parts take their shortest ending.

        Raises:
            GrammarError: `ending_too_long`: even short ways have more than `MAX_ENDING` characters.
        """
        return self.program.sample(rng, max_chars)

    def _after(self, text: str) -> Set | None:
        found: Set | None = self.start()._set
        for character in text:
            assert found is not None
            found = found.automaton.step(found, ord(character))
            if found is None:
                return None
        return found


class Cursor:
    """A position in a growing text. `copy` is free: the sets behind it are shared and immutable."""

    __slots__ = ("_automaton", "_pending", "_set")

    def __init__(self, automaton: Automaton, at: Set | None, pending: bytes = b"") -> None:
        self._automaton, self._set, self._pending = automaton, at, pending

    def copy(self) -> Cursor:
        """A cursor at the same place, which goes its own way."""
        return Cursor(self._automaton, self._set, self._pending)

    @property
    def beside(self) -> tuple[Hashable, ...]:
        """What is kept beside the text, in which two cursors at one place may differ."""
        return ()

    def feed(self, data: bytes) -> bool:
        """Whether a sentence begins with what was fed. May end inside a UTF-8 character.

        After False the cursor is dead, and stays it.

        Raises:
            GrammarError: `too_ambiguous`, see `MAX_ROWS`.
        """
        at, step = self._set, self._automaton.step
        if at is None:
            return False
        if self._pending or not data.isascii():
            return self._feed_wide(data)
        for byte in data:
            found = at.next.get(byte)
            if found is None:
                found = step(at, byte)
                if found is None:
                    self._set = None
                    return False
            at = found
        self._set = at
        return True

    def take(self, token: int, data: bytes | None) -> bool:
        """The same for one token, and what it writes; None for a token that writes nothing."""
        return data is not None and self.feed(data)

    def _feed_wide(self, data: bytes) -> bool:
        data, self._pending = self._pending + data, b""
        index = 0
        while index < len(data) and self._set is not None:
            length = _length(data[index])
            piece = data[index : index + length]
            if length and len(piece) < length:
                self._pending = piece
                if not self._openings():
                    self._set = None
                break
            code = _code_of(piece) if length else None
            self._set = None if code is None else self._automaton.step(self._set, code)
            index += length
        return self._set is not None

    @property
    def dead(self) -> bool:
        """Whether no sentence begins with what was fed."""
        return self._set is None

    @property
    def complete(self) -> bool:
        """Whether what was fed is a sentence; inside a character, it isn't."""
        return self._set is not None and not self._pending and self._set.complete

    def ending_chars(self) -> int | None:
        """Characters of `ending()`, memoised and without writing it; None if dead."""
        if self._set is None:
            return None
        if not self._pending:
            return self._automaton.ending_chars(self._set)
        return min(1 + self._automaton.ending_chars(after) for _, after in self._openings())

    def ending(self) -> str | None:
        """The shortest ending after the last *whole* character that was fed; None if dead.

        Inside a character, it begins with that character, whole. So text + ending is a sentence,
        with text decoded from what was fed and the half character left out.

        Raises:
            GrammarError: `ending_too_long`: it has more than `MAX_ENDING` characters.
        """
        if self._set is None:
            return None
        if not self._pending:
            return self._automaton.ending(self._set)
        code, after = min(
            self._openings(), key=lambda pair: (self._automaton.ending_chars(pair[1]), pair[0])
        )
        return chr(code) + self._automaton.ending(after)

    def ending_bytes(self) -> bytes | None:
        """The bytes to feed until `complete`, beginning with the rest of a partial character."""
        ending = self.ending()
        return None if ending is None else ending.encode()[len(self._pending) :]

    def ending_pieces(self) -> list[bytes | int] | None:
        """The bytes and tokens to take until `complete`; None if dead."""
        ending = self.ending_bytes()
        return None if ending is None else [ending]

    def _openings(self) -> list[tuple[int, Set]]:
        """One code point of each kind that completes the partial character, with what follows."""
        assert self._set is not None
        low, high = _span(self._pending)
        found = []
        for code in self._automaton.program.alphabet.examples(low, high):
            after = self._automaton.step(self._set, code)
            if after is not None:
                found.append((code, after))
        return found


# UTF-8


def _length(first: int) -> int:
    """Bytes of the character that begins so; 0 if none does."""
    if first < 0x80:
        return 1
    return (
        2
        if 0xC2 <= first <= 0xDF
        else 3
        if 0xE0 <= first <= 0xEF
        else 4
        if 0xF0 <= first <= 0xF4
        else 0
    )


def _code_of(piece: bytes) -> int | None:
    try:
        return ord(piece.decode("utf-8"))
    except UnicodeDecodeError:
        return None


def _span(begun: bytes) -> tuple[int, int]:
    """The lowest and highest code point whose UTF-8 begins so; empty (low > high) if none does."""
    length = _length(begun[0])
    if any(byte & 0xC0 != 0x80 for byte in begun[1:]):
        return 1, 0
    value = begun[0] & (0x7F >> length)
    for byte in begun[1:]:
        value = value << 6 | byte & 0x3F
    shift = 6 * (length - len(begun))
    low, high = value << shift, (value + 1 << shift) - 1
    return max(low, (0, 0, 0x80, 0x800, 0x10000)[length]), min(high, MAX_CODE)
