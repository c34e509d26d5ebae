"""The options of a manager: the same ones for the library, the command line, server and Ray."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypedDict

from expertserve.config import DType, EngineConfig
from expertserve.engine.base import Engine
from expertserve.errors import ConfigError
from expertserve.package.signature import TrustPolicy
from expertserve.request import nearest

Locate = Callable[[str, str], Awaitable[Path]]
"""Gets a package onto this machine before it is prepared, by its source and its digest."""


class OptionArgs(TypedDict, total=False):
    """Keyword arguments of both managers, laid over `Options`.

    max_loaded_experts: Adapters resident in the engine; the least recently used is evicted.
    max_slots: Adapters that one batch may mix; more are swapped in and out.
    device: ``"cpu"``, ``"cuda:1"``; by default the best one present.
    dtype: Of the base weights.
    allow_multiple_bases: Start an engine for each base model instead of refusing a second one.
    config: Everything else about the engine; `device`, `dtype` and `max_slots` override it.
    trust: Signature policy; by default only a package changed after signing is refused.
    cache_dir, models_dir: Instead of the user's folders.
    cache_size: What the cache may take, in bytes; by default 20 GB or a tenth of its disk. The
        least recently used goes, never what is loaded.
    engine: Makes the engine; by default the one that suits the machine.
    """

    max_loaded_experts: int | None
    max_slots: int | None
    device: str | None
    dtype: DType | None
    allow_multiple_bases: bool
    config: EngineConfig | None
    trust: TrustPolicy | None
    cache_dir: str | os.PathLike[str] | None
    models_dir: str | os.PathLike[str] | None
    cache_size: int | None
    engine: Callable[[], Engine] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Resolved options; see `OptionArgs`.

    Args:
        base_model: A folder, a known name or a hub id; by default what each manifest names.
        locate: Where packages may be elsewhere.

    Raises:
        ConfigError: `bad_setting`.
    """

    base_model: str | os.PathLike[str] | None = None
    max_loaded_experts: int | None = None
    allow_multiple_bases: bool = False
    config: EngineConfig = field(default_factory=EngineConfig)
    trust: TrustPolicy | None = None
    cache_dir: Path | None = None
    models_dir: Path | None = None
    cache_size: int | None = None
    engine: Callable[[], Engine] | None = None
    locate: Locate | None = None

    def __post_init__(self) -> None:
        if self.max_loaded_experts is not None and self.max_loaded_experts < 1:
            raise ConfigError(
                f"max_loaded_experts must be at least 1, not {self.max_loaded_experts}",
                code="bad_setting",
            )
        if self.cache_size is not None and self.cache_size < 0:
            raise ConfigError(
                f"cache_size must be at least 0, not {self.cache_size}", code="bad_setting"
            )

    @classmethod
    def of(
        cls,
        base_model: str | os.PathLike[str] | None,
        options: Options | None,
        args: OptionArgs,
    ) -> Options:
        """A manager's arguments: the base model and the keywords over the options.

        Raises:
            ConfigError: `bad_argument`, for a keyword that isn't an option.
        """
        options = options or cls()
        if base_model is not None:
            options = replace(options, base_model=base_model)
        for name in args:
            if name not in OptionArgs.__annotations__:
                near = nearest(name, OptionArgs.__annotations__)
                known = ", ".join(OptionArgs.__annotations__)
                hint = f"did you mean {near}?" if near else f"the options are {known}"
                raise ConfigError(f"there is no option {name!r}", hint=hint, code="bad_argument")
        return options._with(args)

    def _with(self, args: OptionArgs) -> Options:
        config = args.get("config") or self.config
        if (device := args.get("device")) is not None:
            config = replace(config, device=device)
        if (dtype := args.get("dtype")) is not None:
            config = replace(config, dtype=dtype)
        if (slots := args.get("max_slots")) is not None:
            config = replace(config, max_slots=slots)
        cache_dir, models_dir = args.get("cache_dir"), args.get("models_dir")
        return replace(
            self,
            config=config,
            max_loaded_experts=args.get("max_loaded_experts", self.max_loaded_experts),
            allow_multiple_bases=args.get("allow_multiple_bases", self.allow_multiple_bases),
            trust=args.get("trust", self.trust),
            cache_dir=Path(cache_dir) if cache_dir else self.cache_dir,
            models_dir=Path(models_dir) if models_dir else self.models_dir,
            cache_size=args.get("cache_size", self.cache_size),
            engine=args.get("engine", self.engine),
        )
