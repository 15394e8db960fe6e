"""Client secrets and tokens can be reported as found in public, too."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def name_keys(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Let the reports there are say what was found as later ones do."""
    LeakReport = apps.get_model("keys", "LeakReport")
    for leak in LeakReport.objects.filter(subject="").iterator():
        leak.subject = leak.key_id
        leak.save(update_fields=["subject"])


class Migration(migrations.Migration):
    """A column; another one may stay empty."""

    dependencies = [("keys", "0002_rotation_and_leaks")]

    operations = [
        migrations.AddField(
            model_name="leakreport",
            name="subject",
            field=models.CharField(
                db_default="", help_text="What was found, such as key_… or csk_….", max_length=255
            ),
        ),
        migrations.AlterField(
            model_name="leakreport",
            name="key",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="leaks",
                to="keys.key",
            ),
        ),
        migrations.AlterField(
            model_name="leakreport",
            name="due_at",
            field=models.DateTimeField(help_text="When it is revoked.", null=True),
        ),
        migrations.AddIndex(
            model_name="leakreport",
            index=models.Index(fields=["subject"], name="leaks_by_subject"),
        ),
        migrations.RunPython(name_keys, migrations.RunPython.noop),
    ]
