from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0012_wishes"),
    ]

    operations = [
        migrations.AddField(
            model_name="webhookendpoint",
            name="resting_until",
            field=models.DateTimeField(blank=True, help_text="Nothing is sent to it before.", null=True),
        ),
    ]
