"""Mask engines behind one seam: glrmask, or xgrammar where glrmask can't compile a grammar.

A compiled mask is shared by all requests; each request follows it with a state of its own.
"""

from __future__ import annotations

import itertools
import zlib
from typing import TYPE_CHECKING, Literal, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt

from expertserve import plugins
from expertserve.decoding.vocabulary import Vocabulary
from expertserve.errors import ConfigError, GrammarError
from expertserve.grammar.glrm import END, to_glrm
from expertserve.grammar.lower import productive, reachable, renamed, without_empty_repeats
from expertserve.grammar.terminals import split_repeats
from expertserve.grammar.tree import Ref, Rules
from expertserve.grammar.write import write

if TYPE_CHECKING:
    import glrmask
    import xgrammar

FORMAT = 4
Row = npt.NDArray[np.int32]
"""A bit for each token id, 32 to a word."""
Strategy = Literal["static", "quick", "walk", "fallback"]
XGRAMMAR = "xgrammar"
MOST_HANDED = 32 << 20
"""Bytes of a grammar compiled by xgrammar, as JSON: an engine reads so many in half a second."""


class MaskState(Protocol):
    """Where one request stands in its sentence."""

    def fill(self, row: Row) -> None:
        """Sets the bits of the tokens that may come next, and clears the others."""
        ...

    def commit(self, token: int) -> bool:
        """Takes a token. False if it may not come next; the state is dead then."""
        ...

    @property
    def accepting(self) -> bool:
        """Whether what was taken is a sentence."""
        ...

    def copy(self) -> Self: ...


@runtime_checkable
class Mask(Protocol):
    """A grammar compiled for a vocabulary."""

    def start(self) -> MaskState: ...


# ── glrmask ─────────────────────────────────────────────────────────────────────────────────────


class GlrVocabulary:
    """A vocabulary as glrmask has it, and a token of ours that ends a sentence.

    Made once for each engine, since it takes about 0.1 s. Tokens of no text are left out.

    Attributes:
        end: That token's id, which none of the vocabulary's has.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        import glrmask

        self.end = next(i for i in itertools.count() if i not in vocabulary.tokens)
        written = {i: text for i, text in vocabulary.tokens.items() if END not in text}
        self.own = glrmask.Vocab.from_id_to_bytes({**written, self.end: END})


class GlrMask:
    """A grammar compiled by glrmask.

    Source: https://github.com/IsaacBreen/glrmask
    """

    def __init__(self, constraint: glrmask.Constraint, end: int) -> None:
        self._constraint, self._end = constraint, end
        self._words = constraint.mask_len()

    @classmethod
    def compile(
        cls, rules: Rules, vocabulary: GlrVocabulary, strategy: Strategy = "static"
    ) -> GlrMask:
        """Static: seconds, then 20 µs a mask. Quick: a tenth of that, 50 µs. Walk: the least, ms.

        Merging tokens takes longer than the rest, and masks of what a lexer reads gain little by
        it: quick does it where characters are spelt.

        Raises:
            GrammarError: `mask_refused`, where glrmask can't compile it.
        """
        import glrmask

        strategies, said = glrmask.MaskStrategy, to_glrm(rules)
        chosen: glrmask.MaskStrategy | glrmask.TokenTrie = strategies.TOKEN_TRIE
        if strategy == "static":
            chosen = strategies.AUTO
        elif strategy == "quick" and said.spelt:
            chosen = glrmask.TokenTrie(merge_equivalent_tokens=True)
        try:
            grammar = glrmask.Grammar.from_glrm(said.text)
            made = grammar.compile(vocabulary.own, mask_strategy=chosen)
        except ValueError as error:
            raise GrammarError(
                f"the mask engine can't compile this grammar: {error}", code="mask_refused"
            ) from error
        return cls(made, vocabulary.end)

    def start(self) -> GlrState:
        return GlrState(self._constraint.start(), self._end, self._words)

    def save(self) -> bytes:
        return self._constraint.save()

    @classmethod
    def load(cls, data: bytes, vocabulary: GlrVocabulary) -> GlrMask:
        """Milliseconds.

        Raises:
            GrammarError: The bytes are damaged, or from another version.
        """
        import glrmask

        try:
            return cls(glrmask.Constraint.load(data, vocabulary.own), vocabulary.end)
        except ValueError as error:
            raise GrammarError(
                f"a compiled grammar can't be read: {error}", code="mask_damaged"
            ) from error


class GlrState:
    """A request's place in a sentence, by glrmask.

    Args:
        end: The token that ends the sentence.
        words: Of a whole mask. Logits have no place for the end where no id is free among theirs.
    """

    def __init__(self, state: glrmask.ConstraintState, end: int, words: int) -> None:
        self._state, self._end, self._words = state, end, words
        self._accepting: bool | None = None
        """Whether the end may come here, once a mask has told."""

    def fill(self, row: Row) -> None:
        whole = row if len(row) >= self._words else self._row()
        self._state.fill_mask(whole)
        words, place, bit = whole.view(np.uint32), self._end >> 5, 1 << (self._end & 31)
        found = int(words[place])
        self._accepting = bool(found & bit)
        words[place] = found & ~bit
        if whole is not row:
            row[:] = whole[: len(row)]

    def _row(self) -> Row:
        return np.zeros(self._words, dtype=np.int32)

    def commit(self, token: int) -> bool:
        self._accepting = None
        return token != self._end and bool(self._state.commit_token(token))

    @property
    def accepting(self) -> bool:
        if self._accepting is None:
            self.fill(self._row())
        return bool(self._accepting)

    def copy(self) -> Self:
        made = type(self)(self._state.copy(), self._end, self._words)
        made._accepting = self._accepting
        return made

    def forced(self) -> list[int]:
        """Tokens of the text that is the only way on, the longest ones; up to 1,000."""
        tokens = list(self._state.copy().commit_forced_tokens())
        return [token for token in tokens if token != self._end]


def fallback_engine() -> str:
    """What serves grammars that glrmask refuses: an offered mask engine, else xgrammar."""
    return next(iter(plugins.names("masks")), XGRAMMAR)


def fallback_mask(engine: str, rules: Rules, vocabulary: Vocabulary, size: int) -> Mask:
    """A mask by xgrammar, or by an entry point in ``expertserve.masks``.

    Args:
        size: Of the logits, which may exceed the vocabulary.

    Raises:
        GrammarError. ConfigError: `bad_plugin`.
    """
    if engine not in plugins.names("masks"):
        return XMask.compile(rules, vocabulary)
    make = plugins.load("masks", engine)
    mask = make(rules, vocabulary, size) if callable(make) else make
    if not isinstance(mask, Mask):
        raise ConfigError(
            f"the entry point {engine!r} in expertserve.masks makes no mask",
            hint="it takes rules, a vocabulary and a size, and returns a decoding.mask.Mask",
            code="bad_plugin",
        )
    return mask


# ── xgrammar ────────────────────────────────────────────────────────────────────────────────────


class XVocabulary:
    """A vocabulary as xgrammar has it, with a stop token, which it needs, after the last one.

    Made once for each engine: it takes 25 ms, in which no other thread runs.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        import xgrammar

        stop = max(vocabulary.tokens) + 1
        self.own = xgrammar.TokenizerInfo(
            [vocabulary.tokens.get(i, b"") for i in range(stop + 1)],
            vocab_type=xgrammar.VocabType.RAW,
            vocab_size=stop + 1,
            stop_token_ids=[stop],
        )


class XMask:
    """A grammar compiled by xgrammar, rewritten so that its masks are right.

    Its masks forbid legal tokens where the root refers to itself, so it gets a root of its own; and
    a counted repetition of what may be empty takes it seconds, so nothing empty is repeated.

    Source: https://github.com/mlc-ai/xgrammar
    """

    def __init__(self, compiled: xgrammar.CompiledGrammar, size: int) -> None:
        self._compiled, self._size = compiled, size

    @classmethod
    def compile(cls, rules: Rules, vocabulary: Vocabulary) -> XMask:
        """Seconds, and a second for xgrammar's imports.

        Raises:
            GrammarError: `mask_refused`.
        """
        import xgrammar

        clean = renamed(split_repeats(without_empty_repeats(reachable(productive(rules)))), "r")
        text = write(Rules({"root": Ref(clean.root), **clean.rules}, {}))
        info = XVocabulary(vocabulary).own
        try:
            made = xgrammar.GrammarCompiler(info, max_threads=1).compile_grammar(
                xgrammar.Grammar.from_ebnf(text)
            )
        except RuntimeError as error:
            raise GrammarError(
                f"the mask engine can't compile this grammar: {error}", code="mask_refused"
            ) from error
        return cls(made, info.vocab_size)

    def save(self) -> bytes:
        """For another process: ten times what compiling takes, a fifth of it to read.

        Raises:
            GrammarError: `grammar_too_costly`: it is larger than an engine should read.
        """
        text = self._compiled.serialize_json()
        if len(text) > MOST_HANDED:
            raise GrammarError(
                f"the compiled grammar has {len(text) >> 20} MiB; {MOST_HANDED >> 20} are allowed",
                hint="nest its groups less deeply",
                code="grammar_too_costly",
            )
        return zlib.compress(text.encode(), 1)

    @classmethod
    def load(cls, data: bytes, vocabulary: XVocabulary) -> XMask:
        """What was saved for the same vocabulary; up to half a second, and other threads run.

        Raises:
            GrammarError: `mask_damaged`: the bytes are something else, or from another version.
        """
        import xgrammar

        info = vocabulary.own
        try:
            text = zlib.decompressobj().decompress(data, MOST_HANDED).decode()
            made = xgrammar.CompiledGrammar.deserialize_json(text, info)
        except (RuntimeError, ValueError, zlib.error) as error:
            raise GrammarError(
                f"a compiled grammar can't be read: {error}", code="mask_damaged"
            ) from error
        return cls(made, info.vocab_size)

    def start(self) -> XState:
        import xgrammar

        matcher = xgrammar.GrammarMatcher(self._compiled, terminate_without_stop_token=False)
        return XState(matcher, self._size)


class XState:
    """A position in a sentence, by xgrammar, whose last token is the stop token.

    Args:
        size: Of its vocabulary; there may be more logits, or none for the stop token.
    """

    def __init__(self, matcher: xgrammar.GrammarMatcher, size: int) -> None:
        self._matcher, self._size = matcher, size
        self._own = np.zeros((1, (size + 31) // 32), dtype=np.int32)

    def fill(self, row: Row) -> None:
        self._matcher.fill_next_token_bitmask(self._own, 0)
        stop = self._size - 1
        self._own.view(np.uint32)[0, stop >> 5] &= np.uint32(~(1 << (stop & 31)) & 0xFFFFFFFF)
        words = min(len(row), self._own.shape[1])
        row[:words] = self._own[0, :words]
        row[words:] = 0

    def commit(self, token: int) -> bool:
        return bool(self._matcher.accept_token(token))

    @property
    def accepting(self) -> bool:
        return bool(self._matcher.is_completed())

    def copy(self) -> Self:
        return type(self)(self._matcher.fork(), self._size)
