import { strict as assert } from 'node:assert';
import { until } from '../support/until';
import {
  assertChain,
  edit,
  editInTurn,
  get,
  list,
  put,
  subscribed,
  textOf,
  versionOf,
} from './support/exchanges';
import { RawExchange } from './support/raw-exchange';
import type { Target } from './target';

export interface Case {
  readonly name: string;
  run(target: Target): Promise<void>;
}

const UNKNOWN = 'there-is-no-such-version';

/** The requirements for a Braid server, tested by the bytes that it sends. */
export const CASES: readonly Case[] = [
  {
    name: 'GET tells the current state and which version it is',
    async run(target) {
      const resource = await target.create('one');
      const answer = await get(resource);
      assert.equal(answer.status, 200);
      assert.equal(textOf(answer.text), 'one');
      assert.equal(answer.list('Version')?.length, 1);
      assert.match(answer.headers.vary ?? '', /Version.*Parents.*Subscribe/i);
    },
  },
  {
    name: 'HEAD has the headers of GET and no body',
    async run(target) {
      const resource = await target.create('one');
      const [head, whole] = [await get(resource, {}, 'HEAD'), await get(resource)];
      assert.equal(head.status, 200);
      assert.deepEqual(head.list('Version'), whole.list('Version'));
      assert.equal(head.text, '');
    },
  },
  {
    name: 'GET with Version tells that state, and 432 for one that never was',
    async run(target) {
      const resource = await target.create('one');
      const first = await versionOf(resource);
      await editInTurn(resource, first, ['two', 'three']);
      for (const [version, text] of [
        [first, 'one'],
        ['two', 'two'],
        ['three', 'three'],
      ] as const) {
        const answer = await get(resource, { Version: list(version) });
        assert.equal(answer.status, 200);
        assert.deepEqual(answer.list('Version'), [version]);
        assert.equal(textOf(answer.text), text);
      }
      const unknown = await get(resource, { Version: list('two', UNKNOWN) });
      assert.equal(unknown.status, 432);
      assert.deepEqual(unknown.list('Version'), [UNKNOWN]);
      assert.equal(unknown.headers['retry-after'], undefined, 'a GET would be repeated for ever');
    },
  },
  ...['true', '?1', 'keep-alive', ''].map((value) => ({
    name: `Subscribe: ${value || '(empty)'} is answered with 209, an echo, and the current state first`,
    async run(target: Target) {
      const resource = await target.create('one');
      const version = await versionOf(resource);
      await subscribed(resource, { Subscribe: value }, async (stream) => {
        assert.equal(stream.headers.subscribe, value);
        assert.deepEqual(stream.list('Current-Version'), [version]);
        const [snapshot] = await stream.atLeast(1);
        assert.deepEqual(snapshot!.version, [version]);
        assert.equal(snapshot!.parents, undefined, 'a root has no parents');
        assert.equal(textOf(snapshot!.body), 'one');
      });
    },
  })),
  {
    name: 'Subscribe does not go with Version',
    async run(target) {
      const resource = await target.create('one');
      const version = await versionOf(resource);
      const answer = await get(resource, { Subscribe: 'true', Version: list(version) });
      assert.equal(answer.status, 400);
    },
  },
  {
    name: 'a subscription tells every edit once, in order, each based on the one before',
    async run(target) {
      const resource = await target.create('one');
      const first = await versionOf(resource);
      const texts = ['a', 'b', 'c', 'd', 'e'];
      await subscribed(resource, {}, async (stream) => {
        await stream.atLeast(1);
        await editInTurn(resource, first, texts);
        const updates = await stream.atLeast(6);
        assertChain(updates);
        assert.deepEqual(
          updates.slice(1).map(({ version }) => version),
          texts.map((text) => [text]),
        );
      });
    },
  },
  {
    name: 'lengths are bytes, also where characters have several',
    async run(target) {
      const resource = await target.create('Grüße 🙂');
      const first = await versionOf(resource);
      await subscribed(resource, {}, async (stream) => {
        await edit(resource, 'été 🙂🙂 été', { Version: '"v2"', Parents: list(first) });
        await edit(resource, 'plain', { Version: '"v3"', Parents: '"v2"' });
        const updates = await stream.atLeast(3);
        assert.deepEqual(updates.map(stateTold), ['Grüße 🙂', 'été 🙂🙂 été', 'plain']);
      });
    },
  },
  {
    name: 'Parents resumes with what is newer and nothing else',
    async run(target) {
      const resource = await target.create('one');
      const first = await versionOf(resource);
      await editInTurn(resource, first, ['two', 'three', 'four']);
      await subscribed(resource, { Parents: '"two"' }, async (stream) => {
        const updates = await stream.atLeast(1);
        assert.deepEqual(updates[0]!.parents, ['two'], 'an update names its parents');
        await editInTurn(resource, 'four', ['five']);
        await stream.atLeast(3);
        assertChain(updates);
        assert.deepEqual(
          stream.updates.map(({ version }) => version),
          [['three'], ['four'], ['five']],
        );
      });
    },
  },
  {
    name: 'who has everything is told so at once, and then the next edit',
    async run(target) {
      const resource = await target.create('one');
      const first = await versionOf(resource);
      await subscribed(resource, { Parents: list(first) }, async (stream) => {
        assert.deepEqual(stream.list('Current-Version'), [first]);
        await editInTurn(resource, first, ['two']);
        const updates = await stream.atLeast(1);
        assert.deepEqual(updates[0]!.version, ['two']);
        assert.deepEqual(updates[0]!.parents, [first], 'an update names its parents');
      });
    },
  },
  {
    name: 'GET with Parents tells the history and ends',
    async run(target) {
      const resource = await target.create('one');
      const first = await versionOf(resource);
      await editInTurn(resource, first, ['two', 'three']);
      const answer = await get(resource, { Parents: list(first) });
      assert.equal(answer.status, 209);
      assert.equal(answer.headers.subscribe, undefined);
      assert.equal(answer.fault, undefined);
      assert.deepEqual(
        answer.updates.map(({ version }) => version),
        [['two'], ['three']],
      );
      assertChain(answer.updates);
    },
  },
  {
    name: 'Parents that never were are 432, without an invitation to try again',
    async run(target) {
      const resource = await target.create('one');
      const answer = await get(resource, { Subscribe: 'true', Parents: list(UNKNOWN) });
      assert.equal(answer.status, 432);
      assert.deepEqual(answer.list('Parents'), [UNKNOWN]);
      assert.equal(answer.headers['retry-after'], undefined);
    },
  },
  {
    name: 'heartbeats are blank lines, and come only when asked for',
    async run(target) {
      const resource = await target.create('one');
      const first = await versionOf(resource);
      await subscribed(resource, { Heartbeats: '0.5' }, async (stream) => {
        assert.ok(parseFloat(stream.headers.heartbeats ?? '') > 0, 'the header is echoed');
        const [before] = [stream.parser.blankLines];
        await until('signs of life', () => stream.fault ?? stream.parser.blankLines >= before + 4);
        await editInTurn(resource, first, ['two']);
        await stream.atLeast(2);
      });
      await subscribed(resource, {}, (stream) => {
        assert.equal(stream.headers.heartbeats, undefined);
        return Promise.resolve();
      });
    },
  },
  {
    name: 'PUT answers 200 with the version that is stored',
    async run(target) {
      const resource = await target.create('one');
      const first = await versionOf(resource);
      const named = await edit(resource, 'two', { Version: '"v2"', Parents: list(first) });
      assert.equal(named.status, 200);
      assert.deepEqual(named.list('Version'), ['v2']);
      const unnamed = await edit(resource, 'three', { Parents: '"v2"' });
      assert.equal(unnamed.status, 200);
      assert.deepEqual(unnamed.list('Version'), [await versionOf(resource)]);
    },
  },
  {
    name: 'the same PUT again changes nothing and is told nobody again',
    async run(target) {
      const resource = await target.create('one');
      const first = await versionOf(resource);
      await subscribed(resource, {}, async (stream) => {
        await stream.atLeast(1);
        for (let time = 0; time < 3; time++) {
          const answer = await edit(resource, 'two', { Version: '"v2"', Parents: list(first) });
          assert.equal(answer.status, 200);
        }
        await editInTurn(resource, 'v2', ['three']);
        const updates = await stream.atLeast(3);
        assert.deepEqual(
          updates.map(({ version }) => version),
          [[first], ['v2'], ['three']],
        );
      });
      const reused = await edit(resource, 'other', { Version: '"v2"', Parents: list(first) });
      assert.equal(reused.status, 409);
      assert.equal(textOf((await get(resource)).text), 'three');
    },
  },
  {
    name: 'a PUT based on an older version is 409 and names the current one; on an unknown one, 432',
    async run(target) {
      const resource = await target.create('one');
      const first = await versionOf(resource);
      await editInTurn(resource, first, ['two']);
      const stale = await edit(resource, 'other', { Version: '"other"', Parents: list(first) });
      assert.equal(stale.status, 409);
      assert.deepEqual(stale.list('Current-Version'), ['two']);
      const unknown = await edit(resource, 'other', { Version: '"other"', Parents: list(UNKNOWN) });
      assert.equal(unknown.status, 432);
      assert.deepEqual(unknown.list('Parents'), [UNKNOWN]);
      assert.equal(textOf((await get(resource)).text), 'two');
    },
  },
  {
    name: 'of twenty PUTs on one parent one is taken, and the history is a line',
    async run(target) {
      const resource = await target.create('one');
      const first = await versionOf(resource);
      const names = Array.from({ length: 20 }, (_, index) => `v-${index}`);
      const answers = await Promise.all(
        names.map((name) => edit(resource, name, { Version: list(name), Parents: list(first) })),
      );
      const statuses = answers.map(({ status }) => status).sort();
      assert.deepEqual(statuses, [200, ...Array<number>(19).fill(409)]);
      const history = await get(resource, { Parents: list(first) });
      assert.equal(history.updates.length, 1);
      assert.deepEqual(history.updates[0]!.parents, [first], 'an update names its parents');
    },
  },
  {
    name: 'patches are taken as clients send them: one as the body, several as parts',
    async run(target) {
      const resource = await target.create('one');
      const first = await versionOf(resource);
      const one = await put(
        resource,
        { 'Content-Range': 'json .body', Version: '"v2"', Parents: list(first) },
        '"zwei 🙂"',
      );
      assert.equal(one.status, 200, one.text);
      const part = (content: string): string =>
        `content-length: ${Buffer.byteLength(content)}\r\ncontent-range: json .body\r\n\r\n${content}\r\n`;
      const two = await put(
        resource,
        { Patches: '2', Version: '"v3"', Parents: '"v2"' },
        `${part('"drei"')}\r\n${part('"vier 🙂"')}`,
      );
      assert.equal(two.status, 200, two.text);
      const states = ['v2', 'v3'].map(async (name) =>
        textOf((await get(resource, { Version: list(name) })).text),
      );
      assert.deepEqual(await Promise.all(states), ['zwei 🙂', 'vier 🙂']);
    },
  },
  {
    name: 'a reader that was cut off anywhere resumes without losing anything or being told it twice',
    async run(target) {
      const resource = await target.create('one');
      const first = await versionOf(resource);
      const names = Array.from({ length: 12 }, (_, index) => `v-${index}`);
      const told: string[] = [first];
      const writing = editInTurn(resource, first, names);
      try {
        while (told.at(-1) !== names.at(-1)) {
          const stream = await RawExchange.begin(resource.url, {
            headers: { ...resource.headers, Subscribe: 'true', Parents: list(told.at(-1)!) },
          });
          assert.equal(stream.status, 209, stream.text);
          const updates = (await stream.atLeast(1)).slice(0, 3);
          stream.close();
          assert.deepEqual(updates[0]!.parents, [told.at(-1)], 'an update names its parents');
          told.push(...updates.map(({ version }) => version![0]!));
        }
      } finally {
        await writing;
      }
      assert.deepEqual(told, [first, ...names]);
    },
  },
];

function stateTold({ body, patches }: { body?: string; patches?: { content: string }[] }): string {
  if (body !== undefined) return textOf(body);
  return JSON.parse(patches![0]!.content) as string;
}
