-- Which of the listed rights a role lacks. Roles, tables and columns that do not exist lack nothing.
SELECT listed.role, listed.privilege, listed.relation, listed.attribute
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS listed (role, privilege, relation, attribute)
JOIN pg_roles ON pg_roles.rolname = listed.role
JOIN pg_class ON pg_class.oid = to_regclass(quote_ident(listed.relation))
LEFT JOIN pg_attribute ON pg_attribute.attrelid = pg_class.oid AND pg_attribute.attname = listed.attribute
WHERE NOT CASE
    WHEN listed.attribute IS NULL THEN has_table_privilege(listed.role, pg_class.oid, listed.privilege)
    ELSE has_column_privilege(listed.role, pg_class.oid, pg_attribute.attnum, listed.privilege)
END
ORDER BY listed.relation, listed.role, listed.privilege
