import { randomUUID } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { until } from '../../../test/support/until';
import { loadConfiguration } from '../configuration/load-configuration';
import { Flags } from './flags';

const NAME = 'one-write-per-turn';
const flagFile = (flag: object): string =>
  JSON.stringify({
    flags: {
      [NAME]: { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'off', ...flag },
    },
  });
const onFor = (percent: number): string =>
  flagFile({
    targeting: {
      fractional: [
        ['on', percent],
        ['off', 100 - percent],
      ],
    },
  });
const ON = flagFile({ defaultVariant: 'on' });
const OFF = flagFile({});

jest.setTimeout(60_000);

describe('feature flags', () => {
  const directory = mkdtempSync(join(tmpdir(), 'xfchat-flags-'));
  const path = join(directory, 'flags.json');
  const opened: Flags[] = [];
  afterEach(async () => {
    for (const flags of opened.splice(0)) await flags.onApplicationShutdown();
  });
  beforeAll(() => Logger.overrideLogger(false));
  afterAll(() => rmSync(directory, { recursive: true }));

  const write = (content: string): void => {
    // Replace the file by another one, as editors and orchestrators do.
    writeFileSync(`${path}.new`, content);
    renameSync(`${path}.new`, path);
  };
  const open = async (content?: string): Promise<Flags> => {
    rmSync(path, { force: true });
    if (content !== undefined) write(content);
    const flags = new Flags(loadConfiguration({ FLAGS_FILE: path }));
    opened.push(flags);
    await flags.onModuleInit();
    return flags;
  };
  const people = Array.from({ length: 2_000 }, () => randomUUID());
  const chosen = async (flags: Flags): Promise<Set<string>> => {
    const answers = await Promise.all(people.map((userId) => flags.isOn(NAME, userId)));
    return new Set(people.filter((_userId, index) => answers[index]));
  };
  const becomes = (flags: Flags, isOn: boolean): Promise<unknown> =>
    until(`the flag to be ${isOn ? 'on' : 'off'}`, async () => (await flags.isOn(NAME, people[0]!)) === isOn);

  it('split users by shares, equally on every server, and keep their users when the share grows', async () => {
    const [flags, elsewhere] = [await open(onFor(25)), await open(onFor(25))];
    const quarter = await chosen(flags);
    expect(quarter.size).toBeGreaterThan(people.length * 0.2);
    expect(quarter.size).toBeLessThan(people.length * 0.3);
    expect(await chosen(elsewhere)).toEqual(quarter);
    expect(flags.state).toEqual([{ name: NAME, onPercent: 25, source: 'file' }]);

    write(onFor(50));
    await until('the larger share', () => flags.state[0]!.onPercent === 50);
    const half = await chosen(flags);
    expect(half.size).toBeGreaterThan(people.length * 0.45);
    expect(half.size).toBeLessThan(people.length * 0.55);
    expect([...quarter].filter((userId) => !half.has(userId))).toEqual([]);
  });

  it('are switched while the server runs, and notify listeners', async () => {
    const flags = await open(OFF);
    let told = 0;
    flags.onChange(() => told++);
    expect(await flags.isOn(NAME, people[0]!)).toBe(false);
    const before = told;
    write(ON);
    await becomes(flags, true);
    await until('the listener', () => told === before + 1);
    write(OFF);
    await becomes(flags, false);
    await until('the listener', () => told === before + 2);
  });

  it.each([
    ['no JSON', '{"flags": {', /./],
    ['of another format', '{"flags": {"a": {"state": "PERHAPS"}}}', /./],
    ['neither true nor false', flagFile({ variants: { on: 'yes', off: 'no' } }), /neither true nor false/],
    ['without its variant', flagFile({ defaultVariant: 'gone' }), /gone/],
  ])('keep the last values and report the file when it is %s', async (_what, broken, fault) => {
    const flags = await open(OFF);
    write(broken);
    await until('the fault to be noticed', () => flags.file!.fault !== undefined);
    expect(flags.file!.fault).toMatch(fault);
    expect(await flags.isOn(NAME, people[0]!)).toBe(false);
    expect(flags.state).toEqual([{ name: NAME, onPercent: 0, source: 'file' }]);
    write(ON);
    await becomes(flags, true);
    expect(flags.file).toMatchObject({ fault: undefined, unknown: [] });
  });

  it('report no change when the file is gone and comes back unchanged', async () => {
    const flags = await open(OFF);
    rmSync(path);
    await until('the file to be missed', () => flags.file!.fault === 'ENOENT');
    expect(await flags.isOn(NAME, people[0]!)).toBe(false);
    write(OFF);
    await until('the fault to be gone', () => flags.file!.fault === undefined);
    expect(await flags.isOn(NAME, people[0]!)).toBe(false);
  });

  it('have the defaults of this version without a file, and when the file does not name them', async () => {
    const without = new Flags(loadConfiguration({}));
    opened.push(without);
    await without.onModuleInit();
    const asShipped = [{ name: NAME, onPercent: 100, source: 'default' }];
    expect(await without.isOn(NAME, people[0]!)).toBe(true);
    expect([without.file, without.state]).toEqual([undefined, asShipped]);

    const flags = await open();
    expect(await flags.isOn(NAME, people[0]!)).toBe(true);
    expect([flags.file!.fault, flags.state]).toEqual(['ENOENT', asShipped]);
    write(JSON.stringify({ flags: { 'no-such-flag': JSON.parse(ON).flags[NAME] } }));
    await until('the file', () => flags.file!.fault === undefined);
    expect([flags.file!.unknown, flags.state]).toEqual([['no-such-flag'], asShipped]);
    expect(await flags.isOn(NAME, people[0]!)).toBe(true);
  });

  it('can follow a rule beyond shares', async () => {
    const rule = { if: [{ '==': [{ var: 'targetingKey' }, people[1]] }, 'on', 'off'] };
    const flags = await open(flagFile({ targeting: rule }));
    expect(flags.state).toEqual([{ name: NAME, onPercent: null, source: 'file' }]);
    expect([await flags.isOn(NAME, people[0]!), await flags.isOn(NAME, people[1]!)]).toEqual([false, true]);
  });
});
