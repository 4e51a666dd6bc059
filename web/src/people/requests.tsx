import { useChat } from '../context.ts';
import type { Attempt } from '../frame/attempt.ts';
import { goTo, pathOf } from '../route.ts';
import { Person } from './person.tsx';

/** Who wants to be one's friend, and whom one has asked. */
export function Requests({ attempt }: { attempt: Attempt }) {
  const { friends } = useChat();
  const incoming = friends.incoming.value;
  const outgoing = friends.outgoing.value;
  const { isBusy } = attempt;
  return (
    <div aria-live="polite">
      {incoming.length > 0 && (
        <section>
          <h3>They want to be friends</h3>
          <ul class="people">
            {incoming.map((request) => (
              <li key={request.id}>
                <Person user={request.sender} />
                <span class="actions">
                  <button
                    type="button"
                    class="primary"
                    aria-label={`Accept ${request.sender.displayName}`}
                    disabled={isBusy}
                    onClick={() => void attempt.run(async () => goTo(pathOf(await friends.accept(request))))}
                  >
                    Accept
                  </button>
                  <button
                    type="button"
                    aria-label={`Decline ${request.sender.displayName}`}
                    disabled={isBusy}
                    onClick={() => void attempt.run(() => friends.decline(request))}
                  >
                    Decline
                  </button>
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {outgoing.length > 0 && (
        <section>
          <h3>You have asked</h3>
          <ul class="people">
            {outgoing.map((request) => (
              <li key={request.id}>
                <Person user={request.recipient} />
                <span class="actions">
                  <button
                    type="button"
                    aria-label={`Take back the request to ${request.recipient.displayName}`}
                    disabled={isBusy}
                    onClick={() => void attempt.run(() => friends.cancel(request))}
                  >
                    Take back
                  </button>
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
