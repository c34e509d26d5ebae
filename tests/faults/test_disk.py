"""Every step that touches the disk fails once, in turn, as SQLite's tests do it: nothing is left
behind, and the next try succeeds.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from expertserve import Expert
from expertserve.decoding import spare
from expertserve.decoding.compile import masks
from expertserve.decoding.compiler import Compiler
from expertserve.engine.fake import FakeEngine
from expertserve.errors import ConfigError, ExpertError, LoadError
from expertserve.expert import prepare
from expertserve.grammar.gbnf import parse
from expertserve.grammar.recognise import Grammar
from expertserve.package import keys
from expertserve.package.archive import open_package
from expertserve.package.build import pack
from expertserve.package.index import PackageIndex
from expertserve.server.state import ServerState, StateEntry
from tests import tiny

SOUND = {
    "manifest.json": json.dumps(tiny.manifest()).encode(),
    "weights": b"w" * 200_000,
    "docs/README.md": b"hello",
}
MAKING = ("os.mkdir", "os.rename", "os.symlink", "os.link", "os.chmod")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Faults:
    """Raises instead of the n-th operation that makes something below a folder; `forever` raises
    instead of all after it, too.
    """

    def __init__(self) -> None:
        self.root, self.left, self.error, self.forever, self.hit = "", 0, 0, False, False
        sys.addaudithook(self._hook)

    def _hook(self, event: str, args: tuple[object, ...]) -> None:
        if not self.root:
            return
        makes = event in MAKING or (
            event == "open" and isinstance(args[2], int) and bool(args[2] & WRITES)
        )
        if not makes or isinstance(args[0], int) or not os.fsdecode(args[0]).startswith(self.root):  # type: ignore[arg-type]
            return
        self.left -= 1
        if self.left == 0 or (self.left < 0 and self.forever):
            self.hit = True
            raise OSError(self.error, os.strerror(self.error), args[0])

    @contextmanager
    def at(self, step: int, root: Path, error: int, *, forever: bool) -> Iterator[None]:
        self.left, self.error, self.forever, self.hit = step, error, forever, False
        self.root = str(root)
        try:
            yield
        finally:
            self.root = ""


_faults = Faults()


def every_step(
    work: Callable[[], object], root: Path, error: int, *, forever: bool, after: Callable[[], None]
) -> int:
    """Runs a piece of work again and again, with a fault one step later each time, until none is
    hit; gives how many steps there are.
    """
    for step in range(1, 500):
        try:
            with _faults.at(step, root, error, forever=forever):
                work()
        except ExpertError as failure:
            assert _faults.hit and failure.code == "io", failure
        if not _faults.hit:
            return step - 1
        after()
    raise AssertionError("it never ends")


CASES = [
    (errno.ENOSPC, False),
    (errno.ENOSPC, True),
    (errno.EROFS, True),
    (errno.EMFILE, False),
    (errno.EACCES, False),
    (errno.EIO, False),
]


@pytest.mark.parametrize(("error", "forever"), CASES)
@pytest.mark.parametrize("write", [tiny.tar_gz, tiny.zipped])
def test_unpacking_fails_cleanly_at_every_step(
    write: Callable[..., Path], error: int, forever: bool, tmp_path: Path
) -> None:
    archive = write(tmp_path / "x.expert", SOUND)
    cache = tmp_path / "cache"

    def after() -> None:
        left = [p for p in cache.rglob("*") if p.is_file() or p.name.startswith(".part-")]
        assert left == [] or open_package(archive, cache_dir=cache).files.keys() == SOUND.keys()
        shutil.rmtree(cache, ignore_errors=True)

    steps = every_step(
        lambda: open_package(archive, cache_dir=cache), cache, error, forever=forever, after=after
    )
    assert steps >= 6
    assert {
        p: (open_package(archive, cache_dir=cache).folder / p).read_bytes() for p in SOUND
    } == SOUND


@pytest.mark.parametrize(("error", "forever"), CASES)
def test_preparing_fails_cleanly_at_every_step(
    error: int, forever: bool, tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    archive = tiny.tar_gz(tmp_path / "x.expert", tiny.members(tiny_package))
    cache = tmp_path / "cache"

    def work() -> object:
        return prepare(archive, cache_dir=cache, models_dir=tiny_base.parent)

    def after() -> None:
        assert not list(cache.rglob(".part-*"))

    steps = every_step(work, cache, error, forever=forever, after=after)
    assert steps >= 1
    shutil.rmtree(cache)
    assert every_step(work, cache, error, forever=True, after=lambda: None) >= 10
    assert prepare(archive, cache_dir=cache, models_dir=tiny_base.parent).adapter is not None


def test_a_servers_state_is_old_or_new_at_every_step(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    ServerState(folder).put(StateEntry(name="old", path="/old"))
    seen = []
    for step in range(1, 50):
        state = ServerState(folder)
        try:
            with _faults.at(step, folder, errno.ENOSPC, forever=True):
                state.put(StateEntry(name="new", path="/new"))
        except LoadError as failure:
            assert (
                _faults.hit and failure.code == "io" and [e.name for e in state.entries] == ["old"]
            )
        seen.append([e.name for e in ServerState(folder).entries])
        assert [p.name for p in folder.iterdir()] == ["experts.json"]
        if not _faults.hit:
            break
    assert (
        all(names in (["old"], ["old", "new"]) for names in seen)
        and seen[-1] == ["old", "new"]
        and len(seen) > 2
    )


def test_keys_and_packages_are_not_written_by_halves(tiny_package: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def work() -> None:
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        pack(tiny_package, out / "x.expert")

    assert every_step(work, out / ".part-", errno.ENOSPC, forever=True, after=lambda: None) >= 1
    with _faults.at(1, out, errno.ENOSPC, forever=True), pytest.raises(ConfigError):
        keys.create(out / "key.pem")
    assert not (out / "key.pem").exists()


LIMITED = """
import resource, signal, sys
from pathlib import Path
from expertserve.errors import ExpertError
from expertserve.package.archive import open_package
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
archive, cache = sys.argv[1:3]
for limit in range(0, 260_000, 13_001):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        open_package(archive, cache_dir=Path(cache))
        print("whole", limit)
    except ExpertError as error:
        assert error.code == "io", error
        assert not [p for p in Path(cache).rglob("*") if p.is_file() or p.name.startswith(".part-")], limit
"""


def test_a_disk_that_fills_up_within_a_file_leaves_nothing(tmp_path: Path) -> None:
    """The write itself fails, at twenty places: a limit on files' sizes does what a full disk does."""
    archive = tiny.tar_gz(tmp_path / "x.expert", SOUND)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, archive, tmp_path / "cache"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("whole")


def test_running_out_of_file_handles_is_an_error_of_ours(
    tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    """What was begun may stay, since removing a folder takes a handle, too; it is taken for
    nothing, and goes within the hour.
    """
    archive = tiny.tar_gz(tmp_path / "x.expert", tiny.members(tiny_package))
    prepare(archive, cache_dir=tmp_path / "warm", models_dir=tiny_base.parent)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    probe = os.dup(0)
    os.close(probe)
    failed = 0
    for more in range(200):
        cache = tmp_path / f"cache-{more}"
        resource.setrlimit(resource.RLIMIT_NOFILE, (probe + more, hard))
        try:
            prepare(archive, cache_dir=cache, models_dir=tiny_base.parent)
            break
        except ExpertError:
            failed += 1
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert prepare(archive, cache_dir=cache, models_dir=tiny_base.parent).adapter
    assert 0 < failed < 200


# ── the cache ───────────────────────────────────────────────────────────────────────────────────


def _flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "one bit": _flip,
    "half of it": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    "all of it": lambda file: file.write_bytes(b""),
    "the file": lambda file: file.unlink(),
    "a folder in its place": lambda file: (file.unlink(), file.mkdir()),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_whatever_is_damaged_in_the_cache_is_noticed_and_made_anew(
    name: str, tiny_package: Path, tiny_base: Path, tmp_path: Path
) -> None:
    archive = tiny.tar_gz(tmp_path / "x.expert", tiny.members(tiny_package))
    cache = tmp_path / "cache"

    def facts() -> tuple[object, ...]:
        made = prepare(archive, cache_dir=cache, models_dir=tiny_base.parent)
        assert made.adapter
        members = {p: (made.package.folder / p).read_bytes() for p in made.package.files}
        return (
            made.base.digest,
            made.adapter.digest,
            (made.adapter.folder / "adapter_model.safetensors").read_bytes(),
            members,
        )

    sound = facts()
    files = [p for p in sorted(cache.rglob("*")) if p.is_file()]
    assert {p.relative_to(cache).parts[0] for p in files} == {"packages", "adapters", "digests"}
    for file in files:
        if file.is_file() and file.stat().st_size:  # where weights were left out, nothing is
            DAMAGE[name](file)
            assert facts() == sound, file
    assert not list(cache.rglob(".part-*"))


def test_the_wall_clock_may_jump(
    tiny_package: Path, tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what killed processes left is judged by the wall clock; nothing that is in use."""
    archive = tiny.tar_gz(tmp_path / "x.expert", tiny.members(tiny_package))
    cache, now = tmp_path / "cache", time.time()
    digests = set()
    for jump in (0, 10 * 365 * 86400, -10 * 365 * 86400, 0):
        monkeypatch.setattr(time, "time", lambda jump=jump: now + jump)
        made = prepare(archive, cache_dir=cache, models_dir=tiny_base.parent)
        assert made.adapter
        digests.add((made.package.digest, made.adapter.digest))
    assert len(digests) == 1
    assert (
        len(list((cache / "packages").iterdir())) == len(list((cache / "adapters").iterdir())) == 1
    )


def test_a_part_that_is_removed_while_it_is_filled_is_an_error_of_ours(tmp_path: Path) -> None:
    """As a process whose clock runs ahead may do to another's."""
    archive = tiny.tar_gz(tmp_path / "x.expert", SOUND)
    cache = tmp_path / "cache"

    class Removing(Faults):
        def _hook(self, event: str, args: tuple[object, ...]) -> None:
            if (
                self.root
                and event == "open"
                and "weights" in str(args[0])
                and isinstance(args[2], int)
                and args[2] & WRITES
            ):
                self.root = ""
                shutil.rmtree(next((cache / "packages").glob(".part-*")))

    with pytest.raises(LoadError) as caught, Removing().at(1, cache, 0, forever=False):
        open_package(archive, cache_dir=cache)
    assert caught.value.code == "io"
    assert open_package(archive, cache_dir=cache).files.keys() == SOUND.keys()


@pytest.mark.parametrize("error", [errno.EROFS, errno.EACCES])
def test_a_prepared_cache_that_is_read_only_serves_everything(
    error: int, tiny_base: Path, tiny_lora: Path, tmp_path: Path
) -> None:
    decoding = {"temperature": 0, "use_grammar": True, "grammar_type": "sql"}
    folder = tiny.package(tmp_path / "p", tiny_lora, tiny_base, training={"decoding": decoding})
    archive, cache = tiny.tar_gz(tmp_path / "x.expert", tiny.members(folder)), tmp_path / "cache"
    ready = prepare(archive, cache_dir=cache, models_dir=tiny_base.parent)
    assert ready.grammar
    masks.prepare(ready.grammar, ready.base.path, cache)
    PackageIndex(cache).close()  # SQLite writes without Python's functions, which fail here
    before = sorted(p for p in cache.rglob("*") if not p.name.startswith("index.sqlite-"))
    options: Any = {"cache_dir": cache, "models_dir": tiny_base.parent}
    engine = FakeEngine(lambda prompt: "SELECT 1")
    with _faults.at(1, cache, error, forever=True):
        with Expert.load(archive, engine=lambda: engine, **options) as expert:
            expert.generate("x")
            expert.generate("x", regex="SELECT [0-9]")
            expert.generate("x", json_schema={"type": "integer"})
        assert _faults.hit
    own, *others = [
        r.constraint.mask for r in engine.requests if r.constraint and r.constraint.mask
    ]
    assert own.parent == cache / "masks"
    assert len(others) == 2 and all(m.is_file() and m.parent != own.parent for m in others)
    assert sorted(p for p in cache.rglob("*") if not p.name.startswith("index.sqlite-")) == before


def test_masks_in_memory_have_a_bound(tmp_path: Path) -> None:
    assert spare.room_in(tmp_path, 7) == 7
    kept = spare.spare_folder()
    assert (
        0
        < spare.room_in(kept, 1 << 40)
        <= min(spare.MOST_BYTES, shutil.disk_usage(kept).total // 2)
    )


@pytest.mark.parametrize("where", ["cache", "cache/masks"])
def test_a_grammar_whose_mask_has_no_place_says_so(
    where: str, tiny_base: Path, tmp_path: Path
) -> None:
    """A file stands where the folder should be, as a folder that can't be written does (root may
    write anywhere).
    """
    (tmp_path / where).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / where).write_text("in the way")
    with pytest.raises(LoadError, match="compiled grammar can't be written") as caught:
        masks.ready(
            Grammar.from_gbnf('root ::= "yes" | "no"'), tiny_base, tmp_path / "cache", own=False
        )
    assert caught.value.code == "io"


def test_a_mask_that_cannot_be_written_is_no_costly_grammar(
    tiny_base: Path, tmp_path: Path
) -> None:
    masks_folder = tmp_path / "masks"
    masks_folder.mkdir()
    compiler = Compiler("quick")
    try:
        with pytest.raises(LoadError, match="compiled grammar can't be written") as caught:
            compiler.compile(parse('root ::= "yes"\n'), tiny_base, tmp_path / "gone" / "x.mask")
        assert caught.value.code == "io"
        compiler.compile(parse('root ::= "yes"\n'), tiny_base, masks_folder / "x.mask")
        assert (masks_folder / "x.mask").stat().st_size > 0
    finally:
        compiler.end()
