import { foreign, visible, visibleJson } from './foreign-text';

const AWKWARD = '\u0000\u001b[31m\u007f\u009b2J\u202eevil\u2066\u200b\u2028\ufeff\u{e0041}\ud800\r\n';
const STEERS = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/; // eslint-disable-line no-control-regex -- it finds control characters

describe('text from outside', () => {
  it('is shown without characters that would control a terminal', () => {
    expect(visible(AWKWARD)).not.toMatch(STEERS);
    expect(visible('\u001b[31m\u{e0041}')).toBe('\\u{001b}[31m\\u{e0041}');
    expect(visible('Zoë 🙂 漢字')).toBe('Zoë 🙂 漢字');
  });

  it('is cut at 200 characters', () => {
    expect(foreign('x'.repeat(200))).toBe('x'.repeat(200));
    expect(foreign('x'.repeat(14_000))).toBe(`${'x'.repeat(200)}… (14000 characters)`);
  });

  it('has the same meaning in JSON', () => {
    const line = JSON.stringify({ path: AWKWARD });
    expect(visibleJson(line)).not.toMatch(STEERS);
    expect(JSON.parse(visibleJson(line))).toEqual({ path: AWKWARD });
  });
});
