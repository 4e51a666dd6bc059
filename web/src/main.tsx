import './styles/base.css';
import './styles/controls.css';
import './styles/frame.css';
import './styles/conversation.css';
import './styles/pages.css';
import { IndexedDbStorage } from '@xfchat/client/indexed-db';
import { render } from 'preact';
import { Application } from './application.tsx';
import { Chat } from './chat.ts';
import { keepPageForOffline } from './offline-page.ts';

const chat = new Chat(location.origin, new IndexedDbStorage());
addEventListener('online', () => chat.wake());
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') chat.wake();
});
render(<Application chat={chat} />, document.querySelector('#application')!);
await chat.resume();
keepPageForOffline();
