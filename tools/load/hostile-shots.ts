import { request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

/** What an attack has at hand. */
export interface Attack {
  readonly host: string;
  readonly port: number;
  /** Attackers come from other addresses of this machine than honest wallets, as they would. */
  readonly addressAt: (at: number) => string;
  /** A thousand points of the curve, in another order each time, so that nothing is the same request again. */
  readonly points: () => readonly string[];
  readonly isOver: () => boolean;
  /** Answers by status; `cut` without one. */
  readonly told: (status: number | 'cut') => void;
}

export interface Shot {
  readonly path: string;
  /** A shot without body is a GET. */
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

const CUT_PAUSE_MS = 20;
const ANSWER_MS = 30_000;

/** As many shots in flight as asked, each from the next address, until it is over. */
export function shooting(inFlight: number, next: () => Shot): (attack: Attack) => Promise<void> {
  return async (attack) => {
    const work = async (_: unknown, worker: number) => {
      for (let turn = worker; !attack.isOver(); turn += inFlight) {
        const status = await shoot(attack, attack.addressAt(turn), next());
        attack.told(status);
        if (status === 'cut') await wait(CUT_PAUSE_MS);
      }
    };
    await Promise.all(Array.from({ length: inFlight }).map(work));
  };
}

function shoot({ host, port }: Attack, localAddress: string, { path, body, headers = {} }: Shot) {
  return new Promise<number | 'cut'>((resolve) => {
    const method = body === undefined ? 'GET' : 'POST';
    const sent = request({ host, port, path, method, headers, localAddress, timeout: ANSWER_MS }, (answer) => {
      answer.resume().once('close', () => resolve(answer.statusCode ?? 'cut'));
    });
    sent.once('timeout', () => sent.destroy()).once('error', () => resolve('cut'));
    sent.end(body);
  });
}
