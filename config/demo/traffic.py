"""Live traffic for the demo, through the front door: it signs in and sends like any client, over HTTP.

Only the carrier's health is changed from here, as `manage.py simulator profile NAME` would.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator

import requests
from django.conf import settings

from config import demo
from sms.providers import simulator

SAID = {
    "healthy": "The carrier is healthy: nearly every message arrives.",
    "degraded": "The carrier degrades: about three of four messages fail from now on.",
}
SECONDS_BETWEEN_SENDS = 1.0
RECIPIENTS_PER_SEND = 3
#: Valid numbers of Tanzania's numbering plan; nothing here can reach a network.
NUMBERS = range(255754100000, 255754199999)
TEXTS = (
    "Your order is on its way.",
    "Reminder: your appointment is tomorrow at 9:00.",
    "Payment received. Thank you!",
)


class Client:
    """One signed-in caller that signs in again when its token ends."""

    def __init__(self, email: str) -> None:
        self.email = email
        self.session = requests.Session()
        self.session.trust_env = False  # a proxy named in the environment is not this machine

    def call(self, method: str, path: str, **options: object) -> requests.Response | None:
        """The reply, or None while the web process does not answer."""
        url = f"{settings.PUBLIC_URL}{path}"
        try:
            answer = self.session.request(method, url, timeout=10, **options)  # type: ignore[arg-type]
            if answer.status_code == requests.codes.unauthorized:
                self._sign_in()
                answer = self.session.request(method, url, timeout=10, **options)  # type: ignore[arg-type]
        except (requests.RequestException, KeyError):
            return None
        return answer

    def _sign_in(self) -> None:
        credentials = {"email": self.email, "password": settings.DEMO_PASSWORD}
        answer = self.session.post(f"{settings.PUBLIC_URL}/api/auth/login/", json=credentials, timeout=10)
        self.session.headers["Authorization"] = f"Bearer {answer.json()['tokens']['access']}"


def run(*, stop: threading.Event, say: Callable[[str], None]) -> None:
    """Sends until `stop` is set, and says what happens, read from the admin's own inbox."""
    dice = random.Random(settings.SIMULATOR_SEED)  # noqa: S311
    sender, admin = Client(demo.OWNER), Client(demo.ADMIN)
    story, ends = _story(), 0.0
    seen: set[str] | None = None
    turn = 0
    while not stop.is_set():
        started = time.monotonic()
        if started >= ends:
            profile, seconds = next(story)
            simulator.set_profile(profile)
            say(SAID.get(profile) or f"The carrier is {profile}: {simulator.PROFILES[profile].meaning}.")
            ends = started + seconds
        _send(sender, dice)
        if turn % 3 == 0:
            seen = _tell_news(admin, seen, say)
        turn += 1
        stop.wait(max(0.0, SECONDS_BETWEEN_SENDS - (time.monotonic() - started)))


def _story() -> Iterator[tuple[str, int]]:
    """How long the carrier stays in each state, in seconds, over and over."""
    steps = [(name, int(seconds)) for name, _, seconds in (step.partition(":") for step in settings.DEMO_STORY)]
    while True:
        yield from steps


def _send(sender: Client, dice: random.Random) -> None:
    numbers = [f"+{number}" for number in dice.sample(NUMBERS, RECIPIENTS_PER_SEND)]
    body = {"to": numbers, "text": dice.choice(TEXTS), "sender_id": "ACACIA"}
    sender.call("POST", "/api/sms/messages/", json=body)


def _tell_news(admin: Client, seen: set[str] | None, say: Callable[[str], None]) -> set[str] | None:
    answer = admin.call("GET", "/api/notifications/recent/?limit=20")
    if answer is None or answer.status_code != requests.codes.ok:
        return seen
    items = answer.json()["notifications"]
    if seen is not None:  # what was there before this run is no news
        for item in reversed([item for item in items if item["id"] not in seen]):
            say(f"Notification to {admin.email}: {item['title']}. {item['message']}")
    return (seen or set()) | {item["id"] for item in items}
