import type { Db } from 'mongodb';
import type { Bytes } from '@assay/shared/kernel/bytes';
import { toHex } from '@assay/shared/kernel/bytes';
import { duplicateWrites } from '@assay/shared/runtime/mongo';
import type { TemplateBodyPort } from '../../ports.ts';

interface ChunkDocument {
  /** `template_id/n` */
  _id: string;
  templateId: string;
  n: number;
  bodyHash: string;
  bytes: Uint8Array;
}

const CHUNK_BYTES = 1_048_576;

export function templateBodyPort(db: Db): TemplateBodyPort {
  const collection = db.collection<ChunkDocument>('templateBodies');
  return {
    async store(templateId, body, bodyHash) {
      const chunks = chunksOf(templateId, body, toHex(bodyHash));
      if (chunks.length === 0) return;
      try {
        await collection.insertMany(chunks, { ordered: false });
      } catch (error) {
        // A template_id fixes its body by the merkle branch, so chunks that exist are the same.
        if (duplicateWrites(error) === undefined) throw error;
      }
    },
    async *read(templateId, offset) {
      const first = Math.floor(offset / CHUNK_BYTES);
      const chunks = collection.find({ templateId, n: { $gte: first } }).sort({ n: 1 });
      let skip = offset - first * CHUNK_BYTES;
      for await (const { bytes } of chunks) {
        yield bytes.subarray(skip);
        skip = 0;
      }
    },
    async has(templateId, bodyBytes) {
      return (await collection.countDocuments({ templateId })) === Math.ceil(bodyBytes / CHUNK_BYTES);
    },
    async remove(templateId) {
      await collection.deleteMany({ templateId });
    },
  };
}

function chunksOf(templateId: string, body: Bytes, bodyHash: string): ChunkDocument[] {
  return Array.from({ length: Math.ceil(body.length / CHUNK_BYTES) }, (_, n) => ({
    _id: `${templateId}/${n}`,
    templateId,
    n,
    bodyHash,
    bytes: body.subarray(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES),
  }));
}
