"""What the linter finds in a package's files alone; `expertserve.check` has the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from expertserve.errors import ConfigError, ExpertError, Located
from expertserve.files import read_bounded
from expertserve.findings import Finding, Severity
from expertserve.package import positions
from expertserve.package.archive import Package, compare_digest
from expertserve.package.asking import ReasoningSpec
from expertserve.package.extras import extra_findings, read_extras
from expertserve.package.hint import parse_hint
from expertserve.package.manifest import NAME, Manifest, read_manifest
from expertserve.package.signature import MEMBER, covers_manifest, verify_signature

PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib")
PROGRAMS = (".py", ".sh", ".bat", ".cmd", ".ps1", ".exe", ".dll", ".so", ".dylib", ".js")
LEFTOVERS = ("trainer_state.json", "optimizer.safetensors", "events.out.tfevents")
JSON_MARKS = ("{", "}", "[", "]", '"', ":", ",")
DEFAULT_LIMIT = 512
LARGE = 1 << 30
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(slots=True)
class Lint:
    """Findings so far, and where the manifest's values stand."""

    found: list[Finding] = field(default_factory=list)
    source: positions.LocatedJson | None = None

    def add(
        self,
        severity: Severity,
        code: str,
        message: str,
        reason: str,
        fix: str,
        *,
        at: positions.Path | None = None,
        file: str = "",
    ) -> None:
        line = 0
        if at is not None and self.source:
            file, line = NAME, self._line(self.source, at)
        self.found.append(Finding(code, severity, line, message, reason, fix, file))

    def report(self, found: Iterable[Finding], *, at: positions.Path | None = None) -> None:
        """Takes over findings of others, at a place of the manifest or where they say."""
        for f in found:
            self.add(f.severity, f.code, f.message, f.reason, f.fix, at=at, file=f.file)

    def _line(self, source: positions.LocatedJson, at: positions.Path) -> int:
        """Version 1 manifests have one base model, and its adapters at the root."""
        if (
            at[:2] == ("base_models", 0)
            and isinstance(source.value, dict)
            and "base_models" not in source.value
        ):
            at = at[2:] if at[2:3] == ("adapters",) else ("base_model", *at[2:])
        while at and at not in source.offsets:
            at = at[:-1]
        return source.text.count("\n", 0, source.offsets.get(at, 0)) + 1

    @contextmanager
    def catching(self, *, at: positions.Path | None = None, file: str = "") -> Iterator[None]:
        """An error of ours becomes a finding; a known one isn't repeated."""
        try:
            yield
        except ExpertError as error:
            if any(f.code == error.code and f.message == error.message for f in self.found):
                return
            reason = "loading the package is refused for this"
            self.add("error", error.code, error.message, reason, error.hint, at=at, file=file)
            if isinstance(error, Located) and error.line:
                self.found[-1] = replace(self.found[-1], line=error.line, file=file or NAME)

    # ── the parts, in the order in which loading meets them ─────────────────────────────────────

    def package(self, package: Package) -> Manifest | None:
        """Everything that the files alone tell; the manifest, where it can be read."""
        manifest = None
        with self.catching(file=NAME):
            manifest = read_manifest(package.folder)
        self._members(package, {s.path for s in manifest.soft_prompts} if manifest else set())
        with self.catching():
            self.report(extra_findings(read_extras(package)))
        if manifest is None:
            return None
        self.source = positions.locate(read_bounded(package.folder / NAME, positions.MAX_BYTES))
        self._manifest(manifest)
        self._hashes(package, manifest)
        self._signature(package, manifest)
        self._decoding(manifest)
        return manifest

    def _members(self, package: Package, soft_prompts: Set[str]) -> None:
        sizes = {name: (package.folder / name).stat().st_size for name in package.files}
        for name in package.files:
            suffix, last = Path(name).suffix.lower(), name.rsplit("/", 1)[-1]
            if suffix in PICKLES and name not in soft_prompts:
                reason = (
                    "it is a pickle, and whoever unpickles a stranger's file runs the stranger's"
                    " code; nothing here ever does"
                )
                fix = "leave it out; weights belong into .safetensors"
                self.add(
                    "warning", "pickled_file", f"the package has {name}", reason, fix, file=name
                )
            elif suffix in PROGRAMS:
                self.add(
                    "warning",
                    "program",
                    f"the package has the program {name}",
                    "nothing runs it",
                    "leave it out",
                    file=name,
                )
            elif last.startswith(LEFTOVERS) or (last == "model.safetensors" and sizes[name] > 0):
                reason = "it is left over from training; serving doesn't read it"
                self.add(
                    "info",
                    "leftover",
                    f"the package has {name} ({sizes[name]:,} bytes)",
                    reason,
                    "leave it out",
                    file=name,
                )
        total = sum(sizes.values())
        if total > LARGE:
            largest = max(sizes, key=lambda name: sizes[name])
            message = f"the package has {total:,} bytes; {largest} alone has {sizes[largest]:,}"
            self.add(
                "warning",
                "large_package",
                message,
                "adapters are megabytes; this one is slow to fetch and to verify",
                "look what it needs",
            )
        if package.source.is_dir():
            for path in sorted(package.source.glob(".*")):
                self.add(
                    "info",
                    "hidden_file",
                    f"{path.name} is hidden",
                    "hidden files are neither packed nor read",
                    "",
                    file=path.name,
                )

    def _manifest(self, manifest: Manifest) -> None:
        for key in manifest.unknown():
            fix = "correct its name, or begin it with _ if it is a comment"
            self.add(
                "warning",
                "unknown_key",
                f"the format has no key {key}",
                "it is read by nobody, so it does nothing",
                fix,
                at=_path(key),
            )
        if not (manifest.license or "").strip():
            self.add(
                "warning",
                "no_license",
                "there is no license",
                "nobody knows whether it may be used",
                "add an SPDX identifier",
                at=(),
            )
        if not manifest.description.strip():
            self.add(
                "info",
                "no_description",
                "there is no description",
                "people choose experts by it",
                "say what it is for",
                at=(),
            )
        if manifest.quality_metrics is None or not manifest.quality_metrics.model_dump():
            fix = "say what was measured, on what, with which result"
            self.add(
                "info",
                "no_quality_metrics",
                "there are no quality_metrics",
                "nobody can tell how good it is",
                fix,
                at=(),
            )
        if not manifest.capabilities and not manifest.routing.keywords:
            reason = "`model=auto` finds experts by these"
            self.add(
                "info",
                "not_routable",
                "it has neither capabilities nor routing.keywords",
                reason,
                "add some words of its field",
                at=(),
            )
        self._hint(manifest.routing.router_hint)

    def _hint(self, text: str) -> None:
        at = ("routing", "router_hint")
        try:
            unknown = parse_hint(text).unknown if text.strip() else ()
        except ConfigError as error:
            reason = "routing leaves it out"
            self.add("warning", error.code, error.message, reason, error.hint, at=at)
            return
        if unknown:
            message = f"router_hint compares: {', '.join(unknown[:5])}"
            reason = "nothing measures it, so it counts as unknown: never true, nor its negation"
            self.add("warning", "hint_comparison", message, reason, "write key=value", at=at)

    def _hashes(self, package: Package, manifest: Manifest) -> None:
        files = manifest.integrity.files if manifest.integrity else {}
        if not files:
            reason = "damage to a member goes unnoticed where the archive's own hash is not at hand"
            self.add(
                "warning",
                "no_hashes",
                "integrity.files lists no hashes",
                reason,
                "`expertserve pack` writes them",
                at=("integrity",),
            )
            return
        for name, listed in sorted(files.items()):
            at = ("integrity", "files", name)
            if name == NAME:
                if not covers_manifest(package, files) and not (
                    manifest.integrity and manifest.integrity.signature
                ):
                    message = (
                        "integrity.files has a hash of manifest.json that isn't the one of its"
                        " content without integrity"
                    )
                    reason = "a hash can't cover the file that it stands in, so it says nothing"
                    self.add(
                        "info",
                        "manifest_hash",
                        message,
                        reason,
                        "remove it, or sign with `expertserve sign`",
                        at=at,
                    )
            elif name not in package.files:
                reason = "loading the package is refused for this"
                self.add(
                    "error",
                    "file_missing",
                    f"integrity.files lists {name!r}, which isn't there",
                    reason,
                    "pack it again",
                    at=at,
                )
            else:
                with self.catching(at=at):
                    compare_digest(name, package.files[name], listed, "integrity.files")
        bare = sorted(package.files.keys() - files.keys() - {NAME, MEMBER})
        if bare:
            message = (
                f"integrity.files doesn't list {', '.join(bare[:5])}{' …' if len(bare) > 5 else ''}"
            )
            self.add(
                "warning",
                "file_without_hash",
                message,
                "damage to it goes unnoticed",
                "pack it again",
                at=("integrity", "files"),
            )

    def _signature(self, package: Package, manifest: Manifest) -> None:
        at = ("integrity", "signature")
        with self.catching(at=at, file=MEMBER):
            verdict = verify_signature(package, manifest)
            fix = "`expertserve sign` covers every member"
            match verdict.status:
                case "unsigned":
                    self.add(
                        "info",
                        "unsigned",
                        "the package isn't signed",
                        "nobody can tell whom it is from",
                        fix,
                        at=("integrity",),
                    )
                case "invalid":
                    message = f"the signature is invalid: {verdict.reason}"
                    self.add(
                        "error",
                        "signature_invalid",
                        message,
                        "loading the package is refused for this",
                        fix,
                        at=at,
                    )
                case "unverifiable":
                    message = f"the signature can't be verified: {verdict.reason}"
                    self.add(
                        "warning",
                        "signature_incomplete",
                        message,
                        "it vouches for nothing, and strict policies refuse it",
                        fix,
                        at=at,
                    )
                case "valid_manifest_uncovered" | "valid_files_uncovered":
                    message = f"the signature doesn't cover {', '.join(verdict.uncovered[:5])}"
                    self.add(
                        "warning",
                        "signature_incomplete",
                        message,
                        "these can be changed unnoticed; strict policies refuse it",
                        fix,
                        at=at,
                    )

    def _decoding(self, manifest: Manifest) -> None:
        decoding, root = manifest.decoding, ("training", "decoding")
        repeats = "it forbids repeating names and keywords, which formal languages need"
        for name, value, limit, reason in (
            ("temperature", decoding.temperature, 1.5, "answers become noise"),
            ("repetition_penalty", decoding.repetition_penalty, 1.5, repeats),
        ):
            if value is not None and value > limit:
                message, fix = f"{name} is {value:g}", f"{limit:g} is a lot"
                self.add("warning", f"high_{name}", message, reason, fix, at=(*root, name))
        if decoding.top_p is not None and decoding.top_p < 0.1:
            message = f"top_p is {decoding.top_p:g}"
            reason = "only the likeliest token is left, whatever temperature says"
            fix = "temperature 0 says the same"
            self.add("info", "low_top_p", message, reason, fix, at=(*root, "top_p"))
        if decoding.temperature is None:
            message = "training.decoding has no temperature"
            reason, fix = "the server's default, 0, is used", "write the one it was judged with"
            self.add("info", "no_temperature", message, reason, fix, at=root)
        self._asking(manifest)
        if decoding.limit is None:
            message = "training.decoding has no max_tokens"
            reason = "answers end at 512 tokens, which may cut them, or let the model run on"
            fix = "write what its longest answers take"
            self.add("info", "no_max_tokens", message, reason, fix, at=root)
        if decoding.validation_cmd:
            message, reason = "there is a validation_cmd", "a package's commands are never run here"
            at = (*root, "validation_cmd")
            self.add("info", "validation_cmd", message, reason, "don't rely on it", at=at)

    def _asking(self, manifest: Manifest) -> None:
        """What of the defaults would cut an answer."""
        decoding, root = manifest.decoding, ("training", "decoding")
        format = f"{decoding.grammar_type or ''} {' '.join(manifest.capabilities)}"
        cutting = [s for s in decoding.stop_sequences if s in JSON_MARKS]
        if cutting and ("json" in format or "tool-call" in format):
            self.add(
                "info" if decoding.use_grammar else "warning",
                "stop_cuts_format",
                f"the stop sequence {cutting[0]!r} is part of every JSON object",
                "without a grammar it ends the answer inside the first object; with one, stop"
                " sequences act only where the sentence is complete",
                "remove it; set use_grammar, which ends an object where it is whole",
                at=(*root, "stop_sequences"),
            )
        reasoning, limit = decoding.reasoning, decoding.limit or DEFAULT_LIMIT
        budget = reasoning.max_tokens if isinstance(reasoning, ReasoningSpec) else None
        if budget and budget > limit // 2:
            self.add(
                "warning",
                "think_budget",
                f"reasoning.max_tokens is {budget:,}, max_tokens {limit:,} for block and answer",
                "a block gets at most half of max_tokens, so that the answer has room",
                f"raise max_tokens to {2 * budget:,}, or lower the budget",
                at=(*root, "reasoning"),
            )
        if None not in (decoding.max_tokens, decoding.max_new_tokens) and (
            decoding.max_tokens != decoding.max_new_tokens
        ):
            self.add(
                "warning",
                "two_limits",
                f"max_tokens is {decoding.max_tokens}, max_new_tokens {decoding.max_new_tokens}",
                "they mean the same; max_tokens counts",
                "keep one",
                at=(*root, "max_new_tokens"),
            )


def _path(key: str) -> positions.Path:
    """`base_models[0].adapters[1].x` → its path."""
    parts: list[str | int] = []
    for part in key.split("."):
        name, _, index = part.partition("[")
        parts += [name, int(index[:-1])] if index[:-1].isdigit() else [part]
    return tuple(parts)
