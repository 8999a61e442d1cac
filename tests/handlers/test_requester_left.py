"""An approver's view of a request whose requester has left."""

from bot.domain.requests.person import AccountKind
from tests.support.slack_fixture import Stand


async def test_an_approver_reads_why_no_approval_would_count_and_can_reject(stand: Stand) -> None:
    card = await stand.ask("a\nb")
    stand.shop.ann.account.kind = AccountKind.DEACTIVATED
    stand.clock.pass_by(minutes=2)  # people are looked up again
    await stand.shop.bo.press("Approve…", card)
    await stand.errands.done()
    told = stand.shop.bo.read(stand.shop.bo.ephemerals[-1])
    missing = "@Ann can't request discounts here any more, so approving won't work."
    assert f"{missing} Reject this, or ask" in told
    assert "Reason" in (await stand.opens("Reject…", card)).labels
