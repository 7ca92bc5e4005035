/** What text may be where people read it or a program takes it: well-formed, and without characters that act. Pure. */

/** On one line, without control characters, lone surrogates and the marks that turn text around. */
export const printable = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]*$/u;

/** Whatever a database and a process can carry: no NUL, no lone surrogate. */
export const carried = /^[^\0\p{Cs}]*$/u;
