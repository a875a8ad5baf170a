import { networkOf } from '@assay/shared/kernel/network';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { refusal } from '../../domain/refusals.ts';
import { refused } from './answers.ts';
import { heldBodies } from './held-bodies.ts';
import type { RateLimit } from './rate-limit.ts';
import { turnstile } from './turnstile.ts';

/** So many begin in a turn of the event loop: as many as gain by going to the database together. */
const REQUESTS_PER_TURN = 64;
/** A body counts as one request more for each so many bytes: what it costs the mint grows with it. */
const BYTES_OF_REQUEST = 4_096;
/** Longer bodies are long work: they are counted together, and take turns with what others ask. */
export const LONG_BODY_BYTES = 16_384;
/** Of all long bodies that are read or in work. */
const HELD_BYTES_MAX = 33_554_432;

/** What each address may ask, how much of it begins together, and how much is in memory at the same time. */
export function limitRequests(
  app: FastifyInstance,
  limits: { readonly rate: RateLimit; readonly bodyBytesMax: number },
) {
  const { rate, bodyBytesMax } = limits;
  const bodies = heldBodies(Math.max(HELD_BYTES_MAX, bodyBytesMax));
  const begin = turnstile(REQUESTS_PER_TURN);
  app.addHook('onRequest', async (request, reply) => {
    const wait = begin.enter(networkOf(request.ip));
    if (wait !== undefined) await wait;
    const bytes = Math.min(announcedBytes(request) ?? bodyBytesMax, bodyBytesMax);
    if (!rate.takes(request.ip, 1 + Math.floor(bytes / BYTES_OF_REQUEST)))
      return refuse(request, reply, 'rate-limited');
    if (bytes <= LONG_BODY_BYTES) return undefined;
    const release = bodies.hold(networkOf(request.ip), bytes, () => {
      const isOnItsWay = !request.raw.complete;
      if (isOnItsWay) request.raw.destroy();
      return isOnItsWay;
    });
    if (release === undefined) return refuse(request, reply, 'unavailable');
    reply.raw.once('close', release);
    return undefined;
  });
}

/** Of the body; undefined for one in chunks, which counts as the longest. */
function announcedBytes({ headers }: FastifyRequest): number | undefined {
  if (headers['transfer-encoding'] !== undefined) return undefined;
  return Number(headers['content-length'] ?? 0);
}

/** Lets the body go by, or the answer would be lost with the connection, and takes no other request on it. */
async function refuse(request: FastifyRequest, reply: FastifyReply, code: 'rate-limited' | 'unavailable') {
  if (!request.raw.complete) {
    request.raw.resume();
    await new Promise((resolve) => request.raw.once('close', resolve));
  }
  return reply.header('connection', 'close').send(refused(refusal(code)));
}
