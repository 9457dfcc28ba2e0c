from typing import ClassVar

from django.db import migrations

from tenants.isolation import NAMED_TENANT


class Migration(migrations.Migration):
    dependencies: ClassVar = [("tenants", "0001_initial")]
    operations: ClassVar = [migrations.RunSQL(NAMED_TENANT, "DROP FUNCTION named_tenant()")]
