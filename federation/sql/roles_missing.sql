-- Which of some rights a role does not have. Roles, tables and columns that are not there are none of them.
SELECT listed.role, listed.deed, listed.relation, listed.attribute
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS listed (role, deed, relation, attribute)
JOIN pg_roles ON pg_roles.rolname = listed.role
JOIN pg_class ON pg_class.oid = to_regclass(quote_ident(listed.relation))
LEFT JOIN pg_attribute ON pg_attribute.attrelid = pg_class.oid AND pg_attribute.attname = listed.attribute
WHERE NOT CASE
    WHEN listed.attribute IS NULL THEN has_table_privilege(listed.role, pg_class.oid, listed.deed)
    ELSE has_column_privilege(listed.role, pg_class.oid, pg_attribute.attnum, listed.deed)
END
ORDER BY listed.relation, listed.role, listed.deed
