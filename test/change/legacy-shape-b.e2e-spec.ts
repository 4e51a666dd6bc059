import { importAtSize } from '../support/legacy-at-size';

it('200,000 old rows of shape B come over, whatever happens on the way, and go back', async () => {
  await importAtSize('url', { shape: 'B', uniqueVersions: false });
}, 1_800_000);
