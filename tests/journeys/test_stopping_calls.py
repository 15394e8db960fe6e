"""What an operator or a developer stops is stopped everywhere within a second."""

import time

import httpx

from tests.journeys.box import Box

ORDERS = "/commerce/v1/orders?limit=1"
PATIENCE = 1.0


def refused_everywhere_since(box: Box, key: str, started: float) -> tuple[float, set[str]]:
    """Return after how many seconds no gateway lets ``key`` through, and the codes given."""
    while True:
        answers = [box.call(ORDERS, key=key, base=base) for base in box.apis]
        waited = time.monotonic() - started
        if all(answer.is_error for answer in answers):
            return waited, {answer.json()["code"] for answer in answers}
        assert waited < PATIENCE + 5, "still let through"


def issue(box: Box) -> str:
    """Issue a key and use it once at each gateway, so that both hold it in their caches."""
    secret = box.python(
        "from apps.keys import services as keys\n"
        f"key = keys.find({box.facts['sandbox_key']!r})\n"
        "print(keys.issue(key.application, tenant=key.tenant, name='Stop', scopes=key.scopes,"
        " actor=key.created_by).secret)"
    ).splitlines()[-1]
    for base in box.apis:
        assert box.call(ORDERS, key=secret, base=base).status_code == 200
    return secret


def test_a_revoked_key_is_refused_by_both_gateways(box: Box) -> None:
    secret = issue(box)
    code = (
        "import time\nfrom apps.keys import services as keys\n"
        f"keys.revoke(keys.find({secret!r}), actor=None)\nprint(time.monotonic())"
    )
    waited, codes = refused_everywhere_since(box, secret, float(box.python(code).split()[-1]))
    assert codes == {"key_revoked"}
    assert waited < PATIENCE


def test_a_suspended_application_is_refused_and_let_in_again(box: Box) -> None:
    secret = issue(box)
    act = (
        "import time\nfrom apps.accounts.models import User\n"
        "from apps.applications import services as applications\n"
        "from apps.keys import services as keys\n"
        f"key = keys.find({secret!r})\nactor = User.objects.filter(is_superuser=True).first()\n"
        "applications.{verb}(key.application, reason='Journey', actor=actor)\n"
        "print(time.monotonic())"
    )
    stopped = float(box.python(act.format(verb="suspend")).split()[-1])
    try:
        waited, codes = refused_everywhere_since(box, secret, stopped)
        assert codes == {"application_suspended"}
        assert waited < PATIENCE
    finally:
        box.python(act.format(verb="reinstate"))
    deadline = time.monotonic() + PATIENCE
    answers: list[httpx.Response] = []
    while time.monotonic() < deadline and not (answers and all(a.is_success for a in answers)):
        answers = [box.call(ORDERS, key=secret, base=base) for base in box.apis]
    assert [answer.status_code for answer in answers] == [200, 200]
