import { emptyUpdate, patchUpdate, snapshotUpdate } from './updates';

describe('an update on the wire', () => {
  it('is a snapshot with its length in bytes', () => {
    expect(snapshotUpdate({ version: ['1.0'], parents: [] }, { a: 'é' }).toString()).toBe(
      'Version: "1.0"\r\nContent-Type: application/json\r\nMerge-Type: linear\r\nContent-Length: 10\r\n\r\n' +
        '{"a":"é"}\r\n\r\n',
    );
  });

  it('is a patch with a head of its own', () => {
    const step = { version: ['2.0'], parents: ['1.0'] };
    expect(patchUpdate(step, '.messages["x"]', Buffer.from('"é"')).toString()).toBe(
      'Version: "2.0"\r\nParents: "1.0"\r\nPatches: 1\r\n\r\n' +
        'Content-Length: 4\r\nContent-Range: json .messages["x"]\r\n\r\n"é"\r\n\r\n',
    );
  });

  it('is a version without a change', () => {
    expect(emptyUpdate({ version: ['2.1'], parents: ['2.0'] }).toString()).toBe(
      'Version: "2.1"\r\nParents: "2.0"\r\nPatches: 0\r\n\r\n',
    );
  });
});
