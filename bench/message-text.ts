import { parseText } from '../web/src/text/parse-text';

// Measures parsing 4,000 characters of each kind. The page is blocked during that time.
const MARKS = [
  '> ',
  '- ',
  '[',
  '*',
  '_a',
  '**a ',
  '`',
  '<',
  '![',
  '\\',
  '~~',
  '1. ',
  '[a](',
  'a*b_',
  'a@b',
  '\n- ',
  '_*~`[',
];

for (const mark of MARKS) {
  const body = mark.repeat(Math.floor(4_000 / mark.length));
  const durations = Array.from({ length: 20 }, () => {
    const start = process.cpuUsage();
    parseText(body);
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1_000;
  }).sort((a, b) => a - b);
  const [median, worst] = [durations[10]!, durations.at(-1)!];
  process.stdout.write(
    `${JSON.stringify(mark).padEnd(10)} ${median.toFixed(2)} ms, at most ${worst.toFixed(2)} ms\n`,
  );
}
