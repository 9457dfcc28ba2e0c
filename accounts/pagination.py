"""Pages whose cursor is an id: deep pages cost what the first one costs, and new rows shift nothing."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from accounts.fields import IdField, StrictIntegerField
from accounts.reading import read_query

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


def paged(rows: QuerySet[Any], request: Request, serializer: type[serializers.BaseSerializer[Any]]) -> Response:
    """The page of these rows that the query asks for, newest first. `next` leads to older rows, `previous` to newer
    ones; both are whole addresses, or null. Raises ValidationError."""
    asked = read_query(request, PageQuery)
    size, older, newer = asked["page_size"], asked.get(OLDER), asked.get(NEWER)
    if newer is not None:
        found = list(rows.filter(pk__gt=newer).order_by("pk")[: size + 1])
        page = found[:size][::-1]
        has_newer, has_older = len(found) > size, bool(page)
    else:
        older_rows = rows.filter(pk__lt=older) if older is not None else rows
        found = list(older_rows.order_by("-pk")[: size + 1])
        page = found[:size]
        has_newer, has_older = older is not None and bool(page), len(found) > size
    return Response(
        {
            "next": _address(request, OLDER, page[-1].pk) if has_older else None,
            "previous": _address(request, NEWER, page[0].pk) if has_newer else None,
            "results": serializer(page, many=True).data,
        }
    )


def _address(request: Request, direction: str, key: UUID) -> str:
    address = request.build_absolute_uri()
    for name in (OLDER, NEWER):
        address = remove_query_param(address, name)
    return replace_query_param(address, direction, str(key))
