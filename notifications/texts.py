"""The words of notifications: the built-in ones of their kind, or the platform's own. The only writers of
NotificationTemplate.

A text reaches plain values by name (`$name`, `${name}`, `$$` for a dollar sign) and nothing else: no attribute, no
tag, no setting. A text that cannot be filled in gives way to the built-in one, so no notification is lost to it.
"""

from collections.abc import Iterator, Mapping
from string import Template
from typing import Any
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction

from accounts.constraints import broken_constraint
from notifications.kinds import BY_SLUG, Kind, fill_in
from notifications.models import NotificationTemplate
from notifications.models.priority import Priority

log = structlog.get_logger(__name__)
TAKEN = {
    "template_active_once": ("kind", "Another template of this kind is active. Deactivate that one first."),
    "template_name_once": ("name", "Another template has this name."),
}


class TextRefused(Exception):
    """A template cannot be stored or shown. `errors` says why, by field."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


def write(kind: type[Kind], context: Mapping[str, object]) -> tuple[str, str]:
    """The title and the message of a notification, cut to what a row holds.

    Read from the database each time, so that a changed template holds at once. Raises KeyError when the built-in text
    itself lacks a variable.
    """
    template = NotificationTemplate.objects.filter(kind=kind.slug, is_active=True).first()
    if template is not None:
        try:
            return render(template, kind, context)
        except (KeyError, ValueError) as error:
            log.warning(
                "template unusable; built-in text used", template=template.name, kind=kind.slug, error=str(error)
            )
    return kind.write(context)


def render(template: NotificationTemplate, kind: type[Kind], context: Mapping[str, object]) -> tuple[str, str]:
    """Raises KeyError for a variable that is missing, undeclared or no plain value, ValueError for a broken text."""
    plain = {name: context[name] for name in kind.variables if isinstance(context.get(name), str | int | float)}
    title, message = fill_in(template.title, template.message, plain)
    if not title:
        raise ValueError("The title came out empty.")
    return title, message


def preview(*, template: NotificationTemplate, context: Mapping[str, object]) -> tuple[str, str]:
    """As its reader would see it, with examples for what `context` does not give. Raises TextRefused."""
    kind = _kind(template.kind)
    if unknown := sorted(set(context) - set(kind.variables)):
        raise TextRefused({"context": f"Unknown: {', '.join(unknown)}. {_offer(kind)}"})
    _check(template)
    try:
        return render(template, kind, {**kind.variables, **context})
    except ValueError as error:
        raise TextRefused({"context": str(error)}) from None


def variables_of(template: NotificationTemplate) -> list[str]:
    """What this template's texts may show; nothing when its kind is gone."""
    kind = BY_SLUG.get(template.kind)
    return list(kind.variables) if kind else []


def create_template(*, fields: Mapping[str, Any]) -> NotificationTemplate:
    """Raises TextRefused. Type and priority, unless given, are the kind's."""
    kind = _kind(fields["kind"])
    given = {"notification_type": kind.notification_type, "priority": kind.priority or Priority.MEDIUM}
    template = NotificationTemplate(**given | dict(fields))
    _save(template)
    return template


def change_template(*, template_id: UUID, changes: Mapping[str, Any]) -> NotificationTemplate | None:
    """Writes the given fields and leaves the others; None when there is no such template. Raises TextRefused."""
    with transaction.atomic():
        # Under the row's lock: of two changes at once, one moves the kind and the other a placeholder of the old one.
        template = NotificationTemplate.objects.select_for_update().filter(pk=template_id).first()
        if template is None:
            return None
        for name, value in changes.items():
            setattr(template, name, value)
        _save(template)
    return template


def delete_template(*, template_id: UUID) -> bool:
    """From now on its kind has its built-in words again; False when there is no such template."""
    deleted, _ = NotificationTemplate.objects.filter(pk=template_id).delete()
    return bool(deleted)


def _save(template: NotificationTemplate) -> None:
    """The constraints decide who came first, and their names which field to blame."""
    _check(template)
    try:
        with transaction.atomic():
            template.save()
    except IntegrityError as error:
        taken = TAKEN.get(broken_constraint(error) or "")
        if taken is None:
            raise
        raise TextRefused(dict([taken])) from None


def _kind(slug: str) -> type[Kind]:
    if slug not in BY_SLUG:
        raise TextRefused({"kind": f"Unknown kind. There are: {', '.join(BY_SLUG)}."})
    return BY_SLUG[slug]


def _check(template: NotificationTemplate) -> None:
    kind = _kind(template.kind)
    texts = {"title": template.title, "message": template.message}
    errors = {name: " ".join(faults) for name, text in texts.items() if (faults := list(_faults(text, kind)))}
    if errors:
        raise TextRefused(errors)


def _faults(text: str, kind: type[Kind]) -> Iterator[str]:
    template = Template(text)
    unknown = sorted(set(template.get_identifiers()) - set(kind.variables))
    if not template.is_valid():
        yield "A placeholder is broken. Write $name or ${name}, and $$ for a dollar sign."
    if unknown:
        yield f"Unknown: {', '.join(unknown)}."
    if unknown or not template.is_valid():
        yield _offer(kind)


def _offer(kind: type[Kind]) -> str:
    return f"There are: {', '.join('$' + name for name in kind.variables)}."
