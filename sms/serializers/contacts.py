from typing import Any, ClassVar

from rest_framework import serializers

from accounts.fields import BoundedListField, IdField, PhoneNumberField
from sms.models import Contact, ContactGroup, GroupMember, MessageTemplate
from sms.services.composing import MAX_TEXT
from sms.services.contacts import placeholders

MAX_GROUPS, MAX_MEMBERS = 50, 1000


class GroupOfContactSerializer(serializers.ModelSerializer[GroupMember]):
    id = serializers.UUIDField(source="group_id")
    name = serializers.CharField(source="group.name")

    class Meta:
        model = GroupMember
        fields: ClassVar = ["id", "name"]


class ContactSerializer(serializers.ModelSerializer[Contact]):
    groups = GroupOfContactSerializer(many=True)

    class Meta:
        model = Contact
        fields: ClassVar = [
            *("id", "phone_number", "raw_phone_number", "name", "opted_out_at", "groups", "created_at", "updated_at")
        ]


class WriteContactSerializer(serializers.Serializer[Any]):
    phone_number = PhoneNumberField()
    name = serializers.CharField(max_length=150, allow_blank=True, required=False)
    groups = BoundedListField(child=IdField(), max_length=MAX_GROUPS, required=False)


class ContactGroupSerializer(serializers.ModelSerializer[ContactGroup]):
    member_count = serializers.IntegerField(min_value=0)

    class Meta:
        model = ContactGroup
        fields: ClassVar = ["id", "name", "member_count", "created_at"]


class WriteContactGroupSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)


class GroupMembersSerializer(serializers.Serializer[Any]):
    contacts = BoundedListField(child=IdField(), min_length=1, max_length=MAX_MEMBERS)


class MessageTemplateSerializer(serializers.ModelSerializer[MessageTemplate]):
    variables = serializers.SerializerMethodField()

    class Meta:
        model = MessageTemplate
        fields: ClassVar = ["id", "name", "text", "variables", "created_at", "updated_at"]

    def get_variables(self, template: MessageTemplate) -> list[str]:
        return placeholders(template.text)


class WriteMessageTemplateSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    text = serializers.CharField(max_length=MAX_TEXT, trim_whitespace=False)

    def validate_text(self, text: str) -> str:
        if not text.strip():
            raise serializers.ValidationError("There is nothing to send.")
        return text


class ImportQuery(serializers.Serializer[Any]):
    dry_run = serializers.BooleanField(default=False)
