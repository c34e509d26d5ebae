"""The portable engine: transformers, in this process, on any device of torch's.

Adapters of every type come as our serving form and are applied in the model's own linear layers, so
nothing is merged, nothing is reloaded, and one batch mixes them. Slower than vLLM under load: no
paged memory, no prefix cache.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import math
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from expertserve.adapters.serving import ServingAdapter
from expertserve.config import PROGRESS, EngineConfig
from expertserve.engine.base import EngineInfo, Resident
from expertserve.engine.cgroup import cpu_share
from expertserve.engine.device import announce, choose, probe
from expertserve.engine.imports import import_all
from expertserve.engine.machine import choose_dtype, choose_sizes
from expertserve.engine.portable.kinds import KEYS, STATES
from expertserve.errors import (
    ConfigError,
    EngineDeadError,
    ExpertError,
    IncompatibleError,
    InferenceError,
    OutOfMemoryError,
)
from expertserve.models import LocalModel
from expertserve.prompt.tokenizer import Tokenizer
from expertserve.request import Request
from expertserve.result import Chunk

if TYPE_CHECKING:
    import torch

    from expertserve.engine.portable.adapters import RowAdapter
    from expertserve.engine.portable.guides import Guides
    from expertserve.engine.portable.sampling import Guide
    from expertserve.engine.portable.worker import Loaded, Worker

progress = logging.getLogger(PROGRESS)
IMPORTED = (
    "torch",
    "tokenizers",
    "transformers.models.auto.modeling_auto",
    "expertserve.engine.portable.worker",
    "expertserve.engine.portable.adapters",
)
"""What takes seconds, imported in a thread: the event loop serves others meanwhile."""


class TransformersEngine:
    """One base model in transformers."""

    def __init__(self) -> None:
        self._worker: Worker | None = None
        self._loaded: Loaded | None = None
        self._guides: Guides | None = None
        self._adapters: dict[str, RowAdapter] = {}
        self._max_model_len = 0

    async def start(self, base: LocalModel, config: EngineConfig, rank: int) -> EngineInfo:
        progress.info("importing transformers")
        await asyncio.to_thread(import_all, IMPORTED)
        from expertserve.engine.portable.drafting import Drafting
        from expertserve.engine.portable.guides import Guides
        from expertserve.engine.portable.worker import Worker

        _check_layers(base)
        choice = choose(await asyncio.to_thread(probe), device=config.device, engine="transformers")
        announce(choice)
        device = choice.device
        dtype = choose_dtype(base, config, device)
        sizes = choose_sizes(base, config, dtype, _free_memory(device))
        self._worker = worker = Worker(asyncio.get_running_loop(), sizes.max_requests)
        self._loaded = loaded = await worker.call(lambda: _load(base, config, device, dtype))
        wanted = config.drafts if config.drafts is not None else device == "cpu"
        drafting = Drafting(base, sizes.max_model_len) if wanted else None
        await worker.call(lambda: worker.serve(loaded, sizes, drafting))
        self._guides = Guides(base.path, loaded.size)
        self._max_model_len = sizes.max_model_len
        length = sizes.max_model_len
        return EngineInfo(
            "transformers", device, dtype, length, reason=choice.reason, soft_prompts=True
        )

    async def add(self, adapter: ServingAdapter) -> None:
        from expertserve.engine.portable.adapters import adapt, read

        worker, loaded = self._running()
        if adapter.digest in self._adapters:
            return
        with _failing("the adapter can't be loaded"):
            made = await asyncio.to_thread(
                read, adapter, loaded.layers, loaded.dtype, loaded.device
            )
            await worker.call(
                lambda: adapt(loaded.model, loaded.layers, list(made.modules), loaded.current)
            )
        self._adapters.setdefault(adapter.digest, made)

    async def remove(self, digest: str) -> None:
        self._adapters.pop(digest, None)  # requests that run with it keep it until they end

    async def resident(self) -> Mapping[str, Resident]:
        return {
            digest: Resident(adapter.bytes, in_slot=True)
            for digest, adapter in self._adapters.items()
        }

    @property
    def alive(self) -> bool:
        return self._worker is not None and self._loaded is not None and self._worker.alive

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        from expertserve.engine.portable.rows import Job

        worker, loaded = self._running()
        self._check(request)
        adapter = self._adapters[request.adapter] if request.adapter else None
        guides = await asyncio.to_thread(self._start_guides, request, loaded.ends(request))
        chunks: asyncio.Queue[Chunk | ExpertError | None] = asyncio.Queue()
        job = Job(request, adapter, guides, chunks)
        worker.submit(job)
        try:
            while (item := await chunks.get()) is not None:
                if isinstance(item, ExpertError):
                    raise item
                yield item
        finally:
            job.cancelled = True

    async def close(self) -> None:
        worker, self._worker = self._worker, None
        self._guides = None
        device, self._loaded = self._loaded.device if self._loaded else None, None
        self._adapters.clear()
        if worker is not None:
            worker.stop()
            gc.collect()  # the model's modules refer to each other
            _empty(device)

    def _running(self) -> tuple[Worker, Loaded]:
        if self._worker is None or self._loaded is None or not self._worker.alive:
            raise EngineDeadError(
                "the engine was not started, or was closed",
                hint="load the expert again",
                code="engine_closed",
            )
        return self._worker, self._loaded

    def _check(self, request: Request) -> None:
        if request.adapter and request.adapter not in self._adapters:
            raise InferenceError(
                f"the adapter {request.adapter[:12]}… is not resident", code="not_resident"
            )
        if request.sampling.bad_words:
            raise ConfigError(
                "the portable engine doesn't have bad_words",
                hint="forbid tokens with logit_bias, or serve on vLLM",
                code="engine_refused",
            )
        wanted = request.prompt_length + request.sampling.max_tokens
        if wanted > self._max_model_len or not request.prompt_token_ids:
            raise ConfigError(
                f"a prompt of {request.prompt_length:,} tokens and"
                f" {request.sampling.max_tokens:,} more don't fit the context of"
                f" {self._max_model_len:,}",
                code="engine_refused",
            )

    def _start_guides(self, request: Request, ends: Iterable[int]) -> Sequence[Guide | None]:
        """What narrows each completion's tokens."""
        if request.constraint is None or self._guides is None:
            return [None] * request.sampling.n
        return [self._guides(request.constraint, sorted(ends)) for _ in range(request.sampling.n)]


def serves(base: LocalModel) -> bool:
    """Whether it can be expected to serve a base model: no state but keys and values, not packed.

    Reads the configuration alone; nothing heavy is imported.
    """
    return not _odd_layers(base) and "quantization_config" not in base.config


def _odd_layers(base: LocalModel) -> list[str]:
    kinds = base.text_config.get("layer_types")
    return sorted({str(k) for k in kinds} - KEYS - STATES) if isinstance(kinds, list) else []


def _check_layers(base: LocalModel) -> None:
    """Refuses models with a memory that changing rows can't share."""
    if odd := _odd_layers(base):
        raise IncompatibleError(
            f"{base.name} has layers of the kind {odd[0]}, which the portable engine doesn't serve",
            code="layer_kind",
        )


def _free_memory(device: str) -> int | None:
    """Bytes free on a GPU; None where the machine's memory is what counts."""
    import torch

    return torch.cuda.mem_get_info(device)[0] if device.startswith("cuda") else None


def _empty(device: torch.device | None) -> None:
    import torch

    if device is not None and device.type == "cuda":
        torch.cuda.empty_cache()
    elif device is not None and device.type == "mps":
        torch.mps.empty_cache()


def _load(base: LocalModel, config: EngineConfig, device: str, dtype: str) -> Loaded:
    """Reads the model. A second for a small one."""
    import torch

    from expertserve.engine.portable.adapters import Current
    from expertserve.engine.portable.worker import Loaded

    if config.threads or cpu_share() < torch.get_num_threads():
        torch.set_num_threads(config.threads or math.ceil(cpu_share()))
    progress.info(f"reading the weights of {base.name}")
    capped = base.text_config.get("attn_logit_softcapping") is not None
    with _failing(f"{base.name} can't be loaded"), _without_progress():
        model = _class_for(base).from_pretrained(
            base.path,
            dtype=getattr(torch, dtype),
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            # torch's own attention leaves out caps on its scores, such as Gemma 2's, in silence
            **({"attn_implementation": "eager"} if capped else {}),
        )
        model = model.to(device).eval()
    tokenizer = Tokenizer(base.path)
    end = tokenizer.id_of(tokenizer.special("eos_token"))
    if end is None and isinstance(own := base.config.get("eos_token_id"), int):
        end = own
    text = model.config.get_text_config()
    kinds = getattr(text, "layer_types", None) or ["full_attention"] * text.num_hidden_layers
    return Loaded(
        model,
        dict(model.named_modules()),
        Current(),
        tokenizer.library,
        end,
        tuple(kinds),
        text.vocab_size,
        torch.device(device),
        getattr(torch, dtype),
    )


def _class_for(base: LocalModel) -> Any:
    """transformers' door to a base: models that also see have one of their own, mostly."""
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING

    kind = type(AutoConfig.from_pretrained(base.path, local_files_only=True))
    return (
        AutoModelForCausalLM if kind in MODEL_FOR_CAUSAL_LM_MAPPING else AutoModelForImageTextToText
    )


@contextmanager
def _without_progress() -> Iterator[None]:
    """transformers draws a bar while it loads; a library's caller didn't ask for one."""
    from transformers.utils import logging as shown

    was = shown.is_progress_bar_enabled()
    shown.disable_progress_bar()
    try:
        yield
    finally:
        if was:
            shown.enable_progress_bar()


@contextmanager
def _failing(what: str) -> Iterator[None]:
    """Foreign exceptions → ours, by type, keeping the cause."""
    import torch
    from safetensors import SafetensorError

    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemoryError(
            f"{what}: {error}", hint="use a smaller base model, a smaller dtype, or another device"
        ) from error
    except (RuntimeError, ValueError, OSError, KeyError, ImportError, SafetensorError) as error:
        raise EngineDeadError(f"{what}: {error}", code="engine_failed") from error
