"""Who answered for a test end user: what a developer allowed so ends with their role."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TABLES = ("accesstoken", "devicegrant", "grant", "refreshtoken")


def column(model: str) -> migrations.AddField:
    """Return the step that adds the column to one table."""
    return migrations.AddField(
        model_name=model,
        name="answered_by",
        field=models.ForeignKey(
            help_text="The developer who answered for a test end user.",
            null=True,
            on_delete=django.db.models.deletion.CASCADE,
            related_name="+",
            to=settings.AUTH_USER_MODEL,
        ),
    )


class Migration(migrations.Migration):
    """One column in each table of what an authorization becomes."""

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("oauth", "0011_clients_of_fewer_scopes"),
    ]

    operations = [column(model) for model in TABLES]
