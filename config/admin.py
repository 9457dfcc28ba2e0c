"""The admin site: for the platform's admins, and so across tenants."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from csp.decorators import csp_replace
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.sites import UnfoldAdminSite

from accounts.callers import caller
from accounts.pages import SignOutView, keep_signed_in
from config.policies import ADMIN
from notifications.dashboard import views as dashboard
from tenants.scope import all_tenants


class BellwetherAdminSite(UnfoldAdminSite):
    index_title = "Dashboard"
    index_template = "notifications/dashboard/index.html"

    def extra_urls(self) -> list[URLPattern]:
        return [
            path("dashboard/", self.admin_view(dashboard.regions), name="dashboard"),
            path("dashboard/checks/<slug:check>/", self.admin_view(dashboard.check_now), name="dashboard-check"),
        ]

    def admin_view(self, view: Callable[..., HttpResponse], cacheable: bool = False) -> Callable[..., HttpResponse]:
        """Every page of the admin sees all tenants, and is rendered while it does: templates query too."""

        @csp_replace(ADMIN)
        def across_tenants(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            with all_tenants(because="the admin site is for the platform's admins, who tend every tenant"):
                response = view(request, *args, **kwargs)
                return response.render() if isinstance(response, TemplateResponse) else response

        wrapped: Callable[..., HttpResponse] = super().admin_view(across_tenants, cacheable)
        return wrapped

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The one sign-in page, so that every sign-in is on record and under its limits."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index"))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        return SignOutView.as_view()(request)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """A new password ends every session on record; the one that it was changed in goes on."""
        response: HttpResponse = super().password_change(request, extra_context)
        if response.status_code == HTTPStatus.FOUND:
            keep_signed_in(request, caller(request))
        return response

    def has_permission(self, request: HttpRequest) -> bool:
        """`is_staff or is_superuser`, as in the API."""
        return request.user.is_active and bool(getattr(request.user, "is_platform_admin", False))
