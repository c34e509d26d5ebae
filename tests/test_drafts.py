"""The drafter alone: what each source proposes, what is made of it, and what is learnt."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expertserve.decoding.drafts.build import AnsweredPrompt, gain, shapes_of, split
from expertserve.decoding.drafts.costs import Costs
from expertserve.decoding.drafts.desk import Desk
from expertserve.decoding.drafts.drafter import SOURCES, Drafter, Guess
from expertserve.decoding.drafts.earlier import remember
from expertserve.decoding.drafts.habits import Habits, from_shapes
from expertserve.decoding.drafts.writing import Known, Writing
from expertserve.decoding.mask import Row
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.package.habits import DraftWish
from expertserve.prompt.tokenizer import Tokenizer

END = 2


def writing(prompt: Sequence[int] = (), **options: object) -> Writing:
    known = options.pop("known", None) or Known()
    return Writing(prompt, known, ends=[END], **options)  # type: ignore[arg-type]


def say(one: Writing, tokens: Sequence[int]) -> None:
    for token in tokens:
        one.add(token)


def proposed(one: Writing, source: str) -> int | None:
    found = SOURCES[source](one)
    return found[0] if found else None


def test_a_prediction_is_followed_and_found_again_after_a_difference() -> None:
    one = writing(prediction=[10, 11, 12, 13, 14, 15, 16, 17])
    assert proposed(one, "prediction") == 10
    say(one, [10, 11])
    assert proposed(one, "prediction") == 12
    say(one, [50, 51])
    assert proposed(one, "prediction") is None
    say(one, [14, 15])
    assert proposed(one, "prediction") == 16
    say(one, [16, 17])
    assert proposed(one, "prediction") is None


def test_a_long_prediction_of_few_words_takes_no_longer() -> None:
    one = writing(prediction=[5, 6] * 20_000)
    say(one, [5, 6] * 9_000)
    began = time.perf_counter()
    assert proposed(one, "prediction") == 5
    assert time.perf_counter() - began < 0.01


def test_where_a_prediction_repeats_itself_the_longest_likeness_tells_the_place() -> None:
    one = writing(prediction=[1, 7, 8, 30, 2, 7, 8, 40])
    say(one, [2, 7, 8])
    assert proposed(one, "prediction") == 40


def test_the_rest_of_a_name_is_copied_from_the_prompt() -> None:
    one = writing([5, 20, 21, 22, 6, 20, 30, 7])
    say(one, [9, 20, 21])
    assert proposed(one, "prompt") == 22
    say(one, [23])
    assert proposed(one, "prompt") is None


def test_own_words_neither_begin_nor_go_on_with_a_name() -> None:
    known = Known(habits=Habits([20, 22]))
    one = writing([20, 21, 22], known=known)
    say(one, [20])
    assert proposed(one, "prompt") is None
    say(one, [21])
    assert proposed(one, "prompt") is None


def test_habits_take_what_came_from_the_prompt_for_one_symbol() -> None:
    """`3 name 4 name 5`, whatever the names and however long."""
    known = Known()
    for names in ([100], [101, 102], [103, 104, 105]):
        one = writing([*names], known=known)
        say(one, [3, *names, 4, *names, 5, END])
        remember(one)
    one = writing([200, 201], known=known)
    assert proposed(one, "history") == 3
    say(one, [3, 200, 201])
    assert proposed(one, "history") == 4
    say(one, [4, 200, 201, 5])
    assert proposed(one, "history") == END


def test_a_names_beginning_is_that_of_one_that_stands_again_in_the_question() -> None:
    """Names stand after 8 in the context; the answer begins with 3 and a name."""
    habits = Habits([3, 4])
    habits.learn_place([-3, 3], (8,), 5)
    for _ in range(5):
        habits.learn([-3, 3, -1, 4, -1, -2])
    prompt = [8, 50, 51, 9, 8, 60, 61, 9, 8, 70, 71, 9, 60, 61, 1]
    one = writing(prompt, known=Known(habits=habits))
    assert proposed(one, "place") is None, "no name comes first"
    say(one, [3])
    assert proposed(one, "place") == 60
    assert proposed(writing(prompt[:12], known=Known(habits=habits)), "place") is None
    bare = writing(prompt[:12], known=Known(habits=habits))
    say(bare, [3])
    assert proposed(bare, "place") == 50, "without a question the first"


class Only:
    """A grammar of one sentence."""

    def __init__(self, sentence: Sequence[int]) -> None:
        self.sentence = [*sentence, END]
        self.place = 0
        self.asked = 0

    def take(self, token: int) -> bool:
        right = self.place < len(self.sentence) and self.sentence[self.place] == token
        self.place += right
        return right

    def rollback(self, num_tokens: int) -> None:
        self.place -= num_tokens

    def row(self) -> Row:
        row = np.zeros(8, dtype=np.int32)
        row[self.sentence[self.place] >> 5] = 1 << (self.sentence[self.place] & 31)
        return row

    def forced(self) -> list[int]:
        self.asked += 1
        return self.sentence[self.place : -1]


def test_text_that_must_come_is_drafted_in_the_models_spelling_and_looked_up_once() -> None:
    line = Only([10, 11, 12, 13])
    one = writing(respell=lambda tokens: list(tokens))
    one.line = line
    draft, _ = Drafter().draft(one, 8, 0.2)
    assert [g.token for g in draft] == [10, 11, 12, 13]
    assert {g.source for g in draft} == {"grammar"}
    assert line.place == 0 and one.said == []
    assert line.asked == 2, "at its beginning and at its end"


def test_a_draft_ends_where_the_grammar_forbids_it_and_moves_nothing() -> None:
    line = Only([10, 11, 99])
    one = writing(prediction=[10, 11, 12, 13])
    one.line = line
    before = list(one.symbols)
    draft, _ = Drafter().draft(one, 8, 0.01)
    assert [g.token for g in draft] == [10, 11]
    assert line.place == 0 and one.said == [] and one.symbols == before


@given(st.lists(st.integers(0, 40), max_size=30), st.lists(st.integers(3, 40), max_size=30))
def test_drafting_leaves_a_writing_as_it_was(prompt: list[int], said: list[int]) -> None:
    known = Known()
    learnt = writing(prompt, known=known)
    say(learnt, [*said, END])
    remember(learnt)
    one = writing(prompt, known=known, prediction=said[::-1])
    say(one, said[: len(said) // 2])
    before = list(one.said), list(one.symbols)
    draft, _ = Drafter().draft(one, 6, 0.05)
    assert len(draft) <= 6
    assert (one.said, one.symbols) == before
    for token in (g.token for g in draft):
        one.add(token)
    one.pop(len(draft))
    assert (one.said, one.symbols) == before


def test_a_source_that_is_often_wrong_is_believed_less_until_nothing_is_drafted() -> None:
    drafter = Drafter()
    for i in range(200):
        one = writing(prediction=[10, 11, 12])
        draft, rest = drafter.draft(one, 3, 0.3)
        if i == 0:
            assert len(draft) == 3
        drafter.learn(draft, rest, [99])
    assert drafter.draft(writing(prediction=[10, 11, 12]), 3, 0.3)[0] == []
    for _ in range(200):
        one = writing(prediction=[10, 11, 12])
        draft, rest = drafter.draft(one, 3, 0.3)
        drafter.learn(draft, rest, [*(g.token for g in draft), 10 + len(draft)])
    assert drafter.draft(writing(prediction=[10, 11, 12]), 3, 0.3)[0], "and more again"


def test_what_became_of_a_draft_is_counted_by_source() -> None:
    drafter = Drafter()
    draft = [Guess(t, s, 0.9, 0.9) for t, s in ((5, "habits"), (6, "habits"), (7, "prompt"))]
    counts = drafter.learn(draft, None, [5, 6, 8])
    assert {k: (c.drafted, c.accepted) for k, c in counts.items()} == {
        "habits": (2, 2),
        "prompt": (1, 0),
    }
    counts = drafter.learn(draft, None, [9])
    assert {k: (c.drafted, c.accepted) for k, c in counts.items()} == {
        "habits": (2, 0),
        "prompt": (1, 0),
    }


@pytest.mark.parametrize(
    ("alone", "request_", "token"), [(50, 4.5, 3.5), (5, 0.05, 0.04), (10, 6, 6)]
)
def test_the_bar_is_what_a_drafted_token_costs_a_step(
    alone: float, request_: float, token: float
) -> None:
    rng, costs = random.Random(0), Costs()
    for _ in range(600):
        requests = rng.choice([1, 2, 4, 8, 16, 32, 64])
        drafted = rng.randint(0, 3 * requests)
        seconds = (alone + request_ * requests + token * drafted) / 1000 * rng.uniform(0.95, 1.1)
        costs.measure(requests, drafted, seconds * (10 if rng.random() < 0.02 else 1))
    for requests in (1, 8, 64):
        wanted = 1.15 * token * requests / (alone + request_ * requests)
        assert costs.bar(requests) == pytest.approx(max(0.05, wanted), rel=0.45)


def test_at_first_the_bar_is_usual_and_rises_with_the_batch() -> None:
    costs = Costs()
    bars = [costs.bar(n) for n in (1, 4, 16, 64)]
    assert bars == sorted(bars) and bars[0] < 0.15 < 0.6 < bars[-1]


def pairs(count: int) -> list[AnsweredPrompt]:
    rng = random.Random(3)
    names = [a + b for a in ("boat", "ship", "bird", "tree") for b in ("_name", "_size", "s", "")]
    found = []
    for _ in range(count):
        table, column = rng.sample(names, 2)
        prompt = f"CREATE TABLE {table} ({column} TEXT)\nWhich {column} have they?"
        found.append(AnsweredPrompt(prompt, f"SELECT DISTINCT {column} FROM {table} WHERE TRUE"))
    return found


def test_shapes_have_stand_ins_for_what_the_prompt_has() -> None:
    shapes = shapes_of(pairs(50))
    assert [(s.times, s.parts) for s in shapes] == [
        (50, ("SELECT DISTINCT ", " (\tx", " FROM ", " TABLE\tx", " WHERE TRUE"))
    ]


def test_a_value_of_several_words_is_one_stand_in_and_own_words_stay() -> None:
    examples = [
        AnsweredPrompt(f"Who lives in {city}? Select one.", f"Select where city = '{city}'")
        for city in ("New York", "Rio de Janeiro", "Ulm")
    ] + [AnsweredPrompt("Say it.", "Select where city = 'none'")] * 4
    parts = [s.parts for s in shapes_of(examples)]
    assert ("Select where city = '", " in\tx", "'") in parts and len(parts) == 2


def test_habits_gain_on_pairs_that_they_were_not_built_from(tiny_base: Path) -> None:
    tokenizer = Tokenizer(tiny_base)
    built, held = split(pairs(60))
    assert len(held) == 6 and not {id(e) for e in held} & {id(e) for e in built}
    habits = from_shapes(shapes_of(built), tokenizer.library)
    with_habits, without = (gain(h, held, tokenizer) for h in (habits, Habits()))
    assert with_habits.tokens == without.tokens
    assert with_habits.tokens_a_step > 1.3 * without.tokens_a_step


def test_a_desk_drafts_from_its_experts_answers_and_forgets_ended_requests(
    tiny_base: Path,
) -> None:
    desk = Desk(tiny_base, lambda: Vocabulary.read(tiny_base))
    said = [30, 31, 32, 33, 34, END]
    totals = []
    for i in range(3):
        name, total = f"r{i}", 0
        desk.begin(name, [40, 41], [7, END], DraftWish(expert="one"))
        place = 0
        while place < len(said):
            draft = desk.draft(name, None, 8, 0.3)
            same = 0
            while (
                same < len(draft)
                and place + same < len(said) - 1
                and draft[same] == said[place + same]
            ):
                same += 1
            place += same + 1
            tally = desk.settle(name, said[:place], len(draft))
            total = sum(t.accepted for t in tally.values())
        desk.end(name)
        desk.end(name)
        assert name not in desk
        totals.append(total)
    assert totals[0] == 0 < totals[1] <= totals[2]
    desk.begin("sure", [40, 41], [END], DraftWish(expert="one"))
    assert desk.draft("sure", None, 8, 1.0) == [], "nothing pays"
    desk.begin("wished", [40, 41], [END], DraftWish(expert="one", least=0.01))
    assert desk.draft("wished", None, 8, 1.0)[:2] == said[:2], "the request's own wish goes first"
    desk.begin("other", [40, 41], [END], DraftWish(expert="two"))
    assert desk.draft("other", None, 8, 0.3) == [], "another expert's answers are its own"
    desk.begin("off", [40, 41], [END], DraftWish(expert="three", history=False))
    desk.settle("off", said, 0)
    desk.end("off")
    desk.begin("off", [40, 41], [END], DraftWish(expert="three", history=False))
    assert desk.draft("off", None, 8, 0.3) == []


def test_in_a_crowd_nobody_looks_for_drafts_but_for_those_who_wish_it(tiny_base: Path) -> None:
    desk = Desk(tiny_base, lambda: Vocabulary.read(tiny_base))
    for name, least in (("usual", None), ("wished", 0.1)):
        wish = DraftWish(expert=name, prediction=(30, 31, 32), least=least)
        desk.begin(name, [40], [END], wish)
    assert desk.draft("usual", None, 8, 0.3) and not desk.draft("usual", None, 8, 0.8)
    assert desk.draft("wished", None, 8, 0.8)


def test_contexts_are_bounded() -> None:
    rng, habits = random.Random(1), Habits()
    for _ in range(4000):
        habits.learn([rng.randrange(3, 40_000) for _ in range(20)])
    assert len(habits) < 61_000 + 20 * 8
