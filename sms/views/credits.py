"""What my tenant may still send, what became of it, and how it gets more."""

from collections.abc import Iterator

from django.http import StreamingHttpResponse
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.callers import caller
from accounts.filters import narrowed
from accounts.idempotency import idempotent
from accounts.pagination import paged
from accounts.permissions import IsPlatformAdmin
from accounts.reading import read_body, read_query
from sms import services, statistics
from sms.filters import EntryFilter
from sms.models import CreditAccount, CreditEntry
from sms.openapi import credits as openapi
from sms.openapi import statistics as described
from sms.serializers.credits import (
    CreditEntrySerializer,
    StatementQuery,
    StatisticsQuery,
    TopUpSerializer,
    balance,
    moment,
)
from sms.services.credits import Statement
from sms.sheets import neutralised
from sms.views.files import AnyAccept, csv_reply
from tenants.models import Tenant
from tenants.permissions import TenantView
from tenants.scope import enter_scope


class BalanceView(TenantView):
    """GET: for every member, who would else not know whether a batch can be sent."""

    @openapi.SHOW_BALANCE
    def get(self, request: Request) -> Response:
        return Response({"success": True, "balance": balance(CreditAccount.objects.first())})


class LedgerView(TenantView):
    """GET: every movement, newest first, for owners and admins."""

    @openapi.LIST_LEDGER
    def get(self, request: Request) -> Response:
        self.require_manager()
        rows = narrowed(EntryFilter, request, CreditEntry.objects.select_related("actor"))
        return paged(rows, request, CreditEntrySerializer)


class StatementView(TenantView):
    """GET `?since&until`: the same as CSV, oldest first, with what there was after each line."""

    content_negotiation_class = AnyAccept

    @openapi.EXPORT_STATEMENT
    def get(self, request: Request) -> StreamingHttpResponse:
        self.require_manager()
        asked = read_query(request, StatementQuery)
        found = services.statement(self.membership.tenant_id, **asked)
        return csv_reply("statement.csv", _lines(found))


class StatisticsView(TenantView):
    """GET `?since&until`, two days: what was sent, by day, state, provider and reason."""

    @described.SHOW
    def get(self, request: Request) -> Response:
        asked = read_query(request, StatisticsQuery)
        try:
            days = statistics.period(since=asked.get("since"), until=asked.get("until"), today=timezone.now().date())
        except statistics.BadPeriod as bad:
            raise ValidationError({"until" if "until" in asked else "since": [str(bad)]}) from None
        return Response({"success": True, "data": statistics.of(self.membership.tenant_id, days)})


class TopUpView(APIView):
    """POST `{tenant, credits, reference, expires_at?, note?}`, for the platform's admins. The same reference adds
    nothing the second time."""

    permission_classes = [IsAuthenticated, IsPlatformAdmin]

    @openapi.TOP_UP
    @idempotent
    def post(self, request: Request) -> Response:
        wanted = read_body(request, TopUpSerializer)
        tenant = Tenant.objects.filter(pk=wanted.pop("tenant")).first()
        if tenant is None:
            raise ValidationError({"tenant": ["There is no such tenant."]})
        enter_scope(tenant.pk)
        try:
            is_new = services.top_up(tenant_id=tenant.pk, actor=caller(request), **wanted)
        except services.AlreadyMoved as moved:
            raise ValidationError({"reference": [str(moved)]}) from None
        except ValueError as bad:
            raise ValidationError({"expires_at": [str(bad)]}) from None
        words = f"Added {wanted['credits']} credits to" if is_new else "This reference was added before to"
        body = {"success": True, "message": f"{words} {tenant.name}", "is_new": is_new}
        return Response(body | {"balance": balance(CreditAccount.objects.first())})


def _lines(statement: Statement) -> Iterator[list[object]]:
    yield ["at", "kind", "reference", "available", "reserved", "available_after", "reserved_after", "by", "note"]
    yield ["", "opening", "", "", "", statement.available, statement.reserved, "", ""]
    for line in statement.lines():
        entry = line.entry
        actor = neutralised(entry.actor.email) if entry.actor else ""
        yield [
            *(moment(entry.created_at), entry.kind, neutralised(entry.reference)),
            *(entry.available_delta, entry.reserved_delta, line.available, line.reserved),
            *(actor, neutralised(entry.note)),
        ]
