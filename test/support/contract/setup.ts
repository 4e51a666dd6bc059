// After each end-to-end test: every answer, acknowledgement and event must match the documents.
afterEach(() => {
  expect(globalThis.witness!.takeFaults()).toEqual([]);
});
