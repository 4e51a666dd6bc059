import { useEffect, useState } from 'preact/hooks';

/** Whether `isSo` has been true for `patienceMs` milliseconds. A shorter state is not worth showing. */
export function useLasting(isSo: boolean, patienceMs: number): boolean {
  const [lasts, setLasts] = useState(false);
  useEffect(() => {
    if (!isSo) return setLasts(false);
    const timer = setTimeout(() => setLasts(true), patienceMs);
    return () => clearTimeout(timer);
  }, [isSo]);
  return isSo && lasts;
}
