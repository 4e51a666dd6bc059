/** One line of Prometheus' text format: a name, its labels, a number. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?[ \t]+(\S+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const ESCAPED: Record<string, string> = { '\\n': '\n', '\\"': '"', '\\\\': '\\' };
const INFINITE: Record<string, number> = { '+Inf': Infinity, '-Inf': -Infinity };

/** Parses Prometheus' text format (0.0.4). Ignores types, help and timestamps. */
export function parseSamples(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) return [];
    return [{ name, labels: labelsOf(labels), value: INFINITE[value] ?? Number(value) }];
  });
}

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(LABEL)].map(([, name, value]) => [
      name!,
      value!.replace(/\\[n"\\]/g, (sequence) => ESCAPED[sequence]!),
    ]),
  );
}

/** Undefined if there is no such series, or if it has no value at the moment. */
export function gaugeOf(samples: readonly Sample[], name: string): number | undefined {
  const value = samples.find((sample) => sample.name === name)?.value;
  return value === undefined || Number.isNaN(value) ? undefined : value;
}
