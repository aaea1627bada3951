"""Budgets: read strictly, held exactly."""

import asyncio

import pytest

from ponder.errors import BudgetExhausted, InputError
from ponder.models import Budget, Usage
from ponder.models.budget import Ledger, Promise, Quote


def test_a_budget_is_read_from_its_limits() -> None:
    budget = Budget.parse("calls=40, tokens=20000,usd=0.5,seconds=60")

    assert budget == Budget(calls=40, tokens=20_000, usd=0.5, seconds=60.0)
    assert Budget.parse("") == Budget()


@pytest.mark.parametrize(
    "text",
    [
        "calls=-1",
        "calls=0",
        "calls=1.5",
        "calls",
        "calls=",
        "calls=many",
        "euros=3",
        "usd=nan",
        "seconds=inf",
        "calls=1,calls=2",
        "40",
        "tokens=1e400",
    ],
)
def test_a_wrong_budget_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError) as refused:
        Budget.parse(text)

    assert str(refused.value).startswith("budget: ")
    assert "\n" not in str(refused.value)


async def spend(ledger: Ledger, quote: Quote, usage: Usage) -> int:
    async with ledger.hold(quote) as hold:
        await asyncio.sleep(0)
        hold.spent = usage
    return hold.max_tokens


async def test_calls_beyond_the_limit_are_refused_while_others_are_in_flight() -> None:
    ledger = Ledger(Budget(calls=3))

    got = await asyncio.gather(
        *(spend(ledger, Quote(10, 100), Usage(calls=1)) for _ in range(5)), return_exceptions=True
    )

    assert got[:3] == [100, 100, 100]
    assert all(isinstance(error, BudgetExhausted) for error in got[3:])
    assert str(got[3]) == "budget spent: calls=3"


async def test_a_token_budget_is_not_exceeded_by_calls_in_flight() -> None:
    ledger = Ledger(Budget(tokens=1_000))
    cheap = Usage(calls=1, prompt_tokens=10, completion_tokens=20)

    got = await asyncio.gather(
        *(spend(ledger, Quote(10, 400), cheap) for _ in range(60)), return_exceptions=True
    )

    paid = [grant for grant in got if isinstance(grant, int)]
    assert ledger.spent.tokens <= 1_000
    assert len(paid) > 25  # what turned out cheap made room for others
    assert min(paid) < 400  # and the last replies were shortened to what was left


async def test_a_dollar_budget_counts_the_worst_case() -> None:
    ledger = Ledger(Budget(usd=1.0))
    quote = Quote(0, 1_000, 0.0, 0.0005)

    async with ledger.hold(quote) as first, ledger.hold(quote) as second:
        assert (first.max_tokens, second.max_tokens) == (1_000, 1_000)
        first.spent = second.spent = Usage(calls=1, cost=0.5)
    with pytest.raises(BudgetExhausted, match=r"usd=1\.0"):
        await spend(ledger, quote, Usage(calls=1, cost=0.5))


async def test_a_call_that_fails_is_still_a_call() -> None:
    ledger = Ledger(Budget(calls=1))

    with pytest.raises(ConnectionError):
        async with ledger.hold(Quote(1, 10)):
            raise ConnectionError

    with pytest.raises(BudgetExhausted):
        await spend(ledger, Quote(1, 10), Usage(calls=1))


async def test_a_waiting_call_that_is_cancelled_holds_nothing() -> None:
    ledger = Ledger(Budget(tokens=100))
    async with ledger.hold(Quote(50, 50)) as hold:
        waiting = asyncio.ensure_future(spend(ledger, Quote(50, 50), Usage(calls=1)))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        hold.spent = Usage(calls=1, prompt_tokens=1)

    assert ledger.held == {}
    assert await spend(ledger, Quote(9, 90), Usage(calls=1)) == 90


def test_unknown_cost_stays_unknown_when_added() -> None:
    assert (Usage(cost=1.0) + Usage(cost=None)).cost is None


async def test_no_call_is_made_that_those_after_it_could_not_follow() -> None:
    ledger = Ledger(Budget(calls=5))
    plans = [Quote(0, 10, promise=Promise(f"plan {i}", then=1)) for i in range(4)]

    made = await asyncio.gather(
        *(spend(ledger, plan, Usage(calls=1)) for plan in plans), return_exceptions=True
    )
    codes = [Quote(0, 10, promise=Promise(f"code {i}", after=f"plan {i}")) for i in range(2)]
    written = [await spend(ledger, code, Usage(calls=1)) for code in codes]

    assert made[:2] == written == [10, 10]
    assert all(isinstance(error, BudgetExhausted) for error in made[2:])


async def test_what_a_failed_thought_had_set_aside_is_free_again() -> None:
    ledger = Ledger(Budget(calls=2))
    plan = Quote(0, 10, promise=Promise("plan", then=1))
    await spend(ledger, plan, Usage(calls=1))
    with pytest.raises(BudgetExhausted):
        await spend(ledger, Quote(0, 10), Usage(calls=1))

    ledger.release("plan")

    assert await spend(ledger, Quote(0, 10), Usage(calls=1)) == 10
