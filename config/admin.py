"""The admin site: for the platform's admins, and so across tenants."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.pages import SignOutView
from tenants.scope import all_tenants


class BellwetherAdminSite(admin.AdminSite):
    site_header = "Bellwether"
    site_title = "Bellwether"
    index_title = "Platform"

    def admin_view(  # type: ignore[override] # the stubs want a protocol that a plain function cannot meet
        self, view: Callable[..., HttpResponse], cacheable: bool = False
    ) -> Callable[..., HttpResponse]:
        """Every page of the admin sees all tenants, and is rendered while it does: templates query too."""

        def across_tenants(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            with all_tenants(because="the admin site is for the platform's admins, who tend every tenant"):
                response = view(request, *args, **kwargs)
                return response.render() if isinstance(response, TemplateResponse) else response

        return super().admin_view(across_tenants, cacheable)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The one sign-in page, so that every sign-in is on record and under its limits."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index"))

    def logout(  # type: ignore[override] # the stubs know Django's own page only
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return SignOutView.as_view()(request)

    def has_permission(self, request: HttpRequest) -> bool:
        """`is_staff or is_superuser`, as in the API."""
        return request.user.is_active and bool(getattr(request.user, "is_platform_admin", False))
