import type { OutboxEntry } from '@assay/shared/runtime/outbox';

/** Told of the document that was committed, and of the event in it. */
export type OnCommit = (id: string, event: OutboxEntry) => void;
