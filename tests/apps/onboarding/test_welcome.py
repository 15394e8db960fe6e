"""A new developer finds everything ready."""

import threading

import pytest
from django.db import connection

from apps.catalog.models import Scope
from apps.keys import services as keys
from apps.keys.models import Key
from apps.onboarding import services
from apps.orgs.models import Organization, Role
from apps.tenants.models import Tenant
from tests.support import make


@pytest.mark.django_db
def test_sign_up_makes_an_organization_a_sandbox_an_application_and_a_key() -> None:
    make.plan()
    make.scopes("orders:read", "orders:write")
    user = make.user(name="Ada Lind")
    welcome = services.welcome(user)
    assert welcome
    assert welcome.organization.name == "Ada's organization"
    assert welcome.organization.memberships.get().role == Role.OWNER
    assert set(welcome.organization.tenants.values_list("kind", flat=True)) == {"live", "sandbox"}
    assert welcome.sandbox.kind == Tenant.Kind.SANDBOX
    assert welcome.application.subscription.version.plan.slug == "free"
    assert set(welcome.key.scopes) == set(Scope.objects.values_list("name", flat=True))
    secret = keys.reveal(welcome.key)
    assert secret
    assert secret.startswith("trl_test_k")


@pytest.mark.django_db
def test_who_belongs_to_an_organization_gets_no_second_one() -> None:
    make.plan()
    user = make.developer()
    assert services.welcome(user) is None
    assert Organization.objects.count() == 1
    assert not Key.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_make_one_organization() -> None:
    make.plan()
    user = make.user()
    barrier = threading.Barrier(2)

    def welcome() -> None:
        barrier.wait()
        services.welcome(user)
        connection.close()

    threads = [threading.Thread(target=welcome) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Organization.objects.count() == 1
    assert Key.objects.count() == 1
