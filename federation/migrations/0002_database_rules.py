"""What Django's models can not say: append-only tables, the counter's row, a view for analysts."""

from django.db import migrations

AUDIT = """
CREATE FUNCTION federation_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON federation_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION federation_refuse_change();
"""

# Of minutes nothing is kept for long.
FROZEN = """
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON federation_frozensum
    FOR EACH STATEMENT EXECUTE FUNCTION federation_refuse_change();
CREATE TRIGGER keep BEFORE DELETE ON federation_frozensum
    FOR EACH ROW WHEN (OLD.frequency <> 'N') EXECUTE FUNCTION federation_refuse_change();
"""

DROP_AUDIT = """
DROP TRIGGER append_only ON federation_auditevent;
DROP TRIGGER append_only ON federation_frozensum;
DROP TRIGGER keep ON federation_frozensum;
DROP FUNCTION federation_refuse_change();
"""

COUNTER = "INSERT INTO federation_versioncounter (id, last) VALUES (1, 0)"

# Time makes work from here on.
MARK = "INSERT INTO federation_clockmark (id, at) VALUES (1, now())"

# The list lives by deletes; its few pages must not fill with dead rows.
VACUUM = """
ALTER TABLE federation_work SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)
"""

# Compressing the arrays takes five times as long as writing them, a third of all that reconciling takes.
STORAGE = """
ALTER TABLE federation_figure
    ALTER countries SET STORAGE EXTERNAL, ALTER networks SET STORAGE EXTERNAL, ALTER "values" SET STORAGE EXTERNAL;
ALTER TABLE federation_frozensum
    ALTER agencies SET STORAGE EXTERNAL, ALTER countries SET STORAGE EXTERNAL,
    ALTER networks SET STORAGE EXTERNAL, ALTER "values" SET STORAGE EXTERNAL;
"""

OBSERVATIONS = """
CREATE VIEW federation_observation AS
SELECT agency.code AS agency, indicator.code AS indicator, report.frequency, report.period,
       report.state, report.status, report.prepared, report.received,
       country.code AS country, network.code AS network, cell.value
FROM federation_report AS report
JOIN federation_report AS root ON root.id = coalesce(report.equals_id, report.id)
CROSS JOIN LATERAL unnest(root.countries, root.networks, root.values) AS cell (country, network, value)
JOIN countries_agency AS agency ON agency.id = report.agency_id
JOIN countries_indicator AS indicator ON indicator.number = report.indicator_id
JOIN countries_country AS country ON country.number = cell.country
JOIN countries_network AS network ON network.number = cell.network
"""


class Migration(migrations.Migration):
    dependencies = [("federation", "0001_initial")]

    operations = [
        migrations.RunSQL(AUDIT + FROZEN, DROP_AUDIT),
        migrations.RunSQL(COUNTER, migrations.RunSQL.noop),
        migrations.RunSQL(MARK, migrations.RunSQL.noop),
        migrations.RunSQL(VACUUM, migrations.RunSQL.noop),
        migrations.RunSQL(STORAGE, migrations.RunSQL.noop),
        migrations.RunSQL(OBSERVATIONS, "DROP VIEW federation_observation"),
    ]
