/** A NATS server speaks first: `INFO {json}`. */
export function natsInfoIn(line: string): { readonly version: string; readonly jetstream: boolean } {
  const text = /^INFO (\{.*\})\s*$/.exec(line)?.[1];
  if (text === undefined) throw new Error('what answers there is no NATS server');
  const info = JSON.parse(text) as { version?: string; jetstream?: boolean };
  return { version: info.version ?? 'unknown', jetstream: info.jetstream === true };
}
