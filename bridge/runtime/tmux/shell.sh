#!/bin/sh
# What runs in an environment's tmux pane: a shell, and after it, in the last window there is, one shell after the other.
# Arguments, all data: first notice (empty = none), notice of a fresh shell, the shell (empty = bash, or sh where there is
# none), and then tmux: a program and its arguments.
socket=${TMUX%%,*} pane=$TMUX_PANE
unset TMUX TMUX_PANE TERM_PROGRAM TERM_PROGRAM_VERSION
# Job control gives the terminal back to us even when a shell was killed.
set -m
[ -z "$1" ] || printf '%s\n' "$1"
fresh=$2 shell=$3
shift 3
[ -n "$shell" ] || shell=$(command -v bash || echo sh)
quick=0
while :; do
  begun=$(date +%s)
  "$shell"
  # Where others are left this one goes. tmux itself decides, so that of two that end together one stays.
  "$@" -S "$socket" if-shell -F -t "$pane" '#{!=:#{window_panes},1}' "kill-pane -t $pane" ';' \
    if-shell -F -t =main: '#{!=:#{session_windows},1}' "kill-pane -t $pane" 2>/dev/null
  if [ $(($(date +%s) - begun)) -lt 2 ]; then quick=$((quick + 1)); else quick=0; fi
  # Whatever a killed program left behind: raw mode, alternate screen, mouse, colours, a hidden cursor.
  stty sane 2>/dev/null
  printf '\033[?1049l\033[!p\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?2004l\033[?25h\033[0m\r'
  printf '%s\n' "$fresh"
  # From the fourth shell in a row that ended at once, wait: 1, 2, ... 30 seconds.
  if [ "$quick" -gt 3 ]; then
    wait=$((quick > 33 ? 30 : quick - 3))
    printf 'It keeps ending at once; the next one begins in %s s.\n' "$wait"
    sleep "$wait"
  fi
done
