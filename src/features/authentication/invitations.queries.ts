import { uuidv7 } from 'uuidv7';
import type { EntityManager } from 'typeorm';
import { Invitation } from './invitation.entity';
import { digestOf, newCode } from './secret-codes';
import { databaseNow } from '../../platform/database/database-clock';

/** SQL: whether an invitation is usable, by the database's clock. */
const IS_USABLE = `revoked_at is null and expires_at > now() and uses < max_uses`;

export type InvitationState = 'open' | 'used-up' | 'expired' | 'revoked';

export interface InvitationView {
  readonly id: string;
  readonly note: string | null;
  readonly uses: number;
  readonly maxUses: number;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly state: InvitationState;
}

/** @returns the code as well; it is not stored and cannot be shown again */
export async function createInvitation(
  manager: EntityManager,
  input: { readonly maxUses: number; readonly lifetimeMs: number; readonly note: string | null },
): Promise<{ code: string; invitation: InvitationView }> {
  const code = newCode('xfi_');
  const now = await databaseNow(manager);
  const invitation = manager.create(Invitation, {
    id: uuidv7(),
    codeDigest: digestOf(code),
    note: input.note,
    maxUses: input.maxUses,
    uses: 0,
    createdAt: now,
    expiresAt: new Date(now.getTime() + input.lifetimeMs),
    revokedAt: null,
  });
  await manager.insert(Invitation, invitation);
  return { code, invitation: invitationView(invitation, now) };
}

/** All invitations, newest first. */
export async function listInvitations(manager: EntityManager): Promise<InvitationView[]> {
  const invitations = await manager.find(Invitation, { order: { createdAt: 'DESC', id: 'DESC' } });
  const now = await databaseNow(manager);
  return invitations.map((invitation) => invitationView(invitation, now));
}

/** Revokes an invitation for good; revoking it again changes nothing. @returns undefined when there is none */
export async function revokeInvitation(
  manager: EntityManager,
  id: string,
): Promise<InvitationView | undefined> {
  await manager.query(`update invitations set revoked_at = coalesce(revoked_at, now()) where id = $1`, [id]);
  const invitation = await manager.findOneBy(Invitation, { id });
  return invitation ? invitationView(invitation, await databaseNow(manager)) : undefined;
}

/** Whether the code is usable now. Served by `invitations_code_digest_key`. */
export async function isInvitationUsable(
  database: Pick<EntityManager, 'query'>,
  code: string,
): Promise<boolean> {
  const rows: unknown[] = await database.query(
    `select from invitations where code_digest = $1 and ${IS_USABLE}`,
    [digestOf(code)],
  );
  return rows.length > 0;
}

/**
 * Takes one use, in the transaction that creates the account. The row stays locked until that ends: of two who race for
 * the last use, one gets it, and a rollback gives the use back.
 * @returns the id of the invitation; undefined when it is not usable any more
 */
export async function takeInvitation(manager: EntityManager, code: string): Promise<string | undefined> {
  const [rows] = await manager.query<[{ id: string }[], number]>(
    `update invitations set uses = uses + 1 where code_digest = $1 and ${IS_USABLE} returning id`,
    [digestOf(code)],
  );
  return rows[0]?.id;
}

function invitationView(invitation: Invitation, now: Date): InvitationView {
  const { id, note, uses, maxUses } = invitation;
  return {
    ...{ id, note, uses, maxUses },
    createdAt: invitation.createdAt.toISOString(),
    expiresAt: invitation.expiresAt.toISOString(),
    state: stateOf(invitation, now),
  };
}

function stateOf({ revokedAt, uses, maxUses, expiresAt }: Invitation, now: Date): InvitationState {
  if (revokedAt) return 'revoked';
  if (uses >= maxUses) return 'used-up';
  return expiresAt <= now ? 'expired' : 'open';
}
