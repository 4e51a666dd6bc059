/** The paths of the icons, in a square of 24. */
const PATHS = {
  back: 'M15 5l-7 7 7 7',
  close: 'M6 6l12 12M18 6L6 18',
  plus: 'M12 5v14M5 12h14',
  send: 'M4 12l16-8-6 16-3-6z',
  reply: 'M10 7L5 12l5 5M5 12h9a5 5 0 0 1 5 5v1',
  edit: 'M5 19l1-4L16 5l3 3L9 18z',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
  history: 'M12 8v5l3 2M4 12a8 8 0 1 0 2.5-5.8M4 4v4h4',
  people:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3 20a6 6 0 0 1 12 0M16 4.5a3.5 3.5 0 0 1 0 6M17.5 14a6 6 0 0 1 3.5 6',
  chats: 'M5 5h14v11h-8l-5 4v-4H5z',
  gear: 'M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.1 2.1M16.3 16.3l2.1 2.1M18.4 5.6l-2.1 2.1M7.7 16.3l-2.1 2.1',
  down: 'M12 5v14M6 13l6 6 6-6',
  clock: 'M12 7v5l3 2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z',
  check: 'M5 13l4 4L19 7',
  checks: 'M2 13l4 4L15 7M11 16l1 1L22 7',
  alert: 'M12 8v5M12 16.5v.5M12 3l9.5 17h-19z',
  smile: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.5 14.5a4.2 4.2 0 0 0 7 0M9 9.5v.5M15 9.5v.5',
  pin: 'M9 4h6l-.7 6.2L17 13v2H7v-2l2.7-2.8zM12 15v6',
  info: 'M12 11v6M12 7v.5M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z',
} as const;

export type IconName = keyof typeof PATHS;

/** An icon beside text or in a labelled button. Screen readers skip it. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
