import { createHash, randomBytes } from 'node:crypto';

/** 160 bits: nobody finds one by guessing, so a plain digest is enough to store. */
const CODE_BYTES = 20;

/** A code that grants something to whoever has it: base64url, 27 characters after its prefix. */
export function newCode(prefix: 'xfi_' | 'xfp_'): string {
  return prefix + randomBytes(CODE_BYTES).toString('base64url');
}

/** What is stored instead of the code. */
export function digestOf(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}
