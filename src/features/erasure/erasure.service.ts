import { Injectable, Logger } from '@nestjs/common';
import { AuthenticationService } from '../authentication/authentication.service';
import type { CallerIdentity } from '../../platform/http/caller';
import { OUTCOME_UNKNOWN } from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import { ErasureWorker } from './erasure-worker';
import { Erasures } from './erasures';
import { JournalKeeper } from './journal-keeper';
import type { EraseAccountDto } from './erasure.dto';

/** Lets people erase their account. */
@Injectable()
export class ErasureService {
  private readonly logger = new Logger(ErasureService.name);

  constructor(
    private readonly authentication: AuthenticationService,
    private readonly erasures: Erasures,
    private readonly journal: JournalKeeper,
    private readonly worker: ErasureWorker,
  ) {}

  /**
   * Resolves when the erasure is committed and the journal beside the backups has it, so that no restore brings the
   * person back. The worker then handles their messages.
   * @throws Problem `invalid-credentials`, `rate-limited`, or `session-revoked` when the session has ended or the
   * person was erased meanwhile. `temporarily-unavailable`: the journal is not writable, and nothing was done.
   * `outcome-unknown`: writing it failed after the commit. The person is erased then, and the worker keeps trying to
   * write the entry.
   */
  async erase(caller: CallerIdentity, { password, messages }: EraseAccountDto): Promise<void> {
    const { userId } = caller;
    const { passwordHash: checkedHash } = await this.authentication.requirePassword(caller, password);
    await this.journal.requireWritable();
    await this.erasures.erase({ userId, messages }, (manager) =>
      this.authentication.requireUnchanged(manager, { ...caller, checkedHash }),
    );
    try {
      await this.journal.writeOpen(userId);
    } catch (error) {
      this.logger.error('an erasure is not in the journal beside the backups yet', error);
      throw new Problem(OUTCOME_UNKNOWN, {
        detail: 'The account is erased; it is not in the journal yet.',
      });
    } finally {
      this.worker.hurry();
    }
  }
}
