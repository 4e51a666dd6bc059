import { ARRIVED, pinnedOptions } from './session-settings';

describe('the settings of a session', () => {
  it('follow the requested ones, and so override them', () => {
    const options = pinnedOptions('-c datestyle=German -c work_mem=8MB');
    expect(options).toMatch(/^-c datestyle=German -c work_mem=8MB -c .*-c datestyle=ISO,MDY /);
    expect(pinnedOptions(undefined)).toMatch(/^-c /);
  });

  it('escape characters that would end a word', () => {
    expect(pinnedOptions('')).toContain('-c default_transaction_isolation=read\\ committed ');
    expect(pinnedOptions('').split(/(?<!\\) /)).toHaveLength(2 * pinnedOptions('').match(/-c /g)!.length);
  });

  it('confirm their arrival', () => {
    expect(pinnedOptions(undefined)).toMatch(new RegExp(` -c ${ARRIVED}=on$`));
  });
});
