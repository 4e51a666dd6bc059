import { duration } from './durations';
import { preflightText } from './preflight-text';
import { rollbackLimit } from './rollback-limits';
import { aligned } from './table';
import { watchText } from './watch-text';

describe('the report before a deployment', () => {
  const green = { name: 'database', status: 'green', evidence: 'PostgreSQL 18.4' } as const;
  const open = { name: 'alerts', status: 'person', evidence: 'are the rules loaded?' } as const;
  const red = { name: 'configuration', status: 'red', evidence: '2 fault(s):\n  - PORT\n  - HOST' } as const;

  it('is a list with a verdict that names the obstacles', () => {
    expect(preflightText('1.2.3', [red, green, open])).toBe(
      [
        'Before the deployment of XFChat 1.2.3',
        '',
        '  NO  configuration  2 fault(s):',
        '                       - PORT',
        '                       - HOST',
        '  ok  database       PostgreSQL 18.4',
        '  ?   alerts         are the rules loaded?',
        '',
        'no-go: configuration',
      ].join('\n'),
    );
    expect(preflightText('1.2.3', [green, open])).toMatch(
      /\nnot yet: a person must decide about alerts; --confirm alerts$/,
    );
    expect(preflightText('1.2.3', [green])).toMatch(/\ngo$/);
    const behind = {
      ...green,
      status: 'red',
      evidence: 'not checked: configuration must be green first',
    } as const;
    expect(preflightText('1.2.3', [red, behind])).toMatch(/\nno-go: configuration$/);
  });
});

describe('the report after a watch', () => {
  const met = { name: 'errors', goal: '< 0.1 %', seen: '0 %: 0 of 9', met: true };
  const report = {
    ok: true,
    complete: true,
    watchedSeconds: 86_400,
    nodes: [{ url: 'http://a:3000', looks: 9, unserved: 0, restarts: 0 }],
    targets: [met, { ...met, name: 'sign-ins', seen: 'nothing to measure', met: null }],
    rollback: [],
  };

  it('is a table of targets and a verdict', () => {
    expect(watchText(report)).toBe(
      [
        'watched http://a:3000 for 24 h',
        '',
        '  ok  errors    < 0.1 %  0 %: 0 of 9',
        '  -   sign-ins  < 0.1 %  nothing to measure',
        '',
        'no target was missed',
      ].join('\n'),
    );
    expect(watchText({ ...report, complete: false, watchedSeconds: 90 })).toMatch(
      /^watched http:\/\/a:3000 for 90 s \(ended early\)\n[^]*\nno target was missed so far$/,
    );
  });

  it('names missed targets, and reasons for a rollback', () => {
    const missed = { ...report, ok: false, targets: [{ ...met, met: false }] };
    expect(watchText(missed)).toMatch(/MISSED {2}errors[^]*\ntargets missed: errors; nothing calls/);
    const rollback = [{ criterion: 'errors', node: 'http://a:3000', evidence: '6 %: 60 of 1000' }];
    expect(watchText({ ...missed, rollback })).toMatch(
      /\nrollback criterion met: errors at http:\/\/a:3000: 6 %: 60 of 1000\nroll back: see /,
    );
  });
});

describe('a time on the command line', () => {
  it('has a unit', () => {
    expect(['500ms', '10s', '1.5m', '24h', '1d'].map(duration)).toEqual([
      500, 10_000, 90_000, 86_400_000, 86_400_000,
    ]);
    for (const text of ['', '10', '0s', '-1s', '10 s', 'soon'])
      expect(() => duration(text)).toThrow('a time such as');
  });
});

describe('the limits of rollback criteria', () => {
  it('can be shares, times and numbers', () => {
    const words = ['errors=2%', 'timeouts=0.5%', 'delivery=500ms', 'canary=5m', 'restarts=0'];
    expect(words.reduce((limits, word) => rollbackLimit(word, limits), {})).toEqual({
      errors: 0.02,
      timeouts: 0.005,
      delivery: 0.5,
      canary: 300,
      restarts: 0,
    });
  });

  it.each([
    'errors',
    'errors=',
    'errors=2',
    'errors=101%',
    'errors=2%=3%',
    'delivery=5',
    'restarts=1.5',
    'pool=1',
    'what=1',
  ])('cannot be %s', (word) => expect(() => rollbackLimit(word)).toThrow(/^Must be/));
});

describe('a table', () => {
  const rows = [
    ['ok', 'database', 'PostgreSQL 18.4, takes writes, keeps what it has acknowledged'],
    ['NO', 'disk', 'a-path-that-is-longer-than-all-the-room-there-is and:\n  - this'],
  ];

  it('wraps long texts between words within their column in a terminal', () => {
    expect(aligned(rows, '  ', 46)).toEqual([
      [
        '  ok  database  PostgreSQL 18.4, takes writes,',
        '                keeps what it has acknowledged',
      ].join('\n'),
      [
        '  NO  disk      a-path-that-is-longer-than-all-the-room-there-is',
        '                and:',
        '                  - this',
      ].join('\n'),
    ]);
  });

  it('is not wrapped without a terminal or in a very narrow one', () => {
    const whole = '  ok  database  PostgreSQL 18.4, takes writes, keeps what it has acknowledged';
    expect(aligned(rows)[0]).toBe(whole);
    expect(aligned(rows, '  ', 30)[0]).toBe(whole);
  });
});
