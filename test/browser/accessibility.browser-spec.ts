import { readFileSync } from 'node:fs';
import type { AxeResults, RunOptions } from 'axe-core';
import { Bench } from './support/bench';
import { SCREENS } from './support/screens';
import type { Tab } from './support/tab';
import { makeWorld, type World } from './support/world';

jest.setTimeout(240_000);

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

describe('the accessibility of the browser client', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.open();
  });
  afterAll(() => bench.close());

  describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
    let world: World;
    let tab: Tab;
    beforeAll(async () => {
      world = await makeWorld(bench.url);
      tab = await bench.visit({ colorScheme, reducedMotion: 'reduce' });
    });

    it.each(SCREENS)('has no violations that axe finds: %s', async (_name, show) => {
      await show(tab, world);
      expect(await violations(tab)).toEqual([]);
    });

    it('reports no error on any screen', () => {
      expect(tab.faults).toEqual([]);
    });
  });
});

async function violations(tab: Tab): Promise<string[]> {
  await tab.page.evaluate(AXE);
  const results = await tab.page.evaluate(() => {
    const { axe } = globalThis as unknown as { axe: { run(options: RunOptions): Promise<AxeResults> } };
    return axe.run({ resultTypes: ['violations'] });
  });
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}
