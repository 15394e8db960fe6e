"""What an end user left out is remembered, so that nobody is asked for it again and again."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """One column."""

    dependencies = [("oauth", "0004_sign_in")]

    operations = [
        migrations.AddField(
            model_name="consent",
            name="declined",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=80),
                db_default=[],
                default=list,
                help_text="Asked for, and left out.",
                size=None,
            ),
        ),
    ]
