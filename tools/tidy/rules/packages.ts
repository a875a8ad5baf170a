import { z } from 'zod';
import { isProduct, projectOf } from '../file-kinds.ts';
import { type Import, importsOf } from '../imports.ts';
import type { Source, SourceTree } from '../source-tree.ts';
import type { Rule, Violation } from '../violation.ts';

const ROOT = 'package.json';
const REASONS = 'CONTRIBUTING.md';
/** The generated code, which tidy does not read, imports these. */
const GENERATED_IMPORTS: Readonly<Record<string, readonly string[]>> = {
  'libs/proto': ['@bufbuild/protobuf', '@grpc/grpc-js'],
};

const names = z.record(z.string(), z.string()).default({});
const manifestSchema = z.object({ name: z.string(), dependencies: names, devDependencies: names });
type Manifest = z.infer<typeof manifestSchema>;

/** Packages from outside whose reason CONTRIBUTING.md does not give. */
export const packageReasons: Rule = {
  name: 'package-reason',
  check: ({ texts }) => {
    const reasons = reasonsIn(texts.get(REASONS) ?? '');
    return manifestsIn(texts).flatMap(([file, manifest]) =>
      packagesOf(manifest)
        .filter((name) => !name.startsWith('@assay/') && !reasons.some((reason) => covers(reason, name)))
        .map((name) => violation(file, 1, 'package-reason', `${REASONS} has no line for ${name}`)),
    );
  },
};

/** Packages that a workspace asks for and no file of it imports. The root's are programs. */
export const unusedPackages: Rule = {
  name: 'unused-package',
  check: ({ sources, texts }) =>
    manifestsIn(texts).flatMap(([file, manifest]) => {
      const project = projectOf(file);
      if (project === undefined) return [];
      const used = new Set(GENERATED_IMPORTS[project]);
      for (const source of sources.filter(({ path }) => projectOf(path) === project)) {
        for (const { name } of packagesImportedBy(source)) used.add(name);
      }
      return packagesOf(manifest)
        .filter((name) => !used.has(name))
        .map((name) => violation(file, 1, 'unused-package', `nothing here imports ${name}`));
    }),
};

/** Imports of packages that only happen to be there: an install without development packages would lack them. */
export const undeclaredPackages: Rule = {
  name: 'undeclared-package',
  check: (tree) => tree.sources.flatMap((source) => undeclaredIn(source, tree)),
};

function undeclaredIn(source: Source, { texts }: SourceTree): Violation[] {
  const manifests = new Map(manifestsIn(texts));
  const own = manifests.get(`${projectOf(source.path)}/package.json`);
  if (own === undefined) return [];
  const inTests = [own.name, ...packagesOf(own), ...packagesOf(manifests.get(ROOT))];
  const allowed = new Set(isProduct(source.path) ? Object.keys(own.dependencies) : inTests);
  return packagesImportedBy(source)
    .filter(({ name }) => !allowed.has(name))
    .map(({ name, line }) =>
      violation(source.path, line, 'undeclared-package', `package.json does not ask for ${name}`),
    );
}

const known = new WeakMap<ReadonlyMap<string, string>, [string, Manifest][]>();

function manifestsIn(texts: ReadonlyMap<string, string>): [string, Manifest][] {
  const found = known.get(texts) ?? [...texts].flatMap(([file, text]) => manifestOf(file, text));
  known.set(texts, found);
  return found;
}

function manifestOf(file: string, text: string): [string, Manifest][] {
  if (file !== ROOT && file !== `${projectOf(file)}/package.json`) return [];
  return [[file, manifestSchema.parse(JSON.parse(text))]];
}

function packagesOf(manifest: Manifest | undefined): string[] {
  return manifest === undefined ? [] : Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
}

function packagesImportedBy(source: Source): { name: string; line: number }[] {
  return importsOf(source).flatMap(({ specifier, line }: Import) => {
    if (specifier.startsWith('.') || specifier.startsWith('node:')) return [];
    const [scope = '', name = ''] = specifier.split('/');
    return [{ name: scope.startsWith('@') ? `${scope}/${name}` : scope, line }];
  });
}

/** The names in the first column of the table; `@scope/*` is a whole scope. */
function reasonsIn(text: string): string[] {
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  return rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
}

function covers(reason: string, name: string): boolean {
  return reason === name || (reason.endsWith('/*') && name.startsWith(reason.slice(0, -1)));
}

function violation(file: string, line: number, rule: string, message: string): Violation {
  return { file, line, rule, message };
}
