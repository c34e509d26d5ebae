"""Chat templates that want time or memory without end. Those that reach for attributes or files are
in tests/test_prompt.py.
"""

from __future__ import annotations

import resource
import time

import pytest

from expertserve.errors import ExpertError, IncompatibleError
from expertserve.prompt import template

LISTS = "{% set n = namespace(a=[], b=[]) %}{% for i in range(60) %}{% set n.a = [n.a, n.a] %}{% set n.b = [n.b, n.b] %}{% endfor %}"
TUPLES = (
    "{% set n = namespace(a=()) %}{% for i in range(60) %}{% set n.a = (n.a, n.a) %}{% endfor %}"
)
KEEP = "{% set s = 'a,' * 2000000 %}{% set n = namespace(l=[]) %}{% for i in range(2000) %}{% set n.l = n.l + [WHAT] %}{% endfor %}"
LONG = "{% set s = 'a' * 2000000 %}"
DOUBLING = "{% block b0 %}{{ 'x' * 1000 }}{% endblock %}" + "".join(
    f"{{% block b{i} %}}{{{{ self.b{i - 1}() }}}}{{{{ self.b{i - 1}() }}}}{{% endblock %}}"
    for i in range(1, 30)
)

HOSTILE = {
    "equal lists that share 2^60 items": LISTS + "{{ n.a == n.b }}",
    "the same by in": LISTS + "{{ n.a in [n.b] }}",
    "the same by a test": LISTS + "{{ n.a is eq(n.b) }}",
    "the same by a filter's test": LISTS + "{{ [n.a] | select('eq', n.b) | list }}",
    "the same by a method": LISTS + "{{ [n.a].index(n.b) }}",
    "the same by sorting": LISTS + "{{ {'x': n.a, 'y': n.b} | dictsort(by='value') }}",
    "the same by a loop that looks for changes": "{% set n = namespace(a=[]) %}{% for i in range(60) %}{% set n.a = [n.a, n.a] %}"
    "{{ loop.changed(n.a) }}{% endfor %}",
    "writing them in capitals": LISTS + "{{ n.a | upper }}",
    "writing a view of them": LISTS + "{{ {'a': n.a}.items() }}",
    "refusing with them": LISTS + "{{ raise_exception(n.a) }}",
    "joining them out of a generator": LISTS + "{{ [n.a] | map('list') | join }}",
    "hashing tuples that share 2^60 items": TUPLES + "{{ {n.a: 1} }}",
    "the same as a key": TUPLES + "{{ {}[n.a] }}",
    "the same by get": TUPLES + "{{ {}.get(n.a) }}",
    "the same by dict": TUPLES + "{{ dict([(n.a, 1)]) }}",
    "keeping texts": KEEP.replace("WHAT", "s ~ i"),
    "keeping slices": KEEP.replace("WHAT", "s[1:]"),
    "keeping pieces": KEEP.replace("WHAT", "s.split(',')"),
    "keeping lists": KEEP.replace("WHAT", "range(200000) | list"),
    "keeping capitals": KEEP.replace("WHAT", "s | upper"),
    "much without a loop": LONG + "{% if s | upper == s %}{% endif %}" * 2000,
    "stripping many characters": LONG + "{{ s.strip('b' * 2000000 ~ 'a') }}",
    "trimming many characters": LONG + "{{ s | trim('b' * 2000000 ~ 'a') }}",
    "looking for much from the right": LONG + "{{ s.rfind('b' ~ 'a' * 1000000) }}",
    "splitting by much from the right": LONG + "{{ s.rsplit('b' ~ 'a' * 1000000) }}",
    "a year of a billion digits": "{{ strftime_now('%999999999Y') }}",
    "blocks that call each other twice": DOUBLING,
    "macros that call each other twice": "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(50) }}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_ends_in_seconds_and_in_little_memory(name: str) -> None:
    peak, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(IncompatibleError) as caught:
        template.render(HOSTILE[name], messages=[])
    assert caught.value.code == "bad_template"
    assert time.process_time() - began < 6
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 512 << 10


def test_a_namespace_does_not_write_out_what_it_holds() -> None:
    assert template.render(LISTS + "{{ n }}", messages=[]) == "<namespace>"


def test_a_refusal_says_little() -> None:
    with pytest.raises(ExpertError) as caught:
        template.render("{{ raise_exception('x' * 4000000) }}", messages=[])
    assert len(caught.value.message) < 1000


def test_long_conversations_still_fit() -> None:
    """A template like Qwen's, which cuts and joins every message, and a hundred thousand characters
    in two hundred messages.
    """
    source = (
        "{% set ns = namespace(last=messages | length - 1, text='') %}"
        "{% for m in messages[::-1] %}{% if m.role == 'user' and ns.last > 0 %}{% set ns.last = loop.index0 %}{% endif %}{% endfor %}"
        "{% for m in messages %}{% set c = m.content.split('</think>')[-1].lstrip('\n') %}"
        "{% if '<think>' in m.content %}{% set c = c | trim %}{% endif %}"
        "{{ '<|im_start|>' + m.role + '\n' + c + '<|im_end|>\n' }}{% endfor %}"
    )
    messages = [
        {"role": "user" if i % 2 else "assistant", "content": "word " * 100} for i in range(200)
    ]
    assert len(template.render(source, messages=messages)) > 100_000
