from typing import ClassVar

from rest_framework import serializers

from accounts.models import User


class PersonSerializer(serializers.ModelSerializer[User]):
    """Somebody, as small as can be."""

    email = serializers.CharField()
    full_name = serializers.CharField(help_text="Empty, where they told nobody.")

    class Meta:
        model = User
        fields: ClassVar = ["id", "email", "full_name"]
