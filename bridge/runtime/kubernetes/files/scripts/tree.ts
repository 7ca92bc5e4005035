/**
 * What is told and changed of the tree of files: entries and their facts, names, directories. What changes a name prints whether it is
 * new, and the facts of what has it now.
 */
import { stagingName } from "../../../../../durable-objects/protocol/file-paths.ts";
import { limits } from "../../../../../durable-objects/protocol/timing.ts";

export const treeScripts = {
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
} as const;
