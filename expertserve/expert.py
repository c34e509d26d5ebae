"""An expert without an engine: manifest, adapter, prompt format and defaults, verified."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from expertserve import config, models
from expertserve.adapters.peft import peft_config, read_adapter
from expertserve.adapters.serving import ServingAdapter, find_adapter, prepare_adapter
from expertserve.adapters.settings import CONFIG, check_base_name
from expertserve.adapters.soft_prompt import SoftPrompt, choose_soft_prompt, read_soft_prompts
from expertserve.errors import LoadError
from expertserve.findings import Finding
from expertserve.grammar.boundaries import with_boundaries
from expertserve.grammar.bundled import bundled
from expertserve.grammar.recognise import Grammar
from expertserve.grammar.terms import from_gbnf
from expertserve.models import LocalModel
from expertserve.package.archive import Package, compare_digest, open_package, verify_files
from expertserve.package.checkpoints import (
    adapter_weights,
    check_choice,
    choose_adapter,
    no_checkpoint,
)
from expertserve.package.extras import extra_findings, read_extras
from expertserve.package.habits import read_habits
from expertserve.package.manifest import BaseModelSpec, Manifest, read_manifest
from expertserve.package.members import inside, safe_path
from expertserve.package.signature import TrustPolicy, covers_manifest, enforce, verify_signature
from expertserve.prompt.format import PromptFormat, build_messages
from expertserve.prompt.system import SystemDefaults
from expertserve.prompt.tokenizer import FILE as TOKENIZER
from expertserve.prompt.tokenizer import Tokenizer
from expertserve.prompt.vocabulary import check_added, compare_vocabularies
from expertserve.result import AdapterProof, BaseModelProof, ExpertProof, SoftPromptProof

GRAMMAR = "grammar.gbnf"


@dataclass(frozen=True, slots=True)
class PreparedExpert:
    """Everything that serving an expert needs, without a model in memory.

    Args:
        package: The verified folder.
        manifest: In version 2's shape.
        base: The base model on this machine.
        adapter: The serving form; None where the package brings no adapter.
        prompt: How its prompts are written.
        grammar: What its answers follow, where it brings one.
        written: The same as its author wrote it, before `grammar_fix`.
        cache_dir: Where its compiled grammar is kept; None is the user's cache folder.
        said: Problems that don't stop it from being served.
        notes: Problems with what it is served on, as findings.
        soft_prompts: By name.
    """

    package: Package
    manifest: Manifest
    base: LocalModel
    adapter: ServingAdapter | None
    prompt: PromptFormat
    grammar: Grammar | None = None
    cache_dir: Path | None = None
    said: tuple[str, ...] = ()
    notes: tuple[Finding, ...] = ()
    written: Grammar | None = None
    soft_prompts: Mapping[str, SoftPrompt] = field(default_factory=dict)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Everything that its users should hear at load."""
        return (*self.said, *(n.message for n in self.notes if n.severity == "warning"))

    @property
    def identity(self) -> tuple[str, str | None]:
        """Digests of package and adapter: the same expert has the same."""
        return self.package.digest, self.adapter.digest if self.adapter else None

    @property
    def is_base(self) -> bool:
        """Whether this is the base model alone."""
        return self.package.folder == self.base.path

    @property
    def system(self) -> SystemDefaults:
        """What its system message has where a call says nothing."""
        return SystemDefaults.of(self.manifest, self.prompt.source)

    def soft_prompt(self, wanted: str | None) -> SoftPrompt | None:
        """The soft prompt of a call that names one, none (`""`), or leaves it to the manifest.

        Raises:
            ConfigError: `no_soft_prompt`.
        """
        return choose_soft_prompt(self.soft_prompts, self.manifest.prompt.soft_prompt, wanted)

    def proof(self, soft_prompt: SoftPrompt | None = None) -> ExpertProof:
        """Who answers, for results."""
        a, s = self.adapter, soft_prompt
        return ExpertProof(
            self.manifest.name,
            self.manifest.version,
            self.package.digest,
            AdapterProof(a.type, a.rank, a.modules, a.digest) if a else None,
            SoftPromptProof(s.name, s.tokens, s.digest) if s else None,
        )

    def base_proof(self) -> BaseModelProof:
        """What it runs on, for results."""
        return BaseModelProof(self.base.name, self.base.digest)


def prepare(
    path: str | os.PathLike[str],
    *,
    base_model: str | os.PathLike[str] | None = None,
    checkpoint: str | None = None,
    checksum: str | None = None,
    cache_dir: Path | None = None,
    models_dir: Path | None = None,
    cache: bool = True,
    trust: TrustPolicy | None = None,
) -> PreparedExpert:
    """Reads, verifies and converts a package. Downloads nothing, unless `base_model` is a hub id.

    Args:
        path: A `.expert` file or an unpacked folder.
        base_model: A folder, a known name, or a hub id; by default what the manifest names.
        checkpoint: One of the package's checkpoints instead of the one it was published for.
        trust: Signature policy; by default only an invalid signature is refused.

    Raises:
        LoadError: And its subclasses.
    """
    package = open_package(
        path, checksum=checksum, cache_dir=cache_dir, cache=cache, leave_out=adapter_weights
    )
    with package.judged():
        manifest = read_manifest(package.folder)
        return _prepare(
            package,
            manifest,
            _verify(package, manifest, trust),
            base_model,
            checkpoint,
            cache_dir,
            models_dir,
        )


def describe(
    path: str | os.PathLike[str],
    *,
    base_model: str | os.PathLike[str] | None = None,
    checksum: str | None = None,
    cache_dir: Path | None = None,
    models_dir: Path | None = None,
    trust: TrustPolicy | None = None,
) -> dict[str, object]:
    """Describes a package for `json.dumps`, its checksums verified, with what would be applied.

    Raises:
        LoadError: And its subclasses. A missing base model is reported in the result instead.
    """
    package = open_package(path, checksum=checksum, cache_dir=cache_dir, leave_out=adapter_weights)
    with package.judged():
        manifest = read_manifest(package.folder)
        warnings = _verify(package, manifest, trust)
        verdict = verify_signature(package, manifest, trust.keys if trust else frozenset())
        facts: dict[str, object] = {
            "name": manifest.name,
            "version": manifest.version,
            "description": manifest.description,
            "digest": package.digest,
            "schema_version": manifest.schema_version,
            "base_models": [
                {"name": models.last_component(b.name), "prompt_template": b.prompt_template}
                for b in manifest.base_models
            ],
            "adapters": [
                a.model_dump(exclude_defaults=True)
                for b in manifest.base_models
                for a in b.adapters
            ],
            "checkpoints": [*manifest.training.alternative_checkpoints],
            "soft_prompts": [s.model_dump(exclude_none=True) for s in manifest.soft_prompts],
            "decoding": manifest.decoding.model_dump(exclude_defaults=True),
            "capabilities": list(manifest.capabilities),
            "quality_metrics": (
                manifest.quality_metrics.model_dump() if manifest.quality_metrics else None
            ),
            "license": manifest.license,
            "signature": {"status": verdict.status, "key": verdict.key, "trusted": verdict.trusted},
            "files": [
                {"path": name, "sha256": digest} for name, digest in sorted(package.files.items())
            ],
            "unknown_keys": list(manifest.unknown()),
            "warnings": warnings,
        }
        try:
            prepared = _prepare(
                package, manifest, warnings, base_model, None, cache_dir, models_dir
            )
        except LoadError as error:
            if error.code != "base_model_missing":
                raise
            return facts | {"served_on": None, "base_model_missing": error.message}
        adapter = prepared.proof().adapter
        return facts | {
            "served_on": asdict(prepared.base_proof()),
            "applied": asdict(adapter) if adapter else None,
            "grammar": prepared.grammar.digest if prepared.grammar else None,
            "warnings": list(prepared.warnings),
        }


def prompt_text(
    expert: PreparedExpert,
    question: str,
    *,
    schema: str | None = None,
    dialect: str | None = None,
    system: str | None = None,
) -> str:
    """What the model would read of a question, special tokens included.

    Raises:
        ConfigError, IncompatibleError: As a call would.
    """
    messages = build_messages(
        question, system=system, schema=schema, dialect=dialect, defaults=expert.system
    )
    return expert.prompt.text(messages)


def _prepare(
    package: Package,
    manifest: Manifest,
    warnings: list[str],
    base_model: str | os.PathLike[str] | None,
    checkpoint: str | None,
    cache_dir: Path | None,
    models_dir: Path | None,
) -> PreparedExpert:
    declared, base = choose_base(manifest, base_model, models_dir, cache_dir)
    notes = _base_notes(declared, base)
    own = Tokenizer(package.folder)
    theirs = Tokenizer(base.path)
    if not (base.path / TOKENIZER).is_file():
        raise LoadError(
            f"the base model {base.name} has no {TOKENIZER}",
            hint="save its tokenizer again with transformers",
            code="bad_base_model",
        )
    prompt = PromptFormat.choose(declared.prompt_template, own, theirs)
    if (package.folder / TOKENIZER).is_file():
        notes += compare_vocabularies(own, theirs, prompt)
    extras = read_extras(package)
    check_added(extras.tokens, theirs)
    notes += extra_findings(extras)
    adapter, found = _adapter(
        package,
        manifest,
        declared,
        base,
        checkpoint,
        (cache_dir or config.cache_dir()) / "adapters",
    )
    package.forget_members()
    prompt.probe()
    soft, absent = read_soft_prompts(package, manifest, base)
    read_habits(package.folder)  # refused now, and not at the first request
    written, missing = _grammar(package, manifest)
    fixed = with_boundaries(written) if written and manifest.decoding.grammar_fix else written
    return PreparedExpert(
        package,
        manifest,
        base,
        adapter,
        prompt,
        fixed,
        cache_dir,
        (*warnings, *missing),
        (*notes, *found, *absent),
        written,
        soft,
    )


def _grammar(package: Package, manifest: Manifest) -> tuple[Grammar | None, list[str]]:
    """The package's grammar, or ours of the manifest's type; and warnings.

    Raises:
        GrammarError: With line and column.
    """
    decoding = manifest.decoding
    name = str(safe_path(decoding.grammar_file or GRAMMAR))
    if decoding.use_grammar is False:
        return None, []
    if name in package.files:
        return from_gbnf(inside(package.folder, name)), []
    if decoding.grammar_file:
        raise LoadError(
            f"the manifest names the grammar {name!r}, which the package doesn't have",
            code="grammar_missing",
        )
    kind = decoding.grammar_type
    if not decoding.use_grammar or kind is None:
        return None, []
    if found := bundled(kind):
        return found, []
    return None, [f"neither the package nor expertserve has a grammar of type {kind!r}"]


def bare(base: LocalModel) -> PreparedExpert:
    """The base model as an expert: its own chat template, no adapter, no grammar."""
    spec = BaseModelSpec(name=base.name)
    manifest = Manifest(
        name=re.sub(r"[^A-Za-z0-9._-]", "-", base.name),
        version="0.0.0",
        schema_version="2.0",
        base_models=(spec,),
    )
    return PreparedExpert(
        Package(base.path, base.digest, {}, base.path),
        manifest,
        base,
        None,
        PromptFormat.choose(None, None, Tokenizer(base.path)),
    )


def _verify(package: Package, manifest: Manifest, trust: TrustPolicy | None) -> list[str]:
    """Verifies the manifest's hashes and the signature. Returns warnings."""
    files = manifest.integrity.files if manifest.integrity else {}
    warnings: list[str] = []
    if verify_files(package, files, "integrity.files") and not covers_manifest(package, files):
        message = "integrity.files has a hash of manifest.json, which can't cover its own file"
        warnings.append(message)
    warnings += enforce(package, manifest, trust)
    if unknown := list(manifest.unknown()):
        warnings.append(f"keys that the format doesn't define: {', '.join(unknown[:20])}")
    return warnings


def choose_base(
    manifest: Manifest,
    given: str | os.PathLike[str] | None,
    models_dir: Path | None,
    cache_dir: Path | None,
) -> tuple[BaseModelSpec, LocalModel]:
    """The base model that was passed, else the first of the manifest's that is on this machine.

    Raises:
        LoadError: None is; the message is about the first.
    """
    at, base = models.find_first(
        [s.name for s in manifest.base_models], given, models_dir=models_dir, cache_dir=cache_dir
    )
    return manifest.base_models[at], base


def _base_notes(declared: BaseModelSpec, base: LocalModel) -> list[Finding]:
    """What is risky about serving on this base model."""
    warning = models.check_declared(base, declared.sha256, declared.quantization)
    return [
        Finding(
            "base_differs",
            "warning",
            0,
            message,
            "answers may differ from the author's",
            "serve the base that it was made for",
        )
        for message in (warning, _rope_warning(declared, base))
        if message
    ]


def _rope_warning(declared: BaseModelSpec, base: LocalModel) -> str:
    """Warns of a base whose RoPE scaling differs from the one trained with."""
    wanted = declared.rope_scaling
    if wanted is None:
        return ""
    found = base.config.get("rope_scaling") or base.config.get("rope_parameters")
    served = found if isinstance(found, dict) else {}
    kind = str(served.get("rope_type") or served.get("type") or "default")
    name = wanted if isinstance(wanted, str) else str(wanted.get("type", ""))
    factor = None if isinstance(wanted, str) else wanted.get("factor")
    same = name.split("-")[0].casefold() == kind.split("-")[0].casefold()
    if same and (not served or factor in (None, served.get("factor"))):
        return ""
    return f"the manifest's base has rope_scaling {name!r}, {base.name} here has {kind!r}"


def _adapter(
    package: Package,
    manifest: Manifest,
    declared: BaseModelSpec,
    base: LocalModel,
    checkpoint: str | None,
    cache: Path,
) -> tuple[ServingAdapter | None, list[Finding]]:
    """The adapter's serving form, and what is risky about it."""
    if not declared.adapters:
        if checkpoint is not None:
            raise no_checkpoint(manifest, declared, checkpoint)
        return None, []
    entry, weights = choose_adapter(package.folder, manifest, declared, checkpoint)
    name = weights.relative_to(package.folder).as_posix()
    if weights.is_file() and name not in package.files:
        raise LoadError(
            f"{name} is a hidden file, which no checksum covers",
            hint="rename it",
            code="unsafe_member",
        )
    alternative = checkpoint in manifest.training.alternative_checkpoints
    if entry.sha256 and weights.is_file() and not alternative:
        compare_digest(name, package.files[name], entry.sha256, "adapters[].sha256")
    beside = (weights.parent / CONFIG).is_file()
    place = weights.parent if beside else package.folder
    notes = [] if checkpoint else check_choice(declared, entry)
    config, digest = peft_config(place / CONFIG, entry), package.files.get(name, "")
    serving = find_adapter(config, digest, base, package.digest, cache)
    if serving is None:
        with package.members() as folder:
            there = folder / name if name in package.left_out else weights
            adapter = read_adapter(place, entry, there)
            serving = prepare_adapter(adapter, base, package.digest, cache)
    notes += check_base_name(config, declared.name, base.name)
    return serving, [*notes, *serving.notes]
