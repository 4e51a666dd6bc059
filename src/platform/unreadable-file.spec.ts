import { ifUnreadable, unreadableReason, UnreadableFileError } from './unreadable-file';

const failure = (code: string, syscall: string): Error => Object.assign(new Error(code), { code, syscall });

describe('a file that cannot be read', () => {
  it.each([
    [failure('EIO', 'read'), 'cannot be read (EIO)'],
    [failure('EACCES', 'stat'), 'cannot be read (EACCES)'],
    [new UnreadableFileError('it', failure('ENOENT', 'open')), 'is not there'],
    [new UnreadableFileError('it', failure('EACCES', 'open')), 'cannot be read (EACCES)'],
  ])('is told from others by %s', (error, reason) => {
    expect(unreadableReason(error)).toBe(reason);
  });

  it.each([
    failure('ENOSPC', 'write'),
    failure('EACCES', 'open'), // it may be of the copy
    failure('EMFILE', 'read'),
    new UnreadableFileError('it', failure('EMFILE', 'open')),
    new Error('a bug'),
  ])('is not the cause of %s', async (error) => {
    expect(unreadableReason(error)).toBeUndefined();
    await expect(ifUnreadable(Promise.reject(error), () => 'unreadable')).rejects.toBe(error);
  });
});
