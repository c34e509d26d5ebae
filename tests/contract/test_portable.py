"""What only the portable engine has: its batch of changing rows, its sampler, its text, other
architectures.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest
import tokenizers
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from expertserve import EngineConfig
from expertserve.decoding.line import GrammarLine
from expertserve.decoding.text import TextStream, held_back
from expertserve.engine.machine import choose_dtype
from expertserve.engine.portable import worker
from expertserve.engine.portable.cache import BatchCache
from expertserve.engine.portable.engine import TransformersEngine
from expertserve.engine.portable.sampling import Choosing, choose, draw
from expertserve.errors import (
    ConfigError,
    DeviceError,
    ExpertError,
    IncompatibleError,
    OutOfMemoryError,
)
from expertserve.models import LocalModel
from expertserve.prompt.tokenizer import Tokenizer
from expertserve.request import Constraint, Request, Sampling
from tests import architectures, tiny
from tests.contract.conftest import drive, make
from tests.contract.driver import Driver
from tests.contract.test_generation import check, prompts
from tests.engine.reference import Reference


def test_a_byte_that_turns_out_to_be_no_text_ends_nothing() -> None:
    """A newline alone was a whole character; with the bytes that follow it is none, and the library
    refuses to go on.
    """
    vocabulary = {f"<0x{byte:02X}>": byte for byte in range(256)} | {"a": 256, "<unk>": 257}
    tokenizer = tokenizers.Tokenizer(
        tokenizers.models.BPE(vocabulary, [], byte_fallback=True, unk_token="<unk>")
    )
    tokenizer.decoder = tokenizers.decoders.Sequence(
        [tokenizers.decoders.ByteFallback(), tokenizers.decoders.Fuse()]
    )
    stream = TextStream(tokenizer, [256], Sampling())
    assert [stream.feed(token)[0] for token in (10, 0xF0, 256, 0xC3, 0xA9, 256)] == [
        "\n",
        "",
        "a",
        "",
        "é",
        "a",
    ]


@pytest.mark.parametrize("architecture", ["qwen2", "qwen3"])
def test_other_architectures_equal_peft(architecture: str, tmp_path: Path) -> None:
    """Qwen2 has biases, which DoRA leaves unscaled and IA³ scales."""
    base = tiny.base_model(tmp_path / "base", architecture)
    tokenizer = Tokenizer(base)
    made = [
        make(base, tmp_path / kind, kind, 4, seed=i)
        for i, kind in enumerate(("lora", "dora", "ia3"))
    ]
    driver = drive("transformers", base, tmp_path / "cache")
    digests = [driver.add(driver.prepare(t.folder, t.kind, t.rank)) for t in made]
    asked = prompts(tokenizer, 6)
    requests = [
        driver.request(p, digests[i % 3], max_tokens=12, logprobs=0, ignore_eos=True)
        for i, p in enumerate(asked)
    ]
    for i, completion in enumerate(driver.together(requests)):
        check(completion, asked[i], Reference(base, made[i % 3].folder))
    driver.close()


# ── the batch ───────────────────────────────────────────────────────────────────────────────────


@given(
    st.lists(
        st.one_of(st.integers(1, 90), st.sampled_from(["step", "drop"])), min_size=1, max_size=30
    )
)
def test_rows_keep_their_keys_and_states_whoever_comes_and_goes(moves: list[int | str]) -> None:
    """Against plain lists: every row's places are its own numbers, in order, ending where the
    others end; its state is their sum.
    """
    kinds = ["full_attention", "linear_attention"]
    cache = BatchCache(kinds)
    rows: list[list[float]] = []
    number = 0.0
    for move in moves:
        if isinstance(move, int):
            joining = BatchCache(kinds)
            values = [number := number + 1 for _ in range(move)]
            keys = torch.tensor(values).reshape(1, 1, move, 1)
            joining.update(keys, -keys, 0)
            joining.update_conv_state(keys[:, 0].transpose(1, 2), 1, conv_kernel_size=2)
            joining.update_recurrent_state(torch.tensor([sum(values)]), 1)
            cache.join([(joining, move)])
            rows.append(values)
        elif move == "step" and rows:
            new = [number := number + 1 for _ in rows]
            keys = torch.tensor(new).reshape(len(rows), 1, 1, 1)
            mask = cache.mask(torch.device("cpu"), 1)
            seen, _ = cache.update(keys, -keys, 0)
            state = cache.layers[1].recurrent_states[0]
            cache.update_recurrent_state(state + torch.tensor(new), 1)
            cache.step(1, 0)
            rows = [[*row, value] for row, value in zip(rows, new, strict=True)]
            assert cache.layers[1].recurrent_states[0].tolist() == [sum(row) for row in rows]
            assert cache.has_previous_state(1) and len(cache.layers[1].conv_states[0]) == len(rows)
            for i, row in enumerate(rows):
                visible = seen[i, 0, :, 0] if mask is None else seen[i, 0, :, 0][mask[i].bool()]
                assert visible.tolist() == row
        elif move == "drop" and rows:
            at = len(rows) // 2
            cache.drop(at)
            rows[at] = rows[-1]
            rows.pop()
        assert cache.lengths == [len(r) for r in rows]


def test_a_request_larger_than_the_memory_for_keys_runs_alone_and_others_wait(
    transformers_driver: Driver, tokenizer: Tokenizer
) -> None:
    requests = [
        transformers_driver.request(tokenizer.encode_plain("x"), max_tokens=500, ignore_eos=True)
        for _ in range(2)
    ]
    wide = transformers_driver.request(
        tokenizer.encode_plain("x"), max_tokens=5, n=100, temperature=1.0, ignore_eos=True
    )
    assert [len(c.token_ids) for c in transformers_driver.together([*requests, wide])] == [
        500,
        500,
        5,
    ]


def test_ten_at_once_share_their_steps(
    transformers_driver: Driver, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [
        transformers_driver.request(p, max_tokens=40, ignore_eos=True)
        for p in prompts(tokenizer, 10)
    ]
    steps, step = [0], worker.Batch.step

    def counted(batch: worker.Batch) -> None:
        steps[-1] += 1
        step(batch)

    monkeypatch.setattr(worker.Batch, "step", counted)
    transformers_driver.together(asked)
    steps.append(0)
    for request in asked:
        transformers_driver.together([request])
    together, alone = steps
    assert 0 < together < alone / 4


def test_an_adapter_removed_while_it_is_used_stays_with_its_request(
    tiny_base: Path, tmp_path: Path, tokenizer: Tokenizer
) -> None:
    driver = drive("transformers", tiny_base, tmp_path)
    trained = make(tiny_base, tmp_path / "lora", "lora", 4, seed=9)
    digest = driver.add(driver.prepare(trained.folder, "lora", 4))
    prompt = tokenizer.encode_plain("How many?")
    wanted = driver.generate(prompt, digest, max_tokens=30, ignore_eos=True).token_ids

    async def removed() -> tuple[int, ...]:
        tokens: list[int] = []
        async for chunk in driver.engine.stream(
            driver.request(prompt, digest, max_tokens=30, ignore_eos=True)
        ):
            tokens += chunk.token_ids
            await driver.engine.remove(digest)
        return tuple(tokens)

    assert driver.run(removed()) == wanted
    driver.close()


@pytest.mark.timeout(60)
def test_a_request_that_can_not_join_the_batch_is_told(
    tiny_base: Path, tmp_path: Path, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise RuntimeError("can't allocate memory")

    driver = drive("transformers", tiny_base, tmp_path)
    prompt = tokenizer.encode_plain("How many?")
    with monkeypatch.context() as patch:
        patch.setattr(worker.BatchCache, "join", full)
        with pytest.raises(ExpertError):
            driver.generate(prompt, max_tokens=5, ignore_eos=True)
    assert len(driver.generate(prompt, max_tokens=5, ignore_eos=True).token_ids) == 5
    driver.close()


def test_closing_while_a_request_runs_tells_it(
    tiny_base: Path, tmp_path: Path, tokenizer: Tokenizer
) -> None:
    from expertserve.errors import EngineDeadError

    driver = drive("transformers", tiny_base, tmp_path)
    request = driver.request(tokenizer.encode_plain("x"), max_tokens=400, ignore_eos=True)

    async def closed() -> None:
        stream = driver.engine.stream(request)
        await anext(stream)
        await driver.engine.close()
        async for _ in stream:
            pass

    with pytest.raises(EngineDeadError):
        driver.run(closed())
    driver.close()


# ── refusals ────────────────────────────────────────────────────────────────────────────────────


def start(base: Path, config: EngineConfig) -> None:
    async def started() -> None:
        engine = TransformersEngine()
        try:
            await engine.start(LocalModel(base.name, base), config, 0)
        finally:
            await engine.close()

    asyncio.run(started())


def test_what_cannot_run_is_refused_before_the_model_is_read(tiny_base: Path) -> None:
    with pytest.raises(DeviceError, match="there is cpu"):
        start(tiny_base, EngineConfig(device="cuda:7"))
    with pytest.raises(OutOfMemoryError):
        start(tiny_base, EngineConfig(device="cpu", kv_cache_bytes=1 << 10))


def test_layers_with_states_of_their_own_equal_transformers(tmp_path: Path) -> None:
    """LFM2's short convolutions; Qwen3.5's gated delta nets are in `test_wrappers`."""
    kind = next(a for a in architectures.ARCHITECTURES if a.model_type == "lfm2")
    base = architectures.make(tmp_path / "lfm2", kind)
    driver, reference = drive("transformers", base, tmp_path / "cache"), Reference(base, None)
    asked = prompts(Tokenizer(base), 7)
    requests = [
        driver.request(p, max_tokens=4 + 3 * (i % 4), logprobs=0, ignore_eos=True)
        for i, p in enumerate(asked)
    ]
    for prompt, completion in zip(asked, driver.together(requests), strict=True):
        check(completion, prompt, reference)
    driver.close()


def test_layers_without_keys_and_values_are_refused(tmp_path: Path) -> None:
    base = tiny.base_model(tmp_path / "base")
    config = (base / "config.json").read_text()
    (base / "config.json").write_text(
        config.replace("{", '{"layer_types": ["full_attention", "hybrid"],', 1)
    )
    with pytest.raises(IncompatibleError, match="hybrid"):
        start(base, EngineConfig(device="cpu"))


def test_a_prompt_beyond_the_context_is_refused(transformers_driver: Driver) -> None:
    with pytest.raises(ConfigError, match="512"):
        transformers_driver.generate([5] * 600, max_tokens=1)


def test_saved_dtypes_are_kept_where_the_device_has_them(tiny_base: Path, tmp_path: Path) -> None:
    base = LocalModel("tiny", tiny_base)
    assert choose_dtype(base, EngineConfig(), "cpu") == "float32"
    assert choose_dtype(base, EngineConfig(dtype="bfloat16"), "cpu") == "bfloat16"
    config = json.loads((tiny_base / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"dtype": "bfloat16"}))
    half = LocalModel("half", tmp_path)
    has_bfloat16 = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    assert choose_dtype(half, EngineConfig(), "cpu") == ("bfloat16" if has_bfloat16 else "float32")
    assert choose_dtype(half, EngineConfig(), "cuda:0") == "bfloat16"


# ── sampling ────────────────────────────────────────────────────────────────────────────────────


def test_draws_follow_the_probabilities() -> None:
    logits = torch.tensor([2.0, 1.0, 0.0, -1.0])
    generator = torch.Generator().manual_seed(0)
    drawn = torch.tensor(
        [draw(logits, Sampling(temperature=1.0), generator) for _ in range(20_000)]
    )
    assert torch.allclose(drawn.bincount(minlength=4) / 20_000, logits.softmax(-1), atol=0.015)


@pytest.mark.parametrize(
    ("sampling", "left"),
    [
        (Sampling(temperature=1.0, top_k=2), {0, 1}),
        (Sampling(temperature=1.0, top_p=0.65), {0, 1}),
        (Sampling(temperature=1.0, top_p=0.6), {0}),
        (Sampling(temperature=1.0, min_p=0.2), {0, 1}),
        (Sampling(temperature=1.0, top_k=3, top_p=0.9), {0, 1}),
    ],
)
def test_narrowing_leaves_the_likeliest(sampling: Sampling, left: set[int]) -> None:
    logits = torch.tensor([2.0, 1.0, 0.0, -1.0])  # probabilities 0.64, 0.24, 0.09, 0.03
    generator = torch.Generator().manual_seed(0)
    assert {draw(logits, sampling, generator) for _ in range(500)} == left


class OddTokens:
    """A grammar that allows odd tokens only, and a complete sentence after two."""

    def start(self) -> OddTokens:
        return OddTokens()

    def __init__(self, taken: int = 0) -> None:
        self.taken = taken

    def fill(self, row: np.ndarray) -> None:
        row[:] = np.int32(-1431655766)  # 0b…1010

    def commit(self, token: int) -> bool:
        self.taken += 1
        return token % 2 == 1

    @property
    def accepting(self) -> bool:
        return self.taken >= 2

    def copy(self) -> OddTokens:
        return OddTokens(self.taken)


def test_a_mask_holds_for_its_own_row_and_an_end_comes_only_when_complete() -> None:
    logits = torch.zeros(2, 70)
    logits[:, 64] = 5.0
    logits[:, 4] = 9.0
    logits[:, 33] = 3.0
    free, bound = Sampling(), Sampling()
    mask = OddTokens()
    guide = GrammarLine(mask, [4], size=70)
    rows = [
        Choosing(free, [1], 1, None, None),
        Choosing(bound, [1], 1, None, guide, frozenset({4})),
    ]
    assert [t for t, _ in choose(logits.clone(), rows)] == [4, 33]
    assert guide.accept([3, 5])
    assert [t for t, _ in choose(logits.clone(), rows)] == [4, 4]


def test_an_answer_follows_its_grammar_beside_others_that_have_none(
    transformers_driver: Driver, tokenizer: Tokenizer
) -> None:
    prompt = tuple(tokenizer.encode_plain("How many lighthouses?"))
    gbnf = 'root ::= "SELECT " ("a" | "b") " FROM " [a-z] [a-z]'
    constraint = Constraint(gbnf=gbnf, digest="d" * 64)
    plain = transformers_driver.request(prompt, max_tokens=20, ignore_eos=True)
    bound = [
        Request(
            id=f"g{i}",
            prompt_token_ids=prompt,
            sampling=Sampling(temperature=1.0, seed=i, max_tokens=40),
            constraint=constraint,
        )
        for i in range(4)
    ]
    first, *others = transformers_driver.together([plain, *bound])
    assert (
        first.token_ids
        == transformers_driver.generate(prompt, max_tokens=20, ignore_eos=True).token_ids
    )
    for completion in others:
        assert completion.finish_reason == "stop"
        assert (
            completion.text[:8] in ("SELECT a", "SELECT b")
            and completion.text[8:14] == " FROM "
            and len(completion.text) == 16
        )


# ── text ────────────────────────────────────────────────────────────────────────────────────────


@given(
    st.text(alphabet="ab;\n", max_size=20),
    st.lists(st.text(alphabet="ab;\n", min_size=1, max_size=4), max_size=3),
)
def test_what_is_held_back_is_exactly_what_may_become_a_stop(text: str, stops: list[str]) -> None:
    assume(not any(s in text for s in stops))
    held = held_back(text, stops)
    tails = [text[i:] for i in range(len(text))]
    assert held == max((len(t) for t in tails if any(s.startswith(t) for s in stops)), default=0)


@given(
    st.text(max_size=30), st.lists(st.sampled_from(["ä", "Norway", ";", "🙂!", "\n\n"]), max_size=2)
)
def test_streamed_text_is_the_decoded_text_up_to_the_stop(
    tokenizer_folder: Path, text: str, stops: list[str]
) -> None:
    tokenizer = Tokenizer(tokenizer_folder)
    decoder = tokenizers.Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    stream = TextStream(decoder, [3], Sampling(stop=tuple(stops)))
    shown, stopped = "", False
    for token in tokenizer.encode_plain(text):
        piece, stopped = stream.feed(token)
        shown += piece
        if stopped:
            break
    shown += "" if stopped else stream.rest()
    places = [i for i in (text.find(s) for s in stops) if i >= 0]
    assert shown == (text[: min(places)] if places else text) and stopped == bool(places)


@pytest.fixture(scope="module")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    tiny.tokenizer(folder)
    return folder
