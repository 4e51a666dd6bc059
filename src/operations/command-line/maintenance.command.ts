import { readMaintenance, writeMaintenance } from '../../platform/database/maintenance.queries';
import { print } from './output';
import { serversKnow, type Awareness } from './servers-know';
import { withDataSource } from './with-data-source';

interface Options {
  json?: boolean;
}

/** Returns when all servers have read the new state. */
export async function maintenanceOnCommand(options: Options): Promise<void> {
  await withDataSource(async (dataSource) => {
    const awareness = await serversKnow(dataSource, await writeMaintenance(dataSource, true), 1);
    tell(options, await readMaintenance(dataSource), awareness);
  });
}

export async function maintenanceOffCommand(options: Options): Promise<void> {
  await withDataSource(async (dataSource) => {
    tell(options, null, await serversKnow(dataSource, await writeMaintenance(dataSource, false), 1));
  });
}

export async function maintenanceStatusCommand(options: Options): Promise<void> {
  await withDataSource(async (dataSource) => tell(options, await readMaintenance(dataSource)));
}

function tell(options: Options, since: Date | null, awareness?: Awareness): void {
  const text = [since ? `maintenance is on since ${since.toISOString()}` : 'maintenance is off'];
  if (awareness) text.push(...sentencesOf(awareness));
  print(options, text.join('\n'), { maintenance: since !== null, since, ...awareness });
  if (awareness && (awareness.unaware > 0 || awareness.servers === 0)) process.exitCode = 1;
}

function sentencesOf({ servers, unaware }: Awareness): string[] {
  if (servers === 0)
    return ['no server uses this database: does DATABASE_URL equal the setting of the servers?'];
  const count = `servers that have read it: ${servers - unaware} of ${servers}`;
  return unaware === 0
    ? [count]
    : [
        count,
        'The others do not answer, or this database user may not see their sessions (pg_read_all_stats).',
      ];
}
