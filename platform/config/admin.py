"""The Django admin, entered through a door of our own."""

from django.contrib.admin.apps import AdminConfig


class OperatorsAdmin(AdminConfig):
    """The admin with ``apps.core.admin.Site`` instead of Django's."""

    default_site = "apps.core.admin.Site"
