import type { PresenceSettings as Settings } from '@xfchat/client';
import { useEffect, useState } from 'preact/hooks';
import { useAttempt } from '../components/attempt.ts';
import { Failure } from '../components/failure.tsx';
import { useChat } from '../context.ts';

/** The settings for the user's presence. Each click changes them on all devices. */
export function PresenceSettings() {
  const { client, profile } = useChat();
  const attempt = useAttempt();
  const [settings, setSettings] = useState<Settings>();

  useEffect(() => {
    void attempt.run(async () => setSettings(await profile.presence()));
    return client.on('event', ({ name, payload }) => {
      if (name === 'presence-settings:updated') setSettings(payload as Settings);
    });
  }, []);

  // Shows the change at once, and reverts it when the server rejects it.
  const change = (changes: Partial<Settings>): void => {
    const before = settings!;
    setSettings({ ...before, ...changes });
    void attempt.queue(async () => {
      try {
        setSettings(await profile.updatePresence(changes));
      } catch (error) {
        setSettings(before);
        throw error;
      }
    });
  };
  return (
    <section>
      <fieldset>
        <legend>Presence</legend>
        <label class="choice">
          <input
            type="checkbox"
            checked={settings?.invisible ?? false}
            disabled={!settings}
            onChange={(event) => change({ invisible: event.currentTarget.checked })}
          />
          Invisible: appear offline to everybody
        </label>
        <label class="choice">
          <input
            type="checkbox"
            checked={settings?.lastSeen === 'nobody'}
            disabled={!settings}
            onChange={(event) => change({ lastSeen: event.currentTarget.checked ? 'nobody' : 'contacts' })}
          />
          Hide when I was last online. I will not see when others were online either.
        </label>
      </fieldset>
      <p class="muted">Otherwise your friends and the people in your conversations can see this.</p>
      <Failure text={attempt.failure} />
    </section>
  );
}
