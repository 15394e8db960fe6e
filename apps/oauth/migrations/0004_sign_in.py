"""Sessions in which tokens were handed out."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.core.clock


class Migration(migrations.Migration):
    """One table."""

    dependencies = [
        ("oauth", "0003_token_names"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SignIn",
            fields=[
                (
                    "sid",
                    models.CharField(max_length=43, primary_key=True, serialize=False),
                ),
                (
                    "methods",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=8),
                        default=list,
                        help_text="How it began (RFC 8176).",
                        size=None,
                    ),
                ),
                ("began_at", models.DateTimeField(default=apps.core.clock.real)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
    ]
