"""The linter for packages: each finding has a place, a reason and a fix.

Nothing out of the package is run. What the files alone tell is found in `package.check`; here comes
what needs more: the base model, the adapter's tensors, prompts, grammars, and loading itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from expertserve.adapters.peft import read_adapter
from expertserve.adapters.settings import CONFIG, check_base_name
from expertserve.decoding.compile import measure
from expertserve.decoding.judge import case_findings
from expertserve.errors import ExpertError, GrammarError, LoadError
from expertserve.expert import choose_base, prepare
from expertserve.files import read_bounded
from expertserve.findings import Finding, Severity
from expertserve.grammar.bundled import bundled
from expertserve.grammar.check import check
from expertserve.grammar.recognise import Grammar
from expertserve.models import LocalModel
from expertserve.package import positions
from expertserve.package.archive import Package, compare_digest, open_package
from expertserve.package.cases import read_cases
from expertserve.package.check import SEVERITIES, Lint
from expertserve.package.checkpoints import check_choice, choose_adapter
from expertserve.package.manifest import BaseModelSpec, Manifest
from expertserve.package.members import inside
from expertserve.prompt.format import CHATML, NAMED, Message, PromptFormat
from expertserve.prompt.system import SystemDefaults
from expertserve.prompt.tokenizer import FILE as TOKENIZER
from expertserve.prompt.tokenizer import Tokenizer

GRAMMAR = "grammar.gbnf"
MAX_GRAMMAR = 4 << 20
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
        base_model: A folder, a known name, or a hub id; by default what the manifest names, where
            it is on this machine.
        compile_grammar: Also compile its grammar, in a process of its own, to tell what that costs:
            seconds, at most five minutes.

    Returns:
        Errors first, then warnings, then remarks; within these by file and line. Costs about what
        loading costs, without an engine.
    """
    lint = ExpertLint(compile_grammar=compile_grammar)
    package = None
    with lint.catching():
        package = open_package(path, cache_dir=cache_dir)
    if package:
        lint.expert(package, base_model, models_dir, cache_dir)
        (package.refuse if any(f.severity == "error" for f in lint.found) else package.close)()
    order = {severity: i for i, severity in enumerate(SEVERITIES)}
    return sorted(
        dict.fromkeys(lint.found),
        key=lambda f: (order[f.severity], f.file, f.line, f.code, f.message),
    )


@dataclass(slots=True)
class ExpertLint(Lint):
    """Findings about a package and what it is served with."""

    compile_grammar: bool = False

    def expert(
        self,
        package: Package,
        base_model: str | os.PathLike[str] | None,
        models_dir: Path | None,
        cache_dir: Path | None,
    ) -> None:
        """The parts, in the order in which loading meets them."""
        manifest = self.package(package)
        if manifest is None:
            return
        base = self._base(manifest, base_model, models_dir, cache_dir)
        for i, declared in enumerate(manifest.base_models):
            self._adapters(package, manifest, declared, i, base)
        tokenizer = self._tokenizer(package, base)
        self._prompt(package, manifest, base, tokenizer)
        self._grammar(package, manifest, tokenizer)
        if base:
            self._loads(package, base, models_dir, cache_dir)

    def _adapters(
        self,
        package: Package,
        manifest: Manifest,
        declared: BaseModelSpec,
        i: int,
        base: LocalModel | None,
    ) -> None:
        if not declared.adapters:
            reason = "the base model answers as it is, with this package's prompt and defaults"
            self.add(
                "info",
                "no_adapter",
                f"{declared.name} has no adapter",
                reason,
                "",
                at=("base_models", i),
            )
            return
        place: positions.Path = ("base_models", i, "adapters")
        with self.catching(at=place):
            entry, weights = choose_adapter(package.folder, manifest, declared, None)
            self.report(check_choice(declared, entry), at=place)
            place = (*place, declared.adapters.index(entry))
            name = weights.relative_to(package.folder).as_posix()
            if name in package.files:
                size = weights.stat().st_size
                if entry.size_bytes and entry.size_bytes != size:
                    message = f"size_bytes is {entry.size_bytes:,}, {name} has {size:,}"
                    self.add(
                        "warning",
                        "size_differs",
                        message,
                        "it describes another file",
                        "correct it, or write 0",
                        at=(*place, "size_bytes"),
                    )
                with self.catching(at=(*place, "sha256")):
                    if entry.sha256:
                        compare_digest(name, package.files[name], entry.sha256, "adapters[].sha256")
            with self.catching(at=place):
                beside = (weights.parent / CONFIG).is_file()
                folder = weights.parent if beside else package.folder
                adapter = read_adapter(folder, entry, weights)
                names = (declared.name, base.name) if base else (declared.name,)
                self.report(check_base_name(adapter.config, *names))

    def _base(
        self,
        manifest: Manifest,
        given: str | os.PathLike[str] | None,
        models_dir: Path | None,
        cache_dir: Path | None,
    ) -> LocalModel | None:

        try:
            return choose_base(manifest, given, models_dir, cache_dir)[1]
        except LoadError as error:
            reason = "shapes, tokenizer and weights can't be checked against it"
            self.add(
                "warning",
                error.code,
                error.message,
                reason,
                error.hint,
                at=("base_models", 0, "name"),
            )
        return None

    def _tokenizer(self, package: Package, base: LocalModel | None) -> Tokenizer | None:
        """The one that prompts will be read with, or the package's where the base isn't here."""
        if TOKENIZER not in package.files:
            reason = (
                "the base model's is taken; whether it is the one that it was trained with can't be"
                " checked"
            )
            self.add(
                "info",
                "no_tokenizer",
                f"the package has no {TOKENIZER}",
                reason,
                "pack the one that it was trained with",
            )
        with self.catching(file=TOKENIZER):
            folder = base.path if base else package.folder
            if (folder / TOKENIZER).is_file():
                tokenizer = Tokenizer(folder)
                _ = tokenizer.special_tokens  # reads it
                return tokenizer
        return None

    def _prompt(
        self,
        package: Package,
        manifest: Manifest,
        base: LocalModel | None,
        tokenizer: Tokenizer | None,
    ) -> None:
        own = None
        with self.catching(file="tokenizer_config.json"):
            own = Tokenizer(package.folder)
        template = own.chat_template if own else None
        for i, declared in enumerate(manifest.base_models):
            at: positions.Path = ("base_models", i, "prompt_template")
            chosen = declared.prompt_template if declared.prompt_template != "custom" else None
            if chosen is None and template is None:
                severity: Severity = (
                    "warning"
                    if declared.prompt_template == "custom"
                    or not (base and Tokenizer(base.path).chat_template)
                    else "info"
                )
                reason = (
                    "prompts are written in the base model's format, or in plain ChatML; training"
                    " may have used another"
                )
                fix = "name a prompt_template, or pack chat_template.jinja"
                self.add(
                    severity,
                    "no_chat_template",
                    "neither a prompt_template nor a chat template",
                    reason,
                    fix,
                    at=at,
                )
            written = NAMED[chosen] if chosen else template
            if written is None and base:
                written = Tokenizer(base.path).chat_template
            self._system(manifest, written or CHATML)
            if chosen and tokenizer:
                self._special_tokens(chosen, tokenizer, at)
                if template and own and base:
                    self._same_prompts(chosen, template, tokenizer, own, at)
            elif template and tokenizer and base:  # the package's own tokenizer is read, never run
                with self.catching(file="chat_template.jinja"):
                    PromptFormat("package", template, tokenizer, own).probe()

    def _system(self, manifest: Manifest, template: str) -> None:
        """Says what prompts begin with where a call says nothing."""
        defaults = SystemDefaults.of(manifest, template)
        begins = defaults.text or f"Dialect: {defaults.dialect}"
        message = f"the system message of every prompt begins {begins[:80]!r}"
        if defaults == SystemDefaults():
            message = "prompts have no system message unless a call brings one"
        reason = "prompt.system and prompt.dialect decide, else the capabilities; training did, too"
        fix = "nothing if training had the same; else say so in prompt.dialect or prompt.system"
        self.add("info", "system_message", message, reason, fix, at=("prompt",))

    def _special_tokens(self, chosen: str, tokenizer: Tokenizer, at: positions.Path) -> None:
        wanted = [t for t in ("<|im_start|>", "<|im_end|>") if t in NAMED[chosen]]
        absent = [t for t in wanted if t not in tokenizer.special_tokens]
        if absent:
            message = (
                f"prompt_template is {chosen}, but the tokenizer has no special token"
                f" {', '.join(absent)}"
            )
            reason = "turns would be marked with ordinary characters, and no token ends an answer"
            self.add(
                "warning",
                "template_tokens",
                message,
                reason,
                "name the format that it was trained with",
                at=at,
            )

    def _same_prompts(
        self, chosen: str, template: str, tokenizer: Tokenizer, own: Tokenizer, at: positions.Path
    ) -> None:
        try:
            named = PromptFormat(chosen, NAMED[chosen], tokenizer, own).render(SAMPLE)
            packed = PromptFormat("package", template, tokenizer, own).render(SAMPLE)
        except ExpertError:
            # a template that refuses the sample says nothing about the other; prompt_template
            # counts
            return
        if named != packed:
            message = f"prompt_template is {chosen}; the packed chat template writes other prompts"
            reason = (
                "prompt_template counts here, other runtimes take the packed one, so answers will"
                " differ"
            )
            self.add(
                "info",
                "template_differs",
                message,
                reason,
                "keep the one that it was trained with",
                at=at,
            )

    def _grammar(self, package: Package, manifest: Manifest, tokenizer: Tokenizer | None) -> None:

        decoding = manifest.decoding
        at: positions.Path = (
            "training",
            "decoding",
            "grammar_file" if decoding.grammar_file else "use_grammar",
        )
        name = decoding.grammar_file or GRAMMAR
        with self.catching(at=at):
            file = inside(package.folder, name)
            if not file.is_file():
                missing = decoding.grammar_file or (
                    decoding.use_grammar and not bundled(decoding.grammar_type or "")
                )
                if missing and decoding.use_grammar is not False:
                    severity: Severity = "error" if decoding.grammar_file else "warning"
                    message = f"the package has no {name}"
                    if not decoding.grammar_file:
                        message = (
                            f"use_grammar is set, but {message}, and none of type"
                            f" {decoding.grammar_type!r} is known"
                        )
                    self.add(
                        severity,
                        "grammar_missing",
                        message,
                        "answers can't be held to it",
                        f"pack {name}, or turn it off",
                        at=at,
                    )
                return
            if decoding.use_grammar is False:
                reason = "answers are not held to it"
                self.add(
                    "info",
                    "grammar_unused",
                    f"{name} is there, but use_grammar is off",
                    reason,
                    "turn it on, or leave the file out",
                    at=at,
                )
            self._grammar_text(
                name, read_bounded(file, MAX_GRAMMAR), decoding.stop_sequences, tokenizer
            )

    def _grammar_text(
        self, name: str, data: bytes, stops: Iterable[str], tokenizer: Tokenizer | None
    ) -> None:

        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self.add(
                "error",
                "grammar_encoding",
                f"{name} is not UTF-8: {error}",
                "it can't be read",
                "save it as UTF-8",
                file=name,
            )
            return
        try:
            found = check(text, stops=tuple(stops), tokenizer=tokenizer)
        except GrammarError as error:
            self.found.append(
                Finding(
                    error.code,
                    "error",
                    error.line,
                    error.message,
                    "the grammar can't be enforced",
                    error.hint,
                    name,
                )
            )
            return
        self.found += [
            Finding(f.code, f.severity, f.line, f.message, f.reason, f.fix, name) for f in found
        ]

    def _loads(
        self, package: Package, base: LocalModel, models_dir: Path | None, cache_dir: Path | None
    ) -> None:
        """What only loading itself finds: shapes, token ids, other base weights."""

        if any(f.severity == "error" and not f.file.endswith(".gbnf") for f in self.found):
            return  # loading would stop at one of these
        with self.catching(at=("base_models", 0)):
            prepared = prepare(
                package.source, base_model=base.path, models_dir=models_dir, cache_dir=cache_dir
            )
            known = {f.message for f in self.found}
            self.report(
                (n for n in prepared.notes if n.message not in known), at=("base_models", 0)
            )
            if prepared.grammar and prepared.manifest.decoding.reasoning is None:
                self._reasoning(prepared.prompt)
            self.found += case_findings(read_cases(package.folder), prepared.grammar)
            if self.compile_grammar and prepared.grammar:
                self._mask(prepared.grammar, base)

    def _reasoning(self, prompt: PromptFormat) -> None:
        if prompt.reasons or prompt.tokenizer.id_of("<think>") is not None:
            message = "it has a grammar on a reasoning model, and no training.decoding.reasoning"
            reason = "a think block before the answer is allowed, as if it said `optional`"
            fix, at = "say optional, off, or its tags and budget", ("training", "decoding")
            self.add("warning", "no_reasoning_rule", message, reason, fix, at=at)

    def _mask(self, grammar: Grammar, base: LocalModel) -> None:
        """What its grammar costs to compile for the base model's vocabulary."""

        at: positions.Path = ("training", "decoding", "use_grammar")
        try:
            seconds, size = measure(grammar, base.path)
        except GrammarError as error:
            reason = "it is enforced by slower masks"
            self.add(
                "warning",
                error.code,
                error.message,
                reason,
                error.hint or "simplify it, or leave it as it is",
                at=at,
            )
            return
        message = f"the grammar compiles in {seconds:.1f} s to {size / 1e6:.1f} MB for {base.name}"
        self.add(
            "info",
            "grammar_cost",
            message,
            "once for each base model, in the background",
            "nothing, if that is meant",
            at=at,
        )
