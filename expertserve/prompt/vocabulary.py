"""Whether a package's tokenizer and the base model's give the same ids to the same texts.

Only the vocabularies are compared, as JSON: the package's tokenizer itself is a stranger's program
of normalisers and patterns, and is never run. Prompts are tokenised by the base model's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from expertserve.errors import IncompatibleError
from expertserve.findings import Finding
from expertserve.package.extras import DELTA
from expertserve.prompt.format import PromptFormat
from expertserve.prompt.tokenizer import FILE, MAX_VOCABULARY, Tokenizer, read_vocabulary

MAX_NAMED = 3


def compare_vocabularies(
    package: Tokenizer, base: Tokenizer, prompt: PromptFormat
) -> list[Finding]:
    """Refuses a package whose texts would become other ids on this base model.

    A special token that only one of the two has is written by templates alone. Where the prompt
    format doesn't write it either, the difference is a warning.

    Raises:
        IncompatibleError: `tokenizer_mismatch`, with examples and what the difference is.
    """
    ours_file, theirs_file = package.folder / FILE, base.folder / FILE
    if ours_file.stat().st_size > MAX_VOCABULARY:
        raise IncompatibleError(
            f"the package's {FILE} is larger than {MAX_VOCABULARY:,} bytes", code="bad_tokenizer"
        )
    if ours_file.read_bytes() == theirs_file.read_bytes():
        return []
    ours, theirs = read_vocabulary(ours_file), read_vocabulary(theirs_file)
    moved = [t for t, i in ours.ids.items() if theirs.ids.get(t, i) != i]
    added = [t for t in ours.ids if t not in theirs.ids]
    missing = [t for t in theirs.ids if t not in ours.ids]
    if not moved and not added and not missing:
        return []
    ends = {package.special("eos_token"), package.special("bos_token")}
    written = [t for t in added + missing if t in ends or t in prompt.source]
    words = [t for t in added if t not in ours.special]
    words += [t for t in missing if t not in theirs.added]
    for bad, what in (
        (moved, "it gives tokens other ids: the expert was trained on another base model"),
        (words, "its words differ: the expert was trained on another base model or version of it"),
        (written, "the prompt format writes tokens that only one of the two has; train without"),
    ):
        if bad:
            raise IncompatibleError(
                f"the package's tokenizer differs from the base model's in {len(bad):,} tokens:"
                f" {_shown(bad, ours.ids, theirs.ids)}",
                hint=what,
                code="tokenizer_mismatch",
            )
    return [
        Finding(
            "tokenizer_extended",
            "warning",
            0,
            "the package's tokenizer has other special tokens than the base model's:"
            f" {_shown(added + missing, ours.ids, theirs.ids)}",
            "the prompt format doesn't write them, so prompts are the same; an answer can't hold"
            " what only the package has",
            "nothing, if they were added for padding only",
            FILE,
        )
    ]


def check_added(tokens: Sequence[str], base: Tokenizer) -> None:
    """Refuses an expert that was trained with tokens which the base model doesn't have.

    Raises:
        IncompatibleError: `tokenizer_delta`.
    """
    lacking = [t for t in tokens if base.id_of(t) is None]
    if lacking:
        raise IncompatibleError(
            f"{DELTA} adds {len(lacking):,} tokens that the base model doesn't have:"
            f" {', '.join(repr(t)[:60] for t in lacking[:MAX_NAMED])}",
            hint="it has no embeddings for them; train on its own vocabulary",
            code="tokenizer_delta",
        )


def _shown(tokens: list[str], ours: Mapping[str, int], theirs: Mapping[str, int]) -> str:
    """The first few, each with its id on both sides."""
    named = [
        f"{t!r} is {ours.get(t, 'nothing')} in the package, {theirs.get(t, 'nothing')} in the base"
        for t in tokens[:MAX_NAMED]
    ]
    rest = len(tokens) - MAX_NAMED
    return "; ".join(named) + (f"; and {rest:,} more" if rest > 0 else "")
