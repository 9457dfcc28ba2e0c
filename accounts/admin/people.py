from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import display

from accounts import services
from accounts.admin.base import BAD, GOOD, NEWS, PLAIN, SO_SO, LargeTableAdmin, Lately, ReadOnlyAdmin, labelled
from accounts.models import SignIn, SignInCount, User

for unused in (Group, OutstandingToken, BlacklistedToken):
    admin.site.unregister(unused)

ROLES = {"superuser": BAD, "staff": SO_SO, "program": NEWS, "person": PLAIN}


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("email", "full_name", "role", "is_active", "is_verified", "last_seen_at", "created_at")
    list_filter = (
        *(("is_active", BooleanRadioFilter), ("is_staff", BooleanRadioFilter), ("is_service", BooleanRadioFilter)),
        *(("last_seen_at", RangeDateFilter), ("created_at", RangeDateFilter)),
    )
    search_fields = ("email", "first_name", "last_name", "phone_number")
    ordering = ("email",)
    exclude = ("password",)
    show_full_result_count = False
    actions = ("sign_out_everywhere",)

    @display(description="role", label=ROLES)
    def role(self, user: User) -> str:
        held = {"superuser": user.is_superuser, "staff": user.is_staff, "program": user.is_service}
        return next((role for role, is_so in held.items() if is_so), "person")

    @admin.action(description="Sign out everywhere")
    def sign_out_everywhere(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        because = f"signed out by {request.user.get_username()}"[:60]
        ended = sum(services.end_sessions(user=user, because=because) for user in queryset)
        self.message_user(request, f"{ended} session{'' if ended == 1 else 's'} ended.")


@admin.register(SignIn)
class SignInAdmin(LargeTableAdmin):
    list_display = ("created_at", "email", "method_label", "outcome_label", "address", "ended_at", "ended_because")
    list_filter = (Lately, ("outcome", ChoicesDropdownFilter), ("method", ChoicesDropdownFilter))
    search_fields = ("=email",)
    raw_id_fields = ("user",)
    method_label = labelled("method", {"token": NEWS})
    outcome_label = labelled("outcome", {"success": GOOD, "refused": SO_SO, "throttled": BAD})


@admin.register(SignInCount)
class SignInCountAdmin(ReadOnlyAdmin):
    list_display = ("hour", "outcome_label", "attempts")
    list_filter = (("outcome", ChoicesDropdownFilter), ("hour", RangeDateFilter))
    ordering = ("-hour", "outcome")
    show_full_result_count = False
    outcome_label = labelled("outcome", {"success": GOOD, "refused": SO_SO, "throttled": BAD})
