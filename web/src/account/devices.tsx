import type { Device } from '@xfchat/client';
import { useEffect, useState } from 'preact/hooks';
import { useChat } from '../context.ts';
import { useAttempt } from '../components/attempt.ts';
import { Failure } from '../components/failure.tsx';
import { wholeTime } from '../times.ts';
import { visibleName } from '../people/names.ts';

/** Lists the user's devices, and signs them out. */
export function Devices() {
  const { profile } = useChat();
  const attempt = useAttempt();
  const [devices, setDevices] = useState<readonly Device[]>([]);
  const read = async (): Promise<void> => {
    setDevices(await profile.devices());
  };
  const end = (ended: readonly Device[]): void =>
    void attempt.queue(async () => {
      for (const { id } of ended) await profile.endDevice(id);
      await read();
    });
  useEffect(() => void attempt.run(read), []);
  const others = devices.filter(({ current }) => !current);
  return (
    <section>
      <h3>Devices</h3>
      <Failure text={attempt.failure} />
      <ul class="people">
        {devices.map((device) => (
          <li key={device.id}>
            <span class="person-words">
              <span class="person-name" dir="auto">
                {visibleName(device.deviceName ?? '', 'Unnamed device')}
                {device.current && <span class="muted"> (this device)</span>}
              </span>
              <span class="muted">Last used {wholeTime(device.lastUsedAt)}</span>
            </span>
            {!device.current && (
              <button
                type="button"
                aria-label={`Sign out ${visibleName(device.deviceName ?? '', 'the unnamed device')}`}
                disabled={attempt.isBusy}
                onClick={() => end([device])}
              >
                Sign out
              </button>
            )}
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <div class="buttons start">
          <button type="button" disabled={attempt.isBusy} onClick={() => end(others)}>
            Sign out all other devices
          </button>
        </div>
      )}
    </section>
  );
}
