"""Writes docs/errors.md: every error code with its class, its message and its hint, read from the
places that raise it.

python scripts/error_page.py          # writes it
python scripts/error_page.py --check  # fails where it is not current
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from expertserve import errors
from expertserve.errors import ExpertError
from expertserve.server import problems

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "expertserve"
PAGE = ROOT / "docs" / "errors.md"
LINTERS = (
    "grammar/check.py",
    "adapters/effect.py",
    "adapters/serving.py",
    "adapters/tensors.py",
    "prompt/vocabulary.py",
    "package/check.py",
    "package/checkpoints.py",
    "adapters/settings.py",
    "check.py",
)
Finding = tuple[str, str, str, str, str]
"""Code, severity, message, reason, fix."""
SEVERITIES = ("error", "warning", "info")
HEAD = """# When something fails

Every error is an `ExpertError`. It has a `message` with the values involved, a `hint`, and a stable
`code`; a server's response has the same three. Catch the class, compare the code, read the hint.

```python
from expertserve import Expert, ExpertError

try:
    Expert.load("nothing-here.expert")
except ExpertError as error:
    print(type(error).__name__, error.code)  # LoadError not_found
```

This page is generated from the source by `python scripts/error_page.py`; `…` stands for values. The
status is the server's, the exit status the command line's.
"""
FINDINGS = """## What `expertserve check` finds

Codes of errors above appear here too, where loading would raise them. Beyond these:

| code | severity | what | why | fix |
|---|---|---|---|---|"""


@dataclass(frozen=True, order=True)
class Raised:
    """One place that raises: the class, its code, and templates of message and hint."""

    kind: str
    code: str
    message: str
    hint: str


def page() -> str:
    """The whole page, as Markdown."""
    found = sorted(set(raised()))
    by_kind: dict[str, list[Raised]] = defaultdict(list)
    for one in found:
        by_kind[one.kind].append(one)
    lines = [HEAD]
    for kind in kinds():
        lines += section(kind, by_kind.pop(kind.__name__, []))
    assert not by_kind, f"raised, but no class of ours: {sorted(by_kind)}"
    rows = sorted(
        {row[0]: row for row in findings()}.values(),
        key=lambda row: (SEVERITIES.index(row[1]), row[0]),
    )
    lines += [
        FINDINGS,
        *(f"| {' | '.join(map(cell, (f'`{code}`', *rest)))} |" for code, *rest in rows),
    ]
    return "\n".join(lines).rstrip() + "\n"


def kinds() -> list[type[ExpertError]]:
    """The tree in the order of the source; then what the server adds."""
    found = [*vars(errors).values(), *vars(problems).values()]
    return list(
        dict.fromkeys(
            kind for kind in found if isinstance(kind, type) and issubclass(kind, ExpertError)
        )
    )


def section(kind: type[ExpertError], found: list[Raised]) -> Iterator[str]:
    """A class and a row for each of its codes; equal texts share a row."""
    if kind is ExpertError or kind is errors.Located:
        return
    yield f"## {kind.__name__}\n"
    yield " ".join((kind.__doc__ or "").partition("\n\n")[0].split())
    yield ""
    if kind is problems.Refusal:
        yield "Only over HTTP.\n"
    else:
        yield (
            f"Exit status {kind.exit_status}. Code where none is more specific:"
            f" `{kind.default_code}`.\n"
        )
    by_code: dict[str, list[Raised]] = defaultdict(list)
    for one in found:
        by_code[one.code].append(one)
    if by_code:
        yield "| code | status | says | what to do |\n|---|---|---|---|"
    for code, places in sorted(by_code.items()):
        messages = list(dict.fromkeys(p.message for p in places if p.message.strip("… ")))
        hints = list(dict.fromkeys(p.hint for p in places if p.hint.strip("… ")))
        yield (
            f"| `{code}` | {status(kind, code)} | {cell('<br>'.join(messages))} |"
            f" {cell('<br>'.join(hints))} |"
        )
    yield ""


def status(kind: type[ExpertError], code: str) -> str:
    if issubclass(kind, problems.Refusal):
        return ", ".join(sorted(STATUSES.get(code, set())))
    return str(problems.status_of(kind("", code=code)))


STATUSES: dict[str, set[str]] = defaultdict(set)
"""Of the server's refusals, filled while their places are read."""


def raised() -> Iterator[Raised]:
    """Every place in the package that makes one of our errors."""
    known = {kind.__name__: kind for kind in kinds() if kind not in (ExpertError, errors.Located)}
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        own = {**inherited(tree, known), **helpers(tree, known)}
        for scope, call in calls(tree):
            name = called(call)
            words = {k.arg: k.value for k in call.keywords if k.arg}
            kind: type[ExpertError]
            message: ast.expr | None
            if name in own:
                kind, parameters = own[name]
                words |= dict(zip(parameters, call.args, strict=False))
                message = words.get("message")
            elif (
                name == "fail" and "code" in words
            ):  # package/positions.py: a ManifestError at a place of the manifest
                kind, message = errors.ManifestError, call.args[1] if len(call.args) > 1 else None
            elif name in known:
                kind, message = known[name], call.args[0] if call.args else None
            else:
                continue
            for code in codes(words.get("code"), scope) or [kind.default_code]:
                if issubclass(kind, problems.Refusal) and isinstance(
                    words.get("status"), ast.Constant
                ):
                    STATUSES[code].add(ast.unparse(words["status"]))
                yield Raised(
                    kind.__name__,
                    code,
                    template(message, scope),
                    template(words.get("hint"), scope),
                )


def inherited(
    tree: ast.Module, known: Mapping[str, type[ExpertError]]
) -> dict[str, tuple[type[ExpertError], list[str]]]:
    """The helpers of modules whose classes this one extends, and those that it imports by name."""
    bases = {
        base.id
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for base in node.bases
        if isinstance(base, ast.Name)
    }
    found: dict[str, tuple[type[ExpertError], list[str]]] = {}
    for node in tree.body:
        if not isinstance(node, ast.ImportFrom):
            continue
        path = PACKAGE.parent / Path(*(node.module or "").split(".")).with_suffix(".py")
        if path.is_file() and path.is_relative_to(PACKAGE):
            names = {alias.name for alias in node.names}
            made = helpers(ast.parse(path.read_text(encoding="utf-8")), known)
            found |= made if bases & names else {n: h for n, h in made.items() if n in names}
    return found


def helpers(
    tree: ast.Module, known: Mapping[str, type[ExpertError]]
) -> dict[str, tuple[type[ExpertError], list[str]]]:
    """Functions that make an error of a `message` and a `code`, with their parameters."""
    found = {}
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            parameters = [a.arg for a in function.args.args if a.arg != "self"]
            made = [
                known[called(c)]
                for c in ast.walk(function)
                if isinstance(c, ast.Call) and called(c) in known
            ]
            if {"message", "code"} <= set(parameters) and made:
                found[function.name] = made[0], parameters
    return found


def calls(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.Call]]:
    """Each call with the innermost function around it."""

    def walk(node: ast.AST, scope: ast.AST) -> Iterator[tuple[ast.AST, ast.Call]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Call):
                yield scope, child
            yield from walk(
                child, child if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else scope
            )

    yield from walk(tree, tree)


def called(call: ast.Call) -> str:
    return (
        call.func.attr
        if isinstance(call.func, ast.Attribute)
        else call.func.id
        if isinstance(call.func, ast.Name)
        else ""
    )


def codes(node: ast.expr | None, scope: ast.AST) -> list[str]:
    """The code, or both of a conditional one; nothing where it is passed on from elsewhere."""
    if isinstance(node, ast.Constant):
        return [str(node.value)] if node.value else []
    if isinstance(node, ast.IfExp):
        return codes(node.body, scope) + codes(node.orelse, scope)
    if isinstance(node, ast.Name):
        return [code for value in assigned(node, scope) for code in codes(value, scope)]
    return []


def assigned(name: ast.Name, scope: ast.AST) -> list[ast.expr]:
    """What the function assigns to a name last before its place, also as one of several."""
    found: list[ast.expr] = []
    for node in ast.walk(scope):
        if (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and node.target.id == name.id
            and node.value
        ):
            found.append(node.value)
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id == name.id:
                found.append(node.value)
            elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                found += [
                    v
                    for t, v in zip(target.elts, node.value.elts, strict=False)
                    if isinstance(t, ast.Name) and t.id == name.id
                ]
    before = [value for value in found if value.lineno <= name.lineno]
    return [max(before, key=lambda value: value.lineno)] if before else []


def template(node: ast.expr | None, scope: ast.AST, depth: int = 0) -> str:
    """A text with `…` for every value."""
    match node:
        case None:
            return ""
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(
                template(part, scope, depth) if isinstance(part, ast.Constant) else "…"
                for part in parts
            )
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return template(left, scope, depth) + template(right, scope, depth)
        case ast.IfExp(body=body, orelse=orelse):
            options = [
                t
                for t in (template(body, scope, depth), template(orelse, scope, depth))
                if t.strip("… ")
            ]
            return " / ".join(dict.fromkeys(options)) or "…"
        case ast.Name() if depth < 2:
            return (
                "".join(template(value, scope, depth + 1) for value in assigned(node, scope)) or "…"
            )
    return "…"


def findings() -> Iterator[Finding]:
    """What the linters report: code, severity, message, reason, fix."""
    for name in LINTERS:
        for scope, call in calls(ast.parse((PACKAGE / name).read_text(encoding="utf-8"))):
            given = list(call.args)
            if called(call) == "add" and len(given) >= 4:
                severity, code, message, *rest = given
            elif called(call) == "Finding" and len(given) >= 6:
                code, severity, _, message, *rest = given
            else:
                continue
            reason, fix = (*rest, None)[:2]
            if isinstance(code, ast.JoinedStr):
                yield from from_table(severity, code, message, fix, scope)
            for found in codes(code, scope):
                yield (
                    found,
                    codes(severity, scope)[0],
                    template(message, scope),
                    template(reason, scope),
                    template(fix, scope),
                )
    tree = ast.parse((PACKAGE / LINTERS[0]).read_text(encoding="utf-8"))
    for name, what, cure in runs(tree):
        yield (
            name,
            "warning",
            f"`…` takes {what} without end",
            "a small model can run away in it, up to `max_tokens`",
            cure,
        )


def from_table(
    severity: ast.expr, code: ast.JoinedStr, message: ast.expr, fix: ast.expr | None, scope: ast.AST
) -> Iterator[Finding]:
    """A finding `high_{name}` for each row of the table above it: (name, value, limit, reason)."""
    for row in ast.walk(scope):
        match row:
            case ast.Tuple(
                elts=[ast.Constant(value=str(name)), _, _, ast.Constant(value=str(reason))]
            ):
                head = template(code.values[0], scope)
                yield (
                    head + name,
                    codes(severity, scope)[0],
                    template(message, scope),
                    reason,
                    template(fix, scope),
                )


def runs(tree: ast.Module) -> Iterator[tuple[str, str, str]]:
    """The rows of the grammar linter's table of runs without bound."""
    for node in tree.body:
        if (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and node.target.id == "_RUNS"
        ):
            assert isinstance(node.value, ast.Tuple)
            for row in node.value.elts:
                assert isinstance(row, ast.Tuple)
                code, what, _, fix = row.elts
                yield ast.literal_eval(code), ast.literal_eval(what), ast.literal_eval(fix)


def cell(text: str) -> str:
    """Safe inside a table: no bars, no lines, no tags but ours."""
    safe = (
        " ".join(text.split())
        .replace("|", "\\|")
        .replace("<br>", "\0")
        .replace("<", "&lt;")
        .replace("\0", "<br>")
    )
    return safe.replace("*", "\\*").replace("[", "\\[") if "`" not in safe else safe


def main() -> None:
    """Writes the page, or with `--check` compares it; exit status 1 where it differs."""
    if "--check" in sys.argv[1:]:
        current = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page()
        print(
            "docs/errors.md is current"
            if current
            else "docs/errors.md is not current: run python scripts/error_page.py"
        )
        sys.exit(not current)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
