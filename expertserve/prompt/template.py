"""Chat templates from packages: Jinja in a sandbox with bounded work.

Jinja's own sandbox keeps templates from attributes that lead out of it. It bounds neither time nor
memory, so here every loop is counted, every operation that can make text long is checked before it
runs, and only harmless filters and methods exist.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, wraps
from typing import Any, NoReturn

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from expertserve.errors import ConfigError, IncompatibleError

MAX_TEMPLATE = 1 << 18
MAX_TEXT = 4 << 20
MAX_MADE = 64 << 20
"""Characters of all texts that one rendering makes on its way; an item of a list counts as eight.
"""
MAX_STEPS = 200_000
MAX_SOUGHT = 64
"""Characters of what `strip` takes away and `rfind` looks for: Python's search is quadratic there.
"""
SECONDS = 2.0
FILTERS = (
    "abs capitalize count d default dictsort e escape first float forceescape int items join last"
    " length list lower map reject rejectattr replace reverse safe select selectattr string title"
    " tojson trim upper"
).split()
METHODS = (
    "append capitalize count endswith find get index items isalpha isdigit isspace join keys lower"
    " lstrip replace rfind rsplit rstrip split splitlines startswith strip title upper values"
).split()

WRITING = (
    "capitalize dictsort e escape float forceescape int join lower replace reverse safe string"
    " title tojson trim upper"
).split()
"""Filters that write their arguments out, or compare them."""
SEEKING = ("lstrip", "rfind", "rsplit", "rstrip", "strip")


class _Spent(Exception):
    """The template used up its steps, time or text."""


class _Budget:
    """What one rendering may still do."""

    def __init__(self) -> None:
        self.refill()

    def refill(self) -> None:
        self.steps = MAX_STEPS
        self.left = MAX_MADE
        self.end = time.monotonic() + SECONDS

    def step(self) -> None:
        self.steps -= 1
        if self.steps < 0 or time.monotonic() > self.end:
            raise _Spent

    def each(self, items: Iterable[object]) -> Iterator[object]:
        for item in items:
            self.step()
            yield item

    def made(self, value: object) -> object:
        """Counts a new text or list: many small steps can keep many large ones."""
        self.step()
        if isinstance(value, str):
            self.left -= len(value)
        elif isinstance(value, list | tuple | set | dict):
            self.left -= 8 * len(value)
        if self.left < 0:
            raise _Spent
        return value

    def weighed(self, value: object) -> object:
        """For values that are compared, hashed or written: shared lists may take forever."""
        self.step()
        return _check_size(value)

    def bounded(self, function: Any, *, weigh: bool = True) -> Callable[..., Any]:
        """A filter or test as a step whose arguments and result are counted."""

        @wraps(function)
        def counted(*args: Any, **kwargs: Any) -> Any:
            for value in (*args, *kwargs.values()) if weigh else ():
                _check_size(value)
            return self.made(function(*args, **kwargs))

        return counted


def _check_length(characters: int) -> None:
    if characters > MAX_TEXT:
        raise _Spent


def _check_size(value: object) -> object:
    """Passes a value that can be written in bounded time."""
    left, stack = MAX_STEPS, [value]
    while stack:
        item = stack.pop()
        left -= 1
        if isinstance(item, dict):
            stack += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple | set):
            stack += item
        elif isinstance(item, str):
            left -= len(item) // 64
        if left < 0 or len(stack) > MAX_STEPS:
            raise _Spent
    return value


def _concat(parts: Iterable[str]) -> str:
    """What a captured block or a macro wrote, put together."""
    texts = list(parts)
    _check_length(sum(map(len, texts)))
    return "".join(texts)


class _Namespace(jinja2.utils.Namespace):
    """Jinja's writes out all that it holds."""

    def __repr__(self) -> str:
        return "<namespace>"


class _Counting(NodeTransformer):
    """Puts filters that count around whatever Python would do at once, in its own time."""

    def _in(self, name: str, node: nodes.Expr | nodes.Node) -> nodes.Filter:
        assert isinstance(node, nodes.Expr)
        return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        node.iter = self._in("_each", node.iter)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        if len(node.nodes) > 32:
            raise jinja2.exceptions.TemplateSyntaxError(
                "more than 32 texts in one concatenation", node.lineno
            )
        node.nodes = [self._in("_text", n) for n in node.nodes]
        return self._in("_made", node)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        node.expr = self._in("_weighed", node.expr)
        for operand in node.ops:
            operand.expr = self._in("_weighed", operand.expr)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            return self._in("_made", node)
        if not isinstance(node.arg, nodes.Const):
            node.arg = self._in("_weighed", node.arg)
        return node

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:
        self.generic_visit(node)
        for pair in node.items:
            if not isinstance(pair.key, nodes.Const):
                pair.key = self._in("_weighed", pair.key)
        return self._in("_made", node) if len(node.items) > 32 else node

    def visit_List(self, node: nodes.List) -> nodes.Node:
        self.generic_visit(node)
        return self._in("_made", node) if len(node.items) > 32 else node


class _Generation(Extension):
    """`{% generation %}` marks what a model wrote, for masks in training. It writes its body."""

    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body, lineno=line)


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja with counted loops, bounded operators and an allow-list of filters and methods."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})
    concat = staticmethod(_concat)

    def __init__(self, budget: _Budget) -> None:
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=[loopcontrols, _Generation],
            optimized=False,
            finalize=_check_size,
        )
        self.budget = budget
        own = {
            "string": _text,
            "replace": _replace,
            "join": self._join,
            "tojson": _tojson,
            "trim": _trim,
        }
        known = {name: self.filters[name] for name in FILTERS} | own
        self.filters = {name: budget.bounded(f, weigh=name in WRITING) for name, f in known.items()}
        self.filters |= {
            "_each": budget.each,
            "_text": _text,
            "_made": budget.made,
            "_weighed": budget.weighed,
        }
        self.tests = {name: budget.bounded(test) for name, test in self.tests.items()}
        self.globals = {
            "range": self._range,
            "namespace": _Namespace,
            "dict": dict,
            "raise_exception": _refuse,
        }
        self.globals["strftime_now"] = _strftime

    def _range(self, *bounds: int) -> range:
        found = range(*bounds)
        if len(found) > MAX_STEPS:
            raise _Spent
        return found

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = _Counting().visit(super()._parse(source, name, filename))
        assert isinstance(tree, nodes.Template)
        return tree

    def wrap_str_format(self, value: Any) -> Any:
        if super().wrap_str_format(value) is not None:
            raise jinja2.exceptions.SecurityError("the method format is not available here")
        return None

    def call_binop(
        self, context: jinja2.runtime.Context, operator: str, left: Any, right: Any
    ) -> Any:
        self.budget.step()
        if operator == "**" or (operator == "%" and isinstance(left, str)):
            raise jinja2.exceptions.SecurityError(f"the operator {operator} is not available here")
        if operator == "+" and hasattr(left, "__len__") and hasattr(right, "__len__"):
            _check_length(len(left) + len(right))
        if operator == "*":
            if isinstance(left, list | tuple) or isinstance(right, list | tuple):
                raise jinja2.exceptions.SecurityError("lists can't be multiplied here")
            sized, times = (left, right) if isinstance(left, str) else (right, left)
            _check_length(
                len(sized) * times if isinstance(sized, str) and isinstance(times, int) else 0
            )
            if isinstance(left, int) and isinstance(right, int):
                _check_length(left.bit_length() * right.bit_length())
        return self.budget.made(super().call_binop(context, operator, left, right))

    def call(self, context: jinja2.runtime.Context, obj: Any, *args: Any, **kwargs: Any) -> Any:
        self.budget.step()
        if not isinstance(obj, jinja2.runtime.Macro):
            for value in (*args, *kwargs.values()):
                _check_size(value)
        owner = getattr(obj, "__self__", None)
        if isinstance(owner, str | bytes | list | tuple | dict | int | float):
            return self.budget.made(self._method(context, owner, obj, *args, **kwargs))
        return super().call(context, obj, *args, **kwargs)

    def _method(
        self, context: jinja2.runtime.Context, owner: object, method: Any, *args: Any, **kwargs: Any
    ) -> Any:
        name = method.__name__
        if name not in METHODS:
            raise jinja2.exceptions.SecurityError(f"the method {name} is not available here")
        if isinstance(owner, str) and name == "replace":
            return _replace(owner, *args)
        if isinstance(owner, str) and name == "join":
            return self._join(args[0], owner)
        if name in SEEKING and any(isinstance(a, str) and len(a) > MAX_SOUGHT for a in args):
            raise _Spent
        found = super().call(context, method, *args, **kwargs)
        return (
            list(found)
            if isinstance(owner, dict) and name in ("items", "keys", "values")
            else found
        )

    def _join(
        self, items: Iterable[object], between: str = "", attribute: str | None = None
    ) -> str:
        found = list(self.budget.each(items))
        _check_size(found)
        texts = [str(i.get(attribute) if attribute and isinstance(i, dict) else i) for i in found]
        _check_length(sum(map(len, texts)) + len(between) * len(texts))
        return between.join(texts)


def _text(value: object) -> str:
    """Part of a concatenation: a part above half of the bound can't be doubled for long."""
    text = str(_check_size(value))
    _check_length(2 * len(text))
    return text


def _replace(text: object, old: str, new: str, count: int = -1) -> str:
    text = str(_check_size(text))
    _check_length(len(text) + text.count(old) * len(new))
    return text.replace(old, new, count)


def _trim(text: object, characters: str | None = None) -> str:
    if characters is not None and len(characters) > MAX_SOUGHT:
        raise _Spent
    return str(text).strip(characters)


def _strftime(format: str) -> str:
    if len(format) > MAX_SOUGHT or any(
        c.isdigit() for c in format
    ):  # a width, %999999999Y, is a text of that length
        raise jinja2.exceptions.SecurityError("that format is not available here")
    return time.strftime(format)


def _tojson(value: object, indent: int | None = None, **_: object) -> str:
    """As transformers defines it for chat templates: no HTML escapes."""
    if indent is not None and not (isinstance(indent, int) and 0 <= indent <= 16):
        raise jinja2.exceptions.SecurityError("tojson indents by at most 16 blanks")
    return json.dumps(_check_size(value), ensure_ascii=False, indent=indent)


def _refuse(message: object) -> NoReturn:
    raise ConfigError(
        f"the chat template refuses these messages: {str(message)[:500]}", code="template_refused"
    )


@lru_cache(maxsize=256)
def _compiled(source: str) -> tuple[jinja2.Template, _Budget, threading.Lock]:
    """A template, compiled once, with the budget that its renderings use one after the other."""
    if len(source) > MAX_TEMPLATE:
        raise IncompatibleError(
            f"the chat template has {len(source):,} characters; at most {MAX_TEMPLATE:,} are read",
            code="bad_template",
        )
    budget = _Budget()
    try:
        return _Sandbox(budget).from_string(source), budget, threading.Lock()
    except Exception as error:  # what compiling a stranger's text raises has no closed list
        line = f" in line {error.lineno}" if isinstance(error, jinja2.TemplateSyntaxError) else ""
        raise IncompatibleError(
            f"the chat template is malformed{line}: {error}", code="bad_template"
        ) from error


def render(source: str, **variables: object) -> str:
    """Renders a chat template with `messages`, `add_generation_prompt`, `bos_token` and the like.

    Raises:
        IncompatibleError: It is malformed, reaches for what the sandbox keeps from it, or does not
            end in time.
        ConfigError: It refuses the messages by `raise_exception`.

    Example:
        >>> template = "{% for m in messages %}{{ m.content | trim }}{% endfor %}"
        >>> render(template, messages=[{"role": "user", "content": " hi "}])
        'hi'
    """
    compiled, budget, alone = _compiled(source)
    parts: list[str] = []
    length = 0
    try:
        with alone:
            budget.refill()
            for part in compiled.generate(**variables):
                parts.append(part)
                length += len(part)
                _check_length(length)
    except _Spent as error:
        raise IncompatibleError(
            "the chat template does not end within its bounds of time and text", code="bad_template"
        ) from error
    except ConfigError:
        raise
    except Exception as error:  # nor has what running it raises
        raise IncompatibleError(
            f"the chat template fails: {error or type(error).__name__}", code="bad_template"
        ) from error
    return "".join(parts)
