"""vLLM's exceptions → ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from expertserve.errors import ConfigError, EngineDeadError, InferenceError


@contextmanager
def translated() -> Iterator[None]:
    """By type, keeping the cause. Imports vLLM, which takes seconds the first time."""
    from vllm.exceptions import VLLMClientError, VLLMServerError
    from vllm.v1.engine.exceptions import EngineDeadError as Dead

    try:
        yield
    except Dead as error:
        raise EngineDeadError(
            "vLLM's engine process ended", hint="its log says why; load the expert again"
        ) from error
    except VLLMClientError as error:
        raise ConfigError(f"vLLM refuses the request: {error}", code="engine_refused") from error
    except VLLMServerError as error:
        raise InferenceError(
            f"vLLM failed on the request: {error}", code="request_failed"
        ) from error
    except (RuntimeError, ValueError, OSError) as error:
        raise EngineDeadError(
            f"vLLM can't do this: {error}", hint="its log above says why", code="engine_failed"
        ) from error
