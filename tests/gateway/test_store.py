"""The gateway's SQL agrees with the models, and its role may read nothing else."""

import psycopg
import pytest
from django.apps import apps

from gateway.store import BEARER, CREDENTIAL, DOCUMENT, GRANTS, OPERATIONS, SIGNING_KEYS, UPSTREAMS

TABLES = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}


@pytest.mark.parametrize("table", GRANTS)
def test_every_column_it_may_read_is_a_models(table: str) -> None:
    fields = {field.column for field in TABLES[table]._meta.concrete_fields}
    assert set(GRANTS[table]) <= fields


def test_it_may_run_its_queries_and_read_nothing_else(environment: dict[str, str]) -> None:
    with psycopg.connect(environment["DATABASE_GATEWAY_URL"], autocommit=True) as gateway:
        gateway.execute(CREDENTIAL, [[b"none"]])
        gateway.execute(BEARER, ["0" * 64])
        gateway.execute(SIGNING_KEYS)
        gateway.execute(OPERATIONS)
        gateway.execute(UPSTREAMS)
        gateway.execute(DOCUMENT, ["none", 1])
        for forbidden in (
            "SELECT sealed FROM keys_key",
            "SELECT name FROM keys_key",
            "SELECT * FROM accounts_user",
            "SELECT email FROM accounts_user",
            "SELECT token FROM oauth_accesstoken",
            "SELECT sealed FROM oauth_signingkey",
            "SELECT client_secret FROM oauth_client",
            "SELECT digest FROM oauth_clientsecret",
            "SELECT token_checksum FROM oauth_refreshtoken",
            "UPDATE oauth_accesstoken SET last_used_at = now()",
            "SELECT guide FROM catalog_apiversion",
            "UPDATE keys_key SET revoked_at = NULL",
            "DELETE FROM catalog_operation",
            "CREATE TABLE mine (id int)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                gateway.execute(forbidden)
