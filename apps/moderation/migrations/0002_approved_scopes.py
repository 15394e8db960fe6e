"""Applications that were approved before scopes were keep what that approval meant: every scope.

Whoever approved them let them have live keys with any scope. Giving only what today's keys hold
would break the key that is made tomorrow, without anybody having decided so; taking scopes away is
a reviewer's decision, with a reason and a mail, and neither can be given by a migration.
"""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Q

APPROVED = "approved"


def keep(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Write down what approval has meant so far."""
    every = sorted(apps.get_model("catalog", "Scope").objects.values_list("name", flat=True))
    approved = Q(state=APPROVED) | Q(state="suspended", state_before_suspension=APPROVED)
    applications = apps.get_model("applications", "Application").objects
    applications.filter(approved).update(requested_scopes=every, approved_scopes=every)


class Migration(migrations.Migration):
    """Scopes, and a decision about them."""

    dependencies = [
        ("moderation", "0001_initial"),
        ("applications", "0002_scopes_and_logo"),
        ("catalog", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(keep, migrations.RunPython.noop, elidable=True),
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
                ],
                max_length=20,
            ),
        ),
    ]
