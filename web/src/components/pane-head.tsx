import { followBack } from '../route.ts';
import { Icon } from './icon.tsx';

/** The head of a page beside the list. */
export function PaneHead({ title }: { title: string }) {
  return (
    <header class="pane-head">
      <Back />
      <div class="pane-title">
        <h2>{title}</h2>
      </div>
    </header>
  );
}

/** The link back to the list, for narrow screens, which do not show the list beside the page. */
export function Back() {
  return (
    <a href="/" class="back round" aria-label="Back to the conversations" onClick={followBack}>
      <Icon name="back" />
    </a>
  );
}
