from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from tenants.scope import tenant_scope


class TenantScopeMiddleware:
    """Every request begins without a scope and leaves none behind. Views enter theirs once the user is known."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with tenant_scope(None):
            return self.get_response(request)
