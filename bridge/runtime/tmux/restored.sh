#!/bin/sh
# How a window of a restored session begins: it shows once what it showed, and goes on where it was.
# Arguments, all data: a file with what to show, the directory (empty = where it is), what to say when that was shown
# before, and then the command that runs in a window.
if [ -n "$2" ]; then
  cd -- "$2" 2>/dev/null || :
  unset OLDPWD
fi
if [ -f "$1" ]; then
  cat -- "$1"
  rm -f -- "$1"
else
  printf '%s\n' "$3"
fi
shift 3
exec "$@"
