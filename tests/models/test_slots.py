"""The queue for a backend."""

import asyncio

from ponder.models.slots import Slots, slots


async def served(queue: Slots, ranks: list[int]) -> list[int]:
    """The ranks of callers that all wait, in the order in which they are served."""
    order: list[int] = []

    async def call(rank: int) -> None:
        async with queue.hold(rank):
            order.append(rank)
            await asyncio.sleep(0)

    async with queue.hold():
        waiting = [asyncio.create_task(call(rank)) for rank in ranks]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    return order


async def test_waiters_are_served_by_rank_and_then_as_they_came() -> None:
    assert await served(Slots(1), [0, -2, -1, -2]) == [-2, -2, -1, 0]


async def test_no_more_run_than_there_are_slots() -> None:
    queue, running, most = Slots(3), 0, 0

    async def call() -> None:
        nonlocal running, most
        async with queue.hold():
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.001)
            running -= 1

    await asyncio.gather(*(call() for _ in range(20)))

    assert most == 3


async def test_a_waiter_that_is_cancelled_costs_no_slot() -> None:
    queue = Slots(1)

    async def hold() -> None:
        async with queue.hold():
            await asyncio.sleep(0)

    async with queue.hold():
        waiting = [asyncio.create_task(hold()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
    # The second is given the slot and cancelled before it wakes; the third gets it.
    waiting[1].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)

    assert [task.cancelled() for task in waiting] == [True, True, False]
    async with asyncio.timeout(1), queue.hold():
        pass


async def test_a_backend_has_one_queue() -> None:
    assert slots("a", 2) is slots("a", 5)
    assert slots("a", 2) is not slots("b", 2)
