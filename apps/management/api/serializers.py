"""The schema of what is answered."""

from typing import Any

from rest_framework import serializers

from apps.applications.models import Application
from apps.catalog.models import Scope
from apps.core.rest.components import Link, moment, text, texts
from apps.keys import checking
from apps.keys.models import Key
from apps.oauth.clients import ALGORITHMS
from apps.oauth.models import Client
from apps.oauth.models.client import GrantType
from apps.orgs.models import Role
from apps.plans import limits
from apps.plans.models import ChangeRequest
from apps.tenants.models import Tenant

KEY_KINDS = [kind.name.lower() for kind in Key.Kind]
KEY_STATES = ["active", "retiring", "waiting", "rotated", "expired", "revoked"]
INVITATION_STATES = ["open", "accepted", "revoked", "expired"]
PLAN_REQUEST_STATES = list(ChangeRequest.State.values)
LIMIT_KINDS = list(limits.KINDS)
CREDENTIALS = list(checking.KINDS.values())
FAULTS = [fault.value for fault in checking.Fault]


class Known(serializers.Serializer[Any]):
    """What every object has."""

    object = serializers.CharField(help_text="The kind of object.")
    id = serializers.CharField(help_text="Opaque; begins with the kind.")
    livemode = serializers.BooleanField(help_text="False in a sandbox, true for what is real.")


class Dated(Known):
    """What every object has that somebody made."""

    created_at = moment("When it was made.", null=False)


class CallerSerializer(Known):
    """Who calls."""

    application = serializers.CharField(help_text="The application that the credential is of.")
    organization = serializers.CharField(help_text="The organization that it acts in.")
    tenant = serializers.CharField(help_text="The tenant that it acts in.")
    subject = text("The person behind an access token; null for a credential that acts alone.")
    role = text("What it may do: as its person, or by itself as developer (sandbox) or admin.")
    scopes = texts("What the credential covers.")
    plan = text("The application's plan.")


class PolicySerializer(serializers.Serializer[Any]):
    """One limit of a plan."""

    name = serializers.CharField(help_text="As `RateLimit-Policy` and `RateLimit` name it.")
    kind = serializers.ChoiceField(
        choices=LIMIT_KINDS, help_text="Per window, per calendar period, or at one time."
    )
    scope = serializers.ChoiceField(
        choices=limits.SCOPES,
        help_text="Whose calls are counted together; those of a client count as a key's.",
    )
    limit = serializers.IntegerField(
        help_text="Cost units of a rate or a quota, requests at one time of a concurrency."
    )
    window = serializers.IntegerField(allow_null=True, help_text="Seconds of a rate.")
    burst = serializers.IntegerField(
        allow_null=True, help_text="Units of a rate that may come at once; null means all."
    )
    period = serializers.ChoiceField(
        choices=limits.PERIODS, allow_null=True, help_text="Of a quota, in UTC."
    )
    api = text("The API whose calls are counted; null means all.")
    operations = texts("The operations whose calls are counted; none means all.")
    shadow = serializers.BooleanField(help_text="Whether it is counted and refuses nothing.")


class LimitSerializer(PolicySerializer):
    """One limit that holds for the application now."""

    object = serializers.CharField(help_text="The kind of object.")
    left = serializers.IntegerField(
        allow_null=True,
        help_text="Units that are left for this caller; null where nobody can tell just now.",
    )
    resets_at = moment("When it is whole again; null while nothing of it is used.")
    override_until = moment("Until when it holds in place of the plan's.")


class LimitsSerializer(serializers.Serializer[Any]):
    """Every limit that holds for the application now."""

    object = serializers.ChoiceField(choices=["list"])
    data = LimitSerializer(many=True)  # type: ignore[assignment]  # the document's name for it
    has_more = serializers.BooleanField(help_text="Always false.")
    next_cursor = text("Always null.")


class OrganizationSerializer(Dated):
    """The team that owns everything."""

    name = serializers.CharField()


class TenantSerializer(Dated):
    """One isolated world of data."""

    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Tenant.Kind.choices)


class MemberSerializer(Dated):
    """A person's place in the organization."""

    email = serializers.CharField()
    name = text("As the person gave it.")
    role = serializers.ChoiceField(choices=Role.choices)


class InvitationSerializer(Dated):
    """A place that is offered to whoever reads the mail of an address."""

    email = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)
    state = serializers.ChoiceField(choices=INVITATION_STATES)
    sent_at = moment("When the last mail went out.", null=False)
    expires_at = moment("Until when its link is good.", null=False)


class ConnectionSerializer(Dated):
    """What a member lets an application do with the organization's data."""

    member = Link(MemberSerializer, help_text="Who allowed it, or their identifier.")
    tenant = Link(TenantSerializer, help_text="The tenant whose data it is, or its identifier.")
    client = serializers.CharField(help_text="The OAuth client, perhaps another organization's.")
    name = serializers.CharField(help_text="The application, as the member met it.")
    publisher = text("Whose application it is; null where the client registered itself.")
    verified = serializers.BooleanField(help_text="Whether a reviewer has approved it.")
    scopes = texts("What it may do.")
    last_used_at = moment("Accurate to five minutes.")


class ScopeSerializer(Known):
    """A right that credentials can have."""

    title = serializers.CharField(help_text="As people read it before they consent.")
    risk = serializers.ChoiceField(
        choices=Scope.Risk.choices, help_text="How much harm a stolen grant could do."
    )


class ApplicationSerializer(Dated):
    """What is built on the platform."""

    name = serializers.CharField()
    description = text("For people.")
    homepage = text("An address.")
    state = serializers.ChoiceField(choices=Application.State.choices)
    state_reason = text("What the reviewer said.")
    requested_scopes = texts("What it asks for.")
    optional_scopes = texts("Those of them that an end user may leave out.")
    approved_scopes = texts("What a reviewer allowed on live data.")
    logo = text("Where its logo is, a PNG of 256 by 256 pixels. Another picture, another address.")
    approved_name = text("What people read: a change waits for a reviewer. Null before approval.")
    approved_homepage = text("The home page that a reviewer saw.")
    approved_logo = text("The logo that people see.")


class RevisionSerializer(serializers.Serializer[Any]):
    """One dated revision."""

    revision = serializers.CharField(help_text="A date; what `Trellis-Version` takes.")
    words = serializers.CharField(help_text="What it changed, in Markdown.")


class PinnedSerializer(serializers.Serializer[Any]):
    """Where an application stands with one version of an API."""

    version = serializers.CharField(help_text="The API and its major version, as in paths.")
    revision = serializers.CharField(help_text="The revision in which it is served.")
    since = moment("Since when; null where it is older than the revisions.")
    back_to = text("The revision that it may go back to.")
    back_until = moment("Until when it may.")
    newer = RevisionSerializer(many=True, help_text="What came since, oldest first.")


class RevisionsSerializer(Known):
    """The dated revisions in which an application is served; `id` is the application's."""

    versions = PinnedSerializer(many=True, help_text="Each API version that has revisions.")


class KeySerializer(Dated):
    """An API key, without its secret."""

    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=KEY_KINDS)
    start = serializers.CharField(help_text="How the secret begins.")
    hint = serializers.CharField(help_text="How the secret ends.")
    application = Link(ApplicationSerializer, help_text="The application, or its identifier.")
    tenant = Link(TenantSerializer, help_text="The tenant, or its identifier.")
    scopes = texts("What it covers.")
    ip_allow = texts("Networks that it is good from; none means everywhere.")
    state = serializers.ChoiceField(choices=KEY_STATES)
    not_before = moment("From when it is good.")
    expires_at = moment("Until when it is good.")
    rotated_from = text("The key that it succeeds.")
    rotated_at = moment("When it was given a successor.")
    revoked_at = moment("When it was closed for good.")
    last_used_at = moment("Accurate to five minutes.")


class IssuedKeySerializer(KeySerializer):
    """An API key and, this once, its secret."""

    secret = text("Shown this once. Null where the answer is a replay.")


class KeyCheckSerializer(serializers.Serializer[Any]):
    """What can be said about a text."""

    object = serializers.CharField(help_text="The kind of object.")
    kind = serializers.ChoiceField(
        choices=CREDENTIALS, allow_null=True, help_text="What it is by its shape."
    )
    livemode = serializers.BooleanField(allow_null=True, help_text="What it says of itself.")
    fault = serializers.ChoiceField(
        choices=FAULTS,
        allow_null=True,
        help_text="Why it is no credential: it is something else, stands in a longer text, or a "
        "character of it is wrong.",
    )
    key = text("The key, where it is one that the caller sees.")


class PlanSerializer(Known):
    """What an application may be put on."""

    name = serializers.CharField()
    summary = text("For whom it is.")
    limits = PolicySerializer(many=True, help_text="What its newest version allows.")


class PlanRequestSerializer(Dated):
    """That somebody asked for another plan, and what became of it."""

    application = Link(ApplicationSerializer, help_text="The application, or its identifier.")
    plan = serializers.CharField(help_text="The plan that it asks for.")
    reason = serializers.CharField(help_text="What for.")
    state = serializers.ChoiceField(choices=PLAN_REQUEST_STATES)
    decision_reason = text("What the operator said.")
    decided_at = moment("When it was decided or withdrawn.")


class InitialTokenSerializer(Dated):
    """Lets programs register OAuth clients (RFC 7591), without its text."""

    application = Link(ApplicationSerializer, help_text="The application, or its identifier.")
    hint = serializers.CharField(help_text="How the token ends.")
    uses_left = serializers.IntegerField(help_text="How many more clients it registers.")
    expires_at = moment("Until when it is good.", null=False)


class IssuedInitialTokenSerializer(InitialTokenSerializer):
    """An initial access token and, this once, its text."""

    secret = text("Shown this once. Null where the answer is a replay.")


class EndUserSerializer(Dated):
    """An invented person of a sandbox, whom its developers may answer for on the consent page."""

    tenant = Link(TenantSerializer, help_text="The sandbox, or its identifier.")
    email = serializers.CharField(help_text="Nobody receives mail there.")
    name = serializers.CharField()


class ClientSerializer(Dated):
    """An OAuth client, without its secrets."""

    application = Link(ApplicationSerializer, help_text="The application, or its identifier.")
    name = serializers.CharField()
    redirect_uris = texts("Compared character by character.")
    post_logout_redirect_uris = texts("Where people may be sent after signing out.")
    grant_types = serializers.ListField(
        child=serializers.ChoiceField(choices=GrantType.choices), help_text="As in RFC 7591."
    )
    authentication = serializers.ChoiceField(
        choices=Client.Auth.choices, help_text="token_endpoint_auth_method of RFC 7591."
    )
    jwks = serializers.JSONField(help_text="Its public keys (RFC 7517), or null.")
    token_format = serializers.ChoiceField(choices=Client.TokenFormat.choices)
    ip_allow = texts("Networks that its access tokens are good from; none means everywhere.")
    scopes = texts("The most that it may have; none means all that its application may.")
    dpop_required = serializers.BooleanField(help_text="Whether its tokens are bound to a key.")
    par_required = serializers.BooleanField(help_text="Whether it must push its requests.")
    id_token_algorithm = serializers.ChoiceField(choices=list(ALGORITHMS))
    backchannel_logout_uri = text("Where it hears of logouts.")
    last_used_at = moment("Accurate to five minutes.")


class ClientSecretSerializer(Dated):
    """A client's secret, without its text."""

    client = Link(ClientSerializer, help_text="The client, or its identifier.")
    hint = serializers.CharField(help_text="How the secret ends.")
    expires_at = moment("Until when it is good.")
    revoked_at = moment("When it was closed for good.")
    last_used_at = moment("Accurate to five minutes.")


class IssuedClientSecretSerializer(ClientSecretSerializer):
    """A client's secret and, this once, its text."""

    secret = text("Shown this once. Null where the answer is a replay.")
