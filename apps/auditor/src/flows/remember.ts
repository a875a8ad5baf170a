import type { ExtranonceOwners, TemplateDecisions } from '../ports.ts';
import { countTemplateLookup } from '../telemetry.ts';
import { BoundedMap } from './bounded-map.ts';

const TEMPLATES_MAX = 512;
const TEMPLATES_WITH_OWNERS_MAX = 512;
const OWNERS_PER_TEMPLATE_MAX = 100_000;

/** Judged templates stay in memory: they never change again. */
export function rememberJudged(templates: TemplateDecisions): TemplateDecisions {
  const judged = new BoundedMap<string, Awaited<ReturnType<TemplateDecisions['find']>>>(TEMPLATES_MAX);
  return {
    ...templates,
    find: async (id) => {
      const known = judged.get(id);
      countTemplateLookup(known !== undefined);
      if (known !== undefined) return known;
      const stored = await templates.find(id);
      if (stored?.state === 'VALID' || stored?.state === 'INVALID') judged.set(id, stored);
      return stored;
    },
  };
}

/** Claims stay in memory: the first one stays for ever. */
export function rememberOwners(owners: ExtranonceOwners): ExtranonceOwners {
  const byTemplate = new BoundedMap<string, Map<string, string>>(TEMPLATES_WITH_OWNERS_MAX);
  const note = (templateId: string, found: ReadonlyMap<string, string>) => {
    const known = byTemplate.get(templateId) ?? new Map<string, string>();
    if (known.size < OWNERS_PER_TEMPLATE_MAX) for (const [prefix, key] of found) known.set(prefix, key);
    byTemplate.set(templateId, known);
  };
  return {
    ownersOf: async (templateId, prefixes) => {
      const known = byTemplate.get(templateId);
      const missing = prefixes.filter((prefix) => known?.has(prefix) !== true);
      if (missing.length > 0) note(templateId, await owners.ownersOf(templateId, missing));
      return pick(byTemplate.get(templateId), prefixes);
    },
    claim: async (templateId, prefixes, lockingKey, atMs) => {
      const claimed = await owners.claim(templateId, prefixes, lockingKey, atMs);
      note(templateId, claimed);
      return claimed;
    },
  };
}

function pick(known: ReadonlyMap<string, string> | undefined, prefixes: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const prefix of prefixes) {
    const key = known?.get(prefix);
    if (key !== undefined) found.set(prefix, key);
  }
  return found;
}
