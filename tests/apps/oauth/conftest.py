"""What tests of registration and of signing out share."""

import threading
from collections.abc import Iterator

import pytest
from django.test import Client as Browser
from pytest_django.fixtures import Settings

from apps.accounts.models import User
from apps.applications.models import Application
from apps.oauth.models import Client
from tests.support import make, oidc
from tests.support.registering import initial
from tests.support.relying import BACK, Handler, Relying


@pytest.fixture
def application() -> Application:
    return make.application()


@pytest.fixture
def token(application: Application) -> str:
    return initial(application)


@pytest.fixture
def everybody(settings: Settings) -> None:
    """The operator lets everybody register."""
    settings.REGISTRATION = "open"
    make.plan()
    make.scopes("orders:read")


@pytest.fixture
def relying() -> Iterator[Relying]:
    server = Relying(("127.0.0.1", 0), Handler)
    server.told, server.status = [], 200
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def app(relying: Relying) -> Client:
    return oidc.client(
        post_logout_redirect_uris=BACK,
        backchannel_logout_uri=f"http://127.0.0.1:{relying.server_port}/logout",
    )


@pytest.fixture
def person() -> User:
    return make.user()


@pytest.fixture
def browser(person: User) -> Browser:
    browser = Browser()
    browser.force_login(person)
    return browser
