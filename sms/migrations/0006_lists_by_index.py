"""The keys within a tenant serve the lists too, read backwards; in their stead, what was sent to one number."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("sms", "0005_what_the_database_holds")]
    operations: ClassVar = [
        migrations.RemoveIndex(model_name="batch", name="batch_of_tenant"),
        migrations.RemoveIndex(model_name="message", name="message_of_tenant"),
        migrations.RemoveIndex(model_name="message", name="message_queued_for"),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["tenant", "recipient", "-id"], name="message_to_number"),
        ),
    ]
