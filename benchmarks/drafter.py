"""What drafts for many requests take of a step: a part of `drafts`, without an engine.

What a model would write are the test split's own answers, so that nothing is computed but drafts:
the SQL expert's habits, and its grammar with a schema's names.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.measure import BASE
from expertserve.decoding.compile import vocabulary_of
from expertserve.decoding.drafts.desk import Desk
from expertserve.decoding.line import GrammarLine
from expertserve.decoding.marked import MarkedMask
from expertserve.decoding.marked_vocabulary import MarkedVocabulary
from expertserve.decoding.mask import GlrMask, GlrVocabulary
from expertserve.decoding.restrict import bound
from expertserve.grammar.gbnf import parse
from expertserve.grammar.grounded import GroundedGrammar
from expertserve.grammar.marks import machine_text
from expertserve.grammar.names.scope import scope_of
from expertserve.package.archive import open_package
from expertserve.package.habits import DraftWish
from expertserve.prompt.tokenizer import Tokenizer
from training import sql
from training.evaluate import context

EXPERTS = Path(__file__).parents[1] / "examples" / "experts"
SEED = 3


class Answers:
    """As many answers as are written at once, each in its grammar."""

    def __init__(self, count: int) -> None:
        self.tokenizer, self.vocabulary = Tokenizer(BASE), vocabulary_of(BASE)
        self.package = open_package(next(EXPERTS.glob("expert-sql-*.expert"))).folder
        marked = MarkedVocabulary(self.vocabulary)
        known = GlrVocabulary(marked.whole)
        self.end = next(iter(self.vocabulary.specials))
        masks: dict[str, GlrMask] = {}
        self.asked: list[tuple[list[int], list[int], MarkedMask]] = []
        pairs = ((le, pair) for le in sql.lessons("test", SEED) for pair in le.pairs)
        for lesson, pair in pairs:
            schema = "\n".join(map(str, context(lesson).values()))
            grammar, names = bound(schema, "sql", pair.question)
            over = GroundedGrammar.over(
                grammar, "", spelt=self.vocabulary.tokens, names=scope_of(names)
            )
            assert isinstance(over, GroundedGrammar)
            if not over.accepts(pair.answer):
                continue
            if grammar.digest not in masks:
                text = machine_text(grammar.rules)
                masks[grammar.digest] = GlrMask.compile(parse(text, bounded=False), known)
            mask = MarkedMask(masks[grammar.digest], marked, over.numbered, "", scope_of(names))
            prompt = self.tokenizer.encode_plain(f"{schema}\n{pair.question}")
            answer = [*self.tokenizer.encode_plain(pair.answer), self.end]
            self.asked.append((prompt, answer, mask))
            if len(self.asked) == count:
                return
        raise SystemExit(f"fewer than {count} of the answers are in their grammar")


def step_seconds(answers: Answers) -> float:
    """Seconds that a step's drafts take, while as many requests are written as there are answers.

    One that ends begins again, and the first second, in which habits are read, isn't counted. Nor
    is the mask of what comes next, which a step without drafts needs, too.
    """
    desk = Desk(BASE, lambda: answers.vocabulary)
    wish = DraftWish(expert="sql", package=answers.package, history=False)
    size = max(answers.vocabulary.tokens) + 1
    numbers, steps = itertools.count(), list[float]()
    going: list[tuple[str, list[int], list[int], GrammarLine]] = []

    def begin(prompt: Sequence[int], answer: list[int], mask: MarkedMask) -> None:
        name, line = str(next(numbers)), GrammarLine(mask, [answers.end], size=size)
        desk.begin(name, prompt, [answers.end], wish)
        going.append((name, answer, [], line))

    started = time.perf_counter()
    todo = itertools.cycle(partial(begin, *one) for one in answers.asked)
    while time.perf_counter() - started < 8:
        while len(going) < len(answers.asked):
            next(todo)()
        spent = 0.0
        for name, answer, said, line in list(going):
            line.row()  # the step needs it without drafts, too
            began = time.perf_counter()
            room = len(answer) - len(said) - 1
            bar = desk.costs.bar(len(going))
            draft = desk.draft(name, line, room, bar) if room > 0 else []
            spent += time.perf_counter() - began
            same = 0
            while same < len(draft) and draft[same] == answer[len(said) + same]:
                same += 1
            new = answer[len(said) : len(said) + same + 1]
            said += new
            assert line.accept(new)
            began = time.perf_counter()
            desk.settle(name, said, len(draft))
            spent += time.perf_counter() - began
            if len(said) == len(answer):
                desk.end(name)
                going.remove((name, answer, said, line))
        if time.perf_counter() - started > 1:
            steps.append(spent)
    return statistics.fmean(steps)
