import {
  createInvitation,
  listInvitations,
  revokeInvitation,
} from '../../features/authentication/invitations.queries';
import { inTransaction } from '../../platform/database/transaction';
import { foreign } from '../../platform/logging/foreign-text';
import { isStoredId } from '../../platform/validation/field-rules';
import { print } from './output';
import { aligned } from './table';
import { withDataSource } from './with-data-source';

interface Options {
  json?: boolean;
}

export async function invitationCreateCommand(
  options: Options & { uses: number; expires: number; note?: string },
): Promise<void> {
  await withDataSource(async (dataSource, configuration) => {
    const { code, invitation } = await inTransaction(dataSource, (manager) =>
      createInvitation(manager, {
        maxUses: options.uses,
        lifetimeMs: options.expires,
        note: options.note ?? null,
      }),
    );
    // After the "#": browsers do not send a fragment, so the code appears in no log and no Referer.
    const link = `${configuration.publicUrl}/sign-up#${code}`;
    const { maxUses, expiresAt } = invitation;
    const times = maxUses === 1 ? 'once' : `${maxUses} times`;
    const notes = configuration.REGISTRATION === 'invite' ? [] : ['REGISTRATION is not "invite" here.'];
    const text = [`It works ${times}, until ${expiresAt}, and is not shown again:`, link, ...notes];
    print(options, text.join('\n'), { ...invitation, code, link });
  });
}

export async function invitationListCommand(options: Options): Promise<void> {
  await withDataSource(async ({ manager }) => {
    const items = await listInvitations(manager);
    const rows = items.map(({ id, state, uses, maxUses, expiresAt, note }) => [
      ...[id, state, `${uses} of ${maxUses}`, expiresAt],
      foreign(note ?? ''),
    ]);
    const lines = rows.length > 0 ? aligned([['id', 'state', 'used', 'expires', 'note'], ...rows], '') : [];
    print(options, lines.length > 0 ? lines.join('\n') : 'no invitations', { items });
  });
}

export async function invitationRevokeCommand(id: string, options: Options): Promise<void> {
  await withDataSource(async (dataSource) => {
    const invitation = isStoredId(id)
      ? await inTransaction(dataSource, (manager) => revokeInvitation(manager, id))
      : undefined;
    if (!invitation) throw new Error(`There is no invitation "${foreign(id)}".`);
    print(options, `the invitation is ${invitation.state}`, invitation);
  });
}
