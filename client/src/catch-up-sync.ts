import type { Entry } from './catch-up-entries.ts';
import type { CatchUpMachine } from './catch-up-machine.ts';
import type { ConversationTrigger } from './catch-up-states.ts';
import type { Connection } from './connection.ts';
import type { MessageList } from './message-list.ts';
import { toError, XFChatError } from './problem.ts';
import type { Changes, ConversationView, Position, Ready, SyncedConversation } from './types.ts';

export interface SyncOptions {
  readonly connection: Connection;
  readonly machine: CatchUpMachine;
  /** A conversation that lacks more messages than this restarts from the newest one. */
  readonly maxCatchUp: number;
  readonly changed: (list: MessageList) => void;
  readonly restarted: (list: MessageList) => void;
}

interface SyncEntry {
  readonly entry: Entry;
  readonly list: MessageList;
  readonly view: ConversationView | undefined;
  readonly position: Position;
  /** The list begins with the view, and asks for changes from the position of the view. */
  readonly begins: boolean;
  readonly noticed: number;
}

/**
 * Asks for the missing changes of conversations with a known position. The answer contains its epoch. Answers that arrive
 * after the socket was lost are dropped.
 * @returns whether it made progress
 */
export async function sync(options: SyncOptions, ready: Ready, entries: readonly Entry[]): Promise<boolean> {
  if (entries.length === 0) return false;
  const { connection, machine } = options;
  const asked = entries.map((entry) => syncEntryOf(entry, options.maxCatchUp));
  const cursors = asked.map(({ entry, position }) => ({ conversationId: entry.id, ...position }));
  const answer = await connection
    .command('conversation:sync', { epoch: ready.epoch, cursors })
    .catch(toError);
  if (connection.ready !== ready) return false;
  if (answer instanceof XFChatError) return syncOthers(options, ready, asked, answer);
  let isMoved = false;
  for (const [index, synced] of answer.changes.entries()) {
    const syncEntry = asked[index];
    if (connection.ready !== ready) return false;
    if (!syncEntry || syncEntry.entry.id !== synced.conversationId || !isHeld(machine, syncEntry)) continue;
    isMoved = takeAnswer(options, ready, syncEntry, synced) || isMoved;
  }
  return isMoved;
}

function syncEntryOf(entry: Entry, maxCatchUp: number): SyncEntry {
  const { view, noticed } = entry;
  const list = entry.list!;
  const { position } = list;
  const isFarBehind = !position || (view && view.lastSeq - position.seq > maxCatchUp);
  const asked = { entry, list, view, noticed };
  return view && isFarBehind
    ? { ...asked, begins: true, position: { seq: view.lastSeq, rev: view.lastRev } }
    : { ...asked, begins: false, position: position! };
}

/** Whether the conversation was neither dropped nor restarted meanwhile. */
const isHeld = ({ entries }: CatchUpMachine, { entry, list }: SyncEntry): boolean =>
  entries.get(entry.id) === entry && entry.list === list;

/**
 * Asks again without the entries that the problem names, because one rejected entry rejects the whole batch.
 * @throws XFChatError the problem, when it names no entry
 */
async function syncOthers(
  options: SyncOptions,
  ready: Ready,
  asked: readonly SyncEntry[],
  error: XFChatError,
): Promise<boolean> {
  const rejected = new Set(error.refusedEntries('cursors'));
  if (rejected.size === 0) throw error;
  const held = asked.map((syncEntry, index) => ({ syncEntry, isRejected: rejected.has(index) }));
  for (const { syncEntry, isRejected } of held) {
    if (isRejected && isHeld(options.machine, syncEntry))
      options.machine.handle(syncEntry.entry, 'sync-rejected', { error });
  }
  const others = held.filter(
    ({ syncEntry, isRejected }) => !isRejected && isHeld(options.machine, syncEntry),
  );
  await sync(
    options,
    ready,
    others.map(({ syncEntry }) => syncEntry.entry),
  );
  return true;
}

function takeAnswer(
  { machine, changed, restarted }: SyncOptions,
  ready: Ready,
  asked: SyncEntry,
  synced: SyncedConversation,
): boolean {
  const { entry, list, view, begins } = asked;
  const { position: before } = list;
  const finished = finalTrigger(ready, synced);
  if (finished) return machine.handle(entry, finished) === 'drop';
  const changes = synced as Changes;
  if (view && begins) {
    machine.handle(entry, 'begun');
    if (before) restarted(list);
    list.begin(changes.epoch, view);
  }
  list.takeChanges(changes);
  if (view && changes.complete && !list.isInconsistent) {
    list.takeView(view);
    entry.view = undefined;
  }
  if (!list.isHidden) entry.isOpened = false;
  const trigger = triggerAfter(asked, changes);
  const effect = machine.handle(entry, trigger);
  if (trigger === 'inconsistent' || trigger === 'sync-hidden') return effect === 'drop';
  const isMoved = before?.seq !== list.position?.seq || before?.rev !== list.position?.rev;
  changed(list);
  return isMoved || isWhole(asked, changes);
}

/** The trigger of an answer without changes; undefined when it has changes. */
function finalTrigger(ready: Ready, synced: SyncedConversation): ConversationTrigger | undefined {
  if ('gone' in synced) return 'sync-gone';
  return 'reset' in synced || synced.epoch !== ready.epoch ? 'sync-reset' : undefined;
}

/** Whether nothing new was noticed since the request. */
const isUpToDate = ({ entry, noticed }: SyncEntry): boolean => entry.noticed === noticed;

const isWhole = (asked: SyncEntry, { complete }: Changes): boolean =>
  complete && !asked.list.hasHole && isUpToDate(asked);

/** The trigger that follows from the changes, after the list has taken them. */
function triggerAfter(asked: SyncEntry, changes: Changes): ConversationTrigger {
  const { entry, list } = asked;
  if (list.isInconsistent) return 'inconsistent';
  if (list.isHidden && isUpToDate(asked) && !entry.isOpened) return 'sync-hidden';
  return isWhole(asked, changes) && !entry.isViewOutdated ? 'sync-whole' : 'sync-part';
}
