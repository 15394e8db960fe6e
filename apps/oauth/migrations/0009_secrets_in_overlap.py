"""Owners hear of an old client secret that is still in use when it is about to end."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column."""

    dependencies = [("oauth", "0008_device_resources")]

    operations = [
        migrations.AddField(
            model_name="clientsecret",
            name="alert_at",
            field=models.DateTimeField(
                editable=False, help_text="When to warn that it is still in use.", null=True
            ),
        ),
    ]
