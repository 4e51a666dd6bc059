import { diffWordsWithSpace } from 'diff';

/** Shows the words that were added and removed between two texts, by elements and not by colour alone. */
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
