from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.callers import caller
from tenants.models import Membership
from tenants.scope import enter_scope
from tenants.services import current_membership


class TenantView(APIView):
    """Base of the calls about one tenant's data: everything inside runs in the caller's current tenant."""

    membership: Membership

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        membership = current_membership(caller(request))
        if membership is None:
            raise PermissionDenied("You work in no tenant. Choose one of yours first.", code="no_tenant")
        self.membership = membership
        enter_scope(membership.tenant_id)

    def require_manager(self) -> None:
        """For what destroys, takes data out or shows money. Raises PermissionDenied for mere members."""
        if self.membership.role == Membership.Role.MEMBER:
            raise PermissionDenied("Permission denied. Owners and admins of the tenant only.")
