-- Supersedes the reports that were current until now for the keys of released ones.
UPDATE federation_report AS before
SET state = 'superseded'
FROM federation_report AS released
WHERE released.id = ANY (%s::bigint[])
  AND before.agency_id = released.agency_id AND before.indicator_id = released.indicator_id
  AND before.frequency = released.frequency AND before.period = released.period AND before.state = 'current'
