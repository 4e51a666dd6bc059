import { diffWordsWithSpace } from 'diff';

/** One text with what has come and gone since another, word by word; told without colours too. */
export function Differences({ from, to }: { from: string; to: string }) {
  return (
    <p class="text differences" dir="auto">
      {diffWordsWithSpace(from, to, { timeout: 500 })?.map(({ added, removed, value }) => {
        if (added) return <ins>{value}</ins>;
        if (removed) return <del>{value}</del>;
        return value;
      }) ?? to}
    </p>
  );
}
