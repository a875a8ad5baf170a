import { join } from 'node:path';
import type { ConfigDefinition } from '@assay/shared/runtime/config';
import { ROOT } from '@assay/testkit/find-server';

/**
 * What an app's config.ts defines. The module is loaded by its path and not by an import: nothing may depend on the
 * signatory, and this reads what a service says about itself, as a script that starts it does.
 */
export async function definitionOf(app: string): Promise<ConfigDefinition<unknown>> {
  const module = (await import(configFile(app))) as Record<string, unknown>;
  const [definition] = Object.values(module).filter(isDefinition);
  if (definition === undefined) throw new Error(`has no table: apps/${app}/src/config.ts exports no definition`);
  return definition;
}

function isDefinition(value: unknown): value is ConfigDefinition<unknown> {
  return typeof value === 'object' && value !== null && 'prefix' in value && 'shape' in value && 'load' in value;
}

/** Path of an app's config.ts. */
export function configFile(app: string): string {
  return join(ROOT, 'apps', app, 'src/config.ts');
}
