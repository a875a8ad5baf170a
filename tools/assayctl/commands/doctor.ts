import type { Command } from 'commander';
import { checkInstance } from '../doctor/check-instance.ts';
import { checkMoney } from '../doctor/check-money.ts';
import { checkServers } from '../doctor/check-servers.ts';
import type { Finding } from '../doctor/finding.ts';
import { instancesOf } from '../doctor/instances.ts';
import { FailedChecks } from '../exit-codes.ts';
import { plainOf } from '../plain.ts';
import type { Run, Session } from '../session.ts';
import { type Column, tableLines } from '../table.ts';

const COLUMNS: readonly Column[] = [
  { title: '', of: (finding) => String(finding['verdict']) },
  { title: 'what', of: (finding) => String(finding['subject']) },
  { title: 'check', of: (finding) => String(finding['check']) },
  { title: 'found', of: (finding) => String(finding['found']) },
];

export function addDoctorCommand(program: Command, run: Run): void {
  program
    .command('doctor')
    .description('asks every service how it is: what is wrong, why, what to do')
    .action((_options: object, command: Command) => run(command, doctor));
}

async function doctor(session: Session): Promise<void> {
  const { connections, output, coloured } = session;
  const instances = instancesOf(connections.settings);
  const groups = await Promise.all([
    ...instances.map((instance) => checkInstance(session, instance)),
    checkMoney(session),
    checkServers(session),
  ]);
  const findings = groups.flat();
  const failed = findings.filter(({ verdict }) => verdict === 'fail').length;
  const records = findings.map((finding) => plainOf(finding));
  const lines = [...tableLines(COLUMNS, records, coloured), ...remedyLines(findings), '', summary(findings)];
  output.drawn({ healthy: failed === 0, findings: records }, lines);
  if (failed > 0) throw new FailedChecks(failed);
}

/** What to do, once for each thing that is wrong. */
function remedyLines(findings: readonly Finding[]): string[] {
  return findings
    .filter(({ remedy }) => remedy !== '')
    .flatMap(({ subject, check, found, remedy }) => ['', `${subject}, ${check}: ${found}`, `  do: ${remedy}`]);
}

function summary(findings: readonly Finding[]): string {
  const count = (verdict: Finding['verdict']) => findings.filter((finding) => finding.verdict === verdict).length;
  return `${count('ok')} well, ${count('warn')} to look at, ${count('fail')} wrong, ${count('skip')} not asked`;
}
