import { DataSource } from 'typeorm';
import { migrationOptions } from '../platform/database/database-options';
import { readMaintenance, serversUnaware, writeMaintenance } from '../platform/database/maintenance.queries';
import { SCHEMA } from '../schema';
import { print } from './output';
import { withDatabase } from './with-database';

/** Each server looks twice a second; one that has not looked for so long does not reach the database. */
const LONG_ENOUGH_MS = 5_000;
const LOOK_AGAIN_MS = 100;

interface Options {
  json?: boolean;
}

interface Awareness {
  readonly servers: number;
  readonly unaware: number;
}

/** Returns when all servers know. */
export async function maintenanceOnCommand(options: Options): Promise<void> {
  await withDataSource(async (dataSource) => {
    const awareness = await everybodyKnows(dataSource, await writeMaintenance(dataSource, true));
    tell(options, await readMaintenance(dataSource), awareness);
  });
}

export async function maintenanceOffCommand(options: Options): Promise<void> {
  await withDataSource(async (dataSource) => {
    tell(options, null, await everybodyKnows(dataSource, await writeMaintenance(dataSource, false)));
  });
}

export async function maintenanceStatusCommand(options: Options): Promise<void> {
  await withDataSource(async (dataSource) => tell(options, await readMaintenance(dataSource)));
}

function tell(options: Options, since: Date | null, awareness?: Awareness): void {
  const text = [since ? `maintenance is on since ${since.toISOString()}` : 'maintenance is off'];
  if (awareness)
    text.push(`servers that know: ${awareness.servers - awareness.unaware} of ${awareness.servers}`);
  print(options, text.join('\n'), { maintenance: since !== null, since, ...awareness });
  if (awareness && awareness.unaware > 0) process.exitCode = 1;
}

async function everybodyKnows(dataSource: DataSource, changedAt: Date): Promise<Awareness> {
  const deadline = performance.now() + LONG_ENOUGH_MS;
  for (;;) {
    const awareness = await serversUnaware(dataSource, changedAt);
    if (awareness.unaware === 0 || performance.now() > deadline) return awareness;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

async function withDataSource(work: (dataSource: DataSource) => Promise<void>): Promise<void> {
  await withDatabase(async (url, configuration) => {
    const dataSource = await new DataSource(migrationOptions(url, configuration, SCHEMA)).initialize();
    try {
      await work(dataSource);
    } finally {
      await dataSource.destroy();
    }
  });
}
