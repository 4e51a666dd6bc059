import { PublicAccess } from '@xfchat/client';

/** For those who are not signed in. */
export const publicAccess = new PublicAccess({ url: location.origin });
