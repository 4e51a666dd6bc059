import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '../..');
const FILE = join(ROOT, 'client/src/contract.ts');

interface Schema {
  readonly properties: Readonly<Record<string, object>>;
}
const schemasOf = (document: string): Record<string, Schema> =>
  JSON.parse(readFileSync(join(ROOT, 'docs', document), 'utf8')).components.schemas;
const SCHEMAS = { ...schemasOf('asyncapi.json'), ...schemasOf('openapi.json') };

/** The types of the client, with the names that they have in the documents. */
const NAMES = {
  ...{ User: 'User', OwnUser: 'OwnUser', Message: 'Message', Participant: 'Participant' },
  ...{ SharedConversation: 'SharedConversation', ConversationView: 'Conversation', Position: 'Head' },
  ...{ MessagePage: 'MessagePage', Page: 'ConversationList', Changes: 'Changes', Tokens: 'Tokens' },
  ...{ SignedIn: 'SignedIn', Ready: 'ReadyEvent', ReadPosition: 'ReadResult' },
};

describe('the types of the reference client', () => {
  const program = ts.createProgram([FILE], { strict: true, target: ts.ScriptTarget.ES2022 });
  const checker = program.getTypeChecker();
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(FILE)!)!);

  it.each(Object.entries(NAMES))('%s is as published (%s)', (name, published) => {
    const type = checker.getDeclaredTypeOfSymbol(exported.find((symbol) => symbol.name === name)!);
    const properties = Object.entries(SCHEMAS[published]!.properties);
    const canBeNull = (schema: object): boolean => JSON.stringify(schema).includes('"null"');
    const typed = type.getProperties().map((property) => {
      const members = checker.getTypeOfSymbol(property);
      const isNullable = members.isUnion() && members.types.some(({ flags }) => flags & ts.TypeFlags.Null);
      return `${property.name}${isNullable ? '?' : ''}`;
    });
    const documented = properties.map(([property, schema]) => `${property}${canBeNull(schema) ? '?' : ''}`);
    expect(typed.sort()).toEqual(documented.sort());
  });
});
