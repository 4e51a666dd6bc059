import { fromLines, toLines, type Counters, type Entry } from '../history/history';
import { checkHistory } from './check-history';
import { CONVERSATION, message, SampleHistory } from './sample-history';

const GONE = { code: 'conversation-not-found', status: 404 };
const CONFLICT = { code: 'message-id-conflict', status: 409 };

const counters = (fields: Partial<Counters>): Counters => ({
  ...{ conversationId: CONVERSATION, lastSeq: 2, maxSeq: 2, lastRev: 2, maxRev: 2, revs: 2, distinctRevs: 2 },
  maxReadSeq: 2,
  ...fields,
});

const broken = (history: Entry[]): string[] => [
  ...new Set(checkHistory(history).map(({ guarantee }) => guarantee)),
];

describe('a history', () => {
  it('breaks no rule if it is correct, also after a round trip through a file', () => {
    const history = new SampleHistory().end();
    expect(checkHistory(history)).toEqual([]);
    expect(checkHistory(fromLines(toLines(history)))).toEqual([]);
  });

  // Each of these faults breaks its own guarantee and no other.
  const bad: [guarantee: string, what: string, history: (sample: SampleHistory) => Entry[]][] = [
    ['G1', 'an acknowledged message is lost', (sample) => sample.send('ada', 'm3', 3).end()],
    [
      'G1',
      'a message is acknowledged with another body than was sent',
      (sample) => {
        const input = { userId: 'ada', id: 'm3', body: 'naïve' };
        const sent = { ...message('m3', 3), body: 'naïve' };
        return sample
          .attempt('ada/1', 'send', input, 'ok', { ...sent, body: 'nai\u0308ve' })
          .end(({ messages }) => void messages.push(sent));
      },
    ],
    [
      'G1',
      'what is stored is younger than what was acknowledged',
      (sample) =>
        sample.send('ada', 'm3', 3).end((ending) => {
          ending.messages.push(message('m3', 3, { createdAt: '2031-01-01T00:00:00.000Z' }));
        }),
    ],
    [
      'G8',
      'a repeated send is told another number',
      (sample) => {
        const input = { userId: 'ben', id: 'm2', body: 'text of m2' };
        return sample.attempt('ben/1', 'send', input, 'ok', { ...sample.second, seq: 3 }).end();
      },
    ],
    [
      'G8',
      'a catch-up tells a number for another message',
      (sample) =>
        sample
          .attempt('ben/2', 'sync', { userId: 'ben', seq: 0, rev: 0 }, 'ok', { messages: [message('m8', 2)] })
          .end(),
    ],
    [
      'G3',
      'a number is left out',
      (sample) => sample.send('ada', 'm4', 4).end(({ messages }) => void messages.push(message('m4', 4))),
    ],
    [
      'G3',
      'the head promises more than there is',
      (sample) => sample.end(({ final }) => (final.head = { seq: 3, rev: 2 })),
    ],
    [
      'G9',
      'what was sent after an acknowledgement comes before it',
      (sample) =>
        sample
          .send('ada', 'm4', 4)
          .send('ada', 'm3', 3)
          .end(({ messages }) => void messages.push(message('m3', 3), message('m4', 4))),
    ],
    [
      'G9',
      'what was sent after a broadcast comes before it',
      (sample) =>
        sample
          .send('ada', 'm4', undefined)
          .hear('ben', message('m4', 4))
          .send('ada', 'm3', 3)
          .end(({ messages }) => void messages.push(message('m3', 3), message('m4', 4))),
    ],
    [
      'G10',
      'somebody hears an earlier message after a later one',
      (sample) => sample.hear('ben', sample.second).end(),
    ],
    [
      'G10',
      'two members read different histories',
      (sample) =>
        sample.end((ending) => {
          ending.final = { messages: [sample.first, { ...sample.second, version: 'other' }] };
          ending.final.lastMessage = ending.final.messages![1]!;
        }),
    ],
    [
      'G11',
      'a message is stored that nobody sent',
      (sample) => sample.end(({ messages }) => void messages.push(message('m3', 3))),
    ],
    [
      'G5',
      'a message is heard and never stored',
      (sample) => sample.send('ada', 'm3', undefined).hear('ben', message('m3', 3)).end(),
    ],
    [
      'G5',
      'a message is heard otherwise than it is stored',
      (sample) =>
        sample.hear('ben', { ...sample.second, body: 'as it was sent' }, 'message:created', 'ben/2').end(),
    ],
    [
      'G11',
      'a message has a body that nobody wrote',
      (sample) =>
        sample
          .send('ada', 'm3', undefined)
          .end(({ messages }) => void messages.push(message('m3', 3, { body: 'invented' }))),
    ],
    [
      'G12',
      'a row points nowhere',
      (sample) => sample.end(({ audit }) => (audit.orphans = ['messages_fkey'])),
    ],
    [
      'G12',
      'a constraint holds for new rows only',
      (sample) => sample.end(({ audit }) => (audit.unvalidatedConstraints = ['x'])),
    ],
    ['G12', 'an index is unusable', (sample) => sample.end(({ audit }) => (audit.invalidIndexes = ['x']))],
    [
      'G13',
      'a refused message is stored',
      (sample) => sample.send('ada', 'm3', GONE).end(({ messages }) => void messages.push(message('m3', 3))),
    ],
    [
      'G13',
      'a repeated send is refused for its own id',
      (sample) =>
        sample
          .send('ada', 'm3', undefined)
          .send('ada', 'm3', CONFLICT)
          .end(({ messages }) => void messages.push(message('m3', 3))),
    ],
    [
      'G13',
      'a refused edit is stored',
      (sample) =>
        sample.end((ending) => {
          const late = { ...sample.first, rev: 3, body: 'late', version: 'v2', parents: ['v1'] };
          ending.messages = [late, sample.second];
          ending.versions.m1!.push({ version: 'v2', parents: ['v1'], body: 'late' });
        }),
    ],
    ['G4', 'a client lacks a message', (sample) => sample.end((ending) => (ending.held = [sample.first]))],
    [
      'G4',
      'a client has missed an edit',
      (sample) => sample.end((ending) => (ending.held = [message('m1', 1), sample.second])),
    ],
    [
      'G4',
      'a client holds what is no more',
      (sample) => sample.end((ending) => (ending.held = [sample.first, sample.second, message('m3', 3)])),
    ],
    [
      'G6',
      'somebody hears what was sent after their removal',
      (sample) =>
        sample
          .send('ada', 'm3', 3)
          .hear('carl', message('m3', 3))
          .end(({ messages }) => void messages.push(message('m3', 3))),
    ],
    [
      'G6',
      'somebody sends after their removal',
      (sample) =>
        sample
          .send('carl', 'm3', 3)
          .end(({ messages }) => void messages.push(message('m3', 3, { senderId: 'carl' }))),
    ],
    [
      'G6',
      'somebody catches up after their removal',
      (sample) =>
        sample
          .attempt('carl/2', 'sync', { userId: 'carl', seq: 0, rev: 0 }, 'ok', { messages: [sample.second] })
          .end(),
    ],
    [
      'G6',
      'somebody who never was there hears something',
      (sample) => sample.hear('dora', sample.second).end(),
    ],
    [
      'G14',
      'an acknowledged edit is lost',
      (sample) => {
        const edit = { userId: 'ada', messageId: 'm1', version: 'v3', parents: ['m1'], body: 'lost' };
        return sample.attempt('ada/1', 'edit', edit, 'ok', { ...sample.first, version: 'v3' }).end();
      },
    ],
    [
      'G14',
      'two edits follow the same version',
      (sample) => {
        const edit = { userId: 'ada', messageId: 'm1', version: 'v3', parents: ['m1'], body: 'fork' };
        const fork = { ...sample.first, rev: 3, version: 'v3', parents: ['m1'], body: 'fork' };
        return sample.attempt('ada/1', 'edit', edit, 'ok', fork).end((ending) => {
          ending.messages = [fork, sample.second];
          ending.versions.m1!.push({ version: 'v3', parents: ['m1'], body: 'fork' });
        });
      },
    ],
    [
      'G14',
      'an edit follows a version that its author had not seen',
      (sample) => {
        const edit = { userId: 'ada', messageId: 'm1', version: 'v3', parents: ['m1'], body: 'blind' };
        const blind = { ...sample.first, rev: 3, version: 'v3', parents: ['v1'], body: 'blind' };
        return sample.attempt('ada/1', 'edit', edit, 'ok', blind).end((ending) => {
          ending.messages = [blind, sample.second];
          ending.versions.m1!.push({ version: 'v3', parents: ['v1'], body: 'blind' });
        });
      },
    ],
    ['G14', 'an edited message has no versions', (sample) => sample.end((ending) => (ending.versions = {}))],
    ['G15', 'the unread count is wrong', (sample) => sample.end(({ final }) => (final.unreadCount = 7))],
    [
      'G15',
      'the last message is another one',
      (sample) => sample.end(({ final }) => (final.lastMessage = sample.first)),
    ],
    [
      'G15',
      'the last number is wrong',
      (sample) => sample.end(({ audit }) => (audit.counters = [counters({ lastSeq: 3 })])),
    ],
    [
      'G15',
      'two changes share a rev',
      (sample) => sample.end(({ audit }) => (audit.counters = [counters({ distinctRevs: 1 })])),
    ],
    [
      'G15',
      'the last rev is wrong',
      (sample) => sample.end(({ audit }) => (audit.counters = [counters({ lastRev: 9 })])),
    ],
    [
      'G15',
      'more was read than there is',
      (sample) => sample.end(({ audit }) => (audit.counters = [counters({ maxReadSeq: 3 })])),
    ],
  ];

  // Tests G1, G3, G4, G5, G6, G8, G9, G10, G11, G12, G13, G14, G15.
  it.each(bad)('breaks only %s when %s', (guarantee, _what, history) => {
    expect(broken(history(new SampleHistory()))).toEqual([guarantee]);
  });

  it('may contain events that were sent before a removal, and everything after an addition', () => {
    const sample = new SampleHistory();
    sample.hear('carl', sample.second);
    sample.attempt('owner', 'add', { userId: 'carl' }, 'ok', {});
    sample.send('carl', 'm3', 3).hear('carl', message('m3', 3, { senderId: 'carl' }));
    expect(
      checkHistory(sample.end(({ messages }) => void messages.push(message('m3', 3, { senderId: 'carl' })))),
    ).toEqual([]);
  });

  it('forgets in a restore only changes after the backup', () => {
    const restored = (sample: SampleHistory): SampleHistory =>
      sample
        .attempt('operator', 'backup', {}, 'ok', {})
        .send('ada', 'm3', 3)
        .hear('ben', message('m3', 3))
        .attempt('operator', 'restore', { epoch: 2 }, 'ok', {})
        .send('ben', 'm4', 3)
        .hear('ben', message('m4', 3, { senderId: 'ben' }), 'message:created', 'ben/2');
    const after = message('m4', 3, { senderId: 'ben' });
    expect(
      checkHistory(restored(new SampleHistory()).end(({ messages }) => void messages.push(after))),
    ).toEqual([]);
    // A client that continued from its old numbers holds a mixture.
    const mixture = restored(new SampleHistory()).end((ending) => {
      ending.held = [...ending.messages, message('m3', 3)];
      ending.messages.push(after);
    });
    expect(broken(mixture)).toEqual(['G4']);
    // Messages that were acknowledged before the backup must exist.
    const lost = restored(new SampleHistory().send('ada', 'm0', 3)).end(
      ({ messages }) => void messages.push(after),
    );
    expect(broken(lost)).toContain('G1');
  });

  it('is rejected if it is malformed', () => {
    const sample = (): SampleHistory => new SampleHistory();
    for (const [history, reason] of [
      [sample().add('ada/1', 'send', 'ok', {}).end(), /ends a send that it has not begun/],
      [sample().add('x', 'send', 'invoke', {}).add('x', 'edit', 'ok', {}).end(), /ends a edit/],
      [sample().add('x', 'send', 'invoke', {}).add('x', 'send', 'invoke', {}).end(), /two things at a time/],
      [sample().attempt('x', 'restore', {}, 'ok', {}).end(), /without a backup/],
    ] as const) {
      expect(() => checkHistory(history)).toThrow(reason);
    }
  });
});
