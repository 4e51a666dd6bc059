import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { Configuration } from '../../platform/configuration/configuration';
import { INVITATION_INVALID, INVITATION_REQUIRED, REGISTRATION_CLOSED } from './authentication.problems';
import { Problem } from '../../platform/problems/problem';
import { isInvitationUsable, takeInvitation } from './invitations.queries';

/** Decides who may register (`REGISTRATION`). Checked before anything that could reveal whether a name is taken. */
@Injectable()
export class RegistrationPolicy implements OnApplicationBootstrap {
  private readonly logger = new Logger(RegistrationPolicy.name);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly configuration: Configuration,
  ) {}

  get current(): Configuration['REGISTRATION'] {
    return this.configuration.REGISTRATION;
  }

  onApplicationBootstrap(): void {
    if (this.configuration.isProduction && this.current === 'open')
      this.logger.warn('anybody who reaches this server can create an account: REGISTRATION is open');
  }

  /**
   * Rejects people who may not register, before the costly part of a registration.
   * @throws Problem `registration-closed`, `invitation-required` or `invitation-invalid`
   */
  async check(invitation: string | undefined): Promise<void> {
    if (this.current === 'open') return;
    if (this.current === 'closed') throw new Problem(REGISTRATION_CLOSED);
    if (invitation === undefined) throw new Problem(INVITATION_REQUIRED);
    if (!(await isInvitationUsable(this.dataSource.manager, invitation)))
      throw new Problem(INVITATION_INVALID);
  }

  /**
   * Uses the invitation up, in the transaction that creates the account and before the account is stored.
   * @returns the id of the invitation; undefined when none is needed
   * @throws Problem `invitation-invalid` when others have used it up meanwhile
   */
  async take(manager: EntityManager, invitation: string | undefined): Promise<string | undefined> {
    if (this.current !== 'invite') return undefined;
    const id = await takeInvitation(manager, invitation ?? '');
    if (id === undefined) throw new Problem(INVITATION_INVALID);
    return id;
  }
}
