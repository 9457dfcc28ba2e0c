"""My inbox, as `/api/schema/` tells of it."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from accounts.describing import Done, Page, Reply, Said, call, filters, reply_header
from accounts.pagination import PageQuery
from notifications.filters import NotificationFilter
from notifications.serializers.deliveries import DeliverySerializer
from notifications.serializers.inbox import (
    BulkSerializer,
    MarkAllSerializer,
    NotificationSerializer,
    RealQuery,
    RecentQuery,
)

TAG = "Inbox"
ITEM: dict[str, Any] = {
    "id": "01961f10-3b7e-7f21-a6c4-9e0d5b8f2c13",
    "title": "SMS Service: the success rate is low",
    "message": "69.6 % of 56 settled messages in the last 24 hours were delivered; at least 80 % should be.",
    "notification_type": "system",
    "priority": "medium",
    "status": "unread",
    "is_unread": True,
    "is_system": True,
    "is_auto_generated": True,
    "action_text": "",
    "action_url": "",
    "data": {"kind": "sms_service", "scope": "", "state": "open", "occurrences": 1},
    "created_at": "2026-03-10T12:00:00.000Z",
    "updated_at": "2026-03-10T12:00:00.000Z",
    "read_at": None,
    "expires_at": None,
    "time_ago": "2 hours ago",
    "incident": "01961f10-3b70-7c05-8d9e-1f4a6c2b7e88",
}
DELIVERED: dict[str, Any] = {
    "id": "01961f10-3b7f-7a02-9c1e-5d2b8f4a6e01",
    "channel": "email",
    "state": "sent",
    "rule": "E-mail for system: at once, as it is built in.",
    "reason": "",
    "digest": None,
    "created_at": "2026-03-10T12:00:00.000Z",
    "due_at": "2026-03-10T12:00:00.000Z",
    "finished_at": "2026-03-10T12:00:01.000Z",
    "attempts": [
        {"number": 1, "at": "2026-03-10T12:00:01.000Z", "seconds": 0.2, "outcome": "accepted", "reason": ""},
    ],
}
SKIPPED = DELIVERED | {
    "id": "01961f10-3b7f-7a02-9c1e-5d2b8f4a6e02",
    "channel": "sms",
    "state": "skipped",
    "rule": "SMS for system: off, as it is built in.",
    "attempts": [],
}
READ = ITEM | {"status": "read", "is_unread": False, "read_at": "2026-03-10T14:00:00.000Z"}


class PageReply(Page):
    results = NotificationSerializer(many=True)


class RecentReply(Done):
    notifications = NotificationSerializer(many=True)
    unread_count = serializers.IntegerField(min_value=0, help_text="Of the whole inbox, capped at 1000.")


class RealReply(Done):
    notifications = NotificationSerializer(many=True)
    count = serializers.IntegerField(min_value=0)


class UnreadCountReply(Done):
    unread_count = serializers.IntegerField(min_value=0, help_text="Capped at 1000.")


class DayCount(Reply):
    date = serializers.DateField()
    count = serializers.IntegerField(min_value=0)


class CountByStatus(Reply):
    unread = serializers.IntegerField(min_value=0)
    read = serializers.IntegerField(min_value=0)
    archived = serializers.IntegerField(min_value=0)


class Statistics(CountByStatus):
    total = serializers.IntegerField(min_value=0)
    recent_count = serializers.IntegerField(min_value=0, help_text="Of the last 7 days.")
    by_type = serializers.DictField(child=serializers.IntegerField(min_value=1))
    by_priority = serializers.DictField(child=serializers.IntegerField(min_value=1))
    by_status = CountByStatus()
    by_day = DayCount(many=True, help_text="The last 30 days in UTC, the empty ones too.")
    system = serializers.IntegerField(min_value=0)
    read_rate = serializers.FloatField(min_value=0, max_value=100, help_text="Percent that was ever read.")
    median_seconds_to_read = serializers.FloatField(allow_null=True)


class StatisticsReply(Done):
    data = Statistics()  # type: ignore[assignment] # the contract's word for it


class OneReply(Said):
    is_open = True
    notification = NotificationSerializer()


class DeletedReply(Said):
    is_open = True


class MarkedReply(Said):
    marked_count = serializers.IntegerField(min_value=0)


class BulkReply(Done):
    updated_count = serializers.IntegerField(min_value=0)


class DeliveriesReply(Done):
    deliveries = DeliverySerializer(many=True)


LIST = call(
    "listNotifications",
    "All that has not expired, in pages, newest first",
    tag=TAG,
    query=[PageQuery, *filters(NotificationFilter)],
    reply=PageReply,
    example={
        "next": f"https://example.com/api/notifications/?older_than={ITEM['id']}",
        "previous": None,
        "results": [ITEM],
    },
)
POLL = call(
    "pollNotifications",
    "The newest visible ones, and how many are unread",
    more="Made for polling: ask again after `X-Poll-Interval` seconds. An inbox that did not change is a 304.",
    tag=TAG,
    query=[
        RecentQuery,
        OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER, description="The ETag of the last reply."),
        reply_header("ETag", "Changes with what the reply holds.", {"type": "string"}, 200, 304),
        reply_header("X-Poll-Interval", "Seconds until the next poll is welcome.", {"type": "integer"}, 200, 304),
        reply_header("X-Inbox", "The same word for the same person in the same tenant.", {"type": "string"}, 200, 304),
        reply_header("Link", "Where to be told of changes at once: the event stream.", {"type": "string"}, 200, 304),
        reply_header("Cache-Control", "A browser revalidates by itself.", {"type": "string"}, 200, 304),
    ],
    reply=RecentReply,
    example={"success": True, "notifications": [ITEM], "unread_count": 1},
    empty={304: "Nothing changed since that ETag."},
    refusals={429: "Too many polls by one person."},
)
LIST_REAL = call(
    "listNewestNotifications",
    "The newest visible ones, filtered",
    more="`status=archived` looks into the archive, which is left out otherwise.",
    tag=TAG,
    query=[RealQuery, *filters(NotificationFilter)],
    reply=RealReply,
    example={"success": True, "notifications": [ITEM], "count": 1},
)
SHOW_STATISTICS = call(
    "showStatistics",
    "My inbox in numbers",
    tag=TAG,
    reply=StatisticsReply,
    example={
        "success": True,
        "data": {
            "total": 3,
            "unread": 1,
            "read": 2,
            "archived": 0,
            "recent_count": 3,
            "by_type": {"system": 3},
            "by_priority": {"medium": 2, "high": 1},
            "by_status": {"unread": 1, "read": 2, "archived": 0},
            "by_day": [{"date": "2026-03-10", "count": 3}],
            "system": 3,
            "read_rate": 66.7,
            "median_seconds_to_read": 421.0,
        },
    },
)
COUNT_UNREAD = call(
    "countUnread",
    "How many are unread in the whole inbox",
    tag=TAG,
    reply=UnreadCountReply,
    example={"success": True, "unread_count": 1},
)
SHOW = call(
    "showNotification",
    "One notification of mine",
    tag=TAG,
    reply=OneReply,
    example={"success": True, "message": "Notification found", "notification": ITEM},
)
DELETE = call(
    "deleteNotification",
    "Delete one for good",
    tag=TAG,
    reply=DeletedReply,
    example={"success": True, "message": "Notification deleted"},
)
MARK_READ = call(
    "markRead",
    "Mark one as read; repeating it is fine",
    tag=TAG,
    reply=OneReply,
    example={"success": True, "message": "Notification marked as read", "notification": READ},
)
MARK_UNREAD = call(
    "markUnread",
    "Mark one as unread, also one in the archive; repeating it is fine",
    tag=TAG,
    reply=OneReply,
    example={"success": True, "message": "Notification marked as unread", "notification": ITEM},
)
ARCHIVE = call(
    "archiveNotification",
    "Put one away; repeating it is fine",
    tag=TAG,
    reply=OneReply,
    example={
        "success": True,
        "message": "Notification archived",
        "notification": READ | {"status": "archived"},
    },
)
LIST_DELIVERIES = call(
    "listDeliveries",
    "What became of one on every channel, and by which rule",
    more="The inbox comes first. What was not sent says why; what was tried says when and how it ended.",
    tag=TAG,
    reply=DeliveriesReply,
    example={"success": True, "deliveries": [DELIVERED, SKIPPED]},
)
BULK = call(
    "changeManyNotifications",
    "Do one thing to up to 500",
    more="Ids that are not mine are passed over and not counted.",
    tag=TAG,
    body=BulkSerializer,
    given={"ids": [ITEM["id"]], "action": "mark_read"},
    reply=BulkReply,
    example={"success": True, "updated_count": 1},
)
MARK_ALL_READ = call(
    "markAllRead",
    "Mark all that I can see as read",
    tag=TAG,
    body=MarkAllSerializer,
    given={"before": ITEM["id"]},
    reply=MarkedReply,
    example={"success": True, "message": "Marked 4 notifications as read", "marked_count": 4},
)
