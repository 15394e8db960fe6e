"""A tenant's time and rows are its own."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from apps.core import clock
from apps.tenants.isolation import acting_in
from apps.tenants.models import Tenant
from tests.support import make


def acting() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('trellis.tenant', true)")
        return cursor.fetchone()[0] or ""


@pytest.mark.django_db
def test_the_former_tenant_is_put_back() -> None:
    first, second = make.sandbox(), make.sandbox()
    with acting_in(first):
        outer = acting()
        with acting_in(second):
            assert acting() not in {"", outer}
        assert acting() == outer
    assert acting() == ""


@pytest.mark.django_db(transaction=True)
def test_it_is_refused_where_it_could_not_end() -> None:
    tenant = make.sandbox()
    with pytest.raises(RuntimeError, match="needs a transaction"), acting_in(tenant):
        pass


@pytest.mark.django_db(transaction=True)
def test_the_setting_ends_with_its_transaction() -> None:
    tenant = make.sandbox()
    with transaction.atomic(), acting_in(tenant):
        assert acting()
    assert acting() == ""


@pytest.mark.django_db(transaction=True)
def test_a_database_error_inside_leaves_no_tenant_behind() -> None:
    tenant = make.sandbox()
    with (
        pytest.raises(Exception, match="division by zero"),
        transaction.atomic(),
        acting_in(tenant),
    ):
        connection.cursor().execute("SELECT 1/0")
    assert acting() == ""


@pytest.mark.django_db
def test_a_sandbox_lives_in_its_own_time() -> None:
    tenant = make.sandbox()
    Tenant.objects.filter(pk=tenant.pk).update(clock_offset=timedelta(days=30))
    tenant.refresh_from_db()
    with acting_in(tenant):
        assert clock.now() - clock.real() > timedelta(days=29)
    assert abs(clock.now() - clock.real()) < timedelta(seconds=1)


@pytest.mark.django_db
def test_the_role_of_the_web_cannot_bypass_policies() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolname, rolbypassrls, rolsuper FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == ("trellis_app", False, False)
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
        assert cursor.fetchone() == (0,)
