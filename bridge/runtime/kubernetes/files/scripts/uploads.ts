/** Files that come in parts: each upload is a directory `u-<id>` in the staging; see pod-uploads.ts. */
import { limits } from "../../../../../durable-objects/protocol/timing.ts";

export const uploadScripts = {
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
} as const;
