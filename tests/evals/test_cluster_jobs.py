"""Who gets which task of a cluster, and what becomes of those that were lost."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from ponder.evals.cluster.jobs import Arm, Job, Jobs
from ponder.evals.folder import read_results
from ponder.evals.results import Result
from tests.evals.clusters import folder


@pytest.fixture
def arm(tmp_path: Path) -> Iterator[Arm]:
    arm = Arm(0, folder(tmp_path / "run", "http://localhost:1/v1"))
    yield arm
    arm.store.close()
    arm.folder.close()


def jobs_of(arm: Arm) -> Jobs:
    return Jobs([arm], lambda folder, result: None)


async def test_no_more_tasks_are_read_than_are_soon_needed(arm: Arm) -> None:
    jobs = jobs_of(arm)
    for task in "ab":
        await jobs.offer(Job(arm, task, None))

    third = asyncio.ensure_future(jobs.offer(Job(arm, "c", None)))
    await asyncio.sleep(0)

    assert not third.done()
    jobs.take([0])
    await third


async def test_a_result_that_comes_twice_is_written_once(arm: Arm) -> None:
    jobs, job = jobs_of(arm), Job(arm, "a", None)
    await jobs.offer(job)

    jobs.end(job, Result("a", worker="one"))
    jobs.end(job, Result("a", worker="two"))
    jobs.give_back(job, begun=True, worker="two")

    assert [result.worker for result in read_results(arm.folder.path)] == ["one"]
    await asyncio.wait_for(jobs.all_done(), 1)


async def test_what_was_lost_comes_first_and_what_may_have_ended_workers_last(arm: Arm) -> None:
    jobs = jobs_of(arm)
    suspect, lost, fresh = (Job(arm, task, None) for task in ("suspect", "lost", "fresh"))
    for job, times in ((suspect, 2), (lost, 1)):
        await jobs.offer(job)
        for _ in range(times):
            assert jobs.take([0]) is job
            jobs.give_back(job, begun=True, worker="w")
        assert jobs.take([0]) is job
    await jobs.offer(fresh)
    jobs.give_back(suspect, begun=False, worker="w")
    jobs.give_back(lost, begun=False, worker="w")

    order = [jobs.take([0]) for _ in range(3)]

    assert order == [lost, fresh, suspect]


async def test_a_task_that_three_workers_were_lost_with_has_an_error(arm: Arm) -> None:
    jobs, job = jobs_of(arm), Job(arm, "a", None)
    await jobs.offer(job)

    for _ in range(3):
        assert jobs.take([0]) is job
        jobs.give_back(job, begun=True, worker="node 7")

    (result,) = read_results(arm.folder.path)
    assert result.error == "3 workers were lost while they had it, the last one node 7"
    assert jobs.take([0]) is None
    await asyncio.wait_for(jobs.all_done(), 1)
