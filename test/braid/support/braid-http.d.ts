/** The used parts of braid-http 1.3.80. */
declare module 'braid-http' {
  interface BraidUpdate {
    version?: string[];
    parents?: string[];
    readonly body_text: string | undefined;
    patches?: { unit: string; range: string; readonly content_text: string }[];
  }

  interface BraidParameters {
    method?: string;
    headers?: Record<string, string>;
    version?: string[];
    parents?: string[] | (() => string[] | Promise<string[]>);
    subscribe?: boolean;
    heartbeats?: number;
    retry?: boolean;
    peer?: string;
    body?: string;
    patches?: { unit: string; range: string; content: string }[];
    signal?: AbortSignal;
  }

  type BraidResponse = Response & {
    subscribe(update: (update: BraidUpdate) => void | Promise<void>, error?: (error: Error) => void): void;
  };

  export function fetch(url: string, parameters?: BraidParameters): Promise<BraidResponse>;
  export function http_client(http: typeof import('node:http')): {
    get(
      url: string,
      options: { headers?: Record<string, string>; subscribe?: boolean },
      callback: (
        response: import('node:http').IncomingMessage & {
          on(event: 'update', listener: (update: BraidUpdate) => void): unknown;
        },
      ) => void,
    ): import('node:http').ClientRequest;
  };
}
