"""`deploy/install.sh` leads from a bare machine of Debian to a service over TLS, under a real systemd.

The tests share one machine. Each leaves it as it found it, except that the version or the certificate may be newer.
"""

import re
import time

import pytest

from config.env import ROOT
from tests.deploy import machine as machines

HOST = "federation.example.org"
INSTALL = f"bash {machines.SOURCE}/deploy/install.sh {HOST}"
CURL = f"curl --silent --insecure --noproxy '*' --max-time 20 --resolve {HOST}:443:127.0.0.1"
STATUS = f"{CURL} --output /dev/null --write-out '%{{http_code}}'"
SERVICES = [
    *("police2peer-web@8001.service", "police2peer-web@8002.service", "police2peer-beat.service"),
    *("police2peer-worker@1.service", "police2peer-worker@2.service"),
]
SOCKETS = ["police2peer-web@8001.socket", "police2peer-web@8002.socket"]
# Its answer is private, so nginx asks a web server each time.
UNCACHED = f"https://{HOST}/admin/login/"

pytestmark = [
    pytest.mark.verify,
    # Not at the same time as the collector, which counts real downloads by the minute.
    pytest.mark.xdist_group("collect"),
    pytest.mark.skipif(bool(machines.missing()), reason=machines.missing()),
]


@pytest.fixture(scope="module")
def bare():
    """A machine without the servers that the service needs."""
    with machines.booted() as machine:
        machine.run(
            "installed() { dpkg-query --show --showformat='${Package} ${db:Status-Status}\\n' | "
            "sed -n 's/ installed$//p' | grep -E '^(nginx|valkey|redis|postgresql)' | grep -v common-dev; }; "
            "export DEBIAN_FRONTEND=noninteractive; "
            '[ -z "$(installed)" ] || apt-get purge -qq $(installed); '
            "rm -rf /etc/nginx /etc/postgresql /var/lib/postgresql"
        )
        yield machine


@pytest.fixture(scope="module")
def installation(bare):
    """What a careful administrator does: nothing that root makes is readable by others, unless the program says so."""
    began = time.monotonic()
    bare.installed = bare.run(f"umask 077; {INSTALL}", seconds=300)
    bare.seconds = time.monotonic() - began
    return bare


def active(machine):
    text = machine.run("systemctl list-units 'police2peer*' --no-legend --plain --state=active,activating,deactivating")
    return {line.split()[0] for line in text.splitlines()}


def uids(machine):
    pids = machine.run(f"systemctl show --value --property=MainPID {' '.join(SERVICES)}").split()
    return set(machine.run(f"ps -o uid= -p {','.join(pids)}").split())


def restart(machine):
    """All services at once, which is faster than one after the other."""
    machine.run(f"systemctl restart {' '.join(SERVICES)}")
    machine.until(f'[ "$({STATUS} https://{HOST}/readyz)" = 200 ]')


def test_from_a_bare_machine_to_a_page_over_tls_in_fifteen_minutes(installation):
    assert "Smoke test: /readyz, the first page and the API answer over TLS." in installation.installed
    assert installation.seconds < 15 * 60
    assert installation.run(f"{STATUS} https://{HOST}/") == "200"
    assert active(installation) == {*SERVICES, *SOCKETS, "police2peer.target"}


def test_ten_commands_of_the_documentation_are_enough_for_a_report_over_tls(installation):
    page = (ROOT / "docs/how-to/deploy.md").read_text()
    blocks = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)[:2]
    commands = [line for block in blocks for line in block.splitlines()]
    assert len(commands) <= 10
    assert "install.sh federation.example.org" in commands[2]
    # Those after the installation, without the question for a password.
    rest = [line.replace("curl -s", CURL) for line in commands[3:] if "createsuperuser" not in line]
    assert len(rest) == 5
    assert '"current":1' in installation.run("cd /run && " + "\n".join(rest))


def test_a_second_run_changes_nothing(installation):
    state = (
        "find /etc /opt /usr/local -not -path /etc/police2peer/.started -printf '%p %T@ %m %u\\n' | sort | sha256sum"
    )
    pids = f"systemctl show --property=MainPID {' '.join(SERVICES)} nginx postgresql valkey-server"
    before = installation.run(state), installation.run(pids)
    assert "Nothing had to be changed" in installation.run(INSTALL)
    assert (installation.run(state), installation.run(pids)) == before


def test_services_run_as_a_user_of_their_own_and_read_no_file_of_root(installation):
    assert uids(installation) == {installation.run("stat --format=%u /var/lib/private/police2peer")}
    # The numbers that systemd gives to users of services, as its documentation says.
    assert all(61184 <= int(uid) <= 65519 for uid in uids(installation))
    assert (
        installation.run("stat --format='%a %U' /etc/police2peer /etc/police2peer/secret_key") == "700 root\n600 root"
    )
    readable = "setpriv --reuid=nobody --regid=nogroup --clear-groups"
    installation.run(f"{readable} /opt/police2peer/current/.venv/bin/python -c 'import django'")
    installation.run(f"{readable} cat /etc/police2peer/secret_key", fails=True)


def test_no_secret_is_in_the_environment_of_a_process(installation):
    secrets = "cat /etc/police2peer/secret_key /etc/police2peer/*_url | cut -c1-60 >/run/secrets.txt"
    found = "cat /proc/$(systemctl show --value --property=MainPID police2peer-web@8001)/environ"
    installation.run(f"{secrets}; {found} | tr '\\0' '\\n' | grep --fixed-strings --file=/run/secrets.txt", fails=True)


def test_roles_have_their_rights_and_the_owner_is_no_superuser(installation):
    roles = (
        "SELECT rolname, rolsuper, pg_has_role(oid, 'pg_monitor', 'MEMBER') FROM pg_roles "
        "WHERE rolname LIKE 'police2peer%' ORDER BY 1"
    )
    text = installation.run(f'cd / && runuser -u postgres -- psql --no-align --tuples-only --command="{roles}"')
    assert text.splitlines() == [
        "police2peer|f|f", "police2peer_public|f|f", "police2peer_web|f|t", "police2peer_worker|f|f",
    ]  # fmt: skip
    lock = "SELECT has_function_privilege('police2peer_public', 'pg_advisory_lock(bigint)', 'EXECUTE')"
    assert installation.run(f'cd / && runuser -u postgres -- psql -At police2peer -c "{lock}"') == "f"


def test_manage_has_the_settings_and_secrets_of_the_installation(installation):
    # It warns that there is no mail server, and of nothing else.
    words = installation.run("cd /tmp && police2peer-manage check --deploy")
    assert re.findall(r"police2peer\.W\d+", words) == ["police2peer.W002"]
    assert "identified 1 issue" in words
    installation.run("police2peer-manage backup /var/backups/federation.gz && police2peer-manage rebuild --check")
    installation.run("police2peer-manage write_files")
    assert set(installation.run("find /var/lib/police2peer/. -printf '%U\\n'").split()) == uids(installation)


def test_optional_secrets_are_files_too(installation):
    token = "Authorization: Bearer $(cat /etc/police2peer/metrics_token)"
    proxied = f"-H 'Host: {HOST}' -H 'X-Forwarded-Proto: https'"
    metrics = f'curl --silent --fail --noproxy "*" {proxied} -H "{token}" http://127.0.0.1:8001/metrics'
    assert "police2peer_ready" in installation.run(metrics)
    installation.run("echo redis://127.0.0.1:6379/3 >/etc/police2peer/broker_url")
    installation.run("cp /etc/police2peer/public_database_url /etc/police2peer/database_replica_url")
    restart(installation)
    installation.until("[ $(valkey-cli -n 3 dbsize) -gt 0 ]")
    installation.run("rm /etc/police2peer/broker_url /etc/police2peer/database_replica_url")
    restart(installation)


def test_all_lines_of_the_example_work_without_their_comments(installation):
    installation.run("cp -a /etc/police2peer/environment /run/environment")
    installation.run("sed -i -E 's/^# ([A-Z][A-Z0-9_]+=)/\\1/' /etc/police2peer/environment")
    assert "police2peer-beat restarted" in installation.run(INSTALL)
    assert active(installation) == {*SERVICES, *SOCKETS, "police2peer.target"}
    assert "no issues" in installation.run("police2peer-manage check --deploy")
    installation.run("cp -a /run/environment /etc/police2peer/environment")
    restart(installation)


def test_stopping_the_target_returns_when_all_has_stopped_and_it_starts_again(installation):
    installation.run("systemctl stop police2peer.target")
    assert active(installation) == set()
    assert installation.run("ss -Hltn 'sport = 8001 or sport = 8002'") == ""
    assert installation.run(f"{STATUS} {UNCACHED}") == "503"
    installation.run("systemctl start police2peer.target")
    installation.until(f'[ "$({STATUS} {UNCACHED})" = 200 ]')
    assert active(installation) == {*SERVICES, *SOCKETS, "police2peer.target"}


def test_one_web_server_that_cannot_start_costs_readers_nothing(installation):
    folder = "/etc/systemd/system/police2peer-web@8001.service.d"
    fault = "printf '[Service]\\nEnvironment=WEB_THREADS=many\\n'"
    installation.run(f"mkdir {folder} && {fault} >{folder}/fault.conf && systemctl daemon-reload")
    installation.run("systemctl restart police2peer-web@8001", fails=True)
    codes = installation.run(f"for i in $(seq 40); do {STATUS} {UNCACHED}; echo; sleep 0.3; done")
    assert set(codes.split()) == {"200"}
    assert int(installation.run("systemctl show --value --property=NRestarts police2peer-web@8001")) > 5
    assert installation.run("systemctl is-active police2peer-web@8001.socket") == "active"
    installation.run(f"rm -r {folder} && systemctl daemon-reload")
    installation.until("systemctl is-active --quiet police2peer-web@8001")


def test_killed_services_start_again_each_time(installation):
    for _ in range(8):
        installation.run(f"systemctl kill --signal=KILL {' '.join(SERVICES)}")
        time.sleep(1.2)
    for unit in [*SERVICES, *SOCKETS]:
        # systemd gives up a start that hangs after 90 seconds, and starts the service again.
        installation.until(f"systemctl is-active --quiet {unit}", seconds=150)
    installation.until(f'[ "$({STATUS} https://{HOST}/readyz)" = 200 ]')


def test_a_start_of_the_machine_starts_the_servers_first(installation):
    installation.run("systemctl stop police2peer.target nginx postgresql valkey-server")
    installation.run("systemctl start multi-user.target")
    for unit in SERVICES:
        installation.until(f"systemctl is-active --quiet {unit}")
    entered = "systemctl show --value --property=ActiveEnterTimestampMonotonic"
    servers, services = (
        [int(word) for word in installation.run(f"{entered} {units}").split()]
        for units in ("postgresql@*-main valkey-server", " ".join(SERVICES))
    )
    assert max(servers) < min(services)
    installation.until(f'[ "$({STATUS} https://{HOST}/readyz)" = 200 ]')


def test_a_certificate_replaces_the_one_that_signed_itself(installation):
    make = "openssl req -x509 -newkey rsa:2048 -noenc -days 30 -keyout /run/key.pem -out /run/new.pem"
    installation.run(f"{make} -subj /CN=x -addext subjectAltName=DNS:other.example.org")
    assert "is not for federation.example.org" in installation.run(f"{INSTALL} /run/new.pem /run/key.pem", fails=True)
    installation.run(f"{make} -subj /CN=x -addext subjectAltName=DNS:{HOST}")
    assert "+ /etc/ssl/federation/fullchain.pem" in installation.run(f"{INSTALL} /run/new.pem /run/key.pem")
    seen = installation.run(f"{CURL} --verbose https://{HOST}/healthz 2>&1 | grep 'subject:'")
    assert seen == "*  subject: CN=x"


def test_an_upgrade_keeps_the_old_version_and_no_reader_fails(installation):
    old = (ROOT / "pyproject.toml").read_text().split('version = "')[1].split('"')[0]
    new = f"{old}.1"
    installation.run(f"sed -i '0,/^version = /s/^version = .*/version = \"{new}\"/' {machines.SOURCE}/pyproject.toml")
    # Built already, which saves a minute.
    installation.run(f"cd /opt/police2peer && cp -a {old} {new}")
    installation.run(f"sed -i s,/{old},/{new}, /opt/police2peer/{new}/.venv/lib/python3*/site-packages/police2peer.pth")
    installation.run(f"(while [ ! -e /run/enough ]; do {STATUS} {UNCACHED}; echo; sleep 0.2; done) >/run/codes 2>&1 &")
    assert f"Version {new} runs" in installation.run(INSTALL)
    codes = installation.run("touch /run/enough; sleep 1; cat /run/codes").split()
    assert len(codes) > 20
    assert set(codes) == {"200"}
    place = "/proc/$(systemctl show --value --property=MainPID police2peer-web@8001)/cwd"
    assert installation.run(f"readlink {place}") == f"/opt/police2peer/{new}"
    assert old in installation.run("ls /opt/police2peer").split()
