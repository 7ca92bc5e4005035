/**
 * What text may be where people read it or a program takes it: well-formed, and without characters that act. The
 * patterns have no flags, so that they mean the same in a JSON Schema, and are right with and without `u`. Pure.
 */

const surrogate = "\\ud800-\\udfff";
const surrogatePair = "[\\ud800-\\udbff][\\udc00-\\udfff]";
const control = "\\u0000-\\u001f\\u007f-\\u009f";
/** Line and paragraph separators, and the marks that turn text around. */
const turning = "\\u2028-\\u202e\\u2066-\\u2069";

/** On one line, without control characters, half characters and the marks that turn text around. */
export const printable = textOfAllBut(control + turning);

/** Whatever a database and a process can carry: no NUL, no half character. */
export const carried = textOfAllBut("\\u0000");

function textOfAllBut(forbidden: string): RegExp {
  return new RegExp(`^(?:[^${forbidden}${surrogate}]|${surrogatePair})*$`);
}
