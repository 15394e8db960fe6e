"""Decisions about changes of how an application looks."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two verdicts."""

    dependencies = [("moderation", "0002_approved_scopes")]

    operations = [
        migrations.AlterField(
            model_name="decision",
            name="verdict",
            field=models.CharField(
                choices=[
                    ("approved", "Approved"),
                    ("changes_requested", "Changes requested"),
                    ("rejected", "Rejected"),
                    ("suspended", "Suspended"),
                    ("reinstated", "Reinstated"),
                    ("scopes", "Scopes decided"),
                    ("presented", "Changes approved"),
                    ("not_presented", "Changes declined"),
                ],
                max_length=20,
            ),
        ),
    ]
