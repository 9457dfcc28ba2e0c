from typing import ClassVar

from django.db import migrations

from tenants.isolation import IsolateTenants


class Migration(migrations.Migration):
    dependencies: ClassVar = [("sms", "0002_message_counts")]
    operations: ClassVar = [IsolateTenants("sms_message"), IsolateTenants("sms_creditaccount")]
