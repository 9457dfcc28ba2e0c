"""The table of transitions, and that nothing goes around it."""

import pytest
from django.utils import timezone

from sms.models import Message, Status
from sms.models.states import COARSE, FINAL, TRANSITIONS, IllegalTransition, sources
from sms.tests.helpers import make_message
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("platform")]
EVERY = [(before, after) for before in Status for after in Status]


@pytest.mark.parametrize(("before", "after"), EVERY, ids=str)
def test_a_message_moves_along_an_arrow_or_the_mover_is_told_so(tenant: Tenant, before: Status, after: Status) -> None:
    make_message(tenant, status=before)
    if after in TRANSITIONS[before]:
        assert Message.objects.move(after, froms=[before], at=timezone.now()) == 1
        assert Message.objects.get().status == after
    else:
        with pytest.raises(IllegalTransition, match=f"that is {before} cannot become {after}"):
            Message.objects.move(after, froms=[before], at=timezone.now())
        assert Message.objects.get().status == before


def test_a_move_carries_its_time_and_leaves_what_is_elsewhere(tenant: Tenant) -> None:
    moved, stays = make_message(tenant), make_message(tenant, status=Status.DELIVERED)
    now = timezone.now()
    assert Message.objects.move(Status.CANCELLED, froms=[Status.QUEUED], at=now, failure_reason="x") == 1
    for message in (moved, stays):
        message.refresh_from_db()
    assert (moved.status, moved.status_changed_at, moved.failure_reason) == ("cancelled", now, "x")
    assert stays.status == "delivered"


def test_every_state_has_a_coarse_name_and_every_state_but_the_first_can_be_reached() -> None:
    assert set(COARSE) == set(TRANSITIONS) == set(Status)
    assert {status for status in Status if not sources(status)} == set()


def test_from_every_state_some_end_is_reached_and_delivered_and_cancelled_are_for_good() -> None:
    for status in Status:
        seen, frontier = {status}, [status]
        while frontier:
            following = TRANSITIONS[frontier.pop()] - seen
            seen |= following
            frontier += following
        assert seen & set(FINAL), status
    assert [status for status in Status if not TRANSITIONS[status]] == [Status.DELIVERED, Status.CANCELLED]
