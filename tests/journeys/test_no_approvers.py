"""A policy by which nobody could ever approve: the log says so at the start, and the refusal says so."""

from structlog.testing import capture_logs

from sandbox.shop import POLICY, SUPPORT, with_channel
from tests.journeys.conftest import Opens
from tests.journeys.steps import RULE

NOBODY = with_channel(POLICY, SUPPORT, approvers=("U0GONE",))


async def test_nobody_can_approve_is_said_at_the_start_and_in_the_first_refusal(opens: Opens) -> None:
    with capture_logs() as logs:
        trip = await opens(policy=NOBODY)
        await trip.shop.slack.until(lambda: [one["channel"] for one in logs if "approvers" in one] or None)
    (warning,) = (one for one in logs if "approvers" in one)
    assert (warning["channel"], warning["approvers"], warning["log_level"]) == (SUPPORT, "0/1", "warning")
    form = await trip.form(by=trip.shop.ann)
    await form.fill({"Rule": RULE, "Customer IDs": "c-1"})
    await form.submit()
    await trip.shop.ann.sees_view(submit="Review", text="Nobody can approve in this channel yet")
