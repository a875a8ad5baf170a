import { projectOf } from '../file-kinds.ts';
import type { SourceTree } from '../source-tree.ts';
import type { Rule, Violation } from '../violation.ts';

const SECTIONS = ['Purpose', 'Owns', 'Trusts / trusted by', 'Fails how', 'Run', 'Config'];

/** Every app says in the same order what it is for. */
export const readmeSections: Rule = {
  name: 'readme-section',
  check: (tree) => appsIn(tree).flatMap((app) => faultsOf(`${app}/README.md`, tree.texts.get(`${app}/README.md`))),
};

function appsIn({ sources }: SourceTree): string[] {
  const apps = sources.map(({ path }) => projectOf(path)).filter((project) => project?.startsWith('apps/') === true);
  return [...new Set(apps)].flatMap((app) => app ?? []);
}

function faultsOf(file: string, text: string | undefined): Violation[] {
  const fault = (message: string): Violation => ({ file, line: 1, rule: 'readme-section', message });
  if (text === undefined) return [fault('an app has a README')];
  const headings = text.split('\n').filter((line) => line.startsWith('#'));
  const titles = headings.map((line) =>
    line
      .replace(/^#+\s*/, '')
      .trim()
      .toLowerCase(),
  );
  const places = SECTIONS.map((section) => titles.indexOf(section.toLowerCase()));
  const missing = SECTIONS.filter((_, at) => places[at] === -1).map((section) => fault(`no section "${section}"`));
  const isOrdered = places.every((place, at) => at === 0 || place === -1 || place > (places[at - 1] ?? -1));
  return isOrdered ? missing : [...missing, fault(`sections are in another order than ${SECTIONS.join(' · ')}`)];
}
