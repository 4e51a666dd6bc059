import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { DataSource } from 'typeorm';
import type { DatabaseSchema } from './database-options';
import { takingBack } from './transaction';

/** One value of each kind that is stored or read. */
export interface Sample {
  readonly id: string;
  readonly text: string;
  readonly time: Date;
  readonly flag: boolean;
  readonly document: object;
  readonly bytes: Buffer;
  readonly texts: readonly (string | null)[];
  readonly count: number;
}

const newSample = (): Sample => ({
  id: randomUUID(),
  text: 'é Привет 日本語 👩‍👩‍👧 back\\slash \' " $$ %_',
  time: new Date(),
  flag: true,
  document: { текст: '日本語 \\ "', list: [1, null, true] },
  bytes: Buffer.from([0, 1, 39, 92, 127, 128, 255]),
  texts: ['NULL', null, '', '{"a",\\}'],
  count: Number.MAX_SAFE_INTEGER,
});

/**
 * Writes a row with a value of each kind, reads it and rolls it back. A query of the catalogue cannot show every
 * encoding and time format that may change a value in transit. Three round trips.
 * @returns the kinds of values that came back changed
 * @throws the database's error
 */
export async function changedValues(dataSource: DataSource, schema: DatabaseSchema): Promise<string[]> {
  const { sample: writeSample } = schema;
  if (!writeSample) return [];
  const sample = newSample();
  const { id, text, time, flag, document, bytes, texts, count } = sample;
  const [row] = await takingBack(dataSource, (manager) =>
    manager.query<[Record<string, unknown>?]>(writeSample, [
      ...[id, text, time, flag],
      ...[JSON.stringify(document), bytes, texts, count],
    ]),
  );
  return Object.entries(sample)
    .filter(([kind, value]) => !isDeepStrictEqual(row?.[kind], value))
    .map(([kind]) => kind);
}
