"""When a follower last moved was written and never read."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]

    operations = [migrations.RemoveField(model_name="cursor", name="moved_at")]
