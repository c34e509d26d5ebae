"""The think block before an answer: sampled on masks without an engine, at temperature 1 and above.

A model that thinks is played by chance: any allowed token may come, now and then one that writes a
part of a tag, so that every way through the block is walked.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expertserve.decoding.block import AnyText, Block, BlockRows, Blocks
from expertserve.decoding.follow import Follower
from expertserve.decoding.free import FreeText
from expertserve.decoding.mask import GlrMask, GlrVocabulary, Mask
from expertserve.decoding.separate import Separator
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.grammar.recognise import Grammar
from expertserve.prompt.tokenizer import Tokenizer
from expertserve.request import ReasoningRule, Sampling
from expertserve.result import Chunk
from tests.conftest import ROOT
from tests.published import published

OPEN, CLOSE = "<think>", "</think>"
GBNF = 'root ::= "SELECT " [a-z]{1,9} (" FROM " [a-z]{1,9})? (" WHERE x = \'" [^\']{0,30} "\'")?'
END = 1 << 20
"""A token that ends an answer."""


@pytest.fixture(scope="module")
def vocabulary(tiny_base: Path) -> Vocabulary:
    return Vocabulary.read(tiny_base)


@pytest.fixture(scope="module")
def encode(tiny_base: Path) -> Callable[[str], list[int]]:
    return Tokenizer(tiny_base).encode_plain


def rule_of(
    vocabulary: Vocabulary,
    encode: Callable[[str], list[int]],
    budget: int,
    close: str = CLOSE,
    begun: bool = False,
) -> ReasoningRule:
    data = close.encode()
    rests = (b"\n" + data, *(data[at:] for at in range(1, len(data))))
    closings = tuple(tuple(vocabulary.spell(rest, encode)) for rest in rests)
    return ReasoningRule(open=OPEN, close=close, budget=budget, closings=closings, begun=begun)


class Writer:
    """A model that writes any allowed token, and leans to the tags and to the answer's words."""

    def __init__(self, seed: int, likes: list[int], ends: float = 0.3) -> None:
        self.chance = random.Random(seed)
        self.likes, self.ends = likes, ends

    def choose(self, allowed: np.ndarray, accepting: bool) -> int:
        if accepting and self.chance.random() < self.ends:
            return END
        wanted = [i for i in self.likes if i < len(allowed) and allowed[i]]
        if wanted and self.chance.random() < 0.4:
            return self.chance.choice(wanted)
        found = np.flatnonzero(allowed)
        return int(self.chance.choice(found)) if len(found) else END


def sample(
    mask: Mask, writer: Writer, size: int, most: int, follow: Separator
) -> tuple[list[Chunk], list[int]]:
    """Writes tokens that the mask allows until the follower or `most` ends it."""
    state, chunks, ids = mask.start(), [], []
    row = np.zeros((size + 31) // 32, dtype=np.int32)
    for number in range(most):
        state.fill(row)
        allowed = np.unpackbits(row.view(np.uint8), bitorder="little")[:size].astype(bool)
        token = writer.choose(allowed, state.accepting)
        if token == END:
            assert state.accepting, "nothing may follow, and nothing is complete"
        else:
            assert state.copy().commit(token) and state.commit(token)
        ids.append(token)
        reason = "stop" if token == END else "length" if number == most - 1 else None
        chunk = follow.follow(Chunk("", (token,), finish_reason=reason))  # type: ignore[arg-type]
        chunks += [chunk] if chunk else []
        if follow.ended:
            break
    return chunks, ids


def check_one(
    grammar: Grammar,
    mask: Mask,
    vocabulary: Vocabulary,
    encode: Callable[[str], list[int]],
    *,
    seed: int,
    most: int,
    budget: int,
    blocks: Blocks,
) -> bool:
    """One sampled answer: its block is well formed and in budget, its sentence complete."""
    rule = rule_of(vocabulary, encode, budget)
    answer = Follower(
        grammar,
        vocabulary.tokens,
        lambda data: vocabulary.spell(data, encode),
        max_tokens=most,
        ends=frozenset({END}),
    )
    follow = Separator(rule, vocabulary.tokens, answer, ends=frozenset({END}), keep=seed % 2 == 1)
    likes = encode("<think>\nSELECT </think>\n < / > think")
    size = max(vocabulary.tokens) + 1
    writer = Writer(seed, likes)
    chunks, _ = sample(blocks.before(mask, rule), writer, size, most, follow)
    thought, text = follow.thought, "".join(c.text for c in chunks)
    assert follow.ended and follow.complete
    ids = [i for c in chunks for i in c.token_ids]
    assert len([i for i in ids if i != END]) <= most
    if thought is None:
        assert grammar.accepts(text)
        return False
    assert thought.tokens <= budget + 2 and thought.tokens == sum(
        c.reasoning_tokens for c in chunks
    )
    assert "".join(c.reasoning for c in chunks) == thought.text
    whole = b"".join(vocabulary.tokens.get(i, b"") for i in ids).decode(errors="replace")
    assert whole.startswith(OPEN) and CLOSE not in thought.text
    block = whole[: whole.index(CLOSE) + len(CLOSE)]
    assert block[len(OPEN) : -len(CLOSE)].strip() == thought.text
    if seed % 2:
        assert thought.kept.rstrip("\n") == block and text.startswith(thought.kept)
    assert grammar.accepts(text[len(thought.kept) :])
    return True


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 1 << 30), most=st.integers(48, 90), share=st.integers(20, 24))
def test_a_sampled_answer_has_a_closed_block_in_budget_and_a_whole_sentence(
    seed: int,
    most: int,
    share: int,
    vocabulary: Vocabulary,
    encode: Callable[[str], list[int]],
) -> None:
    grammar = Grammar.from_gbnf(GBNF)
    check_one(
        grammar,
        compiled(GBNF, vocabulary),
        vocabulary,
        encode,
        seed=seed,
        most=most,
        budget=share,
        blocks=Blocks(vocabulary.tokens),
    )


MASKS: dict[str, GlrMask] = {}


def compiled(gbnf: str, vocabulary: Vocabulary) -> GlrMask:
    if gbnf not in MASKS:
        rules = Grammar.from_gbnf(gbnf).rules
        MASKS[gbnf] = GlrMask.compile(rules, GlrVocabulary(vocabulary), "quick")
    return MASKS[gbnf]


@pytest.mark.parametrize("name", ["sql", "json"])
def test_published_grammars_hold_behind_a_block(
    name: str, vocabulary: Vocabulary, encode: Callable[[str], list[int]]
) -> None:
    check_many(published(name).decode(), vocabulary, encode, 40)


@pytest.mark.parametrize("name", ["sql", "cypher", "json-object", "tool-call"])
def test_our_grammars_hold_behind_a_block(
    name: str, vocabulary: Vocabulary, encode: Callable[[str], list[int]]
) -> None:
    gbnf = (ROOT / "grammars" / f"{name}.gbnf").read_text(encoding="utf-8")
    check_many(gbnf, vocabulary, encode, 40)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", ["sql", "json"])
def test_a_thousand_answers_of_published_grammars_hold_behind_a_block(
    name: str, vocabulary: Vocabulary, encode: Callable[[str], list[int]]
) -> None:
    check_many(published(name).decode(), vocabulary, encode, 1000)


def check_many(
    gbnf: str, vocabulary: Vocabulary, encode: Callable[[str], list[int]], count: int
) -> None:
    grammar, blocks = Grammar.from_gbnf(gbnf), Blocks(vocabulary.tokens)
    mask = compiled(gbnf, vocabulary)
    found = [
        check_one(grammar, mask, vocabulary, encode, seed=seed, most=100, budget=40, blocks=blocks)
        for seed in range(count)
    ]
    assert sum(found) > count // 10  # blocks were written at all


def separator(
    vocabulary: Mapping[int, bytes], rule: ReasoningRule, tokenizer: Tokenizer, **options: object
) -> Separator:
    answer = FreeText(
        tokenizer.library,
        [],
        ends=frozenset({END}),
        sampling=Sampling(stop=tuple(options.get("stops", ()))),
    )  # type: ignore[arg-type]
    return Separator(
        rule, vocabulary, answer, ends=frozenset({END}), keep=bool(options.get("keep"))
    )


@settings(max_examples=100, deadline=None)
@given(
    thought=st.text(alphabet="ab<>/think \n;é", max_size=30),
    answer=st.text(alphabet="ab<>/think ;é", min_size=1, max_size=30),
    sizes=st.lists(st.integers(1, 5), min_size=1),
    keep=st.booleans(),
)
def test_text_is_separated_however_it_comes(
    thought: str,
    answer: str,
    sizes: list[int],
    keep: bool,
    vocabulary: Vocabulary,
    encode: Callable[[str], list[int]],
    tiny_base: Path,
) -> None:
    if CLOSE in thought:
        return
    rule = rule_of(vocabulary, encode, 10_000)
    text = f"{OPEN}{thought}{CLOSE}\n"
    ids = [*(i for part in (text[:-1], "\n") for i in encode(part)), *encode(answer)]
    follow = separator(vocabulary.tokens, rule, Tokenizer(tiny_base), keep=keep)
    chunks: list[Chunk | None] = []
    while ids:
        size = sizes[len(chunks) % len(sizes)]
        chunks.append(follow.follow(Chunk("", tuple(ids[:size]))))
        ids = ids[size:]
    chunks.append(follow.follow(Chunk("", (), finish_reason="stop")))
    found = [c for c in chunks if c]
    assert "".join(c.text for c in found) == (text if keep else "") + answer
    assert "".join(c.reasoning for c in found) == thought.strip()
    assert follow.thought and follow.thought.kept == (text if keep else "")


def test_what_only_begins_like_a_tag_is_the_answer(
    vocabulary: Vocabulary, encode: Callable[[str], list[int]], tiny_base: Path
) -> None:
    for text in ("<", "<th", "<thin>k", "x<think>y</think>", "</think>"):
        follow = separator(vocabulary.tokens, rule_of(vocabulary, encode, 99), Tokenizer(tiny_base))
        chunks = [follow.follow(Chunk("", (i,))) for i in encode(text)]
        chunks.append(follow.follow(Chunk("", (), finish_reason="stop")))
        assert "".join(c.text for c in chunks if c) == text and follow.thought is None


def test_a_tag_that_is_a_token_is_no_other_spelling() -> None:
    tokens = {0: b"a", 1: b"</think>", 2: b"<think>", 3: b"\n", 4: b"b"}
    rule = ReasoningRule(
        open=OPEN, close=CLOSE, open_id=10, close_id=11, budget=50, closings=((3, 11),)
    )
    spelled = Block(rule, tokens)
    assert not spelled.take(2) and spelled.phase == "answer"
    block = Block(rule, tokens)
    assert [block.take(t) for t in (10, 0, 1, 0)] == [True] * 4 and block.phase == "inside"
    assert [block.take(t) for t in (11, 3, 4)] == [True, True, False]
    state = Blocks(tokens).before(AnyText(), rule).start()
    assert all(state.commit(t) for t in (10, 0, 1, 11, 3, 4)) and state.accepting


def test_a_stop_inside_the_block_stops_nothing(
    vocabulary: Vocabulary, encode: Callable[[str], list[int]], tiny_base: Path
) -> None:
    rule = rule_of(vocabulary, encode, 99)
    follow = separator(vocabulary.tokens, rule, Tokenizer(tiny_base), stops=(";",))
    chunks = [follow.follow(Chunk("", (i,))) for i in encode("<think>a;b</think>c;d")]
    assert "".join(c.text for c in chunks if c) == "c" and follow.ended
    assert follow.thought and follow.thought.text == "a;b"


def test_an_engine_that_does_not_close_the_block_is_cut(
    vocabulary: Vocabulary, encode: Callable[[str], list[int]]
) -> None:
    """Such as one that knows no masks."""
    answer = Follower(
        Grammar.from_gbnf('root ::= "yes"'),
        vocabulary.tokens,
        lambda data: vocabulary.spell(data, encode),
        max_tokens=40,
        ends=frozenset({END}),
    )
    rule = rule_of(vocabulary, encode, 20)
    follow = Separator(rule, vocabulary.tokens, answer, ends=frozenset({END}), keep=False)
    chunks = [follow.follow(Chunk("", (i,))) for i in encode("<think>" + "on and " * 40)]
    assert "".join(c.text for c in chunks if c) == "yes" and follow.complete
    assert sum(len(c.token_ids) for c in chunks if c) <= 40


def test_a_block_that_the_prompt_opened_is_closed(
    vocabulary: Vocabulary, encode: Callable[[str], list[int]], tiny_base: Path
) -> None:
    rule = rule_of(vocabulary, encode, 99, begun=True)
    follow = separator(vocabulary.tokens, rule, Tokenizer(tiny_base))
    chunks = [follow.follow(Chunk("", (i,))) for i in encode("why</think>so")]
    chunks.append(follow.follow(Chunk("", (), finish_reason="stop")))
    assert "".join(c.text for c in chunks if c) == "so"
    assert follow.thought and follow.thought.text == "why"


@given(close=st.text(alphabet="ab>", min_size=1, max_size=5), data=st.binary(max_size=4))
def test_rows_bar_exactly_what_goes_on_behind_the_tag(close: str, data: bytes) -> None:
    """Tags that overlap with themselves too."""
    rule = ReasoningRule(open=OPEN, close=close, budget=9, closings=((0,),))
    piece = bytes(b"ab>\n"[b % 4] for b in data)
    for tail in range(len(close)):
        rows = BlockRows(rule, {0: piece})
        whole = close[:tail].encode() + piece
        ends = close.encode() in whole
        bare = whole.rstrip(b"\n")
        sound = bare.endswith(close.encode()) and len(whole) - len(bare) <= 2
        assert (0 in rows.barred(tail)) == (ends and not sound)
