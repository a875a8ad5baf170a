import type { Bytes } from '@assay/shared/kernel/bytes';
import { BoundedMap } from '@assay/shared/kernel/bounded-map';
import type { Template } from '../domain/template.ts';
import type { TemplateBodyPort } from '../ports.ts';

const BODIES_MAX = 4;

/** Bodies of the latest templates by template id, so that a block is submitted without a read. */
export type BodyCache = BoundedMap<string, Bytes>;

export function createBodyCache(): BodyCache {
  return new BoundedMap(BODIES_MAX);
}

/** The stored body of a template. @throws when a part of it is missing */
export async function readBody(
  bodies: Pick<TemplateBodyPort, 'read'>,
  { id, bodyBytes }: Pick<Template, 'id' | 'bodyBytes'>,
): Promise<Bytes> {
  const parts: Bytes[] = [];
  for await (const part of bodies.read(id, 0)) parts.push(part);
  const body = Buffer.concat(parts);
  if (body.length !== bodyBytes) throw new Error(`the stored body of ${id} has ${body.length} of ${bodyBytes} bytes`);
  return body;
}
