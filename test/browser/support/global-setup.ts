import startTestPostgres from '../../support/global-setup';
import { chromiumPath } from './chromium';

export default async function globalSetup(): Promise<void> {
  chromiumPath();
  await startTestPostgres();
}
