import { BinaryReader } from '@bufbuild/protobuf/wire';

/** One finished span, as much of it as drawing and checking a trace needs. */
export interface ReceivedSpan {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the root. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Readonly<Record<string, string>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly failed: boolean;
}

const SPANS_MAX = 100_000;
const STATUS_ERROR = 2;

type FieldReaders = Readonly<Record<number, (reader: BinaryReader) => void>>;

/** Reads one length-delimited message, skipping the fields that nobody asked for. */
function readMessage(bytes: Uint8Array, fields: FieldReaders): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    const read = fields[field];
    if (read === undefined) reader.skip(wireType, field);
    else read(reader);
  }
}

/** Spans of an ExportTraceServiceRequest (opentelemetry-proto 1.x); throws on bytes that are none. */
export function decodeExportRequest(body: Uint8Array): ReceivedSpan[] {
  const spans: ReceivedSpan[] = [];
  readMessage(body, { 1: (reader) => spans.push(...readResourceSpans(reader.bytes())) });
  if (spans.length > SPANS_MAX) throw new Error('more spans in one request than a receiver takes');
  return spans;
}

function readResourceSpans(bytes: Uint8Array): ReceivedSpan[] {
  const resource: Record<string, string> = {};
  const raw: Uint8Array[] = [];
  readMessage(bytes, {
    1: (reader) => readMessage(reader.bytes(), { 1: (inner) => addAttribute(resource, inner.bytes()) }),
    2: (reader) => readMessage(reader.bytes(), { 2: (inner) => raw.push(inner.bytes()) }),
  });
  return raw.map((span) => readSpan(span, resource['service.name'] ?? 'unknown'));
}

function readSpan(bytes: Uint8Array, service: string): ReceivedSpan {
  const text = { traceId: '', spanId: '', parentSpanId: '', name: '' };
  const time = { startNs: 0n, endNs: 0n };
  const attributes: Record<string, string> = {};
  const links: { traceId: string; spanId: string }[] = [];
  let failed = false;
  readMessage(bytes, {
    1: (reader) => (text.traceId = hex(reader.bytes())),
    2: (reader) => (text.spanId = hex(reader.bytes())),
    4: (reader) => (text.parentSpanId = hex(reader.bytes())),
    5: (reader) => (text.name = reader.string()),
    7: (reader) => (time.startNs = BigInt(reader.fixed64())),
    8: (reader) => (time.endNs = BigInt(reader.fixed64())),
    9: (reader) => addAttribute(attributes, reader.bytes()),
    13: (reader) => links.push(readLink(reader.bytes())),
    15: (reader) => readMessage(reader.bytes(), { 3: (inner) => (failed = inner.int32() === STATUS_ERROR) }),
  });
  return { service, ...text, ...time, attributes, links, failed };
}

function readLink(bytes: Uint8Array): { traceId: string; spanId: string } {
  const link = { traceId: '', spanId: '' };
  readMessage(bytes, {
    1: (reader) => (link.traceId = hex(reader.bytes())),
    2: (reader) => (link.spanId = hex(reader.bytes())),
  });
  return link;
}

function addAttribute(attributes: Record<string, string>, bytes: Uint8Array): void {
  let key = '';
  let value = '';
  readMessage(bytes, {
    1: (reader) => (key = reader.string()),
    2: (reader) =>
      readMessage(reader.bytes(), {
        1: (inner) => (value = inner.string()),
        2: (inner) => (value = String(inner.bool())),
        3: (inner) => (value = inner.int64().toString()),
        4: (inner) => (value = String(inner.double())),
      }),
  });
  attributes[key] = value;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
