import { SetMetadata, type CustomDecorator } from '@nestjs/common';

export const PUBLIC = 'xfchat:public';

/** A route that needs no access token. Every other route does. */
export const Public = (): CustomDecorator => SetMetadata(PUBLIC, true);
