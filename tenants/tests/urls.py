"""Two calls about one tenant's data, for the tests of TenantView."""

from django.urls import path
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import IsPlatformAdmin
from sms.models import CreditAccount
from tenants.permissions import TenantView


def visible() -> list[str]:
    return [str(pk) for pk in CreditAccount.objects.values_list("tenant", flat=True)]


class Accounts(TenantView):
    def get(self, request: Request) -> Response:
        return Response({"tenants": visible(), "role": self.membership.role})


class AdminsAccounts(Accounts):
    permission_classes = [IsAuthenticated, IsPlatformAdmin]


class Broken(TenantView):
    def get(self, request: Request) -> Response:
        raise ZeroDivisionError


class Forgetful(APIView):
    """Asks for a tenant's rows, but is no TenantView."""

    def get(self, request: Request) -> Response:
        return Response({"tenants": visible()})


urlpatterns = [
    path("api/accounts/", Accounts.as_view()),
    path("api/admins-accounts/", AdminsAccounts.as_view()),
    path("api/broken/", Broken.as_view()),
    path("api/forgetful/", Forgetful.as_view()),
]
handler500 = "config.exceptions.server_error"
