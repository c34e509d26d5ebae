"""Prometheus metrics, per expert, in a registry of the server's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import Metric
from prometheus_client.exposition import generate_latest

from expertserve.result import InferenceResult

if TYPE_CHECKING:
    from expertserve.core.entry import ExpertInfo

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
PER_TOKEN = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1)
STATES = ("registered", "resident", "slot")


class _Engine:
    """vLLM's own metrics, which it keeps in the process's default registry."""

    def collect(self) -> Iterator[Metric]:
        return (m for m in REGISTRY.collect() if m.name.startswith("vllm"))


class Metrics:
    """What happened since the start. Labels are names of loaded experts only, so that strangers'
    requests add no series.
    """

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        one = ("expert",)
        self.requests = Counter(
            "expertserve_requests", "Requests by how they ended: stop, length, cancelled, timeout, refused, error.",
            ("expert", "outcome"), registry=registry,
        )  # fmt: skip
        self.refused = Counter(
            "expertserve_refused",
            "Requests that never reached an expert, by status.",
            ("status",),
            registry=registry,
        )
        self.pending = Gauge(
            "expertserve_pending", "Answers running or waiting.", registry=registry
        )
        self.queue = Histogram(
            "expertserve_queue_seconds",
            "From acceptance to the engine.",
            one,
            buckets=SECONDS,
            registry=registry,
        )
        self.swap = Histogram(
            "expertserve_swap_seconds",
            "Until the expert's adapter was resident.",
            one,
            buckets=SECONDS,
            registry=registry,
        )
        self.first = Histogram(
            "expertserve_time_to_first_token_seconds",
            "From acceptance to the first token.",
            one,
            buckets=SECONDS,
            registry=registry,
        )
        self.each = Histogram(
            "expertserve_time_per_output_token_seconds", "Mean over a request, after its first token.", one, buckets=PER_TOKEN,
            registry=registry,
        )  # fmt: skip
        self.total = Histogram(
            "expertserve_request_seconds",
            "Whole requests.",
            one,
            buckets=SECONDS,
            registry=registry,
        )
        self.prompt_tokens = Counter(
            "expertserve_prompt_tokens", "Tokens read.", one, registry=registry
        )
        self.completion_tokens = Counter(
            "expertserve_completion_tokens", "Tokens written.", one, registry=registry
        )
        self.verdicts = Counter(
            "expertserve_grammar_verdicts", "Answers under a grammar: complete, forced, incomplete, invalid.", ("expert", "verdict"),
            registry=registry,
        )  # fmt: skip
        self.loads = Counter(
            "expertserve_loads",
            "Packages loaded, replaced or unloaded by name.",
            ("expert", "action"),
            registry=registry,
        )
        self.evictions = Counter(
            "expertserve_evictions",
            "Adapters that left the engine for others.",
            one,
            registry=registry,
        )
        self.experts = Gauge(
            "expertserve_experts", "Loaded experts by state.", ("state",), registry=registry
        )
        self.in_flight = Gauge(
            "expertserve_in_flight", "An expert's requests in the manager.", one, registry=registry
        )
        self.bytes = Gauge(
            "expertserve_adapter_bytes", "What an expert's adapter takes.", one, registry=registry
        )
        self.ready = Gauge("expertserve_ready", "1 while the engine answers.", registry=registry)
        self._evicted: dict[str, int] = {}
        registry.register(_Engine())

    def finished(self, expert: str, outcome: str, results: Iterable[InferenceResult]) -> None:
        """Counts a request that reached its expert; `results` are whole or partial."""
        self.requests.labels(expert, outcome).inc()
        for result in results:
            self._measure(expert, result)

    def _measure(self, expert: str, result: InferenceResult) -> None:
        timing, written = result.timing, result.usage.completion_tokens
        self.queue.labels(expert).observe(timing.queue)
        self.swap.labels(expert).observe(timing.load)
        self.prompt_tokens.labels(expert).inc(result.usage.prompt_tokens)
        self.completion_tokens.labels(expert).inc(written)
        self.total.labels(expert).observe(timing.total)
        if written:
            self.first.labels(expert).observe(timing.first_token)
        if written > 1:
            self.each.labels(expert).observe(
                max(0.0, timing.total - timing.first_token) / (written - 1)
            )
        for completion in result.completions:
            if (verdict := completion.grammar) and completion.finish_reason != "cancelled":
                kind = (
                    "forced"
                    if verdict.forced_suffix
                    else "complete"
                    if verdict.complete
                    else "incomplete"
                )
                self.verdicts.labels(expert, "invalid" if verdict.valid is False else kind).inc()

    def loaded(self, expert: str, action: str) -> None:
        """`load`, `replace` or `unload`."""
        self.loads.labels(expert, action).inc()

    def observe(self, experts: Sequence[ExpertInfo], *, ready: bool) -> None:
        """Takes over what the manager says now: states, slots; and what was evicted since the last
        look.
        """
        self.ready.set(ready)
        states = dict.fromkeys(STATES, 0)
        self.in_flight.clear()
        self.bytes.clear()
        for info in experts:
            states[info.state] = states.get(info.state, 0) + 1
            self.in_flight.labels(info.name).set(info.in_flight)
            self.bytes.labels(info.name).set(info.adapter_bytes)
            seen = self._evicted.get(info.name, 0)
            self.evictions.labels(info.name).inc(
                info.evictions - seen if info.evictions >= seen else info.evictions
            )
        self._evicted = {info.name: info.evictions for info in experts}
        for state, count in states.items():
            self.experts.labels(state).set(count)

    def text(self) -> bytes:
        """The exposition format, vLLM's own metrics behind ours."""
        return generate_latest(self._registry)
