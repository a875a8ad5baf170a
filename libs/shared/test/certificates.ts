import { createSign, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';

// Just enough DER for X.509 version 3: node reads certificates but makes none.

export interface Identity {
  readonly name: string;
  readonly key: KeyObject;
  readonly publicKey: KeyObject;
  readonly certPem: string;
  readonly keyPem: string;
}

const ECDSA_SHA256 = [0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const COMMON_NAME = [0x06, 0x03, 0x55, 0x04, 0x03];
const BASIC_CONSTRAINTS = [0x06, 0x03, 0x55, 0x1d, 0x13];
const ALTERNATIVE_NAMES = [0x06, 0x03, 0x55, 0x1d, 0x11];

/** A certificate authority of its own. */
export function authority(name: string): Identity {
  return certify(name, undefined, []);
}

/** A certificate of `issuer`, valid for ten years around now. */
export function issue(issuer: Identity, names: { dns?: readonly string[]; uris?: readonly string[] }): Identity {
  const dns = (names.dns ?? []).map((name) => tag(0x82, Buffer.from(name)));
  const uris = (names.uris ?? []).map((uri) => tag(0x86, Buffer.from(uri)));
  const loopback = tag(0x87, Buffer.from([127, 0, 0, 1]));
  return certify(names.dns?.[0] ?? 'caller', issuer, [...dns, ...uris, loopback]);
}

function certify(name: string, issuer: Identity | undefined, alternativeNames: readonly Buffer[]): Identity {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const constraints = issuer === undefined ? sequence(tag(0x01, Buffer.from([0xff]))) : sequence();
  const extensions = [sequence(raw(BASIC_CONSTRAINTS), tag(0x01, Buffer.from([0xff])), tag(0x04, constraints))];
  if (alternativeNames.length > 0) {
    extensions.push(sequence(raw(ALTERNATIVE_NAMES), tag(0x04, sequence(...alternativeNames))));
  }
  const year = new Date().getUTCFullYear();
  const body = sequence(
    tag(0xa0, tag(0x02, Buffer.from([2]))),
    tag(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    raw(ECDSA_SHA256),
    nameOf(issuer?.name ?? name),
    sequence(january(year - 5), january(year + 5)),
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    tag(0xa3, sequence(...extensions)),
  );
  const signature = createSign('sha256')
    .update(body)
    .sign(issuer?.key ?? privateKey);
  const der = sequence(body, raw(ECDSA_SHA256), tag(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { name, key: privateKey, publicKey, certPem: pem(der), keyPem };
}

function nameOf(name: string): Buffer {
  return sequence(tag(0x31, sequence(raw(COMMON_NAME), tag(0x0c, Buffer.from(name)))));
}

function january(year: number): Buffer {
  return tag(0x18, Buffer.from(`${year}0101000000Z`));
}

function sequence(...items: readonly Buffer[]): Buffer {
  return tag(0x30, Buffer.concat(items));
}

function raw(bytes: readonly number[]): Buffer {
  return Buffer.from(bytes);
}

function tag(type: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([type, ...size]), content]);
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
