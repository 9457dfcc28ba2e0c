"""The only writers of tenants and memberships."""

from uuid import UUID

from django.db import transaction

from accounts.models import User
from accounts.signals import access_changed
from tenants.models import Membership, Tenant


class NotAMember(Exception):
    """This person does not belong to that tenant, or it is suspended."""


def add_member(*, tenant: Tenant, user: User, role: str = Membership.Role.MEMBER) -> Membership:
    """Makes a person a member; one who works in no tenant (see `current_membership`) starts to work in this one."""
    with transaction.atomic():
        Membership.objects.bulk_create([Membership(tenant=tenant, user=user, role=role)], ignore_conflicts=True)
        # `current_tenant_id` is a bare id: it stays behind when the tenant, or the membership, goes.
        workable = Membership.objects.in_use().filter(user=user).values("tenant_id")
        User.objects.filter(pk=user.pk).exclude(current_tenant_id__in=workable).update(current_tenant_id=tenant.pk)
        access_changed.send(sender=User, user_id=user.pk)
    user.refresh_from_db(fields=["current_tenant_id"])
    return Membership.objects.get(tenant=tenant, user=user)


def switch_tenant(*, user: User, tenant_id: UUID) -> Membership:
    """Moves a person to another of their tenants. Raises NotAMember."""
    membership = Membership.objects.in_use().select_related("tenant").filter(user=user, tenant_id=tenant_id).first()
    if membership is None:
        raise NotAMember
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(current_tenant_id=tenant_id)
        access_changed.send(sender=User, user_id=user.pk)
    user.current_tenant_id = tenant_id
    return membership


def current_membership(user: User) -> Membership | None:
    """The membership that a person works under now; None without a tenant, which is ordinary for admins."""
    if user.current_tenant_id is None:
        return None
    mine = Membership.objects.in_use().select_related("tenant")
    return mine.filter(user=user, tenant_id=user.current_tenant_id).first()
