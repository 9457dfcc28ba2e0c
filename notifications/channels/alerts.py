"""The operators' channels: Apprise addresses and mailboxes of the settings, each a delivery of its own."""

from typing import ClassVar

from notifications.channels import operators
from notifications.channels.base import Channel, Parcel, Refused, TryAgain


class Operators(Channel):
    slug = "operators"
    #: Each may take ALERT_TIME_LIMIT, and one who hangs must not keep the others waiting for long.
    batch: ClassVar[int] = 5
    attempts: ClassVar[int] = 10
    backoff: ClassVar[tuple[int, ...]] = (5, 15, 60, 300, 900, 1800, 3600)

    def send(self, parcel: Parcel) -> str:
        """The beginning of a problem, its worsening and its end carry the same id: PagerDuty and others join them."""
        if parcel.address not in operators.everybody():
            raise Refused("This operator is no longer among ALERT_URLS and ALERT_EMAILS.")
        event = str(parcel.content["event"]).partition(":")[0]
        alert = operators.Alert(
            id=f"incident-{parcel.content['incident']}",
            title=parcel.content["title"],
            text=f"{parcel.content['message']}\n\nDelivery {parcel.id}",
            is_over=event == "resolved",
            step="opened" if event == "reported" else str(parcel.content["event"]).replace(":", "-"),
        )
        if not operators.tell(alert, [parcel.address]):
            raise TryAgain("It did not take the alert in time.")
        return alert.id
