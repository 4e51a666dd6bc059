import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getMetadataStorage } from 'class-validator';
import { parse } from 'yaml';
import { Configuration } from '../../src/platform/configuration/configuration';

/* eslint-disable @typescript-eslint/no-explicit-any -- manifests have every shape */

export const read = (path: string): string => readFileSync(join(__dirname, '../..', path), 'utf8');

/** A YAML file of the repository. */
export const readYaml = (path: string): any => parse(read(path));

/** Every variable that the server knows. */
export const VARIABLES: ReadonlySet<string> = new Set(
  getMetadataStorage()
    .getTargetValidationMetadatas(Configuration, '', false, false)
    .map(({ propertyName }) => propertyName),
);

/** What the server answers, by path. */
export const ROUTES: ReadonlySet<string> = new Set(Object.keys(JSON.parse(read('docs/openapi.json')).paths));

/** The command of the image. */
export const IMAGE_COMMAND: readonly string[] = JSON.parse(/^CMD (\[.*\])$/m.exec(read('Dockerfile'))![1]!);

/** Stands for any secret. */
export const SECRET_VALUES: Readonly<Record<string, string>> = {
  DATABASE_URL: 'postgres://xfchat@database/xfchat',
  DIRECT_DATABASE_URL: 'postgres://migration@database/xfchat',
  AUTH_SECRET: 'abcdefghijklmnopqrstuvwxyz-0123456789',
  METRICS_TOKEN: 'abcdefghijklmnopqrstuvwxyz-0123456789',
};
