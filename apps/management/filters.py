"""By what lists can be filtered."""

import django_filters as filters

from apps.applications.models import Application
from apps.core.rest.filters import Dated, matching
from apps.orgs.models import Role
from apps.plans.models import ChangeRequest


class ApplicationFilters(Dated):
    """Applications."""

    state = filters.ChoiceFilter(choices=Application.State.choices, help_text="In this state.")
    name = matching("With this in the name.", lookup="icontains")


class KeyFilters(Dated):
    """Keys."""

    application = matching("Of this application.")
    tenant = matching("For this tenant.")
    revoked = filters.BooleanFilter(
        field_name="revoked_at",
        lookup_expr="isnull",
        exclude=True,
        help_text="Only those that were revoked, or were not.",
    )


class ClientFilters(Dated):
    """OAuth clients."""

    application = matching("Of this application.")


class ClientSecretFilters(Dated):
    """Client secrets."""

    client = matching("Of this client.", "client__client_id")


class InitialTokenFilters(Dated):
    """Initial access tokens."""

    application = matching("Of this application.")


class PlanRequestFilters(Dated):
    """Requests for plans."""

    application = matching("Of this application.")
    state = filters.ChoiceFilter(choices=ChangeRequest.State.choices, help_text="In this state.")


class EndUserFilters(Dated):
    """Test end users."""

    tenant = matching("In this sandbox.")
    email = matching("With this e-mail address.", "user__email", "iexact")


class MemberFilters(Dated):
    """Members."""

    role = filters.ChoiceFilter(choices=Role.choices, help_text="In this role.")
    email = matching("With this e-mail address.", "user__email", "iexact")


class ConnectionFilters(Dated):
    """Connections."""

    client = matching("Of this OAuth client.", "client__client_id")
    member = matching("By this member.", "user")
    tenant = matching("In this tenant.")


class InvitationFilters(Dated):
    """Invitations."""

    email = matching("To this e-mail address.", lookup="iexact")
