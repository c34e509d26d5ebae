"""The default engine: vLLM's AsyncLLM, with our worker extension for exact and fast adapters.

vLLM runs its engine core in a process of its own, and several ranks in more; they are spawned. This
module imports vLLM only when it starts.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from expertserve.adapters.serving import ServingAdapter
from expertserve.config import EngineConfig
from expertserve.engine.base import EngineInfo, Resident
from expertserve.engine.device import announce, choose, probe
from expertserve.engine.machine import choose_dtype, resident_adapters
from expertserve.engine.vllm.choice import drafts
from expertserve.engine.vllm.early import EarlyCore
from expertserve.engine.vllm.errors import translated
from expertserve.engine.vllm.fit import Unplaced, fitted
from expertserve.engine.vllm.launch import launch
from expertserve.engine.vllm.options import DRAFTS, KERNELS, SPECULATION, parallel
from expertserve.engine.vllm.params import sampling_params
from expertserve.engine.vllm.prompts import vllm_prompt
from expertserve.engine.vllm.reason import EngineNote
from expertserve.engine.vllm.singles import singles
from expertserve.engine.vllm.sizes import cpu_environment, cpu_sizes, gpu_sizes, slots
from expertserve.engine.vllm.version import VERSIONS, installed, is_known, warn_unknown
from expertserve.errors import ConfigError, EngineDeadError, IncompatibleError, InferenceError
from expertserve.files import read_ahead
from expertserve.models import LocalModel
from expertserve.package.members import WEIGHTS
from expertserve.request import Request
from expertserve.result import Chunk, DraftCount, FinishReason, TokenLogprob

if TYPE_CHECKING:
    from vllm.lora.request import LoRARequest
    from vllm.v1.engine.async_llm import AsyncLLM

T = TypeVar("T")
RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""The slot widths that vLLM has."""
EXTENSION = "expertserve.engine.vllm.worker.WorkerExtension"
WITHOUT_ADAPTERS = "expertserve.engine.vllm.bare_worker.WithoutAdapters"
SCHEDULER = "expertserve.engine.vllm.grammar.Scheduler"
DRAFTING_SCHEDULER = "expertserve.engine.vllm.drafting.DraftingScheduler"
IN_PROCESS = "vllm.v1.executor.uniproc_executor.UniProcExecutor"
"""One rank on a CPU needs no process of its own; vLLM refuses this only by its short name."""
ENDS: dict[str, FinishReason] = {"stop": "stop", "length": "length", "abort": "cancelled"}


class VLLMEngine:
    """One base model in vLLM.

    Args:
        early: The core's process, see `launch.begin`.
    """

    def __init__(self, early: EarlyCore | None = None) -> None:
        self._early = early
        self._llm: AsyncLLM | None = None
        self._lora: dict[str, LoRARequest] = {}
        self._ids = itertools.count(1)
        self._row_scale = True
        self._width = 0
        self._adding = asyncio.Lock()
        self._dying = False
        self._note: EngineNote | None = None
        self._drafts = False

    async def start(self, base: LocalModel, config: EngineConfig, rank: int) -> EngineInfo:
        ranks = parallel(config.vllm)
        machine = await asyncio.to_thread(probe)
        choice = choose(machine, device=config.device, engine="vllm", gpus=ranks)
        announce(choice)
        on_gpu = choice.device != "cpu"
        dtype = choose_dtype(base, config, choice.device)
        width = self._width = slot_width(max(rank, config.max_lora_rank or 0))
        if on_gpu and width and dtype == "float32":
            raise ConfigError(
                "vLLM's adapter kernels on GPUs take float16 and bfloat16, not float32",
                hint="leave dtype out, or name one of these",
                code="bad_setting",
            )
        config = replace(config, max_slots=slots(base, config, dtype, width, on_gpu=on_gpu))
        vllm = installed()
        warn_unknown(vllm)
        self._row_scale = config.row_scale and is_known(vllm)
        soft = config.soft_prompts and is_known(vllm)  # the worker's patches are for known ones
        arguments = {
            "model": str(base.path),
            "tokenizer": str(base.path),
            "dtype": dtype,
            "enable_prefix_caching": config.prefix_caching,
            "enable_prompt_embeds": soft,
            "enable_lora": width > 0,
            "max_loras": config.max_slots,
            "max_cpu_loras": max(config.max_slots or 0, resident_adapters(base, width, dtype)),
            "max_lora_rank": width or RANKS[0],
            "generation_config": "vllm",
            "disable_log_stats": not (config.stats or config.otlp_traces_endpoint),
            "otlp_traces_endpoint": config.otlp_traces_endpoint,
            "use_tqdm_on_load": False,
            "scheduler_cls": SCHEDULER,
        }
        arguments |= gpu_sizes(config) if on_gpu else cpu_sizes(base, config, dtype, width)
        if base.is_wrapper:  # only text is served: what sees or hears isn't loaded
            arguments["language_model_only"] = True
        if is_known(vllm):
            arguments["worker_extension_cls"] = EXTENSION if self._row_scale else WITHOUT_ADAPTERS
        if not on_gpu and width:
            arguments["compilation_config"] = KERNELS
        if not on_gpu and ranks == 1:
            arguments["distributed_executor_backend"] = IN_PROCESS
        self._drafts = is_known(vllm) and drafts(base, config, choice.device)
        if self._drafts:
            arguments |= {"scheduler_cls": DRAFTING_SCHEDULER, "speculative_config": SPECULATION}
        self._note = EngineNote()
        self._llm = await launch(
            arguments,
            config.vllm,
            {} if on_gpu else cpu_environment(config, ranks),
            choice.environment,
            self._note,
            self._early,
        )
        await self._warm_up()
        length = self._llm.model_config.max_model_len
        return EngineInfo(
            "vllm", choice.device, dtype, length, width, choice.reason, soft, config.max_slots
        )

    async def _warm_up(self) -> None:
        """A token, so that what can't compute fails now and not at the first request."""
        from vllm.inputs import TokensPrompt
        from vllm.sampling_params import SamplingParams

        prompt = TokensPrompt(prompt_token_ids=[0, 1, 2])
        params = SamplingParams(max_tokens=2, ignore_eos=True, detokenize=False)
        with translated(self._reason, starting=True):
            async for _ in self.llm.generate(prompt, params, "warm-up"):
                pass

    def _reason(self) -> str:
        return self._note.read() if self._note else ""

    async def add(self, adapter: ServingAdapter) -> None:
        if adapter.digest not in self._lora:  # steps go on meanwhile; they wait for what is loaded
            await asyncio.to_thread(read_ahead, adapter.folder / WEIGHTS)
        async with self._adding:
            if adapter.digest in self._lora:
                return
            if adapter.affine and not self._row_scale:
                raise IncompatibleError(
                    f"a {adapter.type} adapter can't be served exactly without the worker"
                    " extension, which is off",
                    hint=(
                        "start the engine with row_scale=True; it is known to fit vLLM"
                        f" {', '.join(VERSIONS)}"
                    ),
                    code="extension_off",
                )
            if adapter.width > self._width:  # vLLM's engine would die of it
                raise IncompatibleError(
                    f"an adapter of width {adapter.width} doesn't fit slots of {self._width}",
                    hint=f"start with max_lora_rank={adapter.width}",
                    code="rank_too_large",
                )
            self._lora[adapter.digest] = await self._hold(adapter)

    async def _hold(self, adapter: ServingAdapter) -> LoRARequest:
        """Loads an adapter, with its modules split where vLLM's model wants them in parts.

        Raises:
            IncompatibleError: `modules_missing`, `engine_refused`.
        """
        from vllm.lora.request import LoRARequest

        name, number = f"expert-{adapter.digest}", next(self._ids)
        lora = LoRARequest(name, number, str(adapter.folder))
        missing, split = await self._load(lora)
        if missing:
            raise IncompatibleError(
                f"vLLM has no adapter slot for {len(missing)} of the adapter's {adapter.modules}"
                f" modules: {missing[0]}",
                hint="the transformers engine may serve it: engine='transformers'",
                code="modules_missing",
            )
        if split:
            folder = await asyncio.to_thread(fitted, adapter, split)
            lora = LoRARequest(name, number, str(folder))
            await self._load(lora)
        return lora

    async def _load(self, lora: LoRARequest) -> Unplaced:
        """See `WorkerExtension.expertserve_add`."""
        with translated(self._reason):
            try:
                if not self._row_scale:
                    await self._answer(self.llm.add_lora(lora))
                    return [], {}
                unplaced, *_ = await self._answer(
                    self.llm.collective_rpc(
                        "expertserve_add",
                        args=(lora.lora_name, lora.lora_int_id, lora.lora_path),
                    )
                )
                return cast("Unplaced", unplaced)
            except Exception as error:
                if (
                    type(error) is not Exception
                ):  # a call that failed in the worker comes back as a bare one
                    raise
                await self._answer(self.llm.remove_lora(lora.lora_int_id))
                raise IncompatibleError(
                    f"vLLM can't hold the adapter: {error}", code="engine_refused"
                ) from error

    async def remove(self, digest: str) -> None:
        lora = self._lora.pop(digest, None)
        if lora is not None:
            with translated(self._reason):
                await self._answer(self.llm.remove_lora(lora.lora_int_id))

    async def resident(self) -> Mapping[str, Resident]:
        by_id = {lora.lora_int_id: digest for digest, lora in self._lora.items()}
        with translated(self._reason):
            if not self._row_scale:
                return {
                    by_id[i]: Resident(0, in_slot=True)
                    for i in await self._answer(self.llm.list_loras())
                    if i in by_id
                }
            held, *_ = await self._answer(self.llm.collective_rpc("expertserve_adapters"))
        return {by_id[i]: Resident(size, in_slot) for i, size, in_slot in held if i in by_id}

    @property
    def alive(self) -> bool:
        return self._llm is not None and not self._llm.errored and not self._dying

    async def stream(self, request: Request) -> AsyncGenerator[Chunk, None]:
        lora = self._lora[request.adapter] if request.adapter else None
        prompt = vllm_prompt(request, self.llm.model_config)
        if request.cache_salt:
            prompt["cache_salt"] = request.cache_salt
        with translated(self._reason):
            params = sampling_params(request, self._drafts)
            outputs = self.llm.generate(prompt, params, request.id, lora_request=lora)
            try:
                async for output in outputs:
                    for completion in output.outputs:
                        if completion.finish_reason == "error":
                            raise InferenceError(
                                "the engine failed on this request",
                                hint="its log says why",
                                code="request_failed",
                            )
                        chunk = Chunk(
                            completion.text,
                            tuple(completion.token_ids),
                            completion.index,
                            _logprobs(
                                completion.token_ids,
                                completion.logprobs,
                                request.sampling.logprobs or 0,
                            ),
                            ENDS[completion.finish_reason] if completion.finish_reason else None,
                            prompt_logprobs=_prompt_logprobs(request, output.prompt_logprobs),
                            cached_tokens=output.num_cached_tokens or 0,
                            stop=stop if isinstance(stop := completion.stop_reason, str) else None,
                            drafts=_drafts(output.kv_transfer_params),
                        )
                        for one in singles(chunk, self._length) if self._drafts else (chunk,):
                            yield one
            finally:
                await outputs.aclose()

    def _length(self, token: int) -> int:
        """Characters that a token writes."""
        return len(self.llm.get_tokenizer().decode([token]))

    async def close(self) -> None:
        llm, self._llm = self._llm, None
        if self._early:
            self._early.end()
        self._lora.clear()
        try:
            if llm is not None:
                if llm.output_handler:  # else it logs that the core has ended, as if it had died
                    llm.output_handler.cancel()
                await off_the_loop(llm.shutdown)
        finally:
            if self._note:
                self._note.remove()

    async def _answer(self, call: Coroutine[Any, Any, T]) -> T:
        """The result of a call to vLLM's processes; vLLM 0.32 never answers when they die."""
        from vllm.v1.engine.exceptions import EngineDeadError as Dead

        work = asyncio.ensure_future(call)
        try:
            while not (await asyncio.wait({work}, timeout=1))[0]:
                if not self.alive:
                    raise Dead
            return work.result()
        except Exception as error:
            if type(error) is Exception and str(error).endswith(
                ": cancelled"
            ):  # so says the core as it ends, of what a dead worker left
                self._dying = True  # vLLM itself notices a moment later
                raise Dead from error
            raise
        finally:
            work.cancel()

    @property
    def llm(self) -> AsyncLLM:
        if self._llm is None:
            raise EngineDeadError(
                "the engine was not started, or was closed",
                hint="load the expert again",
                code="engine_closed",
            )
        return self._llm


async def off_the_loop(work: Callable[[], object]) -> None:
    """Runs what blocks in a thread of its own: at exit the pools' are gone already."""
    done: Future[None] = Future()

    def run() -> None:
        try:
            work()
            done.set_result(None)
        except BaseException as error:  # noqa: BLE001  (raised where it is waited for)
            done.set_exception(error)

    try:
        threading.Thread(target=run, name="expertserve-shutdown").start()
    except RuntimeError:  # the interpreter ends, and starts no more threads
        run()
    await asyncio.wrap_future(done)


def slot_width(rank: int) -> int:
    """The narrowest slot of vLLM that holds an adapter of this width.

    Raises:
        IncompatibleError: None does.
    """
    if rank == 0:
        return 0
    for width in RANKS:
        if width >= rank:
            return width
    raise IncompatibleError(
        f"an adapter of width {rank} fits no slot; the widest has {RANKS[-1]}",
        code="rank_too_large",
    )


def _drafts(told: Mapping[str, Any] | None) -> tuple[DraftCount, ...]:
    """What the scheduler says of a request's drafts so far: see `engine.vllm.drafting`."""
    counts: Mapping[str, tuple[int, int]] = (told or {}).get(DRAFTS) or {}
    return tuple(DraftCount(source, *count) for source, count in counts.items())


def _prompt_logprobs(request: Request, found: Any) -> tuple[TokenLogprob, ...]:
    """vLLM's, which has None in place of the first token's."""
    ids, wanted = request.prompt_token_ids, request.sampling.prompt_logprobs
    return () if wanted is None or not found else _logprobs(ids[1:], found[1:], wanted)


def _logprobs(token_ids: Any, logprobs: Any, wanted: int) -> tuple[TokenLogprob, ...]:
    """vLLM's logprobs → ours: the chosen token, and as many alternatives as asked for."""
    if not logprobs:
        return ()
    return tuple(
        TokenLogprob(
            t,
            at[t].logprob,
            tuple(
                sorted(
                    ((i, p.logprob) for i, p in at.items() if (p.rank or 0) <= wanted),
                    key=lambda x: -x[1],
                )
            ),
        )
        for t, at in zip(token_ids, logprobs, strict=False)
    )
