import type { DataSource, EntityManager } from 'typeorm';
import type { AttachmentStore, StoredItem } from '../../features/attachments/attachment-store';
import {
  filesInUse,
  isInUse,
  knownAttachments,
  type AttachmentFile,
} from '../../features/attachments/attachments.queries';
import { databaseNow } from '../../platform/database/database-clock';
import { expecting, OtherContentError } from '../../platform/durable-files';
import { ifUnreadable } from '../../platform/unreadable-file';
import type { Finding } from './finding';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

interface Options {
  /** Reads every byte of every file. */
  readonly deep?: boolean;
  readonly progress?: (what: string) => void;
}

/** The most findings of one kind. */
const MAX_FINDINGS = 100;
const PAGE = 1_000;
/** A younger file may be of an upload, or be brought by a restore, whose row is not there yet. */
const UNKNOWN_AFTER_MS = 25 * 3_600_000;

/**
 * Whether every attachment that somebody may read has its file, and every file an attachment. People may upload and delete
 * meanwhile: what looks wrong is looked at again before it counts.
 */
export async function checkAttachmentFiles(
  dataSource: DataSource,
  store: AttachmentStore,
  { deep = false, progress = () => undefined }: Options = {},
): Promise<Finding[]> {
  const { manager } = dataSource;
  // Where the table is missing, the check of the schema says so.
  const [table]: { is_there: boolean }[] = await manager.query(
    `select to_regclass('public.attachments') is not null as is_there`,
  );
  if (!table!.is_there) return [];
  return [
    ...(await faultyFiles(manager, store, deep, progress)),
    ...(await unknownFiles(manager, store, progress)),
  ];
}

async function faultyFiles(
  manager: EntityManager,
  store: AttachmentStore,
  deep: boolean,
  progress: (what: string) => void,
): Promise<Finding[]> {
  const at = (await databaseNow(manager)).toISOString();
  const findings: Finding[] = [];
  let looked = 0;
  for await (const file of filesInUse(manager, at)) {
    if (looked++ % PAGE === 0) progress(`files of attachments: ${looked}`);
    const fault = await ifUnreadable(faultOf(store, file, deep), (reason) => ({
      kind: 'attachment-unreadable',
      detail: `has a file in ${store.place} that ${reason}`,
    }));
    // It may have been deleted since its row was read.
    if (!fault || !(await isInUse(manager, file.id, at))) continue;
    findings.push({ where: file.id, ...fault });
    if (findings.length === MAX_FINDINGS) break;
  }
  return findings;
}

async function faultOf(
  store: AttachmentStore,
  file: AttachmentFile,
  deep: boolean,
): Promise<Omit<Finding, 'where'> | undefined> {
  const size = await store.sizeOf(file.id);
  if (size === undefined) return { kind: 'attachment-missing', detail: `has no file in ${store.place}` };
  if (size !== file.size)
    return { kind: 'attachment-size', detail: `has a file of ${size} bytes instead of ${file.size}` };
  if (!deep) return undefined;
  const isWhole = await pipeline(await store.read(file.id), expecting(file), nowhere()).then(
    () => true,
    (error: unknown) => {
      if (error instanceof OtherContentError) return false;
      throw error;
    },
  );
  return isWhole
    ? undefined
    : { kind: 'attachment-damaged', detail: 'has a file that is not what was uploaded' };
}

const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });

async function unknownFiles(
  manager: EntityManager,
  store: AttachmentStore,
  progress: (what: string) => void,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const limit = (await databaseNow(manager)).getTime() - UNKNOWN_AFTER_MS;
  let page: StoredItem[] = [];
  const look = async (): Promise<void> => {
    const known = await knownAttachments(
      manager,
      page.map(({ id }) => id),
    );
    for (const { id, isWhole } of page) {
      if (known.has(id) || findings.length === MAX_FINDINGS) continue;
      // The collector may have removed it, and its row after it.
      if (isWhole && (await ifUnreadable(store.sizeOf(id), () => -1)) === undefined) continue;
      findings.push({
        kind: 'attachment-unknown',
        where: id,
        detail: `is a file in ${store.place} without an attachment: nobody can read it, and nothing removes it`,
      });
    }
    page = [];
  };
  let looked = 0;
  for await (const item of store.list()) {
    if (looked++ % PAGE === 0) progress(`files in the folder of attachments: ${looked}`);
    if (item.modifiedAt.getTime() < limit) page.push(item);
    if (page.length === PAGE) await look();
  }
  await look();
  return findings;
}
