import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configTable } from '@assay/shared/runtime/config';
import { ROOT } from '@assay/testkit/find-server';
import { configFile, definitionOf } from './definition.ts';
import { withTable } from './readme-table.ts';

export interface Readme {
  readonly file: string;
  readonly text: string;
  /** The text with the table of the app's settings as they are in its config.ts; why there can be none. */
  readonly current: string | Error;
}

/** The README of every app that has a configuration. */
export async function readmes(): Promise<Readme[]> {
  const apps = readdirSync(join(ROOT, 'apps')).filter((app) => existsSync(configFile(app)));
  return Promise.all(apps.map(readmeOf));
}

async function readmeOf(app: string): Promise<Readme> {
  const file = `apps/${app}/README.md`;
  const path = join(ROOT, file);
  if (!existsSync(path)) return { file, text: '', current: new Error('is missing') };
  const text = readFileSync(path, 'utf8');
  try {
    return { file, text, current: withTable(text, configTable(await definitionOf(app))) };
  } catch (error) {
    return { file, text, current: error instanceof Error ? error : new Error(String(error)) };
  }
}
