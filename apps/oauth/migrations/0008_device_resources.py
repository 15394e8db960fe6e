"""What a device asked for is kept, as it is with codes (RFC 8707)."""

import oauth2_provider.models
from django.db import migrations


class Migration(migrations.Migration):
    """One column."""

    dependencies = [("oauth", "0007_long_client_ids")]

    operations = [
        migrations.AddField(
            model_name="devicegrant",
            name="resource",
            field=oauth2_provider.models.ResourceJSONField(
                db_default=[], default=list, help_text="What its tokens are for (RFC 8707)."
            ),
        ),
    ]
