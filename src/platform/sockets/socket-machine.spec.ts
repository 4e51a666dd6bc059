import { EventEmitter } from 'node:events';
import type { Socket } from 'socket.io';
import { cellsOf } from '../../../test/support/state-tables';
import { SocketMachine, type SocketLife } from './socket-machine';
import { SOCKET, type SocketEffect, type SocketState, type SocketTrigger } from './socket-states';

/** The triggers that lead to each state. */
const WAYS: Record<SocketState, readonly SocketTrigger[]> = {
  connecting: [],
  verifying: ['token-checked'],
  admitted: ['token-checked', 'read'],
  ended: ['token-checked', 'session-ended'],
  open: ['token-checked', 'read', 'entered'],
  closing: ['token-checked', 'read', 'entered', 'drained'],
  closed: ['token-checked', 'read', 'entered', 'gone'],
};

function machineIn(state: SocketState) {
  const arrivals = new Set<SocketLife>();
  const machine = new SocketMachine(arrivals);
  const done: unknown[][] = [];
  const note =
    (name: string) =>
    (...parameters: unknown[]): unknown =>
      done.push([name, ...parameters]);
  const conn = Object.assign(new EventEmitter(), { close: note('conn.close') });
  const socket = {
    conn,
    emit: note('emit'),
    join: note('join'),
    leave: note('leave'),
    disconnect: note('disconnect'),
  };
  const life: SocketLife = { state: 'connecting', socket: socket as unknown as Socket };
  const fire = (trigger: SocketTrigger): void =>
    machine.handle(life, trigger, {
      identity: { userId: 'u', sessionId: 's', expiresAt: 1 },
      room: 'a room',
      payload: { because: trigger },
      expiresAt: 2,
      enter: note('enter'),
    });
  for (const trigger of WAYS[state]) fire(trigger);
  expect(life.state).toBe(state);
  done.splice(0);
  return { arrivals, life, conn, fire, done };
}

describe('a socket', () => {
  /** The next state, and the calls. */
  const expected = {
    admitted: () => ['admitted', []],
    ended: () => ['ended', []],
    closed: () => ['closed', []],
    verify: () => ['verifying', []],
    hold: (state) => [state, []],
    forget: () => ['closed', []],
    enter: () => ['open', [['enter', expect.anything()]]],
    join: (state) => [state, [['join', 'a room']]],
    leave: (state) => [state, [['leave', 'a room']]],
    revoke: (_, payload) => [
      'closed',
      [
        ['emit', 'session:revoked', payload],
        ['disconnect', true],
      ],
    ],
    expire: () => [
      'closed',
      [
        ['emit', 'session:expired', { reason: 'token-expired' }],
        ['disconnect', true],
      ],
    ],
    extend: (state) => [state, []],
    announce: (state, payload) => [state, [['emit', 'server:draining', payload]]],
    break: () => ['closing', [['conn.close']]],
    disconnect: () => ['closed', [['disconnect', true]]],
    stay: (state) => [state, []],
    never: (state) => [state, []],
  } satisfies Record<SocketEffect, (state: SocketState, payload: object) => [SocketState, unknown[][]]>;

  // Tests G6, G21.
  it.each(cellsOf(SOCKET))('in the state %s, at %s: %s', (state, trigger, effect) => {
    const { arrivals, life, conn, fire, done } = machineIn(state);
    fire(trigger);
    expect([life.state, done]).toEqual(expected[effect](state, { because: trigger }));
    // The machine keeps the socket, and watches its connection, until the socket is in a room.
    const isHeld = ['verifying', 'admitted', 'ended'].includes(life.state);
    expect([arrivals.size, conn.listenerCount('close')]).toEqual(isHeld ? [1, 1] : [0, 0]);
    if (effect === 'hold')
      expect([...life.arrival!.changes]).toEqual([['a room', trigger === 'room-granted']]);
    if (life.identity) expect(life.identity.expiresAt).toBe(effect === 'extend' ? 2 : 1);
  });

  it.each(['verifying', 'admitted', 'ended'] as const)(
    'that is %s is forgotten with its connection',
    (state) => {
      const { arrivals, life, conn } = machineIn(state);
      conn.emit('close');
      expect([life.state, arrivals.size]).toEqual(['closed', 0]);
    },
  );
});
