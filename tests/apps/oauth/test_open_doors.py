"""No process starts with a door open that RFC 9700 closes."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from django.core.checks import Error, run_checks
from django.core.exceptions import ImproperlyConfigured
from pytest_django.fixtures import Settings

from apps.oauth import checks

OPENED: list[dict[str, Any]] = [
    *({gate: False} for gate in checks.GATES),
    {"REFRESH_TOKEN_REUSE_PROTECTION": False},
    {"ROTATE_REFRESH_TOKEN": False},
    {"REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 60},
    {"PKCE_REQUIRED": False},
    {"PKCE_REQUIRED": bool},
    {"ALLOW_URI_WILDCARDS": True},
    {"ALLOWED_REDIRECT_URI_SCHEMES": ["https", "http"]},
    {"REQUEST_APPROVAL_PROMPT": "auto"},
    {"OAUTH2_VALIDATOR_CLASS": "oauth2_provider.oauth2_validators.OAuth2Validator"},
]


def test_as_shipped_every_door_is_closed() -> None:
    assert len(checks.GATES) == 10
    assert checks.open_doors() == []
    assert not [said for said in run_checks() if isinstance(said, Error)]


@pytest.mark.parametrize("opened", OPENED, ids=lambda opened: next(iter(opened)))
def test_one_open_door_is_an_error_that_stops_the_process(
    opened: dict[str, Any], settings: Settings
) -> None:
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, **opened}
    [name] = opened
    [said] = checks.open_doors()
    assert said.startswith(f"{name} must be ")
    assert [error.id for error in checks.rfc_9700(None)] == ["oauth.E001"]
    with pytest.raises(ImproperlyConfigured, match=name):
        checks.refuse_open_doors()


def test_a_gate_that_is_left_out_counts_as_open(settings: Settings) -> None:
    gate = checks.GATES[0]
    chosen = dict(settings.OAUTH2_PROVIDER)
    del chosen[gate]
    settings.OAUTH2_PROVIDER = chosen
    assert checks.open_doors() == [f"{gate} must be True."]


def test_a_server_with_an_open_door_does_not_come_up() -> None:
    program = (
        "import django\n"
        "from django.conf import settings\n"
        "settings.OAUTH2_PROVIDER['PKCE_REQUIRED'] = False\n"
        "django.setup()\n"
    )
    ran = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program],
        cwd=settings.ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "PYTHONPATH": os.pathsep.join([str(settings.ROOT), str(settings.SOURCES)]),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode != 0
    assert "PKCE_REQUIRED must be True" in ran.stderr
