import { availableCores } from './available-cores';

it.each([
  ['', 8],
  ['max 100000\n', 8],
  ['200000 100000\n', 2],
  ['250000 100000\n', 2],
  ['50000 100000\n', 1],
  ['6400000 100000\n', 8],
])('of 8 cores, with the quota %j: %d', (quota, cores) => expect(availableCores(8, quota)).toBe(cores));
