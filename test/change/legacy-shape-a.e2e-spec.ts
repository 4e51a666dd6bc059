import { importAtSize } from '../support/legacy-at-size';

it('200,000 old rows of shape A come over, whatever happens on the way, and go back', async () => {
  await importAtSize('schema', { shape: 'A', uniqueVersions: true });
}, 1_800_000);
