#!/bin/sh
# Builds the program: deploy/build.sh FOLDER. Copies this source to FOLDER, and installs there what the program needs.
# It runs with the Python of Debian, and every user can read it, whatever the umask is. An upgrade never changes a
# version that runs, because each version has its own folder. The last step makes FOLDER/.complete.
set -eu
umask 022
source=$(dirname "$(dirname "$(readlink -f "$0")")")
target=$1
[ ! -e "$target/.complete" ] || exit 0

rm -rf "$target"
mkdir -p "$target"
# Without what was built or stored in the source folder.
tar --create --directory "$source" --exclude=./.git --exclude=./.venv --exclude=./var --exclude=./tests \
    --exclude=./bench --exclude=node_modules --exclude=__pycache__ --exclude=./api/site/static/site/built . |
    tar --extract --directory "$target" --no-same-owner --no-same-permissions
cd "$target"
make --no-print-directory PYTHON=/usr/bin/python3 .venv/runtime.installed web
rm -rf web/node_modules
.venv/bin/python -m compileall -q agency api config countries federation manage.py
# pip keeps the permissions that files had where it found them.
chown -R root:root .
chmod -R u+rwX,go+rX,go-w .
touch .complete
