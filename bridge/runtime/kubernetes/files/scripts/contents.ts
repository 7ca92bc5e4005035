/**
 * What is in files: read from anywhere in them, written under a fresh name in the staging and then placed. What takes a body reads as
 * much as it was told will come.
 */

export const contentScripts = {
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
} as const;
