"""What drafts for many requests take of a step: a part of `drafts`, without an engine.

What a model would write are the test split's own answers, so that nothing is computed but drafts:
the SQL expert's habits, and its grammar with a schema's names.
"""

from __future__ import annotations

import itertools
import statistics
import time
from pathlib import Path

from benchmarks.measure import BASE
from expertserve.decoding.compile import vocabulary_of
from expertserve.decoding.drafts.desk import Desk
from expertserve.decoding.line import GrammarLine
from expertserve.decoding.marked import MarkedMask
from expertserve.decoding.marked_vocabulary import MarkedVocabulary
from expertserve.decoding.mask import GlrMask, GlrVocabulary
from expertserve.decoding.restrict import bound
from expertserve.grammar.grounded import GroundedGrammar
from expertserve.grammar.marks import machine_rules
from expertserve.grammar.names.scope import scope_of
from expertserve.package.archive import open_package
from expertserve.package.habits import DraftWish
from expertserve.prompt.tokenizer import Tokenizer
from training import sql
from training.evaluate import context
from training.task import Lesson, Pair

EXPERTS = Path(__file__).parents[1] / "examples" / "experts"
SEED = 3
Asked = tuple[list[int], list[int], MarkedMask]


SECONDS, READING = 8.0, 1.0
"""Of a round; and those of its beginning in which habits are read, which aren't counted."""


class Answers:
    """As many answers as are written at once, each in its grammar."""

    def __init__(self, count: int) -> None:
        self.tokenizer, self.vocabulary = Tokenizer(BASE), vocabulary_of(BASE)
        self.package = open_package(next(EXPERTS.glob("expert-sql-*.expert"))).folder
        self.end = next(iter(self.vocabulary.specials))
        self._marked = MarkedVocabulary(self.vocabulary)
        grammar, _ = bound("CREATE TABLE any (name TEXT)", "sql")  # of every schema; names differ
        self._mask = GlrMask.compile(
            machine_rules(grammar.rules), GlrVocabulary(self._marked.whole)
        )
        lessons = sql.lessons("test", SEED)
        found = (self._asked(lesson, pair) for lesson in lessons for pair in lesson.pairs)
        self.asked = list(itertools.islice(filter(None, found), count))
        """Prompts, answers with their end, and masks."""

    def _asked(self, lesson: Lesson, pair: Pair) -> Asked | None:
        """None where the answer isn't in the grammar of names."""
        schema = "\n".join(map(str, context(lesson).values()))
        grammar, names = bound(schema, "sql", pair.question)
        scope = scope_of(names)
        over = GroundedGrammar.over(grammar, "", spelt=self.vocabulary.tokens, names=scope)
        assert isinstance(over, GroundedGrammar)
        if not over.accepts(pair.answer):
            return None
        mask = MarkedMask(self._mask, self._marked, over.numbered, "", scope)
        prompt = self.tokenizer.encode_plain(f"{schema}\n{pair.question}")
        return prompt, [*self.tokenizer.encode_plain(pair.answer), self.end], mask


def step_seconds(answers: Answers) -> float:
    """Seconds that a step's drafts take, while as many requests are written as there are answers.

    One that ends begins again. The mask of what comes next isn't counted: a step without drafts
    needs it, too.
    """
    desk = Desk(BASE, lambda: answers.vocabulary)
    wish = DraftWish(expert="sql", package=answers.package, history=False)
    size = max(answers.vocabulary.tokens) + 1
    going: dict[str, tuple[list[int], list[int], GrammarLine]] = {}
    todo, steps = enumerate(itertools.cycle(answers.asked)), list[float]()
    started = time.perf_counter()
    while (passed := time.perf_counter() - started) < SECONDS:
        while len(going) < len(answers.asked):
            number, (prompt, answer, mask) = next(todo)
            going[str(number)] = answer, [], GrammarLine(mask, [answers.end], size=size)
            desk.begin(str(number), prompt, [answers.end], wish)
        spent, bar = 0.0, desk.costs.bar(len(going))
        for name, (answer, said, line) in list(going.items()):
            line.row()
            began = time.perf_counter()
            room = len(answer) - len(said) - 1
            draft = desk.draft(name, line, room, bar) if room > 0 else []
            spent += time.perf_counter() - began
            pairs = zip(draft, answer[len(said) :], strict=False)
            same = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
            new = answer[len(said) : len(said) + same + 1]
            said += new
            assert line.accept(new)
            began = time.perf_counter()
            desk.settle(name, said, len(draft))
            spent += time.perf_counter() - began
            if len(said) == len(answer):
                desk.end(name)
                del going[name]
        if passed > READING:
            steps.append(spent)
    return statistics.fmean(steps)
