"""Ray's request router over Affinity."""

from __future__ import annotations

from ray.serve.request_router import (
    FIFOMixin,
    MultiplexMixin,
    PendingRequest,
    ReplicaID,
    ReplicaResult,
    RequestRouter,
    RunningReplica,
)

from expertserve.ray.affinity import Affinity

NO_ADAPTER = "*"
"""Ray's router looks at requests with a model id alone; this one says that any replica will do."""

ONLY = "@"


def only(replica: str) -> str:
    """The model id of a call that is for one replica; another one gets it where that is gone."""
    return ONLY + replica


class AffinityRouter(FIFOMixin, MultiplexMixin, RequestRouter):  # type: ignore[misc]
    """Ray's request router over `Affinity`; the multiplexed model id is the expert."""

    def initialize_state(self, capacity: int = 8, spill: int = 8) -> None:
        self._affinity = Affinity(capacity, spill)
        self._seen: dict[str, object] = {}

    def update_replicas(self, replicas: list[RunningReplica]) -> None:
        super().update_replicas(replicas)
        names = {str(r.replica_id.unique_id): r for r in replicas}
        self._affinity.keep(names.keys())
        self._seen = {n: s for n, s in self._seen.items() if n in names}
        for name, replica in names.items():
            stats = replica.routing_stats
            if stats and self._seen.get(name) != stats:
                self._seen[name] = stats
                self._affinity.reported(name, stats["experts"])

    async def choose_replicas(
        self,
        candidate_replicas: list[RunningReplica],
        pending_request: PendingRequest | None = None,
    ) -> list[list[RunningReplica]]:
        if pending_request is not None:
            pending_request.routing_context.should_backoff = True
        by_name = {str(r.replica_id.unique_id): r for r in candidate_replicas}
        wanted = _model_id(pending_request)
        if wanted.startswith(ONLY):
            first = by_name.get(wanted.removeprefix(ONLY))
            return [[first]] if first else [candidate_replicas]
        loads = {n: self.replica_queue_len_cache.get(r.replica_id) or 0 for n, r in by_name.items()}
        order = self._affinity.order(_expert(pending_request), loads)
        if order and pending_request is not None:
            self._affinity.routed(
                _expert(pending_request), order[0]
            )  # at once: more of them may be on their way
        return [[by_name[n]] for n in order]

    def on_request_routed(
        self, pending_request: PendingRequest, replica_id: ReplicaID, result: ReplicaResult
    ) -> None:
        self._affinity.routed(_expert(pending_request), str(replica_id.unique_id))


def _expert(request: PendingRequest | None) -> str:
    name = _model_id(request)
    return "" if name == NO_ADAPTER or name.startswith(ONLY) else name


def _model_id(request: PendingRequest | None) -> str:
    return request.metadata.multiplexed_model_id if request is not None else ""
