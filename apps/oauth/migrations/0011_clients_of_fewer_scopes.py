"""An owner may let a client have less than its application may."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """One column."""

    dependencies = [("oauth", "0010_tokens_know_their_secret")]

    operations = [
        migrations.AddField(
            model_name="client",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=80),
                blank=True,
                db_default=[],
                default=list,
                help_text="The most that it may have; none means all that its application may.",
                size=None,
            ),
        ),
    ]
