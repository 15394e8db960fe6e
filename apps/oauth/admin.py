"""OAuth clients, for the operator. Codes and tokens have no page at all."""

from typing import ClassVar

from django.contrib import admin
from oauth2_provider.models import (
    get_access_token_model,
    get_application_model,
    get_grant_model,
    get_id_token_model,
    get_refresh_token_model,
)

from apps.core.office import Record
from apps.oauth.models import Client

for model in (
    get_access_token_model(),
    get_application_model(),
    get_grant_model(),
    get_id_token_model(),
    get_refresh_token_model(),
):
    if admin.site.is_registered(model):  # By django-oauth-toolkit, with forms that change them.
        admin.site.unregister(model)


@admin.register(Client)
class ClientAdmin(Record):
    """Clients, without their secrets."""

    list_display: ClassVar = ["name", "client_id", "application", "environment", "client_type"]
    list_filter: ClassVar = ["environment", "client_type"]
    list_select_related: ClassVar = ["application"]
    search_fields: ClassVar = ["name", "client_id", "application__name"]
    fields: ClassVar = [
        "name",
        "client_id",
        "application",
        "environment",
        "client_type",
        "authorization_grant_type",
        "redirect_uris",
        "created",
    ]
