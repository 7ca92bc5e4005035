/**
 * What is done to files inside a pod, in POSIX sh, by the image's programs or those we brought. Paths are walked one name at
 * a time; a link is read and walked anew from the workspace. A refusal is the code of a failure on stderr and exit 70. All
 * names are arguments or come as input, never text of a script.
 */
import { stagingName, workspacePath } from "../../../../durable-objects/protocol/file-paths.ts";
import { limits } from "../../../../durable-objects/protocol/timing.ts";
import { places } from "../manifests/places.ts";

/** The exit of a script that refuses. */
export const refusedExit = 70;

/**
 * `walk PATH FOLLOW MAKE` goes to the directory of PATH and leaves its last name in $name, `.` for the directory itself.
 * `facts NAME` prints one line: kind, size, time, whether it is executable, tag; then what a link says, and NUL. It fails for
 * what is not there; `tell NAME` refuses that.
 */
const prelude = `PATH=/usr/local/bin:/usr/bin:/bin:${places.tools}/applets
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
there() { [ -e "./$1" ] || [ -L "./$1" ]; }
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
expected() {
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

/** Whole scripts by what they do; their arguments stand beside each. */
export const scripts = {
  /** path */
  stat: `walk "$1" 1 0; there "$name" || fail path_not_found; tell "$name"`,
  /** path. Every entry as a letter for its kind and its name, and NUL. */
  names: `walk "$1" 1 0
[ -d "./$name" ] || { there "$name" && fail not_a_directory; fail path_not_found; }
[ "$name" = . ] || enter "$name"
[ -r . ] || fail path_forbidden
count=0
for each in * .[!.]* ..?*; do
  there "$each" || continue
  [ -n "$done" ] || [ "$each" != ${stagingName} ] || continue
  if [ -d "./$each" ] && [ ! -L "./$each" ]; then printf 'd%s\\0' "$each"; else printf 'f%s\\0' "$each"; fi
  count=$((count + 1))
  [ "$count" -lt ${limits.maxDirectoryEntries} ] || break
done`,
  /** path, then numbers of entries in the order of \`names\`. Each that is still there as its facts and its name, and NUL. */
  page: `walk "$1" 1 0
[ "$name" = . ] || enter "$name"
shift
wanted=" $* " count=0
for each in * .[!.]* ..?*; do
  there "$each" || continue
  [ -n "$done" ] || [ "$each" != ${stagingName} ] || continue
  case $wanted in *" $count "*) facts "$each" && printf '%s\\0' "$each" ;; esac
  count=$((count + 1))
done`,
  /** path, tag, from, length. Its process first, then the bytes. */
  read: `walk "$1" 1 0
if [ -L "./$name" ] || [ ! -f "./$name" ]; then fail not_a_file; fi
exec 3<"./$name" || fail path_forbidden
[ "$(tag "$name")" = "$2" ] || fail file_changed
if [ "$3" = 0 ]; then exec sh -c 'echo $$; exec head -c "$1" <&3' sh "$4"; fi
block=262144
dd bs="$block" skip="$(($3 / block))" 2>/dev/null <&3 | tail -c "+$(($3 % block + 1))" |
  sh -c 'echo $$; exec head -c "$1"' sh "$4"`,
  /** path, condition */
  check: `walk "$1" 1 0; writable "$2"`,
  /** bytes */
  room: `room "$1"`,
  /** a fresh name, path, condition, length; the content as input. As everything that takes a body, its process first. */
  write: `stage
fresh=$staging/$1
trap 'rm -f "$fresh"' EXIT
echo $$
head -c "$4" >"$fresh" 2>/dev/null || { room "$4"; fail no_space; }
[ "$(wc -c <"$fresh")" -eq "$4" ] || fail cut
sync "$fresh" 2>/dev/null
place "$fresh" "$2" "$3"`,
  /** a fresh name, length; the content as input. The next script gives it its name. */
  lay: `stage
fresh=$staging/$1
trap '[ -n "$laid" ] || rm -f "$fresh"' EXIT
laid=
echo $$
head -c "$2" >"$fresh" 2>/dev/null || { room "$2"; fail no_space; }
[ "$(wc -c <"$fresh")" -eq "$2" ] || fail cut
sync "$fresh" 2>/dev/null
laid=1`,
  /** the same name, path, condition */
  settle: `trap 'rm -f "$staging/$1"' EXIT
place "$staging/$1" "$2" "$3"`,
  /** path */
  makeDirectory: `walk "$1" 1 1
new=0
if there "$name"; then [ -d "./$name" ] || fail path_exists
else mkdir "./$name" 2>/dev/null || fail path_forbidden; new=1; fi
printf '%s\\n' "$new"
tell "$name"`,
  /** from, to, whether to replace */
  move: `walk "$1" 0 0
[ "$name" != . ] || fail path_forbidden
there "$name" || fail path_not_found
from=$(pwd -P; printf x); from=\${from%?x}/$name
case $2/ in "$1"/*) fail bad_path ;; esac
walk "$2" 0 1
new=1
if there "$name"; then
  new=0
  if [ "$3" != 1 ]; then fail path_exists; fi
  if [ -d "./$name" ] && [ ! -L "./$name" ]; then fail path_exists; fi
  if [ -L "./$name" ]; then rm -f "./$name"; fi
fi
mv -f "$from" "./$name" 2>/dev/null || fail path_forbidden
printf '%s\\n' "$new"
tell "$name"`,
  /** path, whether with all in it, a fresh name */
  remove: `walk "$1" 0 0
[ "$name" != . ] || fail path_forbidden
there "$name" || fail path_not_found
if [ -L "./$name" ] || [ ! -d "./$name" ]; then rm -f "./$name" 2>/dev/null || fail path_forbidden; exit 0; fi
if [ "$2" != 1 ]; then rmdir "./$name" 2>/dev/null || fail directory_not_empty; exit 0; fi
from=$(pwd -P; printf x); from=\${from%?x}/$name
stage
mv "$from" "$staging/$3" 2>/dev/null || { chmod u+rwx "$from" 2>/dev/null; mv "$from" "$staging/$3" 2>/dev/null; } || fail path_forbidden
{ chmod -R u+rwx "$staging/$3"; rm -rf "$staging/$3"; } </dev/null >/dev/null 2>&1 &`,
  /** path. Its process first, then the archive. */
  pack: `walk "$1" 1 0
there "$name" || fail path_not_found
if [ -d "./$name" ]; then
  [ "$name" = . ] || enter "$name"
  set -- .
  if [ -z "$done" ]; then
    set --
    for each in * .[!.]* ..?*; do
      there "$each" && [ "$each" != ${stagingName} ] && set -- "$@" "./$each"
    done
    [ $# -gt 0 ] || { echo $$; exec head -c 10240 /dev/zero; }
  fi
else set -- "./$name"; fi
echo $$
exec tar -cf - "$@"`,
  /** a fresh name; the archive as input */
  unpack: `stage
mkdir "$staging/$1" && cd -P "$staging/$1" || fail path_forbidden
echo $$
tar -xof - 2>/dev/null || { cd /; rm -rf "$staging/$1"; room 1048576; fail cut; }`,
  /** the same name, path */
  merge: `walk "$2" 1 1
there "$name" || mkdir "./$name" 2>/dev/null || fail path_forbidden
[ -d "./$name" ] || fail not_a_directory
[ "$name" = . ] || enter "$name"
trap 'rm -rf "$staging/$1"' EXIT
meet() (
  for each in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    [ -e "$each" ] || [ -L "$each" ] || continue
    to=$2/\${each##*/}
    if [ -d "$each" ] && [ ! -L "$each" ] && [ -d "$to" ] && [ ! -L "$to" ]; then meet "$each" "$to" "$3" || exit ${refusedExit}; continue; fi
    if [ -d "$to" ] && [ ! -L "$to" ]; then exit ${refusedExit}; fi
    if [ -d "$each" ] && [ ! -L "$each" ]; then if [ -e "$to" ] || [ -L "$to" ]; then exit ${refusedExit}; fi; fi
    if [ "$3" = move ]; then if [ -L "$to" ]; then rm -f "$to"; fi; mv -f "$each" "$to" || exit 1; fi
  done
)
meet "$staging/$1" . look || fail path_exists
meet "$staging/$1" . move || fail path_forbidden`,
  /** a name. Whoever was cut may still write there, or put itself in order: small programs do not remove together. */
  drop: `for turn in 1 2 3 4 5 6 7 8 9 10; do
  rm -rf "$staging/$1" 2>/dev/null && [ ! -e "$staging/$1" ] && exit 0
  sleep 0.2 2>/dev/null || sleep 1
done
exit 0`,
  /** id, length of the wish, which is input */
  begin: `stage
count=0
now=$(date +%s)
for each in "$staging"/*; do
  [ -e "$each" ] || continue
  age=$((now - $(stat -c %Y "$each" 2>/dev/null || echo "$now")))
  case $each in "$staging"/u-*) kept=86400 ;; *) kept=3600 ;; esac
  if [ "$age" -gt "$kept" ]; then rm -rf "$each"; continue; fi
  case $each in "$staging"/u-*) count=$((count + 1)) ;; esac
done
[ "$count" -lt ${limits.maxUploads} ] || fail too_many_uploads
cd -P "$staging" && ! there "u-$1" || fail path_exists
{ mkdir "u-$1" && printf '' >"u-$1/data" && head -c "$2" >"u-$1/upload.json"; } 2>/dev/null || { rm -rf "u-$1"; fail no_space; }`,
  /** id. The wish, NUL, and the numbers of the parts that are here. */
  find: `cd -P "$staging/u-$1" 2>/dev/null && [ -f upload.json ] || fail upload_not_found
head -c 32768 upload.json
printf '\\0'
for each in part-*; do [ -e "$each" ] && printf '%s ' "\${each#part-}"; done
exit 0`,
  /** id, how many blocks are before it, its length; the content as input */
  part: `cd -P "$staging/u-$1" 2>/dev/null || fail upload_not_found
echo $$
head -c "$3" | dd of=data obs=${limits.partBlockBytes} seek="$2" conv=notrunc 2>/dev/null || { room "$3"; fail no_space; }`,
  /** id, number */
  mark: `cd -P "$staging/u-$1" 2>/dev/null || fail upload_not_found
printf '' 2>/dev/null >"part-$2" || fail no_space
touch .`,
  /** id, path, condition */
  finish: `cd -P "$staging/u-$1" 2>/dev/null || fail upload_not_found
place "$staging/u-$1/data" "$2" "$3"
rm -rf "$staging/u-$1"`,
  /** id */
  abandon: `[ -d "$staging/u-$1" ] || fail upload_not_found
rm -rf "$staging/u-$1"`,
  /** process: what it waits for is ended, so that it puts itself in order; one that waits for nothing ends itself. */
  end: `ended=
for each in /proc/[0-9]*/stat; do
  read -r process _ _ parent _ 2>/dev/null <"$each" || continue
  [ "$parent" != "$1" ] || ended="$ended $process"
done
kill \${ended:-$1} 2>/dev/null
# Somebody may have stopped them.
kill -s CONT $ended "$1" 2>/dev/null
exit 0`,
} as const;

/** A whole script, as the program that runs it with these arguments. */
export function scriptProgram(name: keyof typeof scripts, args: readonly string[]): string[] {
  return ["/bin/sh", "-c", prelude + scripts[name], "files", ...args];
}
