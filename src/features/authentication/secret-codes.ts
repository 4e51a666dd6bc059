import { createHash, randomBytes } from 'node:crypto';

/** 160 bits. Nobody guesses such a code, so storing a plain digest is enough. */
const CODE_BYTES = 20;

/** A code that grants something to its holder: base64url, 27 characters after its prefix. */
export function newCode(prefix: 'xfi_' | 'xfp_'): string {
  return prefix + randomBytes(CODE_BYTES).toString('base64url');
}

/** The digest that is stored instead of the code. */
export function digestOf(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}
