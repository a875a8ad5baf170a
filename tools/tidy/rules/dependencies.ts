import { adapterOf, isGenerated, isTestSide, isTool, layerOf, type Layer, projectOf } from '../file-kinds.ts';
import { type Import, importsOf } from '../imports.ts';
import type { Source } from '../source-tree.ts';
import type { Rule, Violation } from '../violation.ts';

type Fault = string | undefined;
type ImportRule = (from: string, imported: Import) => Fault;

const KERNEL = 'libs/shared/src/kernel/';
/** Spans, and the plain trace context that documents carry. */
const SPANS = 'libs/shared/src/runtime/telemetry.ts';
/** The signatory's domain is the cryptography; everybody else hashes and multiplies through the kernel. */
const CRYPTO_DOMAIN = 'apps/signatory/src/domain/';
const CRYPTO_LIBRARIES = /^(secp256k1$|@noble\/)/;

const ALLOWED_LAYERS: Readonly<Record<string, readonly Layer[]>> = {
  domain: ['domain'],
  flows: ['domain', 'flows', 'ports', 'telemetry'],
  ports: ['domain', 'ports'],
  telemetry: ['domain', 'telemetry'],
};

const domainIsPure: ImportRule = (from, { specifier, target }) => {
  if (layerOf(from) !== 'domain') return undefined;
  if (CRYPTO_LIBRARIES.test(specifier) && from.startsWith(CRYPTO_DOMAIN)) return undefined;
  const isKernelOrDomain = target !== undefined && (target.startsWith(KERNEL) || layerOf(target) === 'domain');
  return isKernelOrDomain ? undefined : 'the domain imports the kernel and nothing else';
};

const flowsAreNarrow: ImportRule = (from, { target }) => {
  const layer = layerOf(from);
  if (layer !== 'flows' && layer !== 'ports') return undefined;
  const isLibrary = target?.startsWith(KERNEL) === true || target === SPANS;
  const isAllowed = target !== undefined && (isLibrary || isLayerAllowed(layer, target));
  return isAllowed ? undefined : `${layer} import domain, kernel, ports and telemetry only`;
};

const telemetryIsOutside: ImportRule = (from, { target }) => {
  if (layerOf(from) !== 'telemetry' || target === undefined) return undefined;
  const isAllowed = target.startsWith('libs/shared/') || isLayerAllowed('telemetry', target);
  return isAllowed ? undefined : 'telemetry knows the domain only';
};

const adaptersStandAlone: ImportRule = (from, { target }) => {
  const own = adapterOf(from);
  const other = target === undefined ? undefined : adapterOf(target);
  return own === undefined || other === undefined || own === other
    ? undefined
    : `adapter ${own} must not know adapter ${other}`;
};

const mainBuildsAdapters: ImportRule = (from, { target, isTypeOnly }) => {
  const layer = layerOf(from);
  if (layer === 'config' && isTypeOnly) return undefined;
  if (layer === undefined || layer === 'main' || layer === 'adapters' || target === undefined) return undefined;
  return layerOf(target) === 'adapters' ? 'only main.ts knows adapters' : undefined;
};

const generatedStaysOutside: ImportRule = (from, { target }) => {
  const layer = layerOf(from);
  const isInside = layer !== undefined && layer !== 'adapters' && layer !== 'main';
  return isInside && target !== undefined && isGenerated(target) ? 'generated types stop at adapters' : undefined;
};

const appsStandAlone: ImportRule = (from, { specifier, target }) => {
  const app = target?.startsWith('apps/') === true ? projectOf(target) : appNamed(specifier);
  if (app === undefined || projectOf(from) === app) return undefined;
  if (app === 'apps/signatory') return 'nothing imports the signatory';
  if (isTool(from)) return undefined;
  return from.startsWith('apps/auditor/') ? 'the auditor re-derives with its own code' : 'apps are imported by nobody';
};

const testkitIsForTests: ImportRule = (from, { target }) => {
  if (target?.startsWith('libs/testkit/') !== true || isTestSide(from) || isTool(from)) return undefined;
  return 'testkit is for tests and tools';
};

const kernelIsPure: ImportRule = (from, { specifier, target }) => {
  if (!from.startsWith(KERNEL)) return undefined;
  const isPure = /^node:(crypto|module)$/.test(specifier) || CRYPTO_LIBRARIES.test(specifier);
  return isPure || target?.startsWith(KERNEL) === true
    ? undefined
    : 'the kernel imports itself and curve libraries only';
};

const projectsHaveDoors: ImportRule = (from, { specifier, target }) => {
  if (!specifier.startsWith('.') || target === undefined || isTool(from)) return undefined;
  return projectOf(from) === projectOf(target) ? undefined : 'import another project by its package name';
};

/** Tests may reach further than what they test, but never into another app or past a package's door. */
const PRODUCT_RULES: Readonly<Record<string, ImportRule>> = {
  'domain-imports': domainIsPure,
  'flow-imports': flowsAreNarrow,
  'telemetry-imports': telemetryIsOutside,
  'adapter-imports': adaptersStandAlone,
  'adapter-construction': mainBuildsAdapters,
  'generated-types': generatedStaysOutside,
  'kernel-imports': kernelIsPure,
};
const RULES_FOR_ALL: Readonly<Record<string, ImportRule>> = {
  'app-imports': appsStandAlone,
  'testkit-imports': testkitIsForTests,
  'package-door': projectsHaveDoors,
};

export const dependencies: readonly Rule[] = [
  ...Object.entries(PRODUCT_RULES).map(([name, rule]) => importRule(name, rule, (path) => !isTestSide(path))),
  ...Object.entries(RULES_FOR_ALL).map(([name, rule]) => importRule(name, rule, () => true)),
];

function importRule(name: string, fault: ImportRule, applies: (path: string) => boolean): Rule {
  return {
    name,
    check: ({ sources }) =>
      sources.filter(({ path }) => applies(path)).flatMap((source) => faultsOf(name, fault, source)),
  };
}

function faultsOf(rule: string, fault: ImportRule, source: Source): Violation[] {
  return importsOf(source).flatMap((imported) => {
    const message = fault(source.path, imported);
    if (message === undefined) return [];
    return [{ file: source.path, line: imported.line, rule, message: `${imported.specifier}: ${message}` }];
  });
}

function isLayerAllowed(layer: string, target: string): boolean {
  const other = layerOf(target);
  return other !== undefined && ALLOWED_LAYERS[layer]?.includes(other) === true;
}

function appNamed(specifier: string): string | undefined {
  const app = /^@assay\/([^/]+)/.exec(specifier)?.[1];
  return app === undefined || ['proto', 'shared', 'testkit', 'tools'].includes(app) ? undefined : `apps/${app}`;
}
