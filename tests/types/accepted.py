"""What users may write: every type checker must find nothing here. Checked by `scripts/check_types.py`, never run."""

# pyright: strict
from __future__ import annotations

from pathlib import Path
from typing import assert_never, assert_type

from expertserve import (
    AsyncExpertManager,
    EngineConfig,
    Expert,
    ExpertError,
    ExpertManager,
    GenerateArgs,
    InferenceResult,
    Message,
)
from expertserve.engine.fake import FakeEngine
from expertserve.facade.manager import ManagerBuilder, PortableBuilder, VLLMBuilder
from expertserve.result import Chunk, FinishReason


def loads(path: Path) -> str:
    with Expert.load(path, device="cuda:1", dtype="bfloat16") as expert:
        assert_type(expert, Expert)
        return expert.name


def generates(expert: Expert) -> None:
    assert_type(expert.generate("How many?", temperature=0.5, max_tokens=100), InferenceResult)


def reads_a_result(result: InferenceResult) -> tuple[str, int, str]:
    return result.text, result.usage.total_tokens, result.expert.digest


def passes_every_kind_of_stop(expert: Expert) -> None:
    expert.generate("x", stop=";")
    expert.generate("x", stop=[";", "\n"])
    expert.generate("x", stop=(";",))


def keeps_options(expert: Expert) -> None:
    options: GenerateArgs = {"temperature": 0.7, "top_k": 20, "seed": 1}
    expert.generate("x", **options)


def sends_a_conversation(expert: Expert) -> None:
    messages: list[Message] = [{"role": "user", "content": "How many?"}]
    expert.generate(messages=messages)


def streams(expert: Expert) -> str:
    parts: list[str] = []
    with expert.generate_stream("x", max_tokens=5) as stream:
        for chunk in stream:
            assert_type(chunk, Chunk)
            parts.append(chunk.text)
    assert_type(stream.result, InferenceResult)
    return "".join(parts)


def batches(expert: Expert) -> list[str]:
    results = expert.generate_batch(["a", "b"], temperature=0.0)
    assert_type(results, list[InferenceResult])
    return [result.text for result in results]


def batches_with_failures(expert: Expert) -> list[str]:
    """A union has to be taken apart, and the checker sees that nothing is left."""
    texts: list[str] = []
    for outcome in expert.generate_batch(["a", "b"], return_exceptions=True):
        match outcome:
            case InferenceResult():
                texts.append(outcome.text)
            case ExpertError():
                texts.append(outcome.message)
            case _:
                assert_never(outcome)
    return texts


def tells_ends_apart(reason: FinishReason) -> str:
    match reason:
        case "stop":
            return "done"
        case "length":
            return "cut"
        case "cancelled":
            return "closed"
        case _:
            assert_never(reason)


def handles_errors(expert: Expert) -> str:
    try:
        return expert.generate("x").text
    except ExpertError as error:
        return f"{error.code}: {error.hint}"


def manages(path: str) -> None:
    with ExpertManager(max_loaded_experts=3, config=EngineConfig(max_requests=8)) as manager:
        manager.load_expert("sql", path, pin=True)
        assert_type(manager.generate("sql", "x"), InferenceResult)
        manager.generate_many([("sql", "x", {"max_tokens": 5})])


async def manages_asynchronously(path: str) -> str:
    async with AsyncExpertManager() as manager:
        await manager.load_expert("sql", path)
        stream = manager.generate_stream("sql", "x")
        async for chunk in stream:
            assert_type(chunk, Chunk)
        result = await manager.generate("sql", "x")
        return result.text


def builds() -> ExpertManager:
    builder = (
        ExpertManager.builder()
        .base_model("Qwen3-0.6B")
        .max_loaded_experts(3)
        .device("cuda")
        .dtype("bfloat16")
    )
    assert_type(builder, ManagerBuilder)
    return builder.build()


def builds_on_vllm() -> ExpertManager:
    builder = (
        ExpertManager.builder().vllm().device("cuda:1").max_slots(4).max_lora_rank(64).threads(2)
    )
    assert_type(builder, VLLMBuilder)
    return builder.build()


def builds_on_the_portable_engine() -> AsyncExpertManager:
    builder = ExpertManager.builder().max_requests(4).portable().device("mps").max_model_len(2048)
    assert_type(builder, PortableBuilder)
    return builder.build_async()


def apples_gpu_means_the_portable_engine() -> None:
    assert_type(ExpertManager.builder().device("mps"), PortableBuilder)


def tests_without_a_model() -> ExpertManager:
    return ExpertManager.builder().engine(lambda: FakeEngine(lambda prompt: "SELECT 1")).build()
