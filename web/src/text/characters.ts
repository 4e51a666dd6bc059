/** Makes a test for single characters. For ASCII it looks the result up, without a regular expression. */
export function characterTest(pattern: RegExp): (character: string) => boolean {
  const ascii = Array.from({ length: 128 }, (_, code) => pattern.test(String.fromCharCode(code)));
  return (character) => {
    const code = character.charCodeAt(0);
    return code < 128 ? ascii[code]! : pattern.test(character);
  };
}
