# Sourced by init.sh: how what startup commands print becomes lines of the log. Lines of ours come the same way, so that the
# order holds; a mark that no command knows tells them apart.
mark=$(printf '\001')$(cat /proc/sys/kernel/random/uuid 2>/dev/null || echo "$$-$(date +%s)")
newline='
'
return=$(printf '\r') start=$(printf '\001')
most_bytes=262144 long_line=4000

marked() { printf '%s%s %s\n' "$mark" "$1" "$2"; }

# Prints what it reads, line by line as it comes. Beyond most_bytes it only counts.
relay() {
  LC_ALL=C
  rest= bytes=0 omitted=0 take=4096
  while read_some; do
    case $some in
      *"$start"*) ;;
      *) if [ "$bytes" -gt "$most_bytes" ]; then skip_lines; continue; fi ;;
    esac
    rest=$rest$some
    whole_lines
    [ "${#rest}" -le "$long_line" ] || break_line
  done
  [ -z "$rest" ] || line "$rest"
  tell_omitted
}

# One read, so that nothing waits for more to come. No variable can hold NUL.
read_some() {
  some=$(dd bs="$take" count=1 2>/dev/null | tr '\000' ' '; printf x)
  some=${some%x}
  [ -n "$some" ]
}

whole_lines() {
  while :; do
    case $rest in
      *"$newline"*)
        first=${rest%%"$newline"*}
        line "$first"
        # Not by a pattern: shells try those at every place of a long text.
        rest=${rest#"$first$newline"}
        ;;
      *) return ;;
    esac
  done
}

# Of a line that never ends: what may be the beginning of our mark stays for the next turn.
break_line() {
  kept=
  case $rest in
    *"$start"*)
      kept=$start${rest##*"$start"}
      if [ "${#kept}" -lt 100 ]; then rest=${rest%"$start"*}; else kept=; fi
      ;;
  esac
  output "$rest"
  rest=$kept
}

line() {
  case $1 in
    *"$mark"*)
      before=${1%%"$mark"*}
      [ -z "$before" ] || output "$before"
      tell_omitted
      printf '%s\n' "${1#*"$mark"}"
      ;;
    *) output "$1" ;;
  esac
}

# Of a line that redraws itself the last state counts.
output() {
  shown=$1
  while :; do case $shown in *"$return") shown=${shown%"$return"} ;; *) break ;; esac; done
  case $shown in *"$return"*) shown=${shown##*"$return"} ;; esac
  bytes=$((bytes + ${#shown} + 1))
  if [ "$bytes" -gt "$most_bytes" ]; then
    omitted=$((omitted + 1))
    take=16384
  else
    printf '> %s\n' "$shown"
  fi
}

skip_lines() {
  omitted=$((omitted + $(printf '%s' "$some" | wc -l)))
  rest=
}

tell_omitted() {
  [ "$omitted" -eq 0 ] || printf '> %s lines left out\n' "$omitted"
  omitted=0
}
