import { EventEmitter } from 'node:events';
import { Channel, NoWordError, RemoteError, type ChannelEnd, type Handlers } from './channel';

function twoEnds(handlers: Handlers): { near: Channel; cut(): void } {
  const [a, b] = [new EventEmitter(), new EventEmitter()];
  let isCut = false;
  const endOf = (own: EventEmitter, other: EventEmitter): ChannelEnd => ({
    on: (event, listener) => own.on(event, listener),
    send: (message, _handle, _options, done) => {
      if (isCut) return done(new Error('closed'));
      other.emit('message', structuredClone(message));
      done(null);
    },
  });
  new Channel(endOf(b, a), handlers);
  return { near: new Channel(endOf(a, b), {}), cut: () => (isCut = true) };
}

describe('a channel', () => {
  const { near, cut } = twoEnds({
    double: (content) => Number(content) * 2,
    broken: () => Promise.reject(new Error('on purpose')),
    silent: () => new Promise(() => undefined),
  });

  it('answers each question with its own answer', async () =>
    expect(await Promise.all([1, 2, 3].map((number) => near.ask('double', number, 1_000)))).toEqual([
      2, 4, 6,
    ]));
  it('returns the reason of a failed handler', async () =>
    expect(near.ask('broken', 1, 1_000)).rejects.toEqual(new RemoteError('on purpose')));
  it('times out when the other side does not answer', async () =>
    expect(near.ask('silent', 1, 1)).rejects.toBeInstanceOf(NoWordError));
  it('fails at once when the other side has closed', async () => {
    cut();
    near.tell('double', 1);
    await expect(near.ask('double', 1, 60_000)).rejects.toBeInstanceOf(NoWordError);
  });
});
