import { useEffect, useRef } from 'preact/hooks';

interface FieldProps {
  readonly query: string;
  readonly onQuery: (query: string) => void;
}

/** The search field above the conversations. Ctrl+K or ⌘K focuses it, and Escape clears it. */
export function SearchField({ query, onQuery }: FieldProps) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const isShortcut = event.key === 'k' && (event.ctrlKey || event.metaKey) && !event.altKey;
      if (!isShortcut || document.querySelector('dialog[open]')) return;
      event.preventDefault();
      field.current?.select();
      field.current?.focus();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
  return (
    <input
      ref={field}
      type="search"
      class="search-field"
      aria-label="Search"
      aria-keyshortcuts="Control+K Meta+K"
      placeholder="Search"
      autocomplete="off"
      maxLength={200}
      value={query}
      onInput={(event) => onQuery(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.isComposing) onQuery('');
      }}
    />
  );
}
