const FENCE = /^[\s>]*(?:[-*+] +|\d{1,9}[.)] +)?(`{3,}|~{3,})[^`]*$/;
const BLANK = /^\s*$/;

/**
 * The text with spaces in place of its code: blocks between fences, and spans between runs of backticks of one length. It
 * reads each character a bounded number of times. The browser client shows the same parts as code.
 */
export function withoutCode(body: string): string {
  if (!body.includes('`') && !body.includes('~~~')) return body;
  const parts: string[] = [];
  let paragraph: string[] = [];
  let fence: string | undefined;
  const endParagraph = (): void => {
    if (paragraph.length > 0) parts.push(withoutSpans(paragraph.join('\n')));
    paragraph = [];
  };
  for (const line of body.split(/\r\n?|\n/)) {
    if (fence !== undefined) {
      if (isEnd(line, fence)) fence = undefined;
      continue;
    }
    fence = FENCE.exec(line)?.[1];
    if (fence !== undefined || BLANK.test(line)) endParagraph();
    else paragraph.push(line);
  }
  endParagraph();
  return parts.join('\n');
}

function isEnd(line: string, fence: string): boolean {
  const text = line.replace(/^[\s>]+/, '').trimEnd();
  return text.length >= fence.length && text === fence.charAt(0).repeat(text.length);
}

function withoutSpans(text: string): string {
  /** The places of the runs of each length, the first one last. */
  const places = new Map<number, number[]>();
  for (const { 0: run, index } of [...text.matchAll(/`+/g)].reverse()) {
    const known = places.get(run.length);
    if (known) known.push(index);
    else places.set(run.length, [index]);
  }
  let shown = '';
  let position = 0;
  // A backslash takes the meaning from the character after it.
  for (const { 0: run, index } of text.matchAll(/\\[^]|`+/g)) {
    if (index < position || run.startsWith('\\')) continue;
    const ends = places.get(run.length) ?? [];
    while (ends.length > 0 && ends.at(-1)! <= index) ends.pop();
    const end = ends.at(-1);
    if (end === undefined) continue;
    shown += text.slice(position, index) + ' ';
    position = end + run.length;
  }
  return shown + text.slice(position);
}
