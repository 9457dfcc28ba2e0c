"""Who is told what, where and when, as `/api/schema/` tells of it."""

from typing import Any

from rest_framework import serializers

from accounts.describing import Reply, Said, call
from notifications.delivery.rules import Whose
from notifications.models import Notification
from notifications.models.choice import Column, When
from notifications.openapi.settings import TAG
from notifications.serializers.preferences import (
    ClockField,
    DefaultsSerializer,
    PreferencesSerializer,
    SnoozeSerializer,
)
from tenants.openapi import MINE

PRECEDENCE = (
    "A person's own choice comes before their tenant's, the tenant's before the platform's, and that before what is "
    "built in. "
)
ONE_BY_ONE = (
    "PUT and PATCH are the same: cells that are not sent stay as they are, and `when` null takes a choice back."
)


class PreferenceTenant(Reply):
    id = serializers.UUIDField()
    name = serializers.CharField()


class DefaultsChannel(Reply):
    channel = serializers.ChoiceField(choices=Column.choices)
    title = serializers.CharField()
    is_on = serializers.BooleanField(help_text="Whether anything comes that could be switched off: the flat setting.")
    choices = serializers.ListField(child=serializers.ChoiceField(choices=When.choices))


class PreferencesChannel(DefaultsChannel):
    is_reachable = serializers.BooleanField()
    address = serializers.CharField(allow_null=True)
    why_not = serializers.CharField(allow_blank=True, help_text="Why I am not reachable there.")


class PreferencesCell(Reply):
    channel = serializers.ChoiceField(choices=Column.choices)
    when = serializers.ChoiceField(choices=When.choices, help_text="What is in force.")
    whose = serializers.ChoiceField(choices=Whose.choices, help_text="Whose choice that is.")
    default_when = serializers.ChoiceField(choices=When.choices, help_text="What null would bring.")
    default_whose = serializers.ChoiceField(choices=Whose.choices)
    is_mandatory = serializers.BooleanField(help_text="It cannot be off.")
    rule = serializers.CharField(help_text="In words for people.")


class PreferencesCategory(Reply):
    category = serializers.ChoiceField(choices=Notification.Type.choices)
    title = serializers.CharField()
    about = serializers.CharField()
    cells = PreferencesCell(many=True, help_text="One a channel, in their order.")


class QuietHours(Reply):
    until = ClockField()

    def get_fields(self) -> dict[str, Any]:
        return {"from": ClockField(), **super().get_fields()}


class Defaults(Reply):
    tenant = PreferenceTenant(allow_null=True, help_text="In which tenant this holds; null: in none.")
    channels = DefaultsChannel(many=True)
    categories = PreferencesCategory(many=True)


class Preferences(Defaults):
    channels = PreferencesChannel(many=True)
    timezone = serializers.CharField(help_text="Whose clock the times below are by; changed in the profile.")
    quiet_hours = QuietHours(allow_null=True)
    daily_digest_at = ClockField()
    snoozed_until = serializers.DateTimeField(allow_null=True)


class PreferencesReply(Said):
    data = Preferences()  # type: ignore[assignment] # the contract's word for it


class DefaultsReply(Said):
    data = Defaults()  # type: ignore[assignment] # the contract's word for it


def _cell(channel: str, when: str, whose: str, rule: str) -> dict[str, Any]:
    default = {"default_when": "off" if channel == "sms" else "at_once", "default_whose": "built_in"}
    return {"channel": channel, "when": when, "whose": whose, **default, "is_mandatory": False, "rule": rule}


def _channel(channel: str, title: str, *, is_on: bool = True) -> dict[str, Any]:
    choices = ["at_once", "off"] if channel == "in_app" else When.values
    return {"channel": channel, "title": title, "is_on": is_on, "choices": choices}


TENANT = {"id": MINE["id"], "name": MINE["name"]}
CHANNELS = [_channel("in_app", "Inbox"), _channel("email", "E-mail"), _channel("sms", "SMS", is_on=False)]
IN_APP = _cell("in_app", "at_once", "built_in", "Inbox for billing: at once, as it is built in.")
SMS = _cell("sms", "off", "built_in", "SMS for billing: off, as it is built in.")
BILLING: dict[str, Any] = {"category": "billing", "title": "Billing", "about": "Invoices and payments."}
REACH: list[dict[str, Any]] = [
    {"is_reachable": True, "address": None, "why_not": ""},
    {"is_reachable": True, "address": "ada@example.com", "why_not": ""},
    {"is_reachable": False, "address": None, "why_not": "There is no phone number, or it is not verified."},
]


def _billing(email: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**BILLING, "cells": [IN_APP, email, SMS]}]


PREFERENCES: dict[str, Any] = {
    "tenant": TENANT,
    "channels": [{**channel, **reach} for channel, reach in zip(CHANNELS, REACH, strict=True)],
    "categories": _billing(_cell("email", "daily", "yours", "E-mail for billing: in a digest each day, your choice.")),
    "timezone": "Africa/Dar_es_Salaam",
    "quiet_hours": {"from": "22:00", "until": "07:00"},
    "daily_digest_at": "08:00",
    "snoozed_until": None,
}
DEFAULTS: dict[str, Any] = {
    "tenant": TENANT,
    "channels": CHANNELS,
    "categories": _billing(
        _cell("email", "daily", "tenant", "E-mail for billing: in a digest each day, your tenant's choice.")
    ),
}
OF_PLATFORM: dict[str, Any] = DEFAULTS | {
    "tenant": None,
    "categories": _billing(
        _cell("email", "daily", "platform", "E-mail for billing: in a digest each day, the platform's choice.")
    ),
}
CELLS = {"cells": [{"category": "billing", "channel": "email", "when": "daily"}]}


def _said(message: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"success": True, "message": message, "data": data}


SHOW = call(
    "showPreferences",
    "What I am told, where and when: the whole matrix",
    more=PRECEDENCE + "Every cell says what is in force, whose choice that is, and whether it may be off.",
    tag=TAG,
    reply=PreferencesReply,
    example=_said("Notification preferences", PREFERENCES),
)
CHANGE = call(
    "changePreferences",
    "Change what I am told, where and when",
    more=ONE_BY_ONE + " A cell that is turned on in a channel that was switched off turns on that one alone.",
    tag=TAG,
    body=PreferencesSerializer,
    given=CELLS | {"quiet_hours": {"from": "22:00", "until": "07:00"}, "daily_digest_at": "08:00"},
    reply=PreferencesReply,
    example=_said("Notification preferences updated", PREFERENCES),
    same_by_put="replacePreferences",
)
SNOOZE = call(
    "snooze",
    "Be left alone until a time",
    more="Until then only critical ones leave the house for me; the inbox goes on. What is held comes when it ends.",
    tag=TAG,
    body=SnoozeSerializer,
    given={"until": None},
    reply=PreferencesReply,
    example=_said("No longer snoozed", PREFERENCES),
)
SHOW_TENANTS = call(
    "showTenantDefaults",
    "What holds for my tenant's notifications where nobody chose",
    more=PRECEDENCE + "For the tenant's owners and admins.",
    tag=TAG,
    reply=DefaultsReply,
    example=_said("Defaults of the tenant", DEFAULTS),
)
CHANGE_TENANTS = call(
    "changeTenantDefaults",
    "Change what holds where nobody chose",
    more=ONE_BY_ONE,
    tag=TAG,
    body=DefaultsSerializer,
    given=CELLS,
    reply=DefaultsReply,
    example=_said("Defaults of the tenant updated", DEFAULTS),
    same_by_put="replaceTenantDefaults",
)
SHOW_PLATFORMS = call(
    "showPlatformDefaults",
    "What holds where neither a person nor their tenant chose",
    more=PRECEDENCE,
    tag=TAG,
    reply=DefaultsReply,
    example=_said("Defaults of the platform", OF_PLATFORM),
)
CHANGE_PLATFORMS = call(
    "changePlatformDefaults",
    "Change what holds where neither a person nor their tenant chose",
    more=ONE_BY_ONE,
    tag=TAG,
    body=DefaultsSerializer,
    given=CELLS,
    reply=DefaultsReply,
    example=_said("Defaults of the platform updated", OF_PLATFORM),
    same_by_put="replacePlatformDefaults",
)
