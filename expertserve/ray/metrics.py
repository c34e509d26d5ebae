"""What the replicas report to Ray's metrics."""

from __future__ import annotations

from ray.serve import metrics

from expertserve.result import InferenceResult

SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]


class ReplicaMeter:
    """Ray's metrics; Serve adds application, deployment and replica to every one."""

    def __init__(self) -> None:
        one = ("expert",)
        self._requests = metrics.Counter(
            "expertserve_replica_requests", "Requests by how they ended.", ("expert", "outcome")
        )
        self._warm = metrics.Counter(
            "expertserve_replica_warm",
            "Requests whose adapter was there, or not.",
            ("expert", "warm"),
        )
        self._tokens = metrics.Counter(
            "expertserve_replica_completion_tokens", "Tokens written.", one
        )
        self._resumed = metrics.Counter(
            "expertserve_replica_resumed_streams", "Streams that it took over.", one
        )
        self._first = metrics.Histogram(
            "expertserve_replica_first_token_seconds", "Until the first token.", SECONDS, one
        )
        self._total = metrics.Histogram(
            "expertserve_replica_request_seconds", "Whole requests.", SECONDS, one
        )
        self._running = metrics.Gauge("expertserve_replica_running", "Requests under way.")
        self._resident = metrics.Gauge(
            "expertserve_replica_resident", "Experts whose adapters are at hand."
        )

    def answered(
        self, expert: str, outcome: str, *, warm: bool, result: InferenceResult | None
    ) -> None:
        self._requests.inc(tags={"expert": expert, "outcome": outcome})
        self._warm.inc(tags={"expert": expert, "warm": "yes" if warm else "no"})
        if result is None:
            return
        if result.resumed:
            self._resumed.inc(tags={"expert": expert})
        if result.usage.completion_tokens:
            self._tokens.inc(result.usage.completion_tokens, tags={"expert": expert})
        self._first.observe(result.timing.first_token, tags={"expert": expert})
        self._total.observe(result.timing.total, tags={"expert": expert})

    def running(self, requests: int, resident: int) -> None:
        self._running.set(requests)
        self._resident.set(resident)
