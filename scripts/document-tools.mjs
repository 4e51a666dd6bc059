import { installTools, toolsIn } from './install-tools.mjs';

/** Linters and generators for the documents. They have their own folder because they are large. */
export const tools = toolsIn('documents');

/** Installs the linters and generators. @throws Error when npm fails */
export const installDocumentTools = () => installTools(tools);

if (process.argv[1] === import.meta.filename) installDocumentTools();
