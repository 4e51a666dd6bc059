import { Configuration } from '../configuration/configuration';
import { Suspensions } from './suspensions';

const at = (clock: () => number, RATE_LIMITS: 'on' | 'off' = 'on'): Suspensions =>
  new Suspensions(Object.assign(new Configuration(), { RATE_LIMITS }), clock);

describe('suspensions', () => {
  it('begin when a client continues after rejections, end by themselves, and affect nobody else', () => {
    let now = 0;
    const suspensions = at(() => now);
    for (let refusal = 0; refusal < 2_000; refusal++) expect(suspensions.noteRefusal('a')).toBe(false);
    expect(suspensions.remaining('a')).toBe(0);
    expect(suspensions.noteRefusal('a')).toBe(true);
    expect([suspensions.remaining('a'), suspensions.remaining('b')]).toEqual([30, 0]);
    now = 30_000;
    expect(suspensions.remaining('a')).toBe(0);
  });

  it('do not begin for a client that is rejected now and then', () => {
    let now = 0;
    const suspensions = at(() => now);
    for (let refusal = 0; refusal < 10_000; refusal++) {
      now += 25;
      expect(suspensions.noteRefusal('a')).toBe(false);
    }
  });

  it('do not exist while limits are off', () => {
    const suspensions = at(() => 0, 'off');
    for (let refusal = 0; refusal < 3_000; refusal++) suspensions.noteRefusal('a');
    expect(suspensions.remaining('a')).toBe(0);
  });
});
