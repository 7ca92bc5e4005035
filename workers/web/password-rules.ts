/** What a new password must have, as people are told while they type. The server knows more rules and decides. */

export interface PasswordRule {
  words: string;
  isMet(password: string): boolean;
}

/** Characters are counted as the server does: code points of the NFC form. */
export const passwordRules: readonly PasswordRule[] = [
  { words: "8+ characters", isMet: (password) => [...password.normalize("NFC")].length >= 8 },
  { words: "Upper-case letter", isMet: (password) => /\p{Lu}/u.test(password) },
  { words: "Digit", isMet: (password) => /\p{Nd}/u.test(password) },
  { words: "Lower-case letter", isMet: (password) => /\p{Ll}/u.test(password) },
];
