import { Icon } from './icon.tsx';

/** Shows an error text. Always there for screen readers, which hear of what is put into it. */
export function Failure({ text }: { text: string | undefined }) {
  return (
    <div role="alert" class={text ? 'failure' : undefined}>
      {text && <Icon name="alert" />}
      {text && <span>{text}</span>}
    </div>
  );
}
