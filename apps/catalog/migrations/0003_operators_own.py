import apps.core.clock
import apps.core.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0002_publishing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="operation",
            name="own_cost",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="The operator's; it stands for that of the document.",
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="Draft",
            fields=[
                ("id", apps.core.fields.IdField(prefix="dft", serialize=False)),
                ("document", models.JSONField()),
                (
                    "source",
                    models.CharField(
                        blank=True, help_text="Where it came from.", max_length=300
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=apps.core.clock.real, editable=False),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
    ]
