// Of end-to-end tests: whatever was said meanwhile is what the documents say.
afterEach(() => {
  expect(globalThis.witness!.takeFaults()).toEqual([]);
});
