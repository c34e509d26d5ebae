"""Requirement: Streaming Inference."""

from __future__ import annotations

import time

import pytest

from expertserve import Expert, ExpertManager
from tests.conftest import SCHEMA

pytestmark = pytest.mark.engine


def test_stream_tokens_from_generation(engine: Expert) -> None:
    times, begun = [], time.monotonic()
    stream = engine.generate_stream("How many lighthouses are in Norway?", schema=SCHEMA)
    texts = []
    for chunk in stream:
        times.append(time.monotonic())
        texts.append(chunk.text)
    first, last = times[0] - begun, times[-1] - begun
    assert len(texts) > 5 and first < 0.75 * last  # token by token, not at once
    assert "".join(texts) == stream.result.text
    assert stream.result.usage.completion_tokens >= len(texts) - 1
    assert stream.result.finish_reason == "stop"


def test_cancel_streaming_generation(engine: Expert, manager: ExpertManager) -> None:
    stream = engine.generate_stream("Tell me a long story.", grammar=None, max_tokens=300)
    for n, _ in enumerate(stream):
        if n == 4:
            break
    assert stream.result.finish_reason == "cancelled"
    assert 0 < stream.result.usage.completion_tokens < 300 and stream.result.text
    end = time.monotonic() + 5
    while manager.info().running and time.monotonic() < end:
        time.sleep(0.05)
    assert manager.info().running == 0 and engine.info.in_flight == 0
