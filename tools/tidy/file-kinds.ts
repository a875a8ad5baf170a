/** Where a file of an app stands in the skeleton of 07 section 2. */
export type Layer = 'domain' | 'flows' | 'adapters' | 'ports' | 'telemetry' | 'config' | 'main' | 'other';

export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** `apps/pool`, `libs/shared`, `tools`, …; undefined for files at the root. */
export function projectOf(path: string): string | undefined {
  const [first, second] = path.split('/');
  if ((first === 'apps' || first === 'libs') && second !== undefined) return `${first}/${second}`;
  return path.includes('/') ? first : undefined;
}

export function isTestFile(path: string): boolean {
  return path.endsWith('.test.ts');
}

/** Tests and what only tests use. */
export function isTestSide(path: string): boolean {
  return isTestFile(path) || path.startsWith('libs/testkit/') || /^(apps|libs|tools)\/[^/]+\/test\//.test(path);
}

/** What `npm run contracts` writes. */
export function isGenerated(path: string): boolean {
  return path.startsWith('libs/proto/src/gen/');
}

/** Code for the developer's machine: never part of a service. */
export function isTool(path: string): boolean {
  return path.startsWith('tools/') || path.startsWith('bench/');
}

/** Part of what runs in production. */
export function isProduct(path: string): boolean {
  return /^(apps|libs)\/[^/]+\/src\//.test(path) && !isTestSide(path);
}

/** The layer of a file of an app; undefined outside of `apps/<app>/src`. */
export function layerOf(path: string): Layer | undefined {
  const inside = /^apps\/[^/]+\/src\/(.+)$/.exec(path)?.[1];
  if (inside === undefined) return undefined;
  const folder = /^(domain|flows|adapters)\//.exec(inside)?.[1];
  if (folder === 'domain' || folder === 'flows' || folder === 'adapters') return folder;
  const name = fileName(path);
  if (name === 'main.ts') return 'main';
  if (/(^|-)ports?\.ts$/.test(name)) return 'ports';
  if (name === 'config.ts') return 'config';
  return /(^|-)telemetry\.ts$/.test(name) ? 'telemetry' : 'other';
}

/** `mongo` of `apps/pool/src/adapters/mongo/batches.ts`. */
export function adapterOf(path: string): string | undefined {
  return /^apps\/[^/]+\/src\/adapters\/([^/]+)\//.exec(path)?.[1];
}
