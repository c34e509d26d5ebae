"""expertserve: `.expert` packages served from one shared base model.

from expertserve import Expert

with Expert.load("sql.expert") as expert:
    print(expert.generate("How many lighthouses are in Norway?", schema=ddl).text)
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from expertserve._version import __version__

if TYPE_CHECKING:
    from expertserve.config import EngineConfig as EngineConfig
    from expertserve.core.entry import ExpertInfo as ExpertInfo
    from expertserve.errors import ConfigError as ConfigError
    from expertserve.errors import DeviceError as DeviceError
    from expertserve.errors import EngineDeadError as EngineDeadError
    from expertserve.errors import ExpertError as ExpertError
    from expertserve.errors import ExpertNotLoadedError as ExpertNotLoadedError
    from expertserve.errors import GrammarError as GrammarError
    from expertserve.errors import IncompatibleError as IncompatibleError
    from expertserve.errors import InferenceError as InferenceError
    from expertserve.errors import IntegrityError as IntegrityError
    from expertserve.errors import LoadError as LoadError
    from expertserve.errors import ManifestError as ManifestError
    from expertserve.errors import OutOfMemoryError as OutOfMemoryError
    from expertserve.facade.expert import Expert as Expert
    from expertserve.facade.manager import ExpertManager as ExpertManager
    from expertserve.manager import AsyncExpertManager as AsyncExpertManager
    from expertserve.prompt.format import Message as Message
    from expertserve.request import GenerateArgs as GenerateArgs
    from expertserve.result import InferenceResult as InferenceResult

_HOMES = {
    "AsyncExpertManager": "manager",
    "Expert": "facade.expert",
    "ExpertInfo": "core.entry",
    "ExpertManager": "facade.manager",
    "EngineConfig": "config",
    "GenerateArgs": "request",
    "InferenceResult": "result",
    "Message": "prompt.format",
    "ConfigError": "errors",
    "DeviceError": "errors",
    "EngineDeadError": "errors",
    "ExpertError": "errors",
    "ExpertNotLoadedError": "errors",
    "GrammarError": "errors",
    "IncompatibleError": "errors",
    "InferenceError": "errors",
    "IntegrityError": "errors",
    "LoadError": "errors",
    "ManifestError": "errors",
    "OutOfMemoryError": "errors",
}
__all__ = [*_HOMES, "__version__"]

_REQUIRED = (
    "torch transformers outlines pydantic jinja2 platformdirs psutil safetensors tokenizers "
    "huggingface_hub fastapi uvicorn typer rich cryptography glrmask httpx "
    "prometheus_client sqlglot xgrammar"
)
"""The required dependencies, looked for without importing them."""


def _check_installed() -> None:
    """One ImportError that names everything that is missing, with the command that installs it."""
    missing = [name.replace("_", "-") for name in _REQUIRED.split() if find_spec(name) is None]
    if missing:
        raise ImportError(
            f"expertserve needs {', '.join(missing)}, not installed here.\n"
            "Install with:  pip install 'expertserve[cpu]'"
            "   (or [cuda] with an NVIDIA GPU, [transformers] where vLLM doesn't run)"
        )


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'expertserve' has no attribute {name!r}")
    value: object = getattr(import_module(f"expertserve.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


_check_installed()
