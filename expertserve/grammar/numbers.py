"""Numbers within bounds → grammar nodes of their decimal spellings.

Digits are bounded: 15 significant ones are what a double holds, and a greedy model that may write
more writes zeros up to `max_tokens`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from expertserve.grammar.language import Language
from expertserve.grammar.tree import Alt, Class, Literal, Node, Repeat, Seq

DIGITS = 15
"""Significant digits, where a schema's own bounds ask for no more."""
DIGIT = Class(((48, 57),))
NONZERO = Class(((49, 57),))
NOTHING = Class(())
MOST_LISTED = 300
"""Multiples between two bounds that are written one by one."""


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of an interval; `open` leaves the value itself out."""

    value: Fraction
    open: bool = False


def either(options: list[Node]) -> Node:
    """One of them; the class of nothing where there is none."""
    unique = list(dict.fromkeys(option for option in options if option != NOTHING))
    return unique[0] if len(unique) == 1 else Alt(tuple(unique)) if unique else NOTHING


def integers(low: int | None, high: int | None) -> Node:
    """The integers from low to high.

    Example:
        >>> from expertserve.grammar.write import write_node
        >>> write_node(integers(5, 12))
        '[5-9] | "1" [0-2]'
    """
    low, high = filled(low, high)
    if low > high:
        return NOTHING
    negative = naturals(max(1, -high), -low) if low < 0 else NOTHING
    return either(
        [
            *([Seq((Literal("-"), negative))] if negative != NOTHING else []),
            naturals(max(low, 0), high) if high >= 0 else NOTHING,
        ]
    )


def filled(low: int | None, high: int | None) -> tuple[int, int]:
    """Bounds that are missing, by the number of digits."""
    widest = max([DIGITS, *(len(str(abs(b))) + 1 for b in (low, high) if b and abs(b) >= _LIMIT)])
    most = 10**widest - 1
    return (-most if low is None else low), (most if high is None else high)


_LIMIT = 10**DIGITS


def naturals(low: int, high: int) -> Node:
    """The integers from low to high, neither of them negative."""
    if low > high:
        return NOTHING
    if low == 0 and len(str(high)) > 1:
        return either([Literal("0"), naturals(1, high)])
    first, last = str(low), str(high)
    if len(first) == len(last):
        return _between(first, last)
    options = [_between(first, "9" * len(first))] if first.strip("0") != "1" else []
    shortest = len(first) + bool(options)
    longest = len(last) - (last.strip("9") != "")
    if shortest <= longest:
        options.append(_joined(NONZERO, _digits(shortest - 1, longest - 1)))
    if longest < len(last):
        options.append(_between("1" + "0" * (len(last) - 1), last))
    return either(options)


def _between(low: str, high: str) -> Node:
    """Texts of as many digits as both have, from low to high."""
    if not low:
        return Seq()
    rest = len(low) - 1
    if low[0] == high[0]:
        return _then(low[0], low[0], _between(low[1:], high[1:]))
    options, first, last = [], int(low[0]), int(high[0])
    if low[1:].strip("0"):
        options.append(_then(low[0], low[0], _between(low[1:], "9" * rest)))
        first += 1
    top = None
    if high[1:].strip("9"):
        top = _then(high[0], high[0], _between("0" * rest, high[1:]))
        last -= 1
    if first <= last:
        options.append(_then(str(first), str(last), _digits(rest, rest)))
    return either([*options, *([top] if top else [])])


def _digits(low: int, high: int) -> Node:
    return Seq() if high == 0 else DIGIT if low == high == 1 else Repeat(DIGIT, low, high)


def _then(first: str, last: str, rest: Node) -> Node:
    digit: Node = Literal(first) if first == last else Class(((ord(first), ord(last)),))
    return digit if rest == Seq() else Seq((digit, rest))


# ── fractions ───────────────────────────────────────────────────────────────────────────────────


def decimals(low: Bound | None, high: Bound | None) -> Node:
    """The numbers between the bounds; without any, as JSON spells them, exponents included."""
    if low is None and high is None:
        return Seq((Repeat(Literal("-"), 0, 1), _significant(), Repeat(_EXPONENT, 0, 1)))
    negative = _magnitudes(
        None if high is None or high.value > 0 else Bound(-high.value, high.open),
        None if low is None else Bound(-low.value, low.open),
    )
    zero = Bound(Fraction(0))
    positive = _magnitudes(zero if low is None or low.value < 0 else low, high)
    return either(
        [
            *([Seq((Literal("-"), negative))] if negative != NOTHING else []),
            positive,
        ]
    )


_EXPONENT = Seq(
    (Class(((69, 69), (101, 101))), Repeat(Class(((43, 43), (45, 45))), 0, 1), Repeat(DIGIT, 1, 2))
)


def _significant() -> Node:
    """A number without sign of at most `DIGITS` digits before and after the point together."""
    node: Node = Seq()
    for left in range(1, DIGITS):
        node = Repeat(Alt((_joined(DIGIT, node), _point(_digits(1, left)))), 0, 1)
    return Alt(
        (
            Seq((Literal("0"), Repeat(_point(_digits(1, DIGITS)), 0, 1))),
            Seq((NONZERO, node)),
        )
    )


def _point(digits: Node) -> Node:
    return Seq((Literal("."), digits))


def _magnitudes(low: Bound | None, high: Bound | None) -> Node:
    """Numbers without sign; a missing low bound leaves zero out."""
    if high is not None and high.value < 0:
        return NOTHING
    low = low or Bound(Fraction(0), True)
    digits = max(DIGITS, *(_places(b.value) + 1 for b in (low, high) if b is not None))
    whole, part = _split(low, digits)
    if high is None:
        _, most = filled(whole, None)
        return either(
            [
                _joined(naturals(whole, whole), _above(part, low.open, digits)),
                _joined(naturals(whole + 1, most), _any(digits)),
            ]
        )
    top, rest = _split(high, digits)
    if (low.value, top) > (high.value, top) or (
        low.value == high.value and (low.open or high.open)
    ):
        return NOTHING
    if whole == top:
        return _joined(naturals(whole, whole), _within(part, low.open, rest, high.open, digits))
    return either(
        [
            _joined(naturals(whole, whole), _above(part, low.open, digits)),
            _joined(naturals(whole + 1, top - 1), _any(digits)),
            _joined(naturals(top, top), _below(rest, high.open, digits)),
        ]
    )


def _places(value: Fraction) -> int:
    """Digits after the point; of an endless fraction, those that matter."""
    for places in range(40):
        if 10**places % value.denominator == 0:
            return places
    return DIGITS


def _split(bound: Bound, digits: int) -> tuple[int, str]:
    whole = bound.value.numerator // bound.value.denominator
    scaled = (bound.value - whole) * 10**digits
    return whole, str(scaled.numerator // scaled.denominator).zfill(digits).rstrip("0")


def _joined(whole: Node, rest: Node) -> Node:
    if NOTHING in (whole, rest):
        return NOTHING
    return whole if rest == Seq() else Seq((whole, rest))


def _any(digits: int) -> Node:
    return Repeat(_point(_digits(1, digits)), 0, 1)


def _optional(node: Node, empty: bool) -> Node:
    if node == NOTHING:
        return Seq() if empty else NOTHING
    return Repeat(_point(node), 0, 1) if empty else _point(node)


def _above(part: str, is_open: bool, digits: int) -> Node:
    """Fractions from `.part` on; nothing after the point counts as zero."""
    return _optional(_over(part, is_open, digits), not part and not is_open)


def _below(part: str, is_open: bool, digits: int) -> Node:
    return _optional(_under(part, is_open, digits), bool(part) or not is_open)


def _over(part: str, is_open: bool, digits: int) -> Node:
    """One to `digits` digits that make at least (or more than) `.part`."""
    if digits <= 0:
        return NOTHING
    if not part:
        if not is_open:
            return _digits(1, digits)
        zeros = Repeat(Literal("0"), 0, digits - 1)
        return Seq((zeros, NONZERO, Repeat(DIGIT, 0, digits - 1)))
    first, rest = part[0], part[1:]
    options = []
    deeper = _over(rest, is_open, digits - 1)
    if not rest and not is_open:
        options.append(_joined(Literal(first), _digits(0, digits - 1)))
    elif deeper != NOTHING:
        options.append(Seq((Literal(first), deeper)))
    if first < "9":
        options.append(_then(chr(ord(first) + 1), "9", _digits(0, digits - 1)))
    return either(options)


def _under(part: str, is_open: bool, digits: int) -> Node:
    """One to `digits` digits that make at most (or less than) `.part`."""
    if digits <= 0:
        return NOTHING
    if not part:
        return NOTHING if is_open else Repeat(Literal("0"), 1, digits)
    first, rest = part[0], part[1:]
    options = []
    if first > "0":
        options.append(_then("0", chr(ord(first) - 1), _digits(0, digits - 1)))
    deeper = _under(rest, is_open, digits - 1)
    ended = bool(rest) or not is_open
    if deeper != NOTHING:
        options.append(Seq((Literal(first), Repeat(deeper, 0, 1) if ended else deeper)))
    elif ended:
        options.append(Literal(first))
    return either(options)


def _within(low: str, open_low: bool, high: str, open_high: bool, digits: int) -> Node:
    empty = not low and not open_low and (bool(high) or not open_high)
    return _optional(_inside(low, open_low, high, open_high, digits), empty)


def _inside(low: str, open_low: bool, high: str, open_high: bool, digits: int) -> Node:
    """Digits of a fraction from `.low` to `.high`, which is not less."""
    if digits <= 0:
        return NOTHING
    if not low and not open_low:
        return _under(high, open_high, digits)
    if not high:
        return NOTHING if low or open_low or open_high else Repeat(Literal("0"), 1, digits)
    first, last = (low or "0")[0], high[0]
    rest_low, rest_high = low[1:], high[1:]
    if first == last:
        deeper = _inside(rest_low, open_low, rest_high, open_high, digits - 1)
        ended = not rest_low and not open_low and (bool(rest_high) or not open_high)
        return _digit_then(first, deeper, ended)
    options = []
    low_ended = not rest_low and not open_low
    options.append(_digit_then(first, _over(rest_low, open_low, digits - 1), low_ended))
    if ord(last) - ord(first) > 1:
        between = chr(ord(first) + 1), chr(ord(last) - 1)
        options.append(_then(*between, _digits(0, digits - 1)))
    high_ended = bool(rest_high) or not open_high
    options.append(_digit_then(last, _under(rest_high, open_high, digits - 1), high_ended))
    return either(options)


def _digit_then(digit: str, deeper: Node, ended: bool) -> Node:
    if deeper == NOTHING:
        return Literal(digit) if ended else NOTHING
    return Seq((Literal(digit), Repeat(deeper, 0, 1) if ended else deeper))


# ── multiples ───────────────────────────────────────────────────────────────────────────────────


def listed(step: Fraction, low: Bound, high: Bound) -> list[str] | None:
    """The multiples between two bounds, spelt; None where there are too many."""
    first = -((-low.value) // step)
    last = high.value // step
    first += low.open and first * step == low.value
    last -= high.open and last * step == high.value
    if last - first >= MOST_LISTED:
        return None
    return [spelt(step * n) for n in range(first, last + 1)]


def spelt(value: Fraction) -> str:
    """A decimal fraction as it is written."""
    places = _places(value)
    scaled = abs(value) * 10**places
    digits = str(scaled.numerator // scaled.denominator).zfill(places + 1)
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return ("-" if value < 0 else "") + text


def multiples(step: Fraction) -> Language:
    """Multiples of a decimal fraction, of any size: a state for each remainder.

    Raises:
        GrammarError: `pattern_too_large`: more remainders than an automaton may have states.
    """
    places = _places(step)
    modulus = int(step * 10**places)

    def moves(state: tuple[int, int]) -> Iterator[tuple[str, tuple[int, int]]]:
        remainder, place = state
        if place == _SIGN:
            yield "-", (0, _FIRST)
        if place in (_SIGN, _FIRST):
            yield "0", (0, _ZERO)
            yield from ((str(d), (d % modulus, _WHOLE)) for d in range(1, 10))
            return
        if place in (_WHOLE, _ZERO):
            yield ".", (remainder, -1)
        for d in range(10) if place == _WHOLE or place < 0 else ():
            if place == _WHOLE:
                yield str(d), ((remainder * 10 + d) % modulus, place)
            elif -place <= places:
                yield str(d), ((remainder * 10 + d) % modulus, place - 1)
            elif d == 0:  # more digits than the step has are zeros
                yield "0", (remainder, max(place - 1, -places - 2))

    def ends(state: tuple[int, int]) -> bool:
        remainder, place = state
        if place in (_SIGN, _FIRST, -1):
            return False
        written = 0 if place in (_WHOLE, _ZERO) else min(places, -place - 1)
        return bool(remainder * 10 ** (places - written) % modulus == 0)

    return Language.made((0, _SIGN), moves, ends)


_SIGN, _FIRST, _ZERO, _WHOLE = 3, 2, 1, 0
"""Places in a number; after the point they are counted down from -1."""
