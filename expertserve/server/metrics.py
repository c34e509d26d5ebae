"""Prometheus metrics, per expert, in a registry of the server's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import Metric
from prometheus_client.exposition import generate_latest

from expertserve.core.entry import ExpertInfo
from expertserve.result import InferenceResult

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
PER_TOKEN = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1)
STATES = ("registered", "resident", "slot")


LORA_INFO = "vllm:lora_requests_info"
"""What routers read of vLLM: llm-d, the Gateway API's inference extension, KServe."""


class _EngineMetrics:
    """vLLM's own metrics, which it keeps in the process's default registry.

    The one about adapters is ours: vLLM knows them by digests, and routers by experts' names.
    """

    def collect(self) -> Iterator[Metric]:
        found = (m for m in REGISTRY.collect() if m.name.startswith("vllm"))
        return (m for m in found if m.name != LORA_INFO)


class Metrics:
    """Counters since the start. Labels are loaded experts' names only."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"expertserve_{name}", text, labels, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"expertserve_{name}", text, labels, registry=registry)

        def seconds(name: str, text: str, buckets: tuple[float, ...] = SECONDS) -> Histogram:
            full = f"expertserve_{name}_seconds"
            return Histogram(full, text, ("expert",), buckets=buckets, registry=registry)

        ends = "Requests by how they ended: stop, length, cancelled, timeout, refused, error."
        resumed = "How often another engine went on with an answer whose engine was lost."
        self.resumed = counter("resumed_streams", resumed, "expert")
        verdicts = "Answers under a grammar: complete, forced, incomplete, invalid."
        self.requests = counter("requests", ends, "expert", "outcome")
        self.refused = counter("refused", "Requests refused before an expert, by status.", "status")
        self.pending = gauge("pending", "Answers running or waiting.")
        self.queue = seconds("queue", "From acceptance to the engine.")
        self.swap = seconds("swap", "Until the expert's adapter was resident.")
        self.first = seconds("time_to_first_token", "From acceptance to the first token.")
        self.each = seconds("time_per_output_token", "Mean after the first token.", PER_TOKEN)
        self.total = seconds("request", "Whole requests.")
        self.prompt_tokens = counter("prompt_tokens", "Tokens read.", "expert")
        self.completion_tokens = counter("completion_tokens", "Tokens written.", "expert")
        drafted = "Tokens drafted, by source; and those that the model would have written."
        self.drafted = counter("drafted_tokens", drafted, "expert", "source")
        self.accepted = counter("accepted_draft_tokens", drafted, "expert", "source")
        self.verdicts = counter("grammar_verdicts", verdicts, "expert", "verdict")
        self.loads = counter("loads", "Packages loaded, replaced or unloaded.", "expert", "action")
        self.evictions = counter("evictions", "Evictions of an expert's adapter.", "expert")
        self.experts = gauge("experts", "Loaded experts by state.", "state")
        self.in_flight = gauge("in_flight", "An expert's requests in the manager.", "expert")
        self.bytes = gauge("adapter_bytes", "Memory of an expert's adapter.", "expert")
        lookups = "Requests by whether the engine had the expert's adapter: hit, miss."
        self.lookups = counter("adapter_lookups", lookups, "expert", "outcome")
        self.resident = gauge("adapter_resident", "1 while the engine holds it.", "expert")
        names = ("max_lora", "waiting_lora_adapters", "running_lora_adapters")
        told = "Experts by name, as vLLM tells of LoRAs."
        self.loras = Gauge(LORA_INFO, told, names, registry=registry)
        self.broken = gauge("broken_packages", "Packages of folders that can't be served.")
        self.ready = gauge("ready", "1 while the engine answers.")
        self._evicted: dict[str, int] = {}
        registry.register(_EngineMetrics())

    def finished(self, expert: str, outcome: str, results: Iterable[InferenceResult]) -> None:
        """Counts a request that reached its expert; `results` are whole or partial."""
        self.requests.labels(expert, outcome).inc()
        for result in results:
            self._measure(expert, result)

    def _measure(self, expert: str, result: InferenceResult) -> None:
        timing, written = result.timing, result.usage.completion_tokens
        self.queue.labels(expert).observe(timing.queue)
        self.swap.labels(expert).observe(timing.load)
        if timing.hit is not None:
            self.lookups.labels(expert, "hit" if timing.hit else "miss").inc()
        self.prompt_tokens.labels(expert).inc(result.usage.prompt_tokens)
        self.completion_tokens.labels(expert).inc(written)
        if result.resumed:
            self.resumed.labels(expert).inc(result.resumed)
        for count in result.usage.drafts:
            self.drafted.labels(expert, count.source).inc(count.drafted)
            self.accepted.labels(expert, count.source).inc(count.accepted)
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

    def observe(self, experts: Sequence[ExpertInfo], *, ready: bool, slots: int = 0) -> None:
        """Takes over the manager's states and slots, and counts new evictions.

        Args:
            slots: How many adapters one batch may mix.
        """
        self._tell_routers(experts, slots)
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

    def _tell_routers(self, experts: Sequence[ExpertInfo], slots: int) -> None:
        """Which experts' adapters are in use, and which wait to be loaded."""
        busy = [e for e in experts if e.in_flight]
        waiting = ",".join(e.name for e in busy if not e.resident)
        running = ",".join(e.name for e in busy if e.resident)
        self.loras.clear()
        self.loras.labels(str(slots), waiting, running).set_to_current_time()
        self.resident.clear()
        for info in experts:
            if info.adapter_type:
                self.resident.labels(info.name).set(info.resident)

    def text(self) -> bytes:
        """The exposition format, vLLM's own metrics behind ours."""
        return generate_latest(self._registry)
