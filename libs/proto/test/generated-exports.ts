import { readdirSync } from 'node:fs';

const GENERATED = new URL('../src/gen/', import.meta.url);

interface GeneratedExport {
  /** `assay.pool.v1` */
  readonly package: string;
  readonly name: string;
  readonly value: unknown;
}

/** What the generated modules export, all of them: messages, enums, services. */
export async function generatedExports(): Promise<GeneratedExport[]> {
  const files = readdirSync(GENERATED, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const modules = files.map(async (file) => {
    const exported = (await import(new URL(file, GENERATED).href)) as Record<string, unknown>;
    const scope = file.split('/').slice(0, -1).join('.');
    return Object.entries(exported).map(([name, value]) => ({ package: scope, name, value }));
  });
  return (await Promise.all(modules)).flat();
}
