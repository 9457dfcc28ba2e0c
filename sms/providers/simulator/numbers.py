"""Numbers that decide what becomes of a message, whatever the profile: those that end in `0000` and three digits.

Every one of them is a valid number behind +25575, and in most countries. docs/simulator.md lists them; a test holds
the two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass

#: A receipt: seconds after submission, the carrier's word, and for failures our reason.
Planned = tuple[float, str, str]
SENT: Planned = (0.2, "ENROUTE", "")
DELIVERED: Planned = (0.6, "DELIVRD", "")


@dataclass(frozen=True)
class Magic:
    meaning: str
    receipts: tuple[Planned, ...] = (SENT, DELIVERED)
    refused: str = ""
    """How the gateway answers instead of taking it: permanent, temporary, throttled or uncertain."""
    reason: str = ""
    times: int = 0
    """How often it answers so before it takes the message; 0: always."""
    is_lost: bool = False
    """It takes the message, and its answer gets lost."""
    answer_after: float = 0.0
    """Seconds from taking it to saying so."""


def _ends(word: str, reason: str) -> tuple[Planned, ...]:
    return (SENT, (0.6, word, reason))


MAGIC: Mapping[str, Magic] = {
    "0000100": Magic("delivered"),
    "0000101": Magic("delivered after a minute", receipts=((1.0, "ENROUTE", ""), (60.0, "DELIVRD", ""))),
    "0000102": Magic("delivered, without a receipt that it was sent", receipts=(DELIVERED,)),
    "0000201": Magic("undelivered: absent_subscriber", receipts=_ends("UNDELIV", "absent_subscriber")),
    "0000202": Magic("undelivered: network_congestion", receipts=_ends("UNDELIV", "network_congestion")),
    "0000203": Magic("undelivered: unknown_subscriber", receipts=_ends("UNDELIV", "unknown_subscriber")),
    "0000204": Magic("undelivered: unknown_error", receipts=_ends("UNDELIV", "unknown_error")),
    "0000205": Magic(
        "undelivered: absent_subscriber, and delivered after all",
        receipts=(*_ends("UNDELIV", "absent_subscriber"), (2.0, "DELIVRD", "")),
    ),
    "0000301": Magic("rejected by the network: blocked_by_operator", receipts=_ends("REJECTD", "blocked_by_operator")),
    "0000302": Magic("rejected by the network: filtered", receipts=_ends("REJECTD", "filtered")),
    "0000303": Magic("refused by the gateway: invalid_number", refused="permanent", reason="invalid_number"),
    "0000304": Magic("refused by the gateway: sender_id_refused", refused="permanent", reason="sender_id_refused"),
    "0000401": Magic("expired: validity_passed", receipts=_ends("EXPIRED", "validity_passed")),
    "0000402": Magic("taken, and never heard of again", receipts=()),
    "0000403": Magic("sent, and never heard of again", receipts=(SENT,)),
    "0000501": Magic("taken, but the answer gets lost: unknown until it is asked about", is_lost=True),
    "0000502": Magic(
        "not taken, without an answer: unknown until it is asked about, then sent again",
        refused="uncertain",
        reason="gateway_not_answering",
        times=1,
    ),
    "0000503": Magic("refused as too fast once, then delivered", refused="throttled", reason="throttled", times=1),
    "0000504": Magic(
        "refused for now twice, then delivered", refused="temporary", reason="gateway_unavailable", times=2
    ),
    "0000505": Magic("refused for now, every time", refused="temporary", reason="gateway_unavailable"),
    "0000601": Magic("delivered; every receipt comes three times", receipts=(SENT,) * 3 + (DELIVERED,) * 3),
    "0000602": Magic(
        "delivered; the receipts come in the wrong order, with a false failure among them",
        receipts=((0.2, "DELIVRD", ""), (0.4, "UNDELIV", "network_congestion"), (0.6, "ENROUTE", "")),
    ),
    "0000603": Magic(
        "delivered; the receipts come before the gateway's answer",
        receipts=((0.0, "ENROUTE", ""), (0.0, "DELIVRD", "")),
        answer_after=1.5,
    ),
    "0000604": Magic(
        "delivered; that it was sent is reported late, after that",
        receipts=((0.2, "DELIVRD", ""), (2.0, "ENROUTE", "")),
    ),
}
DIGITS = 7


def magic_of(recipient: str) -> Magic | None:
    """What the number asks to happen to its message, by its last seven digits; None of an ordinary one."""
    return MAGIC.get(recipient[-DIGITS:])
