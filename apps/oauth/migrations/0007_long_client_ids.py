"""A device flow for clients whose id is an address."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column grows; PostgreSQL rewrites nothing for that."""

    dependencies = [("oauth", "0006_sign_in_clients")]

    operations = [
        migrations.AlterField(
            model_name="devicegrant",
            name="client_id",
            field=models.CharField(db_index=True, max_length=255),
        ),
    ]
