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
from unfold.enums import ActionVariant

from apps.accounts.models import User
from apps.core.office import Record, Rows, decision
from apps.oauth import clients
from apps.oauth.models import Client, ClientSecret

for model in (
    get_access_token_model(),
    get_application_model(),
    get_grant_model(),
    get_id_token_model(),
    get_refresh_token_model(),
):
    if admin.site.is_registered(model):  # By django-oauth-toolkit, with forms that change them.
        admin.site.unregister(model)


class SecretRows(Rows):
    """A client's secrets: how they end, never what they are."""

    model = ClientSecret
    show_change_link = False
    fields: ClassVar = [
        "hint",
        "created_by",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
    ]


@admin.register(Client)
class ClientAdmin(Record):
    """Clients, and which secrets they have."""

    list_display: ClassVar = [
        "name",
        "client_id",
        "application",
        "environment",
        "authentication",
        "last_used_at",
    ]
    list_filter: ClassVar = ["environment", "authentication", "token_format"]
    list_select_related: ClassVar = ["application"]
    search_fields: ClassVar = ["name", "client_id", "application__name"]
    fields: ClassVar = [
        "name",
        "client_id",
        "application",
        "environment",
        "authentication",
        "grant_types",
        "redirect_uris",
        "post_logout_redirect_uris",
        "backchannel_logout_uri",
        "token_format",
        "id_token_algorithm",
        "dpop_required",
        "par_required",
        "scopes",
        "ip_allow",
        "jwks",
        "metadata",
        "last_used_at",
        "created",
    ]
    inlines: ClassVar = [SecretRows]
    actions_detail: ClassVar = ["end_tokens"]

    @decision(
        "End all tokens",
        permission="applications.moderate_application",
        variant=ActionVariant.DANGER,
    )
    def end_tokens(self, client: Client, reason: str, actor: User) -> None:
        """Revoke all that this client holds, for whomever; it may ask for tokens anew."""
        clients.end_tokens(client, reason=reason, actor=actor)
