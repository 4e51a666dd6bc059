/**
 * Loads the file of some commands when one of them runs. No command needs the modules of the others. The server
 * starts its database sooner if it has loaded less code before.
 */
export function commandsOf<Commands extends object>(load: () => Promise<Commands>) {
  return <Name extends keyof Commands>(name: Name) =>
    async (...words: WordsOf<Commands[Name]>): Promise<void> => {
      const command = (await load())[name] as (...words: unknown[]) => Promise<void>;
      return command(...words);
    };
}

type WordsOf<Command> = Command extends (...words: infer Words) => unknown ? Words : never;
