import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Controller, Get, Header, Req } from '@nestjs/common';
import type { Request } from 'express';
import { Route } from '../../platform/documents/documented';
import type { Schema } from '../../platform/documents/schema';
import { Public } from '../../platform/http/public';
import { PACKAGE_ROOT } from '../../platform/package-root';
import { PathBudgets } from '../../platform/rate-limits/path-budgets';
import type { Allowance } from '../../platform/rate-limits/token-buckets';
import { documentsPage } from './page';

/** Requests for documents, by address: each costs milliseconds, and few people read them. */
const DOCUMENT: Allowance = { burst: 100, perSecond: 2 };

const documentSchema: Schema<object> = { type: 'object', examples: [{}] };

/** Serves the documents of the interface that `npm run documents` wrote. */
@Public()
@Controller()
export class DocumentsController {
  private readonly documents = new Map<string, object>();
  private page: string | undefined;

  constructor(budgets: PathBudgets) {
    budgets.add({ paths: /^\/(docs|openapi\.json|asyncapi\.json)\/?$/i, allowance: DOCUMENT });
  }

  @Route({ summary: 'The HTTP interface (OpenAPI)', answers: { 200: documentSchema }, kind: 'page' })
  @Get('openapi.json')
  openApi(): object {
    return this.document('openapi.json');
  }

  @Route({ summary: 'The socket interface (AsyncAPI)', answers: { 200: documentSchema }, kind: 'page' })
  @Get('asyncapi.json')
  asyncApi(@Req() request: Request): object {
    const document = this.document('asyncapi.json') as { servers: { own: object } };
    const protocol = request.protocol === 'https' ? 'wss' : 'ws';
    return { ...document, servers: { own: { ...document.servers.own, host: request.host, protocol } } };
  }

  @Route({ summary: 'Both documents as a page', answers: { 200: { mediaType: 'text/html' } }, kind: 'page' })
  @Get('docs')
  @Header('Content-Type', 'text/html; charset=utf-8')
  docs(): string {
    return (this.page ??= documentsPage(this.document('openapi.json'), this.document('asyncapi.json')));
  }

  /** Reads the file on the first request, since the server does not need it to serve. */
  private document(name: string): object {
    let document = this.documents.get(name);
    if (!document) {
      document = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'docs', name), 'utf8')) as object;
      this.documents.set(name, document);
    }
    return document;
  }
}
