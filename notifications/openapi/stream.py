"""The event stream, as `/api/schema/` tells of it."""

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from accounts.describing import Done, call

TAG = "Inbox"
EVENTS = """retry: 2140
: welcome

id: 5f0c1d2e3a4b5c6d
event: inbox
data: {"version": "5f0c1d2e3a4b5c6d", "within": 0}

"""


class TicketReply(Done):
    ticket = serializers.CharField(help_text="Opens one stream, once.")
    url = serializers.CharField(help_text="Where to, on this host.")
    expires_in = serializers.IntegerField(min_value=1, help_text="Seconds.")


WATCH = call(
    "watchInbox",
    "Server-Sent Events: told at once when my inbox changed",
    more="`inbox`: poll now, or at a random moment `within` so many seconds. `poll`: something may have been missed, "
    "poll once. `bye`: the stream ends, come back after `retry` milliseconds. A session cookie lets in, or a ticket. "
    "Where no proxy routes this path to the stream's process, the reply is a redirect there.",
    tag=TAG,
    query=[
        OpenApiParameter("ticket", str, description="Of POST stream/ticket/, instead of a session cookie."),
        OpenApiParameter("last_event_id", str, description="For clients that cannot send Last-Event-ID."),
        OpenApiParameter(
            "Last-Event-ID", str, OpenApiParameter.HEADER, description="What came after this event is told first."
        ),
    ],
    reply={"type": "string"},
    media_type="text/event-stream",
    example=EVENTS,
    empty={307: "To the stream's own address."},
    refusals={429: ("Too many streams of one person, or too many calls.", "too_many_streams")},
)
ISSUE_TICKET = call(
    "issueStreamTicket",
    "A ticket that opens one event stream, once",
    more="Tied to my session, and to the tenant in which I work now.",
    tag=TAG,
    reply=TicketReply,
    example={
        "success": True,
        "ticket": "vV0c3lq0cVZJm3yYw2aXh1T5b7QeKd9f",
        "url": "/api/notifications/stream/?ticket=vV0c3lq0cVZJm3yYw2aXh1T5b7QeKd9f",
        "expires_in": 30,
    },
)
