/** Measures and cuts text as the wire counts it: offsets in UTF-8 bytes, frames in bytes of JSON. Pure. */

const encoder = new TextEncoder();

/** How many bytes of UTF-8 a text takes; a lone surrogate counts as the U+FFFD that is sent for it. */
export function utf8Bytes(text: string): number {
  return encoder.encode(text).length;
}

/**
 * Cuts text between characters into parts whose JSON takes at most `maxJsonBytes` (the least is 12), which bounds their
 * UTF-8 as well. No text makes no parts.
 */
export function textParts(text: string, maxJsonBytes: number): string[] {
  const parts: string[] = [];
  let from = 0;
  let at = 0;
  let bytes = 0;
  for (const character of text) {
    const characterBytes = jsonBytes(character);
    if (bytes + characterBytes > maxJsonBytes) {
      parts.push(text.slice(from, at));
      from = at;
      bytes = 0;
    }
    bytes += characterBytes;
    at += character.length;
  }
  return at > from ? [...parts, text.slice(from)] : parts;
}

/** What one character takes inside a JSON string, which escapes some (RFC 8259, section 7). */
function jsonBytes(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return 6;
  if (code < 0x80) return character === '"' || character === "\\" ? 2 : 1;
  if (code >= 0xd800 && code <= 0xdfff) return 6;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}
