"""Sandboxes that were opened before get their test end users too."""

from django.apps.registry import Apps
from django.contrib.auth.hashers import make_password
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

CAST = (("mia", "Mia Okafor"), ("jonas", "Jonas Weber"))


def settle(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make two people for each sandbox."""
    Tenant, User = apps.get_model("tenants", "Tenant"), apps.get_model("accounts", "User")
    Membership = apps.get_model("tenants", "Membership")
    for tenant in Tenant.objects.filter(kind="sandbox").iterator():
        place = tenant.pk.partition("_")[2].lower()
        for first, name in CAST:
            person, made = User.objects.get_or_create(
                email=f"{first}.{place}@people.test",
                defaults={"name": name, "password": make_password(None)},
            )
            if made:
                Membership.objects.create(tenant=tenant, user=person)


class Migration(migrations.Migration):
    """People."""

    dependencies = [("tenants", "0002_end_users"), ("accounts", "0001_initial")]

    operations = [migrations.RunPython(settle, migrations.RunPython.noop, elidable=True)]
