#!/bin/sh
# Runs in the environment's image: writes its passwd and group, with an entry for whoever everything runs as. Where the image
# has one it keeps its name; its home is ours in any case, since ssh asks for no $HOME.
# Arguments: number of user and group; where to, which may be where they are read. Needs a shell and nothing beside it.
root=${0%/devpocket/init/accounts.sh}
number=$1 directory=$2 home=$root/home/devpocket
set -f
IFS=:

die() {
  echo "# $1"
  [ ! -w "$root/dev/termination-log" ] || printf '%s' "$1" >"$root/dev/termination-log"
  exit 1
}

# What tmux takes where nobody says otherwise.
first_shell=$(command -v bash || echo /bin/sh)
shell_of() {
  case $1 in
    */nologin | */false | '') echo "$first_shell" ;;
    *) if [ -x "$1" ]; then echo "$1"; else echo "$first_shell"; fi ;;
  esac
}

# A line of each, from the fields of the image's or from a name alone.
passwd() { printf '%s\n' "$1:${2:-x}:$number:$number:${5:-}:$home:$(shell_of "${7:-}")"; }
group() { printf '%s\n' "$1:${2:-x}:$number:${4:-}"; }
root_passwd='root:x:0:0:root:/root:/bin/sh' root_group='root:x:0:'

# Both have the name first and the number third. The first of a number is the one that counts.
table() {
  kind=$1 first=$2 source=$root/etc/$1 name=devpocket mine=
  [ -f "$source" ] && [ -r "$source" ] || source=/dev/null
  while IFS= read -r line || [ -n "$line" ]; do
    set -- $line
    first=
    [ "${1:-}" != "$name" ] || name=devpocket-$number
    if [ -z "$mine" ] && [ "${3:-}" = "$number" ]; then
      mine=${1:-}
      [ -z "$mine" ] || line=$("$kind" "$@")
    fi
    printf '%s\n' "$line"
  done <"$source"
  [ -z "$mine" ] || return
  if [ "$number" -eq 0 ]; then name=root first=; fi
  [ -z "$first" ] || printf '%s\n' "$first"
  "$kind" "$name"
}

passwd=$(table passwd "$root_passwd")
group=$(table group "$root_group")
printf '%s\n' "$passwd" >"$directory/passwd" && printf '%s\n' "$group" >"$directory/group" ||
  die 'The names of its users could not be written'
