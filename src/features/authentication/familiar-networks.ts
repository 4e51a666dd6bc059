import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { authSecret } from '../../platform/configuration/auth-secret';
import { Configuration } from '../../platform/configuration/configuration';
import { Session } from './session.entity';

const NOBODY = '00000000-0000-0000-0000-000000000000';

/**
 * The networks from which accounts were used, as their sessions remember them. They are stored as a digest keyed with
 * the secret, so the database does not reveal where anybody was.
 */
@Injectable()
export class FamiliarNetworks {
  private readonly key: Buffer;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    configuration: Configuration,
  ) {
    this.key = createHmac('sha256', authSecret(configuration)).update('network').digest();
  }

  digest(userId: string, network: string): string {
    return createHmac('sha256', this.key).update(`${userId} ${network}`).digest('base64url');
  }

  /** Takes the same time for an unknown account. Served by `sessions_user_idx`. */
  async areFamiliar(userId: string | undefined, network: string): Promise<boolean> {
    const id = userId ?? NOBODY;
    return this.dataSource.manager.existsBy(Session, { userId: id, openedFrom: this.digest(id, network) });
  }
}
