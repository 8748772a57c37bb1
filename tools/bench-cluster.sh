# For the benchmarks that need an etcd: sourced, from the top of the repository, after say.sh. It needs $bulkhead, the
# executable, and $folder, which is removed at the end. `run` is the folder of the cluster that is used at present.
starter=
# Stops the cluster in $run, and waits until each member has ended.
stop() {
  [ -n "$starter" ] || return 0
  { kill "$starter" && wait "$starter" || true; } 2>/dev/null
  starter=
  while pgrep -f -- "--data-dir=$run/" >/dev/null; do sleep 0.1; done
}
trap 'stop; rm -rf "$folder"' EXIT

now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.2f", b - a }'; }
line() { printf '%s\n' "$*"; }

# start VERSION: starts the cluster in $run, and waits until each member answers.
start() {
  (cd "$run" && exec ./start >/dev/null 2>&1) & starter=$!
  for _ in $(seq 300); do
    etcdctl "$1" endpoint health >/dev/null 2>&1 && return
    sleep 0.1
  done
  fail "the cluster did not start" "see $run"
}

# etcdctl VERSION ARGUMENT...: runs etcdctl as root, on the cluster in $run.
etcdctl() { (. "$run/etcdctl.env" && exec ".tools/etcd/$1/etcdctl" "${@:2}"); }

# prepared VERSION MEMBERS: a stopped cluster in $folder/VERSION, with authentication on and no users but root.
prepared() {
  [ ! -d "$folder/$1" ] || return 0
  "$bulkhead" demo --etcd ".tools/etcd/$1/etcd" --members "$2" --keep "$folder/$1" >"$folder/log" 2>&1 ||
    fail "the cluster could not be made" "$(tail -n 3 "$folder/log")"
  run="$folder/$1"
  start "$1"
  for user in $(etcdctl "$1" user list | grep -vx root); do etcdctl "$1" user delete "$user"; done >/dev/null
  for role in $(etcdctl "$1" role list | grep -vx root); do etcdctl "$1" role delete "$role"; done >/dev/null
  etcdctl "$1" del --prefix /bulkhead/ >/dev/null
  stop
}

# bench_file NODES: a file with a user for each of two components on each node, for the cluster in $run.
bench_file() {
  cat <<END
apiVersion: bulkhead/v1
kind: Segmentation
cluster: bench
calico: {version: v3.32.1}
etcd:
  endpoints: [$(grep -o 'https://[0-9.:]*' "$run/bulkhead.yaml" | paste -sd,)]
  ca: etcd-ca/ca.crt
  certificate: pki/clients/root.crt
  key: pki/clients/root.key
components: [calico-node, cni-plugin]
isolation: node-user
nodes:
$(seq "$1" | sed 's/^/  - node-/')
END
}

# peak COMMAND...: runs a command; sets $megabytes to its peak memory and $code to its exit code.
peak() {
  "$@" >"$folder/out" 2>"$folder/err" &
  local process=$! highest=0 value
  while value=$(awk '/^VmHWM/ { print $2 }' "/proc/$process/status" 2>/dev/null) && [ -n "$value" ]; do
    highest=$value
    sleep 0.05
  done
  code=0
  wait "$process" || code=$?
  megabytes=$((highest / 1024))
}
