import {
  AuditorServiceService,
  type Breach,
  GetQueueStatusResponse,
} from '@assay/proto/gen/assay/auditor/v1/auditor_service';
import { IssuanceLevel } from '@assay/proto/gen/assay/mint/v1/events';
import {
  GetQuoteResponse,
  GetSupplyResponse,
  Grant,
  Keyset,
  MintAdminServiceService,
  MintServiceService,
  Quote,
  QuoteState,
  type ResumeIssuanceResponse,
  WatchQuotesResponse,
} from '@assay/proto/gen/assay/mint/v1/mint_service';
import { DeadLetter, DeadLetterClass, DeadLetterState } from '@assay/proto/gen/assay/platform/v1/dead_letters';
import { GrpcFault, type Handlers, implement, startGrpcServer } from '@assay/shared/runtime/grpc-server';
import { testContext } from '@assay/testkit/context';

/** What the services hold; a test may change it. */
export interface World {
  quotes: Quote[];
  supply: GetSupplyResponse;
  letters: { auditor: DeadLetter[]; mint: DeadLetter[] };
  breaches: Breach[];
  /** request id → how often it was acted on. */
  acts: Map<string, number>;
  /** Who called, as the services saw it. */
  actors: string[];
}

const PAGE_ROWS = 2;

export function freshWorld(): World {
  const quote = (batchId: string, state: QuoteState, paid: bigint) =>
    Quote.fromPartial({
      ...{ naturalKey: `ehash:pool-1/${batchId}`, quoteId: `id-${batchId}`, method: 'ehash', unit: 'HASH', state },
      ...{
        poolId: 'pool-1',
        batchId,
        amountRequested: 2n ** 53n - 1n,
        amountPaid: paid,
        updatedAtMs: 1_795_744_800_000n,
      },
    });
  return {
    quotes: ['b-1', 'b-2', 'b-3', 'b-4', 'b-5'].map((batchId) => quote(batchId, QuoteState.QUOTE_STATE_PAID, 8n)),
    supply: GetSupplyResponse.fromPartial({
      keysets: [{ keysetId: '01aa', unit: 'HASH', issuedSum: 8n, issuedCount: 1n }],
      methods: [{ unit: 'HASH', method: 'ehash', minted: 8n }],
      units: [{ unit: 'HASH', minted: 8n, outstanding: 8n }],
      operations: 1n,
    }),
    letters: { auditor: [], mint: [letter('poison:01', DeadLetterClass.DEAD_LETTER_CLASS_POISON)] },
    breaches: [],
    acts: new Map(),
    actors: [],
  };
}

function letter(deadLetterId: string, of: DeadLetterClass): DeadLetter {
  const state = DeadLetterState.DEAD_LETTER_STATE_OPEN;
  return DeadLetter.fromPartial({ deadLetterId, class: of, code: 'VERDICT_REFUSED', state, deliveries: 3 });
}

/** All services in this process behind real gRPC, one port for all of them. */
export async function startFakeServices(world: World) {
  const context = testContext({ name: 'fake-services' });
  const serving = { port: 0, host: '127.0.0.1', allowUnauthenticated: true };
  const implementations = [
    implement(MintServiceService, { ...refusing(MintServiceService), ...mintHandlers(world) }),
    implement(MintAdminServiceService, { ...refusing(MintAdminServiceService), ...adminHandlers(world) }),
    implement(AuditorServiceService, { ...refusing(AuditorServiceService), ...auditorHandlers(world) }),
  ];
  const port = await startGrpcServer(context, { ...serving, implementations });
  return { address: `127.0.0.1:${port}`, stop: context.stop };
}

/** What a test does not need is refused, as a service does that lost its database. */
function refusing<S extends Parameters<typeof implement>[0]>(service: S): Handlers<S> {
  const refuse = async (): Promise<never> => {
    throw new GrpcFault('DEPENDENCY_UNAVAILABLE', 'not in this test');
  };
  const handlers: Record<string, unknown> = Object.fromEntries(Object.keys(service).map((name) => [name, refuse]));
  return handlers as Handlers<S>;
}

function mintHandlers(world: World): Pick<Handlers<typeof MintServiceService>, Served> {
  return {
    getQuote: async ({ by }) => {
      const quote = world.quotes.find((known) =>
        by?.$case === 'batch' ? known.batchId === by.value.batchId : known.quoteId === by?.value,
      );
      if (quote === undefined) throw new GrpcFault('QUOTE_UNKNOWN', 'no quote of that name');
      return GetQuoteResponse.fromPartial({ quote, traceId: 'ab'.repeat(16), opIds: ['cd'.repeat(32)] });
    },
    listQuotes: async ({ pageToken, pageSize, state }) => {
      const from = Number(pageToken);
      const matching = world.quotes.filter((quote) => state === 0 || quote.state === state);
      const to = from + Math.min(pageSize, PAGE_ROWS);
      return { quotes: matching.slice(from, to), nextPageToken: to < matching.length ? String(to) : '' };
    },
    watchQuotes: async function* ({ resumeToken }, { signal }) {
      if (resumeToken === 'old') throw new GrpcFault('RESUME_TOKEN_EXPIRED', 'that was too long ago');
      const [first, second] = world.quotes;
      if (first === undefined || second === undefined) return;
      yield WatchQuotesResponse.fromPartial({ update: { $case: 'snapshot', value: first } });
      yield WatchQuotesResponse.fromPartial({ update: { $case: 'bookmark', value: { resumeToken: 'token-1' } } });
      yield WatchQuotesResponse.fromPartial({ update: { $case: 'change', value: second } });
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
    },
    listKeysets: async () => ({
      keysets: [Keyset.fromPartial({ keysetId: '01aa', unit: 'HASH', active: true, amounts: [1n, 2n, 4n] })],
    }),
    getSupply: async () => world.supply,
  };
}

type Served = 'getQuote' | 'listQuotes' | 'watchQuotes' | 'listKeysets' | 'getSupply';
type ServedAdmin =
  | 'resumeIssuance'
  | 'grantFund'
  | 'listGrants'
  | 'listDeadLetters'
  | 'getDeadLetter'
  | 'replayDeadLetters'
  | 'dropDeadLetter';

function adminHandlers(world: World): Pick<Handlers<typeof MintAdminServiceService>, ServedAdmin> {
  return {
    resumeIssuance: async ({ requestId, reason }, { actor }): Promise<ResumeIssuanceResponse> => {
      world.actors.push(actor);
      if (world.breaches.length > 0) throw new GrpcFault('BREACH_OPEN', 'breach B4:q is open');
      world.acts.set(requestId, (world.acts.get(requestId) ?? 0) + 1);
      const level = IssuanceLevel.ISSUANCE_LEVEL_NONE;
      return { control: { level, openBreaches: [], reason, by: actor, version: 2n } };
    },
    grantFund: async ({ grantId, unit, amount, reason }, { actor }) => ({
      grant: Grant.fromPartial({ grantId, unit, amount, reason, state: 1, proposedBy: actor }),
    }),
    listGrants: async () => ({ grants: [], nextPageToken: '' }),
    listDeadLetters: async () => ({ deadLetters: world.letters.mint, nextPageToken: '' }),
    getDeadLetter: async ({ deadLetterId }) => ({ deadLetter: letterIn(world.letters.mint, deadLetterId) }),
    replayDeadLetters: async ({ deadLetterIds }) => ({ replayed: deadLetterIds.length }),
    dropDeadLetter: async ({ deadLetterId, reason }) => {
      if (reason.length < 10) throw new GrpcFault('REASON_TOO_SHORT', 'say more');
      const dropped = letterIn(world.letters.mint, deadLetterId);
      return { deadLetter: { ...dropped, state: DeadLetterState.DEAD_LETTER_STATE_DROPPED, reason } };
    },
  };
}

type ServedAuditor = 'listDeadLetters' | 'getDeadLetter' | 'listBreaches' | 'getQueueStatus';

function auditorHandlers(world: World): Pick<Handlers<typeof AuditorServiceService>, ServedAuditor> {
  return {
    listDeadLetters: async () => ({ deadLetters: world.letters.auditor, nextPageToken: '' }),
    getDeadLetter: async ({ deadLetterId }) => ({ deadLetter: letterIn(world.letters.auditor, deadLetterId) }),
    listBreaches: async () => ({ breaches: world.breaches, nextPageToken: '' }),
    getQueueStatus: async () => GetQueueStatusResponse.fromPartial({ depth: 3n, oldestAgeMs: 1_000n }),
  };
}

function letterIn(letters: readonly DeadLetter[], deadLetterId: string): DeadLetter {
  const found = letters.find((known) => known.deadLetterId === deadLetterId);
  if (found === undefined) throw new GrpcFault('DEAD_LETTER_UNKNOWN', `no dead letter ${deadLetterId}`);
  return found;
}
