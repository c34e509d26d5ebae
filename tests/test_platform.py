"""What must hold on Windows and macOS too, as far as it can be tested here: names, line endings, and
no POSIX-only calls.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import expertserve
from expertserve.errors import LoadError
from expertserve.models import last_component
from expertserve.package.manifest import parse_manifest
from expertserve.package.members import Limits, Members, safe_path
from tests import tiny

PACKAGE = Path(expertserve.__file__).parent
POSIX_MODULES = {
    "fcntl",
    "resource",
    "pwd",
    "grp",
    "termios",
    "tty",
    "pty",
    "syslog",
    "posix",
    "crypt",
    "nis",
}
POSIX_CALLS = {
    "os": {
        "fork",
        "forkpty",
        "wait",
        "waitpid",
        "kill",
        "killpg",
        "getuid",
        "geteuid",
        "getgid",
        "setsid",
        "getpgid",
        "setpgid",
        "nice",
    }
    | {
        "sched_getaffinity",
        "sched_setaffinity",
        "mkfifo",
        "chown",
        "lchown",
        "statvfs",
        "fchmod",
        "uname",
        "getloadavg",
        "sysconf",
    },
    "signal": {
        "SIGKILL",
        "SIGHUP",
        "SIGUSR1",
        "SIGUSR2",
        "SIGCHLD",
        "SIGPIPE",
        "SIGALRM",
        "alarm",
        "setitimer",
        "pause",
    },
}
LINUX_ONLY = ("engine/vllm",)
"""vLLM runs on Linux alone, so what only it uses may be Linux's."""


# ── names ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "name",
    [
        "CON",
        "con.json",
        "weights/NUL",
        "aux.tar.gz",
        "COM1",
        "lpt9.txt",
        "com¹",
        "LPT³.txt",
        "CONIN$",
        "conout$.log",
        "nul .txt",
        "C:",
        "C:/weights",
        "c:weights",
        "weights\\adapter",
        "..\\escape",
        "\\\\server\\share",
        "//server/share",
        "a/b:stream",
        "what?",
        "star*",
        "pipe|",
        'quote"',
        "<angle>",
        "trailing.",
        "trailing ",
        "folder./file",
        "folder /file",
        "x" * 241,
        "/".join(["folder"] * 40),
    ],
)
def test_names_that_windows_cannot_store_are_refused_everywhere(name: str) -> None:
    with pytest.raises(LoadError) as caught:
        safe_path(name)
    assert caught.value.code == "unsafe_member"


@pytest.mark.parametrize(
    "name",
    [
        "manifest.json",
        "weights/adapter model.safetensors",
        "grammatik-für-ä.gbnf",
        "コン.txt",
        "console",
        "com10",
        "null",
    ],
)
def test_names_with_blanks_and_unicode_are_kept(name: str) -> None:
    assert str(safe_path(name)) == name


@given(st.text(max_size=60))
@example("a/../b")
@example("AUX.")
@example("a\u200bb")
def test_a_name_that_is_let_through_means_the_same_place_on_every_system(name: str) -> None:
    try:
        path = safe_path(name)
    except LoadError:
        return
    windows = PureWindowsPath("D:/cache") / str(path)
    posix = PurePosixPath("/cache") / str(path)
    assert windows.is_relative_to("D:/cache") and windows.drive == "D:"
    assert windows.relative_to("D:/cache").parts == posix.relative_to("/cache").parts
    assert not any(_reserved(part) for part in windows.parts[1:])


def _reserved(part: str) -> bool:
    """Windows' rule, implemented a second time:
    https://learn.microsoft.com/windows/win32/fileio/naming-a-file
    """
    stem = part.split(".")[0].rstrip(" ").upper()
    ports = {f"{p}{n}" for p in ("COM", "LPT") for n in "123456789¹²³"}
    return stem in {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | ports


def test_names_that_differ_in_case_or_in_unicode_form_clash() -> None:
    for first, second in [
        ("Adapter.bin", "adapter.BIN"),
        ("caf\u00e9", "cafe\u0301"),
        ("Folder/a", "folder/b"),
        ("straße", "STRASSE"),
    ]:
        members = Members(Limits())
        members.claim(first)
        with pytest.raises(LoadError, match="same place"):
            members.claim(second)


def test_a_package_fits_into_windows_260_characters_under_a_short_cache() -> None:
    """The cache's own part is below 100 characters for a usual user name; longer names inside are
    refused, not cut.
    """
    name = "a/" * 60 + "b"
    cache = PureWindowsPath("C:/Users/somebody/AppData/Local/expertserve/Cache/packages") / (
        "f" * 16
    )
    assert len(str(cache / str(safe_path(name)))) < 260
    with pytest.raises(LoadError, match="longer than"):
        safe_path("a" * 241)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("F:/models/Qwen3-0.6B", "Qwen3-0.6B"),
        ("F:\\models\\Qwen3-0.6B\\", "Qwen3-0.6B"),
        ("\\\\server\\share\\Qwen3-0.6B", "Qwen3-0.6B"),
        ("/home/me/models/Qwen3-0.6B/", "Qwen3-0.6B"),
        ("models/ä ö/Qwen3 0.6B", "Qwen3 0.6B"),
        ("Qwen3-0.6B", "Qwen3-0.6B"),
    ],
)
def test_an_authors_disk_path_is_only_a_name(written: str, name: str) -> None:
    assert last_component(written) == name == PureWindowsPath(written).name


# ── text files ──────────────────────────────────────────────────────────────────────────────────


def test_a_manifest_with_windows_line_ends_or_a_mark_reads_the_same() -> None:
    text = json.dumps(tiny.manifest(), indent=2)
    plain = parse_manifest(text.encode())
    assert parse_manifest(text.replace("\n", "\r\n").encode()) == plain
    assert parse_manifest(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()) == plain


def test_every_text_file_is_read_and_written_with_a_named_encoding() -> None:
    """Without one, Windows takes its code page. JSON that `json.dumps` wrote is ASCII either way."""
    bad = [
        f"{name_of(path)}:{line}"
        for path in sources()
        if name_of(path) not in ASCII_ONLY
        for line in without_encoding(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not bad, bad


ASCII_ONLY = {"models.py", "engine/device.py"}
"""What they read that way are hexadecimal digests and the kernel's version."""


def without_encoding(tree: ast.AST) -> list[int]:
    """Lines with a `read_text` or `write_text` that leaves the encoding to the system."""
    places = {"read_text": 0, "write_text": 1}
    found = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        place = places.get(node.func.attr)
        if place is None or any(k.arg == "encoding" for k in node.keywords):
            continue
        is_json = node.args and ast.unparse(node.args[0]).startswith("json.dumps(")
        if len(node.args) <= place and not is_json:
            found.append(node.lineno)
    return found


# ── calls ───────────────────────────────────────────────────────────────────────────────────────


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def unguarded(tree: ast.AST, guarded: bool = False) -> list[str]:
    """POSIX-only modules and names that are used where nothing asked first.

    A guard is an `if` (or conditional expression) whose test asks `hasattr`, `sys.platform` or
    `os.name`.
    """
    found: list[str] = []
    if isinstance(tree, ast.If | ast.IfExp) and asks(tree.test):
        for child in ast.iter_child_nodes(tree):
            found += unguarded(child, True)
        return found
    if not guarded:
        if isinstance(tree, ast.Import):
            found += [a.name for a in tree.names if a.name.split(".")[0] in POSIX_MODULES]
        if isinstance(tree, ast.ImportFrom) and (tree.module or "").split(".")[0] in POSIX_MODULES:
            found.append(str(tree.module))
        if (
            isinstance(tree, ast.Attribute)
            and isinstance(tree.value, ast.Name)
            and tree.attr in POSIX_CALLS.get(tree.value.id, ())
        ):
            found.append(f"{tree.value.id}.{tree.attr}")
        if isinstance(tree, ast.ImportFrom) and tree.module in POSIX_CALLS:
            found += [
                f"{tree.module}.{a.name}" for a in tree.names if a.name in POSIX_CALLS[tree.module]
            ]
    for child in ast.iter_child_nodes(tree):
        found += unguarded(child, guarded)
    return found


def asks(test: ast.expr) -> bool:
    return any(word in ast.unparse(test) for word in ("hasattr(", "sys.platform", "os.name"))


def test_posix_only_calls_are_guarded() -> None:
    for path in sources():
        if not name_of(path).startswith(LINUX_ONLY):
            bad = unguarded(ast.parse(path.read_text(encoding="utf-8")))
            assert not bad, f"{name_of(path)} uses {bad}: ask hasattr or sys.platform first"


def test_the_check_itself_sees_what_it_should() -> None:
    assert unguarded(ast.parse("import fcntl")) == ["fcntl"]
    assert unguarded(ast.parse("def f():\n    os.fork()")) == ["os.fork"]
    assert unguarded(ast.parse("from signal import SIGKILL")) == ["signal.SIGKILL"]
    assert (
        unguarded(ast.parse("if hasattr(os, 'sched_getaffinity'):\n    os.sched_getaffinity(0)"))
        == []
    )
    assert unguarded(ast.parse("x = os.getuid() if hasattr(os, 'getuid') else 0")) == []
    assert unguarded(ast.parse("if ready:\n    os.getuid()")) == ["os.getuid"]
    assert without_encoding(ast.parse("p.read_text()\np.write_text(x)")) == [1, 2]
    assert without_encoding(ast.parse("p.read_text('utf-8')\np.write_text(json.dumps(x))")) == []


def test_nothing_spawns_a_process_by_fork() -> None:
    """Windows and macOS spawn; a method fixed to fork would work on Linux alone."""
    for path in sources():
        text = path.read_text(encoding="utf-8")
        assert (
            "get_context('fork')" not in text
            and 'get_context("fork")' not in text
            and 'set_start_method("fork"' not in text
        ), path
