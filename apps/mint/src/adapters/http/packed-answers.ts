import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** Texts that are kept: those of a few paths, and some of them in more than one state. */
const TEXTS_MAX = 64;
const EFFORT = 6;
/** What we have, the shorter first. */
const ENCODINGS = ['br', 'gzip'] as const;
type Encoding = (typeof ENCODINGS)[number];

const PACK: Readonly<Record<Encoding, (text: string) => Buffer>> = {
  br: (text) => brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: EFFORT } }),
  gzip: (text) => gzipSync(text, { level: EFFORT }),
};

/** A text as it goes over the wire. */
export interface Packed {
  readonly encoding: Encoding;
  readonly bytes: Buffer;
}

/**
 * Compresses what many ask for and what seldom changes: once for each text and encoding, whoever asks and however often.
 * @returns undefined when the client takes none of our encodings
 */
export function packedTexts(): (text: string, acceptEncoding: string | undefined) => Packed | undefined {
  const byText = new Map<string, Map<Encoding, Packed>>();
  const variantsOf = (text: string) => {
    const known = byText.get(text);
    if (known !== undefined) return known;
    const [oldest] = byText.keys();
    if (oldest !== undefined && byText.size >= TEXTS_MAX) byText.delete(oldest);
    const variants = new Map<Encoding, Packed>();
    byText.set(text, variants);
    return variants;
  };
  return (text, acceptEncoding) => {
    const encoding = acceptedOf(acceptEncoding);
    if (encoding === undefined) return undefined;
    const variants = variantsOf(text);
    const packed = variants.get(encoding) ?? { encoding, bytes: PACK[encoding](text) };
    variants.set(encoding, packed);
    return packed;
  };
}

/** RFC 9110 section 12.5.3; which of two a client likes better is no matter. */
function acceptedOf(header = ''): Encoding | undefined {
  const taken = header
    .toLowerCase()
    .split(',')
    .filter((entry) => !/;\s*q=0(\.0*)?\s*$/.test(entry))
    .map((entry) => entry.split(';')[0]?.trim());
  return ENCODINGS.find((encoding) => taken.includes(encoding));
}
