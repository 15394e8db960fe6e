"""What people read of an application is what a reviewer agreed to.

Of an application that was approved before, that is what it looks like today: nobody wrote down what
the reviewer saw, and showing nothing would stop it.
"""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Q

import apps.core.clock

APPROVED = "approved"


def keep(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Write down how approved applications look."""
    stands = Q(state=APPROVED) | Q(state="suspended", state_before_suspension=APPROVED)
    presentations = apps.get_model("applications", "Presentation").objects
    logos = apps.get_model("applications", "Logo").objects
    known = apps.get_model("applications", "Application").objects.filter(stands)
    for application in known.select_related("organization").iterator():
        logo = logos.filter(application=application).first()
        presentations.get_or_create(
            application=application,
            defaults={
                "name": application.name,
                "publisher": application.organization.name,
                "homepage": application.homepage,
                "png": logo.png if logo else None,
                "digest": logo.digest if logo else "",
            },
        )


class Migration(migrations.Migration):
    """One table, filled."""

    dependencies = [
        ("applications", "0002_scopes_and_logo"),
        ("orgs", "0002_invitations"),
    ]

    operations = [
        migrations.CreateModel(
            name="Presentation",
            fields=[
                (
                    "application",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="presentation",
                        serialize=False,
                        to="applications.application",
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                (
                    "publisher",
                    models.CharField(help_text="The organization's name.", max_length=80),
                ),
                ("homepage", models.URLField(blank=True)),
                ("png", models.BinaryField(help_text="The logo.", null=True)),
                (
                    "digest",
                    models.CharField(blank=True, help_text="The logo's SHA-256.", max_length=64),
                ),
                ("approved_at", models.DateTimeField(default=apps.core.clock.real)),
                (
                    "refused",
                    models.TextField(
                        blank=True, help_text="The wish that a reviewer refused last."
                    ),
                ),
                ("refused_because", models.CharField(blank=True, max_length=500)),
            ],
        ),
        migrations.RunPython(keep, migrations.RunPython.noop, elidable=True),
    ]
