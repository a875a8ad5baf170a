/** What tasks are about, and the consumer that carries them out: a dead letter names who gave up. */
export const TASK_CONSUMERS = { batch: 'auditor-batches', template: 'auditor-templates-pool' } as const;
export type TaskKind = keyof typeof TASK_CONSUMERS;

/** Id of the dead letter of a batch or template: one for each revision. */
export function letterIdOf({ kind, id, revision }: { kind: TaskKind; id: string; revision: number }): string {
  return `${kind}:${id}#${revision}`;
}
