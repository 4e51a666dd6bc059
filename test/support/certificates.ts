import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const hasOpenssl = (): boolean => spawnSync('openssl', ['version']).status === 0;

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const openssl = (...words: string[]): void => void execFileSync('openssl', words, { stdio: 'ignore' });

/** A certificate authority for tests, in a folder with its own certificate and those that it signs. */
export class Authority {
  readonly certificate: string;
  private readonly key: string;

  constructor(
    private readonly folder: string,
    name: string,
  ) {
    this.certificate = join(folder, `${name}.crt`);
    this.key = join(folder, `${name}.key`);
    openssl(
      'req',
      '-x509',
      ...EC,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      this.key,
      '-out',
      this.certificate,
    );
  }

  /** @param subject the subject of the certificate, which is also the server's name */
  sign(subject: string): { certificate: string; key: string } {
    const [key, request, certificate, names] = ['key', 'csr', 'crt', 'ext'].map((ending) =>
      join(this.folder, `${subject}.${ending}`),
    ) as [string, string, string, string];
    writeFileSync(names, `subjectAltName=DNS:${subject}\n`);
    openssl('req', ...EC, '-subj', `/CN=${subject}`, '-keyout', key, '-out', request);
    const signed = [
      '-CA',
      this.certificate,
      '-CAkey',
      this.key,
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      names,
    ];
    openssl('x509', '-req', '-in', request, '-out', certificate, ...signed);
    return { certificate, key };
  }
}
