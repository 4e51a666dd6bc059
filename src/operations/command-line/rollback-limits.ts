import { InvalidArgumentError } from 'commander';
import { CRITERIA, type Limits } from '../watch/criteria';
import { duration } from './durations';

/** Parses `errors=2%`, `delivery=500ms` or `restarts=5`, added to earlier limits. @throws InvalidArgumentError */
export function rollbackLimit(text: string, before: Limits = {}): Limits {
  const [name = '', limit = '', ...more] = text.split('=');
  const unit = CRITERIA.find((criterion) => criterion.name === name)?.unit;
  if (!unit || more.length > 0) {
    const names = CRITERIA.flatMap((criterion) => (criterion.unit ? criterion.name : []));
    throw new InvalidArgumentError(`Must be <criterion>=<limit>; the criteria are ${names.join(', ')}.`);
  }
  return { ...before, [name]: READERS[unit](limit) };
}

const READERS = {
  share: (text: string): number => {
    const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
    const share = Number(percent) / 100;
    if (!(share <= 1)) throw new InvalidArgumentError('Must be a share such as 2% or 0.5%.');
    return share;
  },
  seconds: (text: string): number => duration(text) / 1_000,
  number: (text: string): number => {
    if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('Must be a number such as 5.');
    return Number(text);
  },
};
