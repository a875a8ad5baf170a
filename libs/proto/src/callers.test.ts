import { describe, expect, test } from 'vitest';
import { generatedExports } from '../test/generated-exports.ts';
import { CALLERS } from './callers.ts';

const paths = (await generatedExports()).flatMap(({ name, value }) => (name.endsWith('Service') ? pathsOf(value) : []));

function pathsOf(service: unknown): string[] {
  const methods = typeof service === 'object' && service !== null ? Object.values(service) : [];
  return methods.flatMap((method: { readonly path?: string }) => method.path ?? []);
}

describe('who may call', () => {
  test('is said for every method, and for nothing else', () => {
    expect(paths.length).toBeGreaterThan(30);
    expect(Object.keys(CALLERS).sort()).toEqual(paths.sort());
  });

  test('is somebody for each', () => {
    for (const [path, callers] of Object.entries(CALLERS)) expect(callers, path).not.toHaveLength(0);
  });

  test('is an operator alone where a service is for admins', () => {
    const admin = Object.entries(CALLERS).filter(([path]) => path.includes('AdminService/'));
    for (const [path, callers] of admin) expect(callers, path).toEqual(['operator']);
  });

  test('is the mint alone at the signatory', () => {
    const signing = Object.entries(CALLERS).filter(([path]) => path.startsWith('/signatory.'));
    for (const [path, callers] of signing) expect(callers, path).toEqual(['mint']);
  });
});
