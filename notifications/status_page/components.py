"""What the public is told of, one small class each. Checks that are not here are of no concern to it."""

from typing import ClassVar

from notifications.system_monitor.checks.database import Database
from notifications.system_monitor.checks.failed_messages import FailedMessages
from notifications.system_monitor.checks.message_delivery import MessageDelivery
from notifications.system_monitor.checks.sms_service import SmsService


class Component:
    check: ClassVar[str]
    """The slug of the check whose state it has, and whose incidents are its own."""
    title: ClassVar[str]
    about: ClassVar[str]
    trouble: ClassVar[str]
    """What its incidents are called here."""


class Website(Component):
    check = Database.slug
    title = "Website and API"
    about = "Signing in, the inbox, and programs that call us."
    trouble = "Trouble with the website and the API"


class Sending(Component):
    check = SmsService.slug
    title = "Sending messages"
    about = "Handing messages over to the mobile networks."
    trouble = "Trouble with sending messages"


class Arrival(Component):
    check = FailedMessages.slug
    title = "Arrival of messages"
    about = "Messages reach the phones that they are for."
    trouble = "More messages than usual do not arrive"


class Speed(Component):
    check = MessageDelivery.slug
    title = "Speed of delivery"
    about = "Messages arrive soon after they were sent."
    trouble = "Messages are delayed"


COMPONENTS: tuple[type[Component], ...] = (Website, Sending, Arrival, Speed)
BY_CHECK = {component.check: component for component in COMPONENTS}
