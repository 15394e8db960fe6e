"""A program asks why its own request was refused."""

from dataclasses import replace

from apps.core import ids
from apps.orgs.models import Role
from tests.support import make, management, traffic
from tests.support.management import Platform

TRACE = (
    b'[["known","passed"],["standing","passed"],["route","passed"],'
    b'["allowed","failed",{"code":"scope_missing","detail":"orders_create needs the scope '
    b'orders:write.","needs":["orders:write"],"has":["orders:read"]}]]'
)


def refused(api: Platform) -> str:
    return traffic.serve(api.key.key, status=403, code="scope_missing", trace=TRACE)


def test_a_key_without_a_scope_reads_why_it_was_refused(db: None) -> None:
    application = make.application()
    api = Platform(application, make.sandbox(application.organization), scopes=["orders:read"])
    made = refused(api)
    found = api.get(f"requests/{made}/explanation").json()
    assert (found["object"], found["id"], found["status"]) == ("explanation", made, 403)
    assert (found["code"], found["failed"]) == ("scope_missing", "scopes")
    (why,) = [one for one in found["decisions"] if one["state"] == "failed"]
    assert why["values"] == {"needs": ["orders:write"], "has": ["orders:read"]}
    assert why["detail"] == "orders_create needs the scope orders:write."
    assert found["decisions"][-1]["state"] == "not_reached"
    query = f"application={application.pk}&like={api.key.key.pk}&scope=orders%3Awrite"
    assert found["fix"]["url"] == f"http://localhost:8000/keys/new?{query}"


def test_what_succeeded_needs_no_fix(api: Platform) -> None:
    found = api.get(f"requests/{traffic.serve(api.key.key)}/explanation").json()
    assert (found["code"], found["failed"], found["fix"]) == (None, None, None)


def test_another_application_and_another_sandbox_see_nothing(api: Platform) -> None:
    made = refused(api)
    path = f"requests/{made}/explanation"
    organization = api.application.organization
    beside = Platform(make.application(organization, name="Other"), api.key.key.tenant)
    elsewhere = Platform(api.application, make.sandbox(organization))
    assert [one.get(path).status for one in (beside, elsewhere, api)] == [404, 404, 200]
    assert api.get("requests/nonsense/explanation").status == 404
    assert api.get(f"requests/{ids.new('req')}/explanation").status == 404


def test_a_live_request_is_not_for_a_sandbox_key(live: Platform) -> None:
    made = refused(live)
    sandbox = Platform(live.application, make.sandbox(live.application.organization))
    assert sandbox.get(f"requests/{made}/explanation").status == 404
    assert live.get(f"requests/{made}/explanation").json()["livemode"] is True


def test_people_read_it_who_may_read_the_log(live: Platform) -> None:
    path = f"requests/{refused(live)}/explanation"
    answers = {}
    for role in (Role.AUDITOR, Role.BILLING):
        person = management.member(live.application.organization, role)
        answers[role] = live.on_behalf_of(person).get(path).status
    live.caller = replace(live.caller, subject=make.user().pk)
    assert (answers, live.get(path).status) == ({Role.AUDITOR: 200, Role.BILLING: 403}, 403)
