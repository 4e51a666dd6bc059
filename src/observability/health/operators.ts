import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Request } from 'express';
import { DataSource } from 'typeorm';
import { LiveSessions } from '../../features/authentication/live-sessions';
import { Configuration } from '../../platform/configuration/configuration';
import { isLocal } from '../../platform/http/is-local';
import { runInContext } from '../../platform/request-context';
import { User } from '../../features/users/user.entity';

/** A probe must not wait for a database that does not answer. */
const PATIENCE_MS = 1_000;

/** Decides who may see the details: users with the operator role, and outside production every client on the loopback. */
@Injectable()
export class Operators {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly sessions: LiveSessions,
    private readonly configuration: Configuration,
  ) {}

  /** False when the database cannot answer, as during an outage. */
  async includes(request: Request): Promise<boolean> {
    if (!this.configuration.isProduction && isLocal(request)) return true;
    const token = /^Bearer (\S+)$/i.exec(request.get('authorization') ?? '')?.[1];
    if (!token) return false;
    try {
      const deadline = performance.now() + PATIENCE_MS;
      return await runInContext(
        { requestId: randomUUID(), operation: 'operator', deadline, share: 'sign-in' },
        () => this.isOperator(token),
      );
    } catch {
      return false;
    }
  }

  private async isOperator(token: string): Promise<boolean> {
    const { userId } = await this.sessions.authenticate(token);
    return this.dataSource.manager.existsBy(User, { id: userId, isOperator: true });
  }
}
