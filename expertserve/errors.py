"""Every error that expertserve raises on purpose.

ExpertError
├── LoadError                  a package can't be read
│   ├── ManifestError          its manifest is malformed or contradicts itself; has line and column
│   ├── IntegrityError         a checksum or signature doesn't match
│   └── IncompatibleError      it is well-formed, but can't be served exactly on this base or engine
├── InferenceError             a request failed
│   ├── OutOfMemoryError       it can't fit into the memory there is
│   └── ExpertNotLoadedError   it names an expert that isn't loaded
├── GrammarError               a grammar is malformed, or an output couldn't follow it
├── DeviceError                the device that was asked for isn't there
├── ConfigError                an argument or setting is out of range or contradicts another
└── EngineDeadError            the engine's process ended
"""

from __future__ import annotations

from typing import ClassVar


class ExpertError(Exception):
    """The root of the tree: catch this to catch everything that expertserve raises on purpose.

    Args:
        message: What went wrong, where, with the values involved.
        hint: What to do about it; empty where nothing sensible can be said.
        code: Machine-readable and stable, more specific than the class, such as
            ``"member_outside"``. By default the class's own.

    Example:
        >>> try:
        ...     raise IntegrityError("digest differs", hint="download it again")
        ... except ExpertError as error:
        ...     error.code, error.message, error.hint
        ('integrity', 'digest differs', 'download it again')
    """

    default_code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1
    """What the command line exits with."""

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.default_code

    def __str__(self) -> str:
        return f"{self.message}\nHint: {self.hint}" if self.hint else self.message

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), dict(self.__dict__))


def _rebuild(kind: type[ExpertError], state: dict[str, object]) -> ExpertError:
    """Pickling calls this: errors cross process borders whole."""
    error = kind.__new__(kind)
    Exception.__init__(error, state["message"])
    error.__dict__.update(state)
    return error


class Located(ExpertError):
    """An error with a place in a text.

    Args:
        line: 1-based; 0 where the whole file is meant.
        column: 1-based, in characters.
        source_line: The line itself, shown with a caret under the column.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: str = "",
        line: int = 0,
        column: int = 0,
        source_line: str = "",
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.line = line
        self.column = column
        self.source_line = source_line

    def __str__(self) -> str:
        if not self.line:
            return super().__str__()
        start = max(
            0, self.column - 100
        )  # a minified file is one endless line: show the part around the place
        shown, caret = self.source_line[start : start + 160], " " * (self.column - 1 - start) + "^"
        place = f"line {self.line}, column {self.column}: {self.message}\n  {shown}\n  {caret}"
        return f"{place}\nHint: {self.hint}" if self.hint else place


class LoadError(ExpertError):
    """A package can't be read: it isn't there, is corrupt, unsafe, or lacks a part."""

    default_code = "load"
    exit_status = 3


class ManifestError(Located, LoadError):
    """The manifest is malformed or inconsistent; `line` and `column` say where."""

    default_code = "manifest"
    exit_status = 4


class IntegrityError(LoadError):
    """A checksum or signature doesn't match what it covers."""

    default_code = "integrity"
    exit_status = 5


class IncompatibleError(LoadError):
    """The package can't be served exactly here: architecture, tokenizer, type or rank."""

    default_code = "incompatible"
    exit_status = 6


class InferenceError(ExpertError):
    """A request failed; the expert and the engine are unharmed."""

    default_code = "inference"
    exit_status = 7


class OutOfMemoryError(InferenceError):
    """The model or a request can't fit into the memory there is; the hint has the numbers."""

    default_code = "out_of_memory"
    exit_status = 8


class ExpertNotLoadedError(InferenceError):
    """A request names an expert that isn't loaded; the message lists those that are."""

    default_code = "expert_not_loaded"
    exit_status = 9


class GrammarError(Located):
    """A grammar is malformed, or a result couldn't be made to follow it."""

    default_code = "grammar"
    exit_status = 10


class DeviceError(ExpertError):
    """The device that was asked for isn't there; the message lists what is."""

    default_code = "device"
    exit_status = 11


class ConfigError(ExpertError):
    """An argument or a setting is out of range, unknown, or contradicts another.

    Args:
        param: The argument's name, where it is one.
    """

    default_code = "config"
    exit_status = 2

    def __init__(self, message: str, *, hint: str = "", code: str = "", param: str = "") -> None:
        super().__init__(message, hint=hint, code=code)
        self.param = param


class EngineDeadError(ExpertError):
    """The engine's process ended, or could not be started."""

    default_code = "engine_dead"
    exit_status = 12
