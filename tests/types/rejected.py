"""What users must not write: each function's mistake has to be found, with the error that its comment names, and no other error.

Checked by `scripts/check_types.py`, never run. `# mypy: CODE | pyright: RULE`.
"""

from __future__ import annotations

from typing import assert_never

from expertserve import AsyncExpertManager, EngineConfig, Expert, ExpertError, ExpertManager, GenerateArgs, InferenceResult
from expertserve.facade.manager import ManagerBuilder
from expertserve.engine.fake import FakeEngine
from expertserve.result import FinishReason


def misspells_an_option(expert: Expert) -> None:
    expert.generate("x", temprature=0.5)  # mypy: call-arg | pyright: reportCallIssue


def gives_a_number_as_text(expert: Expert) -> None:
    expert.generate("x", temperature="0.5")  # mypy: arg-type | pyright: reportArgumentType


def gives_half_a_token(expert: Expert) -> None:
    expert.generate("x", max_tokens=1.5)  # mypy: arg-type | pyright: reportArgumentType


def gives_a_number_as_a_stop(expert: Expert) -> None:
    expert.generate("x", stop=5)  # mypy: arg-type | pyright: reportArgumentType


def generates_from_many_prompts(expert: Expert) -> None:
    expert.generate(["a", "b"])  # mypy: arg-type | pyright: reportArgumentType


def misspells_what_to_do_when_incomplete(expert: Expert) -> None:
    expert.generate("x", on_incomplete="rise")  # mypy: arg-type | pyright: reportArgumentType


def takes_a_result_for_text(expert: Expert) -> str:
    return expert.generate("x")  # mypy: return-value | pyright: reportReturnType


def changes_a_result(result: InferenceResult) -> None:
    result.request_id = "mine"  # mypy: misc | pyright: reportAttributeAccessIssue


def reads_what_a_result_does_not_have(result: InferenceResult) -> object:
    return result.tokens  # mypy: attr-defined | pyright: reportAttributeAccessIssue


def forgets_that_logprobs_may_be_missing(result: InferenceResult) -> int:
    return len(result.logprobs)  # mypy: arg-type | pyright: reportArgumentType


def forgets_that_a_batch_may_hold_failures(expert: Expert) -> list[str]:
    results = expert.generate_batch(["a"], return_exceptions=True)
    return [r.text for r in results]  # mypy: union-attr | pyright: reportAttributeAccessIssue


def forgets_a_kind_of_outcome(outcome: InferenceResult | ExpertError) -> str:
    match outcome:
        case InferenceResult():
            return outcome.text
        case _:
            assert_never(outcome)  # mypy: arg-type | pyright: reportArgumentType


def forgets_a_finish_reason(reason: FinishReason) -> str:
    if reason == "stop":
        return "done"
    if reason == "length":
        return "cut"
    assert_never(reason)  # mypy: arg-type | pyright: reportArgumentType


def compares_with_a_reason_that_is_none(result: InferenceResult) -> FinishReason:
    return "eos"  # mypy: return-value | pyright: reportReturnType


def forgets_to_await(manager: AsyncExpertManager) -> None:
    manager.generate("sql", "x").text.strip()  # mypy: attr-defined | pyright: reportAttributeAccessIssue


def loops_over_an_asynchronous_stream(manager: AsyncExpertManager) -> None:
    for _ in manager.generate_stream("sql", "x"):  # mypy: attr-defined | pyright: reportGeneralTypeIssues
        pass


def keeps_an_unknown_option() -> GenerateArgs:
    return {"temprature": 0.5}  # mypy: typeddict-unknown-key | pyright: reportReturnType


def names_a_dtype_that_is_none() -> EngineConfig:
    return EngineConfig(dtype="fp16")  # mypy: arg-type | pyright: reportArgumentType


def changes_a_configuration(config: EngineConfig) -> None:
    config.max_slots = 3  # mypy: misc | pyright: reportAttributeAccessIssue


def names_a_device_that_is_none() -> None:
    ExpertManager.builder().device("gpu")  # mypy: call-overload | pyright: reportCallIssue, reportArgumentType


def puts_vllm_on_apples_gpu() -> None:
    ExpertManager.builder().vllm().device("mps")  # mypy: arg-type | pyright: reportArgumentType


def wants_vllm_after_apples_gpu() -> None:
    ExpertManager.builder().device("mps").vllm()  # mypy: attr-defined | pyright: reportAttributeAccessIssue


def wants_slots_of_the_portable_engine() -> None:
    ExpertManager.builder().portable().max_slots(4)  # mypy: attr-defined | pyright: reportAttributeAccessIssue


def wants_two_engines() -> None:
    ExpertManager.builder().vllm().portable()  # mypy: attr-defined | pyright: reportAttributeAccessIssue


def gives_a_count_as_text() -> None:
    ExpertManager.builder().max_loaded_experts("3")  # mypy: arg-type | pyright: reportArgumentType


def misspells_a_step() -> None:
    ExpertManager.builder().max_experts(3)  # mypy: attr-defined | pyright: reportAttributeAccessIssue


def forgets_to_build(path: str) -> None:
    ExpertManager.builder().load_expert("sql", path)  # mypy: attr-defined | pyright: reportAttributeAccessIssue


def takes_a_builder_for_a_manager() -> ExpertManager:
    return ExpertManager.builder().base_model("Qwen3-0.6B")  # mypy: return-value | pyright: reportReturnType


def gives_an_engine_instead_of_what_makes_one() -> None:
    ExpertManager.builder().engine(FakeEngine())  # mypy: arg-type | pyright: reportArgumentType


def changes_a_builder(builder: ManagerBuilder) -> None:
    builder._options = builder._options  # mypy: misc | pyright: reportAttributeAccessIssue
