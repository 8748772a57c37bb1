# shellcheck shell=bash
# Output of the tools. Sourced by the other scripts. Everything goes to standard error, as progress does; bold
# type only on a terminal.

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$(printf '\033[1m') plain=$(printf '\033[0m')
else
  bold='' plain=''
fi

# say WHAT TEXT: one line, such as "build: ...".
say() { printf '%s%s:%s %s\n' "$bold" "$1" "$plain" "$2" >&2; }

# fail SENTENCE HINT...: prints one sentence, then what to do about it.
fail() {
  say error "$1"
  shift
  for line in "$@"; do say hint "$line"; done
  exit 1
}

# step WHAT TEXT COMMAND...: prints what starts, runs it silently, and prints how it ended; shows its output
# only if it fails.
step() {
  local what=$1 text=$2 started=$SECONDS output
  shift 2
  printf '%s%s:%s %s ... ' "$bold" "$what" "$plain" "$text" >&2
  if output=$("$@" 2>&1); then
    printf 'ok (%s s)\n' "$((SECONDS - started))" >&2
  else
    printf 'failed\n' >&2
    printf '%s\n' "$output" | tail -n 12 | sed 's/^/  /' >&2
    return 1
  fi
}
