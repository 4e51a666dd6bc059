import './styles/base.css';
import './styles/controls.css';
import './styles/components.css';
import './styles/conversation.css';
import './styles/pages.css';
import { IndexedDbStorage } from '@xfchat/client/indexed-db';
import { render } from 'preact';
import { RESET_PASSWORD_PATH, ResetPasswordPage } from './account/reset-password-page.tsx';
import { Application } from './application.tsx';
import { Chat } from './chat.ts';
import { ownTab } from './drafts.ts';
import { keepPageForOffline } from './offline-page.ts';

const place = document.querySelector('#application')!;

async function open(): Promise<void> {
  const chat = new Chat(location.origin, new IndexedDbStorage(), ownTab);
  addEventListener('online', () => chat.wake());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') chat.wake();
    else chat.leave();
  });
  addEventListener('pagehide', () => chat.leave());
  render(<Application chat={chat} />, place);
  await chat.resume();
  keepPageForOffline();
}

// A password reset needs no session, and must not use one that another person has left in this browser.
if (location.pathname === RESET_PASSWORD_PATH) render(<ResetPasswordPage />, place);
else await open();
