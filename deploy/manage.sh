#!/bin/sh
# Runs a command of manage.py with the settings and the secrets of this installation: police2peer-manage COMMAND ...
# It runs the version in whose folder this file is, and signs in to the database as its owner.
set -eu
here=$(dirname "$(dirname "$(readlink -f "$0")")")
secrets=/etc/police2peer
if [ "$(id -u)" != 0 ]; then
    echo "police2peer-manage: only root can read the secrets in $secrets. Run it as root, for example with sudo." >&2
    exit 1
fi

# Lines of the file are not shell: a value may contain spaces. Quotes around a value are not part of it.
export DATA_DIR=/var/lib/police2peer
while IFS= read -r line || [ -n "$line" ]; do
    name=${line%%=*} value=${line#*=}
    case $name in "$line" | "" | *[!A-Z0-9_]*) continue ;; esac
    case $value in
        \"*\") value=${value#\"} value=${value%\"} ;;
        \'*\') value=${value#\'} value=${value%\'} ;;
    esac
    export "$name=$value"
done <$secrets/environment

# The files have the names of the settings, so this folder is like the folder of credentials that systemd makes.
export CREDENTIALS_DIRECTORY=$secrets
# Only the checks look at the role of public reads. Other commands read as the owner.
if [ "${1-}" = check ] && [ -e $secrets/public_database_url ]; then
    export DATABASE_PUBLIC_URL_FILE=$secrets/public_database_url
fi
if [ "${1-}" != write_files ]; then
    exec "$here/.venv/bin/python" "$here/manage.py" "$@"
fi
"$here/.venv/bin/python" "$here/manage.py" "$@"
# The services own their folder, and write these files too.
chown --recursive --no-dereference --reference=$DATA_DIR/. $DATA_DIR/.
