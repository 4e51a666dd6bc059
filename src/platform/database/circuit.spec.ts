import { DatabaseCircuit, DatabaseDownError } from './circuit';

const refused = (code: string) => (): Promise<never> =>
  Promise.reject(Object.assign(new Error('refused'), { code }));
const connected = (): Promise<string> => Promise.resolve('connected');

describe('the circuit breaker of the pool', () => {
  beforeEach(() => jest.useFakeTimers({ now: 0 }));
  afterEach(() => jest.useRealTimers());

  async function fail(circuit: DatabaseCircuit, times: number, code = 'ECONNREFUSED'): Promise<void> {
    for (let time = 0; time < times; time++)
      await expect(circuit.try(refused(code))).rejects.toMatchObject({ code });
  }

  it('opens after five consecutive failed connections, and tries one after a while', async () => {
    const circuit = new DatabaseCircuit();
    const opened = jest.fn();
    circuit.onOpen(opened);
    await fail(circuit, 4);
    await circuit.try(connected);
    await fail(circuit, 4);
    expect([circuit.isDisturbed, opened.mock.calls.length]).toEqual([false, 0]);
    await fail(circuit, 1);
    expect([circuit.isDisturbed, opened.mock.calls.length]).toEqual([true, 1]);
    const connect = jest.fn(connected);
    await expect(circuit.try(connect)).rejects.toThrow(DatabaseDownError);
    expect(connect).not.toHaveBeenCalled();
    jest.setSystemTime(10_000);
    expect(await circuit.try(connect)).toBe('connected');
    expect(circuit.isDisturbed).toBe(false);
  });

  it('waits longer after each failed attempt', async () => {
    const circuit = new DatabaseCircuit();
    await fail(circuit, 5);
    for (const now of [10_000, 20_000, 30_000]) {
      jest.setSystemTime(now);
      await fail(circuit, 1);
      await expect(circuit.try(connected)).rejects.toThrow(DatabaseDownError);
    }
  });

  it('does not open because the server is full', async () => {
    const circuit = new DatabaseCircuit();
    await fail(circuit, 20, '53300');
    expect(await circuit.try(connected)).toBe('connected');
  });

  it('is held open by the monitor, whose healthy report also closes it after failures of the pool', async () => {
    const circuit = new DatabaseCircuit();
    const refuse = jest.fn();
    const forget = circuit.onOpen(refuse);
    circuit.set(true);
    circuit.set(true);
    expect([circuit.isOpen, refuse.mock.calls.length]).toEqual([true, 1]);
    jest.setSystemTime(100_000);
    await expect(circuit.try(connected)).rejects.toThrow(DatabaseDownError);
    circuit.set(false);
    expect([circuit.isOpen, await circuit.try(connected)]).toEqual([false, 'connected']);
    forget();
    await fail(circuit, 5);
    expect([circuit.isOpen, circuit.isDisturbed]).toEqual([false, true]);
    circuit.set(true);
    circuit.set(false);
    expect(await circuit.try(connected)).toBe('connected');
    expect(refuse).toHaveBeenCalledTimes(1);
  });
});
