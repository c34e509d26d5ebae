"""Thoughts before an answer, between `<think>` and `</think>`: some APIs have a place for them."""

from __future__ import annotations

from dataclasses import dataclass

from expertserve.result import Completion

BEGIN, END = "<think>", "</think>"


@dataclass(slots=True)
class Thoughts:
    """A text as it comes → thoughts and answer.

    Example:
        >>> parts = Thoughts()
        >>> parts.feed("<think>One"), parts.feed(" plus</think>"), parts.feed(" two")
        (('One', ''), (' plus', ''), ('', 'two'))
    """

    _held: str = ""
    _place: str = "start"

    def feed(self, text: str, *, last: bool = False) -> tuple[str, str]:
        """What of the thoughts and of the answer may be shown now."""
        if self._place == "answer":
            return "", text
        self._held += text
        if self._place == "start":
            begun = self._held.lstrip()
            if not last and BEGIN.startswith(begun):
                return "", ""
            if not begun.startswith(BEGIN):
                self._place, held, self._held = "answer", self._held, ""
                return "", held
            self._place, self._held = "thoughts", begun[len(BEGIN) :].lstrip("\n")
        return self._thought(last)

    def _thought(self, last: bool) -> tuple[str, str]:
        if self._place == "gap":
            return "", self._after(self._held)
        found, ended, rest = self._held.partition(END)
        if ended:
            self._place = "gap"
            return found.rstrip("\n"), self._after(rest)
        keep = 0 if last else next((n for n in range(len(END) + 1, 0, -1) if self._may_end(n)), 0)
        shown = self._held[: len(self._held) - keep]
        self._held = self._held[len(self._held) - keep :]
        return shown, ""

    def _may_end(self, size: int) -> bool:
        """Whether so many characters at the end may be the beginning of the thoughts' end."""
        tail = self._held[-size:]
        return len(tail) == size and (END.startswith(tail.lstrip("\n")))

    def _after(self, text: str) -> str:
        """The answer's beginning, without the blanks before it."""
        text = text.lstrip()
        self._held = ""
        if text:
            self._place = "answer"
        return text


def split_thoughts(text: str) -> tuple[str, str]:
    """A whole answer's thoughts, and the answer.

    Example:
        >>> split_thoughts("<think>\\nOne.\\n</think>\\n\\nTwo.")
        ('One.', 'Two.')
    """
    return Thoughts().feed(text, last=True)


def read_answer(completion: Completion) -> tuple[str, str]:
    """What was thought, before the text or in it, and the answer."""
    thoughts, text = split_thoughts(completion.text)
    return (completion.reasoning or "") + thoughts, text
