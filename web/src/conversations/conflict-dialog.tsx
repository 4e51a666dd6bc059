import type { EditConflict } from '@xfchat/client';
import { Dialog } from '../components/dialog.tsx';
import { Differences } from '../text/differences.tsx';
import { MessageText } from '../text/message-text.tsx';

interface ConflictProps {
  readonly conflict: EditConflict;
  readonly onKeep: () => void;
  /** Continues editing the user's text, based on the current version. */
  readonly onEdit: () => void;
  readonly onReplace: () => void;
}

/** Lets the author choose between two texts, after the message was edited in two places. */
export function ConflictDialog({ conflict, onKeep, onEdit, onReplace }: ConflictProps) {
  const { current, body } = conflict;
  const now = current.body ?? '';
  return (
    <Dialog title="This message has changed in the meantime" onClose={onKeep}>
      <p>
        You edited it on another device while you were writing here. Nothing is lost: choose the text that you
        want to keep.
      </p>
      <div class="choices">
        <section>
          <h3>Current text</h3>
          <MessageText body={now} />
        </section>
        <section>
          <h3>Your text</h3>
          <MessageText body={body} />
        </section>
      </div>
      <h3>Differences</h3>
      <Differences from={now} to={body} />
      <div class="buttons">
        <button type="button" onClick={onKeep}>
          Keep current text
        </button>
        <button type="button" onClick={onEdit}>
          Continue editing
        </button>
        <button type="button" class="primary" onClick={onReplace}>
          Use my text
        </button>
      </div>
    </Dialog>
  );
}
