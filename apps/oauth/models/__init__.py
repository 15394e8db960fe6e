"""django-oauth-toolkit's six models, ours from the first migration on, and what it lacks.

A swapped model cannot be swapped later without rewriting history, so all six are ours.
"""

from apps.oauth.models.client import Client, ClientSecret, InitialToken
from apps.oauth.models.consent import Consent
from apps.oauth.models.protocol import (
    LogoutNotice,
    PushedRequest,
    SignIn,
    SigningKey,
    UsedProof,
)
from apps.oauth.models.tokens import AccessToken, DeviceGrant, Grant, IDToken, RefreshToken

__all__ = [
    "AccessToken",
    "Client",
    "ClientSecret",
    "Consent",
    "DeviceGrant",
    "Grant",
    "IDToken",
    "InitialToken",
    "LogoutNotice",
    "PushedRequest",
    "RefreshToken",
    "SignIn",
    "SigningKey",
    "UsedProof",
]
