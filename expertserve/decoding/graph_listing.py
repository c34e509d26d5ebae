"""Lists of labels and relationships with their properties, as tools print a graph's schema.

Two forms, under headings such as `Node properties:` and `Relationship properties:`:

    - Person {name: STRING, born: INTEGER}

    - **Person**
      - `name`: STRING
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_ENTRY = re.compile(r"(?<!\w)([A-Za-z_]\w*+)(?:\*\*|`)?+[ \t]*+:?+[ \t]*+(\{[^{}]*+\})")
_TITLE = re.compile(r"[ \t]*+[-*+][ \t]++(?:\*\*|`)([A-Za-z_]\w*+)(?:\*\*|`)[ \t]*+:?+[ \t]*+$")
_MEMBER = re.compile(r"[ \t]++[-*+][ \t]++`?+([A-Za-z_]\w*+)`?+[ \t]*+:[ \t]*+([A-Za-z]*+)")
_HEADING = re.compile(r"[^(){}\[\]]*+$")
_OF_TYPES, _OF_LABELS = re.compile(r"relation|edge", re.I), re.compile(r"node|label|vert", re.I)

Found = list[tuple[str, str]]
"""Names, each with its properties as `{name: TYPE, …}`."""


@dataclass(slots=True)
class Listing:
    """What a schema lists beside its patterns.

    Args:
        labels, types: Of nodes, and of relationships.
    """

    labels: Found = field(default_factory=list)
    types: Found = field(default_factory=list)


def listed(schema: str, types: frozenset[str]) -> Listing:
    """Reads the lists, line by line.

    Args:
        types: Relationships that patterns name: they are none of the labels, whatever the heading.

    Example:
        >>> listed("Node properties:\\n- Dog {age: INTEGER}", frozenset()).labels
        [('Dog', '{age: INTEGER}')]
    """
    made, of_types, title = Listing(), False, ""
    for line in schema.splitlines():
        found: Found = []
        if "(" not in line and (found := _ENTRY.findall(line)):
            title = ""
        elif heading := _TITLE.match(line):
            title = heading[1]
            found = [(title, "{}")]
        elif title and (member := _MEMBER.match(line)):
            found = [(title, f"{{{member[1]}: {member[2]}}}")]
        else:
            title = ""
            if _HEADING.match(line) and line.strip():
                of_types = bool(_OF_TYPES.search(line)) or (
                    of_types and not _OF_LABELS.search(line)
                )
        for one in found:
            (made.types if of_types or one[0] in types else made.labels).append(one)
    return made
