import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SharedEvents } from './platform/events/shared';

type EventClass = abstract new (...values: never[]) => object;

const isClass = (value: unknown): value is EventClass =>
  typeof value === 'function' && value.toString().startsWith('class');

const EVENTS = readdirSync(__dirname, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.events?\.ts$/.test(file))
  .flatMap((file) => Object.values(jest.requireActual<Record<string, unknown>>(join(__dirname, file))))
  .filter(isClass);

const kindsOf = ({ prototype }: EventClass): string[] =>
  new SharedEvents().encode([Object.create(prototype as object) as object]).map(({ kind }) => kind);

describe('the events of modules', () => {
  it('have @Shared, without which the clients of other servers miss them', () => {
    expect(EVENTS.filter((event) => kindsOf(event).length === 0).map(({ name }) => name)).toEqual([]);
    expect(EVENTS.length).toBeGreaterThan(10);
  });

  it('each have their own kind', () => {
    const kinds = EVENTS.flatMap(kindsOf);
    expect(kinds).toEqual([...new Set(kinds)]);
  });
});
