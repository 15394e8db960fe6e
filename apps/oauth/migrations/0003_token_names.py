"""Access tokens get names to be called by, clients the networks their tokens may be used from."""

import django.contrib.postgres.fields
import django.contrib.postgres.functions
from django.db import migrations, models

import apps.core.ids


class Migration(migrations.Migration):
    """Two columns."""

    dependencies = [("oauth", "0002_identity")]

    operations = [
        migrations.AddField(
            model_name="accesstoken",
            name="public_id",
            field=models.UUIDField(
                db_default=django.contrib.postgres.functions.RandomUUID(),
                default=apps.core.ids.uuid7,
                editable=False,
                help_text="What backends and logs call it, as tok_….",
                unique=True,
            ),
        ),
        migrations.AddField(
            model_name="client",
            name="ip_allow",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=43),
                blank=True,
                db_default=[],
                default=list,
                help_text="Networks from which its access tokens may be used; none means any.",
                size=None,
            ),
        ),
    ]
