"""Chat templates from packages: Jinja, but in a sandbox with bounded work, since a package comes from a stranger.

Jinja's own sandbox keeps templates from attributes that lead out of it. It bounds neither time nor memory, so here every loop is
counted, every operation that can make text long is checked before it runs, and only harmless filters and methods exist.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NoReturn

import jinja2
from jinja2 import nodes
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from expertserve.errors import ConfigError, IncompatibleError

MAX_TEMPLATE = 1 << 18
MAX_TEXT = 4 << 20
MAX_STEPS = 200_000
SECONDS = 2.0
FILTERS = (
    "abs capitalize count d default dictsort e escape first float forceescape int items join last length list lower map reject "
    "rejectattr replace reverse safe select selectattr string title tojson trim upper"
).split()
METHODS = (
    "append capitalize count endswith find get index items isalpha isdigit isspace join keys lower lstrip replace rfind rsplit "
    "rstrip split splitlines startswith strip title upper values"
).split()


class _Spent(Exception):
    """The template used up its steps, time or text."""


class _Budget:
    """What one rendering may still do."""

    def __init__(self) -> None:
        self.refill()

    def refill(self) -> None:
        self.steps = MAX_STEPS
        self.end = time.monotonic() + SECONDS

    def step(self) -> None:
        self.steps -= 1
        if self.steps < 0 or time.monotonic() > self.end:
            raise _Spent

    def each(self, items: Iterable[object]) -> Iterator[object]:
        for item in items:
            self.step()
            yield item


def _check_length(characters: int) -> None:
    if characters > MAX_TEXT:
        raise _Spent


def _check_size(value: object) -> object:
    """Lets a value pass that can be written in bounded time: lists that hold one another many times over can't."""
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


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja with counted loops, bounded operators and an allow-list of filters and methods."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})
    concat = staticmethod(_concat)

    def __init__(self, budget: _Budget) -> None:
        super().__init__(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols], optimized=False, finalize=_check_size)
        self.budget = budget
        self.filters = {name: self.filters[name] for name in FILTERS}
        self.filters |= {"_each": budget.each, "_text": _text, "string": _text, "replace": _replace, "join": _join, "tojson": _tojson}
        self.globals = {"range": self._range, "namespace": jinja2.utils.Namespace, "dict": dict, "raise_exception": _refuse}
        self.globals["strftime_now"] = time.strftime

    def _range(self, *bounds: int) -> range:
        found = range(*bounds)
        if len(found) > MAX_STEPS:
            raise _Spent
        return found

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for loop in tree.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, "_each", [], [], None, None, lineno=loop.lineno)
        for concat in tree.find_all(nodes.Concat):
            if len(concat.nodes) > 32:
                raise jinja2.exceptions.TemplateSyntaxError("more than 32 texts in one concatenation", concat.lineno)
            concat.nodes = [nodes.Filter(n, "_text", [], [], None, None, lineno=concat.lineno) for n in concat.nodes]
        return tree

    def wrap_str_format(self, value: Any) -> Any:
        if super().wrap_str_format(value) is not None:
            raise jinja2.exceptions.SecurityError("the method format is not available here")
        return None

    def call_binop(self, context: jinja2.runtime.Context, operator: str, left: Any, right: Any) -> Any:
        self.budget.step()
        if operator == "**" or (operator == "%" and isinstance(left, str)):
            raise jinja2.exceptions.SecurityError(f"the operator {operator} is not available here")
        if operator == "+" and hasattr(left, "__len__") and hasattr(right, "__len__"):
            _check_length(len(left) + len(right))
        if operator == "*":
            if isinstance(left, list | tuple) or isinstance(right, list | tuple):
                raise jinja2.exceptions.SecurityError("lists can't be multiplied here")
            sized, times = (left, right) if isinstance(left, str) else (right, left)
            _check_length(len(sized) * times if isinstance(sized, str) and isinstance(times, int) else 0)
            if isinstance(left, int) and isinstance(right, int):
                _check_length(left.bit_length() * right.bit_length())
        return super().call_binop(context, operator, left, right)

    def call(self, context: jinja2.runtime.Context, obj: Any, *args: Any, **kwargs: Any) -> Any:
        self.budget.step()
        owner = getattr(obj, "__self__", None)
        if isinstance(owner, str | bytes | list | tuple | dict | int | float):
            if obj.__name__ not in METHODS:
                raise jinja2.exceptions.SecurityError(f"the method {obj.__name__} is not available here")
            if isinstance(owner, str) and obj.__name__ == "replace":
                return _replace(owner, *args)
            if isinstance(owner, str) and obj.__name__ == "join":
                return _join(args[0], owner)
        return super().call(context, obj, *args, **kwargs)


def _text(value: object) -> str:
    """Part of a concatenation: a part above half of the bound can't be doubled for long."""
    text = str(_check_size(value))
    _check_length(2 * len(text))
    return text


def _replace(text: object, old: str, new: str, count: int = -1) -> str:
    text = str(text)
    _check_length(len(text) + text.count(old) * len(new))
    return text.replace(old, new, count)


def _join(items: Iterable[object], between: str = "", attribute: str | None = None) -> str:
    _check_size(items)
    texts = [str(i.get(attribute) if attribute and isinstance(i, dict) else i) for i in items]
    _check_length(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


def _tojson(value: object, indent: int | None = None, **_: object) -> str:
    """As transformers defines it for chat templates: no HTML escapes."""
    if indent is not None and not (isinstance(indent, int) and 0 <= indent <= 16):
        raise jinja2.exceptions.SecurityError("tojson indents by at most 16 blanks")
    return json.dumps(_check_size(value), ensure_ascii=False, indent=indent)


def _refuse(message: object) -> NoReturn:
    raise ConfigError(f"the chat template refuses these messages: {message}", code="template_refused")


@lru_cache(maxsize=256)
def _compiled(source: str) -> tuple[jinja2.Template, _Budget, threading.Lock]:
    """A template, compiled once, with the budget that its renderings use one after the other."""
    if len(source) > MAX_TEMPLATE:
        raise IncompatibleError(f"the chat template has {len(source):,} characters; at most {MAX_TEMPLATE:,} are read", code="bad_template")
    budget = _Budget()
    try:
        return _Sandbox(budget).from_string(source), budget, threading.Lock()
    except Exception as error:  # what compiling a stranger's text raises has no closed list
        line = f" in line {error.lineno}" if isinstance(error, jinja2.TemplateSyntaxError) else ""
        raise IncompatibleError(f"the chat template is malformed{line}: {error}", code="bad_template") from error


def render(source: str, **variables: object) -> str:
    """Renders a chat template with `messages`, `add_generation_prompt`, `bos_token` and the like.

    Raises:
        IncompatibleError: It is malformed, reaches for what the sandbox keeps from it, or does not end in time.
        ConfigError: It refuses the messages by `raise_exception`.

    Example:
        >>> render("{% for m in messages %}{{ m.content | trim }}{% endfor %}", messages=[{"role": "user", "content": " hi "}])
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
        raise IncompatibleError("the chat template does not end within its bounds of time and text", code="bad_template") from error
    except ConfigError:
        raise
    except Exception as error:  # nor has what running it raises
        raise IncompatibleError(f"the chat template fails: {error or type(error).__name__}", code="bad_template") from error
    return "".join(parts)
