import type { RequestId } from './message.ts';

/** Codes of refusals that no share is judged by (01-pool section 5); the others are in SHARE_REFUSALS. */
export const METHOD_REFUSALS = {
  malformed: 20,
  'unsupported-method': 20,
  'no-prefix': 20,
  'bad-key': 24,
  'bad-worker': 24,
  'key-differs': 24,
} as const;

export type MethodRefusal = keyof typeof METHOD_REFUSALS;

export function answerLine(id: RequestId, result: string): string {
  return `{"id":${idText(id)},"result":${result},"error":null}\n`;
}

/** @param result what stands in the place of the result: `false` for authorize, else `null` */
export function refusalLine(id: RequestId, code: number, reason: string, result: 'null' | 'false' = 'null'): string {
  return `{"id":${idText(id)},"result":${result},"error":[${code},"${reason}",null]}\n`;
}

export function setDifficultyLine(k: number): string {
  return `{"id":null,"method":"mining.set_difficulty","params":[${2 ** k}]}\n`;
}

export function setExtranonceLine(prefix: string): string {
  return `{"id":null,"method":"mining.set_extranonce","params":["${prefix}",8]}\n`;
}

export function setVersionMaskLine(mask: number): string {
  return `{"id":null,"method":"mining.set_version_mask","params":["${maskText(mask)}"]}\n`;
}

export function showMessageLine(text: string): string {
  return `{"id":null,"method":"client.show_message","params":[${JSON.stringify(text)}]}\n`;
}

export function reconnectLine(host: string, port: number, seconds: number): string {
  return `{"id":null,"method":"client.reconnect","params":[${JSON.stringify(host)},${port},${seconds}]}\n`;
}

/** 8 lower-case hex. */
export function maskText(mask: number): string {
  return (mask >>> 0).toString(16).padStart(8, '0');
}

function idText(id: RequestId): string {
  return typeof id === 'string' ? JSON.stringify(id) : String(id);
}
