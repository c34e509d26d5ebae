"""Packages that are known and not unpacked: verified by their digests, their manifests read.

What was read once is remembered in the index, by path, size and time of change.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from expertserve import config
from expertserve.adapters.settings import CONFIG, MAX_CONFIG
from expertserve.errors import ExpertError, LoadError
from expertserve.expert import PreparedExpert, bare
from expertserve.models import LocalModel
from expertserve.package import positions
from expertserve.package.archive import glance, open_package
from expertserve.package.index import (
    IndexRow,
    KnownPackage,
    PackageIndex,
    index_of,
    stamp_of,
)
from expertserve.package.manifest import (
    NAME,
    Adapter,
    Manifest,
    parse_manifest,
    read_manifest,
)
from expertserve.package.signature import (
    SignatureVerdict,
    TrustPolicy,
    enforce_verdict,
    verify_signature,
)
from expertserve.prompt.format import NAMED
from expertserve.prompt.system import SystemDefaults
from expertserve.prompt.tokenizer import Tokenizer

WANTED = {NAME: positions.MAX_BYTES, CONFIG: MAX_CONFIG}
WIDER = ("rank_pattern", "modules_to_save", "lora_bias", "trainable_token_indices")
"""Settings with which an adapter takes more of a slot than its rank."""


@dataclass(frozen=True, slots=True)
class RegisteredExpert:
    """An expert that is served under a name, prepared or not.

    Args:
        index: Has its manifest.
    """

    package: KnownPackage
    base: LocalModel
    index: PackageIndex

    @property
    def manifest(self) -> Manifest:
        """Read from the index each time, about 1 ms.

        Raises:
            LoadError: `io`, where the index was damaged meanwhile.
        """
        if self.is_base:
            return bare(self.base).manifest
        try:
            return self.index.manifest(self.package.digest)
        except KeyError as error:
            raise LoadError(
                f"the index no longer has the manifest of {self.package.name}",
                hint="load the expert again",
                code="io",
            ) from error

    @property
    def is_base(self) -> bool:
        """Whether this is the base model alone."""
        return self.package.digest == self.base.digest


@dataclass(frozen=True, slots=True)
class FrontExpert:
    """What requests for an expert are read with, where its package may be elsewhere.

    Args:
        tokenizer: The base model's.
        template: Of its prompts, as Jinja.
        constrained: Whether it brings a grammar.
    """

    known: RegisteredExpert
    tokenizer: Tokenizer
    template: str
    constrained: bool

    @classmethod
    def of(cls, known: RegisteredExpert, expert: PreparedExpert) -> FrontExpert:
        prompt = expert.prompt
        return cls(known, prompt.tokenizer, prompt.source, expert.grammar is not None)


def register(
    paths: Sequence[Path], *, cache_dir: Path | None = None, threads: int | None = None
) -> list[KnownPackage | ExpertError]:
    """Makes packages known: what a start needs of each, or why there is none. Unpacks nothing.

    A file that was read before, and has its size and time of change still, costs some 20 µs. Else
    it is hashed and its manifest read, 4 ms for 4 MB, several at once.
    """
    index = index_of(cache_dir or config.cache_dir())
    sources, packages = index.sources(), index.packages()
    found: list[KnownPackage | ExpertError | None] = []
    unread: list[tuple[int, Path, str]] = []
    for at, path in enumerate(paths):
        stamp = _stamp(path)
        before = sources.get(os.path.abspath(path))  # noqa: PTH100  (Path's takes ten times as long)
        known = packages.get(before[1]) if before and before[0] == stamp else None
        found.append(known)
        if known is None:
            unread.append((at, path, stamp))
    index.saw([k.digest for k in found if isinstance(k, KnownPackage)])
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        rows = list(pool.map(lambda one: _row(one[1], one[2]), unread))
    index.put([row for row in rows if isinstance(row, IndexRow)])
    for (at, _, _), row in zip(unread, rows, strict=True):
        if isinstance(row, IndexRow):
            old = packages.get(row.known.digest, row.known)
            found[at] = replace(row.known, uses=old.uses, used=old.used, verdict=old.verdict)
        else:
            found[at] = row
    return [one for one in found if one is not None]


def _stamp(path: Path) -> str:
    try:
        return stamp_of(path)
    except OSError:
        return ""  # reading it will tell


def _row(path: Path, stamp: str) -> IndexRow | ExpertError:
    """Reads one package."""
    try:
        if path.is_dir():
            package = open_package(path)
            manifest = read_manifest(package.folder)
            data = (package.folder / NAME).read_bytes()
            settings = package.folder / CONFIG
            beside = settings.read_bytes() if settings.is_file() else None
            digest, size = package.digest, 0
        else:
            digest, members = glance(path, WANTED)
            if NAME not in members:
                _without_manifest(path)
            data, beside = members[NAME], members.get(CONFIG)
            manifest, size = parse_manifest(data), path.stat().st_size
    except ExpertError as error:
        return error
    except OSError as error:
        return LoadError(f"{path} can't be read: {error.strerror or error}", code="io")
    named = {NAMED.get(b.prompt_template or "") for b in manifest.base_models}
    template = named.pop() if len(named) == 1 else None
    known = KnownPackage(
        digest,
        manifest.name,
        manifest.version,
        tuple(b.name for b in manifest.base_models),
        size,
        *_declared(manifest),
        width=_width(manifest, beside),
        soft=tuple(s.name for s in manifest.soft_prompts),
        dialect=SystemDefaults.of(manifest, template).dialect if template else None,
        constraints=manifest.constraints,
    )
    return row_of(known, manifest, data, (os.path.abspath(path), stamp))  # noqa: PTH100


def _without_manifest(path: Path) -> None:
    """Raises what loading a package without a manifest at its root raises."""
    package = open_package(path, cache=False)
    try:
        read_manifest(package.folder)
    finally:
        package.close()
    raise LoadError(f"{path} was changed while it was read", hint="load it again", code="io")


def row_of(
    known: KnownPackage, manifest: Manifest, data: bytes, source: tuple[str, str] | None = None
) -> IndexRow:
    """What is written of a package."""
    facts = json.dumps(
        {
            "description": manifest.description,
            "capabilities": list(manifest.capabilities),
            "license": manifest.license,
            "dialect": known.dialect,
            "soft_prompts": sorted(known.soft),
            "decoding": manifest.decoding.model_dump(exclude_defaults=True),
            "takes_schema": manifest.takes == "schema",
            "examples": [
                e.model_dump(by_alias=True, exclude_defaults=True) for e in manifest.examples
            ],
        }
    )
    return IndexRow(
        known, manifest.routing, manifest.capabilities, manifest.tags, facts, data, source
    )


def note(expert: PreparedExpert, cache_dir: Path | None) -> KnownPackage:
    """Puts what preparing an expert has shown into the index."""
    package, manifest = expert.package, expert.manifest
    adapter = expert.adapter
    source = package.source
    known = KnownPackage(
        package.digest,
        manifest.name,
        manifest.version,
        tuple(b.name for b in manifest.base_models),
        source.stat().st_size if source.is_file() else 0,
        adapter.type if adapter else None,
        adapter.rank if adapter else None,
        width=adapter.width if adapter else 0,
        soft=tuple(expert.soft_prompts),
        dialect=expert.system.dialect,
        constraints=manifest.constraints,
        grammar=expert.grammar.digest if expert.grammar else None,
        verdict=json.dumps(asdict(verify_signature(package, manifest))),
    )
    data = (package.folder / NAME).read_bytes()
    index_of(cache_dir or config.cache_dir()).put([row_of(known, manifest, data)])
    return known


def check_trust(known: KnownPackage, policy: TrustPolicy | None) -> bool:
    """Whether a package may be registered by what is known of it; else it is to be prepared.

    Raises:
        IntegrityError: The policy refuses it.
    """
    if policy is None or policy.mode == "off":
        return True
    if known.verdict is None:
        return False
    facts = json.loads(known.verdict)
    facts |= {"uncovered": tuple(facts["uncovered"]), "trusted": facts["key"] in policy.keys}
    enforce_verdict(SignatureVerdict(**facts), policy)
    return True


def _declared(manifest: Manifest) -> tuple[str | None, int | None]:
    """Type and rank of the first adapter."""
    adapters = manifest.base_models[0].adapters
    return (adapters[0].type, adapters[0].r) if adapters else (None, None)


def _width(manifest: Manifest, settings: bytes | None) -> int | None:
    """What an adapter takes in a slot at most; None where only its conversion tells."""
    adapters = [a for base in manifest.base_models for a in base.adapters]
    if not adapters:
        return 0
    if settings is None:
        return None
    try:
        given = json.loads(settings)
        wider = not isinstance(given, dict) or any(given.get(key) for key in WIDER)
        wider = wider or given.get("bias") not in (None, "none")
    except (ValueError, RecursionError):
        return None  # preparing it will tell
    widths = [_plain_width(a) for a in adapters]
    return None if wider or None in widths else max(w for w in widths if w is not None)


def _plain_width(adapter: Adapter) -> int | None:
    if adapter.type == "ia3":
        return 1
    if adapter.type in ("lora", "dora", "lora-fa") and adapter.r is not None:
        return adapter.r
    return None
