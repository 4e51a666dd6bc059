import { Icon } from './icon.tsx';

/** Shows an error text. The element always exists, because screen readers announce only text that is added to it. */
export function Failure({ text }: { text: string | undefined }) {
  return (
    <div role="alert" class={text ? 'failure' : undefined}>
      {text && <Icon name="alert" />}
      {text && <span>{text}</span>}
    </div>
  );
}
