"""The keys within a tenant serve the lists too, read backwards; in their stead, what was sent to one number,
and the groups of one contact."""

from typing import ClassVar

import django.db.models.deletion
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
        migrations.AddIndex(
            model_name="groupmember",
            index=models.Index(fields=["tenant", "contact"], name="group_member_of_contact"),
        ),
        migrations.AlterField(
            model_name="groupmember",
            name="contact",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="groups",
                to="sms.contact",
            ),
        ),
    ]
