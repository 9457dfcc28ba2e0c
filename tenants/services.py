"""The only writers of tenants and memberships."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Subquery
from django.db.models.signals import post_delete, pre_delete
from django.dispatch import receiver

from accounts.models import User
from accounts.signals import access_changed
from tenants.models import Membership, Tenant


class NotAMember(Exception):
    """This person does not belong to that tenant, or it is suspended."""


def add_member(*, tenant: Tenant, user: User, role: str = Membership.Role.MEMBER) -> Membership:
    """Makes a person a member; one who works in no tenant (see `current_membership`) starts to work in this one."""
    with transaction.atomic():
        _hold(user.pk)
        Membership.objects.bulk_create([Membership(tenant=tenant, user=user, role=role)], ignore_conflicts=True)
        # `current_tenant_id` is a bare id: it stays behind when the tenant, or the membership, goes.
        workable = Membership.objects.in_use().filter(user=user).values("tenant_id")
        User.objects.filter(pk=user.pk).exclude(current_tenant_id__in=workable).update(current_tenant_id=tenant.pk)
        access_changed.send(sender=User, user_id=user.pk)
    user.refresh_from_db(fields=["current_tenant_id"])
    return Membership.objects.get(tenant=tenant, user=user)


def remove_member(*, tenant: Tenant, user: User) -> bool:
    """Ends a membership; whoever worked under it works in another of their tenants from now on, or in none. False
    when there was none. `move_on` does the same for memberships that end in another way."""
    with transaction.atomic():
        _hold(user.pk)
        gone, _ = Membership.objects.filter(tenant=tenant, user=user).delete()
    user.refresh_from_db(fields=["current_tenant_id"])
    return bool(gone)


def _hold(user_id: UUID) -> None:
    """Becoming a member, switching and leaving are one at a time for one person: each looks at memberships and then
    writes which tenant is the current one."""
    User.objects.select_for_update(no_key=True).filter(pk=user_id).values("pk").first()


@receiver(pre_delete, sender=Membership)
def hold_who_leaves(*, instance: Membership, **_: Any) -> None:
    """Before the membership's own row is locked, as everywhere: else who adds them again at this moment would wait for
    us and we for them. Two tenants with the same members that are deleted at once may still wait for each other; one
    of the two is then refused by Postgres."""
    _hold(instance.user_id)


@receiver(post_delete, sender=Membership)
def move_on(*, instance: Membership, **_: Any) -> None:
    """However a membership ends (a service, a deleted tenant, the shell), in the same transaction: what is that
    tenant's is not shown to this person any more."""
    left = User.objects.filter(pk=instance.user_id, current_tenant_id=instance.tenant_id)
    others = Membership.objects.in_use().filter(user=instance.user_id).exclude(tenant=instance.tenant_id)
    left.update(current_tenant_id=Subquery(others.values("tenant_id")[:1]))
    access_changed.send(sender=User, user_id=instance.user_id)


def switch_tenant(*, user: User, tenant_id: UUID) -> Membership:
    """Moves a person to another of their tenants. Raises NotAMember."""
    with transaction.atomic():
        _hold(user.pk)
        mine = Membership.objects.in_use().select_related("tenant").filter(user=user, tenant_id=tenant_id)
        membership = mine.first()
        if membership is None:
            raise NotAMember
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
