import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { authSecret } from '../../platform/configuration/auth-secret';
import { Configuration } from '../../platform/configuration/configuration';

/** A key for one purpose, derived from one secret. */
export interface SigningKey {
  /**
   * `kid` of RFC 7515. It names the secret, is the same on every server with that secret, and reveals nothing about it.
   */
  readonly id: string;
  readonly key: KeyObject;
}

const KEY_ID_LENGTH = 12;

/**
 * The keys that sign and verify tokens (docs/adr/0030-key-rotation.md). `AUTH_SECRET` signs. `AUTH_SECRET_SECONDARY` is
 * accepted as well, so that changing the secret signs nobody out.
 */
@Injectable()
export class SigningKeys {
  private readonly secrets: readonly string[];

  constructor(configuration: Configuration) {
    const { AUTH_SECRET_SECONDARY } = configuration;
    this.secrets = [authSecret(configuration), ...(AUTH_SECRET_SECONDARY ? [AUTH_SECRET_SECONDARY] : [])];
  }

  /** One or two keys; the first one signs. */
  for(purpose: 'access-token' | 'refresh-token'): readonly [SigningKey, ...SigningKey[]] {
    return this.secrets.map((secret) => ({
      id: createHmac('sha256', secret).update('key-id').digest('base64url').slice(0, KEY_ID_LENGTH),
      key: createSecretKey(createHmac('sha256', secret).update(purpose).digest()),
    })) as [SigningKey, ...SigningKey[]];
  }
}
