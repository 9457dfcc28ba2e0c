"""Traffic that was moved away from a provider is a problem until all of it is back."""

from django.utils import timezone

from notifications.models import Incident
from sms.models import RouteMove
from sms.signals import provider_moved


def moved(before: int, after: int) -> None:
    move = RouteMove(
        provider="carrier", share_before=before, share_after=after, reason="It fails", created_at=timezone.now()
    )
    provider_moved.send(RouteMove, move=move)


def test_it_is_over_when_all_of_it_is_back(db: None) -> None:
    moved(100, 0)
    incident = Incident.objects.get(kind="provider_failover", scope="carrier")
    moved(0, 50)
    incident.refresh_from_db()
    assert incident.state == "open"
    moved(50, 100)
    incident.refresh_from_db()
    assert (incident.state, incident.resolution) == ("resolved", "It has all of its traffic again.")
