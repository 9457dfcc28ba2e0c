"""E-mail through Django's mail API: text and HTML, over one SMTP connection a batch."""

import smtplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.utils import parseaddr
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email
from django.db import connection

from notifications import letters, unsubscribing
from notifications.channels.base import Channel, Parcel, Refused, TryAgain, Uncertain
from notifications.delivery.claiming import Claimed

#: The first mail about an incident that this person was sent: the later ones are replies to it.
FIRST = """
SELECT DISTINCT ON (incident_id, recipient_id) incident_id, recipient_id, id FROM notifications_delivery
WHERE incident_id = ANY(%s::uuid[]) AND recipient_id = ANY(%s::uuid[]) AND channel = 'email'
  AND state IN ('waiting', 'claimed', 'sent')
ORDER BY incident_id, recipient_id, id
"""


class Email(Channel):
    slug = "email"
    attempts: ClassVar[int] = 8

    def __init__(self) -> None:
        self._link: Any = get_connection()

    def besides(self, deliveries: Sequence[Claimed]) -> dict[UUID, dict[str, Any]]:
        about = [one for one in deliveries if one.incident_id and one.recipient_id]
        if not about:
            return {}
        with connection.cursor() as cursor:
            cursor.execute(FIRST, [[str(one.incident_id) for one in about], [str(one.recipient_id) for one in about]])
            first = {(incident, person): key for incident, person, key in cursor.fetchall()}
        return {one.id: {"first": first.get((one.incident_id, one.recipient_id))} for one in about}

    @contextmanager
    def opened(self) -> Iterator[None]:
        self._open()
        try:
            yield
        finally:
            self._link.close()

    def _open(self) -> None:
        """One that is open stays open. Raises TryAgain."""
        try:
            self._link.open()
        except (OSError, smtplib.SMTPException) as error:
            raise TryAgain(f"The mail server cannot be reached ({_words(error)}).") from None

    def send(self, parcel: Parcel) -> str:
        require_mailbox(parcel.address)
        message = compose(parcel)
        self._open()  # again, where an earlier one of the batch lost it
        try:
            self._link.send_messages([message])
        except smtplib.SMTPRecipientsRefused as error:
            ((code, said),) = error.recipients.values()
            raise _refusal(code, f"The mail server refuses this mailbox: {code} {_text(said)}") from None
        except smtplib.SMTPDataError as error:
            words = f"The mail server refuses the message: {_words(error)}"
            raise _refusal(error.smtp_code, words) from None
        except smtplib.SMTPResponseException as error:  # of us and not of the recipient: a sender, a sign-in
            self._link.close()
            raise TryAgain(f"The mail server refuses us: {_words(error)}") from None
        except (OSError, smtplib.SMTPException) as error:
            self._link.close()
            raise Uncertain(f"The mail server was lost while it was told ({_words(error)}).") from None
        return str(message.extra_headers["Message-ID"])


def require_mailbox(address: str) -> None:
    """Raises Refused for what is no mailbox, or none that every mail server takes."""
    try:
        validate_email(address)
    except ValidationError:
        raise Refused("This is no e-mail address." if address else "There is no mailbox any more.") from None
    if not address.rpartition("@")[0].isascii():
        raise Refused("The name in front of the @ has letters that not every mail server takes.")


def compose(parcel: Parcel) -> EmailMultiAlternatives:
    """The same at each attempt, so that a mail program that gets it twice can drop the second."""
    person = parcel.extra.get("recipient")
    stop = unsubscribing.link(user_id=person, category=parcel.content["category"]) if person else ""
    letter = letters.write(parcel.content, rule=parcel.extra["rule"], stop=stop)
    message = EmailMultiAlternatives(
        letter.subject, letter.text, settings.DEFAULT_FROM_EMAIL, [parcel.address], headers=_headers(parcel, stop)
    )
    message.attach_alternative(letter.html, "text/html")
    return message


def _headers(parcel: Parcel, stop: str) -> dict[str, str]:
    headers = {
        "Message-ID": _message_id(parcel.id),
        "X-Delivery-Id": str(parcel.id),
        "Auto-Submitted": "auto-generated",  # RFC 3834: nobody's holiday notice answers it
    }
    if stop:  # RFC 8058
        headers |= {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    first = parcel.extra.get("first")
    if first and first != parcel.id:
        headers |= dict.fromkeys(("In-Reply-To", "References"), _message_id(first))
    return headers


def _message_id(key: UUID) -> str:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "bellwether"
    return f"<{key}@{domain}>"


def _refusal(code: int, words: str) -> TryAgain | Refused:
    """RFC 5321, 4.2.1: a code of 4 is for now, one of 5 for good."""
    return TryAgain(words) if 400 <= code < 500 else Refused(words)


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return str(error)[:150] or type(error).__name__


def _text(said: bytes | str) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:200]
