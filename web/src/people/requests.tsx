import { useChat } from '../context.ts';
import type { Attempt } from '../components/attempt.ts';
import { goTo, pathOf } from '../route.ts';
import { PersonAction, PersonEntry } from './person-entry.tsx';

/** Incoming and outgoing friend requests. */
export function Requests({ attempt }: { attempt: Attempt }) {
  const { friends } = useChat();
  const incoming = friends.incoming.value;
  const outgoing = friends.outgoing.value;
  const { isBusy } = attempt;
  return (
    <div aria-live="polite">
      {incoming.length > 0 && (
        <section>
          <h3>Friend requests</h3>
          <ul class="people">
            {incoming.map((request) => (
              <PersonEntry key={request.id} user={request.sender} text={request.message}>
                <PersonAction
                  user={request.sender}
                  text="Accept"
                  isPrimary
                  isDisabled={isBusy}
                  onClick={() => void attempt.queue(async () => goTo(pathOf(await friends.accept(request))))}
                />
                <PersonAction
                  user={request.sender}
                  text="Decline"
                  isDisabled={isBusy}
                  onClick={() => void attempt.queue(() => friends.decline(request))}
                />
              </PersonEntry>
            ))}
          </ul>
        </section>
      )}
      {outgoing.length > 0 && (
        <section>
          <h3>Sent requests</h3>
          <ul class="people">
            {outgoing.map((request) => (
              <PersonEntry key={request.id} user={request.recipient} text={request.message}>
                <PersonAction
                  user={request.recipient}
                  text="Withdraw"
                  label="Withdraw the request to"
                  isDisabled={isBusy}
                  onClick={() => void attempt.queue(() => friends.cancel(request))}
                />
              </PersonEntry>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
