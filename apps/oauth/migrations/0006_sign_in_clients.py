"""Which clients know of a session, and so hear of its end."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One table between two."""

    dependencies = [("oauth", "0005_declined_scopes")]

    operations = [
        migrations.AddField(
            model_name="signin",
            name="clients",
            field=models.ManyToManyField(
                help_text="Those that know of it and hear of its end.",
                related_name="+",
                to="oauth.client",
            ),
        ),
    ]
