"""Two who make the same partition at once agree on one.

While the second waits for the lock it knows from before that there is no such table, and asks the
cache that told it so. Only making the table looks afresh.
"""

from django.db import migrations

AGREED = """
CREATE OR REPLACE FUNCTION usage_ensure_partition(day date) RETURNS boolean
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
    BEGIN
        EXECUTE format('CREATE TABLE public.%I (LIKE public.usage_request)', name);
    EXCEPTION WHEN duplicate_table THEN
        RETURN false;
    END;
    -- Attaching locks out neither readers nor writers of the other days; PARTITION OF would.
    EXECUTE format(
        'ALTER TABLE public.usage_request ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
        name, day || ' 00:00:00+00', day + 1 || ' 00:00:00+00');
    RETURN true;
END $$;
"""


class Migration(migrations.Migration):
    """The function anew; its grants stay."""

    dependencies = [("usage", "0002_ending")]

    operations = [migrations.RunSQL(AGREED, migrations.RunSQL.noop)]
