import { importAtSize } from '../support/legacy-at-size';

it('200,000 old rows of shape A are imported despite faults, and rolled back', async () => {
  await importAtSize('schema', { shape: 'A', uniqueVersions: true });
}, 1_800_000);
