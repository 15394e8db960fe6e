"""Requests by day, batches already taken, and the roll-ups (ADR 14).

The application's role owns no table, so it makes and drops partitions through two functions that
run with their owner's rights. Each does one narrow thing and checks its argument.
"""

from django.db import migrations, models

import apps.core.fields

REQUESTS = """
CREATE TABLE usage_request (
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    organization_id uuid,
    application_id uuid,
    tenant_id uuid,
    key_id uuid,
    livemode boolean,
    api text NOT NULL,
    operation text NOT NULL,
    method text NOT NULL,
    path text NOT NULL,
    status smallint NOT NULL,
    code text NOT NULL,
    latency_us integer NOT NULL,
    backend_us integer NOT NULL,
    bytes_in integer NOT NULL,
    bytes_out integer NOT NULL,
    units integer NOT NULL,
    ip text NOT NULL,
    user_agent text NOT NULL,
    trace jsonb
) PARTITION BY RANGE (at);
CREATE INDEX usage_request_at ON usage_request
    USING brin (at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX usage_request_id ON usage_request
    USING brin (id) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX usage_request_application ON usage_request (application_id, at DESC);
CREATE INDEX usage_request_tenant ON usage_request (tenant_id, at DESC);
CREATE TABLE usage_batch (
    src text NOT NULL,
    seq bigint NOT NULL,
    n integer NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (src, seq)
);
CREATE INDEX usage_batch_at ON usage_batch USING brin (at);
"""

PARTITIONS = """
CREATE FUNCTION usage_ensure_partition(day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    name text := 'usage_request_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF day NOT BETWEEN current_date - 400 AND current_date + 8 THEN
        RAISE EXCEPTION 'usage of % cannot be kept: a clock is wrong', day
            USING ERRCODE = 'datetime_field_overflow';
    END IF;
    IF to_regclass('public.' || name) IS NOT NULL THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('usage partitions'));
    IF to_regclass('public.' || name) IS NOT NULL THEN
        RETURN false;
    END IF;
    -- Attaching locks out neither readers nor writers of the other days; PARTITION OF would.
    EXECUTE format('CREATE TABLE public.%I (LIKE public.usage_request)', name);
    EXECUTE format(
        'ALTER TABLE public.usage_request ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
        name, day || ' 00:00:00+00', day + 1 || ' 00:00:00+00');
    RETURN true;
END $$;

CREATE FUNCTION usage_drop_partitions(before date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    child regclass;
    gone integer := 0;
BEGIN
    IF before > current_date THEN
        RAISE EXCEPTION 'usage of today is never dropped';
    END IF;
    SET LOCAL lock_timeout = '3s';  -- Better tomorrow than a queue of readers behind this.
    FOR child IN
        SELECT inhrelid::regclass FROM pg_inherits
        WHERE inhparent = 'public.usage_request'::regclass
        AND right(inhrelid::regclass::text, 8) < to_char(before, 'YYYYMMDD')
        ORDER BY 1
    LOOP
        EXECUTE format('DROP TABLE %s', child);
        gone := gone + 1;
    END LOOP;
    RETURN gone;
END $$;
REVOKE ALL ON FUNCTION usage_ensure_partition(date) FROM PUBLIC;
REVOKE ALL ON FUNCTION usage_drop_partitions(date) FROM PUBLIC;
"""

MEASURES = """
    application_id uuid NOT NULL,
    livemode boolean NOT NULL,
    requests bigint NOT NULL,
    errors bigint NOT NULL,
    units bigint NOT NULL,
    bytes_in bigint NOT NULL,
    bytes_out bigint NOT NULL,
    buckets smallint[] NOT NULL,
    counts integer[] NOT NULL
"""
ROLLUPS = {
    "usage_minute": ("minute", "timestamptz", ""),
    "usage_hour": ("hour", "timestamptz", "class smallint NOT NULL,"),
    "usage_day_status": ("day", "date", "status smallint NOT NULL,"),
    "usage_day_operation": ("day", "date", "api text NOT NULL, operation text NOT NULL,"),
    "usage_day_key": ("day", "date", "key_id uuid NOT NULL,"),
}


def rollup(table: str, time: str, kind: str, keys: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TABLE {table} ({time} {kind} NOT NULL, {keys} {MEASURES});"
        f"CREATE INDEX {table}_application ON {table} (application_id, {time});"
        f"CREATE INDEX {table}_{time} ON {table} ({time});",
        f"DROP TABLE {table};",
    )


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.RunSQL(REQUESTS, "DROP TABLE usage_request; DROP TABLE usage_batch;"),
        migrations.RunSQL(
            PARTITIONS,
            "DROP FUNCTION usage_ensure_partition(date); DROP FUNCTION usage_drop_partitions(date);",
        ),
        *(rollup(table, *shape) for table, shape in ROLLUPS.items()),
        migrations.CreateModel(
            name="Request",
            fields=[
                ("id", apps.core.fields.IdField(prefix="req", serialize=False)),
                ("at", models.DateTimeField()),
                ("organization_id", models.UUIDField(null=True)),
                ("application_id", models.UUIDField(null=True)),
                ("tenant_id", models.UUIDField(null=True)),
                ("key_id", models.UUIDField(null=True)),
                ("livemode", models.BooleanField(null=True)),
                ("api", models.TextField()),
                ("operation", models.TextField()),
                ("method", models.TextField()),
                ("path", models.TextField()),
                ("status", models.SmallIntegerField()),
                ("code", models.TextField()),
                ("latency_us", models.IntegerField()),
                ("backend_us", models.IntegerField()),
                ("bytes_in", models.IntegerField()),
                ("bytes_out", models.IntegerField()),
                ("units", models.IntegerField()),
                ("ip", models.TextField()),
                ("user_agent", models.TextField()),
                ("trace", models.JSONField(null=True)),
            ],
            options={
                "db_table": "usage_request",
                "managed": False,
                "default_permissions": ["view"],
            },
        ),
    ]
