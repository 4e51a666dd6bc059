/**
 * Gives the commands of a file, which is read when one of them is run. None needs the others' modules; and the server,
 * more than half of the program, starts the sooner the less it reads before its database does.
 */
export function commandsOf<Commands extends object>(load: () => Promise<Commands>) {
  return <Name extends keyof Commands>(name: Name) =>
    async (...words: WordsOf<Commands[Name]>): Promise<void> => {
      const command = (await load())[name] as (...words: unknown[]) => Promise<void>;
      return command(...words);
    };
}

type WordsOf<Command> = Command extends (...words: infer Words) => unknown ? Words : never;
