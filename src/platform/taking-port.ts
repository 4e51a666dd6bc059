/**
 * Listens on the port of a setting.
 * @throws Error that says what to do when the port is not available
 */
export async function taking(
  name: string,
  port: number | undefined,
  listen: () => Promise<unknown>,
): Promise<void> {
  try {
    await listen();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new Error(`Port ${port} is in use. Stop what uses it, or set ${name} to another one.`, {
        cause: error,
      });
    if (code === 'EACCES')
      throw new Error(`Port ${port} may not be used by this account. Set ${name} to one above 1023.`, {
        cause: error,
      });
    throw error;
  }
}
