"""Each defect of django-oauth-toolkit that we know of is there as it comes, and is not here."""

import json
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys.box import Box
from tests.judges.conftest import SCORES, someone
from tests.judges.probes import PROBES, Probe, Server
from tests.support.person import Person

pytestmark = pytest.mark.timeout(180)
STOCK = Path(__file__).parent / "stock/server.py"
PATHS = {
    "discovery": ".well-known/openid-configuration",
    "authorization_endpoint": "authorize/",
    "token_endpoint": "token/",
    "revocation_endpoint": "revoke_token/",
    "introspection_endpoint": "introspect/",
    "device_authorization_endpoint": "device-authorization/",
    "registration_endpoint": "register/",
    "end_session_endpoint": "logout/",
    "device": "device/",
}
EXPIRE = """
from datetime import timedelta
from apps.core import clock
from apps.oauth.models import DeviceGrant
DeviceGrant.objects.update(expires=clock.real() - timedelta(days=30))
"""
FORGIVE = """
from apps.core import valkey
for name in valkey.client().scan_iter("trl:tries:*"):
    valkey.client().delete(name)
"""
DISABLE = """
from apps.accounts.models import User
from apps.accounts.services import change_access
user = User.objects.get(email={email!r})
change_access(user, is_active=False, is_staff=False, is_superuser=False, actor=user)
"""


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The toolkit as it comes, served over HTTP."""
    folder = tmp_path_factory.mktemp("stock")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    issuer = f"http://localhost:{port}"

    def change(statement: str, *values: Any) -> None:
        with sqlite3.connect(folder / "stock.sqlite3", timeout=20) as connection:
            connection.execute(statement, values)
        connection.close()

    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, str(STOCK), str(folder), str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        facts = json.loads(process.stdout.readline())
        people = [Person(issuer, one["email"], one["password"]) for one in facts["people"].values()]
        with people[0] as judy, people[1] as victim:
            yield Server(
                endpoints={name: f"{issuer}/{path}" for name, path in PATHS.items()},
                orders=f"{issuer}/api/orders",
                clients=facts["clients"],
                judy=judy,
                victim=victim,
                disable=lambda who: change(
                    "UPDATE auth_user SET is_active = 0 WHERE username = ?", who.email
                ),
                let_devices_expire=lambda: change(
                    "UPDATE oauth2_provider_devicegrant SET expires = datetime('now', '-30 days')"
                ),
            )
        process.stdin and process.stdin.close()  # which ends it


@pytest.fixture(scope="module")
def ours(box: Box, cast: dict[str, Any]) -> Iterator[Server]:
    """The box."""
    facts = cast["judy"]
    known = facts["clients"]
    clients = {
        "code": known["basic"],
        "native": known["native"] | {"callback": "http://127.0.0.1/callback"},
        "device": known["none"],
        "other device": known["basic"],
        "public": known["none"],
        "other": known["post"],
    }
    metadata = f"{box.portal}/.well-known/openid-configuration"
    endpoints = httpx.get(metadata).json() | {
        "discovery": metadata,
        "device": f"{box.portal}/device",
    }
    with someone(facts) as judy, someone(cast["victim"]) as victim:
        yield Server(
            endpoints=endpoints,
            orders=f"{box.api}/commerce/v1/orders",
            clients={name: {"callback": facts["callback"]} | one for name, one in clients.items()},
            judy=judy,
            victim=victim,
            disable=lambda who: _run(box, DISABLE.format(email=who.email)),
            let_devices_expire=lambda: _run(box, EXPIRE),
        )
    _run(box, FORGIVE)


def _run(box: Box, code: str) -> None:
    box.python(code)


def test_the_toolkit_is_the_one_whose_defects_we_know() -> None:
    assert version("django-oauth-toolkit") == "3.4.1"


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.__name__)
def test_a_defect_of_the_toolkit_is_not_ours(stock: Server, ours: Server, probe: Probe) -> None:
    assert probe(stock) is True, "the toolkit no longer has it: the list is out of date"
    here = probe(ours)
    passed, of = SCORES.get("defects absent", (0, 0))
    SCORES["defects absent"] = passed + (not here), of + 1
    assert here is False
