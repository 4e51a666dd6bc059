import { FEATURES } from './app.module';
import { asyncApi } from './delivery/documents/asyncapi';
import { declarationsOf } from './delivery/documents/declared';
import { openApi } from './delivery/documents/openapi';
import { PlatformModule } from './platform/platform.module';

/** The documents of the interface by file name in `docs`, as `npm run documents` writes them. */
export function writtenDocuments(): Record<'openapi.json' | 'asyncapi.json', string> {
  const { routes, commands, events } = declarationsOf([PlatformModule, ...FEATURES]);
  return {
    'openapi.json': written(openApi(routes)),
    'asyncapi.json': written(asyncApi(commands, events)),
  };
}

const written = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;
