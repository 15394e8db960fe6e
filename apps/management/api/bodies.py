"""The checks of what is asked."""

from typing import Any

from rest_framework import serializers

from apps.core import networks
from apps.core.rest.fields import Flag, Id, Strict, Text, Whole
from apps.core.secrets import Kind
from apps.keys import services as keys
from apps.keys.handover import MOST_SILENT_HOURS
from apps.oauth.clients import ALGORITHMS
from apps.oauth.models import Client
from apps.oauth.models.client import GrantType
from apps.orgs.models import Role
from apps.plans.models import REASON_LIMIT

HOURS = 3600
LONGEST_OVERLAP = int(keys.LONGEST_OVERLAP.total_seconds()) // HOURS
OVERLAP = int(keys.OVERLAP.total_seconds()) // HOURS
KINDS: dict[str, Kind] = {"secret": "k", "restricted": "r"}  # those that can be made
MOST = 100  # items of a list in a body
NEW_KEY_KINDS = list(KINDS)


def _listed(words: str, *, most: int = MOST, longest: int = 500, **more: Any) -> Any:
    """Check a list of strings."""
    child = Text(max_length=longest)
    return serializers.ListField(child=child, max_length=most, help_text=words, **more)


class OrganizationBody(Strict):
    """Another name for the organization."""

    name = Text(max_length=80)


class RoleBody(Strict):
    """Another role for a member."""

    role = serializers.ChoiceField(choices=Role.choices)


class InvitationBody(Strict):
    """An invitation to be."""

    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=Role.choices)


class RevisionBody(Strict):
    """Another revision of an API."""

    version = Text(max_length=60, help_text="The API and its major version: commerce/v1.")
    revision = Text(max_length=10, help_text="A date, as `newer` or `back_to` names it.")


class ApplicationBody(Strict):
    """An application to be."""

    name = Text(max_length=80)
    description = Text(required=False, allow_blank=True, allow_null=True, max_length=500)
    homepage = serializers.URLField(
        required=False, allow_blank=True, allow_null=True, max_length=200
    )
    requested_scopes = _listed("What it asks for.", required=False, longest=80)
    optional_scopes = _listed(
        "Those of them that an end user may leave out.", required=False, longest=80
    )


class KeyBody(Strict):
    """A key to be; it never covers more than the key or token that asks for it."""

    application = Id("app", help_text="The application that it is for.")
    tenant = Id("tnt", required=False, help_text="By default the tenant of the call.")
    name = Text(max_length=80)
    kind = serializers.ChoiceField(
        choices=NEW_KEY_KINDS, required=False, help_text="By default what its scopes make it."
    )
    scopes = _listed("At most those of the call.", longest=80, allow_empty=False)
    ip_allow = _listed(
        "Networks such as 203.0.113.0/24; by default those of the key that calls.",
        most=networks.MOST,
        longest=60,
        required=False,
    )
    not_before = serializers.DateTimeField(required=False, allow_null=True)
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="By default as the key that calls."
    )


class KeyChange(Strict):
    """What can be changed of a key."""

    name = Text(max_length=80, required=False)
    ip_allow = _listed("Replaces all networks.", most=networks.MOST, longest=60, required=False)


class RotationBody(Strict):
    """How long the old key lives on beside its successor."""

    overlap_hours = Whole(min_value=0, max_value=LONGEST_OVERLAP, default=OVERLAP)
    silent_hours = Whole(
        min_value=1,
        max_value=MOST_SILENT_HOURS,
        required=False,
        allow_null=True,
        help_text="End the overlap early after so many hours without a call.",
    )


class OverlapBody(Strict):
    """Another end for a key that has a successor."""

    ends_at = serializers.DateTimeField(
        help_text="In the future, and at most 7 days after the rotation."
    )
    silent_hours = Whole(
        min_value=1,
        max_value=MOST_SILENT_HOURS,
        required=False,
        allow_null=True,
        help_text="End it early after so many hours without a call.",
    )


class CheckBody(Strict):
    """A text that may be a key; it is looked up and forgotten."""

    text = Text(max_length=500, trim_whitespace=False)


class RevocationBody(Strict):
    """Why a key is closed."""

    reason = Text(required=False, allow_blank=True, max_length=200)


class ClientChange(Strict):
    """What can be changed of an OAuth client."""

    name = Text(max_length=80, required=False)
    redirect_uris = _listed("Replaces all.", most=20, required=False)
    post_logout_redirect_uris = _listed("Replaces all.", most=20, required=False)
    grant_types = serializers.ListField(
        child=serializers.ChoiceField(choices=GrantType.choices), required=False, max_length=4
    )
    authentication = serializers.ChoiceField(choices=Client.Auth.choices, required=False)
    jwks = serializers.JSONField(required=False, allow_null=True)
    token_format = serializers.ChoiceField(choices=Client.TokenFormat.choices, required=False)
    ip_allow = _listed(
        "Networks that its access tokens are good from; replaces all. At most those of the call.",
        most=networks.MOST,
        longest=60,
        required=False,
    )
    scopes = _listed(
        "The most that it may have; none means all that its application may.",
        longest=80,
        required=False,
    )
    dpop_required = Flag(required=False)
    par_required = Flag(required=False)
    id_token_algorithm = serializers.ChoiceField(choices=list(ALGORITHMS), required=False)
    backchannel_logout_uri = Text(required=False, allow_blank=True, allow_null=True, max_length=200)


class ClientBody(ClientChange):
    """An OAuth client to be, in the environment of the call."""

    application = Id("app", help_text="The application that it is for.")
    name = Text(max_length=80)


class ClientSecretBody(Strict):
    """A client secret to be."""

    client = Text(max_length=255, help_text="The client's identifier.")
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    overlap_hours = Whole(
        min_value=0,
        max_value=LONGEST_OVERLAP,
        required=False,
        allow_null=True,
        help_text="Let the client's other secrets end after so many hours; 0 revokes them.",
    )


class EndUserBody(Strict):
    """An invented person to be."""

    tenant = Id("tnt", required=False, help_text="A sandbox; by default that of the call.")
    name = Text(max_length=120)


class PlanRequestBody(Strict):
    """A request for another plan."""

    application = Id("app", help_text="The application that is to be on it.")
    plan = Text(max_length=50, help_text="A plan that is offered, by its identifier.")
    reason = Text(max_length=REASON_LIMIT, help_text="What for. Whoever decides reads it.")


class InitialTokenBody(Strict):
    """An initial access token to be."""

    application = Id("app", help_text="The application whose clients it registers.")
    uses = Whole(required=False, help_text="How many clients it registers: 1 to 100, by default 1.")
    expires_at = serializers.DateTimeField(help_text="In the future, within 90 days.")
