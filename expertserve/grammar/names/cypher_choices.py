"""The texts that Cypher may have at a mark: paths of a graph, what they bind, what is returned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from expertserve.grammar.names.bare import is_bare
from expertserve.grammar.names.choices import Key, NameGraph, NamePlace
from expertserve.grammar.names.graph import Graph, Kind
from expertserve.grammar.names.relations import core

MOST_HOPS = 2
"""Relationships of a path."""
AGGREGATE = "aggregate"
"""What a variable is of that an aggregate gave; engines refuse some aggregates of it."""
Bound = tuple[tuple[str, str, str], ...]
"""Variables: name; `node`, `relationship` or a value's kind; label or type."""
Outputs = tuple[tuple[str, str, str], ...]
"""What is returned: its name, what it is, and of what; as in `Bound`."""
_ALIASES = (
    "total n count cnt num number c average avg mean sum max min value result name"
    " n1 n2 n3 n4 n5 n6 n7 n8 n9"
).split()


@dataclass(frozen=True, slots=True)
class _Item:
    text: str
    kind: str
    of: str = ""


def _titled(text: str) -> str:
    """How engines title what is returned; equal for two functions that are one in Kuzu."""
    return re.sub(r"^to(?=(lower|upper)\()", "", text.lower())


class CypherChoices(NameGraph):
    """The graph of texts over one schema; see `NamePlace`."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self.graph = graph
        self.labels = dict(graph.labels)
        self.types = dict(graph.types)

    def _made(self, key: Key) -> NamePlace:
        kind, *rest = key
        place: NamePlace = getattr(self, f"_{kind}")(*rest)
        return place

    # Paths

    def _path(self, bound: Bound) -> NamePlace:
        """A path's first node. It has a variable, so that there is one."""
        options: dict[bytes, Key] = {}
        for name, kind, label in bound:
            if kind == "node":
                options[f"({name})".encode()] = ("hop", bound, label, 0)
        for label in self.labels:
            for text, after in self._nodes(bound, label):
                options[text] = ("hop", after, label, 0)
        return NamePlace(options, short=min(options, key=lambda o: (o.count(b":") == 0, len(o), o)))

    def _nodes(self, bound: Bound, label: str) -> Iterator[tuple[bytes, Bound]]:
        for name in self._variables(bound, label):
            yield f"({name}:{label})".encode(), (*bound, (name, "node", label))

    def _variables(self, bound: Bound, of: str, *more: str) -> list[str]:
        """What a node or relationship may be called: its initial, initials, words, with a digit."""
        words = [w for w in core(of) if w.isascii()] or ["n"]
        names = [words[0][:1], "".join(w[0] for w in words), words[0], words[-1], *more]
        names += [n + d for n in names[:2] for d in "123"] + [words[0][:2], words[0][:3]]
        used = {name.lower() for name, _, _ in bound}
        return [n for n in dict.fromkeys(names) if n not in used and is_bare(n, "cypher")]

    def _hop(self, bound: Bound, label: str, hops: int) -> NamePlace:
        """Behind a node: the path ends, or a relationship of its label begins."""
        led: dict[tuple[str, str, str], list[str]] = {}
        for tie in self.graph.ties if hops < MOST_HOPS else ():
            if tie.source == label:
                led.setdefault(("-[", tie.type, "]->"), []).append(tie.target)
            if tie.target == label:
                led.setdefault(("<-[", tie.type, "]-"), []).append(tie.source)
        options: dict[bytes, Key] = {}
        for (left, of, right), targets in led.items():
            to = tuple(targets)
            options[f"{left}:{of}{right}".encode()] = ("node", bound, to, hops + 1)
            for name in self._variables(bound, of, "rel", "r"):
                after = (*bound, (name, "relationship", of))
                options[f"{left}{name}:{of}{right}".encode()] = ("node", after, to, hops + 1)
        return NamePlace(options, ends=("bound", bound))

    def _node(self, bound: Bound, labels: tuple[str, ...], hops: int) -> NamePlace:
        """Behind a relationship that leads to these."""
        options: dict[bytes, Key] = {}
        for label in labels:
            options[f"(:{label})".encode()] = ("hop", bound, label, hops)
            for text, after in self._nodes(bound, label):
                options[text] = ("hop", after, label, hops)
        for name, kind, of in bound:
            if kind == "node" and of in labels:
                options[f"({name})".encode()] = ("hop", bound, of, hops)
        return NamePlace(options)

    # Patterns that there are, or are not

    def _held(self, bound: Bound) -> NamePlace:
        """A pattern as a condition: it names nothing new, and has a node that is known."""
        nodes = [(name, of) for name, kind, of in bound if kind == "node"]
        options: dict[bytes, Key] = {
            f"({name})".encode(): ("held_hop", bound, label, 0)
            for name, label in nodes
            if self._leaving(label)
        }
        reached = {target for _, of in nodes for _, target in self._leaving(of)}
        options |= {f"(:{label})".encode(): ("held_end", bound, label) for label in reached}
        return NamePlace(options or {b"true": ("end",)})

    def _leaving(self, label: str) -> list[tuple[str, str]]:
        """The relationships at a label's nodes, as written behind one, and what they lead to."""
        away = [(f"-[:{t.type}]->", t.target) for t in self.graph.ties if t.source == label]
        back = [(f"<-[:{t.type}]-", t.source) for t in self.graph.ties if t.target == label]
        return away + back

    def _held_hop(self, bound: Bound, label: str, hops: int) -> NamePlace:
        options: dict[bytes, Key] = {}
        for text, target in self._leaving(label) if hops < MOST_HOPS else ():
            options[f"{text}()".encode()] = ("end",)
            options[f"{text}(:{target})".encode()] = ("held_hop", bound, target, hops + 1)
            for name, kind, of in bound:
                if kind == "node" and of == target:
                    options[f"{text}({name})".encode()] = ("held_hop", bound, target, hops + 1)
        return NamePlace(options, ends=() if hops else None)

    def _held_end(self, bound: Bound, label: str) -> NamePlace:
        """Behind a node without a name: one relationship, to a node that is known."""
        options: dict[bytes, Key] = {}
        for text, target in self._leaving(label):
            for name, kind, of in bound:
                if kind == "node" and of == target:
                    options[f"{text}({name})".encode()] = ("end",)
        return NamePlace(options)

    # Values

    def values(self, bound: Bound, *kinds: Kind) -> Iterator[tuple[str, str]]:
        """What has a value of these kinds, and its kind; of all where none is named."""
        for name, kind, of in bound:
            if kind not in ("node", "relationship"):
                found = [(name, kind)]
            else:
                held = self.labels if kind == "node" else self.types
                found = [(f"{name}.{p}", k) for p, k in held.get(of, ())]
            yield from (pair for pair in found if not kinds or pair[1] in kinds)

    def _value(self, bound: Bound, kind: Kind) -> NamePlace:
        found = [text for text, _ in self.values(bound, kind)]
        constant = {"number": "1", "text": "'a'", "truth": "true"}[kind]
        return NamePlace({text.encode(): ("end",) for text in found or [constant]})

    def _any(self, bound: Bound) -> NamePlace:
        found = [text for text, _ in self.values(bound)]
        return NamePlace({text.encode(): ("end",) for text in found or ["1"]})

    # What is returned

    def _item(self, bound: Bound, outputs: Outputs, renamed: bool) -> NamePlace:
        """One thing that is returned, and perhaps its name.

        Args:
            renamed: In WITH, where what is no variable must have a name.
        """
        there = {_titled(name) for name, _, _ in outputs}
        options: dict[bytes, Key] = {}
        for item in self._items(bound):
            bare = _titled(item.text) not in there
            known = ("item", item.text, item.kind, item.of)
            if item.text.isidentifier():  # a variable keeps its name
                options |= {item.text.encode(): ("end", *known)} if bare else {}
            else:
                behind = ("named", bound, tuple(sorted(there)), known, bare and not renamed)
                options[item.text.encode()] = behind
        return NamePlace(options)

    def _items(self, bound: Bound) -> Iterator[_Item]:
        for name, kind, of in bound:
            if kind in ("node", "relationship"):
                yield _Item(name, kind, of)
        values = list(self.values(bound))
        known = {name: of for name, _, of in bound}
        yield from (_Item(text, kind, known.get(text, "")) for text, kind in values)
        things = [name for name, kind, _ in bound if kind in ("node", "relationship")]
        for word in ("COUNT", "count"):
            yield _Item(f"{word}(*)", "number", AGGREGATE)
        for text, kind in [*((t, "other") for t in things), *values]:
            once = known.get(text) != AGGREGATE
            for function, made in self._functions(kind) if once else ():
                for word in (function.upper(), function.lower()):
                    yield _Item(f"{word}({text})", made, AGGREGATE)
                    if function in ("count", "collect", "sum", "avg"):
                        yield _Item(f"{word}(DISTINCT {text})", made, AGGREGATE)
            if kind == "text" and "." in text:  # a variable may be an aggregate
                for word in ("upper", "UPPER", "lower", "LOWER", "toUpper", "toLower"):
                    yield _Item(f"{word}({text})", "text")
                yield _Item(f"size({text})", "number")

    def _functions(self, kind: str) -> list[tuple[str, str]]:
        if kind == "list":
            return []
        found = [("count", "number"), ("collect", "list")]
        if kind == "number":
            found += [("sum", "number"), ("avg", "number")]
        if kind in ("number", "text"):
            found += [("min", kind), ("max", kind)]
        return found

    def _named(self, bound: Bound, there: tuple[str, ...], known: Key, bare: bool) -> NamePlace:
        """Behind what is returned: nothing, or AS and a name of its own."""
        _, _, kind, of = known
        used = {*there, *(name.lower() for name, _, _ in bound)}
        properties = [p for held in (*self.labels.values(), *self.types.values()) for p, _ in held]
        options: dict[bytes, Key] = {}
        for alias in dict.fromkeys((*_ALIASES, *properties)):
            if alias.lower() not in used and alias.isidentifier():
                for word in ("AS", "as"):
                    behind = ("end", "item", alias, kind, of)
                    options[f" {word} {alias}".encode()] = behind
        return NamePlace(options, ends=known if bare else None)

    def _sort(self, bound: Bound, outputs: Outputs, only: bool) -> NamePlace:
        """What may be sorted by: what is returned, and other values where nothing is grouped."""
        sorts = ("number", "text", "truth")
        found = {name: None for name, kind, _ in outputs if kind in sorts}
        if not only:
            found |= {text: None for text, kind in self.values(bound) if kind in sorts}
        return NamePlace({text.encode(): ("end",) for text in found or ["1"]})
