/** Directories as tar archives: packed as they are, unpacked in the staging and then merged, all of it or nothing. */
import { stagingName } from "../../../../../durable-objects/protocol/file-paths.ts";
import { refusedExit } from "./prelude.ts";

export const archiveScripts = {
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
} as const;
