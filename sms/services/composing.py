"""From what a caller asks for to who is sent what. Nothing is written and nothing is spent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from string import Template
from typing import Any
from uuid import UUID

from django.conf import settings

from accounts.phone import NotAPhoneNumber, to_e164
from sms.models import Contact, ContactGroup, MessageTemplate
from sms.services.queueing import Addressee

MAX_RECIPIENTS = 10_000
MAX_TEXT = 1600
#: So many wrong recipients are named one by one.
NAMED = 20
#: What every contact brings along for a template's placeholders.
OF_CONTACTS = ("name", "phone_number")


class Refused(Exception):
    """What was asked for cannot be sent. `errors` says why, by field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


@dataclass(frozen=True)
class Draft:
    """Who would be sent what. Whoever opted out is still among the addressees: queueing leaves them out."""

    addressees: list[Addressee]
    text: str
    """A template's with its placeholders."""
    rejected: dict[int, str] = field(default_factory=dict)
    """Why, by the place in `to`."""
    duplicates: int = 0
    without_number: int = 0
    """Members of the group whose number was refused."""
    group_name: str = ""
    template_name: str = ""

    def require_all(self) -> None:
        """Raises Refused with the recipients that are no numbers, the first NAMED of them by their place."""
        if not self.rejected:
            return
        named = {f"to.{index}": reason for index, reason in list(self.rejected.items())[:NAMED]}
        if len(self.rejected) > NAMED:
            named["to"] = f"{len(self.rejected)} recipients are no phone numbers; the first {NAMED} are named."
        raise Refused(named)


@dataclass(frozen=True)
class _People:
    """Distinct numbers, each with its contact's name where that is known."""

    names: dict[str, str]
    rejected: dict[int, str] = field(default_factory=dict)
    duplicates: int = 0
    without_number: int = 0
    group_name: str = ""


def compose(
    *,
    to: Sequence[Any] | None = None,
    group: UUID | None = None,
    text: str | None = None,
    template: UUID | None = None,
    variables: Mapping[str, str] | None = None,
) -> Draft:
    """`to` or a group, a text or a template. Raises Refused."""
    body = _text(text, template)
    people = _numbers(to) if to is not None else _members(group)
    used = set(Template(body.text).get_identifiers()) if body.name else set()
    if "name" in used and to is not None:
        people.names.update(Contact.objects.named(people.names))
    addressees = [Addressee(number, body.text) for number in people.names]
    if used or body.name:
        addressees = _filled_in(body.text, used, people.names, variables or {})
    return Draft(
        addressees=addressees,
        text=body.text,
        rejected=people.rejected,
        duplicates=people.duplicates,
        without_number=people.without_number,
        group_name=people.group_name,
        template_name=body.name,
    )


@dataclass(frozen=True)
class _Body:
    text: str
    name: str = ""


def _text(text: str | None, template: UUID | None) -> _Body:
    if text is not None:
        return _Body(text)
    found = MessageTemplate.objects.filter(pk=template).first()
    if found is None:
        raise Refused({"template": "There is no such template."})
    return _Body(found.text, found.name)


def _numbers(given: Sequence[Any]) -> _People:
    names: dict[str, str] = {}
    rejected: dict[int, str] = {}
    for index, item in enumerate(given):
        try:
            names[_number(item)] = ""
        except NotAPhoneNumber as reason:
            rejected[index] = str(reason)
    return _People(names, rejected, duplicates=len(given) - len(rejected) - len(names))


def _number(item: Any) -> str:
    """Raises NotAPhoneNumber."""
    if isinstance(item, int) and not isinstance(item, bool):
        item = str(item)
    if not isinstance(item, str):
        raise NotAPhoneNumber("not_a_number")
    return to_e164(item.strip(), region=settings.SMS_DEFAULT_REGION)


def _members(group_id: UUID | None) -> _People:
    group = ContactGroup.objects.filter(pk=group_id).first()
    if group is None:
        raise Refused({"group": "There is no such group."})
    members = Contact.objects.filter(groups__group=group).order_by("pk")
    rows = list(members.values_list("phone_number", "name")[: MAX_RECIPIENTS + 1])
    if len(rows) > MAX_RECIPIENTS:
        raise Refused({"group": f"It has more than {MAX_RECIPIENTS} members, more than one call takes."})
    names = {number: name for number, name in rows if number}
    if not names:
        raise Refused({"group": "Nobody in it has a phone number."})
    return _People(names, without_number=len(rows) - len(names), group_name=group.name)


def _filled_in(
    text: str, used: Iterable[str], names: Mapping[str, str], variables: Mapping[str, str]
) -> list[Addressee]:
    """The template for each of them. A contact's own values come before the caller's, who may give a `name` for those
    without one."""
    if missing := sorted(set(used) - set(OF_CONTACTS) - variables.keys()):
        raise Refused({f"variables.{name}": "The template needs it." for name in missing})
    template = Template(text)
    addressees, nameless = [], []
    for number, name in names.items():
        values = {**variables, "phone_number": number}
        if name:
            values["name"] = name
        elif "name" in used and not variables.get("name"):
            nameless.append(number)
            continue
        addressees.append(Addressee(number, template.substitute(values)))
    if nameless:
        raise Refused(
            {"variables.name": f"Recipients without a name: {len(nameless)}, first {nameless[0]}. Give one here."}
        )
    _require_fitting(addressees)
    return addressees


def _require_fitting(addressees: Sequence[Addressee]) -> None:
    longest = max(addressees, key=lambda one: len(one.text), default=None)
    if longest is not None and len(longest.text) > MAX_TEXT:
        raise Refused(
            {"template": f"For {longest.number} it becomes {len(longest.text)} characters, more than {MAX_TEXT}."}
        )
    if empty := next((one for one in addressees if not one.text.strip()), None):
        raise Refused({"template": f"For {empty.number} nothing is left to send."})
