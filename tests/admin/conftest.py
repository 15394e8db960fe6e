"""Fixtures of the admin's tests."""

import pytest
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import User
from tests.support import make


@pytest.fixture(autouse=True)
def _box(settings: Settings) -> None:
    settings.ADMIN_MFA = False


@pytest.fixture
def operator(db: None) -> User:
    return make.operator()


@pytest.fixture
def admin(client: Client, operator: User) -> Client:
    client.force_login(operator)
    return client
