"""The linter: everything that is wrong or risky with a package, each with a place, a reason and a fix. Runs nothing out of the package."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from expertserve.errors import ExpertError, GrammarError, LoadError, Located
from expertserve.findings import Finding, Severity
from expertserve.package import positions
from expertserve.package.archive import Package, compare_digest, open_package
from expertserve.package.manifest import NAME, BaseModelSpec, Manifest, read_manifest
from expertserve.package.members import inside, read_bounded
from expertserve.package.signature import MEMBER, covers_manifest, verify_signature
from expertserve.prompt.format import NAMED, Message, PromptFormat
from expertserve.prompt.tokenizer import FILE as TOKENIZER
from expertserve.prompt.tokenizer import Tokenizer

if TYPE_CHECKING:
    from expertserve.grammar.recognise import Grammar
    from expertserve.models import BaseModel

PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib")
PROGRAMS = (".py", ".sh", ".bat", ".cmd", ".ps1", ".exe", ".dll", ".so", ".dylib", ".js")
LEFTOVERS = ("trainer_state.json", "optimizer.safetensors", "events.out.tfevents")
LARGE = 1 << 30
GRAMMAR = "grammar.gbnf"
MAX_GRAMMAR = 4 << 20
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
SAMPLE: list[Message] = [
    {"role": "system", "content": "Schema:\nt(id)"},
    {"role": "user", "content": "How many?"},
    {"role": "assistant", "content": "1"},
    {"role": "user", "content": "And now?"},
]


def check_package(
    path: str | os.PathLike[str],
    *,
    base_model: str | os.PathLike[str] | None = None,
    models_dir: Path | None = None,
    cache_dir: Path | None = None,
    compile_grammar: bool = False,
) -> list[Finding]:
    """Lints a package; what can't be read becomes a finding, too.

    Args:
        path: A `.expert` file or an unpacked folder.
        base_model: A folder, a known name, or a hub id; by default what the manifest names, where it is on this machine.
        compile_grammar: Also compile its grammar, in a process of its own, to tell what that costs: seconds, at most five minutes.

    Returns:
        Errors first, then warnings, then remarks; within these by file and line. Costs about what loading costs, without an engine.
    """
    lint = _Lint(compile_grammar=compile_grammar)
    package = None
    with lint.catching():
        package = open_package(path, cache_dir=cache_dir, cache=True)
    if package:
        lint.package(package, base_model, models_dir, cache_dir)
    order = {severity: i for i, severity in enumerate(SEVERITIES)}
    return sorted(dict.fromkeys(lint.found), key=lambda f: (order[f.severity], f.file, f.line, f.code, f.message))


@dataclass(slots=True)
class _Lint:
    """Findings so far, and where the manifest's values stand."""

    found: list[Finding] = field(default_factory=list)
    source: positions.Located | None = None
    compile_grammar: bool = False

    def add(
        self, severity: Severity, code: str, message: str, reason: str, fix: str, *, at: positions.Path | None = None, file: str = ""
    ) -> None:
        line = 0
        if at is not None and self.source:
            file, line = NAME, self._line(self.source, at)
        self.found.append(Finding(code, severity, line, message, reason, fix, file))

    def _line(self, source: positions.Located, at: positions.Path) -> int:
        """Version 1 manifests have one base model, and its adapters at the root."""
        if at[:2] == ("base_models", 0) and isinstance(source.value, dict) and "base_models" not in source.value:
            at = at[2:] if at[2:3] == ("adapters",) else ("base_model", *at[2:])
        while at and at not in source.offsets:
            at = at[:-1]
        return source.text.count("\n", 0, source.offsets.get(at, 0)) + 1

    @contextmanager
    def catching(self, *, at: positions.Path | None = None, file: str = "") -> Iterator[None]:
        """An error of ours becomes a finding; one that was found already isn't told twice."""
        try:
            yield
        except ExpertError as error:
            if any(f.code == error.code and f.message == error.message for f in self.found):
                return
            reason = "loading the package is refused for this"
            self.add("error", error.code, error.message, reason, error.hint, at=at, file=file)
            if isinstance(error, Located) and error.line:
                self.found[-1] = replace(self.found[-1], line=error.line, file=file or NAME)

    # ── the parts, in the order in which loading meets them ─────────────────────────────────────────────────────────────

    def package(self, package: Package, base_model: str | os.PathLike[str] | None, models_dir: Path | None, cache_dir: Path | None) -> None:
        self._members(package)
        manifest = None
        with self.catching(file=NAME):
            manifest = read_manifest(package.folder)
        if manifest is None:
            return
        self.source = positions.locate(read_bounded(package.folder / NAME, positions.MAX_BYTES))
        self._manifest(manifest)
        self._hashes(package, manifest)
        self._signature(package, manifest)
        self._decoding(manifest)
        for i, declared in enumerate(manifest.base_models):
            self._adapters(package, manifest, declared, i)
        base = self._base(manifest, base_model, models_dir, cache_dir)
        tokenizer = self._tokenizer(package, base)
        self._prompt(package, manifest, base, tokenizer)
        self._grammar(package, manifest, tokenizer)
        if base:
            self._loads(package, base, models_dir, cache_dir)

    def _members(self, package: Package) -> None:
        sizes = {name: (package.folder / name).stat().st_size for name in package.files}
        for name in package.files:
            suffix, last = Path(name).suffix.lower(), name.rsplit("/", 1)[-1]
            if suffix in PICKLES:
                reason = "it is a pickle, and whoever unpickles a stranger's file runs the stranger's code; nothing here ever does"
                fix = "leave it out; weights belong into .safetensors"
                self.add("warning", "pickled_file", f"the package has {name}", reason, fix, file=name)
            elif suffix in PROGRAMS:
                self.add("warning", "program", f"the package has the program {name}", "nothing runs it", "leave it out", file=name)
            elif last.startswith(LEFTOVERS) or (last == "model.safetensors" and sizes[name] > 0):
                reason = "it is left over from training; serving doesn't read it"
                self.add("info", "leftover", f"the package has {name} ({sizes[name]:,} bytes)", reason, "leave it out", file=name)
        total = sum(sizes.values())
        if total > LARGE:
            largest = max(sizes, key=lambda name: sizes[name])
            message = f"the package has {total:,} bytes; {largest} alone has {sizes[largest]:,}"
            self.add(
                "warning", "large_package", message, "adapters are megabytes; this one is slow to fetch and to verify", "look what it needs"
            )
        if package.source.is_dir():
            for path in sorted(package.source.glob(".*")):
                self.add("info", "hidden_file", f"{path.name} is hidden", "hidden files are neither packed nor read", "", file=path.name)

    def _manifest(self, manifest: Manifest) -> None:
        for key in manifest.unknown():
            fix = "correct its name, or begin it with _ if it is a comment"
            self.add(
                "warning", "unknown_key", f"the format has no key {key}", "it is read by nobody, so it does nothing", fix, at=_path(key)
            )
        if not (manifest.license or "").strip():
            self.add("warning", "no_license", "there is no license", "nobody knows whether it may be used", "add an SPDX identifier", at=())
        if not manifest.description.strip():
            self.add("info", "no_description", "there is no description", "people choose experts by it", "say what it is for", at=())
        if manifest.quality_metrics is None or not manifest.quality_metrics.model_dump():
            fix = "say what was measured, on what, with which result"
            self.add("info", "no_quality_metrics", "there are no quality_metrics", "nobody can tell how good it is", fix, at=())
        if not manifest.capabilities and not manifest.routing.keywords:
            reason = "`model=auto` finds experts by these"
            self.add(
                "info", "not_routable", "it has neither capabilities nor routing.keywords", reason, "add some words of its field", at=()
            )
        if manifest.soft_prompts:
            reason = "an expert without them would answer otherwise, so loading it is refused"
            self.add("error", "soft_prompts", "it brings soft prompts, which are not served", reason, "train without", at=("soft_prompts",))

    def _hashes(self, package: Package, manifest: Manifest) -> None:
        files = manifest.integrity.files if manifest.integrity else {}
        if not files:
            reason = "damage to a member goes unnoticed where the archive's own hash is not at hand"
            self.add("warning", "no_hashes", "integrity.files lists no hashes", reason, "`expertserve pack` writes them", at=("integrity",))
            return
        for name, listed in sorted(files.items()):
            at = ("integrity", "files", name)
            if name == NAME:
                if not covers_manifest(package, files) and not (manifest.integrity and manifest.integrity.signature):
                    message = "integrity.files has a hash of manifest.json that isn't the one of its content without integrity"
                    reason = "a hash can't cover the file that it stands in, so it says nothing"
                    self.add("info", "manifest_hash", message, reason, "remove it, or sign with `expertserve sign`", at=at)
            elif name not in package.files:
                reason = "loading the package is refused for this"
                self.add("error", "file_missing", f"integrity.files lists {name!r}, which isn't there", reason, "pack it again", at=at)
            else:
                with self.catching(at=at):
                    compare_digest(name, package.files[name], listed, "integrity.files")
        bare = sorted(package.files.keys() - files.keys() - {NAME, MEMBER})
        if bare:
            message = f"integrity.files doesn't list {', '.join(bare[:5])}{' …' if len(bare) > 5 else ''}"
            self.add("warning", "file_without_hash", message, "damage to it goes unnoticed", "pack it again", at=("integrity", "files"))

    def _signature(self, package: Package, manifest: Manifest) -> None:
        at = ("integrity", "signature")
        with self.catching(at=at, file=MEMBER):
            verdict = verify_signature(package, manifest)
            fix = "`expertserve sign` covers every member"
            match verdict.status:
                case "unsigned":
                    self.add("info", "unsigned", "the package isn't signed", "nobody can tell whom it is from", fix, at=("integrity",))
                case "invalid":
                    message = f"the signature is invalid: {verdict.reason}"
                    self.add("error", "signature_invalid", message, "loading the package is refused for this", fix, at=at)
                case "unverifiable":
                    message = f"the signature can't be verified: {verdict.reason}"
                    self.add(
                        "warning", "signature_incomplete", message, "it vouches for nothing, and strict policies refuse it", fix, at=at
                    )
                case "valid_manifest_uncovered" | "valid_files_uncovered":
                    message = f"the signature doesn't cover {', '.join(verdict.uncovered[:5])}"
                    self.add(
                        "warning", "signature_incomplete", message, "these can be changed unnoticed; strict policies refuse it", fix, at=at
                    )

    def _decoding(self, manifest: Manifest) -> None:
        decoding, root = manifest.decoding, ("training", "decoding")
        limits = [
            ("temperature", decoding.temperature, 1.5, "answers become noise"),
            (
                "repetition_penalty",
                decoding.repetition_penalty,
                1.5,
                "it forbids repeating names and keywords, which formal languages need",
            ),
        ]
        for name, value, limit, reason in limits:
            if value is not None and value > limit:
                self.add("warning", f"high_{name}", f"{name} is {value:g}", reason, f"{limit:g} is a lot", at=(*root, name))
        if decoding.top_p is not None and decoding.top_p < 0.1:
            reason = "only the likeliest token is left, whatever temperature says"
            self.add("info", "low_top_p", f"top_p is {decoding.top_p:g}", reason, "temperature 0 says the same", at=(*root, "top_p"))
        if decoding.temperature is None:
            reason = "the server's default, 0, stands for it"
            self.add("info", "no_temperature", "training.decoding has no temperature", reason, "write the one it was judged with", at=root)
        if decoding.max_tokens is None:
            reason = "answers end at 512 tokens, which may be too few, or far too many where the model runs on"
            self.add("info", "no_max_tokens", "training.decoding has no max_tokens", reason, "write what its longest answers take", at=root)
        if decoding.validation_cmd:
            reason = "a package's commands are never run here"
            self.add("info", "validation_cmd", "there is a validation_cmd", reason, "don't rely on it", at=(*root, "validation_cmd"))

    def _adapters(self, package: Package, manifest: Manifest, declared: BaseModelSpec, i: int) -> None:
        from expertserve.adapters.peft import read_adapter
        from expertserve.expert import choose_adapter

        if not declared.adapters:
            reason = "the base model answers as it is, with this package's prompt and defaults"
            self.add("info", "no_adapter", f"{declared.name} has no adapter", reason, "", at=("base_models", i))
            return
        place: positions.Path = ("base_models", i, "adapters")
        with self.catching(at=place):
            entry, weights = choose_adapter(package.folder, manifest, declared, None)
            place = (*place, declared.adapters.index(entry))
            name = weights.relative_to(package.folder.resolve()).as_posix()
            if name in package.files:
                size = weights.stat().st_size
                if entry.size_bytes and entry.size_bytes != size:
                    message = f"size_bytes is {entry.size_bytes:,}, {name} has {size:,}"
                    self.add(
                        "warning", "size_differs", message, "it describes another file", "correct it, or write 0", at=(*place, "size_bytes")
                    )
                with self.catching(at=(*place, "sha256")):
                    if entry.sha256:
                        compare_digest(name, package.files[name], entry.sha256, "adapters[].sha256")
            with self.catching(at=place):
                read_adapter(weights.parent if (weights.parent / "adapter_config.json").is_file() else package.folder, entry, weights)

    def _base(
        self, manifest: Manifest, given: str | os.PathLike[str] | None, models_dir: Path | None, cache_dir: Path | None
    ) -> BaseModel | None:
        from expertserve.expert import choose_base

        try:
            return choose_base(manifest, given, models_dir, cache_dir)[1]
        except LoadError as error:
            reason = "shapes, tokenizer and weights can't be checked against it"
            self.add("warning", error.code, error.message, reason, error.hint, at=("base_models", 0, "name"))
        return None

    def _tokenizer(self, package: Package, base: BaseModel | None) -> Tokenizer | None:
        """The one that prompts will be read with, or the package's where the base isn't here."""
        if TOKENIZER not in package.files:
            reason = "the base model's is taken; whether it is the one that it was trained with can't be checked"
            self.add("info", "no_tokenizer", f"the package has no {TOKENIZER}", reason, "pack the one that it was trained with")
        with self.catching(file=TOKENIZER):
            folder = base.path if base else package.folder
            if (folder / TOKENIZER).is_file():
                tokenizer = Tokenizer(folder)
                _ = tokenizer.special_tokens  # reads it
                return tokenizer
        return None

    def _prompt(self, package: Package, manifest: Manifest, base: BaseModel | None, tokenizer: Tokenizer | None) -> None:
        own = None
        with self.catching(file="tokenizer_config.json"):
            own = Tokenizer(package.folder)
        template = own.chat_template if own else None
        for i, declared in enumerate(manifest.base_models):
            at: positions.Path = ("base_models", i, "prompt_template")
            chosen = declared.prompt_template if declared.prompt_template != "custom" else None
            if chosen is None and template is None:
                severity: Severity = (
                    "warning" if declared.prompt_template == "custom" or not (base and Tokenizer(base.path).chat_template) else "info"
                )
                reason = "prompts are written in the base model's format, or in plain ChatML; training may have used another"
                fix = "name a prompt_template, or pack chat_template.jinja"
                self.add(severity, "no_chat_template", "neither a prompt_template nor a chat template", reason, fix, at=at)
            if chosen and tokenizer:
                self._special_tokens(chosen, tokenizer, at)
                if template and own and base:
                    self._same_prompts(chosen, template, tokenizer, at)
            elif template and tokenizer and base:  # the package's own tokenizer is read, never run
                with self.catching(file="chat_template.jinja"):
                    PromptFormat("package", template, tokenizer).render(SAMPLE[1:2])

    def _special_tokens(self, chosen: str, tokenizer: Tokenizer, at: positions.Path) -> None:
        wanted = [t for t in ("<|im_start|>", "<|im_end|>") if t in NAMED[chosen]]
        absent = [t for t in wanted if t not in tokenizer.special_tokens]
        if absent:
            message = f"prompt_template is {chosen}, but the tokenizer has no special token {', '.join(absent)}"
            reason = "turns would be marked with ordinary characters, and no token ends an answer"
            self.add("warning", "template_tokens", message, reason, "name the format that it was trained with", at=at)

    def _same_prompts(self, chosen: str, template: str, tokenizer: Tokenizer, at: positions.Path) -> None:
        try:
            named = PromptFormat(chosen, NAMED[chosen], tokenizer).render(SAMPLE)
            packed = PromptFormat("package", template, tokenizer).render(SAMPLE)
        except ExpertError:
            return  # a template that refuses the sample says nothing about the other; prompt_template counts
        if named != packed:
            message = f"prompt_template is {chosen}; the packed chat template writes other prompts"
            reason = "prompt_template counts here, other runtimes take the packed one, so answers will differ"
            self.add("info", "template_differs", message, reason, "keep the one that it was trained with", at=at)

    def _grammar(self, package: Package, manifest: Manifest, tokenizer: Tokenizer | None) -> None:
        from expertserve.grammar.bundled import bundled

        decoding = manifest.decoding
        at: positions.Path = ("training", "decoding", "grammar_file" if decoding.grammar_file else "use_grammar")
        name = decoding.grammar_file or GRAMMAR
        with self.catching(at=at):
            file = inside(package.folder, name)
            if not file.is_file():
                missing = decoding.grammar_file or (decoding.use_grammar and not bundled(decoding.grammar_type or ""))
                if missing and decoding.use_grammar is not False:
                    severity: Severity = "error" if decoding.grammar_file else "warning"
                    message = f"the package has no {name}"
                    if not decoding.grammar_file:
                        message = f"use_grammar is set, but {message}, and none of type {decoding.grammar_type!r} is known"
                    self.add(severity, "grammar_missing", message, "answers can't be held to it", f"pack {name}, or turn it off", at=at)
                return
            if decoding.use_grammar is False:
                reason = "answers are not held to it"
                self.add(
                    "info", "grammar_unused", f"{name} is there, but use_grammar is off", reason, "turn it on, or leave the file out", at=at
                )
            self._grammar_text(name, read_bounded(file, MAX_GRAMMAR), decoding.stop_sequences, tokenizer)

    def _grammar_text(self, name: str, data: bytes, stops: Iterable[str], tokenizer: Tokenizer | None) -> None:
        from expertserve.grammar.check import check

        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self.add("error", "grammar_encoding", f"{name} is not UTF-8: {error}", "it can't be read", "save it as UTF-8", file=name)
            return
        try:
            found = check(text, stops=tuple(stops), tokenizer=tokenizer)
        except GrammarError as error:
            self.found.append(Finding(error.code, "error", error.line, error.message, "the grammar can't be enforced", error.hint, name))
            return
        self.found += [Finding(f.code, f.severity, f.line, f.message, f.reason, f.fix, name) for f in found]

    def _loads(self, package: Package, base: BaseModel, models_dir: Path | None, cache_dir: Path | None) -> None:
        """What only loading itself finds: shapes, token ids, other base weights."""
        from expertserve.expert import prepare

        if any(f.severity == "error" and not f.file.endswith(".gbnf") for f in self.found):
            return  # loading would stop at one of these
        with self.catching(at=("base_models", 0)):
            prepared = prepare(package.source, base_model=base.path, models_dir=models_dir, cache_dir=cache_dir)
            for warning in prepared.warnings:
                if "rope_scaling" in warning or "sha256" in warning.casefold() or "sha-256" in warning.casefold():
                    fix = "serve the base that it was made for"
                    self.add("warning", "base_differs", warning, "answers may differ from the author's", fix, at=("base_models", 0))
            if self.compile_grammar and prepared.grammar:
                self._mask(prepared.grammar, base)

    def _mask(self, grammar: Grammar, base: BaseModel) -> None:
        """What its grammar costs to compile for the base model's vocabulary."""
        from expertserve.decoding.compile import measure

        at: positions.Path = ("training", "decoding", "use_grammar")
        try:
            seconds, size = measure(grammar, base.path)
        except GrammarError as error:
            reason = "it is enforced by slower masks"
            self.add("warning", error.code, error.message, reason, error.hint or "simplify it, or leave it as it is", at=at)
            return
        message = f"the grammar compiles in {seconds:.1f} s to {size / 1e6:.1f} MB for {base.name}"
        self.add("info", "grammar_cost", message, "once for each base model, in the background", "nothing, if that is meant", at=at)


def _path(key: str) -> positions.Path:
    """`base_models[0].adapters[1].x` → its path."""
    parts: list[str | int] = []
    for part in key.split("."):
        name, _, index = part.partition("[")
        parts += [name, int(index[:-1])] if index[:-1].isdigit() else [part]
    return tuple(parts)
