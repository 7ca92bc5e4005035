#!/bin/sh
# The init container: makes the two directories on the volume, as the user who will work in them, and brings our tools where
# this image has them. What is there stays. With arguments it goes on as accounts.sh: then this is the environment's image.
root=${0%/devpocket/init/prepare.sh}
own=$root/devpocket

die() {
  echo "# $1"
  [ ! -w "$root/dev/termination-log" ] || printf '%s' "$1" >"$root/dev/termination-log"
  exit 1
}

for name in workspace home; do
  directory=$own/volume/$name
  [ -d "$directory" ] || mkdir -m 0770 "$directory" 2>/dev/null
  [ -d "$directory" ] && [ -w "$directory" ] ||
    die "The volume cannot be written by user $(id -u): its storage class ignores fsGroup, or it is full or read-only"
done

tools=$root/opt/devpocket/tools
[ ! -d "$tools" ] || cp -RPf "$tools/." "$own/tools/" || die 'The tools could not be copied'
[ "$#" -eq 0 ] || exec /bin/sh "$own/init/accounts.sh" "$@"
