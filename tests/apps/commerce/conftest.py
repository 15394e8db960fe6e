"""A sandbox to trade in, and who may."""

import pytest

from apps.tenants.models import Tenant
from tests.support import make
from tests.support.api import Api
from tests.support.shop import Shop


@pytest.fixture
def sandbox(db: None) -> Tenant:
    """An empty sandbox."""
    return make.sandbox()


@pytest.fixture
def api(sandbox: Tenant) -> Api:
    """An application that may do everything in the sandbox."""
    return Api(sandbox)


@pytest.fixture
def shop(api: Api) -> Shop:
    """The sandbox's shop, reached through its API."""
    return Shop(api)
