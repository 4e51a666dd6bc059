import { PublicAccess } from '@xfchat/client';

/** Sends the requests that need no session. */
export const publicAccess = new PublicAccess({ url: location.origin });
