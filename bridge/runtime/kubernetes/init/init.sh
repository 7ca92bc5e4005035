#!/bin/sh
# The first process of an environment: begins its tmux session, runs its startup commands, reaps whatever ends, and ends
# everything when it is told to. A command that fails leaves a shell all the same. It ends by itself only without tmux (69)
# or when the tmux server has ended (70; 71 where the kernel had ended somebody for want of memory); told to, with 0. Nothing on the volume is ever removed.
#
# What it prints is the environment's log (lines.ts): `!` a state, `#` a word of ours, `$` a line of a startup command,
# `>` a line that one printed. The newest state is also in run/state:
#   starting | waiting | installing <index> | completed | failed <index>:<exit code> ...
# While it is `waiting` the bridge may begin the session, so that a saved one is restored; after ten seconds we do.
root=${0%/devpocket/init/init.sh}
own=$root/devpocket
init=$own/init run=$own/run home=$root/home/devpocket workspace=$root/workspace
. "$init/relay.sh"

# A person's PATH is for what they run; what runs here is found whatever it says.
person_path=${PATH:-/usr/local/bin:/usr/bin:/bin}
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$person_path:$own/tools/applets

say() { printf '%s %s\n' "$1" "$2"; }
state() {
  printf '%s\n' "$1" >"$run/state.new" && mv -f "$run/state.new" "$run/state"
}
pause() { sleep 0.1 2>/dev/null || sleep 1; }
tmux() { PATH=$person_path /bin/sh "$init/tmux.sh" "$@"; }
is_up() { [ -S "$run/tmux.sock" ] && tmux has-session -t =main 2>/dev/null; }

# What the cluster tells of our end.
die() {
  say '#' "$2"
  [ ! -w "$root/dev/termination-log" ] || printf '%s' "$2" >"$root/dev/termination-log"
  exit "$1"
}

# Files that a person has changed, or put something else in place of, stay. No copy: ours are read-only, theirs are not.
first_file() {
  [ -e "$home/$2" ] || [ -L "$home/$2" ] || cat "$init/$1" 2>/dev/null >"$home/$2"
}

begin_session() {
  if [ -f "$home/.devpocket/session.json" ]; then
    state waiting
    say '!' waiting
    turns=0
    until is_up || [ "$turns" -ge 100 ]; do
      pause
      turns=$((turns + 1))
    done
  fi
  is_up || begin_fresh
}

# The bridge begins restored sessions in the same words. Where both did, the second is refused and the first is there.
begin_fresh() {
  said=$(cd "$workspace" && tmux new-session -d -s main -n shell -x 80 -y 24 -- /bin/sh "$init/shell.sh" \
    '' 'The shell had ended; this is a fresh one.' '' /bin/sh "$init/tmux.sh" 2>&1) && return
  is_up || die 69 "The terminal could not be started: $said"
}

# Runs in a process of its own. Whatever a command prints goes to relay(), and our own words between by their mark.
install() {
  failed= index=0
  for file in "$own"/startup/*; do
    [ -f "$file" ] || continue
    state "installing $index"
    marked '!' "installing $index"
    while IFS= read -r line || [ -n "$line" ]; do marked '$' "$line"; done <"$file"
    (cd "$workspace" && PATH=$person_path exec /bin/sh "$file") </dev/null
    code=$?
    [ "$code" -eq 0 ] || failed="$failed $index:$code"
    index=$((index + 1))
  done
  result=${failed:+failed$failed}
  state "${result:-completed}"
  marked '!' "${result:-completed}"
}

# Ends everybody, by what each listens to, and then whoever is left within two seconds. Only the first process of a pod may
# say so to all: anywhere else there are processes of others.
end_all() {
  trap '' TERM INT HUP
  tmux kill-server 2>/dev/null
  if [ "$$" -eq 1 ]; then
    kill -s TERM -- -1 2>/dev/null
    turns=0
    while [ "$turns" -lt 20 ] && kill -s 0 -- -1 2>/dev/null; do
      pause
      turns=$((turns + 1))
    done
  else
    [ -z "$installer" ] || kill "$installer" 2>/dev/null
  fi
  exit 0
}

# How many processes here the kernel has ended for want of memory: cgroup v2, where it may take them one by one, or v1.
memory_kills() {
  for file in "$root/sys/fs/cgroup/memory.events" "$root/sys/fs/cgroup/memory/memory.oom_control"; do
    [ -r "$file" ] || continue
    while read -r name count _; do [ "$name" != oom_kill ] || echo "$count"; done <"$file"
    return
  done
}

installer=
trap end_all TERM INT HUP
mkdir -p "$run/own" "$workspace" "$home" 2>/dev/null
state starting
say '!' starting
# Root may change the image's accounts, and packages do: there nothing is mounted over them.
[ "$(id -u)" != 0 ] || [ ! -w "$root/etc" ] || /bin/sh "$init/accounts.sh" 0 "$root/etc"
for directory in "$workspace" "$home"; do
  [ -w "$directory" ] || say '#' "$directory cannot be written by user $(id -u)"
done
first_file bashrc .bashrc
first_file profile .profile
begin_session
install 2>&1 | relay &
installer=$!

# A client that waits for what never comes ends with the server; waiting for it reaps everybody else.
while :; do
  kills=$(memory_kills)
  (PATH=$person_path exec /bin/sh "$init/tmux.sh" wait-for devpocket-never) >/dev/null 2>&1 &
  watch=$!
  while :; do
    wait "$watch"
    code=$?
    kill -s 0 "$watch" 2>/dev/null || break
  done
  # A server that goes in order lets its clients go with 0: then it is others that the kernel took.
  if ! is_up; then
    [ "$code" -eq 0 ] || [ "$(memory_kills)" = "$kills" ] ||
      die 71 "The environment's shell server was ended for want of memory"
    die 70 "The environment's shell server has ended"
  fi
  pause
done
