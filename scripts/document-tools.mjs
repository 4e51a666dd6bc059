import { installTools, toolsIn } from './install-tools.mjs';

/** Linters and generators for the documents: they are heavy. */
export const tools = toolsIn('documents');

/** @throws Error */
export const installDocumentTools = () => installTools(tools);

if (process.argv[1] === import.meta.filename) installDocumentTools();
