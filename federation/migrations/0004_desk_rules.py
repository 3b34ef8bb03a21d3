"""What Django's models can not say of the desk: the audit chain is append-only, and every event waits to be sealed."""

from django.db import migrations

# Whoever writes an event only adds a row: the sealer chains it afterwards, in one place, in one order.
SEALS = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON federation_auditseal
    FOR EACH STATEMENT EXECUTE FUNCTION federation_refuse_change();
INSERT INTO federation_auditpending (event) SELECT id FROM federation_auditevent;
CREATE FUNCTION federation_audit_pending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO federation_auditpending (event) VALUES (NEW.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER pending AFTER INSERT ON federation_auditevent
    FOR EACH ROW EXECUTE FUNCTION federation_audit_pending();
"""

DROP_SEALS = """
DROP TRIGGER append_only ON federation_auditseal;
DROP TRIGGER pending ON federation_auditevent;
DROP FUNCTION federation_audit_pending();
"""

WATCH = "INSERT INTO federation_watchmark (id, version) VALUES (1, 0)"


class Migration(migrations.Migration):
    dependencies = [("federation", "0003_desk")]

    operations = [
        migrations.RunSQL(SEALS, DROP_SEALS),
        migrations.RunSQL(WATCH, migrations.RunSQL.noop),
    ]
