#!/bin/sh
# Runs tmux for an environment: the one we brought, else the image's, always with our socket and configuration. Whoever
# begins the server with it gives the same surroundings to its shells.
own=${0%/init/tmux.sh}
export TERM=xterm-256color COLORTERM="${COLORTERM:-truecolor}"
[ -n "${LC_ALL:-}${LC_CTYPE:-}${LANG:-}" ] || export LANG=C.UTF-8
[ -n "${SHELL:-}" ] || export SHELL="$(command -v bash || echo /bin/sh)"
export TMUX_TMPDIR="${TMUX_TMPDIR:-$own/run/own}"
program=$own/tools/bin/tmux
# What a small image lacks, after everything it has.
[ ! -d "$own/tools/applets" ] || export PATH="${PATH:-/usr/local/bin:/usr/bin:/bin}:$own/tools/applets"
if [ -x "$program" ]; then
  # The image's own first: an empty part stands for where its programs look anyway.
  export TERMINFO_DIRS="${TERMINFO_DIRS:-}:$own/tools/share/terminfo"
else
  program=$(PATH=${PATH:-}:/usr/local/bin:/usr/bin:/bin; command -v tmux) || {
    echo 'this image has no tmux, and the bridge has no tools image' >&2
    exit 127
  }
fi
exec "$program" -S "$own/run/tmux.sock" -f "$own/init/tmux.conf" -u "$@"
