"""Pairs of prompt and answer → an expert's habits, and what they will gain."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from expertserve.decoding.drafts.drafter import Drafter
from expertserve.decoding.drafts.habits import Habits
from expertserve.decoding.drafts.words import Words
from expertserve.decoding.drafts.writing import Known, Writing
from expertserve.package.habits import BEFORE, AnswerShape
from expertserve.prompt.tokenizer import Tokenizer

WORD = re.compile(r"\w+")
JOINTS = (" ", "-", "'", ".", "/", ":")
"""What joins two words of one value, if the prompt has the two joined so."""
HELD_BACK = 10
"""Every so many pairs are held back to measure the gain on."""
WIDTH = 4
JUST_BEFORE = re.compile(r"(?:\s?\w+\s|\W{1,6})$")
PLACES, PLACED = 8, 0.03
"""How many places in prompts are told apart, and the share of what is copied that each has."""


@dataclass(frozen=True, slots=True)
class AnsweredPrompt:
    """A prompt, as the model reads it or only its words, and the answer that was given to it."""

    prompt: str
    answer: str


@dataclass(frozen=True, slots=True)
class Gain:
    """What drafts from habits did on pairs that they weren't built from.

    Args:
        tokens: Of the answers, their ends included.
        steps: That it takes to write them, with up to four tokens drafted.
    """

    tokens: int
    steps: int

    @property
    def tokens_a_step(self) -> float:
        return self.tokens / max(1, self.steps)


def shapes_of(examples: Sequence[AnsweredPrompt]) -> list[AnswerShape]:
    """The answers' shapes, each once, the commonest first.

    What an answer has from its prompt becomes a stand-in. A word that answers mostly have although
    their prompts don't is the expert's own, and stays where a prompt happens to have it.

    Example:
        >>> pairs = [AnsweredPrompt(f"table {t}", f"SELECT * FROM {t}") for t in ("users", "boats")]
        >>> [(shape.times, shape.parts[0]) for shape in shapes_of(pairs)]
        [(2, 'SELECT * FROM ')]
    """
    own = _own_words(examples)
    usual = _usual_places(examples, own)
    found = Counter(tuple(_parts(example, own, usual)) for example in examples)
    return [AnswerShape(times, parts) for parts, times in found.most_common()]


def _own_words(examples: Iterable[AnsweredPrompt]) -> frozenset[str]:
    copied, said = Counter[str](), Counter[str]()
    for example in examples:
        prompt = set(WORD.findall(example.prompt))
        for word in set(WORD.findall(example.answer)):
            (copied if word in prompt else said)[word] += 1
    return frozenset(word for word, times in said.items() if times >= copied[word])


def _usual_places(examples: Sequence[AnsweredPrompt], own: frozenset[str]) -> frozenset[str]:
    """What often stands in prompts before something that answers copy."""
    found = Counter(
        _before(example, example.answer[begins:ends])
        for example in examples
        for begins, ends in _copied(example, own)
    )
    least = PLACED * found.total()
    return frozenset(before for before, times in found.most_common(PLACES) if times >= least)


def _before(example: AnsweredPrompt, text: str) -> str:
    """What stands before the first place of a text in the prompt: a word, or punctuation."""
    found = re.search(rf"(?<!\w){re.escape(text)}(?!\w)", example.prompt)
    at = found.start() if found else 0
    last = JUST_BEFORE.search(example.prompt[max(0, at - 24) : at])
    return last[0].rstrip() if last else ""


def _parts(
    example: AnsweredPrompt, own: frozenset[str], usual: frozenset[str] = frozenset()
) -> list[str]:
    """Own text and stand-ins in turn."""
    answer, parts, place = example.answer, [""], 0
    for begins, ends in _copied(example, own):
        parts[-1] += answer[place:begins]
        stand_in = "7" if answer[begins:ends].isdigit() else "x"
        before = _before(example, answer[begins:ends])
        if before and before in usual:
            stand_in = f"{before}{BEFORE}{stand_in}"
        parts += [stand_in, ""]
        place = ends
    parts[-1] += answer[place:]
    return parts


def _copied(example: AnsweredPrompt, own: frozenset[str]) -> list[tuple[int, int]]:
    """Where the answer has words of the prompt's; a value of several words is one place."""
    prompt = set(WORD.findall(example.prompt))
    answer, found = example.answer, list[tuple[int, int]]()
    for match in WORD.finditer(answer):
        if match[0] in own or match[0] not in prompt:
            continue
        begins, ends = match.span()
        if found:
            first, last = found[-1]
            joined = answer[last:begins] in JOINTS and answer[first:ends] in example.prompt
            if joined:
                found[-1] = first, ends
                continue
        found.append((begins, ends))
    return found


def split(examples: Sequence[AnsweredPrompt]) -> tuple[list[AnsweredPrompt], list[AnsweredPrompt]]:
    """Those to build from, and those to measure on."""
    built = [e for i, e in enumerate(examples) if i % HELD_BACK]
    held = [e for i, e in enumerate(examples) if i % HELD_BACK == 0]
    return (built, held) if built else (list(examples), [])


def gain(habits: Habits, examples: Iterable[AnsweredPrompt], tokenizer: Tokenizer) -> Gain:
    """Writes the answers as a model would that gives them, token by token."""
    drafter, known, words = Drafter(), Known(habits=habits), Words(tokenizer)
    tokens = steps = 0
    end = max(tokenizer.vocabulary.values()) + 1  # stands for the answer's end
    for example in examples:
        writing = Writing(tokenizer.encode_plain(example.prompt), known, ends=[end], words=words)
        answer = [*tokenizer.encode_plain(example.answer), end]
        while len(writing.said) < len(answer):
            place = len(writing.said)
            draft, rest = drafter.draft(writing, min(WIDTH, len(answer) - place - 1), 0.3)
            same = 0
            while same < len(draft) and draft[same].token == answer[place + same]:
                same += 1
            said = answer[place : place + same + 1]
            drafter.learn(draft, rest, said)
            for token in said:
                writing.add(token)
            steps += 1
        tokens += len(answer)
    return Gain(tokens, steps)
