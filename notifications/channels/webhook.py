"""Signed calls to the endpoints of tenants and of the platform."""

import datetime
import email.utils
from collections.abc import Mapping
from http import HTTPStatus

from django.utils import timezone

from notifications.channels.base import Channel, Parcel, Refused, TryAgain, Uncertain
from notifications.models import WebhookEndpoint
from notifications.webhooks import calling, standing
from notifications.webhooks.signing import TEST, body_of, headers_of

#: The longest that a receiver may have us wait with Retry-After, or that one rests which does not answer at all.
LONGEST_REST = datetime.timedelta(hours=1)
#: How much longer one rests with each call in a row that it lets run out of time.
REST_EACH_TIME = datetime.timedelta(seconds=15)
#: A mistake in an endpoint's configuration is common and soon mended, so a 4xx is asked again; so many calls of one
#: message say that it is the message that is not wanted.
MOST_REFUSALS = 5
#: 4xx that say nothing of the message: too slow, too early, too many.
PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
#: What a status asks for besides, in words for the endpoint's owner.
ADVICE: Mapping[int, str] = {
    **dict.fromkeys((301, 302, 303, 307, 308), "Redirections are not followed: enter the address it leads to."),
    401: "It asks for credentials: let it verify the signature instead.",
    403: "It asks for credentials: let it verify the signature instead.",
    404: "There is nothing at this address.",
    405: "It takes no POST.",
}


class Webhook(Channel):
    slug = "webhook"
    #: Few, since each may take WEBHOOK_TIMEOUT_SECONDS.
    batch = 10
    #: Over two days: receivers are mended by people, who have week-ends.
    attempts = 10
    backoff = (5, 60, 600, 1800, 7200, 18_000, 36_000, 50_400, 72_000)

    def send(self, parcel: Parcel) -> str:
        endpoint = WebhookEndpoint.objects.filter(pk__in=[parcel.endpoint]).first()
        if endpoint is None or not endpoint.is_active:
            raise Refused("The webhook is disabled." if endpoint else "The webhook was deleted.")
        now = timezone.now()
        is_asked_for = parcel.content["type"] == TEST and parcel.attempt == 1
        if endpoint.resting_until and now < endpoint.resting_until and not is_asked_for:
            after = _not_before(parcel, endpoint.resting_until - now)
            raise TryAgain("The webhook rests after earlier calls.", after=after)
        body = body_of(parcel.content)
        headers = headers_of(endpoint, message_id=parcel.id, body=body, now=now)
        try:
            answer = calling.post(endpoint.url, headers={"Content-Type": "application/json"} | headers, body=body)
        except calling.NotCalled as silent:
            _rest(endpoint, str(silent))
            raise TryAgain(str(silent)) from None
        except calling.NoAnswer as silent:
            _rest(endpoint, str(silent))
            raise Uncertain(str(silent)) from None
        return _judged(endpoint, parcel, answer)


def _rest(endpoint: WebhookEndpoint, reason: str) -> None:
    """One that does not answer costs a worker its whole time, in which nobody else's messages go out."""
    rest = min(REST_EACH_TIME * (endpoint.failures + 1), LONGEST_REST)
    standing.failed(endpoint=endpoint, reason=reason, rest=rest)


def _judged(endpoint: WebhookEndpoint, parcel: Parcel, answer: calling.Answer) -> str:
    """The reference of an answer that took it; raises for every other one."""
    if answer.is_success:
        standing.took(endpoint=endpoint)
        return f"HTTP {answer.status}"
    reason = _worded(answer.status)
    if answer.status == HTTPStatus.GONE:
        standing.gone(endpoint=endpoint)
        raise Refused(reason)
    rest = None
    if answer.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        rest = _retry_after(answer.headers)
    standing.failed(endpoint=endpoint, reason=reason, rest=rest)
    is_refusal = HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
    if is_refusal and answer.status not in PASSING and parcel.attempt >= MOST_REFUSALS:
        raise Refused(reason)
    raise TryAgain(reason, after=rest and _not_before(parcel, rest))


def _not_before(parcel: Parcel, rest: datetime.timedelta) -> datetime.timedelta:
    """What is asked for prolongs the backoff and never shortens it, or short rests would use up all attempts."""
    return max(rest, Webhook.pause_after(parcel.attempt))


def _worded(status: int) -> str:
    try:
        phrase = f" {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = ""
    return f"HTTP {status}{phrase}. {ADVICE.get(status, '')}".strip()


def _retry_after(headers: Mapping[str, str]) -> datetime.timedelta | None:
    """From a number of seconds or a date (RFC 9110, section 10.2.3), bounded; None where it does not say."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        wanted = datetime.timedelta(seconds=int(text[:9]))
    else:
        try:
            at = email.utils.parsedate_to_datetime(text)
            wanted = (at if at.tzinfo else at.replace(tzinfo=datetime.UTC)) - timezone.now()
        except (ValueError, TypeError, IndexError, OverflowError):  # whatever a stranger writes there
            return None
    return min(max(wanted, datetime.timedelta()), LONGEST_REST)
