import { LocalAttachmentStore } from '../../features/attachments/local-attachment-store';
import { asOwner } from '../integrity/as-owner';
import { checkAttachmentFiles } from '../integrity/attachment-files';
import { checkIntegrity } from '../integrity/check-integrity';
import type { Finding } from '../integrity/finding';
import { foreign } from '../../platform/logging/foreign-text';
import { SCHEMA } from '../../schema';
import { note, print, progress } from './output';
import { withDatabase } from './with-database';

/** Exits with 1 if there are findings. */
export async function checkCommand(options: { json?: boolean; deep?: boolean }): Promise<void> {
  await withDatabase((url, configuration) =>
    asOwner(url, configuration, SCHEMA, async (dataSource) => {
      const remarks: string[] = [];
      const inRows = await checkIntegrity(
        dataSource,
        (kind, done, total) => progress(`${done} of ${total}: ${kind}`),
        (sentence) => remarks.push(sentence),
      );
      const store = new LocalAttachmentStore(configuration);
      const inFiles = await checkAttachmentFiles(dataSource, store, { deep: options.deep, progress });
      const findings = [...inRows, ...inFiles];
      progress('');
      remarks.forEach(note);
      const text = findings.map(findingText);
      print(options, text.join('\n') || 'no violations found', {
        ok: findings.length === 0,
        findings,
      });
      if (findings.length > 0) process.exitCode = 1;
    }),
  );
}

export function findingText({ kind, where, detail }: Finding): string {
  return `${kind}: ${foreign(where)} ${foreign(detail)}`;
}
