"""vLLM's exceptions → ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from expertserve.engine.vllm.reason import passes
from expertserve.errors import ConfigError, EngineDeadError, InferenceError, OutOfMemoryError


@contextmanager
def translated(reason: Callable[[], str] = str, *, starting: bool = False) -> Iterator[None]:
    """By type, keeping the cause. Imports vLLM, which takes seconds the first time.

    Args:
        reason: What the engine's processes logged last.
        starting: What fails now fails whenever it is tried.
    """
    from vllm.exceptions import VLLMClientError, VLLMServerError
    from vllm.v1.engine.exceptions import EngineDeadError as Dead

    try:
        yield
    except Dead as error:
        raise ended(reason(), starting=starting) from error
    except VLLMClientError as error:
        raise ConfigError(f"vLLM refuses the request: {error}", code="engine_refused") from error
    except VLLMServerError as error:
        raise InferenceError(
            f"vLLM failed on the request: {error}", code="request_failed"
        ) from error
    except (RuntimeError, ValueError, OSError) as error:
        why = reason()
        if isinstance(error, RuntimeError) and why:  # "Engine core initialization failed"
            raise ended(why, starting=starting) from error
        raise EngineDeadError(
            f"vLLM can't do this: {error}", hint="its log above says why", code="engine_failed"
        ) from error


def ended(reason: str, *, starting: bool) -> EngineDeadError | OutOfMemoryError:
    """What the end of vLLM's processes means.

    `engine_unfit` is a failure that would come again in the same way.
    """
    if "out of memory" in reason or "allocate memory" in reason:
        return OutOfMemoryError(
            f"vLLM ran out of memory: {reason}",
            hint=(
                "lower --max-model-len, --max-num-seqs, --max-slots, or on a GPU"
                " --gpu-memory-utilization; or use a smaller or a quantised base model"
            ),
            code="out_of_memory",
        )
    what = f"vLLM's engine process ended{f': {reason}' if reason else ''}"
    if starting and not passes(reason):
        return EngineDeadError(
            what,
            hint="its log has the whole story; engine='transformers' or another base model may do",
            code="engine_unfit",
        )
    return EngineDeadError(what, hint="its log says why; load the expert again")
