/** The number of avatar colours in `components.css`. */
const COLOURS = 8;

/** The initials of a name on a colour that depends on the id. The page loads no pictures from other hosts. */
export function Avatar({ id, name, size }: { id: string; name: string; size?: 'small' }) {
  const colour =
    [...id].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) % 65_536, 7) % COLOURS;
  return (
    <span class={`avatar colour-${colour} ${size ?? ''}`} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

function initials(name: string): string {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  const letters = words.slice(0, 2).map((word) => [...word][0] ?? '');
  return letters.join('').toLocaleUpperCase() || '?';
}
