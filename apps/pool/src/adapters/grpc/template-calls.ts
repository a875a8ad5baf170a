import { type TemplateDeclared, TemplateSource } from '@assay/proto/gen/assay/pool/v1/events';
import {
  type GetTemplateBodyRequest,
  type GetTemplateBodyResponse,
  type GetTemplateRequest,
  type ListTemplatesRequest,
  type Template as TemplateMessage,
  TemplateState,
} from '@assay/proto/gen/assay/pool/v1/pool_service';
import { unixMs } from '@assay/shared/kernel/clock';
import { GrpcFault } from '@assay/shared/runtime/grpc-server';
import { decodePageToken, encodePageToken, pageSize } from '@assay/shared/runtime/paging';
import type { Template, TemplateRecord, TemplateState as State } from '../../domain/template.ts';
import type { BatchPort, TemplateBodyPort, TemplateFilter, TemplatePort } from '../../ports.ts';
import { hashTextOf, tokenNumber, tokenText } from './requests.ts';

export interface TemplateCallPorts {
  readonly templates: TemplatePort;
  readonly bodies: TemplateBodyPort;
  readonly batches: Pick<BatchPort, 'countOfTemplate'>;
  readonly currentTemplateId: () => string | undefined;
  readonly templateDeclared: (template: Template) => TemplateDeclared;
}

const STATES = {
  active: TemplateState.TEMPLATE_STATE_ACTIVE,
  superseded: TemplateState.TEMPLATE_STATE_SUPERSEDED,
  stale: TemplateState.TEMPLATE_STATE_STALE,
  invalid: TemplateState.TEMPLATE_STATE_INVALID,
  closed: TemplateState.TEMPLATE_STATE_CLOSED,
} as const;
const CHUNK_BYTES = 262_144;

export function templateCalls(ports: TemplateCallPorts) {
  const { templates, currentTemplateId } = ports;
  return {
    async getTemplate({ templateId }: GetTemplateRequest) {
      const id = templateId.length === 0 ? currentTemplateId() : hashTextOf(templateId, 'template_id');
      return { template: await messageOf(ports, await known(templates, id)) };
    },
    async listTemplates(request: ListTemplatesRequest) {
      const size = pageSize(request.pageSize);
      const found = isOfOthers(request) ? [] : await templates.list(filterOf(request), size + 1);
      const page = found.slice(0, size);
      const last = found.length > size ? page.at(-1) : undefined;
      const token =
        last === undefined ? '' : encodePageToken({ at: String(last.template.declaredAt), id: last.template.id });
      return { templates: await Promise.all(page.map((record) => messageOf(ports, record))), nextPageToken: token };
    },
    getTemplateBody: (request: GetTemplateBodyRequest) => bodyOf(ports, request),
  };
}

async function known(templates: TemplatePort, id: string | undefined): Promise<TemplateRecord> {
  const record = id === undefined ? undefined : await templates.find(id);
  if (record !== undefined) return record;
  throw new GrpcFault(
    'TEMPLATE_UNKNOWN',
    id === undefined ? 'there is no current template' : `there is no template ${id}`,
  );
}

/** This version has only templates of its own. */
function isOfOthers({ source, declaredBy }: ListTemplatesRequest): boolean {
  return source === TemplateSource.TEMPLATE_SOURCE_DECLARED || declaredBy.length > 0;
}

function filterOf({ state, pageToken }: ListTemplatesRequest): TemplateFilter {
  const { at, id } = decodePageToken(pageToken);
  const names = Object.keys(STATES) as State[];
  const wanted = names.find((name) => STATES[name] === state);
  return {
    ...(wanted === undefined ? {} : { state: wanted }),
    ...(pageToken === '' ? {} : { after: { declaredAt: unixMs(tokenNumber(at)), id: tokenText(id) } }),
  };
}

async function messageOf(ports: TemplateCallPorts, record: TemplateRecord): Promise<TemplateMessage> {
  const { template, state, verdict, lastJobAt } = record;
  return {
    declared: ports.templateDeclared(template),
    state: STATES[state],
    verdictCode: verdict?.code ?? '',
    verdictValid: verdict?.valid ?? false,
    batches: BigInt(await ports.batches.countOfTemplate(template.id)),
    lastJobAtMs: BigInt(lastJobAt),
  };
}

async function* bodyOf(
  { templates, bodies }: TemplateCallPorts,
  { templateId, offset }: GetTemplateBodyRequest,
): AsyncIterable<GetTemplateBodyResponse> {
  const { template, bodyGone } = await known(templates, hashTextOf(templateId, 'template_id'));
  const { id, bodyBytes, bodyHash, txCount } = template;
  if (offset > BigInt(bodyBytes)) throw new GrpcFault('OFFSET_OUT_OF_RANGE', `the body has ${bodyBytes} bytes`);
  if (bodyGone || !(await bodies.has(id, bodyBytes))) {
    throw new GrpcFault('TEMPLATE_BODY_GONE', `the body of ${id} was removed`);
  }
  yield { header: { txCount, bodyBytes: BigInt(bodyBytes), bodyHash: Buffer.from(bodyHash) }, chunk: Buffer.alloc(0) };
  for await (const part of bodies.read(id, Number(offset))) {
    for (let at = 0; at < part.length; at += CHUNK_BYTES) {
      yield { header: undefined, chunk: Buffer.from(part.subarray(at, at + CHUNK_BYTES)) };
    }
  }
}
