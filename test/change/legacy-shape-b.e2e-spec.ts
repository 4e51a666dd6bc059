import { importAtSize } from '../support/legacy-at-size';

it('200,000 old rows of shape B are imported despite faults, and rolled back', async () => {
  await importAtSize('url', { shape: 'B', uniqueVersions: false });
}, 1_800_000);
