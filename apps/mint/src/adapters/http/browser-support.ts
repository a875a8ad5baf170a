import compress from '@fastify/compress';
import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';
import { constants } from 'node:zlib';

/** Below it a compressed answer is hardly smaller, and costs the same work. */
export const COMPRESSED_FROM_BYTES = 1_024;
/** Points and scalars are random: more effort finds nothing in them. */
const EFFORT = 3;
const PREFLIGHT_S = 86_400;

/** Pages of any origin may ask (there are no cookies to steal), and answers are compressed for whoever takes it. */
export async function supportBrowsers(app: FastifyInstance): Promise<void> {
  await app.register(cors, { origin: '*', methods: ['GET', 'POST'], maxAge: PREFLIGHT_S, strictPreflight: false });
  await app.register(compress, {
    threshold: COMPRESSED_FROM_BYTES,
    encodings: ['br', 'gzip'],
    brotliOptions: { params: { [constants.BROTLI_PARAM_QUALITY]: EFFORT } },
    zlibOptions: { level: EFFORT },
    // A small request must not become a large one.
    globalDecompression: false,
  });
}
