import type { Conversation } from '@xfchat/client';
import { useEffect, useState } from 'preact/hooks';
import { useChangesOf, useChat } from '../context.ts';
import { Icon } from '../components/icon.tsx';
import { Back, PaneHead } from '../components/pane-head.tsx';
import { Avatar } from '../people/avatar.tsx';
import { PresenceDot, presenceText, typingText } from '../people/presence.tsx';
import { inWords } from '../words.ts';
import { ConversationView } from './conversation-view.tsx';
import { DetailsDialog } from './details-dialog.tsx';

/** Shows a conversation by its id. It may not be known yet, and it may disappear while it is shown. */
export function ConversationScreen({ id, messageId }: { id: string; messageId: string | undefined }) {
  const chat = useChat();
  const [failure, setFailure] = useState<string>();
  void chat.versionOf(id).value; // render again when the conversation appears or disappears
  const conversation = chat.client.conversation(id);
  const isMissing = conversation === undefined;

  // Open it again when it disappears: another device may only have hidden it.
  useEffect(() => {
    if (isMissing) chat.client.open(id).catch((error: unknown) => setFailure(inWords(error)));
  }, [id, isMissing]);

  if (conversation) return <Known conversation={conversation} messageId={messageId} />;
  return (
    <div class="page">
      <PaneHead title={failure ? 'Not available' : 'Loading …'} />
      <p class="empty" role="status">
        {failure ?? 'Loading the conversation …'}
      </p>
    </div>
  );
}

function Known(props: { conversation: Conversation; messageId: string | undefined }) {
  const { conversation, messageId } = props;
  const chat = useChat();
  useChangesOf(conversation);
  const [showsDetails, setShowsDetails] = useState(false);
  const title = chat.titleOf(conversation);
  const partner = conversation.type === 'direct' ? chat.partner(conversation) : undefined;
  const people = conversation.participants.length;
  const subtitle = partner
    ? [
        `@${partner.user.username}`,
        presenceText(chat.live.presenceOf(partner.userId).value),
        partner.user.status,
      ]
        .filter(Boolean)
        .join(' · ')
    : `${people} ${people === 1 ? 'person' : 'people'}`;
  return (
    <div class="conversation">
      <header class="pane-head">
        <Back />
        <span class="avatar-place">
          <Avatar id={partner?.userId ?? conversation.id} name={title} />
          {partner && <PresenceDot userId={partner.userId} />}
        </span>
        <div class="pane-title">
          <h2 dir="auto">{title}</h2>
          <p class="muted" dir="auto">
            {typingText(chat, conversation) || subtitle}
          </p>
        </div>
        <button type="button" class="quiet round" aria-label="Details" onClick={() => setShowsDetails(true)}>
          <Icon name="info" />
        </button>
      </header>
      <ConversationView conversation={conversation} messageId={messageId} />
      {showsDetails && <DetailsDialog conversation={conversation} onClose={() => setShowsDetails(false)} />}
    </div>
  );
}
