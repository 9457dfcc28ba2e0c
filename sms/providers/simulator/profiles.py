"""How well the simulated network is. docs/simulator.md lists them; a test holds the two together."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """Delays are in seconds."""

    meaning: str
    delivered_share: float = 0.98
    delay: tuple[float, float] = (0.3, 1.5)
    """From submission to the last receipt."""
    answer_delay: tuple[float, float] = (0.0, 0.0)
    """From taking a message to saying so."""
    is_reachable: bool = True
    most_a_second: int = 0
    """What goes beyond is refused as too fast; 0: no limit."""
    flaps_every: int = 0
    """It is reachable for so many seconds and then away for as many; 0: it does not flap."""


PROFILES = {
    "healthy": Profile("nearly every message arrives within two seconds"),
    "degraded": Profile("about three of four messages fail", delivered_share=0.25, delay=(0.5, 2.5)),
    "slow": Profile(
        "messages arrive after 20 to 60 seconds, and the gateway takes its time to answer",
        delay=(20.0, 60.0),
        answer_delay=(0.1, 0.4),
    ),
    "outage": Profile("the gateway refuses every connection", is_reachable=False),
    "throttled": Profile("the gateway takes 5 messages a second and refuses the others as too fast", most_a_second=5),
    "flapping": Profile("the gateway is well for 20 seconds and unreachable for the next 20", flaps_every=20),
}
DEFAULT_PROFILE = "healthy"
#: What becomes of those that are not delivered, as the receipt says it.
FAILURES = (("UNDELIV", "absent_subscriber"), ("UNDELIV", "network_congestion"), ("REJECTD", "blocked_by_operator"))


def is_up(profile: Profile, *, at: float) -> bool:
    """Whether the gateway can be reached at a time, in seconds since 1970."""
    return profile.is_reachable and not (profile.flaps_every and int(at / profile.flaps_every) % 2)
