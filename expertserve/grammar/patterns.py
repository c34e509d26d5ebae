"""Patterns and formats of a schema's strings, each read once: as nodes, and as automata."""

from __future__ import annotations

from expertserve.errors import ConfigError
from expertserve.grammar import regex
from expertserve.grammar.document import refuse
from expertserve.grammar.formats import FORMATS, SYNONYMS
from expertserve.grammar.language import Language, any_but
from expertserve.grammar.tree import Node

Pattern = tuple[str, str, bool]
"""Kind (`pattern`, `starts` or `format`), text, and whether it holds."""


class Patterns:
    """What one document's patterns and formats are."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[str, str, bool], Node | None] = {}
        self._languages: dict[tuple[str, str, bool], Language] = {}
        self.origins: dict[tuple[str, str], str] = {}
        """Pattern or format → the first schema that has it, for messages."""

    def matches(self, kind: str, text: str, value: str, *, wide: bool = False) -> bool:
        found = self.language(kind, text, wide=wide)
        return found is None or found.accepts(value)

    def node(self, kind: str, text: str, *, wide: bool = False) -> Node | None:
        """A pattern's or format's texts; None for a format that is only a remark.

        Args:
            wide: What any reader of patterns may find, not what every one does.
        """
        if (kind, text, wide) not in self._nodes:
            self._nodes[kind, text, wide] = self._read(kind, text, wide)
        return self._nodes[kind, text, wide]

    def _read(self, kind: str, text: str, wide: bool) -> Node | None:
        if kind == "format":
            known = FORMATS.get(SYNONYMS.get(text, text))
            return None if known is None else regex.searched(f"^({known})$")
        try:
            return regex.searched(f"^(?:{text})" if kind == "starts" else text, wide=wide)
        except ConfigError as error:
            where = self.origins.get((kind, text), "")
            refuse(where, "pattern", f"can't be enforced: {error.message}", error.hint)

    def language(self, kind: str, text: str, *, wide: bool = False) -> Language | None:
        """The same as an automaton."""
        node = self.node(kind, text, wide=wide)
        if node is None:
            return None
        if (kind, text, wide) not in self._languages:
            self._languages[kind, text, wide] = Language.of(node)
        return self._languages[kind, text, wide]

    def known(self, patterns: frozenset[Pattern]) -> list[Pattern]:
        """Those that are more than a remark, in a fixed order."""
        return sorted(p for p in patterns if self.node(p[0], p[1]) is not None)

    def texts(self, patterns: list[Pattern], without: list[str]) -> Language:
        """What all these patterns leave, without some texts; there is at least one of either."""
        whole: Language | None = None
        for kind, text, holds in sorted(patterns, key=lambda p: not p[2]):
            found = self.language(kind, text, wide=not holds)
            assert found is not None
            if holds:
                whole = found if whole is None else whole & found
            else:
                whole = (any_but(()) if whole is None else whole) - found
        if without or whole is None:
            but = any_but(without)
            whole = but if whole is None else whole & but
        return whole
