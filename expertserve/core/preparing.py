"""Packages are unpacked, verified and converted in threads of their own, off the event loop."""

from __future__ import annotations

import os
from functools import partial

from expertserve import config
from expertserve.core.options import Options
from expertserve.decoding.compile import masks
from expertserve.decoding.fair import FairThreads
from expertserve.decoding.restrict import own_grammars
from expertserve.expert import PreparedExpert, prepare
from expertserve.package.cache import keep_within
from expertserve.package.index import index_of
from expertserve.register import RegisteredExpert, note

CORES = os.cpu_count() or 1
preparers = FairThreads(threads=2 * CORES, each=CORES)
"""One caller's many leave threads for others'."""


async def make_ready(
    options: Options,
    path: str | os.PathLike[str],
    checksum: str | None,
    checkpoint: str | None,
    *,
    cache: bool = True,
    digest: str | None = None,
) -> tuple[PreparedExpert, RegisteredExpert]:
    """Prepares an expert, notes it in the index, and begins to compile its grammar.

    Args:
        digest: The package's, where that is known and the caller compares it.

    Raises:
        LoadError: And its subclasses.
    """
    if options.locate and (known := checksum or digest):
        path = await options.locate(os.fspath(path), known)
    expert = await preparers.run(
        os.fspath(path), partial(_prepared, options, path, checksum, checkpoint, cache)
    )
    try:
        return expert, await preparers.run(os.fspath(path), partial(_noted, options, expert))
    except BaseException:
        expert.package.close()
        raise


def _prepared(
    options: Options,
    path: str | os.PathLike[str],
    checksum: str | None,
    checkpoint: str | None,
    cache: bool,
) -> PreparedExpert:
    expert = prepare(
        path,
        base_model=options.base_model,
        checkpoint=checkpoint,
        checksum=checksum,
        cache_dir=options.cache_dir,
        models_dir=options.models_dir,
        cache=cache,
        trust=options.trust,
    )
    expert.base.digest  # noqa: B018  (reads every weight the first time)
    return expert


def _noted(options: Options, expert: PreparedExpert) -> RegisteredExpert:
    root = options.cache_dir or config.cache_dir()
    keep_within(root, options.cache_size)
    for grammar in own_grammars(expert):
        masks.expect(grammar, expert.base.path, options.cache_dir)
    known = note(expert, options.cache_dir)
    return RegisteredExpert(known, expert.base, index_of(root))
