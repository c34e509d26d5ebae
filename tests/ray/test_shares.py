"""A key's limits over several ingress processes, with a clock of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

import pytest

from expertserve.ray import shares as ray_shares
from expertserve.ray.shares import LEASE_SECONDS, SILENT_SECONDS, Lessee, Shares
from expertserve.server.auth import Key
from expertserve.server.limits import KeyUse, RateLimits, Share
from expertserve.server.problems import Refusal

STEP = 0.05


class Site:
    """Ingress processes that share limits, and time that passes in steps."""

    def __init__(self, processes: int = 3) -> None:
        self.now = 0.0
        self.office: Shares | None = Shares(lambda: self.now)
        self.doors = [RateLimits(1000, lambda: self.now, part=1 / 3) for _ in range(processes)]
        self.silent: set[int] = set()
        for number, door in enumerate(self.doors):
            door.ask = self._asker(number)

    def _asker(self, number: int) -> Callable[[], asyncio.Future[None]]:
        async def ask() -> None:
            if self.office and number not in self.silent:
                door = self.doors[number]
                uses = door.uses()
                door.take_over(uses, self.office.lease(str(number), uses))

        return ask  # type: ignore[return-value]

    async def knock(self, number: int, key: Key, tokens: int = 0) -> bool:
        """One request that ends at once."""
        door = self.doors[number]
        await door.ready(key)
        try:
            with door.admit(key) as ticket:
                ticket.charge(tokens)
        except Refusal:
            return False
        return True

    async def run(
        self, seconds: float, key: Key, asking: Sequence[int], tokens: int = 0
    ) -> list[int]:
        """Those of `asking` ask in every step; how many each let in."""
        let = [0] * len(self.doors)
        for step in range(round(seconds / STEP)):
            self.now += STEP
            for number in asking:
                let[number] += await self.knock(number, key, tokens)
            if step % round(LEASE_SECONDS / STEP) == 0:
                for door in self.doors:
                    assert door.ask
                    await door.ask()
        return let


def key(**limits: float) -> Key:
    return Key.model_validate({"name": "a", "sha256": "0" * 64, **limits})


@pytest.mark.parametrize("asking", [[0, 1, 2], [0, 0, 0], [0, 0, 1]])
def test_a_keys_rate_is_one_rate_over_three_processes(asking: list[int]) -> None:
    async def run() -> None:
        site, wanted = Site(), key(requests_per_minute=600)
        first = await site.run(60, wanted, asking)
        assert 1150 <= sum(first) <= 1230, "its minute at once, and what flowed in"
        then = await site.run(60, wanted, asking)
        assert 570 <= sum(then) <= 630, then

    asyncio.run(run())


def test_tokens_that_are_known_later_count_for_all() -> None:
    async def run() -> None:
        site, wanted = Site(), key(tokens_per_minute=6000)
        await site.run(60, wanted, [0, 1, 2], tokens=50)
        then = await site.run(120, wanted, [0, 1, 2], tokens=50)
        assert 200 <= sum(then) <= 260, then  # 240 of them are 12,000 tokens

    asyncio.run(run())


def test_without_an_answer_everybody_keeps_to_the_last_share() -> None:
    async def run() -> None:
        site, wanted = Site(), key(requests_per_minute=600)
        await site.run(90, wanted, [0, 0, 1, 2])
        site.office = None
        gone = await site.run(60, wanted, [0, 1, 2])
        assert 400 <= sum(gone) <= 660 and all(gone), gone
        site.office = Shares(lambda: site.now)
        back = await site.run(60, wanted, [0, 1, 2])
        assert 540 <= sum(back) <= 660, "one that begins again gives no second minute"

    asyncio.run(run())


def test_a_process_that_never_had_an_answer_has_its_part_alone() -> None:
    async def run() -> None:
        site, wanted = Site(), key(requests_per_minute=600, concurrent=9)
        site.office = None
        let = await site.run(60, wanted, [0, 0, 0])
        assert let[0] <= 401 and site.doors[0].uses()[0].running == 0
        with ExitStack() as stack:
            site.now += 60
            for _ in range(3):
                stack.enter_context(site.doors[0].admit(wanted))
            with pytest.raises(Refusal, match="requests running"):
                stack.enter_context(site.doors[0].admit(wanted))

    asyncio.run(run())


@pytest.mark.parametrize("limit", [1, 2, 8])
def test_requests_at_once_are_counted_over_all(limit: int) -> None:
    async def run() -> None:
        site, wanted = Site(), key(concurrent=limit)
        with ExitStack() as stack:
            for turn in range(limit):
                door = site.doors[turn % 3]
                await door.ready(wanted)
                stack.enter_context(door.admit(wanted))
                await site.run(1, wanted, [])
            for number in range(3):
                assert not await site.knock(number, wanted)
        for number in (2, 0, 1, 2, 1, 0):  # nothing runs, wherever the next one comes
            for door in site.doors:  # what `freed` does
                assert door.ask
                await door.ask()
            assert await site.knock(number, wanted)

    asyncio.run(run())


def test_a_small_rate_can_be_used_anywhere_once() -> None:
    async def run() -> None:
        site, wanted = Site(), key(requests_per_minute=2)
        assert await site.knock(2, wanted) and await site.knock(0, wanted)
        assert not any([await site.knock(n, wanted) for n in range(3)])
        assert sum(await site.run(30, wanted, [1])) == 1

    asyncio.run(run())


def test_what_a_process_held_is_free_when_it_is_gone() -> None:
    async def run() -> None:
        site, wanted = Site(), key(concurrent=2)
        await site.doors[0].ready(wanted)
        await site.run(1, wanted, [])
        with ExitStack() as lost:
            for _ in range(2):
                await site.doors[0].ready(wanted)
                lost.enter_context(site.doors[0].admit(wanted))
            await site.run(1, wanted, [1])
            assert not await site.knock(1, wanted)
            site.silent = {0}
            await site.run(SILENT_SECONDS + 1, wanted, [])
            assert await site.knock(1, wanted)

    asyncio.run(run())


def test_many_who_wait_ask_once_together_and_a_silent_office_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ray_shares, "ANSWER_SECONDS", 0.05)
    asked: list[int] = []

    class Slow:
        dead = False
        shares = Shares()

        async def lease(self, who: str, uses: Sequence[KeyUse]) -> Mapping[str, Share]:
            asked.append(uses[0].waiting)
            await asyncio.sleep(60 if self.dead else 0.01)
            return self.shares.lease(who, uses)

    async def run() -> None:
        office, limits, wanted = Slow(), RateLimits(1000), key(requests_per_minute=600)
        lessee = Lessee(limits, office, "me", 3)
        try:
            await asyncio.gather(*(limits.ready(wanted) for _ in range(20)))
            assert asked == [1, 19]
            office.dead = True
            with ExitStack() as stack:
                with pytest.raises(Refusal):
                    for _ in range(600):
                        stack.enter_context(limits.admit(wanted))
                began = asyncio.get_running_loop().time()
                for _ in range(20):
                    await limits.ready(wanted)
                assert asyncio.get_running_loop().time() - began < 0.2 and len(asked) == 3
        finally:
            await lessee.close()

    asyncio.run(run())
