"""What the admins of all rooms have in common: read-only unless they say otherwise, and bounded on large tables."""

import datetime
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.contrib.admin import ShowFacets
from django.core.paginator import Paginator
from django.db.models import QuerySet, UUIDField
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from accounts.fields import first_id, to_uuid

GOOD, BAD, SO_SO, NEWS, PLAIN = "success", "danger", "warning", "info", "default"
PRIORITIES = {"critical": BAD, "high": BAD, "medium": SO_SO, "low": GOOD}
#: Rows of a large table that its list counts, and leads to; the filters narrow down what lies beyond.
MOST_COUNTED = 10_000
LATELY = {"1": "The last hour", "24": "The last 24 hours", "168": "The last 7 days", "720": "The last 30 days"}


def labelled(name: str, colours: Mapping[str, str], *, description: str = "") -> Callable[[Any, Any], tuple[str, str]]:
    """A column that shows a field's value in its colour; what has none is grey."""

    @display(
        description=description or name.replace("_", " "),
        ordering=name,
        label=defaultdict(lambda: PLAIN, colours),
    )
    def show(self: Any, row: Any) -> tuple[str, str]:
        value = str(getattr(row, name))
        shown = getattr(row, f"get_{name}_display", lambda: value)()
        return value, str(shown)

    shown: Callable[[Any, Any], tuple[str, str]] = show
    return shown


def worded(name: str) -> Callable[[Any, Any], str | None]:
    """A column that shows a program's word as people write it: "network congestion"."""

    @display(description=name.replace("_", " "), ordering=name)
    def show(self: Any, row: Any) -> str | None:
        return str(getattr(row, name)).replace("_", " ") or None

    shown: Callable[[Any, Any], str | None] = show
    return shown


@display(description="tenant", ordering="tenant__name")
def tenant_or_platform(row: Any) -> str:
    """Of rows that belong to the platform where they have no tenant."""
    return str(row.tenant or "the platform")


def grouped(name: str) -> Callable[[Any, Any], str]:
    """A column of numbers that can be large: 1,250,000."""

    @display(description=name.replace("_", " "), ordering=name)
    def show(self: Any, row: Any) -> str:
        return f"{getattr(row, name):,}"

    shown: Callable[[Any, Any], str] = show
    return shown


class CountsNoFurther(Paginator):  # type: ignore[type-arg] # Unfold gives it whatever rows there are
    """Counting a large table reads all of it."""

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return rows.order_by()[:MOST_COUNTED].count()


class Lately(DropdownFilter):
    """By the time in a row's id, which needs no index of its own."""

    title = "time"
    parameter_name = "lately"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(LATELY.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in LATELY:
            return queryset
        since = timezone.now() - datetime.timedelta(hours=int(str(self.value())))
        return queryset.filter(pk__gte=first_id(since))


class ReadOnlyAdmin(ModelAdmin):
    """For what is history, or is only written by its services: every platform admin may look at it."""

    list_filter_submit = True
    list_fullwidth = True
    compressed_fields = True
    empty_value_display = "none"

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_platform_admin", False))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """What no page shows cannot be asked for either: `?password__startswith=` tells it letter by letter."""
        is_hidden = lookup.partition("__")[0] in (self.exclude or ())
        return not is_hidden and bool(super().lookup_allowed(lookup, value, request))

    def found(self, request: HttpRequest, object_id: str) -> Any:
        """The row of an action's address. Raises Http404."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        return row

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """An id finds its row by the key; as text it would be compared with every row's."""
        search_term = search_term.replace("\0", "")  # which Postgres refuses, and an autocomplete hands through
        key = to_uuid(search_term.strip())
        if key is not None and isinstance(self.model._meta.pk, UUIDField):
            return queryset.filter(pk=key), False
        found: tuple[QuerySet[Any], bool] = super().get_search_results(request, queryset, search_term)
        return found


class LargeTableAdmin(ReadOnlyAdmin):
    """Newest first by the key, counted no further than ten thousand, and sorted by nothing else."""

    ordering = ("-id",)
    show_full_result_count = False
    paginator = CountsNoFurther
    show_facets = ShowFacets.NEVER
    sortable_by = ()


def done(page: str, *args: Any) -> HttpResponse:
    """The answer to a dialog that was filled in: its page again, where what was done is said."""
    return HttpResponse(headers={"HX-Redirect": reverse(page, args=args)})


class ReadOnlyInline(TabularInline):
    extra = 0
    can_delete = False
    hide_title = True
    ordering: ClassVar = ("id",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(getattr(request.user, "is_platform_admin", False))
