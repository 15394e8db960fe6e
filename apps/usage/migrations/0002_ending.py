"""Who still calls what ends: usage by version and by deprecated part of requests, and letters."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.core.clock

PARTS = """
CREATE TABLE usage_day_part (
    day date NOT NULL,
    api text NOT NULL,
    version text NOT NULL,
    operation text NOT NULL,
    part text NOT NULL,
    application_id uuid NOT NULL,
    livemode boolean NOT NULL,
    requests bigint NOT NULL,
    errors bigint NOT NULL,
    units bigint NOT NULL,
    bytes_in bigint NOT NULL,
    bytes_out bigint NOT NULL,
    buckets smallint[] NOT NULL,
    counts integer[] NOT NULL
);
CREATE INDEX usage_day_part_application ON usage_day_part (application_id, day);
CREATE INDEX usage_day_part_day ON usage_day_part (day);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0003_presentation"),
        ("usage", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE usage_day_operation ADD COLUMN version text NOT NULL DEFAULT '';",
            "ALTER TABLE usage_day_operation DROP COLUMN version;",
        ),
        migrations.RunSQL(PARTS, "DROP TABLE usage_day_part;"),
        migrations.CreateModel(
            name="Letter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject", models.CharField(max_length=400)),
                ("campaign", models.CharField(max_length=80)),
                ("words", models.TextField()),
                ("sent_at", models.DateTimeField(default=apps.core.clock.real)),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="applications.application",
                    ),
                ),
                (
                    "sent_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subject", "campaign", "application"), name="letter_once"
                    )
                ],
            },
        ),
    ]
