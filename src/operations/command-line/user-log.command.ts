import { AUTHENTICATION_EVENT_KINDS } from '../../features/authentication/authentication-event';
import { readEvents } from '../../features/authentication/authentication-log.queries';
import { namedAccount } from './named-account';
import { print } from './output';
import { eventLines, eventsAsJson } from './user-log-text';
import { withDataSource } from './with-data-source';

export async function userLogCommand(
  name: string | undefined,
  options: { json?: boolean; since: number; kind?: string; limit: number },
): Promise<void> {
  const { kind, limit, since } = options;
  await withDataSource(async ({ manager }) => {
    if (kind !== undefined && !(AUTHENTICATION_EVENT_KINDS as readonly string[]).includes(kind))
      throw new Error(`--kind must be one of ${AUTHENTICATION_EVENT_KINDS.join(', ')}.`);
    const userId = name === undefined ? undefined : (await namedAccount(manager, name)).id;
    const events = await readEvents(manager, { userId, kind, limit, withinMs: since });
    print(options, eventLines(events).join('\n'), { items: eventsAsJson(events) });
  });
}
