import { createHmac, randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SigningKeys } from './signing-keys';

/** One link in a session's chain of refresh tokens. */
export interface RefreshLink {
  readonly sessionId: string;
  readonly generation: number;
  /** 12 random bytes, hexadecimal. Distinguishes two tokens of one generation. */
  readonly nonce: string;
}

const PREFIX = 'xfr_';
const SESSION_BYTES = 16;
const NONCE_BYTES = 12;
const MAC_BYTES = 32;
const BODY_BYTES = SESSION_BYTES + 4 + NONCE_BYTES;

/**
 * A refresh token is a link of the chain with its authentication code (HMAC-SHA-256). The database holds only the
 * link's name, so a reader of the database gets no token. The same link makes the same token as long as the secret
 * stays the same.
 *
 * A token names no key. Checking it against two keys costs microseconds, and its format stays that of earlier releases,
 * which may run beside this one (docs/adr/0030-key-rotation.md).
 */
@Injectable()
export class RefreshTokens {
  /** The first key signs. */
  private readonly keys: readonly [KeyObject, ...KeyObject[]];

  constructor(signingKeys: SigningKeys) {
    const [signing, ...others] = signingKeys.for('refresh-token');
    this.keys = [signing.key, ...others.map(({ key }) => key)];
  }

  newNonce(): string {
    return randomBytes(NONCE_BYTES).toString('hex');
  }

  issue(link: RefreshLink): string {
    const body = Buffer.alloc(BODY_BYTES);
    body.write(link.sessionId.replaceAll('-', ''), 0, 'hex');
    body.writeUInt32BE(link.generation, SESSION_BYTES);
    body.write(link.nonce, SESSION_BYTES + 4, 'hex');
    return PREFIX + Buffer.concat([body, mac(body, this.keys[0])]).toString('base64url');
  }

  /** @returns undefined unless the token is exactly one that this server issued */
  read(token: string): RefreshLink | undefined {
    const bytes = Buffer.from(token.slice(PREFIX.length), 'base64url');
    if (bytes.length !== BODY_BYTES + MAC_BYTES) return undefined;
    // The decoder ignores foreign characters and the unused bits of the last one, so compare the spelling.
    if (token !== PREFIX + bytes.toString('base64url')) return undefined;
    const body = bytes.subarray(0, BODY_BYTES);
    const signature = bytes.subarray(BODY_BYTES);
    if (!this.keys.some((key) => timingSafeEqual(mac(body, key), signature))) return undefined;
    return {
      sessionId: body
        .toString('hex', 0, SESSION_BYTES)
        .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
      generation: body.readUInt32BE(SESSION_BYTES),
      nonce: body.toString('hex', SESSION_BYTES + 4),
    };
  }
}

function mac(body: Buffer, key: KeyObject): Buffer {
  return createHmac('sha256', key).update(body).digest();
}
