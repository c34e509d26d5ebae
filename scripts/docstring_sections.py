"""Our docstrings' sections in the words that griffe, which reads them for the site, knows; an
extension of mkdocstrings in mkdocs.yml.

`Example:` becomes `Examples:`, and `Raises:` may list classes without a word on each.
"""

from __future__ import annotations

import re

from griffe import Extension, Object

RAISES = re.compile(r"(?P<head>^Raises:\n)(?P<body>(?:(?: {4}.*)?\n?)+)", re.MULTILINE)
LISTED = re.compile(
    r"^(?P<indent> +)(?P<names>[A-Z]\w+(?:, [A-Z]\w+)*)(?:\.|; (?P<rest>.*))$", re.MULTILINE
)


class Sections(Extension):
    """Rewrites each docstring before it is parsed."""

    def on_object(self, *, obj: Object, **kwargs: object) -> None:
        """Called for each module, class, function and attribute."""
        if obj.docstring:
            obj.docstring.value = rewritten(obj.docstring.value)


def rewritten(text: str) -> str:
    """A docstring as griffe's Google style wants it.

    Example:
        >>> print(rewritten("Asks.\\n\\nRaises:\\n    LoadError, ConfigError.\\n"))
        Asks.
        <BLANKLINE>
        Raises:
            LoadError: See there.
            ConfigError: See there.
        <BLANKLINE>
    """
    text = re.sub(r"^Example:$", "Examples:", text, flags=re.MULTILINE)
    return RAISES.sub(lambda found: found["head"] + LISTED.sub(_each, found["body"]), text)


def _each(found: re.Match[str]) -> str:
    said = (found["rest"] or "see there.").strip()
    lines = [
        f"{found['indent']}{name}: {said[0].upper()}{said[1:]}"
        for name in found["names"].split(", ")
    ]
    return "\n".join(lines)
