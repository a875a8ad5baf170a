import type { ReceivedSpan } from './otlp-decode.ts';

interface SpanNode {
  readonly span: ReceivedSpan;
  readonly children: SpanNode[];
}

/** The spans of one trace as trees: usually one; a span whose parent is not known is a root of its own. */
function spanTrees(spans: readonly ReceivedSpan[]): SpanNode[] {
  const nodes = new Map(spans.map((span) => [span.spanId, { span, children: [] as SpanNode[] }]));
  const roots: SpanNode[] = [];
  for (const node of nodes.values()) {
    const parent = nodes.get(node.span.parentSpanId);
    if (parent === undefined) roots.push(node);
    else parent.children.push(node);
  }
  const byStart = (a: SpanNode, b: SpanNode) => Number(a.span.startNs - b.span.startNs);
  for (const node of nodes.values()) node.children.sort(byStart);
  return roots.sort(byStart);
}

/** Lines that draw a trace for a terminal: offset and length in ms, service, name, and where other traces are linked. */
export function drawTrace(spans: readonly ReceivedSpan[]): string[] {
  const roots = spanTrees(spans);
  const first = roots[0]?.span.startNs ?? 0n;
  return roots.flatMap((root) => drawNode(root, first, '', ''));
}

function drawNode(node: SpanNode, first: bigint, lead: string, childLead: string): string[] {
  const { span } = node;
  const links = span.links.map((link) => ` ⇢ ${link.traceId}`).join('');
  const at = milliseconds(span.startNs - first).padStart(9);
  const took = milliseconds(span.endNs - span.startNs).padStart(9);
  const line = `${at} +${took} ms  ${lead}${span.name} [${span.service}]${span.failed ? ' ✗' : ''}${links}`;
  const last = node.children.length - 1;
  const below = node.children.flatMap((child, index) =>
    drawNode(
      child,
      first,
      `${childLead}${index === last ? '└ ' : '├ '}`,
      `${childLead}${index === last ? '  ' : '│ '}`,
    ),
  );
  return [line, ...below];
}

function milliseconds(ns: bigint): string {
  return (Number(ns / 1_000n) / 1_000).toFixed(1);
}
