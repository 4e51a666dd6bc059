import { useEffect, useState } from 'preact/hooks';

/** Whether something has been so for some time, in milliseconds: what is over before is not worth a word. */
export function useLasting(isSo: boolean, patienceMs: number): boolean {
  const [lasts, setLasts] = useState(false);
  useEffect(() => {
    if (!isSo) return setLasts(false);
    const timer = setTimeout(() => setLasts(true), patienceMs);
    return () => clearTimeout(timer);
  }, [isSo]);
  return isSo && lasts;
}
