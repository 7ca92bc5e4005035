/**
 * The words of which the scripts are made: they go to a path, tell facts of what is there, refuse, and give files their names. Paths
 * are walked one name at a time; a link is read and walked anew from the workspace. A refusal is the code of a failure on
 * stderr and exit 70.
 */
import { stagingName, workspacePath } from "../../../../../durable-objects/protocol/file-paths.ts";
import { limits } from "../../../../../durable-objects/protocol/timing.ts";
import { places } from "../../manifests/places.ts";

/** The exit of a script that refuses. */
export const refusedExit = 70;

/**
 * `walk PATH FOLLOW MAKE` goes to the directory of PATH and leaves its last name in $name, `.` for the directory itself. FOLLOW: a
 * link at the end is followed; MAKE: directories that are missing on the way are made. $done is the way that was gone from
 * the workspace, whose real path $real is, so that each step is seen to have led where it should.
 */
const walking = `PATH=/usr/local/bin:/usr/bin:/bin:${places.tools}/applets
LC_ALL=C
export PATH LC_ALL
unset CDPATH
umask 022
root=${workspacePath} staging=${workspacePath}/${stagingName}
fail() { printf %s "$1" >&2; exit ${refusedExit}; }
enter() {
  cd -P "./$1" 2>/dev/null || fail path_forbidden
  done=\${done:+$done/}$1
  [ "$(pwd -P)" = "$real/$done" ] || fail outside_workspace
}
home() { cd -P "$root" 2>/dev/null || fail path_not_found; real=$(pwd -P) done=; }
up() {
  [ -n "$done" ] || fail outside_workspace
  case $done in */*) back=\${done%/*} ;; *) back= ;; esac
  home
  [ -z "$back" ] || { cd -P "./$back" 2>/dev/null || fail path_not_found; done=$back; }
  [ "$(pwd -P)" = "$real\${done:+/$done}" ] || fail outside_workspace
}
link_target() { target=$(readlink "./$1"; printf x); target=\${target%x}; target=\${target%"
"}; }
walk() {
  rest=$1 links=0 name=.
  home
  while [ -n "$rest" ]; do
    case $rest in */*) part=\${rest%%/*} rest=\${rest#*/} ;; *) part=$rest rest= ;; esac
    case $part in '' | .) continue ;; ..) up; continue ;; esac
    if [ -z "$done" ] && [ "$part" = ${stagingName} ]; then fail path_forbidden; fi
    if [ -L "./$part" ] && { [ -n "$rest" ] || [ "$2" = 1 ]; }; then
      links=$((links + 1))
      [ "$links" -le ${limits.maxFollowedLinks} ] || fail bad_path
      link_target "$part"
      case $target in
        "$root" | "$root"/*) home; target=\${target#"$root"} ;;
        /*) fail outside_workspace ;;
      esac
      rest=$target\${rest:+/$rest}
      continue
    fi
    if [ -z "$rest" ]; then name=$part; return; fi
    [ "$3" != 1 ] || [ -e "./$part" ] || mkdir "./$part" 2>/dev/null
    [ -d "./$part" ] || { [ -e "./$part" ] && fail not_a_directory; fail path_not_found; }
    enter "$part"
  done
}
`;

/**
 * `there NAME`: whether there is anything, also a link to nothing. `tag NAME` prints the version of what is there. `facts NAME`
 * prints one line: kind, size, time, whether it is executable, tag; then what a link says, and NUL. It fails for what is not
 * there; `tell NAME` refuses that.
 */
const telling = `there() { [ -e "./$1" ] || [ -L "./$1" ]; }
tag() { stat -c '%i_%s_%y_%z' "./$1" 2>/dev/null | tr -cd 0-9_ | tr _ -; }
facts() {
  kind=other executable=0 target=
  if [ -L "./$1" ]; then kind=link; link_target "$1"
  elif [ -d "./$1" ]; then kind=directory
  elif [ -f "./$1" ]; then kind=file; [ ! -x "./$1" ] || case $(stat -c %a "./$1") in *[1357]* ) executable=1 ;; esac
  fi
  line=$(stat -c '%s %Y' "./$1" 2>/dev/null) && mark=$(tag "$1") && [ -n "$mark" ] || return 1
  printf '%s %s %s %s\\n%s\\0' "$kind" "$line" "$executable" "$mark" "$target"
}
tell() { facts "$1" || fail path_not_found; }
`;

/**
 * `stage` goes to the workspace and makes the staging. `room BYTES` refuses what does not fit, where that can be known.
 * `expected CONDITION NAME` and `writable CONDITION` refuse what is not as it was expected, or is no file. `place FILE PATH
 * CONDITION` gives a finished file its name, makes directories on the way, and leaves one that is replaced its permissions.
 */
const placing = `expected() {
  case $1 in
    absent) there "$2" && fail file_changed ;;
    present) there "$2" || fail file_changed ;;
    ,*) there "$2" || fail file_changed
      case $1 in *",$(tag "$2"),"*) ;; *) fail file_changed ;; esac ;;
  esac
  return 0
}
writable() {
  if there "$name" && { [ -d "./$name" ] || [ ! -f "./$name" ]; }; then fail not_a_file; fi
  expected "$1" "$name"
}
stage() {
  home
  mkdir "$staging" 2>/dev/null
  if [ -L "$staging" ] || [ ! -d "$staging" ]; then fail path_forbidden; fi
  chmod 700 "$staging" 2>/dev/null
}
room() {
  free=$(df -Pk "$root" 2>/dev/null | tail -n 1 | { read -r _ _ _ kib _; printf %s "$kib"; })
  case $free in '' | *[!0-9]*) return 0 ;; esac
  [ "$(($1 / 1024))" -lt "$free" ] || fail no_space
}
place() {
  walk "$2" 1 1
  writable "$3"
  new=1
  if there "$name"; then new=0; chmod "$(stat -c %a "./$name")" "$1" 2>/dev/null; fi
  if [ "$3" = absent ]; then ln "$1" "./$name" 2>/dev/null || fail file_changed; rm -f "$1"
  else mv -f "$1" "./$name" 2>/dev/null || fail path_forbidden; fi
  printf '%s\\n' "$new"
  tell "$name"
}
`;

export const prelude = walking + telling + placing;
