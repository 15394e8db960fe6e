"""Two requests with one code or token: exactly one gets tokens, and the family does not live on.

Nobody can tell which of the two is the thief, so what the winner got ends as well.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from threading import Event as Threading

import pytest
from django.db import connection

from apps.events.models import Event
from apps.oauth import consents, families, proofs, pushed, standing
from apps.oauth.models import AccessToken, Consent, RefreshToken
from tests.support import oauth
from tests.support.oauth import Answer, Prover

pytestmark = pytest.mark.django_db(transaction=True)

Act = Callable[[], Answer]


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Let each act run in a thread of its own, all starting together."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            barrier.wait(timeout=10)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def outcomes(*acts: Act) -> list[str]:
    answers = at_once(*acts)
    return sorted(answer.error or "tokens" for answer in answers if isinstance(answer, Answer))


def test_one_code_is_redeemed_once_however_many_try() -> None:
    party = oauth.confidential()
    code = oauth.code(party)
    said = outcomes(*[lambda: party.redeem(code)] * 4)
    assert said == ["invalid_grant"] * 3 + ["tokens"]
    assert AccessToken.objects.count() == 1
    assert not AccessToken.objects.usable().exists()
    assert not RefreshToken.objects.filter(revoked=None).exists()
    assert Event.objects.filter(type="token.revoked").count() == 1


def test_one_refresh_token_is_used_once_however_many_try() -> None:
    party = oauth.confidential()
    token = party.redeem(oauth.code(party)).body["refresh_token"]
    said = outcomes(*[lambda: party.refresh(token)] * 4)
    assert said == ["invalid_grant"] * 3 + ["tokens"]
    assert RefreshToken.objects.count() == 2
    assert not AccessToken.objects.usable().exists()
    assert not RefreshToken.objects.filter(revoked=None).exists()


def test_no_token_is_born_into_a_family_that_ends() -> None:
    party = oauth.confidential()
    for _ in range(5):
        token = party.redeem(oauth.code(party)).body["refresh_token"]
        family = RefreshToken.objects.latest("pk").token_family
        at_once(
            partial(party.refresh, token),
            partial(families.end, family, reason="test", actor=None),
        )
        assert not RefreshToken.objects.filter(token_family=family, revoked=None).exists()
        assert not AccessToken.objects.usable().filter(family=family).exists()


def test_a_refresh_and_an_answer_that_takes_a_scope_back_do_not_wait_for_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    party, by, checked = oauth.confidential(), oauth.merchant(), Threading()
    narrow = partial(consents.give, party.client, user=by.user, tenant=by.tenant, actor=by.user)
    narrow(scopes=["openid", "orders:read"])
    token = party.redeem(oauth.code(party, by)).body["refresh_token"]
    check = standing.check_person

    def slowly(source: standing.Source) -> None:
        """Let the answer come while the refresh holds the family, before it makes its token."""
        check(source)
        checked.set()
        time.sleep(0.5)

    def answer() -> None:
        assert checked.wait(timeout=10)
        narrow(scopes=["openid"], declined=["orders:read"])

    monkeypatch.setattr(standing, "check_person", slowly)
    said, _ = at_once(partial(party.refresh, token), answer)
    assert isinstance(said, Answer)
    assert said.status == 200
    assert not AccessToken.objects.usable().exists()
    assert Consent.objects.get().scopes == ["openid"]


def test_one_proof_is_good_once_however_many_send_it() -> None:
    party, prover = oauth.public(), Prover()
    header = {"DPoP": prover.proof(nonce=proofs.nonce())}
    codes = [oauth.code(party) for _ in range(3)]
    said = outcomes(*[lambda code=code: party.redeem(code, headers=header) for code in codes])
    assert said == ["invalid_dpop_proof"] * 2 + ["tokens"]
    assert AccessToken.objects.count() == 1


def test_one_pushed_request_is_taken_once() -> None:
    party = oauth.confidential()
    name = oauth.post(
        "par",
        party.fields(
            response_type="code",
            redirect_uri=oauth.CALLBACK,
            scope="openid",
            code_challenge="x" * 43,
            code_challenge_method="S256",
        ),
    ).body["request_uri"]
    taken = at_once(*[lambda: pushed.take(name, party.client.client_id)] * 3)
    assert sum(found is not None for found in taken) == 1
