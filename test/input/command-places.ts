import fc from 'fast-check';
import { asyncApi, faultsOf, type Document } from '../support/contract/documents';
import { valuesNear } from './wrong-values';

/** A command with wrong payloads. */
export interface CommandPlace {
  readonly command: string;
  readonly payloads: fc.Arbitrary<unknown>;
}

export const commandPlaces: readonly CommandPlace[] = Object.values<Document>(asyncApi.operations)
  .filter(({ action }) => action === 'receive')
  .map(({ messages }) => {
    const key = (messages[0].$ref as string).split('/').at(-1)!;
    const { name, payload } = asyncApi.components.messages[key];
    const steps = ['components', 'messages', key, 'payload'];
    return {
      command: name as string,
      payloads: valuesNear(payload as Document).filter(
        (value) => faultsOf('asyncapi', steps, value).length > 0,
      ),
    };
  });
