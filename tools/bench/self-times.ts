import { basename } from 'node:path';
import { z } from 'zod';

const profileSchema = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() }),
    }),
  ),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});

/** Lines `percent  function  file:line` of a V8 CPU profile, most time first; idle time is left out. */
export function selfTimes(text: string): string[] {
  const { nodes, samples, timeDeltas } = profileSchema.parse(JSON.parse(text));
  const placeOf = new Map(nodes.map(({ id, callFrame }) => [id, place(callFrame)] as const));
  const times = new Map<string, number>();
  let total = 0;
  for (const [index, id] of samples.entries()) {
    const where = placeOf.get(id) ?? 'unknown';
    if (where.startsWith('(idle)')) continue;
    const time = Math.max(0, timeDeltas[index] ?? 0);
    times.set(where, (times.get(where) ?? 0) + time);
    total += time;
  }
  const sorted = [...times].sort(([, one], [, other]) => other - one);
  return sorted.map(([where, time]) => `${((100 * time) / total).toFixed(1).padStart(6)} %  ${where}`);
}

function place({ functionName, url, lineNumber }: { functionName: string; url: string; lineNumber: number }): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  return url === '' ? name : `${name}  ${url.split('/node_modules/').at(-1) ?? basename(url)}:${lineNumber + 1}`;
}
