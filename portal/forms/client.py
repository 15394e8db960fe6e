"""Making and changing an OAuth client."""

import json
from collections.abc import Container
from functools import partial
from typing import Any, Final, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.applications.models import Application
from apps.core.errors import Problem
from apps.core.networks import listed
from apps.oauth import clients
from apps.oauth.clients import ALGORITHMS
from apps.oauth.models import Client
from apps.oauth.models.client import GrantType
from apps.tenants.models import Tenant
from portal.forms.scopes import CHECKBOXES, boxes

LINES: Final = {"rows": 3, "spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"}


RARE: Final[dict[str, Any]] = {  # and what most clients leave it at
    "scopes": [],
    "post_logout_redirect_uris": "",
    "backchannel_logout_uri": "",
    "token_format": Client.TokenFormat.OPAQUE,
    "id_token_algorithm": ALGORITHMS[0],
    "dpop_required": False,
    "par_required": False,
    "jwks": "",
    "ip_allow": "",
}


class ClientForm(forms.Form):
    """Everything about a client that its developers decide."""

    rare_title = _("More: fewer scopes, networks, keys, token formats, DPoP, PAR, signing out")

    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("People read it until your application is approved; then they read its name."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    environment = forms.ChoiceField(
        label=_("Environment"),
        choices=[(Tenant.Kind.SANDBOX, _("Sandbox")), (Tenant.Kind.LIVE, _("Live"))],
        help_text=_("It cannot be changed later. Live needs an approved application."),
    )
    authentication = forms.ChoiceField(
        label=_("How it proves itself"),
        choices=Client.Auth.choices,
        help_text=_("A program on people's own devices, or in a browser, is a public client."),
    )
    grant_types = forms.MultipleChoiceField(
        label=_("How it obtains tokens"),
        choices=GrantType.choices,
        widget=forms.CheckboxSelectMultiple(attrs=CHECKBOXES),
        initial=[GrantType.CODE, GrantType.REFRESH],
    )
    redirect_uris = forms.CharField(
        label=_("Redirect URIs"),
        required=False,
        max_length=12_000,
        help_text=_(
            "One a line, compared exactly. https, or http on 127.0.0.1 and localhost, there with "
            "any port; a public client also com.example.app:/path."
        ),
        widget=forms.Textarea(attrs=LINES),
    )
    post_logout_redirect_uris = forms.CharField(
        label=_("Redirect URIs after signing out"),
        required=False,
        max_length=12_000,
        widget=forms.Textarea(attrs=LINES),
    )
    token_format = forms.ChoiceField(
        label=_("Access tokens"),
        choices=Client.TokenFormat.choices,
        help_text=_("Both can be revoked within a second; a JWT can be read by the API it is for."),
    )
    id_token_algorithm = forms.ChoiceField(
        label=_("ID tokens are signed with"), choices=[(name, name) for name in ALGORITHMS]
    )
    dpop_required = forms.BooleanField(
        label=_("Tokens are bound to a key of the client (DPoP)"), required=False
    )
    par_required = forms.BooleanField(
        label=_("Requests must be pushed ahead of the browser (PAR)"), required=False
    )
    jwks = forms.CharField(
        label=_("Public keys"),
        required=False,
        max_length=20_000,
        help_text=_('A JSON Web Key Set, {"keys": […]}; needed for private_key_jwt.'),
        widget=forms.Textarea(attrs=LINES),
    )
    scopes = forms.MultipleChoiceField(
        label=_("At most these scopes"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs=CHECKBOXES),
        help_text=_(
            "With none ticked it may have all that its application may. What is taken away ends "
            "the tokens that hold it."
        ),
    )
    ip_allow = forms.CharField(
        label=_("Allowed networks"),
        required=False,
        max_length=2000,
        help_text=_(
            "Its access tokens are refused from elsewhere. Without any, they work everywhere."
        ),
        widget=forms.TextInput(
            attrs={"placeholder": "203.0.113.0/24, 2001:db8::/32", "autocomplete": "off"}
        ),
    )
    backchannel_logout_uri = forms.CharField(
        label=_("Back-channel logout URI"),
        required=False,
        max_length=200,
        help_text=_("We tell it when somebody signs out here."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "url"}),
    )

    def __init__(
        self, *args: Any, application: Application, client: Client | None = None, **kwargs: Any
    ) -> None:
        """Begin with what ``client`` of ``application`` has; its environment stays."""
        super().__init__(*args, **kwargs)
        self.client = client or Client(application=application)
        narrowed = cast("forms.MultipleChoiceField", self.fields["scopes"])
        owner = application.organization_id
        narrowed.choices = boxes(client.scopes if client else (), organization=owner)
        if client is None:
            return
        del self.fields["environment"]
        for name in self.fields:
            self.initial[name] = getattr(client, name)
        self.initial["ip_allow"] = ", ".join(client.ip_allow)
        self.initial["jwks"] = json.dumps(client.jwks, indent=2) if client.jwks else ""

    @property
    def usual(self) -> list[forms.BoundField]:
        """Return the fields that every client needs."""
        return [field for field in self if field.name not in RARE]

    @property
    def rare(self) -> list[forms.BoundField]:
        """Return the fields that most clients leave as they are."""
        return [field for field in self if field.name in RARE]

    @property
    def shows_rare(self) -> bool:
        """Tell whether one of these is wrong, or set to something."""
        return any(
            name in self.errors or self.initial.get(name, usual) != usual
            for name, usual in RARE.items()
        )

    @property
    def livemode(self) -> bool:
        """Tell whether a new client is to be one of live data."""
        return self.cleaned_data.get("environment") == Tenant.Kind.LIVE

    def clean_jwks(self) -> Any:
        """Return the keys as JSON."""
        text: str = self.cleaned_data["jwks"].strip()
        try:
            return json.loads(text) if text else None
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(_("This is not JSON.")) from error

    def clean(self) -> dict[str, Any]:
        """Say all that is wrong at once, also what only the service knows."""
        given = self.values()
        environment = given.pop("environment", "")
        wrong = set(self.errors)
        for look in (
            partial(clients.check, self.client, **given),
            partial(clients.check_environment, self.client.application, environment),
        ):
            try:
                look()
            except Problem as problem:
                self.refuse(problem, besides=wrong)
        return self.cleaned_data

    def values(self) -> dict[str, Any]:
        """Return what the service takes."""
        wanted = dict(self.cleaned_data)
        for name in ("redirect_uris", "post_logout_redirect_uris"):
            if name in wanted:
                wanted[name] = wanted[name].split()
        if "ip_allow" in wanted:
            wanted["ip_allow"] = listed(wanted["ip_allow"])
        return wanted

    def refuse(self, problem: Problem, *, besides: Container[str] = ()) -> None:
        """Say beside its field what the service refused, a line for each address.

        Fields that are wrong ``besides`` say so themselves.
        """
        faults = problem.errors or [{"param": problem.param, "detail": problem.detail}]
        for fault in faults:
            place = fault["param"] if fault["param"] in self.fields else None
            words = [fault["value"]] if "value" in fault else []
            if place not in besides:
                self.add_error(place, ": ".join([*words, fault["detail"]]))


class SecretForm(forms.Form):
    """A new secret: when it ends, and how long the others stay good."""

    LIVES = (
        ("", _("Never")),
        ("30", _("In 30 days")),
        ("90", _("In 90 days")),
        ("365", _("In a year")),
    )
    OVERLAPS = (
        ("", _("Until they are revoked")),
        ("0", _("They end now")),
        ("1", _("For another hour")),
        ("24", _("For another day")),
        ("168", _("For another week")),
    )
    life = forms.ChoiceField(label=_("The new secret expires"), choices=LIVES, required=False)
    overlap = forms.ChoiceField(
        label=_("The others stay good"), choices=OVERLAPS, required=False, initial="24"
    )


class InitialTokenForm(forms.Form):
    """A token with which clients register themselves."""

    uses = forms.IntegerField(
        label=_("How many clients it registers"), min_value=1, max_value=100, initial=1
    )
    days = forms.ChoiceField(
        label=_("It expires"),
        choices=(("1", _("In a day")), ("7", _("In 7 days")), ("30", _("In 30 days"))),
    )
