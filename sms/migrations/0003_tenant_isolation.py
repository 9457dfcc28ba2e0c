from typing import ClassVar

from django.db import migrations

from tenants.isolation import IsolateTenants


class Migration(migrations.Migration):
    dependencies: ClassVar = [("sms", "0002_message_counts"), ("tenants", "0002_named_tenant")]
    operations: ClassVar = [IsolateTenants("sms_message"), IsolateTenants("sms_creditaccount")]
