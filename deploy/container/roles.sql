-- Makes the roles of the database at the first start of a new server. Each role gets the password in its address (the files in
-- /run/secrets). `manage.py migrate` then grants the rights of each role.
\set web `sed 's|.*:\(.*\)@.*|\1|' /run/secrets/web_database_url`
\set worker `sed 's|.*:\(.*\)@.*|\1|' /run/secrets/worker_database_url`
\set public `sed 's|.*:\(.*\)@.*|\1|' /run/secrets/public_database_url`
CREATE ROLE police2peer_web LOGIN PASSWORD :'web';
CREATE ROLE police2peer_worker LOGIN PASSWORD :'worker';
CREATE ROLE police2peer_public LOGIN PASSWORD :'public';
ALTER ROLE police2peer_public SET default_transaction_read_only = on;
