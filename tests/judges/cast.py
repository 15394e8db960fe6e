"""Who appears before the judges: people, shops and clients, made inside the box.

Run by a process of the box: ``box.python("from tests.judges import cast; cast.appear([…])")``.
"""

import json
import secrets
from typing import Any

from allauth.account.models import EmailAddress
from jwcrypto.jwk import JWK

from apps.accounts import services as accounts
from apps.accounts.models import Terms, User
from apps.applications.models import Application
from apps.catalog.models import Scope
from apps.keys import services as keys
from apps.oauth import client_secrets, clients
from apps.oauth.models import Client
from apps.oauth.models.client import GrantType
from apps.onboarding import services as onboarding
from apps.plans import services as plans
from apps.plans.models import PlanVersion

CALLBACK = "https://judge.example/callback"
LOOPBACK = "http://127.0.0.1/callback"
GOODBYE = "https://judge.example/goodbye"
EVERY_GRANT = [*GrantType.values]
WITHOUT_SECRET = [GrantType.CODE, GrantType.REFRESH, GrantType.DEVICE]
# Each way to prove oneself, each algorithm and each kind of token appears once.
CLIENTS: dict[str, dict[str, Any]] = {
    "basic": {"authentication": "client_secret_basic", "grant_types": EVERY_GRANT},
    "post": {"authentication": "client_secret_post", "id_token_algorithm": "ES256"},
    "none": {
        "authentication": "none",
        "id_token_algorithm": "EdDSA",
        "grant_types": WITHOUT_SECRET,
    },
    "jwt": {
        "authentication": "private_key_jwt",
        "token_format": "jwt",
        "grant_types": EVERY_GRANT,
        "par_required": True,
    },
    "dpop": {"authentication": "client_secret_basic", "dpop_required": True},
    "native": {"authentication": "none", "redirect_uris": [LOOPBACK]},
    "es256": {
        "authentication": "client_secret_basic",
        "token_format": "jwt",
        "id_token_algorithm": "ES256",
        "grant_types": EVERY_GRANT,
    },
    "eddsa": {
        "authentication": "client_secret_basic",
        "token_format": "jwt",
        "id_token_algorithm": "EdDSA",
        "grant_types": EVERY_GRANT,
    },
}


def appear(names: list[str]) -> None:
    """Make a person, a shop and clients for each of ``names``, and print them."""
    print(json.dumps({name: one(name) for name in names}))  # noqa: T201 - read by the test


def one(name: str) -> dict[str, Any]:
    """Make what one judge works with."""
    user = person(f"{name}.{secrets.token_hex(3)}@judges.example")
    welcome = onboarding.welcome(user)
    if welcome is None:
        raise RuntimeError("A new person belongs to nobody.")
    application = welcome.application
    roomy(application)
    issued = keys.issue(
        application,
        tenant=welcome.sandbox,
        name="Judge",
        scopes=Scope.objects.shown_to(application.organization_id).values_list("name", flat=True),
        actor=user,
    )
    return {
        "email": user.email,
        "password": user.password_in_clear,
        "user": user.pk,
        "tenant": welcome.sandbox.pk,
        "application": application.pk,
        "key": issued.secret,
        "callback": CALLBACK,
        "goodbye": GOODBYE,
        "clients": {kind: client(application, kind, fields) for kind, fields in CLIENTS.items()},
    }


def person(email: str) -> Any:
    """Make somebody who can sign in; the password is kept on the object."""
    password = secrets.token_urlsafe(12)
    user: Any = User.objects.create_user(email=email, password=password, name="Judy Judge")
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    if terms := Terms.objects.current():
        accounts.accept_terms(user, terms=terms, ip=None)
    user.password_in_clear = password
    return user


def roomy(application: Application) -> None:
    """Let the application call as often as judges do."""
    limits = [
        {
            "name": "burst",
            "kind": "rate",
            "scope": "application",
            "limit": 10_000,
            "window": 1,
        }
    ]
    if not PlanVersion.objects.filter(plan__slug="judges").exists():
        plans.publish("judges", name="Judges", limits=limits)
    version = PlanVersion.objects.filter(plan__slug="judges").latest("number")
    plans.subscribe(application, version=version, actor=None)


def client(application: Application, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Make a client, and say with what it proves itself."""
    private = JWK.generate(kty="EC", crv="P-256", kid="judge", alg="ES256", use="sig")
    if fields["authentication"] == Client.Auth.JWT:
        fields = fields | {"jwks": {"keys": [private.export_public(as_dict=True)]}}
    made = clients.create(
        application,
        name=f"Judge {kind}",
        actor=None,
        **{"redirect_uris": [CALLBACK], "post_logout_redirect_uris": [GOODBYE]} | fields,
    )
    said: dict[str, Any] = {"client_id": made.client_id, "algorithm": made.id_token_algorithm}
    if made.authentication == Client.Auth.JWT:
        said["key"] = private.export_private(as_dict=True)
    elif not made.is_public:
        said["client_secret"] = client_secrets.add_secret(made, actor=None)[1]
    return said
