import type { Command } from 'commander';
import { buildProgram } from '../../program';

const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];

it.each(all(buildProgram()).map((command) => [command.name(), command] as const))(
  'the help of %s writes times with their units',
  (_, command) => expect(command.helpInformation()).not.toMatch(/default: \d{4,}/),
);
