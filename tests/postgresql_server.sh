#!/usr/bin/env bash
# A PostgreSQL server for tests: postgresql_server.sh start|stop FOLDER. The cluster is in FOLDER/cluster, listens on a free port of
# loopback, and runs as whoever calls, or as the user postgres (nobody) when that is root. `start` prints the connection string.
set -euo pipefail
action=$1 folder=$2
programs=$(find /usr/lib/postgresql -maxdepth 3 -name initdb -printf '%h\n' 2>/dev/null | sort -V | tail -n 1)
[[ -n $programs ]] || { echo "no PostgreSQL server is installed" >&2; exit 77; }
cluster=$folder/cluster

as_user=()
if ((EUID == 0)); then
  user=postgres
  id -u "$user" >/dev/null 2>&1 || user=nobody
  as_user=(setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups env HOME="$cluster" LC_ALL=C)
  mkdir -p "$cluster"
  chmod 711 "$folder"
  chown "$user" "$cluster"
fi

case $action in
  start)
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    "${as_user[@]}" "$programs/initdb" -D "$cluster/data" -U tester --auth=trust --no-sync -E UTF8 --locale=C >"$folder/initdb.log" 2>&1
    "${as_user[@]}" "$programs/pg_ctl" -D "$cluster/data" -l "$cluster/log" -w -t 30 \
      -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c shared_buffers=16MB" \
      start >"$folder/start.log" 2>&1 </dev/null
    echo "host=127.0.0.1 port=$port dbname=postgres user=tester"
    ;;
  stop) "${as_user[@]}" "$programs/pg_ctl" -D "$cluster/data" -m immediate stop ;;
  *) echo "expected start or stop, found '$action'" >&2; exit 2 ;;
esac
