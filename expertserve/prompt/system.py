"""An expert's system message where the call says nothing: the line that it was trained with.

Published experts were trained on, and are asked by their authors' tool with, a system message that
begins `Dialect: X`, with or without a schema below it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from expertserve.package.manifest import Manifest

CHATML = "<|im_start|>"
DIALECTS = (
    ("cypher", ("cypher", "neo4j")),
    ("sql", ("sql", "postgres", "mysql")),
    ("json", ("json",)),
    ("python", ("python",)),
    ("rust", ("rust",)),
    ("typescript", ("typescript", "javascript")),
)
"""Dialects with what gives them away in a capability; the first that is found counts.

Source: `detect_dialect_from_capabilities` of https://github.com/hivellm/expert, cli/src/commands.
"""


@dataclass(frozen=True, slots=True)
class SystemDefaults:
    """What a system message has of itself.

    Args:
        text: The manifest's own message, `prompt.system`.
        dialect: Of the line `Dialect: X`; None writes none.
    """

    text: str | None = None
    dialect: str | None = None

    @classmethod
    def of(cls, manifest: Manifest, template: str) -> SystemDefaults:
        """By one rule: `prompt.system`, else `prompt.dialect`, else the capabilities.

        Args:
            template: Jinja. Capabilities count where it writes ChatML: for other formats, the
                authors' tool has no such line, and some refuse a system message.
        """
        if manifest.prompt.system:
            return cls(manifest.prompt.system)
        wanted = manifest.prompt.dialect
        if wanted == "none":
            return cls()
        if wanted == "grammar_type":
            language, _, dialect = (manifest.decoding.grammar_type or "").partition("-")
            return cls(dialect=dialect if language == "sql" and dialect else None)
        if wanted:
            return cls(dialect=wanted)
        return cls(dialect=dialect_of(manifest.capabilities) if CHATML in template else None)


def dialect_of(capabilities: Iterable[str]) -> str | None:
    """Capabilities → the dialect that their author's tool would name.

    Example:
        >>> dialect_of(["database:postgresql", "format:json"]), dialect_of(["query:kql"])
        ('sql', None)
    """
    known = tuple(capabilities)
    for dialect, signs in DIALECTS:
        if any(sign in capability for capability in known for sign in signs):
            return dialect
    return None
