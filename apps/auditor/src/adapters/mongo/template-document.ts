import { TemplateDeclared } from '@assay/proto/gen/assay/pool/v1/events';
import type { CollectionDefinition, Versioned } from '@assay/shared/runtime/mongo';
import { OUTBOX_SCHEMA } from '@assay/shared/runtime/outbox';
import type { TemplateState } from '../../domain/template-machine.ts';
import type { VerdictResult } from '../../domain/verdict.ts';
import type { NodeStatement, StoredTemplate } from '../../ports.ts';

export interface TemplateDocument extends Versioned {
  /** TemplateDeclared as it arrived. */
  event: Uint8Array;
  poolId: string;
  state: TemplateState;
  code: string;
  late: boolean;
  answers: NodeStatement[];
  revision: number;
  attempt: number;
  /** Set while it waits; unset while its task is on the way. */
  nextCheckAt?: Date;
  lease?: { owner: string; until: Date; token: number };
  receivedAt: Date;
  waitingSince: Date;
  updatedAt: Date;
  autoReplays: number;
  verdict?: {
    result: VerdictResult;
    hash: string;
    signature: string;
    decidedAt: Date;
    /** TemplateJudged, as it was published. */
    event: Uint8Array;
  };
}

const INT = { bsonType: ['int', 'long'], minimum: 0 } as const;

export const TEMPLATES: CollectionDefinition = {
  name: 'templates',
  schema: {
    bsonType: 'object',
    required: ['_id', 'version', 'outbox', 'event', 'poolId', 'state', 'revision', 'attempt', 'answers', 'late'],
    properties: {
      _id: { bsonType: 'string', pattern: '^[0-9a-f]{64}$' },
      version: INT,
      outbox: OUTBOX_SCHEMA,
      event: { bsonType: 'binData' },
      state: { enum: ['DECLARED', 'CHECKING', 'HELD', 'VALID', 'INVALID', 'DEAD'] },
      revision: INT,
      attempt: INT,
      nextCheckAt: { bsonType: 'date' },
      lease: { bsonType: 'object', required: ['owner', 'until', 'token'] },
      answers: { bsonType: 'array', maxItems: 16 },
      verdict: { bsonType: 'object', required: ['result', 'hash', 'signature', 'decidedAt', 'event'] },
    },
  },
  indexes: [
    { name: 'state_nextCheckAt', keys: { state: 1, nextCheckAt: 1 } },
    { name: 'state_code', keys: { state: 1, code: 1, _id: 1 } },
  ],
  outbox: true,
};

export function storedTemplate(document: TemplateDocument): StoredTemplate {
  const { _id: id, version, state, code, late, answers, revision, attempt, autoReplays, trace } = document;
  return {
    id,
    version,
    template: TemplateDeclared.decode(document.event),
    state,
    code,
    late,
    answers,
    revision,
    attempt,
    nextCheckAtMs: document.nextCheckAt?.getTime(),
    leaseUntilMs: document.lease?.until.getTime(),
    waitingSinceMs: document.waitingSince.getTime(),
    autoReplays,
    trace,
  };
}
