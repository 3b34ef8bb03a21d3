#!/bin/bash
# Installs the service on this machine, which runs Debian 13, or upgrades it to the version of this source:
#
#   deploy/install.sh HOST [CERTIFICATE KEY]
#
# HOST is the host name of the service. CERTIFICATE is a file with the certificate of HOST and of its authorities, and
# KEY is a file with its private key. Without them, the service gets a certificate that it has signed itself. Run the
# command again for an upgrade, or with a new certificate. Each step changes only what is not right yet: a second run
# changes nothing. Settings and secrets that are in /etc/police2peer already are kept.
set -euo pipefail
shopt -s lastpipe
umask 022

SOURCE=$(dirname "$(dirname "$(readlink -f "$0")")")
ETC=/etc/police2peer
OPT=/opt/police2peer
TLS=/etc/ssl/federation
PACKAGES="ca-certificates curl make nginx openssl postgresql python3 python3-venv valkey-server"
SOCKETS="police2peer-web@8001.socket police2peer-web@8002.socket"
SERVICES="police2peer-worker@1 police2peer-worker@2 police2peer-web@8001 police2peer-web@8002 police2peer-beat"
export DEBIAN_FRONTEND=noninteractive
# The programs need nothing of the caller's Python.
unset PYTHONHOME PYTHONPATH VIRTUAL_ENV
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

changes=0
restart=

main() {
    check_machine "$@"
    install_packages
    configure_servers
    create_roles
    create_secrets
    create_settings
    build_version
    install_files
    migrate
    switch_version
    start_services
    configure_nginx "${2-}" "${3-}"
    smoke_test
    if [ $changes = 0 ]; then
        echo "Nothing had to be changed: version $VERSION runs at https://$HOST/."
    else
        echo "Version $VERSION runs at https://$HOST/. Create the first coordinator: police2peer-manage createsuperuser"
    fi
}

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

changed() {
    changes=$((changes + 1))
    echo "+ $*"
}

# Writes standard input to the file $1 with the mode $2. Fails if the file has this content already.
write() {
    local new
    new=$(mktemp)
    cat >"$new"
    if cmp --quiet "$new" "$1"; then
        rm "$new"
        return 1
    fi
    install -D --mode="$2" "$new" "$1" || fail "$1 cannot be written."
    rm "$new"
    changed "$1"
}

check_machine() {
    [[ $# = 1 || $# = 3 ]] || fail "Give the host name, and the files of a certificate and its key if you have them."
    [[ $1 =~ ^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$ ]] ||
        fail "$1 is not a host name. Give a name such as federation.example.org."
    HOST=$1
    [ "$(id -u)" = 0 ] || fail "Run it as root, for example with sudo."
    grep --quiet '^VERSION_ID="13"' /etc/os-release && grep --quiet '^ID=debian' /etc/os-release ||
        fail "This machine does not run Debian 13."
    [ -d /run/systemd/system ] || fail "systemd does not run on this machine."
    VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p' "$SOURCE/pyproject.toml" | head -1)
    if [ -e "$SOURCE/.git" ]; then
        # The source may belong to another user.
        git=(git -c safe.directory="$SOURCE" -C "$SOURCE")
        VERSION+=-$("${git[@]}" rev-parse --short=12 HEAD)
        [ -z "$("${git[@]}" status --porcelain --untracked-files=no)" ] ||
            fail "Files of the source differ from the commit $VERSION. Commit them: each version needs its own name."
    fi
}

install_packages() {
    local package missing=
    for package in $PACKAGES; do
        dpkg-query --show --showformat='${Status}\n' "$package" 2>/dev/null | grep --quiet '^install ok installed' ||
            missing+=" $package"
    done
    [ -n "$missing" ] || return 0
    changed "packages:$missing"
    apt-get update -qq
    # shellcheck disable=SC2086
    apt-get install -qq --no-install-recommends $missing >/dev/null
}

# --- PostgreSQL and Valkey ------------------------------------------------------------------------------------------

configure_servers() {
    # PostgreSQL starts again one second after a crash, as the services do.
    local drop_in=/etc/systemd/system/postgresql@.service.d/police2peer.conf
    if printf '[Service]\nRestart=always\nRestartSec=1\n' | write $drop_in 644; then
        systemctl daemon-reload
    fi
    enable_now postgresql.service valkey-server.service
    read -r PG_VERSION PG_CLUSTER PG_PORT PG_STATUS _ < <(pg_lsclusters --no-header | sort --version-sort | tail -1) ||
        fail "PostgreSQL has no cluster. Create one with pg_createcluster."
    [[ $PG_STATUS = online* ]] || systemctl start "postgresql@$PG_VERSION-$PG_CLUSTER"
    # Otherwise PostgreSQL syncs some thousand files one by one before it starts again.
    if [ "$(sql 'SHOW recovery_init_sync_method')" != syncfs ]; then
        changed "PostgreSQL: recovery_init_sync_method = syncfs"
        sql "ALTER SYSTEM SET recovery_init_sync_method = 'syncfs'"
        sql "SELECT pg_reload_conf()" >/dev/null
    fi
}

# Runs a statement in PostgreSQL, as its administrator.
sql() {
    (cd / && runuser -u postgres -- psql --port="$PG_PORT" --dbname="${2-postgres}" --no-psqlrc --quiet --tuples-only \
        --no-align --set=ON_ERROR_STOP=1) <<<"$1"
}

create_roles() {
    install -d --mode=700 $ETC
    if [ -s $ETC/database_url ] && ! grep --quiet "@127\.0\.0\.1:$PG_PORT/police2peer$" $ETC/database_url; then
        # The database is on another machine, or has another name. Its administrator makes the roles.
        local file
        for file in web_database_url worker_database_url public_database_url; do
            [ -s $ETC/$file ] || fail "Write the address of the database for this role into $ETC/$file."
        done
        return
    fi
    # Only a superuser can take some rights of PostgreSQL's own from the other roles, which the first migration does.
    # Then the owner loses this right.
    create_role police2peer database_url "SUPERUSER"
    create_role police2peer_web web_database_url ""
    create_role police2peer_worker worker_database_url ""
    create_role police2peer_public public_database_url ""
    # The lag of replicas, for the metrics.
    if [ "$(sql "SELECT pg_has_role('police2peer_web', 'pg_monitor', 'MEMBER')")" != t ]; then
        changed "role police2peer_web: member of pg_monitor"
        sql "GRANT pg_monitor TO police2peer_web"
    fi
    if ! sql "SELECT rolconfig FROM pg_roles WHERE rolname = 'police2peer_public'" |
        grep --quiet default_transaction_read_only=on; then
        changed "role police2peer_public: read-only"
        sql "ALTER ROLE police2peer_public SET default_transaction_read_only = on"
    fi
    if [ -z "$(sql "SELECT 1 FROM pg_database WHERE datname = 'police2peer'")" ]; then
        changed "database police2peer"
        sql "CREATE DATABASE police2peer OWNER police2peer ENCODING 'UTF8' TEMPLATE template0"
    fi
}

# Creates the role $1 with a new password, and the file $2 with its address. $3 has more words of CREATE ROLE. A file
# that is there stays as it is.
create_role() {
    [ ! -s "$ETC/$2" ] || return 0
    local password
    password=$(openssl rand -hex 24)
    if [ -z "$(sql "SELECT 1 FROM pg_roles WHERE rolname = '$1'")" ]; then
        sql "CREATE ROLE $1 LOGIN $3 PASSWORD '$password'"
    else
        sql "ALTER ROLE $1 LOGIN PASSWORD '$password'"
    fi
    secret "$2" <<<"postgres://$1:$password@127.0.0.1:$PG_PORT/police2peer"
    changed "role $1"
}

# --- secrets and settings -------------------------------------------------------------------------------------------

# Writes standard input to the file of a secret. It is complete or not there.
secret() {
    (umask 077 && cat >"$ETC/.$1.part" && mv "$ETC/.$1.part" "$ETC/$1")
}

create_secrets() {
    random rounding_key 16
    random secret_key 32
    random webhook_keys 32
    random metrics_token 32
    if [ ! -s $ETC/redis_url ]; then
        secret redis_url <<<"redis://127.0.0.1:6379/0"
        changed $ETC/redis_url
    fi
}

random() {
    [ ! -s "$ETC/$1" ] || return 0
    openssl rand -hex "$2" | secret "$1"
    changed "$ETC/$1"
}

create_settings() {
    if [ ! -e $ETC/environment ]; then
        sed "s/federation\.example\.org/$HOST/" "$SOURCE/deploy/environment.example" | write $ETC/environment 644
    elif ! grep --quiet --fixed-strings "$HOST" $ETC/environment; then
        fail "$ETC/environment is for another host name. Change ALLOWED_HOSTS and SITE_URL there, and run this again."
    fi
    # The services read settings and secrets only when they start.
    if [ ! -e $ETC/.started ] || [ -n "$(find $ETC -type f -newer $ETC/.started)" ]; then restart=1; fi
}

# --- the program ----------------------------------------------------------------------------------------------------

build_version() {
    [ ! -e "$OPT/$VERSION/.complete" ] || return 0
    changed "$OPT/$VERSION"
    mkdir -p $OPT
    if ! "$SOURCE/deploy/build.sh" "$OPT/$VERSION" >$OPT/build.log 2>&1; then
        tail -30 $OPT/build.log >&2
        fail "The program could not be built. $OPT/build.log says more."
    fi
}

install_files() {
    local unit
    for unit in "$OPT/$VERSION"/deploy/systemd/*; do
        if write "/etc/systemd/system/$(basename "$unit")" 644 <"$unit"; then restart=1; fi
    done
    systemctl daemon-reload
    if [ "$(readlink /usr/local/bin/police2peer-manage)" != $OPT/current/deploy/manage.sh ]; then
        ln -sfn $OPT/current/deploy/manage.sh /usr/local/bin/police2peer-manage
        changed "the command police2peer-manage"
    fi
}

# The new version migrates while the old one runs.
migrate() {
    local manage="$OPT/$VERSION/deploy/manage.sh"
    if ! "$manage" migrate --check >/dev/null 2>&1 || [ "$(readlink $OPT/current)" != "$VERSION" ]; then
        changed "migrations and reference data"
        "$manage" migrate --verbosity 0 --with-reference >/dev/null
    fi
    if [ "$(sql "SELECT rolsuper FROM pg_roles WHERE rolname = 'police2peer'")" = t ]; then
        sql "ALTER ROLE police2peer NOSUPERUSER"
    fi
}

switch_version() {
    [ "$(readlink $OPT/current)" != "$VERSION" ] || return 0
    ln -sfn "$VERSION" $OPT/current
    changed "$OPT/current is $VERSION"
    restart=1
}

enable_now() {
    local unit
    for unit in "$@"; do
        if ! systemctl is-enabled --quiet "$unit" || ! systemctl is-active --quiet "$unit"; then
            systemctl enable --quiet "$unit"
            systemctl start "$unit"
            changed "$unit runs"
        fi
    done
}

# One after the other: while one web server restarts, the other one answers.
start_services() {
    local unit
    if [ "$restart" ]; then
        for unit in $SERVICES; do
            if systemctl is-active --quiet "$unit"; then
                systemctl restart "$unit"
                changed "$unit restarted"
            fi
        done
    fi
    # shellcheck disable=SC2086
    enable_now police2peer.target $SOCKETS $SERVICES
    touch $ETC/.started
}

# --- nginx ----------------------------------------------------------------------------------------------------------

configure_nginx() {
    local reload=
    if install_certificate "$1" "$2"; then reload=1; fi
    # A tmpfs is empty after each start of the machine. Debian's nginx has no folder for caches.
    if write /etc/tmpfiles.d/police2peer.conf 644 <<'TMPFILES'
d /var/cache/nginx 0755 root root
d /var/cache/nginx/federation 0700 www-data www-data
d /run/federation-nginx 0700 www-data www-data
d /run/federation-nginx/bodies 0700 www-data www-data
TMPFILES
    then
        systemd-tmpfiles --create /etc/tmpfiles.d/police2peer.conf
    fi
    if sed --expression "s/federation\.example\.org/$HOST/g" --expression "s/web-1\.internal:8000/127.0.0.1:8001/" \
        --expression "s/web-2\.internal:8000/127.0.0.1:8002/" "$OPT/$VERSION/deploy/nginx/federation.conf" |
        write /etc/nginx/conf.d/federation.conf 644; then reload=1; fi
    # Debian's example answers for all other host names, as our file does.
    if [ "$(readlink /etc/nginx/sites-enabled/default)" = /etc/nginx/sites-available/default ]; then
        rm /etc/nginx/sites-enabled/default
        changed "/etc/nginx/sites-enabled/default removed"
        reload=1
    fi
    nginx -t -q || fail "nginx cannot use its configuration."
    enable_now nginx.service
    # New listening sockets need more than a reload only if nginx did not run.
    if [ "$reload" ]; then systemctl reload-or-restart nginx; fi
}

install_certificate() {
    local result=1
    if [ "$1" ]; then
        openssl x509 -in "$1" -noout -checkhost "$HOST" | grep --quiet "does match" ||
            fail "The certificate in $1 is not for $HOST."
        if write $TLS/fullchain.pem 644 <"$1"; then result=0; fi
        if write $TLS/key.pem 600 <"$2"; then result=0; fi
    elif [ ! -s $TLS/fullchain.pem ]; then
        install -d $TLS
        (umask 077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 365 \
            -subj "/CN=$HOST" -addext "subjectAltName=DNS:$HOST" -keyout $TLS/key.pem -out $TLS/new.pem 2>/dev/null)
        chmod 644 $TLS/new.pem
        mv $TLS/new.pem $TLS/fullchain.pem
        changed "$TLS/fullchain.pem, signed by itself: give a certificate before browsers use the service"
        result=0
    fi
    return $result
}

# --- the smoke test -------------------------------------------------------------------------------------------------

# Requests the path $1 over TLS, through nginx. The certificate has been checked for the host name.
request() {
    curl --silent --show-error --insecure --noproxy '*' --max-time 10 --resolve "$HOST:443:127.0.0.1" \
        --output "${2-/dev/null}" --write-out '%{http_code}' "https://$HOST$1" || true
}

smoke_test() {
    local answer code
    answer=$(mktemp)
    for _ in $(seq 30); do
        code=$(request /readyz "$answer")
        [ "$code" != 200 ] || break
        sleep 1
    done
    [ "$code" = 200 ] || fail "/readyz answers $code: $(cat "$answer")"
    [ "$(request /)" = 200 ] || fail "The first page does not answer 200."
    [ "$(request /api/v1/countries/)" = 200 ] || fail "/api/v1/countries/ does not answer 200."
    [ "$(request /metrics)" = 404 ] || fail "/metrics is public."
    rm "$answer"
    echo "Smoke test: /readyz, the first page and the API answer over TLS."
}

main "$@"
