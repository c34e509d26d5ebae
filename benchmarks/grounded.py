"""What it costs that values are spans of the user's text: a text's first use, and a token.

    python -m benchmarks.grounded

The JSON grammar with grounded values, on texts of 200 and 4,000 words drawn from the sentences of
`training.people`. First use: the index of the text in the front end, then the masks up to the first
value in the engine, whose vocabulary is known by then. A token: filling a mask and taking a token,
the first use left out. Medians of five rounds, each with texts of its own.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from benchmarks.measure import BASE, ROUNDS, Answer, judge, save
from expertserve.decoding.ground import grounded
from expertserve.decoding.marked import MarkedMask
from expertserve.decoding.marked_vocabulary import MarkedVocabulary
from expertserve.decoding.mask import GlrMask, GlrVocabulary
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.grammar.bundled import bundled
from expertserve.grammar.grounded import GroundedGrammar
from expertserve.grammar.marks import machine_rules
from expertserve.grammar.recognise import Grammar
from training import people

BARS = {200: 0.05, 4000: 0.3}
"""Words of a text → seconds of its first use."""
OBJECTS = 20


def main() -> None:
    """Prints the answers, and writes them to the results."""
    vocabulary = Vocabulary.read(BASE)
    ours = MarkedVocabulary(vocabulary)
    known = GlrVocabulary(ours.whole)
    ours.behind, ours.beginning(b"a", False)  # what a vocabulary costs, once
    own = bundled("json-object")
    assert own
    grammar = grounded(own, "json-object", "values", {})
    mask = GlrMask.compile(machine_rules(grammar.rules), known)
    answers = []
    for count, bar in BARS.items():
        rounds = [measure(grammar, mask, ours, count, n) for n in range(ROUNDS)]
        cold, token, follow = map(statistics.median, zip(*rounds, strict=True))
        answers += [
            Answer(f"a text of {count:,} words, first use, seconds", cold, most=bar),
            Answer(f"a text of {count:,} words, µs a token, mask and commit", token, most=50),
            Answer(f"a text of {count:,} words, µs a token, recogniser", follow),
        ]
    save("grounded", answers=judge("grounded", answers))


def measure(
    grammar: Grammar, mask: GlrMask, vocabulary: MarkedVocabulary, count: int, seed: int
) -> tuple[float, float, float]:
    """Seconds of a text's first use; mean µs a token of masks, and of the recogniser."""
    rng = random.Random(count + seed)
    words = Tokenizer.from_file(str(Path(BASE) / "tokenizer.json"))
    pool = [w for each in people.PEOPLE for a in each.asked for w in a.sentence.split()]
    said = [rng.choice(pool) + (str(i) if i % 7 == 0 else "") for i in range(count)]
    row = np.zeros(len(vocabulary.own.tokens) // 32 + 8, dtype=np.int32)
    spelt = vocabulary.own.tokens
    began = time.perf_counter()
    over = GroundedGrammar.over(grammar, " ".join(said), spelt=spelt)
    assert isinstance(over, GroundedGrammar)
    marked = MarkedMask(mask, vocabulary, over.numbered, over.source)
    state = marked.start()
    for token in words.encode('{"name": "', add_special_tokens=False).ids:
        state.fill(row)
        assert state.commit(token)
    state.fill(row)
    cold = time.perf_counter() - began
    masks, follows = [], []
    for turn in range(OBJECTS + 1):
        at = rng.randrange(count - 12)
        value = {
            "name": " ".join(said[at : at + 4]),
            "place": said[at + 5],
            "none": None,
            "more": [" ".join(said[at + 6 : at + 8]), True],
            "note": " ".join(said[at + 3 : at + 12]),
        }
        state, cursor = marked.start(), over.start()
        text = json.dumps(value, ensure_ascii=False)
        left = words.encode(text, add_special_tokens=False).ids[::-1]
        while left:
            token = left.pop()
            a = time.perf_counter()
            state.fill(row)
            if not row[token >> 5] >> (token & 31) & 1:
                # A token that ends a span and goes on is offered at the first of many places alone.
                assert len(spelt[token]) > 1
                left += [vocabulary.ids[bytes([b])] for b in reversed(spelt[token])]
                continue
            assert state.commit(token)
            b = time.perf_counter()
            assert cursor.take(token, spelt[token])
            masks += [b - a] if turn else []
            follows += [time.perf_counter() - b] if turn else []
    return cold, float(np.mean(masks)) * 1e6, float(np.mean(follows)) * 1e6


if __name__ == "__main__":
    main()
