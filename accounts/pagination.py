"""Pages whose cursor is an id: deep pages cost what the first one costs, and new rows shift nothing."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.views import APIView

from accounts.fields import IdField, StrictIntegerField
from accounts.query import query_of

OLDER, NEWER = "older_than", "newer_than"
MAX_PAGE = 100


class PageQuery(serializers.Serializer[Any]):
    page_size = StrictIntegerField(min_value=1, max_value=MAX_PAGE, default=20)
    older_than = IdField(required=False)
    newer_than = IdField(required=False)

    def validate(self, asked: dict[str, Any]) -> dict[str, Any]:
        if len(asked.keys() & {OLDER, NEWER}) > 1:
            raise serializers.ValidationError({NEWER: [f"Not together with {OLDER}."]})
        return asked


class IdPagination(BasePagination):
    """Newest first. `next` leads to older rows, `previous` to newer ones; both are whole addresses, or null."""

    def paginate_queryset(  # type: ignore[override] # a list of rows has no ids to page by in SQL
        self, queryset: QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        query = PageQuery(data=query_of(request))
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        size, older, newer = asked["page_size"], asked.get(OLDER), asked.get(NEWER)
        self.address = request.build_absolute_uri()
        if newer is not None:
            rows = list(queryset.filter(pk__gt=newer).order_by("pk")[: size + 1])
            more, page = len(rows) > size, rows[:size][::-1]
            self._link(page, has_newer=more, has_older=bool(page))
        else:
            older_rows = queryset.filter(pk__lt=older) if older is not None else queryset
            rows = list(older_rows.order_by("-pk")[: size + 1])
            page = rows[:size]
            self._link(page, has_newer=older is not None and bool(page), has_older=len(rows) > size)
        return page

    def _link(self, page: list[Any], *, has_newer: bool, has_older: bool) -> None:
        self.next = self._to(OLDER, page[-1].pk) if has_older else None
        self.previous = self._to(NEWER, page[0].pk) if has_newer else None

    def _to(self, direction: str, key: UUID) -> str:
        address = self.address
        for name in (OLDER, NEWER):
            address = remove_query_param(address, name)
        return replace_query_param(address, direction, str(key))

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self.next, "previous": self.previous, "results": data})
